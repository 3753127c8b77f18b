package import Compute
internal import KernelTypes
internal import Primitives
internal import Synchronization

/// A check of a dataset: reads every file, writes nothing.
package enum DatasetCheck {
  /// Images with a smaller side are noted: nothing can be told from them.
  package static let leastSide = 8
  /// Images whose sides differ by a greater factor are noted: stretched to a square, nothing can
  /// be told from them either.
  package static let mostAspect = 5
  /// Classes whose sizes differ by a greater factor are noted: with two of them, calling everything
  /// the larger one is right three times in four.
  package static let mostImbalance = 3
  /// Images whose detail would fit into a smaller side are noted: no recipe answers for larger
  /// ones.
  package static let fineSide = 192

  /// Checks the dataset at `path`.
  ///
  /// Throws only where there is no folder to list or far too much in it; whatever else is wrong with
  /// it is a finding, and the rest is checked. `scanned` is called now and then while folders are
  /// listed, then `progress` on the caller's thread, and with done == total at the end, then
  /// `comparing` while similar images are looked for.
  package static func run(
    _ path: String, maxPixels: Int = Preprocessing.defaultMaxPixels, workers: WorkerPool,
    kernels: KernelTable, scanned: (_ entries: Int) -> Void = { _ in },
    comparing: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(DatasetError) -> CheckReport {
    let survey = try FolderSurvey(path) { entries in
      scanned(entries)
      return false
    }
    var report = CheckReport(survey)
    var checked = CheckedImages(DatasetCheck.files(of: survey, classes: report.classes))
    let total = checked.files.count + survey.others.count
    let done = Atomic(0)
    func note(_ worker: Int) {
      let count = done.add(1, ordering: .relaxed).newValue
      // Worker 0 is the caller's thread.
      if worker == 0 { progress(count, total) }
    }
    let resizer = PerceptualHash.resizer(kernels)
    for range in (0..<checked.files.count).parts(of: ImageStorePlan.filesAtOnce) {
      let files = checked.files
      let examinations = workers.map(range) { index, worker in
        defer { note(worker) }
        return ImageExamination(files.path(of: index), maxPixels: maxPixels, resizer: resizer)
      }
      for examination in examinations { checked.add(examination) }
    }
    let kinds = workers.map(survey.others) { path, worker in
      defer { note(worker) }
      let start = try? FileBytes.read(joined(survey.root, path), first: ForeignKind.headLength)
      return start.flatMap { FileKind($0) }
    }
    progress(total, total)

    report.add(checked)
    let equal = equalImages(checked, maxPixels: maxPixels, workers)
    let similar = search(checked, equal, workers, kernels) {
      comparing($0, $1)
      return false
    }
    report.cutShort = similar.cutShort
    var findings = layoutFindings(survey) + folderFindings(survey, otherKinds: kinds)
    findings += classFindings(survey, checked, report.classes)
    for index in checked.files.indices { findings += checked.findings(of: index) }
    findings += equal.several.flatMap { sameFindings(checked, $0) }
    findings += similarFindings(checked, equal, similar)
    // Stable, so that each kind keeps the order of its files.
    report.findings = CheckFinding.Kind.allCases.flatMap { kind in
      findings.filter { $0.kind == kind }
    }
    return report
  }
}

extension DatasetCheck {
  /// All candidates, folder by folder; the class indices are those of all classes.
  private static func files(of survey: FolderSurvey, classes: [String]) -> ImageList {
    var indices: [[UInt8]: Int] = [:]
    for (index, name) in classes.enumerated() { indices[Array(name.utf8)] = index }
    var files = ImageList(root: survey.root)
    for folder in survey.folders {
      for found in folder.classes {
        files.add(
          found.files, of: folder.split, classIndex: indices[Array(found.name.utf8)] ?? 0)
      }
    }
    return files
  }

  /// Images by their pixels.
  fileprivate static func equalImages(
    _ checked: CheckedImages, maxPixels: Int, _ workers: WorkerPool
  ) -> EqualImages {
    let pixels = pixelDigests(checked, maxPixels: maxPixels, workers)
    return EqualImages(checked.readable) { index in
      let digest = checked.digest(of: index)
      return pixels[digest] ?? digest
    }
  }

  /// The digests of the pixels in files that differ but may hold the same, by the files' digests.
  ///
  /// They are decoded once more: hashing all the pixels of a dataset would take half as long as
  /// decoding them, and few images share their size and shrunk copy.
  private static func pixelDigests(
    _ checked: CheckedImages, maxPixels: Int, _ workers: WorkerPool
  ) -> [FileDigest: FileDigest] {
    let alike = EqualImages(checked.readable) { checked.roughDigest(of: $0) }.several
    let doubtful = alike.map { group in
      var seen: Set<FileDigest> = []
      return group.filter { seen.insert(checked.digest(of: Int($0))).inserted }
    }.filter { $0.count > 1 }.flatMap(\.self)
    let found = workers.map(doubtful) { index, _ in
      ImageExamination.pixelDigest(checked.files.path(of: Int(index)), maxPixels: maxPixels)
    }
    var digests: [FileDigest: FileDigest] = [:]
    for (index, digest) in zip(doubtful, found) { digests[checked.digest(of: Int(index))] = digest }
    return digests
  }

  /// Findings about files with the same pixels.
  private static func sameFindings(
    _ checked: CheckedImages, _ files: ArraySlice<Int32>
  ) -> [CheckFinding] {
    let isSameFile = Set(files.map { checked.digest(of: Int($0)) }).count == 1
    return CheckFinding.copies(
      isSameFile ? CheckFinding.sameFile : "the same pixels in different files",
      checked.files.placed(files))
  }

  /// Groups of images that look alike, and for how many the search was cut short.
  private struct SimilarImages {
    var groups: [[Int32]]
    var cutShort: Int
  }

  /// Looks for images that look alike: one file of those with the same pixels is compared, the first.
  private static func search(
    _ checked: CheckedImages, _ equal: EqualImages, _ workers: WorkerPool, _ kernels: KernelTable,
    tick: NearDuplicates.Tick
  ) -> SimilarImages {
    var isFirst = [Bool](repeating: false, count: checked.files.count)
    for group in 0..<equal.count {
      if let first = equal[group].first { isFirst[Int(first)] = true }
    }
    let images = checked.copies.images
    let chosen = images.indices.filter { isFirst[Int(images[$0])] }.map { Int32($0) }
    let outcome = NearDuplicates(checked.copies, chosen, workers: workers, kernels: kernels)
      .search(tick)
    var groups = Groups(count: chosen.count)
    for (a, b) in outcome.pairs { groups.join(a, b) }
    return SimilarImages(
      groups: groups.all().map { members in members.map { images[Int(chosen[$0])] } },
      cutShort: outcome.cutShort)
  }

  /// Findings about images that look alike; each lists all files with the image.
  private static func similarFindings(
    _ checked: CheckedImages, _ equal: EqualImages, _ similar: SimilarImages
  ) -> [CheckFinding] {
    var files: [Int32: ArraySlice<Int32>] = [:]
    let wanted = Set(similar.groups.flatMap(\.self))
    for group in 0..<equal.count {
      if let first = equal[group].first, wanted.contains(first) { files[first] = equal[group] }
    }
    return similar.groups.map { members in
      CheckFinding.alike(checked.files.placed(members.flatMap { files[$0] ?? [] }))
    }
  }
}

extension ImageList {
  /// Some images, with the splits whose folders they lie in.
  fileprivate func placed(_ images: some Sequence<Int32>) -> [(sample: Sample, split: Split)] {
    images.map { (self[Int($0)], split(of: Int($0))) }
  }
}

extension CheckFinding {
  fileprivate static let sameFile = "the same file"

  /// Findings about an image that occurs more than once, in the given manner.
  fileprivate static func copies(
    _ manner: String, _ files: [(sample: Sample, split: Split)]
  ) -> [CheckFinding] {
    let paths = files.map(\.sample.relativePath)
    let splits = Set(files.map(\.split)).sorted()
    var findings: [CheckFinding] = []
    if Set(files.map(\.sample.classIndex)).count > 1 {
      findings.append(CheckFinding(.twoClasses, manner, paths))
    }
    if splits.count > 1 {
      findings.append(CheckFinding(.leak, "\(manner) in \(named(splits))", paths))
    }
    return findings.isEmpty ? [CheckFinding(.duplicate, manner, paths)] : findings
  }

  /// The finding about images that look alike.
  fileprivate static func alike(_ files: [(sample: Sample, split: Split)]) -> CheckFinding {
    let splits = Set(files.map(\.split)).sorted()
    let kind: Kind =
      splits.count > 1
      ? .nearLeak
      : Set(files.map(\.sample.classIndex)).count > 1 ? .nearTwoClasses : .nearDuplicate
    let place = splits.count > 1 ? " in \(named(splits))" : ""
    return CheckFinding(
      kind, "images that look alike" + place, files.map(\.sample.relativePath))
  }

  fileprivate static func named(_ splits: [Split]) -> String {
    splits.map(\.rawValue).joined(separator: " and ")
  }
}

extension ImageStore {
  /// Files that are there more than once, as far as their bytes tell, and images alike where images
  /// were compared: known from loading, free of charge.
  ///
  /// `DatasetCheck` looks further: for the same pixels in other files, and in all folders.
  package var copies: [CheckFinding] {
    func files(_ group: some Sequence<Int32>) -> [(sample: Sample, split: Split)] {
      group.compactMap { index in split(of: Int(index)).map { (samples[Int(index)], $0) } }
    }
    let images = samples.indices.filter { split(of: $0) != nil }
    let equal = EqualImages(images) { fileDigest(of: $0) }.several
      .flatMap { CheckFinding.copies(CheckFinding.sameFile, files($0)) }
    return (equal + similar.map { CheckFinding.alike(files($0)) }).sorted { $0.kind < $1.kind }
  }

  /// Groups of images of several files that are the same picture, where images were compared.
  private var similar: [[Int32]] {
    var together = Groups(count: alike.isEmpty ? 0 : samples.count)
    for (a, b) in alike where split(of: a) != nil && split(of: b) != nil { together.join(a, b) }
    return together.all().filter { group in
      group.contains { fileDigest(of: $0) != fileDigest(of: group[0]) }
    }.map { $0.map { Int32($0) } }
  }
}
