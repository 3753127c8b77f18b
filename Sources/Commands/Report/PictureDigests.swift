internal import Classifier
internal import ImageData
internal import Primitives
internal import Training

/// What the pictures were that a run's report shows, when the run answered them.
///
/// A run's folder may come from a stranger, and its predictions.csv may name any file of whoever
/// makes a report of it and sends that back. Of a file that the stranger has not seen he has no
/// digest: only files with the digests that the run has noted are shown.
struct PictureDigests {
  /// The file beside predictions.csv, in the form of `sha256sum`.
  static let name = "pictures.sha256"
  private static let sizeLimit = 1 << 20

  /// Digests by path, as predictions.csv has it.
  private var digests: [String: String] = [:]

  /// The digests of the pictures that a report of these answers shows, as they are now.
  init(of answers: [Prediction]) {
    for path in ShownAnswers(answers.filter { $0.index != nil }).paths {
      guard let bytes = try? FileBytes.read(path, onlyPicture: true) else { continue }
      digests[CSV.path(path)] = SHA256.hex(of: bytes)
    }
  }

  /// Reads a file; one that is missing or damaged knows no picture.
  init(reading place: FilePlace) {
    guard let bytes = try? place.bytes(limit: PictureDigests.sizeLimit) else { return }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let digest = line.prefix { $0.isHexDigit }
      let rest = line.dropFirst(digest.count)
      if digest.utf8.count == 64, rest.hasPrefix("  ") {
        digests[String(rest.dropFirst(2))] = String(digest)
      }
    }
  }

  /// The file's text, in byte order of the paths.
  var text: String {
    digests.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { "\($0.value)  \($0.key)\n" }.joined()
  }

  /// Whether these bytes are the picture that was answered under a path.
  func know(_ path: String, _ bytes: [UInt8]) -> Bool {
    digests[CSV.path(path)].map { $0 == SHA256.hex(of: bytes) } ?? false
  }
}

/// Which pictures of a run may be shown, and where they are.
struct ShownPictures {
  /// Where an image is that predictions.csv names.
  let places: ImagePlaces
  /// Whether a picture, of the path that predictions.csv names and of those bytes, may be shown.
  let allows: @Sendable (_ path: String, _ bytes: [UInt8]) -> Bool

  /// Pictures that this command has just answered.
  static let own = ShownPictures(places: ImagePlaces()) { _, _ in true }
}
