package import Classifier
internal import FoundationEssentials
internal import ImageData
package import Primitives

/// What a list of runs says of one: what was trained from what, how good it is, and when.
package struct RunSummary: Sendable {
  /// The run's folder.
  package let path: String
  package private(set) var recipe: Recipe?
  package private(set) var architecture: String?
  /// The model that it started from, as `--from` named it.
  package private(set) var from: String?
  /// Training images; nil until they are counted.
  package private(set) var images: Int?
  package private(set) var record: RunRecord?
  /// When the run was started, in seconds since 1970.
  package private(set) var started: Int
  /// Whether a process is training in the folder now.
  package private(set) var isBusy: Bool
  /// The reason why the run's settings or its record cannot be read; nil if they can.
  package private(set) var problem: TrainingError?

  /// Reads a run's folder; what cannot be read is left out.
  package init(of folder: RunFolder) {
    path = folder.path
    started = 0
    isBusy = false
    do throws(TrainingError) {
      try folder.requireNoLinks()
      let place = folder.place(RunFolder.configurationName)
      // Records of earlier versions do not say it.
      started = folder.created ?? 0
      let configuration = try Configuration(file: place)
      (recipe, architecture) = (configuration.recipe, configuration.network.arch)
      from = configuration.transfer.from
      isBusy = RunLock.isHeld(folder)
      images = RunEvents.dataset(of: folder)?.splits.first { $0.split == "train" }?.images
      record = try RunRecord(folder: folder)
      if let date = record?.started { started = Int(date.timeIntervalSince1970) }
    } catch {
      problem = error
    }
  }

  /// The accuracy with its 95 % interval: on test images, else out of fold, else on validation
  /// images; nil until there is one.
  package var accuracy: (share: Double, interval: ClosedRange<Double>, split: String)? {
    let tested = record?.test.map { ($0.accuracy, $0.images, $0.split) }
    let held = record?.outOfFold.map { ($0.accuracy, $0.images, OutOfFold.name) }
    let known = tested?.2 == Split.test.rawValue ? tested : held ?? tested
    guard let (share, images, split) = known, images > 0, (0...1).contains(share) else {
      return nil
    }
    return (share, wilsonInterval(Int((share * Double(images)).rounded()), of: images), split)
  }

  /// How the run stands, in a word: a run that no process continues was interrupted.
  package var status: String? {
    guard let record else { return nil }
    return record.status == .running && !isBusy ? "interrupted" : record.status.rawValue
  }
}
