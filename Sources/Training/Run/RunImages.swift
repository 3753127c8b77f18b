internal import Classifier
internal import Compute
internal import ImageData
internal import KernelTypes
internal import Primitives
internal import Ranks

/// A run's images in memory, and what is to be said about them.
struct RunImages {
  let store: ImageStore
  /// The preprocessing, with mean and deviation.
  let preprocessing: Preprocessing
  private(set) var training: [Int]
  /// The images that epochs are judged by; empty for none.
  let validation: [Int]
  let warnings: [String]
  private let copies: [CheckFinding]
  private let plan: RunPlan
  private let test: [Int]

  /// Reads the images; the error is `ImageStoreError`, or a `TrainingError` for too many bad ones.
  init(
    _ plan: RunPlan, cache: ImageCache, engine: Engine, group: Group = Group(),
    comparing: (_ done: Int, _ total: Int) throws -> Void,
    progress: (_ done: Int, _ total: Int) throws -> Void
  ) throws {
    self.plan = plan
    var failure: (any Error)?
    func report(_ step: () throws -> Void) {
      do { try step() } catch { failure = failure ?? error }
    }
    do {
      store = try ImageStore.load(
        plan.dataset, splits: plan.splits, content: plan.content,
        preprocessing: plan.preprocessing, trainingSize: plan.trainingSize,
        cache: cache, group: group, workers: engine.workers, kernels: engine.kernels,
        shouldStop: { failure != nil },
        comparing: { done, total in report { try comparing(done, total) } }
      ) { done, total in report { try progress(done, total) } }
    } catch {
      // Loading only knows that it was to stop, whoever asked knows why.
      throw failure ?? error
    }
    training = store.indices(.train)
    test = store.indices(.test)
    validation = plan.validation.map { [store] in store.indices($0) } ?? []
    try RunImages.check(store, plan, training)

    var preprocessing = plan.preprocessing
    if plan.configuration.data.normalization == .dataset {
      (preprocessing.mean, preprocessing.deviation) = store.channelStatistics(training)
    }
    self.preprocessing = preprocessing

    var warnings = plan.dataset.passedOver.line.map { [$0] } ?? []
    if !store.failures.isEmpty {
      warnings.append(
        counted(store.failures.count, "image")
          + " could not be read and \(store.failures.count == 1 ? "is" : "are") skipped; "
          + "run.json lists them")
    }
    copies = store.copies
    warnings += RunImages.copies(copies, plan)
    if let line = NearDuplicates.line(cutShort: store.searchesCutShort) {
      warnings.append(line + ", and be in two splits")
    }
    warnings += RunImages.smallSets(store, plan, training: training, validation: validation)
    if let seen = RunImages.seen(validation, store, plan), seen.images > 0 {
      warnings.append(
        "\(grouped(seen.images)) of \(counted(validation.count, "validation image")) "
          + "\(seen.images == 1 ? "was" : "were") in \(seen.model.possessive) training set: the "
          + "best epoch and the temperature are chosen on images that the model has already seen")
    }
    if cache.policy == .auto, store.place == .off {
      warnings.append(
        "\(store.byteCount / 1_000_000) MB of decoded images fit neither in half of the free memory "
          + "nor on the disk: they are decoded again in every epoch")
    }
    self.warnings = warnings
  }

  /// Those images that the model was trained on that the run starts from; nil if it starts from
  /// none, or one that does not tell.
  private static func seen(
    _ indices: [Int], _ store: ImageStore, _ plan: RunPlan
  ) -> Evaluation.Seen? {
    guard let origin = plan.origin?.model, let known = origin.model.trainedOn else { return nil }
    return Evaluation.Seen(
      model: origin.name, images: indices.count { known.contains(store.digest(of: $0)) })
  }

  /// The same images with about `most` to train on, of each class its share and at least five.
  func sampled(_ most: Int) -> RunImages {
    var sample = self
    let kept = Array.sample(of: store.targets(training), most: most)
    sample.training = kept.map { training[$0] }
    return sample
  }

  /// The images of the last evaluation that the run's origin was trained on.
  var testSeen: Evaluation.Seen? {
    RunImages.seen(tested, store, plan)
  }

  /// The training images that the run's origin was trained on.
  var trainingSeen: Evaluation.Seen? { RunImages.seen(training, store, plan) }

