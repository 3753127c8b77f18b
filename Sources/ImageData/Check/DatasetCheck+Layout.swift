extension DatasetCheck {
  /// What is wrong with the folders: what training would refuse, problem by problem.
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
    switch problem {
    case .missing(let path), .notAFolder(let path):
      return [CheckFinding(.unreadableFolder, "is no folder any more", [below(path)])]
    case .unreadable(let path, let reason):
      return [CheckFinding(.unreadableFolder, "cannot be listed: \(reason)", [below(path)])]
    case .noClasses(let path, let files):
      let found = files == 0 ? "is empty" : "holds files, but no class folder"
      return [CheckFinding(.noClasses, found, [below(path)])]
    case .tooFewClasses(_, let path, let classes, _):
      return [
        CheckFinding(
          .oneClass, "the only class folder, at least 2 are needed", inside(path, classes))
      ]
    // Said of every split by `classFindings`.
    case .emptyClasses: return []
    case .unknownClasses(let path, let unknown, _):
      return inside(path, unknown).map {
        CheckFinding(.unknownClass, "a class that the training folder does not have", [$0])
      }
    case .severalFolders(_, let names):
      return [CheckFinding(.severalFolders, "folders of the same use, one is needed", names)]
    case .noTrainingFolder(_, let found):
      return [CheckFinding(.noTraining, "there is no folder to train on beside", found)]
    case .linkLoop(let path):
      return [CheckFinding(.linkLoop, "a link to a folder around it", [below(path)])]
    case .tooDeep(let path, let limit):
      return [
        CheckFinding(.tooDeep, "lies more than \(limit) folders below its class", [below(path)])
      ]
    // These end a survey before it is one.
    case .tooManyEntries, .stopped: return []
    case .className(let path):
      return [
        CheckFinding(
          .className, "a class's name must be UTF-8 without control characters", [below(path)])
      ]
    }
  }

  /// What is worth a look beside the pictures; `otherKinds` are the contents of other files.
  static func folderFindings(
    _ survey: FolderSurvey, otherKinds: [FileKind?]
  ) -> [CheckFinding] {
    zip(survey.others, otherKinds).map { path, kind in
      kind.map {
        CheckFinding(
          .unnamedPicture, "a \($0.rawValue.uppercased()) whose name does not say so", [path])
      } ?? CheckFinding(.otherFile, "neither a JPEG nor a PNG", [path])
    }
      + survey.otherFolders.map {
        CheckFinding(.otherFolder, "beside the folders of the splits", [$0])
      }
      + survey.hidden.map { CheckFinding(.hidden, "passed over", [$0]) }
      + survey.repeated.map {
        CheckFinding(.repeatedFolder, "a folder of the same class again, taken once", [$0])
      }
      + survey.linksOutside.map { CheckFinding(.linkOutside, "leads out of the dataset", [$0]) }
  }

  /// Empty, missing, uneven and blurred classes, told by the pictures that can be decoded.
  static func classFindings(
    _ survey: FolderSurvey, _ files: [CheckedFile], _ classes: [String]
  ) -> [CheckFinding] {
    var findings: [CheckFinding] = []
    let training = survey.trainingClasses
    var rest = files[...]
    for folder in survey.folders {
      // The files come folder by folder and class by class.
      var counts: [(name: String, decoded: Int)] = []
      var details: [(name: String, detail: Detail)] = []
      for found in folder.classes {
        let members = rest.prefix(found.files.count)
        rest = rest.dropFirst(found.files.count)
        let decoded = members.count { $0.examination.picture != nil }
        counts.append((found.name, decoded))
        if let detail = Detail(members) { details.append((found.name, detail)) }
        if decoded == 0 {
          let others = found.passedOver
          let cause =
            !members.isEmpty
            ? "holds no image that can be decoded"
            : "holds no images" + (others.isEmpty ? "" : ", but \(others.list)")
              + (others.conversion.map { "; convert: \($0)" } ?? "")
          findings.append(CheckFinding(.emptyClass, cause, [joined(folder.name, found.name)]))
        }
      }
      if folder.split != .train {
        let present = Set(folder.classes.map { Array($0.name.utf8) })
        findings += training.filter { !present.contains(Array($0.utf8)) }.map {
          CheckFinding(
            .missingClass, "a class to train on, but not here", [joined(folder.name, $0)])
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

  /// Classes of a folder whose pictures show less than their size lets expect, those together that
  /// are alike in that.
  private static func enlarged(
    _ classes: [(name: String, detail: Detail)], _ folder: String
  ) -> [CheckFinding] {
    let coarse = classes.filter { $0.detail.pixels > 1 && $0.detail.side < fineSide }
    let rest =
      coarse.count < classes.count
      ? "; other classes are sharper, and a network may go by that" : ""
    let groups = Dictionary(grouping: coarse) { $0.detail.pixels }
    return groups.sorted { $0.key > $1.key }.map { pixels, members in
      let side = members.map(\.detail.side).max() ?? 0
      return CheckFinding(
        .enlarged,
        "most show nothing finer than \(pixels) pixels: \(side) pixels a side would hold as much"
          + rest,
        members.map { joined(folder, $0.name) })
    }
  }
}

/// How fine the pictures of a class are.
private struct Detail {
  /// Nothing in half of the pictures is finer than so many pixels.
  var pixels: Int
  /// Pixels of the shorter side that would show as much.
  var side: Int

  /// Nil for a class without a picture that tells.
  init?(_ files: some Sequence<CheckedFile>) {
    let telling = files.compactMap(\.examination.picture).filter { $0.fineness != nil }
    guard !telling.isEmpty else { return nil }
    pixels = telling.compactMap(\.fineness).sorted()[telling.count / 2]
    let shorter = telling.map { min($0.width, $0.height) }.sorted()[telling.count / 2]
    side = (shorter + pixels - 1) / pixels
  }
}
