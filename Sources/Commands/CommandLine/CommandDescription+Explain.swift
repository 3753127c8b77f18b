extension CommandDescription {
  static let explain = CommandDescription(
    name: .explain, usage: "cnnctl explain IMAGE... [options]",
    summary: "where a model looks, as a picture",
    details: [
      "Draws over each IMAGE (files, folders and lists as for predict) what the model's answer rests "
        + "on. gradcam shows where the last feature maps hold what raises the score of the class; "
        + "occlusion covers one part of the image after the other and shows where that lowers the "
        + "probability. Heat says what the answer depends on, not whether it is right.",
      "One image becomes one picture, NAME-explained.png or, with --method, NAME-METHOD.png; "
        + "several become sheets of 24, NAME-gradcam.png, NAME-gradcam-002.png and so on, named for "
        + "the folder. They go into the current folder and never over a file that is there: the next "
        + "free number is taken; -o names another place. An image that cannot be read is reported, "
        + "the others go on, and the exit code is 1.",
      namingModels,
    ],
    operands: 1...Int.max, operandName: "IMAGE",
    examples: [
      ("cnnctl explain photo.jpg", "both methods side by side in photo-explained.png"),
      ("cnnctl explain photo.jpg --class dogs", "what in it speaks for dogs"),
      ("cnnctl explain -r photos -o sheet.png", "sheet.png, sheet-002.png, and so on"),
      ("cnnctl explain photo.jpg --json --no-plots", "the numbers alone, one line an image"),
    ])
}
