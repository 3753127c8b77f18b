/// What the command line asks for.
struct Options {
  var folder = ""
  var seed: UInt64 = Options.standardSeed
  var replace = false
  var help = false
  /// Training pictures a class.
  var count = Options.standardCount

  /// The seed of the pictures in `dataset/`.
  static let standardSeed: UInt64 = 7
  /// Training pictures a class in `dataset/`; the test set has a quarter as many.
  static let standardCount = 240

  static let usage = """
    usage: draw-dataset OUTPUT_FOLDER [--seed N] [--count N] [--replace]

    Draws pictures of cats and dogs into OUTPUT_FOLDER/training_set/{cats,dogs} and
    OUTPUT_FOLDER/test_set/{cats,dogs}. The same seed draws the same pixels every time.

      --seed N     draw other pictures (\(standardSeed), those of dataset/)
      --count N    training pictures a class; a quarter as many for testing (\(standardCount))
      --replace    draw over pictures of an earlier run in OUTPUT_FOLDER
      --help       print this and leave
    """

  init(_ arguments: [String]) throws(UsageError) {
    var left = arguments[...]
    while let argument = left.popFirst() {
      switch argument {
      case "--help", "-h": help = true
      case "--replace": replace = true
      case "--seed": seed = try Options.number(after: argument, &left)
      case "--count": count = Int(clamping: try Options.number(after: argument, &left))
      case _ where argument.hasPrefix("-"):
        throw UsageError(description: "unknown option '\(argument)'")
      case _ where folder.isEmpty: folder = argument
      default: throw UsageError(description: "more than one output folder: '\(argument)'")
      }
    }
    guard help || !folder.isEmpty else { throw UsageError(description: "no output folder") }
    guard (4...100_000).contains(count) else {
      throw UsageError(description: "--count must be between 4 and 100000, got \(count)")
    }
  }

  private static func number(
    after option: String, _ left: inout ArraySlice<String>
  ) throws(UsageError) -> UInt64 {
    guard let text = left.popFirst() else {
      throw UsageError(description: "\(option) needs a number")
    }
    guard let number = UInt64(text) else {
      throw UsageError(description: "\(option) needs a whole number, got '\(text)'")
    }
    return number
  }
}

/// A command line that makes no sense.
struct UsageError: Error, CustomStringConvertible {
  let description: String
}
