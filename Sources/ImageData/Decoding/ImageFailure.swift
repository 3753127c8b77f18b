/// The reason why a file gives no image.
///
/// The message is one lower-case sentence without the path: whoever reports it names the file.
package struct ImageFailure: Error, Sendable, Hashable, Codable, CustomStringConvertible {
  /// The kind of failure; the raw values appear in JSON output.
  package enum Code: String, Sendable, Hashable, Codable, CaseIterable {
    /// The file cannot be opened or read.
    case unreadable
    /// A folder, a pipe, a device: anything that is no regular file.
    case notAFile
    /// More bytes, pixels, scans, parts or memory than the limits allow.
    case tooLarge
    /// None of the kinds that are read, by its first bytes.
    case notAnImage
    /// A valid file of such a kind in a form that is not read.
    case unsupported
    /// The file ends before the image does.
    case truncated
    /// The contents contradict themselves.
    case damaged
    /// Decoding takes more processor time than the limit.
    case tooSlow
    /// The library of the system that decodes such files is not installed.
    case missingLibrary
  }

  package var code: Code
  package var message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
