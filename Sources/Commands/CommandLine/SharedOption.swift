internal import Classifier
internal import Compute
internal import ImageData
internal import Training

/// Options that several commands take.
enum SharedOption {
  /// When messages are in colour.
  enum Color: String, CaseIterable {
    case auto
    case never
    case always
  }

  static let threads = Option(
    "threads", .integer(1...1024), "N", said: "all", isFirst: true, in: .all,
    "threads that compute; same results with any number")
  static let seed = Option(like: \.seed, .integer(0...UInt64.max), or: 0)
  static let isa = Option(
    "isa", Form<InstructionSet>.word, said: "the best", in: .all,
    "instruction set (or set CNNCTL_ISA)")
  static let conv = Option(
    "conv", Form<ConvolutionMethod>.word, said: ConvolutionMethod.auto.rawValue, in: .all,
    "how convolutions are computed; auto: by a fixed rule of each layer's sizes")
  static let json = Option(flag: "json", in: .all, "results as JSON, one object a line")
  static let quiet = Option(flag: "quiet", short: "q", in: .all, "no progress")
  static let verbose = Option(flag: "verbose", short: "v", in: .all, "more about what happens")
  static let color = Option(
    "color", Form<Color>.word, or: .auto, in: .all,
    "colour on standard error; NO_COLOR is honoured")
  static let help = Option(flag: "help", short: "h", isFirst: true, in: .all, "this text")
  /// Where help lists the options that people use first, it says this one, too.
  static let helpAll = Option(flag: "help-all", isFirst: true, in: .all, "every option")

  /// Those of every command.
  static let general: [any CommandOption] = [
    threads, seed, isa, conv, json, quiet, verbose, color, help, helpAll,
  ]

  static let model = Option(
    "model", .text, "RUN|FILE|NAME", said: "runs/latest if there, else cats-dogs", in: .model,
    "run folder or weights file that answers, or cats-dogs")
  /// What a command's help says about it.
  static let namingModels =
    "--model is a run folder, a weights file, or cats-dogs, the model inside this program; an "
    + "existing path wins over that name. Without it the newest run answers, and where there is "
    + "none cats-dogs; a line on standard error says which."
  static let maxPixels = Option(
    like: \.data.maxPixels, .pixels, or: Preprocessing.defaultMaxPixels)
  static let cache = Option(
    "cache", .word, or: ImageCache.Policy.auto, in: .data,
    "where decoded images are kept: in memory, in a file under ~/.cache/cnnctl that the next run "
      + "finds again, nowhere; auto: what fits")
  static let split = Option(
    "split", .word(of: [.test, .val, .train]), or: Split.test, in: .results,
    "the images to evaluate")
  static let tta = Option(
    "tta", Form<TestTimeAugmentation>.word, said: "the recipe's, which the model file names",
    in: .results, "flip: average what the network says of an image and of its mirror image")
  static let recursive = Option(
    flag: "recursive", short: "r", in: .results,
    "take the images of folders and of the folders in them")
  /// The folder for files.
  static let out = out("folder for the files")
  static let noPlots = Option(flag: "no-plots", in: .output, "write no pictures")

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
