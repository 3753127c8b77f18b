internal import CNN
internal import Classifier
package import Primitives

/// How far the images of each class lie from the others in the features that a last layer sees.
///
/// The distance of a class's images from a class is the root of their mean squared distance from that
/// class's mean; of their own it is taken without the image itself.
package struct ClassDistances: Sendable, Hashable {
  package let classes: [String]
  /// The distance of the images of a class, the row, from the mean of another.
  package let values: [[Double]]

  /// The file below a run's folder.
  package static let name = RunFolder.foldsName + "/distances.csv"

  /// Distances in features, a row per image.
  init(_ rows: FloatMemory, features: Int, targets: [Int32], classes: [String]) {
    var means = [[Double]](
      repeating: [Double](repeating: 0, count: features), count: classes.count)
    var squares = [Double](repeating: 0, count: classes.count)
    var counts = [Double](repeating: 0, count: classes.count)
    for (image, target) in targets.enumerated() {
      let (label, row) = (Int(target), rows.base + image * features)
      counts[label] += 1
      for i in 0..<features {
        means[label][i] += Double(row[i])
        squares[label] += Double(row[i]) * Double(row[i])
      }
    }
    for label in classes.indices where counts[label] > 0 {
      for i in 0..<features { means[label][i] /= counts[label] }
      squares[label] /= counts[label]
    }
    func product(_ a: Int, _ b: Int) -> Double {
      zip(means[a], means[b]).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let norms = classes.indices.map { product($0, $0) }
    values = classes.indices.map { own in
      classes.indices.map { other in
        let square = squares[own] - 2 * product(own, other) + norms[other]
        // The mean of the others is as much farther away as the image has pulled it.
        let pulled = own == other && counts[own] > 1 ? counts[own] / (counts[own] - 1) : 1
        return max(0, square).squareRoot() * pulled
      }
    }
    self.classes = classes
  }

  /// For each class its nearest other one, and that distance over the one from its own.
  package var nearest: [(other: Int, ratio: Double)] {
    values.indices.map { own in
      let other = values.indices.filter { $0 != own }.min { values[own][$0] < values[own][$1] }
      let place = other ?? own
      return (place, values[own][own] > 0 ? values[own][place] / values[own][own] : 1)
    }
  }

  /// A table with a row per class.
  var csv: String {
    ([CSV.row(["class"] + classes.map(CSV.name))]
      + zip(classes, values).map { name, row in
        CSV.row([CSV.name(name)] + row.map { "\($0)" })
      }).joined()
  }

  private static let sizeLimit = 1 << 28

  /// Reads such a table.
  ///
  /// Errors: a file that is none.
  package init(reading place: FilePlace) throws(TrainingError) {
    let bytes = try FileSystem.read(place, limit: ClassDistances.sizeLimit)
    var rows = CSVRows(bytes)
    var table: [[String]] = []
    do throws(CSVError) {
      while let row = try rows.next() { table.append(row) }
    } catch {
      throw TrainingError(.badData, "\(place.path): \(error)")
    }
    classes = table.first?.dropFirst().map { CSV.read(name: $0) } ?? []
    values = table.dropFirst().map { $0.dropFirst().compactMap(Double.init) }
    let count = classes.count
    guard count >= 2, values.count == count,
      zip(table.dropFirst(), classes).allSatisfy({ CSV.read(name: $0[0]) == $1 }),
      values.allSatisfy({ $0.count == count && $0.allSatisfy { $0.isFinite && $0 >= 0 } }),
      classes.allSatisfy({ ForeignText.problem(inName: $0) == nil })
    else {
      throw TrainingError(
        .badData, "\(place.path) is no table of distances",
        expected: "a row and a column per class, numbers from 0")
    }
  }
}
