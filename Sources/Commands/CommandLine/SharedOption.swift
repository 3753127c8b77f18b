internal import Classifier
internal import Compute
internal import ImageData
internal import Training

/// Options that several commands take.
enum SharedOption {
  /// The use of colour in messages.
  enum Color: String, CaseIterable {
    case auto
    case never
    case always
  }

  static let threads = Option(
    "threads", .integer(1...1024), "N", said: "all", isFirst: true, in: .all,
    "number of compute threads; the results do not depend on it")
  static let seed = Option(like: \.seed, .integer(0...UInt64.max), or: 0)
  static let isa = Option(
    "isa", Form<InstructionSet>.word, said: "the best", in: .all,
    "instruction set (or set CNNCTL_ISA)")
  static let conv = Option(
    "conv", Form<ConvolutionMethod>.word, said: ConvolutionMethod.auto.rawValue, in: .all,
    "convolution method; auto: chosen by a fixed rule from each layer's shape")
  static let json = Option(flag: "json", in: .all, "results as JSON, one object per line")
  static let quiet = Option(flag: "quiet", short: "q", in: .all, "show no progress")
  static let verbose = Option(flag: "verbose", short: "v", in: .all, "show more detail")
  static let color = Option(
    "color", Form<Color>.word, or: .auto, in: .all,
    "colour on standard error; NO_COLOR is honoured")
  static let help = Option(flag: "help", short: "h", isFirst: true, in: .all, "show this help")
  /// Listed together with the most used options.
  static let helpAll = Option(flag: "help-all", isFirst: true, in: .all, "show all options")

  static let general: [any CommandOption] = [
    threads, seed, isa, conv, json, quiet, verbose, color, help, helpAll,
  ]

  static let model = Option(
    "model", .text, "RUN|FILE|NAME", said: "runs/latest if there, else cats-dogs", in: .model,
    "run folder, weights file, cats-dogs, or a name that 'cnnctl models' lists")
  /// The paragraph about `--model` in a command's help.
  static let namingModels =
    "--model is a run folder, a weights file, cats-dogs, the model built into this program, or the "
    + "name of a model that 'cnnctl models' lists; an existing path takes precedence over a name. The default is the newest run, or "
    + "cats-dogs if there is no run; a line on standard error names the model."
  static let maxPixels = Option(
    like: \.data.maxPixels, .pixels, or: Preprocessing.defaultMaxPixels)
  static let cache = Option(
    "cache", .word, or: ImageCache.Policy.auto, in: .data,
    "where to keep decoded images: in memory, in a file under ~/.cache/cnnctl that later runs "
      + "reuse, or nowhere; auto: whichever fits")
  static let split = Option(
    "split", .word(of: [.test, .val, .train]), or: Split.test, in: .results,
    "the images to evaluate")
  static let tta = Option(
    "tta", Form<TestTimeAugmentation>.word, said: "the recipe's, stored in the model file",
    in: .results, "flip: average the network's output for an image and its mirror image")
  static let recursive = Option(
    flag: "recursive", short: "r", in: .results,
    "search folders and their subfolders for images")
  static let out = out("output folder")
  static let noPlots = Option(flag: "no-plots", in: .output, "do not write pictures")

  static func out(
    _ help: String, said: String? = nil, isFirst: Bool = false
  ) -> Option<String?> {
    Option(
      "out", also: ["output"], short: "o", .text, "DIR", said: said, isFirst: isFirst,
      in: .output, help)
  }

  /// The file to write.
  static func output(
    _ placeholder: String, _ help: String, said: String? = nil
  ) -> Option<String?> {
    Option(
      "output", also: ["out"], short: "o", .text, placeholder, said: said, in: .output, help)
  }
}
