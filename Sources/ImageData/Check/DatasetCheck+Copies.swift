internal import Compute

extension DatasetCheck {
  /// Images that are there more than once, exactly or nearly.
  ///
  /// Also says for how many the search for similar ones was cut short.
  static func copyFindings(
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
    var found = [ImageExamination.Digest?](repeating: nil, count: doubtful.count)
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let found = found
      workers.parallelFor(doubtful.count) { index, _ in
        found[index] = ImageExamination.pixelDigest(
          doubtful[index].candidate.sample.path, maxPixels: maxPixels)
      }
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
    let outcome = NearDuplicates(hashes).search(workers: workers)
    for (a, b) in outcome.pairs { groups.join(a, b) }
    let findings = groups.all().map { members in
      let files = members.flatMap { images[hashed[$0]] }
      let splits = Set(files.map(\.split)).sorted()
      let kind: CheckFinding.Kind =
        splits.count > 1
        ? .nearLeak : Set(files.map(\.classIndex)).count > 1 ? .nearTwoClasses : .nearDuplicate
      let place = splits.count > 1 ? " in \(CheckFinding.named(splits))" : ""
      return CheckFinding(kind, "images that look alike" + place, files.map(\.path))
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

  fileprivate static func named(_ splits: [Split]) -> String {
    splits.map(\.rawValue).joined(separator: " and ")
  }
}

extension ImageStore {
  /// Files that are there more than once, as far as their bytes tell: known from loading, free of
  /// charge.
  ///
  /// `DatasetCheck` looks further: for the same pixels in other files, and for images alike.
  package var copies: [CheckFinding] {
    grouped(samples.indices.filter { split(of: $0) != nil }) { digest(of: $0) }
      .filter { $0.count > 1 }
      .flatMap { group in
        CheckFinding.copies(
          CheckFinding.sameFile,
          group.compactMap { index in split(of: index).map { (samples[index], $0) } })
      }
      .sorted { $0.kind < $1.kind }
  }
}
