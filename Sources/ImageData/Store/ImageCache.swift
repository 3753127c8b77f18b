internal import Primitives

/// The place of decoded images between the epochs of a run.
package struct ImageCache: Sendable, Hashable {
  /// The requested policy; the raw values are those of `--cache`.
  package enum Policy: String, Sendable, CaseIterable {
    /// In memory if that takes half of what is free at most, else in a file if the disk has room,
    /// else nowhere.
    case auto
    /// In memory.
    case ram
    /// In a file, which the next run finds again.
    case disk
    /// Nowhere: every image is decoded again whenever it is wanted.
    case off
  }

  package var policy: Policy
  /// The folder for files, never inside a dataset; nil if there is none to be had.
  package var folder: String?
  /// Bytes of memory that can be taken; nil if that is not known.
  package let availableMemory: Int?
  /// Those of a process's share of them that something else will take.
  private var reserved = 0

  /// The given wish; memory is asked of the system unless given.
  package init(_ policy: Policy = .ram, folder: String? = nil, availableMemory: Int? = nil) {
    self.policy = policy
    self.folder = folder
    self.availableMemory = availableMemory ?? AvailableMemory().bytes
  }

  /// Leaves so many bytes of memory to something else.
  package mutating func reserve(_ bytes: Int) { reserved = bytes }

  /// Bytes of memory that the images of some splits will take; none where they lie elsewhere.
  ///
  /// `ranksOnNode` processes of a machine take so many each.
  package func residentBytes(
    _ dataset: Dataset, splits: [Split], content: ContentSplit, preprocessing: Preprocessing,
    trainingSize: (width: Int, height: Int), ranksOnNode: Int = 1
  ) -> Int {
    let plan = ImageStorePlan(dataset, splits, content, preprocessing, trainingSize)
    let place = try? place(bytes: plan.byteCount, root: plan.root, copies: ranksOnNode)
    guard place ?? .ram == .ram else { return 0 }
    // A fraction leaves the others' memory untouched.
    let left = plan.candidates.count { $0.folder == .train }
    let kept = Double(plan.candidates.count - left) + Double(left) * content.fraction
    return Int(kept * Double(plan.slotBytes))
  }

  /// The place of decoded images.
  package enum Place: String, Sendable, Hashable, Codable {
    /// See `Policy.ram`.
    case ram
    /// See `Policy.disk`.
    case disk
    /// See `Policy.off`.
    case off
  }

  /// The place for so many bytes of pixels of the dataset at `root`.
  ///
  /// In memory `copies` processes need them each, in a file all together. Errors: memory that was
  /// asked for and is not free.
  func place(bytes: Int, root: String, copies: Int = 1) throws(ImageStoreError) -> Place {
    let availableMemory = self.availableMemory.map { max(0, $0 / copies - reserved) }
    switch policy {
    case .ram:
      if let availableMemory, bytes > availableMemory { throw .outOfMemory(bytes: bytes) }
      return .ram
    case .disk: return .disk
    case .off: return .off
    case .auto:
      if availableMemory.map({ bytes <= $0 / 2 }) ?? true { return .ram }
      guard let folder, let place = try? CacheFolder(folder, outside: root), place.hasRoom(bytes)
      else { return .off }
      return .disk
    }
  }
}
