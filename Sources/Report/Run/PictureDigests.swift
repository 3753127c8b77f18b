package import Classifier
internal import ImageData
internal import Primitives
internal import Training

/// The digests of the images in a run's report, taken when they were predicted.
///
/// A run's folder may come from a stranger, and its predictions.csv may name any file of whoever
/// makes a report of it and sends that back. Of a file that the stranger has not seen he has no
/// digest: only files with the digests that the run has noted are shown.
package struct PictureDigests: Sendable {
  /// The file beside predictions.csv, in the form of `sha256sum`.
  package static let name = "pictures.sha256"
  private static let sizeLimit = 1 << 20

  /// Digests by path, as predictions.csv has it.
  private var digests: [String: String] = [:]

  /// The digests of the images that a report of these predictions shows, as they are now.
  ///
  /// - others: paths of more images that it shows.
  package init(of answers: [Prediction], others: [String] = []) {
    for path in ShownAnswers(answers.filter { $0.index != nil }).paths + others {
      guard let bytes = try? FileBytes.read(path, onlyImage: true) else { continue }
      digests[CSV.path(path)] = SHA256.hex(of: bytes)
    }
  }

  /// Reads a file; one that is missing or damaged knows no image.
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
  package var text: String {
    digests.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { "\($0.value)  \($0.key)\n" }.joined()
  }

  /// Whether these bytes are those of the image predicted under a path.
  func know(_ path: String, _ bytes: [UInt8]) -> Bool {
    digests[CSV.path(path)].map { $0 == SHA256.hex(of: bytes) } ?? false
  }
}

/// The images of a run that may be shown, and their places.
package struct ShownPictures: Sendable {
  /// The places of the images that predictions.csv names.
  let places: ImagePlaces
  /// Whether an image, given its path in predictions.csv and its bytes, may be shown.
  let allows: @Sendable (_ path: String, _ bytes: [UInt8]) -> Bool

  /// Images that this command has just answered.
  package static let own = ShownPictures(places: ImagePlaces()) { _, _ in true }
}
