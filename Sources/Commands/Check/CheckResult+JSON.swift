internal import ImageData
internal import Primitives

extension CheckResult {
  /// The report for programs, one object.
  var json: JSON {
    [
      "dataset": .string(report.root),
      "images": .int(report.images),
      "decoded": .int(report.decoded),
      "bytes": .int(report.byteCount),
      "classes": .array(report.classes.map(JSON.string)),
      "splits": .array(report.folders.map(folder)),
      "kinds": .object(
        FileKind.allCases.map { .init($0.rawValue, .int(report.kinds[$0] ?? 0)) }),
      "traits": .object(
        ImageFacts.Trait.allCases.map {
          .init($0.rawValue, .int(report.traits[$0] ?? 0))
        } + [.init("turned", .int(report.turned))]),
      "width": spread(report.widths),
      "height": spread(report.heights),
      "shapes": [
        "landscape": .int(report.shapes.landscape), "square": .int(report.shapes.square),
        "portrait": .int(report.shapes.portrait),
      ],
      "passed_over": .object(
        report.passedOver.countsByEnding.map { .init($0.ending, .int($0.count)) }),
      "searches_cut_short": .int(report.cutShort),
      "strict": .bool(isStrict),
      "errors": .array(errors.map { finding($0, "error") }),
      "notes": .array(notes.map { finding($0, "note") }),
    ]
  }

  private func folder(_ folder: CheckReport.Folder) -> JSON {
    let counts = zip(report.classes, folder.counts).compactMap { name, count in
      count.map { JSON.Member(name, .int($0)) }
    }
    return [
      "split": .string(folder.split.rawValue), "folder": .string(folder.name),
      "images": .int(folder.counts.reduce(0) { $0 + ($1 ?? 0) }),
      "per_class": .object(counts),
    ]
  }

  private func spread(_ spread: CheckReport.Spread?) -> JSON {
    guard let spread else { return .null }
    return [
      "min": .int(spread.least), "median": .int(spread.median),
      "max": .int(spread.most),
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