  private static func check(
    _ store: ImageStore, _ plan: RunPlan, _ training: [Int]
  ) throws(TrainingError) {
    let data = plan.configuration.data
    let bad = store.failures
    if let first = bad.first {
      let total = bad.count + plan.splits.reduce(0) { $0 + store.indices($1).count }
      let percent = 100 * Double(bad.count) / Double(total)
      let tooMany = percent > data.maxBad && bad.count > 5
      if data.onBadImage == .fail || tooMany || bad.count == total {
        let (expected, option) =
          if bad.count == total {
            ("at least one image per class that can be read", "")
          } else if data.onBadImage == .fail {
            ("none with --on-bad-image fail", "; or --on-bad-image skip")
          } else {
            ("at most \(data.maxBad) % or 5 files", "; or --max-bad")
          }
        throw TrainingError(
          .badData,
          "\(bad.count) of \(total) images cannot be read, the first is "
            + "\(first.sample.path): \(first.failure)",
          expected: expected,
          advice: "cnnctl check \(plan.configuration.dataset), which lists all of them" + option)
      }
    }
    let counts = RunImages.counts(training, store, classes: plan.dataset.classes.count)
    let empty = counts.indices.filter { counts[$0] == 0 }
    guard !empty.isEmpty else { return }
    let isUnreadable = empty.contains { label in bad.contains { $0.lies(in: label) } }
    throw TrainingError(
      .badData,
      "\(plan.configuration.dataset): no image is left to train on for "
        + RunImages.named(empty.map { plan.dataset.classes[$0] }),
      found: RunImages.whereabouts(empty[0], store, plan),
      expected: "at least one readable training image per class",
      advice: isUnreadable
        ? "cnnctl check \(plan.configuration.dataset), which lists the unreadable files"
        : "smaller --val-split and --test-split, or more images")
  }

  /// The use of the images of a class that has no training images.
  private static func whereabouts(_ label: Int, _ store: ImageStore, _ plan: RunPlan) -> String {
    let bad = store.failures.filter { $0.lies(in: label) }
    let parts: [(Int, String)] =
      [(Split.val, "for validation"), (.test, "for the test")].map { split, use in
        let isHeldOut = plan.dataset.splits[split] == nil
        let count = isHeldOut ? store.targets(store.indices(split)).count { $0 == label } : 0
        return (count, "held out \(use)")
      } + [(bad.count, "unreadable")]
    let text = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    let first = bad.first.map { ", the first is \($0.sample.path): \($0.failure)" } ?? ""
    return "\(plan.dataset.classes[label]): \(text.isEmpty ? "no images used" : text)\(first)"
  }

  /// Warnings about the same image in two classes or two splits.
  private static func copies(_ findings: [CheckFinding], _ plan: RunPlan) -> [String] {
    let kinds: [(CheckFinding.Kind, String)] = [
      (.twoClasses, "in two classes, so one of its labels is wrong"),
      (.leak, "in two splits, so the accuracy on one of them is too optimistic"),
      (
        .nearTwoClasses,
        "in two classes, saved again, resized or cropped, so one of its labels may be wrong"
      ),
    ]
    return kinds.compactMap { kind, problem in
      let found = findings.filter { $0.kind == kind }
      guard let first = found.first else { return nil }
      return (found.count == 1 ? "an image is " : "\(found.count) images are each ") + problem
        + (found.count == 1 ? ": " : "; the first: ") + named(first.paths, most: 3)
        + "; cnnctl check \(plan.configuration.dataset) lists all copies and near copies"
    }
  }

  /// Warnings about classes or splits with few images.
  private static func smallSets(
    _ store: ImageStore, _ plan: RunPlan, training: [Int], validation: [Int]
  ) -> [String] {
    let classes = plan.dataset.classes
    let configuration = plan.configuration
    var warnings: [String] = []
    func missing(_ indices: [Int], below least: Int) -> [String] {
      zip(classes, counts(indices, store, classes: classes.count)).filter { $0.1 < least }
        .map { least > 1 ? "\($0.0) (\($0.1))" : $0.0 }
    }
    let few = missing(training, below: 5)
    if !few.isEmpty {
      let isAlone = configuration.transfer.from == nil
      warnings.append(
        "very few training images of \(named(few)): "
          + (few.count == classes.count && training.count < 3 * classes.count
            ? "the model can only guess; use at least 20 images per class"
            : "results will be unreliable")
          + (isAlone
            ? "; try: cnnctl train \(shellPath(configuration.dataset)) --from cats-dogs --recipe best"
            : ""))
    }
    let batch = configuration.training.batchSize
    // The recipe's own batch shrinks with the set anyway.
    if batch > training.count, batch != configuration.recipe.configuration.training.batchSize {
      warnings.append(
        "--batch-size \(batch) is reduced to \(training.count), the number of training images")
    }
    guard plan.validation != nil else { return warnings }
    let absent = missing(validation, below: 1)
    if validation.isEmpty {
      warnings.append(
        "no image was assigned to the validation split; the last epoch's weights are kept"
          + (plan.test == nil ? ", and nothing will be evaluated" : "")
          + "; use more images or a larger --val-split")
    } else if !absent.isEmpty {
      warnings.append(
        "there are no validation images of \(named(absent)), so the validation metrics do not cover "
          + (absent.count == 1 ? "that class" : "those classes")
          + "; use more images or a larger --val-split")
    }
    return warnings
  }

