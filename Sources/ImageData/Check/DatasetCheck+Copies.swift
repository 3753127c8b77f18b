internal import KernelInterface

extension DatasetCheck {
  /// Pictures that are there more than once, exactly or nearly.
  ///
  /// Also says for how many the search for similar ones was cut short.
  static func copyFindings(
    _ files: [CheckedFile], maxPixels: Int, _ workers: WorkerPool
  ) -> (findings: [CheckFinding], cutShort: Int) {
    let pixels = pixelDigests(files, maxPixels: maxPixels, workers)
    let copies = grouped(files) { file in
      file.examination.picture.map { pixels[$0.fileDigest] ?? $0.fileDigest }
    }
    let (near, cutShort) = nearFindings(copies, workers)
    return (copies.filter { $0.count > 1 }.flatMap(sameFindings) + near, cutShort)
  }

  /// The digests of the pixels in files that differ but may hold the same, by the files' digests.
  ///
  /// They are decoded once more: hashing all the pixels of a dataset would take half as long as
  /// decoding them, and few pictures share their size and shrunk copy.
  private static func pixelDigests(
    _ files: [CheckedFile], maxPixels: Int, _ workers: WorkerPool
  ) -> [PictureExamination.Digest: PictureExamination.Digest] {
    let alike = grouped(files) { $0.examination.picture?.roughDigest }.filter { $0.count > 1 }
    let doubtful = alike.map { group in
      grouped(group) { $0.examination.picture?.fileDigest }.compactMap(\.first)
    }.filter { $0.count > 1 }.flatMap(\.self)
    var found = [PictureExamination.Digest?](repeating: nil, count: doubtful.count)
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let found = found
      workers.parallelFor(doubtful.count) { index, _ in
        found[index] = PictureExamination.pixelDigest(
          doubtful[index].candidate.sample.path, maxPixels: maxPixels)
      }
    }
    var digests: [PictureExamination.Digest: PictureExamination.Digest] = [:]
    for (file, digest) in zip(doubtful, found) {
      if let picture = file.examination.picture { digests[picture.fileDigest] = digest }
    }
    return digests
  }

  /// Elements with equal keys together, in the order of their first ones; those without are left out.
  private static func grouped<Key: Hashable>(
    _ files: [CheckedFile], by key: (CheckedFile) -> Key?
  ) -> [[CheckedFile]] {
    var numbers: [Key: Int] = [:]
    var groups: [[CheckedFile]] = []
    for file in files {
      guard let key = key(file) else { continue }
      if let number = numbers[key] {
        groups[number].append(file)
      } else {
        numbers[key] = groups.count
        groups.append([file])
      }
    }
    return groups
  }

  /// What to say of files with the same pixels.
  private static func sameFindings(_ files: [CheckedFile]) -> [CheckFinding] {
    let isSameFile = Set(files.compactMap(\.examination.picture?.fileDigest)).count == 1
    let manner = isSameFile ? "the same file" : "the same pixels in different files"
    let paths = files.map(\.path)
    let splits = Set(files.map(\.split)).sorted()
    var findings: [CheckFinding] = []
    if Set(files.map(\.classIndex)).count > 1 {
      findings.append(CheckFinding(.twoClasses, manner, paths))
    }
    if splits.count > 1 {
      findings.append(CheckFinding(.leak, "\(manner) in \(named(splits))", paths))
    }
    return findings.isEmpty ? [CheckFinding(.duplicate, manner, paths)] : findings
  }

  /// What to say of pictures that look alike; each stands with all files that hold it.
  private static func nearFindings(
    _ pictures: [[CheckedFile]], _ workers: WorkerPool
  ) -> (findings: [CheckFinding], cutShort: Int) {
    let hashed = pictures.indices.filter { pictures[$0][0].examination.picture?.hash != nil }
    let hashes = hashed.compactMap { pictures[$0][0].examination.picture?.hash }
    var groups = Groups(count: hashes.count)
    let outcome = NearDuplicates(hashes).search(workers: workers)
    for (a, b) in outcome.pairs { groups.join(a, b) }
    let findings = groups.all().map { members in
      let files = members.flatMap { pictures[hashed[$0]] }
      let splits = Set(files.map(\.split)).sorted()
      let kind: CheckFinding.Kind =
        splits.count > 1
        ? .nearLeak : Set(files.map(\.classIndex)).count > 1 ? .nearTwoClasses : .nearDuplicate
      let place = splits.count > 1 ? " in \(named(splits))" : ""
      return CheckFinding(kind, "pictures that look alike" + place, files.map(\.path))
    }
    return (findings, outcome.cutShort)
  }

  private static func named(_ splits: [Split]) -> String {
    splits.map(\.rawValue).joined(separator: " and ")
  }
}
