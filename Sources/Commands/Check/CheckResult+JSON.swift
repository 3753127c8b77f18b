internal import ImageData

extension CheckResult {
  /// The report for programs, one object.
  var json: JSON {
    [
      "dataset": .string(report.root),
      "images": .integer(report.images),
      "decoded": .integer(report.decoded),
      "bytes": .integer(report.byteCount),
      "classes": .array(report.classes.map(JSON.string)),
      "splits": .array(report.folders.map(folder)),
      "kinds": .object(
        FileKind.allCases.map { .init($0.rawValue, .integer(report.kinds[$0] ?? 0)) }),
      "traits": .object(
        ImageFacts.Trait.allCases.map {
          .init($0.rawValue, .integer(report.traits[$0] ?? 0))
        } + [.init("turned", .integer(report.turned))]),
      "width": spread(report.widths),
      "height": spread(report.heights),
      "shapes": [
        "landscape": .integer(report.shapes.landscape), "square": .integer(report.shapes.square),
        "portrait": .integer(report.shapes.portrait),
      ],
      "passed_over": .object(
        report.passedOver.countsByEnding.map { .init($0.ending, .integer($0.count)) }),
      "searches_cut_short": .integer(report.cutShort),
      "strict": .bool(isStrict),
      "errors": .array(errors.map { finding($0, "error") }),
      "notes": .array(notes.map { finding($0, "note") }),
    ]
  }

  private func folder(_ folder: CheckReport.Folder) -> JSON {
    let counts = zip(report.classes, folder.counts).compactMap { name, count in
      count.map { JSON.Member(name, .integer($0)) }
    }
    return [
      "split": .string(folder.split.rawValue), "folder": .string(folder.name),
      "images": .integer(folder.counts.reduce(0) { $0 + ($1 ?? 0) }),
      "per_class": .object(counts),
    ]
  }

  private func spread(_ spread: CheckReport.Spread?) -> JSON {
    guard let spread else { return .null }
    return [
      "min": .integer(spread.least), "median": .integer(spread.median),
      "max": .integer(spread.most),
    ]
  }

  private func finding(_ finding: CheckFinding, _ severity: String) -> JSON {
    var members: [JSON.Member] = [
      .init("kind", .string(finding.kind.rawValue)), .init("severity", .string(severity)),
      .init("message", .string(finding.message)),
      .init("paths", .array(finding.paths.map(JSON.string))),
    ]
    if let code = finding.code { members.append(.init("code", .string(code.rawValue))) }
    return .object(members)
  }
}
