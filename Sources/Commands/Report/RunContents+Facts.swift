internal import CNN
internal import Classifier
internal import Primitives
internal import Report
internal import Training

extension RunContents {
  /// The folder as the run was told to name it; where that is not known, as it is named now.
  private var path: String { events?.start?.run ?? folder.path }

  /// The run's name.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// One line: what was trained on what, and how it ended.
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

  /// Images of each class in each split, and what was to be said of them.
  var datasetFacts: RunReport.Dataset? {
    guard let dataset = events?.dataset else { return nil }
    // Those that are about the predictions stand above them.
    let cautions = ["test image", "validation image"].flatMap {
      answers?.evaluation.cautions(of: $0) ?? []
    }
    let warnings =
      events?.warnings.filter { text in !cautions.contains { text.hasPrefix($0) } }.map {
        ReportPage.Finding(isError: false, text: $0)
      } ?? []
    let skipped =
      dataset.skipped.isEmpty
      ? []
      : [
        ReportPage.Finding(
          isError: true, text: "could not be read",
          places: dataset.skipped.map { "\($0.path): \($0.message)" })
      ]
    let copies = dataset.findings?.map {
      ReportPage.Finding(isError: $0.isError, text: "\($0.kind): \($0.message)", places: $0.paths)
    }
    let findings = skipped + (copies ?? []) + warnings
    let origins = dataset.splits.map {
      ReportPage.Fact($0.split, Primitives.counted($0.images, "image") + ", " + $0.origin)
    }
    // Under the tutorial's recipes the test images validate, and are counted once.
    let counted = dataset.splits.filter {
      $0.split != "val" || configuration?.data.validateOnTest != true
        || !dataset.splits.contains { $0.split == "test" }
    }
    return RunReport.Dataset(
      classes: dataset.classes,
      splits: counted.map { RunReport.Dataset.Split(name: $0.split, counts: $0.perClass) },
      facts: [ReportPage.Fact("folder", dataset.path)] + origins + [
        ReportPage.Fact("hidden files and folders", grouped(dataset.hidden)),
        ReportPage.Fact("fingerprint", dataset.fingerprint),
      ],
      // Where nobody looked, nothing can be said of what there would have been.
      findings: findings.isEmpty && copies == nil ? nil : findings)
  }

  /// Numbers about the network that answers.
  func facts(of model: ClassifierModel) -> [ReportPage.Fact] {
    let network = model.network
    let input = network.architecture.input
    var facts = [
      ReportPage.Fact("network", network.architecture.name),
      ReportPage.Fact("input", "\(input.height) × \(input.width) × \(input.channels)"),
      ReportPage.Fact(
        "parameters",
        "\(grouped(network.parameterCount)) trained, \(grouped(network.statisticsCount)) running "
          + "statistics"),
      ReportPage.Fact(
        "multiply-adds per image",
        largeCount(network.summary.reduce(0) { $0 + $1.multiplyAdds })),
      ReportPage.Fact("temperature", "\(model.temperature)"),
    ]
    if let from = events?.start?.from {
      facts.append(
        ReportPage.Fact(
          "started from", "\(from.model), \(from.tensors) of \(from.allTensors) tensors"))
    }
    if let digest = record?.weightsSHA256 {
      facts.append(ReportPage.Fact("weights (SHA-256)", digest))
    }
    return facts
  }

  /// Versions, processor, threads.
  var environment: [ReportPage.Fact] {
    guard let record else { return [] }
    let versions = record.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    var facts = [
      ReportPage.Fact("versions", versions.joined(separator: ", ")),
      ReportPage.Fact("processor", record.processor),
      ReportPage.Fact("instruction set", record.isa),
      ReportPage.Fact("threads", "\(record.threads)"),
    ]
    if let conv = record.conv { facts.append(ReportPage.Fact("convolutions", conv)) }
    if let seed = events?.start?.seed { facts.append(ReportPage.Fact("seed", "\(seed)")) }
    facts.append(ReportPage.Fact("run", path))
    return facts
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
