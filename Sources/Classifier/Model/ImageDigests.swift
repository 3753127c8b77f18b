internal import CNN
package import Compute
internal import ImageData
internal import KernelTypes
internal import Primitives

/// The images that a model was trained on: the first 8 bytes of the SHA-256 of each file.
///
/// Two of a million files have the same 8 bytes with a probability of 3e-8.
package struct ImageDigests: Sendable, Hashable {
  /// Sorted, none twice.
  private let values: [UInt64]

  /// Images of a model at most; their digests take 32 MiB.
  package static let limit = TensorFile.imageLimit
  private static let bytes = TensorFile.imageBytes

  /// The digests of files, given by their whole SHA-256; one of an unreadable file is empty and
  /// omitted.
  package init(_ digests: some Sequence<[UInt8]>) {
    values = Set(digests.compactMap(ImageDigests.value)).sorted()
  }

  /// Digests as a model file holds them; nil unless they are sorted and none is there twice.
  init?(file bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count.isMultiple(of: ImageDigests.bytes), "whole digests")
    var values: [UInt64] = []
    values.reserveCapacity(bytes.count / ImageDigests.bytes)
    for start in stride(from: 0, to: bytes.count, by: ImageDigests.bytes) {
      let value = bytes[start..<(start + ImageDigests.bytes)].bigEndianNumber
      if let last = values.last, last >= value { return nil }
      values.append(value)
    }
    self.values = values
  }

  package var count: Int { values.count }

  /// Every byte in order, as a model file holds them.
  var fileBytes: [UInt8] {
    values.flatMap { $0.bigEndianBytes }
  }

  /// Whether an image with this SHA-256 is among them.
  package func contains(_ digest: [UInt8]) -> Bool {
    guard let value = ImageDigests.value(digest) else { return false }
    let place = values.indices.partitioningIndex { values[$0] >= value }
    return place < values.count && values[place] == value
  }

  private static func value(_ digest: [UInt8]) -> UInt64? {
    digest.count < bytes ? nil : digest.prefix(bytes).bigEndianNumber
  }

  /// The SHA-256 of each file; empty for one that cannot be read.
  package static func digests(of paths: [String], workers: WorkerPool) -> [[UInt8]] {
    workers.map(paths) { path, _ in (try? FileBytes.read(path)).map(SHA256.digest) ?? [] }
  }
}
