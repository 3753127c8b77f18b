package import Compute
internal import KernelTypes
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
  /// listed, then `progress` on the caller's thread, and with done == total at the end.
  package static func run(
    _ path: String, maxPixels: Int = Preprocessing.defaultMaxPixels, workers: WorkerPool,
    kernels: KernelTable, scanned: (_ entries: Int) -> Void = { _ in },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(DatasetError) -> CheckReport {
    let survey = try FolderSurvey(path) { entries in
      scanned(entries)
      return false
    }
    let candidates = CheckCandidate.all(of: survey)
    let total = candidates.count + survey.others.count
    let done = Atomic(0)
    func note(_ worker: Int) {
      let count = done.add(1, ordering: .relaxed).newValue
      // Worker 0 is the caller's thread.
      if worker == 0 { progress(count, total) }
    }
    let resizer = PerceptualHash.resizer(kernels)
    let examinations = workers.map(candidates) { candidate, worker in
      defer { note(worker) }
      return ImageExamination(candidate.sample, maxPixels: maxPixels, resizer: resizer)
    }
    let kinds = workers.map(survey.others) { path, worker in
      defer { note(worker) }
      let start = try? FileBytes.read(joined(survey.root, path), first: ForeignKind.headLength)
      return start.flatMap { FileKind($0) }
    }
    progress(total, total)

    var report = CheckReport(survey)
    report.add(examinations)
    let files = zip(candidates, examinations).map { CheckedFile(candidate: $0, examination: $1) }
    let copies = copyFindings(files, maxPixels: maxPixels, workers)
    report.cutShort = copies.cutShort
    let findings =
      layoutFindings(survey) + folderFindings(survey, otherKinds: kinds)
      + classFindings(survey, files, report.classes)
      + files.flatMap(\.findings) + copies.findings
    // Stable, so that each kind keeps the order of its files.
    report.findings = CheckFinding.Kind.allCases.flatMap { kind in
      findings.filter { $0.kind == kind }
    }
    return report
  }
}

/// A file to check and where it lies.
struct CheckCandidate {
  var sample: Sample
  var split: Split

  /// All candidates, folder by folder; the class indices are those of all classes.
  static func all(of survey: FolderSurvey) -> [CheckCandidate] {
    var indices: [[UInt8]: Int] = [:]
    for (index, name) in survey.allClasses.enumerated() { indices[Array(name.utf8)] = index }
    return survey.folders.flatMap { folder in
      folder.classes.flatMap { found in
        found.files.map { file in
          let index = indices[Array(found.name.utf8)] ?? 0
          return CheckCandidate(
            sample: Sample(file, root: survey.root, classIndex: index), split: folder.split)
        }
      }
    }
  }
}

/// A file and what became of it.
struct CheckedFile {
  var candidate: CheckCandidate
  var examination: ImageExamination

  var path: String { candidate.sample.relativePath }
  var classIndex: Int { candidate.sample.classIndex }
  var split: Split { candidate.split }

  /// Findings about this file by itself.
  var findings: [CheckFinding] {
    switch examination.result {
    case .failure(let failure):
      return [CheckFinding(.undecodable, failure.message, [path], code: failure.code)]
    case .success(let image):
      var findings: [CheckFinding] = []
      let kind = image.facts.kind
      let name = path[
        (path.utf8.lastIndex(of: UInt8(ascii: "/")).map(path.index(after:)) ?? path.startIndex)...]
      let ending = ImageName.ending(of: String(name)).map(String.init)
      let isForeign = ending.flatMap { ForeignKind(ending: $0) } != nil
      if isForeign || !kind.fits(ending: path) {
        findings.append(
          CheckFinding(.wrongExtension, "holds \(kind == .avif ? "an" : "a") \(kind.name)", [path]))
      }
      let sides = [image.width, image.height].sorted()
      let size = "\(image.width) x \(image.height) pixels"
      if sides[0] < DatasetCheck.leastSide { findings.append(CheckFinding(.tiny, size, [path])) }
      if sides[1] > DatasetCheck.mostAspect * sides[0] {
        findings.append(CheckFinding(.extremeShape, size, [path]))
      }
      return findings
    }
  }
}

