internal import ImageData

/// An image that could not be read.
package struct SkippedImage: Codable, Sendable, Hashable {
  /// The file.
  package var path: String
  /// The kind of failure in one word.
  package var code: String
  /// One sentence.
  package var message: String

  /// A file, the word for its failure and the sentence.
  package init(path: String, code: String, message: String) {
    self.path = path
    self.code = code
    self.message = message
  }

  /// A file and why it gave no picture.
  init(_ path: String, _ failure: ImageFailure) {
    self.init(path: path, code: failure.code.rawValue, message: failure.message)
  }
}
