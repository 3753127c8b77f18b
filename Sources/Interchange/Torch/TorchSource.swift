internal import CNN
internal import Classifier
internal import ImageData
internal import Primitives

/// The Python module that predicts with a model's weights.
struct TorchSource {
  /// The definition of the network in the module.
  enum Definition {
    /// torchvision's, with its names.
    case residual(ResidualNetwork, dropout: [Double])
    /// Modules one after the other, and the names in the file of those that have weights; none if
    /// they are the sequence's own.
    case sequence([TorchModule], names: [String])
  }

  let model: ClassifierModel
  let definition: Definition

  private var images: Preprocessing { model.preprocessing }

  /// The whole module; `path` is the weights file in its example.
  func text(loading path: String) -> String {
    let network = model.network.architecture.name
    let quoted = JSON.quoted(path)
    return """
      # The network \(oneLine(network)) of cnnctl \(model.toolVersion) in PyTorch, with image preparation and prediction.
      #
      #     model = load(\(quoted))
      #     print(dict(zip(CLASSES, probabilities(model, prepare(Image.open("photo.jpg")))[0].tolist())))
      #
      # Needs torch, safetensors and pillow.
      \(imports)import torch
      from PIL import Image, ImageOps
      from safetensors.torch import load_file
      from torch import nn

      \(constants)\(names)


      \(classes)def network():
      \(indented(networkLines))


      def load(path):
      \(indented(loading))
          return model.eval()


      def prepare(image):
          \(quotes)A Pillow image as the network's input, [1, 3, height, width].\(quotes)
      \(indented(preparing))
          pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
          pixels = pixels.reshape(SIZE[1], SIZE[0], 3).float()
          return ((pixels - torch.tensor(MEAN)) / torch.tensor(DEVIATION)).permute(2, 0, 1)[None]


      def probabilities(model, images):
          \(quotes)One row per image, one column per class.\(quotes)
          with torch.inference_mode():
              logits = model(images)
              if MIRRORED:
                  logits = (logits + model(images.flip(3))) / 2
              logits = logits / TEMPERATURE
              \(shares)

      """
  }

  private var imports: String {
    if case .residual = definition { "from collections import OrderedDict\n\n" } else { "" }
  }

  private var quotes: String { "\"\"\"" }

  private var constants: String {
    let names = model.classes.map { "    " + JSON.quoted($0) + "," }
    return """
      CLASSES = [
      \(names.joined(separator: "\n"))
      ]
      SIZE = (\(images.width), \(images.height))  # width and height
      MEAN = (\(numbers(images.mean)))  # taken off red, green and blue, of 0 to 255
      DEVIATION = (\(numbers(images.deviation)))  # what they are then divided by
      TEMPERATURE = \(model.temperature)  # what the logits are divided by
      MIRRORED = \(model.tta == .flip ? "True" : "False")  # whether the mirror image is averaged in
      """
  }

  /// The Python classes that the network needs, each followed by two empty lines.
  private var classes: String {
    let sources: [String] =
      switch definition {
      case .residual(let network, _):
        [network.hasBottlenecks ? TorchSource.bottleneck : TorchSource.basicBlock]
      case .sequence(let modules, _):
        TorchHelper.allCases
          .filter { helper in modules.sequence().contains { $0.contains(helper.rawValue) } }
          .map(\.source)
      }
    return sources.map { $0 + "\n\n\n" }.joined()
  }

  private static let basicBlock = """
    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride=1):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.downsample = nn.Identity()
            if inputs != outputs or stride != 1:
                self.downsample = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
                )

        def forward(self, x):
            y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
            return torch.relu(y + self.downsample(x))
    """

  private static let bottleneck = """
    class Block(nn.Module):
        def __init__(self, inputs, channels, stride=1):
            super().__init__()
            outputs = 4 * channels
            self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(channels)
            self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(channels)
            self.conv3 = nn.Conv2d(channels, outputs, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(outputs)
            self.downsample = nn.Identity()
            if inputs != outputs or stride != 1:
                self.downsample = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
                )

        def forward(self, x):
            y = torch.relu(self.bn1(self.conv1(x)))
            y = torch.relu(self.bn2(self.conv2(y)))
            return torch.relu(self.bn3(self.conv3(y)) + self.downsample(x))
    """

  /// The list of the file's names, where they are not those of the modules.
  private var names: String {
    guard case .sequence(_, let names) = definition, !names.isEmpty else { return "" }
    var lines = ["    "]
    for name in names {
      let word = JSON.quoted(name) + ","
      if lines[lines.count - 1].count + word.count > 98 { lines.append("    ") }
      lines[lines.count - 1] += (lines[lines.count - 1].count > 4 ? " " : "") + word
    }
    return """

      # The names in the file of the modules that have weights, in their order.
      NAMES = [
      \(lines.joined(separator: "\n"))
      ]
      """
  }

