internal import Drawing

package typealias Fact = (name: String, value: String)

/// Something found about the images: whether it is an error and not just a note, what, and the
/// files.
package typealias Finding = (isError: Bool, text: String, places: [String])

/// A page of a report: sections of text, charts, tables and images.
struct ReportPage {
  var title: String
  /// A line under the title.
  var subtitle: String
  /// The parts in order; those without blocks are omitted.
  var sections: [Section]

  /// A part of the page with a heading and perhaps a sentence under it.
  struct Section {
    var title: String
    var note = ""
    var blocks: [Block]
  }

  /// Something a section shows; those that are empty are omitted.
  enum Block {
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
    case findings([Finding])
    /// Lines to be typed or copied.
    case commands([String])
  }

  /// A number with its name, and a note below such as an interval.
  struct Headline {
    var name: String
    var value: String
    var note: String
  }

  /// A drawing with a sentence below.
  struct Figure {
    var scene: Scene
    var caption = ""
  }

  /// Rows and columns; it scrolls inside itself where the page is narrow.
  struct Table {
    var title = ""
    var columns: [String]
    /// The cells, as many a row as there are columns.
    var rows: [[String]]
    /// Rows at the end that stand apart, such as averages.
    var summaryRows: [[String]] = []
    /// Columns at the start that hold text; the others hold numbers, which end at one line.
    var textColumns = 1
    /// The summary line while the table is folded; nil if it is always shown.
    var fold: String?
  }

  /// Images with captions, and perhaps a sentence above them.
  struct Gallery {
    var title: String
    var note: String
    var tiles: [Tile]
  }
}
