extension CommandDescription {
  static let `import` = CommandDescription(
    name: .import, usage: "cnnctl import FILE --arch NETWORK -o MODEL [options]",
    summary: "a model from weights that PyTorch saved",
    details: [
      "FILE is a safetensors file with the weights of torchvision's or timm's resnet18 or resnet34, "
        + "in 32 or 16 bits. Every tensor must be there, by its name and in its shape, and none "
        + "more. MODEL is a model file as train writes it, which predict, evaluate, inspect, "
        + "explain and train --from take; a file that is there is never written over.",
      "Images are prepared as for ImageNet: the shorter side to 256 pixels, the middle 224 of both, "
        + "and ImageNet's mean and deviation. A .pt or .pth file can run code when it is read, so it "
        + "is refused; the message holds two lines of Python that convert it.",
    ],
    operands: 1...1, operandName: "FILE",
    examples: [
      ("cnnctl import resnet18.safetensors --arch resnet18 -o imagenet", "classes by number"),
      ("cnnctl import w.safetensors --arch resnet34 --labels names.txt -o m", "classes by name"),
      ("cnnctl train flowers --from imagenet", "your own classes, from its weights"),
    ])
}
