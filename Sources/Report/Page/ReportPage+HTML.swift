internal import Drawing
internal import Primitives

extension ReportPage {
  /// The page as one file of HTML: no script, nothing from the network, light and dark.
  ///
  /// The same page gives the same bytes. All text is escaped. It is well-formed XML too.
  func html() throws(PNGError) -> String {
    let sections = self.sections.filter { $0.blocks.contains { !$0.isEmpty } }
    var body = "<header><h1>\(Markup.isolated(title))</h1>\n"
    if !subtitle.isEmpty { body += "<p class=\"lead\">\(Markup.isolated(subtitle))</p>\n" }
    body += "</header>\n"
    if sections.count > 2 {
      let links = sections.enumerated().map { index, section in
        "<a href=\"#s\(index + 1)\">\(Markup.isolated(section.title))</a>"
      }
      body += "<nav>\(links.joined(separator: "\n"))</nav>\n"
    }
    for (index, section) in sections.enumerated() {
      body += "<section id=\"s\(index + 1)\">\n<h2>\(Markup.isolated(section.title))</h2>\n"
      if !section.note.isEmpty { body += "<p>\(Markup.isolated(section.note))</p>\n" }
      for block in section.blocks where !block.isEmpty { body += try ReportPage.html(block) }
      body += "</section>\n"
    }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta http-equiv="Content-Security-Policy" content="\(policy)"/>
      <meta name="color-scheme" content="light dark"/>
      <title>\(Markup.escaped(title))</title>
      <style>
      \(Theme.styleRules)\(PageStyle.rules)</style>
      </head>
      <body>
      <main>
      \(body)</main>
      </body>
      </html>

      """
  }

  /// Nothing may be loaded or run but the page's own style and images.
  private var policy: String { "default-src 'none'; style-src 'unsafe-inline'; img-src data:" }

  private static func html(_ block: Block) throws(PNGError) -> String {
    switch block {
    case .headline(let numbers):
      let items = numbers.map { number in
        "<div><dt>\(Markup.isolated(number.name))</dt><dd>\(Markup.isolated(number.value))"
          + (number.note.isEmpty ? "" : "<small>\(Markup.isolated(number.note))</small>")
          + "</dd></div>\n"
      }
      return "<dl class=\"headline\">\n\(items.joined())</dl>\n"
    case .text(let text): return "<p>\(Markup.isolated(text))</p>\n"
    case .facts(let title, let facts):
      let items = facts.map { fact in
        "<dt>\(Markup.isolated(fact.name))</dt><dd>\(Markup.isolated(fact.value))</dd>\n"
      }
      return heading(title) + "<dl class=\"facts\">\n\(items.joined())</dl>\n"
    case .figures(let figures):
      var text = "<div class=\"figures\">\n"
      for figure in figures { text += try html(figure) }
      return text + "</div>\n"
    case .table(let table): return html(table)
    case .gallery(let gallery):
      var text = heading(gallery.title)
      if !gallery.note.isEmpty { text += "<p>\(Markup.isolated(gallery.note))</p>\n" }
      text += "<div class=\"gallery\">\n"
      for tile in gallery.tiles { text += try html(tile) }
      return text + "</div>\n"
    case .findings(let findings):
      return "<ul class=\"findings\">\n\(findings.map(html).joined())</ul>\n"
    case .commands(let lines):
      return "<pre tabindex=\"0\"><code>"
        + lines.map(Markup.escaped).joined(separator: "\n") + "</code></pre>\n"
    }
  }

  private static func heading(_ title: String) -> String {
    title.isEmpty ? "" : "<h3>\(Markup.isolated(title))</h3>\n"
  }

  /// Wider drawings than this keep their size and scroll inside themselves.
  private static let wideFigure = 520.0

  private static func html(_ figure: Figure) throws(PNGError) -> String {
    let isWide = figure.scene.width > wideFigure
    // What scrolls has to be reached without a mouse.
    let focus = isWide ? " tabindex=\"0\"" : ""
    return "<figure\(isWide ? " class=\"wide\"" : "")>\n<div class=\"scroll\"\(focus)>\n"
      + (try figure.scene.svg()) + "</div>\n"
      + (figure.caption.isEmpty
        ? "" : "<figcaption>\(Markup.isolated(figure.caption))</figcaption>\n")
      + "</figure>\n"
  }

  /// Longer tables than this scroll up and down inside themselves.
  private static let tallTable = 40

  private static func html(_ table: Table) -> String {
    func row(_ cells: [String], _ tag: String) -> String {
      let items = cells.enumerated().map { index, cell in
        let isText = index < table.textColumns
        let name = tag == "td" && index == 0 ? "th scope=\"row\"" : tag
        let end = name.prefix(2)
        return "<\(name)\(isText ? " class=\"text\"" : "")>\(Markup.isolated(cell))</\(end)>"
      }
      return "<tr>\(items.joined())</tr>\n"
    }
    let foot =
      table.summaryRows.isEmpty
      ? "" : "<tfoot>\n\(table.summaryRows.map { row($0, "td") }.joined())</tfoot>\n"
    let kind = table.rows.count > tallTable ? "scroll tall" : "scroll"
    let whole =
      "<div class=\"\(kind)\" tabindex=\"0\"><table>\n<thead>\n"
      + row(table.columns, "th") + "</thead>\n<tbody>\n"
      + table.rows.map { row($0, "td") }.joined() + "</tbody>\n\(foot)</table></div>\n"
    guard let fold = table.fold else { return heading(table.title) + whole }
    return heading(table.title)
      + "<details><summary>\(Markup.escaped(fold))</summary>\n\(whole)</details>\n"
  }

  private static func html(_ tile: Tile) throws(PNGError) -> String {
    let (kind, mark) =
      switch tile.verdict {
      case .right: (" right", "<span class=\"mark\" role=\"img\" aria-label=\"right\">✓</span>")
      case .wrong: (" wrong", "<span class=\"mark\" role=\"img\" aria-label=\"wrong\">✗</span>")
      case .unknown: ("", "")
      }
    let lines = tile.caption.map { "<span>\(Markup.isolated($0))</span>" }
    return "<figure class=\"tile\(kind)\"><div>"
      + "<img alt=\"\(Markup.escaped(tile.caption.joined(separator: ", ")))\""
      + " width=\"\(tile.picture.width)\" height=\"\(tile.picture.height)\""
      + " src=\"\(Markup.dataAddress(png: try tile.picture.png()))\"/>\(mark)</div>"
      + "<figcaption>\(lines.joined())</figcaption></figure>\n"
  }

  /// Places listed with a finding at most.
  private static let shownPlaces = 20

  private static func html(_ finding: Finding) -> String {
    let kind = finding.isError ? "error" : "note"
    var text = "<li class=\"\(kind)\"><b>\(kind)</b> \(Markup.isolated(finding.text))"
    if !finding.places.isEmpty {
      let more = finding.places.count - shownPlaces
      let lines = finding.places.prefix(shownPlaces).map { Markup.isolated($0) }
      text +=
        "<div class=\"places\">" + lines.joined(separator: "<br/>")
        + (more > 0 ? "<br/>and \(more) more" : "") + "</div>"
    }
    return text + "</li>\n"
  }
}

extension ReportPage.Block {
  var isEmpty: Bool {
    switch self {
    case .headline(let numbers): numbers.isEmpty
    case .text(let text): text.isEmpty
    case .facts(_, let facts): facts.isEmpty
    case .figures(let figures): figures.isEmpty
    case .table(let table): table.rows.isEmpty && table.summaryRows.isEmpty
    case .gallery(let gallery): gallery.tiles.isEmpty
    case .findings(let findings): findings.isEmpty
    case .commands(let lines): lines.isEmpty
    }
  }
}

extension Markup {
  /// Escaped text whose direction does not reach beyond it.
  static func isolated(_ text: String) -> String {
    let escaped = escaped(text)
    // Only letters from Hebrew on can run from right to left.
    let mayTurn = text.unicodeScalars.contains {
      $0.value >= 0x590 && !(0x2000...0x2FFF).contains($0.value)
    }
    return mayTurn ? "<bdi>\(escaped)</bdi>" : escaped
  }
}
