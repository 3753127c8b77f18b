internal import CNN
internal import Classifier
internal import ImageData
internal import Primitives

/// The Python module that predicts with a model's weights.
struct TorchSource {
  /// The definition of the network in the module.
  enum Definition {
    /// torchvision's, with its names.
    case torchvision(String, blocks: [Int], dropout: [Double])
    /// Modules one after the other.
    case sequence([TorchModule])
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

      \(constants)


      \(classes)def network():
      \(indented(networkLines))


      def load(path):
          model = network()
          model.load_state_dict(load_file(path))
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
    if case .torchvision = definition { "from collections import OrderedDict\n\n" } else { "" }
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
      case .torchvision: [TorchSource.basicBlock]
      case .sequence(let modules):
        TorchHelper.allCases
          .filter { helper in modules.sequence().contains { $0.contains(helper.rawValue) } }
          .map(\.source)
      }
    return sources.map { $0 + "\n\n\n" }.joined()
  }

  private static let basicBlock = """
    class BasicBlock(nn.Module):
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

  private var networkLines: [String] {
    switch definition {
    case .sequence(let modules):
      var lines = modules.sequence()
      lines[0] = "return " + lines[0]
      return lines
    case .torchvision(let name, let blocks, let dropout):
      let blocks = blocks.map(String.init).joined(separator: ", ")
      let drops = dropout.map { "layers[\"dropout\"] = nn.Dropout(\($0))" }
      return [
        "# As torchvision.models.\(name)(num_classes=\(model.network.outputs)).",
        "layers = {",
        "    \"conv1\": nn.Conv2d(3, 64, 7, 2, 3, bias=False),",
        "    \"bn1\": nn.BatchNorm2d(64),",
        "    \"relu\": nn.ReLU(),",
        "    \"maxpool\": nn.MaxPool2d(3, 2, 1),",
        "}",
        "inputs = 64",
        "for stage, blocks in enumerate([\(blocks)]):",
        "    outputs = 64 * 2**stage",
        "    first = BasicBlock(inputs, outputs, 2 if stage else 1)",
        "    rest = [BasicBlock(outputs, outputs) for _ in range(1, blocks)]",
        "    layers[f\"layer{stage + 1}\"] = nn.Sequential(first, *rest)",
        "    inputs = outputs",
        "layers[\"avgpool\"], layers[\"flatten\"] = nn.AdaptiveAvgPool2d(1), nn.Flatten()",
      ] + drops + [
        "layers[\"fc\"] = nn.Linear(512, \(model.network.outputs))",
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
