/// The commands of this program.
package enum CommandName: String, Sendable, CaseIterable {
  case train
  case evaluate
  case predict
  case check
  case inspect
  case compare
  case explain
  case report
  case verify
  case export
  case `import`
  case bench
  case help
}

/// What help and the parser know of a command, beside its options.
struct CommandDescription: Sendable {
  var name: CommandName
  /// The line after `Usage:`.
  var usage: String
  /// One line for the list of commands.
  var summary: String
  /// Paragraphs under the usage line.
  var details: [String]
  /// How many operands it takes.
  var operands: ClosedRange<Int>
  /// What an operand is called in a message.
  var operandName: String
  /// Command lines with what they do.
  var examples: [(line: String, meaning: String)]

  /// Where a wrong command line sends its reader.
  var helpPage: String { "cnnctl help \(name.rawValue)" }
}

extension CommandName {
  /// The command's description.
  var description: CommandDescription {
    switch self {
    case .train: .train
    case .evaluate: .evaluate
    case .predict: .predict
    case .check: .check
    case .inspect: .inspect
    case .compare: .compare
    case .explain: .explain
    case .report: .report
    case .verify: .verify
    case .export: .export
    case .import: .import
    case .bench: .bench
    case .help: .help
    }
  }
}

extension CommandDescription {
  static let train = CommandDescription(
    name: .train, usage: "cnnctl train DATASET [options]",
    summary: "train a classifier on a folder of photos",
    details: [
      "DATASET holds training_set/<class>/*.jpg|png, and test_set and validation_set in the same "
        + "form if you have them, or class folders alone. Without a validation folder a tenth of "
        + "the training images is held out. Everything the run writes goes into one folder, "
        + "runs/train-NNN; nothing is ever written into DATASET.",
      "The test images are evaluated once, at the end, and choose nothing (except under the seed "
        + "recipes, which repeat a tutorial that validates on its test set). An explicit option "
        + "overrides the recipe. Ctrl-C stops after the current step and saves what there is.",
    ],
    // --config may name it.
    operands: 0...1, operandName: "DATASET",
    examples: [
      ("cnnctl train dataset", "the default recipe"),
      ("cnnctl train dataset --recipe seed --epochs 10", "the tutorial's network, shorter"),
      ("cnnctl train dataset --config runs/train-001/config.json", "the same run again"),
    ])

  static let evaluate = CommandDescription(
    name: .evaluate, usage: "cnnctl evaluate [DATASET] [options]",
    summary: "accuracy, report and confusion matrix of a model",
    details: [
      "DATASET is a folder as for train, or class folders alone; without it, the one that the "
        + "model's run was trained on. The classes come from the model and are matched by name.",
      namingModels,
    ],
    operands: 0...1, operandName: "DATASET",
    examples: [
      ("cnnctl evaluate", "the newest run on its own test images"),
      ("cnnctl evaluate photos --model runs/train-001", "that run on other photos"),
      ("cnnctl evaluate --min-accuracy 0.9", "exit code 1 below 90 %"),
    ])

  static let predict = CommandDescription(
    name: .predict, usage: "cnnctl predict IMAGE... [options]",
    summary: "label and probability for images",
    details: [
      "IMAGE is a file, a folder (with -r), - (paths on standard input, one a line) or -0 (the "
        + "same, separated by NUL). One answer an image, in the order given; an image that cannot "
        + "be read gets an error record, the others go on, and the exit code is 1.",
      namingModels,
    ],
    operands: 1...Int.max, operandName: "IMAGE",
    examples: [
      ("cnnctl predict photo.jpg", "photo.jpg: cats 97.3 %"),
      ("cnnctl predict -r photos --format csv -o answers.csv", "a folder, into a table"),
      ("find photos -name '*.jpg' -print0 | cnnctl predict -0 --json", "one JSON object a line"),
    ])

  static let check = CommandDescription(
    name: .check, usage: "cnnctl check DATASET [options]",
    summary: "what is wrong with a dataset; reads all of it, writes nothing",
    details: [
      "Decodes every image of DATASET, a folder as for train, and looks for errors (exit code 1): a "
        + "layout that cannot be trained on, files that cannot be decoded, classes without images, "
        + "one picture in two classes or in two splits. The same picture is found by its pixels, "
        + "whatever the file.",
      "Notes (exit code 0, or 1 with --strict): duplicates, pictures that look alike, names that do "
        + "not fit the contents, tiny or very long pictures, classes of very different sizes, "
        + "hidden and other files, links out of DATASET. The first of each kind are named; -v and "
        + "--json name all.",
    ],
    operands: 1...1, operandName: "DATASET",
    examples: [
      ("cnnctl check photos", "before training"),
      ("cnnctl check photos --strict --json", "one JSON object; exit code 1 on any note"),
    ])

