/// A confusion matrix as text and as CSV.
package struct ConfusionMatrix: Sendable {
  /// The classes in order.
  package var classes: [String]
  /// Counts: rows true, columns predicted.
  package var counts: [[Int]]

  /// A matrix of these counts; rows and columns are as many as the classes.
  package init(classes: [String], counts: [[Int]]) {
    self.classes = classes
    self.counts = counts
  }

  /// The matrix as text with labelled axes and a final newline.
  package func text() -> String { "" }

  /// The matrix as CSV: a header of predicted classes, a row a true class.
  package func csv() -> String { "" }
}
