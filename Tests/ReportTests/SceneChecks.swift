import Drawing
import Foundation
import FoundationXML
import Primitives
import Testing

/// An element of a document with its attributes.
struct MarkupElement {
  var name: String
  var attributes: [String: String]
  var text = ""
}

/// Reads a document as XML and keeps its elements in order.
final class MarkupReader: NSObject, XMLParserDelegate {
  private(set) var elements: [MarkupElement] = []
  private var open: [Int] = []

  /// The elements; nil for a document that is not well-formed.
  static func elements(_ document: String) -> [MarkupElement]? {
    let reader = MarkupReader()
    let parser = XMLParser(data: Data(document.utf8))
    parser.delegate = reader
    return parser.parse() ? reader.elements : nil
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    open.append(elements.count)
    elements.append(MarkupElement(name: name, attributes: attributes))
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    if let last = open.last { elements[last].text += text }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    open.removeLast()
  }
}

/// What is wrong with a drawing: labels over each other, or something outside.
func faults(_ scene: Scene) -> [String] {
  var faults: [String] = []
  let labels = scene.labels
  for (index, label) in labels.enumerated() {
    if !scene.frame.contains(label.box, tolerance: 0.01) {
      faults.append("\(label.text) is outside: \(label.box)")
    }
    for other in labels[(index + 1)...] where label.box.overlaps(other.box) {
      faults.append("\(label.text) is over \(other.text)")
    }
  }
  for element in scene.elements {
    let points: [Point] =
      switch element {
      case .rectangle(let box, _), .picture(_, let box):
        [Point(box.left, box.top), Point(box.right, box.bottom)]
      case .path(let path, _, _): path.steps.flatMap(places)
      case .label: []
      }
    for point in points {
      let box = Box(left: point.x, top: point.y, width: 0, height: 0)
      // A coordinate that is no number is not inside either.
      if !scene.frame.contains(box, tolerance: 0.01) {
        faults.append("(\(point.x), \(point.y)) is outside")
      }
    }
  }
  return Array(faults.prefix(5))
}

private func places(_ step: Path.Step) -> [Point] {
  switch step {
  case .move(let point), .line(let point): [point]
  case .curve(let a, let b, let end): [a, b, end]
  case .close: []
  }
}

/// Names of classes: short ones, very long ones, and those that try to break out.
func classNames(_ count: Int) -> [String] {
  let odd = [
    "cats", "a very long name of a flower that nobody can be expected to read to its end",
    "<script>alert('1')</script>", "شقائق النعمان", "new\nline\u{202E}",
    "WWWWWWWWWWWWWWWWWWWWWWWWWW",
    "Gänse\u{308}blümchen & \"Löwenzahn\"", "金魚草", "x",
  ]
  return (0..<count).map { $0 < 2 * odd.count ? odd[$0 % odd.count] : "class \($0)" }
}

/// Numbers that are the same on each run.
struct Numbers {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// The next number of 0..<1.
  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / Double(UInt64(1) << 53)
  }
}

/// Answers to images of so many classes: probabilities, true classes and the confusion matrix.
func answers(
  classes: Int, images: Int
) -> (probabilities: [[Double]], truths: [Int], confusion: ConfusionCounts) {
  var numbers = Numbers(UInt64(classes))
  var probabilities: [[Double]] = []
  var truths: [Int] = []
  var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
  for _ in 0..<images {
    let truth = min(classes - 1, Int(numbers.next() * Double(classes)))
    var odds = (0..<classes).map { _ in exp(3 * numbers.next()) }
    odds[truth] *= exp(4 * numbers.next())
    let sum = odds.reduce(0, +)
    let row = odds.map { $0 / sum }
    let answer = row.indices.max { row[$0] < row[$1] } ?? 0
    confusion[truth][answer] += 1
    probabilities.append(row)
    truths.append(truth)
  }
  return (probabilities, truths, ConfusionCounts(confusion))
}

extension Box {
  /// Whether two rectangles share more than an edge.
  func overlaps(_ other: Box) -> Bool {
    left < other.right && other.left < right && top < other.bottom && other.top < bottom
  }

  /// Whether another rectangle lies inside, edges included, to within `tolerance`.
  func contains(_ other: Box, tolerance: Double = 0) -> Bool {
    other.left >= left - tolerance && other.top >= top - tolerance
      && other.right <= right + tolerance && other.bottom <= bottom + tolerance
  }
}
