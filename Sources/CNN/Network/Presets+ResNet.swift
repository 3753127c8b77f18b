extension Architecture {
  /// A residual network of basic blocks as torchvision's `resnet18` and `resnet34` are, layer by
  /// layer, with `blocks` in each stage.
  ///
  /// He et al. 2016. Stem of one 7x7 convolution at stride 2 and a max pool of 3x3 windows at
  /// stride 2, four stages of `width`, twice, four and eight times as many channels. Where a stage
  /// halves the map both ways do it with their first convolution, a shortcut's of 1x1. The usual
  /// width is 64.
  package static func resnet(
    name: String, blocks: [Int], size: Int, outputs: Int, dropout: Double, width: Int = 64
  ) -> Architecture {
    var layers = normalized(width, kernel: 7, stride: 2)
    layers += [ReLU(), MaxPool2D(3, stride: 2, padding: .explicit(1))] as [any Layer]
    var channels = width
    for (stage, count) in blocks.enumerated() {
      let filters = width << stage
      for block in 0..<count {
        let stride = stage > 0 && block == 0 ? 2 : 1
        let body = normalized(filters, stride: stride) + [ReLU()] + normalized(filters)
        let shortcut =
          channels == filters && stride == 1 ? [] : normalized(filters, kernel: 1, stride: stride)
        layers.append(Residual(body: body, shortcut: shortcut))
        channels = filters
      }
    }
    return Architecture(
      name: name, input: image(size),
      layers: layers + [GlobalAveragePool2D()] + end(outputs: outputs, dropout: dropout))
  }
}
