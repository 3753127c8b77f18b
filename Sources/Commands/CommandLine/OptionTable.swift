internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Interchange
internal import Training

/// Every option of every command, each declared once.
///
/// Parser, help and messages read this table.
package enum OptionTable {
  /// In the order in which help lists them within a group.
  static let all =
    data + model + training + augmentation + results + measurement + output + general

  /// The options that a command takes.
  package static func options(of command: CommandName) -> [Option] {
    all.filter { $0.commands.contains(command) }
  }

  private static let everywhere: Set<CommandName> = [
    .train, .evaluate, .predict, .check, .inspect, .compare, .explain, .report, .verify, .export,
    .import, .bench,
  ]
  private static let share = NumberRange(lower: 0, upper: 1, includesUpper: false)
  private static let heldOut = NumberRange(lower: 0, upper: 0.9, includesUpper: false)
  private static let strength = NumberRange(lower: 0, upper: 1)

  private static let data: [Option] = [
    Option(
      "val-split", .number(heldOut), "F", default: "0.1",
      help:
        "share of the training images held out for validation where there is no validation folder; "
        + "0: train on all",
      group: .data, commands: [.train]),
    Option(
      "test-split", .number(heldOut), "F", default: "0",
      help: "share set aside for the test where there is no test folder", group: .data,
      commands: [.train]),
    Option(
      "class-weights", .choice(["none", "balanced"]), default: "none",
      help: "weigh the loss so that every class counts the same", group: .data, commands: [.train]),
    Option(
      "fraction", .number(NumberRange(lower: 0, upper: 1, includesLower: false)), "F",
      default: "1", help: "use this share of each class's training images", group: .data,
      commands: [.train]),
    Option(
      "resize", .choice(ResizeMode.allCases.map(\.rawValue)), default: "stretch",
      help: "how a photo becomes a square: both sides scaled, the middle cut out, or black borders",
      group: .data, commands: [.train, .bench]),
    Option(
      "filter", .choice(ResizeFilter.allCases.map(\.rawValue)), default: "the recipe's",
      help: "how pixels are resampled", group: .data, commands: [.train]),
    Option(
      "filter", .choice(ResizeFilter.allCases.map(\.rawValue)), default: "bilinear",
      help: "how pixels are resampled", group: .data, commands: [.bench]),
    Option(
      "on-bad-image", .choice(["skip", "fail"]), default: "skip",
      help: "what to do about an image that cannot be read", group: .data, commands: [.train]),
    Option(
      "max-bad", .number(NumberRange(lower: 0, upper: 100)), "P", default: "1",
      help: "stop when more than P percent of the images, and more than 5, cannot be read",
      group: .data, commands: [.train]),
    Option(
      "max-pixels", .integer(1...1_000_000_000), "N", default: "64 million",
      help: "refuse larger images", group: .data,
      commands: [.train, .evaluate, .predict, .check, .compare, .explain]),
    Option(
      "cache", .choice(PictureCache.Policy.allCases.map(\.rawValue)), default: "auto",
      help:
        "where decoded images are kept: in memory, in a file under ~/.cache/cnnctl that the next "
        + "run finds again, nowhere; auto: what fits",
      group: .data, commands: [.train, .verify]),
    Option(
      "exif", .choice(["apply", "ignore"]), default: "the recipe's",
      help: "turn photos as their EXIF orientation says", group: .data, commands: [.train]),
  ]

  private static let model: [Option] = [
    Option(
      "arch", also: ["net"], .text, "PRESET|FILE.json", default: "the recipe's",
      help:
        "network: seed, seed-bn, vgg, r10h, r18h, resnet18, resnet34, or a file that lists layers",
      group: .model, commands: [.train]),
    Option(
      "arch", also: ["net"], .choice(TorchNetwork.allCases.map(\.rawValue)),
      help: "the network of the weights", group: .model, commands: [.import]),
    Option(
      "labels", .text, "FILE", default: "class-000, class-001 and so on",
      help: "the names of the classes in their order, one a line", group: .model,
      commands: [.import]),
    Option(
      "arch", also: ["net"], .choice(BenchCommand.networks + TorchNetwork.allCases.map(\.rawValue)),
      default: "the first three",
      help: "the network to measure", group: .model, commands: [.bench]),
    Option(
      "size", .integer(8...1024), "PX", default: "the recipe's",
      help: "side of the square that the network sees", group: .model, commands: [.train]),
    Option(
      "size", .integer(8...1024), "PX", default: "the network's",
      help: "side of the square that the network sees", group: .model,
      commands: [.bench, .inspect]),
    Option(
      "start-size", .integer(8...1024), "PX", default: "the recipe's",
      help: "side of the training images in the first epoch, from where it grows", group: .model,
      commands: [.train]),
    Option(
      "train-size", .integer(8...1024), "PX", default: "the recipe's",
      help: "side of the training images in the last epochs", group: .model, commands: [.train]),
    Option(
      "dropout", .number(share), "P", default: "the preset's",
      help: "share of features dropped before the last layer", group: .model, commands: [.train],
      canBeOff: true),
    Option(
      "from", .text, "RUN|FILE|NAME",
      help:
        "start from the weights of a run, a model file or cats-dogs, with its network, image size and image "
        + "preparation; the last layer begins anew where the classes differ",
      group: .model, commands: [.train]),
    Option(
      "freeze", .choice(Freeze.allCases.map(\.rawValue)), default: "none",
      help:
        "with --from, train only the last layer: what the layers before make of the images is "
        + "computed once",
      group: .model, commands: [.train]),
    Option(
      "freeze-epochs", .integer(0...100_000), "N", default: "0",
      help: "with --from, train only the last layer for the first N epochs", group: .model,
      commands: [.train]),
    Option(
      "backbone-lr", .number(NumberRange(lower: 0, upper: 1, includesLower: false)), "F",
      default: "1",
      help: "with --from, factor of the learning rate for all layers but the last", group: .model,
      commands: [.train]),
    Option(
      "model", .text, "RUN|FILE|NAME", default: "runs/latest if there, else cats-dogs",
      help: "run folder or weights file that answers, or cats-dogs", group: .model,
      commands: [.evaluate, .predict, .explain]),
  ]

  private static let training: [Option] = [
    Option(
      "recipe", .choice(["default", "seed", "seed-bn", "quick", "best"]), default: "default",
      help: "settings that belong together", group: .training, commands: [.train]),
    Option(
      "config", .text, "FILE", help: "repeat the run that wrote this config.json", group: .training,
      commands: [.train]),
    Option(
      "resume", .optionalText, "RUN", default: "runs/latest where no RUN is named",
      help:
        "go on with a run where it was left, to the weights that it would have had; only --epochs, "
        + "--patience, --max-time, --threads and what is shown may differ from how it was begun",
      group: .training, commands: [.train]),
    Option(
      "epochs", .integer(1...100_000), "N", default: "the recipe's",
      help: "passes over the training images", group: .training, commands: [.train]),
    Option(
      "batch-size", also: ["batch"], short: "b", .integer(1...4096), "N", default: "the recipe's",
      help: "images in a training step", group: .training, commands: [.train]),
    Option(
      "lr", .number(NumberRange(lower: 0, upper: 100, includesLower: false)), "X",
      default: "the recipe's",
      help: "learning rate (its peak, where the schedule changes it); an --optimizer has its own",
      group: .training, commands: [.train]),
    Option(
      "optimizer", .choice(["adam", "adamw", "sgd", "muon"]), default: "the recipe's",
      help: "how gradients become steps", group: .training, commands: [.train]),
    Option(
      "weight-decay", .number(NumberRange(lower: 0, upper: 10)), "X", default: "the recipe's",
      help: "pull of the weights towards zero; an --optimizer has its own", group: .training,
      commands: [.train], canBeOff: true
    ),
    Option(
      "schedule", .choice(["constant", "cosine", "one-cycle", "step", "plateau"]),
      default: "the recipe's", help: "how the learning rate changes", group: .training,
      commands: [.train]),
    Option(
      "label-smoothing", .number(share), "X", default: "the recipe's",
      help: "share of a label that is spread over the classes", group: .training,
      commands: [.train],
      canBeOff: true),
    Option(
      "ema", .number(share), "X", default: "the recipe's",
      help: "decay of the moving average of the weights; 0: no average", group: .training,
      commands: [.train], canBeOff: true),
    Option(
      "clip-grad", .number(NumberRange(lower: 0, upper: 1e9, includesLower: false)), "X",
      default: "off", help: "largest norm of the gradient", group: .training, commands: [.train],
      canBeOff: true),
    Option(
      "patience", .integer(1...100_000), "N", default: "off",
      help: "stop after N epochs without a better --monitor", group: .training, commands: [.train],
      canBeOff: true),
    Option(
      "monitor", .choice(["val_loss", "val_accuracy", "val_f1"]), default: "val_accuracy",
      help: "what makes an epoch the best", group: .training, commands: [.train]),
    Option(
      "on-nan", .choice(NonFinitePolicy.allCases.map(\.rawValue)), default: "stop",
      help:
        "after a number that is not finite: end with an error, or go back to the last checkpoint and "
        + "on at half the rate, at most three times",
      group: .training, commands: [.train]),
    Option(
      "sync-bn", .flag,
      help:
        "of several processes under MPI: normalize by the statistics of the whole batch, as one "
        + "process does, not by each one's part (on unless --no-sync-bn)",
      group: .training, commands: [.train], canBeOff: true),
    Option(
      "max-time", .duration, "TIME", default: "off",
      help:
        "time for the whole command, such as 90s, 10m or 2h: as many epochs are trained as fit, and "
        + "the schedule ends with them", group: .training, commands: [.train],
      canBeOff: true),
  ]

  private static let augmentation: [Option] = [
    Option(
      "augment", .choice(Augmentation.presetNames), default: "the recipe's",
      help: "random changes that belong together; other options override one each",
      group: .augmentation, commands: [.train], canBeOff: true),
    Option(
      "augment", .choice(Augmentation.presetNames), default: "standard",
      help: "random changes that belong together", group: .augmentation, commands: [.bench],
      canBeOff: true),
    number("rotation", NumberRange(lower: 0, upper: 180), "DEG", "rotate up to DEG each way"),
    number(
      "zoom", NumberRange(lower: 0, upper: 0.95), "F",
      "scale by 1-F to 1+F in x and y independently"),
    number(
      "shear", NumberRange(lower: 0, upper: 80), "DEG",
      "shear up to DEG degrees each way"),
    number("shift", strength, "F", "shift up to F of the side"),
    Option(
      "flip", .choice(["h", "v", "hv", "none"]), help: "mirror every second image",
      group: .augmentation,
      commands: [.train], canBeOff: true),
    number("brightness", strength, "F", "change brightness by up to F"),
    number("contrast", strength, "F", "change contrast by up to F"),
    number("saturation", strength, "F", "change saturation by up to F"),
    Option(
      "crop-scale", .interval(NumberRange(lower: 0.01, upper: 1)), "A:B",
      help: "crop to a share of the area from A to B", group: .augmentation, commands: [.train],
      canBeOff: true),
    number("cutout", strength, "F", "blank a square with sides of F of the image's"),
    number(
      "mixup", NumberRange(lower: 0, upper: 100), "A",
      "blend each image with another, in shares drawn from Beta(A, A)"),
    number(
      "cutmix", NumberRange(lower: 0, upper: 100), "A",
      "give a window of each image to another, in shares drawn from Beta(A, A)"),
    Option(
      "fill", .choice(["reflect", "nearest", "constant"]), help: "what lies beyond an image's edge",
      group: .augmentation, commands: [.train]),
  ]

  private static func number(
    _ name: String, _ range: NumberRange, _ placeholder: String, _ help: String
  ) -> Option {
    Option(
      name, .number(range), placeholder, help: help, group: .augmentation, commands: [.train],
      canBeOff: true)
  }

  private static let results: [Option] = [
    Option(
      "split", .choice(["test", "val", "train"]), default: "test", help: "the images to evaluate",
      group: .results, commands: [.evaluate, .compare]),
    Option(
      "min-accuracy", .number(strength), "X", help: "exit code 1 below this accuracy",
      group: .results, commands: [.evaluate]),
    Option(
      "top-k", .integer(1...Int.max), "K", default: "1",
      help: "also the share of images whose label is among the K likeliest", group: .results,
      commands: [.evaluate]),
    Option(
      "top-k", .integer(1...Int.max), "K", default: "1", help: "the K likeliest labels",
      group: .results, commands: [.predict]),
    Option(
      "tta", .choice(TestTimeAugmentation.allCases.map(\.rawValue)),
      default: "the recipe's, which the model file names",
      help: "flip: average what the network says of an image and of its mirror image",
      group: .results, commands: [.evaluate, .predict, .compare, .explain]),
    Option(
      "abstain-below", .number(strength), "P", default: "off",
      help: "say don't know where the likeliest label's probability is below P", group: .results,
      commands: [.predict], canBeOff: true),
    Option(
      "strict", .flag, help: "notes count as errors: exit code 1", group: .results,
      commands: [.check]),
    Option(
      "format", .choice(["text", "csv", "json", "ndjson"]), default: "as FILE ends, else text",
      help: "form of the answers; --json is short for ndjson", group: .results,
      commands: [.predict]),
    Option(
      "recursive", short: "r", .flag,
      help: "take the images of folders and of the folders in them", group: .results,
      commands: [.predict, .explain]),
    Option(
      "method", .choice(ExplainCommand.methods), default: "both for one image, else gradcam",
      help: "how to find out where the model looks", group: .results, commands: [.explain]),
    Option(
      "class", .text, "NAME", default: "the likeliest", help: "the class to explain",
      group: .results, commands: [.explain]),
  ]

  private static let measurement: [Option] = [
    Option(
      "steps", .integer(1...1 << 40), "N", default: "\(VerifyCommand.defaultSteps)",
      help: "steps to repeat", group: .measurement, commands: [.verify]),
    Option(
      "batch-size", also: ["batch"], short: "b", .integer(1...4096), "N", default: "32",
      help: "images in a step", group: .measurement, commands: [.bench]),
    Option(
      "seconds", .number(NumberRange(lower: 0, upper: 3600, includesLower: false)), "S",
      default: "3",
      help: "how long training is measured, and inference again; the rest takes parts of it",
      group: .measurement, commands: [.bench]),
  ]

  private static let output: [Option] = [
    Option(
      "out", also: ["output"], short: "o", .text, "DIR", default: "runs/train-NNN",
      help: "folder for the run", group: .output, commands: [.train]),
    Option(
      "out", also: ["output"], short: "o", .text, "DIR", default: "RUN",
      help: "folder for the files", group: .output, commands: [.report]),
    Option(
      "out", also: ["output"], short: "o", .text, "DIR",
      help: "folder for the files", group: .output, commands: [.evaluate, .compare]),
    Option(
      "no-plots", .flag, help: "write no pictures", group: .output,
      commands: [.train, .evaluate, .compare, .explain]),
    Option(
      "output", also: ["out"], short: "o", .text, "FILE", default: "standard output",
      help: "file for the answers",
      group: .output, commands: [.predict]),
    Option(
      "output", also: ["out"], short: "o", .text, "FILE", help: "the model file to write",
      group: .output,
      commands: [.export, .import]),
    Option(
      "output", also: ["out"], short: "o", .text, "FILE.svg|png",
      help: "draw the network into this file",
      group: .output, commands: [.inspect]),
    Option(
      "output", also: ["out"], short: "o", .text, "FILE.png", default: "a new file in this folder",
      help: "the picture; further sheets are FILE-002.png and so on; written over if there",
      group: .output, commands: [.explain]),
    Option(
      "format", .choice(ExportFormat.allCases.map(\.rawValue)),
      default: "as FILE ends",
      help: "form of the file: this program's own, or one that others run", group: .output,
      commands: [.export]),
    Option(
      "fold", .flag,
      help: "onnx, coreml: make batch normalizations part of the weights before them",
      group: .output, commands: [.export]),
    Option(
      "raw", .flag, help: "onnx: leave the preparation of images to the caller", group: .output,
      commands: [.export]),
    Option(
      "names", .choice(["cnnctl", "torch"]), default: "cnnctl",
      help: "whose names and order the weights have; torch: a module in Python on standard output",
      group: .output, commands: [.export]),
    Option(
      "dtype", .choice(TensorFile.Precision.allCases.map(\.rawValue)),
      default: TensorFile.Precision.single.rawValue,
      help: "how weights are held: in 32 or 16 bits, or in 8 with a factor for each channel",
      group: .output, commands: [.export]),
    Option(
      "temperature",
      .number(
        NumberRange(lower: Temperature.range.lowerBound, upper: Temperature.range.upperBound)),
      "X", default: "the model's", help: "what divides the scores before they are probabilities",
      group: .output, commands: [.export]),
    Option(
      "card", .text, "FILE.json", help: "texts and figures for the model card", group: .output,
      commands: [.export]),
    Option(
      "training-images", .text, "DATASET",
      help: "let the file tell these images, which the model was trained on: evaluate, compare and "
        + "train --from then say when they meet one (8 bytes each)", group: .output,
      commands: [.export]),
    Option(
      "report", .text, "FILE.json", default: "the run's test/report.json",
      help: "evaluation whose figures the card holds", group: .output, commands: [.export]),
  ]

  private static let general: [Option] = [
    Option(
      "threads", .integer(1...1024), "N", default: "all",
      help: "threads that compute; same results "
        + "with any number", group: .all, commands: everywhere, hiddenIn: [.export, .import]),
    Option(
      "seed", .integer(0...Int.max), "N", default: "0", help: "start of all randomness",
      group: .all, commands: everywhere, hiddenIn: [.check, .report, .verify, .export, .import]),
    Option(
      "isa", .choice(["baseline", "avx2", "avx512", "neon"]), default: "the best",
      help: "instruction set (or set CNNCTL_ISA)", group: .all, commands: everywhere,
      hiddenIn: [.report, .export, .import]),
    Option(
      "conv", .choice(ConvolutionMethod.allCases.map(\.rawValue)), default: "auto",
      help: "how convolutions are computed; auto: by a fixed rule of each layer's sizes",
      group: .all, commands: everywhere, hiddenIn: [.check, .report, .export, .import]),
    Option(
      "json", .flag, help: "results as JSON, one object a line", group: .all, commands: everywhere),
    Option(
      "quiet", short: "q", .flag, help: "no progress", group: .all, commands: everywhere),
    Option(
      "verbose", short: "v", .flag, help: "more about what happens", group: .all,
      commands: everywhere),
    Option(
      "color", .choice(["auto", "never", "always"]), default: "auto",
      help: "colour on standard error; NO_COLOR is honoured", group: .all, commands: everywhere),
    Option("help", short: "h", .flag, help: "this text", group: .all, commands: everywhere),
  ]
}