  private var loading: [String] {
    if names.isEmpty { return ["model = network()", "model.load_state_dict(load_file(path))"] }
    return [
      "model = network()",
      "own = [name for name, module in model.named_modules() if module._parameters]",
      "names = dict(zip(NAMES, own, strict=True))",
      "weights = ((key.rpartition(\".\"), tensor) for key, tensor in load_file(path).items())",
      "model.load_state_dict({f\"{names[name]}.{part}\": tensor for (name, _, part), tensor in weights})",
    ]
  }

  private var networkLines: [String] {
    switch definition {
    case .sequence(let modules, _):
      var lines = modules.sequence()
      lines[0] = "return " + lines[0]
      return lines
    case .residual(let network, let dropout):
      let blocks = network.blocks.map(String.init).joined(separator: ", ")
      let drops = dropout.map { "layers[\"dropout\"] = nn.Dropout(\($0))" }
      let widening = network.hasBottlenecks ? "4 * " : ""
      return [
        "# As torchvision.models.\(network.rawValue)(num_classes=\(model.network.outputs)).",
        "layers = {",
        "    \"conv1\": nn.Conv2d(3, 64, 7, 2, 3, bias=False),",
        "    \"bn1\": nn.BatchNorm2d(64),",
        "    \"relu\": nn.ReLU(),",
        "    \"maxpool\": nn.MaxPool2d(3, 2, 1),",
        "}",
        "inputs = 64",
        "for stage, blocks in enumerate([\(blocks)]):",
        "    channels = 64 * 2**stage",
        "    outputs = \(widening)channels",
        "    first = Block(inputs, channels, 2 if stage else 1)",
        "    rest = [Block(outputs, channels) for _ in range(1, blocks)]",
        "    layers[f\"layer{stage + 1}\"] = nn.Sequential(first, *rest)",
        "    inputs = outputs",
        "layers[\"avgpool\"], layers[\"flatten\"] = nn.AdaptiveAvgPool2d(1), nn.Flatten()",
      ] + drops + [
        "layers[\"fc\"] = nn.Linear(inputs, \(model.network.outputs))",
        "return nn.Sequential(OrderedDict(layers))",
      ]
    }
  }

  /// The lines that resize any image to the network's size.
  private var preparing: [String] {
    let upright = images.exif == .apply ? "ImageOps.exif_transpose(image)" : "image"
    let filter =
      switch images.filter {
      case .nearest: "NEAREST"
      case .bilinear: "BILINEAR"
      case .bicubic: "BICUBIC"
      case .area: "BOX"
      }
    let code = "Image.Resampling.\(filter)"
    let shrinking =
      images.shrinkMargin == 0
      ? [] : ["# cnnctl decodes large JPEGs smaller first, so their pixels differ a little."]
    let resizing =
      switch images.resize {
      case .stretch: ["image = image.resize(SIZE, \(code))"]
      case .pad: ["image = ImageOps.pad(image, SIZE, \(code))"]
      case .crop where images.cropShare == 1: ["image = ImageOps.fit(image, SIZE, \(code))"]
      case .crop:
        [
          "shorter = round(min(SIZE) / \(images.cropShare))",
          "sides = [shorter * side // min(image.size) for side in image.size]",
          "image = image.resize(sides, \(code))",
          "left, top = (round((side - part) / 2) for side, part in zip(sides, SIZE))",
          "image = image.crop((left, top, left + SIZE[0], top + SIZE[1]))",
        ]
      }
    return [
      "image = \(upright)",
      "if image.mode.startswith(\"I\"):",
      "    # Grey of 16 bits, rounded to 8; Pillow alone would make nearly all of it white.",
      "    image = image.convert(\"I\").point(lambda level: level * (255 / 65535) + 0.5)",
      "image = image.convert(\"RGB\")",
    ] + shrinking + resizing
  }

  private var shares: String {
    guard model.network.outputs == 1 else { return "return logits.softmax(1)" }
    return "return torch.cat([(-logits).sigmoid(), logits.sigmoid()], 1)"
  }

  private func numbers(_ values: [Float]) -> String {
    values.map { "\($0)" }.joined(separator: ", ")
  }

  private func indented(_ lines: [String]) -> String {
    lines.map { "    " + $0 }.joined(separator: "\n")
  }

  /// A name without line breaks, so that it stays in its comment.
  private func oneLine(_ name: String) -> String {
    String(name.map { $0.isNewline ? " " : $0 })
  }
}
