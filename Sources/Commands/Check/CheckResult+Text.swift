internal import ImageData
internal import Primitives

extension CheckResult {
  /// The report for people, without a final newline: counts, what the images are, errors, notes,
  /// and the verdict as the last line.
  func text(isVerbose: Bool) -> String {
    var lines = [heading] + counts(isVerbose: isVerbose) + pictures
    if let line = report.passedOver.line { lines += ["", line] }
    lines += section("errors", errors, isVerbose: isVerbose)
    lines += section("notes", notes, isVerbose: isVerbose)
    return (lines + ["", verdict]).map(terminalSafe).joined(separator: "\n")
  }

  private var heading: String {
    "\(report.root): \(counted(report.images, "image")), \(byteCount(report.byteCount))"
  }

  private var verdict: String {
    let notesPart = notes.isEmpty ? "" : ", \(counted(notes.count, "note"))"
    let strict = isStrict ? " (notes count as errors)" : ""
    return (errors.isEmpty ? "no errors" : counted(errors.count, "error")) + notesPart + strict
  }

  /// A row per class, a column a folder.
  private func counts(isVerbose: Bool) -> [String] {
    guard !report.classes.isEmpty, !report.folders.isEmpty else { return [] }
    let most = isVerbose ? report.classes.count : 30
    let rows = zip(report.classes.indices, report.classes).prefix(most).map { index, name in
      [terminalSafe(name)]
        + report.folders.map { $0.counts[index].map { grouped($0) } ?? "-" }
    }
    let header =
      ["class"] + report.folders.map { $0.name.isEmpty ? "images" : terminalSafe($0.name) }
    let table = TextTable(header: header, rows: rows, leftColumns: 1)
    let rest = report.classes.count - rows.count
    return [""] + table.lines
      + (rest > 0
        ? ["and " + counted(rest, "more class", "more classes") + " (-v lists them)"] : [])
  }

  /// Facts about the images that are not findings.
  private var pictures: [String] {
    guard let widths = report.widths, let heights = report.heights else { return [] }
    var parts = FileKind.allCases.compactMap { kind in
      report.kinds[kind].map { "\(grouped($0)) \(kind.name)" }
    }
    parts += ImageFacts.Trait.allCases.compactMap { trait in
      report.traits[trait].map { "\(grouped($0)) \(trait.title)" }
    }
    if report.turned > 0 { parts.append("\(grouped(report.turned)) turned by EXIF") }
    let shapes = report.shapes
    return [
      "", "files   " + parts.joined(separator: ", "),
      "sides   \(widths.least)-\(widths.most) x \(heights.least)-\(heights.most) pixels, "
        + "median \(widths.median) x \(heights.median)",
      "shapes  \(grouped(shapes.landscape)) landscape, \(grouped(shapes.square)) square, "
        + "\(grouped(shapes.portrait)) portrait",
    ]
      + (NearDuplicates.line(cutShort: report.cutShort).map { ["alike   " + $0] } ?? [])
  }

  private func section(
    _ title: String, _ findings: [CheckFinding], isVerbose: Bool
  ) -> [String] {
    var lines: [String] = []
    for kind in CheckFinding.Kind.allCases {
      let members = findings.filter { $0.kind == kind }
      if members.isEmpty { continue }
      lines.append("  \(kind.rawValue) (\(grouped(members.count))): \(kind.title)")
      let shown = members.prefix(isVerbose ? members.count : 5)
      let rest = members.count - shown.count
      let more = rest > 0 ? "and \(grouped(rest)) more (-v lists them)" : ""
      // The same of many files is said once.
      if rest > 0, let message = members.first?.message,
        members.allSatisfy({ $0.message == message && $0.paths.count == 1 })
      {
        let paths = shown.flatMap(\.paths).joined(separator: ", ")
        lines.append("    \(paths) \(more): \(message)")
        continue
      }
      for finding in shown {
        let paths = finding.paths.prefix(isVerbose ? finding.paths.count : 4)
        let rest = finding.paths.count - paths.count
        lines.append(
          "    " + paths.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
            + ": " + finding.message)
      }
      if rest > 0 { lines.append("    " + more) }
    }
    return lines.isEmpty ? [] : ["", title] + lines
  }
}

extension CheckFinding.Kind {
  /// The heading for all findings of the kind.
  fileprivate var title: String {
    switch self {
    case .unreadableFolder: "folders that cannot be read"
    case .noClasses: "a folder without class folders"
    case .oneClass: "a single class: at least 2 are needed"
    case .nestedFolder: "a folder around the dataset"
    case .splitsInClasses: "splits inside classes"
    case .unclearFolder: "folders that may be a split or a class"
    case .emptyClass: "classes without images"
    case .unknownClass: "classes that cannot be evaluated"
    case .severalFolders: "several folders for one split"
    case .noTraining: "no training images"
    case .linkLoop: "links that form a loop"
    case .tooDeep: "folders nested too deeply"
    case .className: "class folders with unusable names"
    case .undecodable: "files that cannot be decoded; training skips them"
    case .twoClasses: "the same image in two classes"
    case .leak: "the same image in two splits: accuracy on them is meaningless"
    case .nearLeak: "similar images in two splits"
    case .nearTwoClasses: "similar images in two classes"
    case .duplicate: "duplicate images"
    case .nearDuplicate: "similar images"
    case .wrongExtension: "names that do not match the contents (the contents decide)"
    case .unnamedImage: "images ignored because of their names"
    case .otherFile: "other files, ignored"
    case .otherFolder: "other folders, ignored"
    case .looseImage: "images in no class folder, ignored"
    case .unlabelled: "images without labels, ignored"
    case .splitName: "classes named like splits"
    case .sameFolders: "folders inside classes"
    case .skippedFolder: "folders that are not part of a dataset, ignored"
    case .tiny: "sides below \(DatasetCheck.leastSide) pixels"
    case .extremeShape: "more than \(DatasetCheck.mostAspect) times as long as wide"
    case .enlarged: "images that were enlarged or are blurred"
    case .imbalance:
      "class sizes that differ by more than a factor of "
        + "\(DatasetCheck.mostImbalance); --class-weights balanced helps"
    case .missingClass: "classes without a folder in a split"
    case .hidden: "hidden and system files, ignored"
    case .repeatedFolder: "links to folders that the class already has"
    case .linkOutside: "links that point outside the dataset"
    }
  }
}

extension ImageFacts.Trait {
  /// As it reads behind a count.
  fileprivate var title: String {
    switch self {
    case .grey: "grey"
    case .palette: "with a palette"
    case .alpha: "with transparency (dropped)"
    case .cmyk: "CMYK"
    case .deep: "of 16 bits"
    case .progressive: "progressive"
    case .colourProfile: "with a colour profile (ignored)"
    case .badExif: "with unusable EXIF data"
    case .strayBytes: "with stray bytes between segments"
    case .oddScan: "with odd scan headers"
    case .coarse: "without their last scans (less detail)"
    case .noEnd: "without a proper end (the image is complete)"
    case .trailingBytes: "with bytes after the image"
    case .severalImages: "with more than one image (the first is used)"
    }
  }
}
