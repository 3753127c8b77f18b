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
    var examinations = [ImageExamination?](repeating: nil, count: candidates.count)
    var kinds = [FileKind?](repeating: nil, count: survey.others.count)
    let done = Atomic(0)
    let resizer = PerceptualHash.resizer(kernels)
    examinations.withUnsafeMutableBufferPointer { examinations in
      kinds.withUnsafeMutableBufferPointer { kinds in
        nonisolated(unsafe) let examinations = examinations
        nonisolated(unsafe) let kinds = kinds
        workers.parallelFor(total) { index, worker in
          if index < candidates.count {
            examinations[index] = ImageExamination(
              candidates[index].sample, maxPixels: maxPixels, resizer: resizer)
          } else {
            let other = index - candidates.count
            let start = try? FileBytes.read(
              joined(survey.root, survey.others[other]), first: ForeignKind.headLength)
            kinds[other] = start.flatMap { FileKind($0) }
          }
          let count = done.add(1, ordering: .relaxed).newValue
          // Worker 0 is the caller's thread.
          if worker == 0 { progress(count, total) }
        }
      }
    }
    progress(total, total)

    let all = examinations.compactMap { $0 }
    var report = CheckReport(survey)
    report.add(all)
    let files = zip(candidates, all).map { CheckedFile(candidate: $0, examination: $1) }
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
      if isForeign || (FileKind(ending: path) ?? kind) != kind {
        findings.append(
          CheckFinding(.wrongExtension, "holds a \(kind.rawValue.uppercased())", [path]))
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
