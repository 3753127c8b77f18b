/// An error in a network's description or in values given to it.
public enum ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A layer's number is out of its range.
  case invalid(layer: String, field: String, expected: String, found: String)
  /// A layer cannot take the output of the one before it.
  case shape(layer: String, expected: String, found: Shape)
  /// The two paths of a residual block have different output shapes.
  case residual(layer: String, body: Shape, shortcut: Shape)
  /// A JSON description that is not an architecture.
  case description(at: String, expected: String, found: String)
  /// A preset that does not exist.
  case unknownPreset(String, known: [String])
  /// A tensor that the network does not have, or has in another shape.
  case tensor(name: String, expected: String, found: String)
  /// An array whose length does not fit.
  case length(of: String, expected: Int, found: Int)
  /// A class index outside the outputs.
  case target(expected: String, found: Int)
  /// A network too large to plan.
  case tooLarge(what: String, limit: Int, found: Int)
  /// Memory that the system cannot provide.
  case outOfMemory(bytes: Int)

  /// One sentence: the place, what was expected and what was found.
  public var description: String {
    switch self {
    case .invalid(let layer, let field, let expected, let found):
      "\(layer): \(field) must be \(expected), found \(found)"
    case .shape(let layer, let expected, let found):
      "\(layer): expects \(expected), its input is \(found)"
    case .residual(let layer, let body, let shortcut):
      "\(layer): body and shortcut must have the same output shape, found \(body) and \(shortcut)"
    case .description(let place, let expected, let found):
      "\(place): expected \(expected), found \(found)"
    case .unknownPreset(let name, let known):
      "unknown network \(name), known: \(known.joined(separator: ", "))"
    case .tensor(let name, let expected, let found):
      "tensor \(name): expected \(expected), found \(found)"
    case .length(let what, let expected, let found):
      "\(what): expected \(expected) values, found \(found)"
    case .target(let expected, let found):
      "a class index must be \(expected), found \(found)"
    case .tooLarge(let what, let limit, let found):
      "\(what): at most \(limit), found \(found)"
    case .outOfMemory(let bytes):
      "not enough memory: \(bytes) bytes needed"
    }
  }
}