  /// Names for a message, not all of many.
  private static func named(_ names: [String], most: Int = 12) -> String {
    let rest = names.count > most ? " and \(names.count - most) more" : ""
    return names.prefix(most).joined(separator: ", ") + rest
  }

  private static func counts(_ indices: [Int], _ store: ImageStore, classes: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: classes)
    for target in store.targets(indices) { counts[Int(target)] += 1 }
    return counts
  }

  /// Images of each class to train on.
  var trainingCounts: [Int] {
    RunImages.counts(training, store, classes: plan.dataset.classes.count)
  }

  /// The images that were omitted.
  var skipped: [SkippedImage] { store.failures.map(SkippedImage.init) }

  /// The images of the last evaluation.
  var testSamples: ImageList { store.samples.selecting(tested) }

  /// Their indices.
  private var tested: [Int] { plan.test == nil ? validation : test }

  /// Those of its folder that could not be read.
  var skippedTestImages: [SkippedImage] {
    store.failures.filter { $0.split == .test && plan.test != nil }.map(SkippedImage.init)
  }

  /// The noun for an image of the last evaluation.
  var testNoun: String { RunRecord.Test.noun(of: (plan.test ?? .val).rawValue) }

  /// The heading of the last evaluation.
  var testHeading: String {
    let images = counted(tested.count, "image")
    if plan.test != nil { return "test: \(images), \(origin(.test))" }
    return "validation images\(ModelCard.noTestSet): \(images), \(origin(.val))"
  }

  var summary: DatasetSummary {
    let classes = plan.dataset.classes
    let all: [(Split, [Int])] = [(.train, training), (.val, validation), (.test, test)]
    let splits = all.filter { !$0.1.isEmpty }.map { split, indices in
      DatasetSummary.SplitCount(
        split: split.rawValue, origin: origin(split), images: indices.count,
        perClass: RunImages.counts(indices, store, classes: classes.count))
    }
    return DatasetSummary(
      path: plan.configuration.dataset, classes: classes, splits: splits,
      hidden: plan.dataset.hiddenCount, skipped: skipped,
      findings: copies.map(DatasetFinding.init), fingerprint: store.fingerprint)
  }

  private func origin(_ split: Split) -> String {
    if split == .val, plan.validation == .test { return "the test images" }
    if split == .train || plan.dataset.splits[split] != nil {
      return "from the dataset's folder"
    }
    if split == .test, let fold = plan.content.fold {
      return "fold \(fold.number) of \(fold.count) of the training images"
    }
    let part = split == .val ? plan.content.validation : plan.content.test
    return "\(part) of the training images"
      + (plan.content.rule == .independent ? "" : " of each class") + ", held out by their content"
  }
}

extension BadImage {
  fileprivate func lies(in label: Int) -> Bool { split == .train && sample.classIndex == label }
}

extension SkippedImage {
  init(_ bad: BadImage) {
    self.init(
      path: bad.sample.path, code: bad.failure.code.rawValue, message: bad.failure.message)
  }
}

extension DatasetFinding {
  fileprivate init(_ finding: CheckFinding) {
    self.init(
      kind: finding.kind.rawValue, isError: finding.kind.isError, message: finding.message,
      paths: finding.paths)
  }
}

extension Array where Element == Int {
  /// About `most` positions in a list of classes, rising and evenly spaced in each class: its share
  /// of them, and at least five where it has as many.
  package static func sample(of classes: [Int32], most: Int) -> [Int] {
    guard classes.count > most else { return Array(classes.indices) }
    let counts = classes.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    var met: [Int32: Int] = [:]
    return classes.indices.filter { index in
      let label = classes[index]
      let (count, place) = (counts[label, default: 0], met[label, default: 0])
      met[label] = place + 1
      let kept = Swift.min(count, Swift.max(5, count * most / classes.count))
      // The positions at which a line from 0 to `kept` passes the next whole number.
      return (place + 1) * kept / count > place * kept / count
    }
  }
}
