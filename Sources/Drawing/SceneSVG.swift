extension Scene {
  /// The drawing as SVG.
  ///
  /// Colours are classes, whose rules a page has once (`Theme.styleRules`); with `standalone` they
  /// are inside, and the text is a file of its own.
  package func svg(standalone: Bool = false) throws(PNGError) -> String {
    let size =
      "width=\"\(Markup.number(width))\" height=\"\(Markup.number(height))\""
      + " viewBox=\"0 0 \(Markup.number(width)) \(Markup.number(height))\""
    var text = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" \(size)>\n"
    text += "<title>\(Markup.escaped(title))</title>\n"
    if standalone {
      text += "<style>\(Theme.styleRules)</style>\n"
      text += Scene.svg(rectangle: frame, Fill(.page))
    }
    for element in elements {
      switch element {
      case .path(let path, let fill, let stroke): text += Scene.svg(path: path, fill, stroke)
      case .rectangle(let box, let fill): text += Scene.svg(rectangle: box, fill)
      case .label(let label): text += Scene.svg(label: label)
      case .picture(let picture, let box):
        text +=
          "<image \(Scene.attributes(of: box)) preserveAspectRatio=\"none\""
          + " href=\"\(Markup.dataAddress(png: try picture.png()))\"/>\n"
      }
    }
    return text + "</svg>\n"
  }

  private static func attributes(of box: Box) -> String {
    "x=\"\(Markup.number(box.left))\" y=\"\(Markup.number(box.top))\""
      + " width=\"\(Markup.number(box.width))\" height=\"\(Markup.number(box.height))\""
  }

  private static func opacity(_ fill: Fill) -> String {
    fill.opacity < 1 ? " fill-opacity=\"\(Markup.number(fill.opacity))\"" : ""
  }

  private static func svg(rectangle box: Box, _ fill: Fill) -> String {
    "<rect class=\"f-\(fill.paint.name)\"\(opacity(fill)) \(attributes(of: box))/>\n"
  }

  private static func svg(path: Path, _ fill: Fill?, _ stroke: Stroke?) -> String {
    var classes: [String] = []
    var more = ""
    if let fill {
      classes.append("f-" + fill.paint.name)
      more += opacity(fill)
    }
    if let stroke {
      classes.append("s-" + stroke.paint.name)
      more += " stroke-width=\"\(Markup.number(stroke.width))\""
      switch stroke.cap {
      case .butt: break
      case .square: more += " stroke-linecap=\"square\""
      case .round: more += " stroke-linecap=\"round\""
      }
      if !stroke.dashes.isEmpty {
        let dashes = stroke.dashes.map(Markup.number).joined(separator: " ")
        more += " stroke-dasharray=\"\(dashes)\""
      }
    }
    return "<path class=\"\(classes.joined(separator: " "))\"\(more) d=\"\(path.svg)\"/>\n"
  }

  private static func svg(label: Label) -> String {
    let (x, y) = (Markup.number(label.place.x), Markup.number(label.place.y))
    var more = label.isBold ? " font-weight=\"600\"" : ""
    switch label.anchor {
    case .start: break
    case .middle: more += " text-anchor=\"middle\""
    case .end: more += " text-anchor=\"end\""
    }
    if label.isUpright { more += " transform=\"rotate(-90 \(x) \(y))\"" }
    return
      "<text class=\"f-\(label.paint.name)\" x=\"\(x)\" y=\"\(y)\""
      + " font-size=\"\(Markup.number(label.size))\" textLength=\"\(Markup.number(label.width))\""
      + " lengthAdjust=\"spacingAndGlyphs\"\(more)>\(Markup.escaped(label.text))</text>\n"
  }
}

extension Path {
  /// The path as an SVG's `d` attribute has it.
  var svg: String {
    func text(_ points: Point...) -> String {
      points.map { Markup.number($0.x) + " " + Markup.number($0.y) }.joined(separator: " ")
    }
    return steps.map { step in
      switch step {
      case .move(let point): "M" + text(point)
      case .line(let point): "L" + text(point)
      case .curve(let a, let b, let end): "C" + text(a, b, end)
      case .close: "Z"
      }
    }.joined()
  }
}

extension Theme {
  /// CSS for the classes of drawings, light and dark as the reader's system is.
  package static var styleRules: String {
    func variables(_ theme: Theme) -> String {
      Paint.all.map { "--\($0.name):\(theme.color($0).css)" }.joined(separator: ";")
    }
    let classes = Paint.all.map { paint in
      ".f-\(paint.name){fill:var(--\(paint.name))}.s-\(paint.name){stroke:var(--\(paint.name))}"
    }
    return """
      :root{color-scheme:light dark;\(variables(.light))}
      @media (prefers-color-scheme:dark){:root{\(variables(.dark))}}
      @media print{:root{color-scheme:light;\(variables(.light))}}
      .chart{font-family:\(fontFamilies)}
      :where(.chart path){fill:none;stroke-linejoin:round}
      \(classes.joined())

      """
  }

  /// Fonts of pages, best first.
  package static let fontFamilies =
    "\"Helvetica Neue\",Helvetica,Arial,\"Liberation Sans\",sans-serif"
}
