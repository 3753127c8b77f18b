internal import CNN
internal import Classifier
internal import FoundationEssentials
internal import ImageData
internal import Primitives
internal import Training

extension RunContents {
  /// The folder as the run was told to name it; where that is not known, as it is named now.
  private var path: String { events?.start?.run ?? folder.path }

  var evaluatedNoun: String {
    record?.test.map { RunRecord.Test.noun(of: $0.split) } ?? "image"
  }

  /// The accuracies of the kept weights in the course of training: on training images, and on
  /// validation images that are no test images.
  var keptAccuracies: (training: Double?, validation: Double?) {
    guard let best = record?.bestEpoch, let row = metrics.first(where: { $0.epoch == best }) else {
      return (nil, nil)
    }
    let isTested =
      configuration?.data.validateOnTest == true || record?.test?.split == Split.val.rawValue
    return (row.accuracy, isTested ? nil : row.valAccuracy)
  }

  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// One line: what was trained on what, how it ended, when, and how long it took.
  var subtitle: String {
    var parts: [String] = []
    if let start = events?.start {
      parts.append("recipe \(start.recipe)")
      parts.append("\(start.architecture) at \(start.size) px")
    }
    if let dataset = events?.dataset {
      let images = dataset.splits.first { $0.split == "train" }?.images ?? 0
      parts.append(
        "trained on \(counted(images, "image")) of "
          + counted(dataset.classes.count, "class", "classes"))
    }
    if let status { parts.append(status) }
    if let started = record?.started {
      // `2026-11-29T16:20:00Z`
      let time = started.formatted(.iso8601).prefix(16).replacing("T", with: " ")
      parts.append("started \(time) UTC")
    }
    if let seconds = record?.seconds { parts.append("took \(shortDuration(seconds))") }
    return parts.joined(separator: ", ")
  }

  /// The ending of a run that did not finish.
  private var status: String? {
    guard let record else { return nil }
    let epochs = counted(record.epochs, "epoch")
    return switch record.status {
    case .done: nil
    case .running: "unfinished after \(epochs)"
    case .stopped: "stopped after \(epochs)"
    case .failed: "failed after \(epochs): \(record.error ?? "")"
    }
  }

  /// What is to be said of the images; nil where nobody looked.
  var findings: [Finding]? {
    guard let dataset = events?.dataset else { return nil }
    var findings: [Finding] = []
    if !dataset.skipped.isEmpty {
      findings.append(
        (true, "could not be read", dataset.skipped.map { "\($0.path): \($0.message)" }))
    }
    findings += (dataset.findings ?? []).map { ($0.isError, "\($0.kind): \($0.message)", $0.paths) }
    // Those that are about the predictions stand above them.
    let cautions = ["test image", "validation image", OutOfFold.noun].flatMap {
      answers?.evaluation.cautions(of: $0) ?? []
    }
    for text in events?.warnings ?? [] where !cautions.contains(where: text.hasPrefix) {
      findings.append((false, text, []))
    }
    return findings.isEmpty && dataset.findings == nil ? nil : findings
  }

  /// Numbers about the network that answers.
  func facts(of model: ClassifierModel) -> [Fact] {
    let network = model.network
    let input = network.architecture.input
    let (weights, statistics) = (network.parameterCount, network.statisticsCount)
    var facts: [Fact] = [
      ("network", network.architecture.name),
      ("input", "\(input.height) × \(input.width) × \(input.channels)"),
      ("parameters", "\(grouped(weights)) trained, \(grouped(statistics)) running statistics"),
      ("multiply-adds per image", largeCount(network.summary.reduce(0) { $0 + $1.multiplyAdds })),
      ("temperature", "\(model.temperature)"),
    ]
    if let from = events?.start?.from {
      facts.append(("started from", "\(from.model), \(from.tensors) of \(from.allTensors) tensors"))
    }
    if let digest = record?.weightsSHA256 { facts.append(("weights (SHA-256)", digest)) }
    return facts
  }

  /// Versions, processor, threads.
  var environment: [Fact] {
    guard let record else { return [] }
    let versions = record.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    var facts: [Fact] = [
      ("versions", versions.joined(separator: ", ")), ("processor", record.processor),
      ("instruction set", record.isa), ("threads", "\(record.threads)"),
    ]
    if let conv = record.conv { facts.append(("convolutions", conv)) }
    if let seed = events?.start?.seed { facts.append(("seed", "\(seed)")) }
    return facts + [("run", path)]
  }

  /// Commands that repeat the run and use its model.
  var commands: [String] {
    guard configuration != nil else { return [] }
    let run = shellWord(path)
    return [
      "cnnctl train --config \(shellWord(path + "/config.json"))", "cnnctl evaluate --model \(run)",
      "cnnctl predict photo.jpg --model \(run)", "cnnctl report \(run)",
    ]
  }
}
