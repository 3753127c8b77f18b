internal import CNN
internal import Primitives

/// The result of a step of a run, exact to the bit.
///
/// A run tells it after 1, 2, 4, 8 ... steps: enough to find where a repetition leaves it, at a cost
/// that nobody notices.
package struct StepDigest: Codable, Sendable, Hashable {
  /// Steps made, from 1.
  package var step: Int
  /// The step's epoch, from 1.
  package var epoch: Int
  /// Mean loss of the epoch's images so far.
  package var loss: Double
  /// SHA-256 of the numbers of what is trained, after the step.
  package var weightsSHA256: String

  enum CodingKeys: String, CodingKey {
    case step, epoch, loss
    case weightsSHA256 = "weights_sha256"
  }

  /// Whether a digest is recorded after this number of steps.
  static func isDue(after steps: Int) -> Bool { steps > 0 && steps & (steps - 1) == 0 }
}

extension Network {
  /// SHA-256 of every number, in hexadecimal.
  var digest: String {
    var digest = SHA256()
    for slab in slabs {
      digest.update(UnsafeRawBufferPointer(start: slab.memory.base, count: slab.memory.byteCount))
    }
    return hexadecimal(digest.finalize())
  }
}
