/// A page of a report: sections of text, charts, tables and images.
package struct ReportPage: Sendable {
  package var title: String
  /// A line under the title.
  package var subtitle: String
  /// The parts in order; those without blocks are omitted.
  package var sections: [Section]

  /// A page of these sections.
  package init(title: String, subtitle: String = "", sections: [Section] = []) {
    self.title = title
    self.subtitle = subtitle
    self.sections = sections
  }

  /// A part of the page with a heading.
  package struct Section: Sendable {
    /// The heading.
    package var title: String
    /// A sentence under it.
    package var note: String
    package var blocks: [Block]

    /// A part of these blocks.
    package init(_ title: String, note: String = "", blocks: [Block]) {
      self.title = title
      self.note = note
      self.blocks = blocks
    }
  }

  /// Something a section shows; those that are empty are omitted.
  package enum Block: Sendable {
    /// The few numbers that matter most, large.
    case headline([Headline])
    /// Sentences.
    case text(String)
    /// Names and values.
    case facts(title: String, [Fact])
    /// Charts side by side where the page is wide enough.
    case figures([Figure])
    /// Rows and columns.
    case table(Table)
    /// Images with captions.
    case gallery(Gallery)
    /// The findings of a check.
    case findings([Finding])
    /// Lines to be typed or copied.
    case commands([String])
  }

  /// A number with its name.
  package struct Headline: Sendable, Hashable {
    package var name: String
    /// The number.
    package var value: String
    /// A note below, such as an interval.
    package var note: String

    /// A number with its name.
    package init(name: String, value: String, note: String = "") {
      self.name = name
      self.value = value
      self.note = note
    }
  }

  /// A name with a value.
  package struct Fact: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A drawing with a sentence.
  package struct Figure: Sendable {
    /// The drawing.
    package var scene: Scene
    /// The text below it.
    package var caption: String

    /// A drawing with a sentence.
    package init(_ scene: Scene, caption: String = "") {
      self.scene = scene
      self.caption = caption
    }
  }

  /// Rows and columns; it scrolls inside itself where the page is narrow.
  package struct Table: Sendable, Hashable {
    package var title: String
    /// Names of the columns.
    package var columns: [String]
    /// The cells, as many a row as there are columns.
    package var rows: [[String]]
    /// Rows at the end that stand apart, such as averages.
    package var summaryRows: [[String]]
    /// Columns at the start that hold text; the others hold numbers, which end at one line.
    package var textColumns: Int
    /// The summary line while the table is folded; nil if it is always shown.
    package var fold: String?

    /// A table of these rows.
    package init(
      title: String = "", columns: [String], rows: [[String]], summaryRows: [[String]] = [],
      textColumns: Int = 1, fold: String? = nil
    ) {
      self.title = title
      self.columns = columns
      self.rows = rows
      self.summaryRows = summaryRows
      self.textColumns = textColumns
      self.fold = fold
    }
  }

  /// Images with captions.
  package struct Gallery: Sendable, Hashable {
    package var title: String
    /// A sentence under it.
    package var note: String
    package var tiles: [Tile]

    /// Images under a heading.
    package init(title: String, note: String = "", tiles: [Tile]) {
      self.title = title
      self.note = note
      self.tiles = tiles
    }
  }

  /// Something a check found.
  package struct Finding: Sendable, Hashable {
    /// Whether it is an error and not just a note.
    package var isError: Bool
    /// The finding.
    package var text: String
    /// The files, one per line.
    package var places: [String]

    /// Something found at these places.
    package init(isError: Bool, text: String, places: [String] = []) {
      self.isError = isError
      self.text = text
      self.places = places
    }
  }
}
