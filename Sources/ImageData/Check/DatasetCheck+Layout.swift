extension DatasetCheck {
  /// Errors in the folders, one for each problem that training would refuse.
  static func layoutFindings(_ survey: FolderSurvey) -> [CheckFinding] {
    (survey.problems + survey.layoutProblems()).flatMap { findings($0, survey) }
  }

  private static func findings(_ problem: DatasetError, _ survey: FolderSurvey) -> [CheckFinding] {
    func below(_ path: String) -> String {
      guard path != survey.root else { return "." }
      let prefix = survey.root.hasSuffix("/") ? survey.root : survey.root + "/"
      return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    }
    func inside(_ path: String, _ names: [String]) -> [String] {
      names.map { joined(path == survey.root ? "" : below(path), $0) }
    }
    // The words of an error of training, with what to do about it.
    let suggestion = problem.suggestion(command: "check")
    let message = problem.fact + (suggestion.map { "; try: \($0)" } ?? "")
    func finding(_ kind: CheckFinding.Kind, _ paths: [String]? = nil) -> [CheckFinding] {
      [CheckFinding(kind, message, paths ?? [below(problem.path)])]
    }
    switch problem {
    case .missing, .notAFolder, .unreadable: return finding(.unreadableFolder)
    case .noClasses: return finding(.noClasses)
    case .tooFewClasses(_, let path, let classes, _):
      return [
        CheckFinding(
          .oneClass, "the only class folder, at least 2 are needed", inside(path, classes))
      ]
    case .nested: return finding(.nestedFolder)
    case .splitsInClasses: return finding(.splitsInClasses)
    // Said of every split by `classFindings`.
    case .emptyClasses: return []
    case .unknownClasses(let path, let unknown, _):
      return inside(path, unknown).map {
        CheckFinding(.unknownClass, message, [$0])
      }
    case .severalFolders(_, _, let names, _): return finding(.severalFolders, names)
    case .unclearFolders(_, let names, _): return finding(.unclearFolder, names)
    case .noTrainingFolder(_, let found, _): return finding(.noTraining, found)
    case .linkLoop: return finding(.linkLoop)
    case .tooDeep: return finding(.tooDeep)
    // These end a survey before it is one.
    case .tooManyEntries, .stopped: return []
    case .className, .sameName: return finding(.className)
    }
  }

  /// Notes on other files and folders; `otherKinds` are the kinds of their contents.
  static func folderFindings(
    _ survey: FolderSurvey, otherKinds: [FileKind?]
  ) -> [CheckFinding] {
    let loose = Set(
      survey.folders.filter { !survey.isUnlabelled($0) }.flatMap { folder in
        folder.looseImages.map { joined(folder.name, $0) }
      })
    let unlabelled = Set(
      survey.folders.filter(survey.isUnlabelled).flatMap { folder in
        folder.looseImages.map { joined(folder.name, $0) }
      })
    let images = survey.folders.filter { $0.name.isEmpty }.flatMap(\.looseImages)
    return zip(survey.others, otherKinds).filter { !unlabelled.contains($0.0) }.map { path, kind in
      if loose.contains(path) {
        return CheckFinding(.looseImage, "not in a class folder", [path])
      }
      return kind.map {
        CheckFinding(
          .unnamedImage, "a \($0.rawValue.uppercased()) whose name does not say so", [path])
      } ?? CheckFinding(.otherFile, "not in an image format that is read", [path])
    }
      + images.map { CheckFinding(.looseImage, "not in a class folder", [$0]) }
      + survey.layoutNotes.map { CheckFinding($0.kind, $0.fact, [$0.path]) }
      + survey.hidden.map { CheckFinding(.hidden, "ignored", [$0]) }
      + survey.repeated.map {
        CheckFinding(.repeatedFolder, "already a folder of this class, used once", [$0])
      }
      + survey.linksOutside.map { CheckFinding(.linkOutside, "points outside the dataset", [$0]) }
  }

  /// Empty, missing, uneven and blurred classes, told by the images that can be decoded.
  static func classFindings(
    _ survey: FolderSurvey, _ checked: CheckedImages, _ classes: [String]
  ) -> [CheckFinding] {
    var findings: [CheckFinding] = []
    let training = survey.trainingClasses
    var start = 0
    for folder in survey.folders {
      // The files come folder by folder and class by class.
      var counts: [(name: String, decoded: Int)] = []
      var details: [(name: String, detail: Detail)] = []
      for found in folder.classes {
        let members = start..<(start + found.files.count)
        start = members.upperBound
        let images = members.lazy.compactMap { checked[$0] }
        let decoded = images.count { _ in true }
        counts.append((found.name, decoded))
        if let detail = Detail(images) { details.append((found.name, detail)) }
        if decoded == 0 {
          let others = found.passedOver
          let cause =
            !members.isEmpty
            ? "holds no image that can be decoded"
            : "holds no images" + (others.isEmpty ? "" : ", but \(others.list)")
              + (others.conversion.map { "; to convert: \($0)" } ?? "")
          findings.append(CheckFinding(.emptyClass, cause, [joined(folder.name, found.name)]))
        }
      }
      if folder.split != .train, !survey.isUnlabelled(folder) {
        let present = Set(folder.classes.map { Array($0.name.utf8) })
        findings += training.filter { !present.contains(Array($0.utf8)) }.map {
          CheckFinding(
            .missingClass, "a training class without a folder here", [joined(folder.name, $0)])
        }
      }
      findings += imbalance(counts.filter { $0.decoded > 0 }, folder.name)
      findings += enlarged(details, folder.name)
    }
    return findings
  }

  private static func imbalance(
    _ counts: [(name: String, decoded: Int)], _ folder: String
  ) -> [CheckFinding] {
    guard let most = counts.max(by: { $0.decoded < $1.decoded }),
      let least = counts.min(by: { $0.decoded < $1.decoded }),
      most.decoded > mostImbalance * least.decoded
    else { return [] }
    let message = "\(most.decoded) images against \(least.decoded)"
    return [
      CheckFinding(.imbalance, message, [joined(folder, most.name), joined(folder, least.name)])
    ]
  }

  /// Classes of a folder whose images show less than their size lets expect, those together that
  /// are alike in that.
  private static func enlarged(
    _ classes: [(name: String, detail: Detail)], _ folder: String
  ) -> [CheckFinding] {
    let coarse = classes.filter { $0.detail.pixels > 1 && $0.detail.side < fineSide }
    let rest =
      coarse.count < classes.count
      ? "; other classes are sharper, and a network may learn that difference" : ""
    let groups = Dictionary(grouping: coarse) { $0.detail.pixels }
    return groups.sorted { $0.key > $1.key }.map { pixels, members in
      let side = members.map(\.detail.side).max() ?? 0
      return CheckFinding(
        .enlarged,
        "most show no detail finer than \(pixels) pixels: \(side) pixels per side would be enough"
          + rest,
        members.map { joined(folder, $0.name) })
    }
  }
}

/// The finest detail in the images of a class.
private struct Detail {
  /// Nothing in half of the images is finer than so many pixels.
  var pixels: Int
  /// Pixels of the shorter side that would show as much.
  var side: Int

  /// Nil for a class without an image that tells.
  init?(_ images: some Sequence<CheckedImages.Image>) {
    let telling = images.compactMap { image in
      image.fineness.map { (pixels: $0, side: min(image.width, image.height)) }
    }
    guard !telling.isEmpty else { return nil }
    pixels = telling.map(\.pixels).sorted()[telling.count / 2]
    side = (telling.map(\.side).sorted()[telling.count / 2] + pixels - 1) / pixels
  }
}