  static let inspect = CommandDescription(
    name: .inspect, usage: "cnnctl inspect [MODEL|PRESET|FILE.json] [options]",
    summary: "layers, parameters, memory, classes of a model; the network as a picture",
    details: [
      "MODEL is a run folder, a weights file, or cats-dogs, the model inside this program; PRESET "
        + "one of seed, seed-bn, vgg, r10h, r18h, resnet18, resnet34; FILE.json a list of layers. An "
        + "existing path wins over a name. Without any of them it is the newest run, else cats-dogs."
    ],
    operands: 0...1, operandName: "MODEL, PRESET or FILE.json",
    examples: [
      ("cnnctl inspect seed", "the tutorial's network"),
      ("cnnctl inspect", "the newest run's model"),
      ("cnnctl inspect cats-dogs", "the model inside this program, with its card"),
      ("cnnctl inspect r18h --size 160 -o r18h.svg", "a preset for larger images, drawn"),
    ])

  static let export = CommandDescription(
    name: .export, usage: "cnnctl export [MODEL] -o FILE [options]",
    summary: "a model as one file, for this program, ONNX Runtime or Core ML",
    details: [
      "MODEL is a run folder, a weights file, or cats-dogs, the model inside this program; without it, "
        + "the newest run. FILE's ending chooses the form: .safetensors, .onnx or .mlmodel (Core ML). "
        + "A .safetensors file is a model as train writes it: every command takes it, and so does "
        + "Python's safetensors. A file that is there is never written over.",
      "An ONNX model takes photos of any size; Core ML's is a classifier. Both give the "
        + "probabilities that predict gives. Other programs read these files, this one does not.",
      "Weights in f16 take half the space and in i8 a quarter; biases and normalizations stay f32. "
        + "The model card holds the figures of the run's test, or of --report; --card adds texts "
        + "and overrides what it names.",
      "With --names torch FILE holds the weights by PyTorch's names and in its order, and standard "
        + "output a module in Python that loads them, prepares images and answers.",
    ],
    operands: 0...1, operandName: "MODEL",
    examples: [
      ("cnnctl export -o model.safetensors", "one file to give away"),
      ("cnnctl export runs/latest --dtype f16 -o small.safetensors", "half as large"),
      ("cnnctl export runs/latest --card card.json -o model.safetensors", "with your words"),
      ("cnnctl export -o model.onnx", "for servers and web pages"),
      ("cnnctl export runs/latest --names torch -o w.safetensors > net.py", "for PyTorch"),
    ])

  static let namingModels =
    "--model is a run folder, a weights file, or cats-dogs, the model inside this program; an "
    + "existing path wins over that name. Without it the newest run answers, and where there is "
    + "none cats-dogs; a line on standard error says which."

  static let bench = CommandDescription(
    name: .bench, usage: "cnnctl bench [DATASET] [options]",
    summary: "speed of training, inference, kernels or a dataset's images",
    details: [
      "Measures the networks seed (64 px), vgg (96 px) and r18h (128 px), or one of them, on random "
        + "images in memory: images a second in training (forward, binary cross-entropy, backward, "
        + "Adam) and inference, where the time of a step goes, and each convolution in each "
        + "direction against the peak of this processor's multiply-adds. Each figure is the best "
        + "of many rounds.",
      "GFLOP/s are effective: they count the operations of the direct method, whatever the method. "
        + "With --json there is one object a network, each on a line of its own.",
      "With DATASET it measures instead how fast that folder's images are decoded, resized and "
        + "augmented, on up to 1,000 of them that are read into memory before.",
    ],
    operands: 0...1, operandName: "DATASET",
    examples: [
      ("cnnctl bench", "all three networks, then their convolutions"),
      ("cnnctl bench --arch r18h --size 160 --json", "one network as one JSON object"),
      ("cnnctl bench photos --size 128", "how fast photos become inputs"),
    ])

  static let help = CommandDescription(
    name: .help, usage: "cnnctl help [COMMAND]", summary: "this text, or a command's options",
    details: [], operands: 0...1, operandName: "COMMAND", examples: [])
}
