/// A PyTorch module, as the Python line that creates it.
indirect enum TorchModule {
  /// One of `torch.nn`, or one of `TorchHelper`.
  case leaf(String)
  /// Two paths from an input that meet in a sum, followed by a ReLU.
  case residual(body: [TorchModule], shortcut: [TorchModule])
  /// Two paths from an input that meet in a sum.
  case sum(body: [TorchModule], shortcut: [TorchModule])
  /// An input multiplied with the output of the modules.
  case gate([TorchModule])

  /// The lines that create it, without a final comma.
  var lines: [String] {
    switch self {
    case .leaf(let line): [line]
    case .residual(let body, let shortcut):
      TorchModule.call("Residual", body.sequence(",") + shortcut.sequence(","))
    case .sum(let body, let shortcut):
      TorchModule.call("Sum", body.sequence(",") + shortcut.sequence(","))
    case .gate(let body): TorchModule.call("Gate", body.sequence(","))
    }
  }
}

extension TorchModule {
  private static func call(_ name: String, _ arguments: [String]) -> [String] {
    ["\(name)("] + arguments.map { "    " + $0 } + [")"]
  }
}

extension [TorchModule] {
  /// The lines of a sequence of modules, followed by `end`.
  func sequence(_ end: String = "") -> [String] {
    guard !isEmpty else { return ["nn.Sequential()" + end] }
    let inner = flatMap { module in
      var lines = module.lines
      lines[lines.count - 1] += ","
      return lines.map { "    " + $0 }
    }
    return ["nn.Sequential("] + inner + [")" + end]
  }
}

/// Python classes for layers that `torch.nn` lacks.
enum TorchHelper: String, CaseIterable {
  case residual = "Residual("
  case sum = "Sum("
  case gate = "Gate("
  case averagePool = "AveragePool2d("
  case byPixel = "ByPixel("

  /// The class in Python.
  var source: String {
    switch self {
    case .residual:
      """
      class Residual(nn.Module):
          def __init__(self, body, shortcut):
              super().__init__()
              self.body, self.shortcut = body, shortcut

          def forward(self, x):
              return torch.relu(self.body(x) + self.shortcut(x))
      """
    case .sum:
      """
      class Sum(nn.Module):
          def __init__(self, body, shortcut):
              super().__init__()
              self.body, self.shortcut = body, shortcut

          def forward(self, x):
              return self.body(x) + self.shortcut(x)
      """
    case .gate:
      """
      class Gate(nn.Module):
          def __init__(self, body):
              super().__init__()
              self.body = body

          def forward(self, x):
              return x * self.body(x)
      """
    case .averagePool:
      """
      class AveragePool2d(nn.Module):
          \"""The mean of each window over the pixels inside the map only.\"""

          def __init__(self, size, stride, pad):
              super().__init__()
              self.size, self.stride, self.pad = size, stride, pad

          def forward(self, x):
              def sums(x):
                  return nn.functional.avg_pool2d(nn.functional.pad(x, self.pad), self.size, self.stride)

              return sums(x) / sums(torch.ones_like(x[:1, :1]))
      """
    case .byPixel:
      """
      class ByPixel(nn.Module):
          \"""Features by channel, row and column, in the order row, column and channel.\"""

          def __init__(self, height, width, channels):
              super().__init__()
              self.shape = (-1, channels, height, width)

          def forward(self, x):
              return x.reshape(self.shape).permute(0, 2, 3, 1).flatten(1)
      """
    }
  }
}