extension DatasetCheck {
  /// Images that are there more than once, exactly or nearly.
  ///
  /// Also says for how many the search for similar ones was cut short.
  fileprivate static func copyFindings(
    _ files: [CheckedFile], maxPixels: Int, _ workers: WorkerPool
  ) -> (findings: [CheckFinding], cutShort: Int) {
    let pixels = pixelDigests(files, maxPixels: maxPixels, workers)
    let copies = grouped(files) { file in
      file.examination.image.map { pixels[$0.fileDigest] ?? $0.fileDigest }
    }
    let (near, cutShort) = nearFindings(copies, workers)
    return (copies.filter { $0.count > 1 }.flatMap(sameFindings) + near, cutShort)
  }

  /// The digests of the pixels in files that differ but may hold the same, by the files' digests.
  ///
  /// They are decoded once more: hashing all the pixels of a dataset would take half as long as
  /// decoding them, and few images share their size and shrunk copy.
  private static func pixelDigests(
    _ files: [CheckedFile], maxPixels: Int, _ workers: WorkerPool
  ) -> [ImageExamination.Digest: ImageExamination.Digest] {
    let alike = grouped(files) { $0.examination.image?.roughDigest }.filter { $0.count > 1 }
    let doubtful = alike.map { group in
      grouped(group) { $0.examination.image?.fileDigest }.compactMap(\.first)
    }.filter { $0.count > 1 }.flatMap(\.self)
    let found = workers.map(doubtful) { file, _ in
      ImageExamination.pixelDigest(file.candidate.sample.path, maxPixels: maxPixels)
    }
    var digests: [ImageExamination.Digest: ImageExamination.Digest] = [:]
    for (file, digest) in zip(doubtful, found) {
      if let image = file.examination.image { digests[image.fileDigest] = digest }
    }
    return digests
  }

  /// Findings about files with the same pixels.
  private static func sameFindings(_ files: [CheckedFile]) -> [CheckFinding] {
    let isSameFile = Set(files.compactMap(\.examination.image?.fileDigest)).count == 1
    return CheckFinding.copies(
      isSameFile ? CheckFinding.sameFile : "the same pixels in different files",
      files.map { ($0.candidate.sample, $0.split) })
  }

  /// Findings about images that look alike; each lists all files with the image.
  private static func nearFindings(
    _ images: [[CheckedFile]], _ workers: WorkerPool
  ) -> (findings: [CheckFinding], cutShort: Int) {
    let hashed = images.indices.filter { images[$0][0].examination.image?.hash != nil }
    let hashes = hashed.compactMap { images[$0][0].examination.image?.hash }
    var groups = Groups(count: hashes.count)
    let outcome = NearDuplicates(hashes, workers: workers).search()
    for (a, b) in outcome.pairs { groups.join(a, b) }
    let findings = groups.all().map { members in
      CheckFinding.alike(
        members.flatMap { images[hashed[$0]] }.map { ($0.candidate.sample, $0.split) })
    }
    return (findings, outcome.cutShort)
  }
}

/// Elements with equal keys together, in the order of their first ones; those without are omitted.
private func grouped<Element, Key: Hashable>(
  _ elements: some Sequence<Element>, by key: (Element) -> Key?
) -> [[Element]] {
  var numbers: [Key: Int] = [:]
  var groups: [[Element]] = []
  for element in elements {
    guard let key = key(element) else { continue }
    if let number = numbers[key] {
      groups[number].append(element)
    } else {
      numbers[key] = groups.count
      groups.append([element])
    }
  }
  return groups
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
    func files(_ group: [Int]) -> [(sample: Sample, split: Split)] {
      group.compactMap { index in split(of: index).map { (samples[index], $0) } }
    }
    let equal = grouped(samples.indices.filter { split(of: $0) != nil }) { digest(of: $0) }
      .filter { $0.count > 1 }
      .flatMap { CheckFinding.copies(CheckFinding.sameFile, files($0)) }
    return (equal + similar.map { CheckFinding.alike(files($0)) }).sorted { $0.kind < $1.kind }
  }

  /// Groups of images of several files that are the same picture, where images were compared.
  private var similar: [[Int]] {
    var together = Groups(count: alike.isEmpty ? 0 : samples.count)
    for (a, b) in alike where split(of: a) != nil && split(of: b) != nil { together.join(a, b) }
    return together.all().filter { group in
      group.contains { digest(of: $0) != digest(of: group[0]) }
    }
  }
}
