internal import KernelInterface

extension DatasetCheck {
  /// Pictures that are there more than once, exactly or nearly.
  static func copyFindings(_ files: [CheckedFile], _ workers: WorkerPool) -> [CheckFinding] {
    // One number for each picture, however many files hold it.
    var numbers: [PictureExamination.Digest: Int] = [:]
    var copies: [[Int]] = []
    for (index, file) in files.enumerated() {
      guard let picture = file.examination.picture else { continue }
      if let number = numbers[picture.pixelDigest] {
        copies[number].append(index)
      } else {
        numbers[picture.pixelDigest] = copies.count
        copies.append([index])
      }
    }
    return copies.filter { $0.count > 1 }.flatMap { sameFindings($0.map { files[$0] }) }
      + nearFindings(copies.map { $0.map { files[$0] } }, workers)
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
  ) -> [CheckFinding] {
    let hashed = pictures.indices.filter { pictures[$0][0].examination.picture?.hash != nil }
    let hashes = hashed.compactMap { pictures[$0][0].examination.picture?.hash }
    var groups = Groups(count: hashes.count)
    for (a, b) in NearDuplicates(hashes).pairs(workers: workers) { groups.join(a, b) }
    return groups.all().map { members in
      let files = members.flatMap { pictures[hashed[$0]] }
      let splits = Set(files.map(\.split)).sorted()
      let kind: CheckFinding.Kind =
        splits.count > 1
        ? .nearLeak : Set(files.map(\.classIndex)).count > 1 ? .nearTwoClasses : .nearDuplicate
      let place = splits.count > 1 ? " in \(named(splits))" : ""
      return CheckFinding(kind, "pictures that look alike" + place, files.map(\.path))
    }
  }

  private static func named(_ splits: [Split]) -> String {
    splits.map(\.rawValue).joined(separator: " and ")
  }
}
