package import Classifier
internal import Primitives

/// One row of metrics.csv.
package struct MetricsRow: Sendable, Hashable {
  /// The epoch, from 1.
  package var epoch: Int
  /// Mean training loss.
  package var loss: Double
  /// Share of training images right.
  package var accuracy: Double
  /// Mean loss on the validation images; nil without validation.
  package var valLoss: Double?
  /// Accuracy on the validation images.
  package var valAccuracy: Double?
  /// The last step's learning rate.
  package var learningRate: Double
  /// Wall time with validation.
  package var seconds: Double
  /// Training images per second, without validation.
  package var imagesPerSecond: Double

  static let sizeLimit = 1 << 26

  static func columns(validation: Bool) -> [String] {
    ["epoch", "loss", "accuracy"] + (validation ? ["val_loss", "val_accuracy"] : [])
      + ["lr", "seconds", "images_per_second"]
  }

  /// The row of an epoch, as the file has it.
  static func csv(_ metrics: EpochMetrics, validation hasValidation: Bool) -> String {
    let validation = [metrics.valLoss, metrics.valAccuracy].map { $0.map { "\($0)" } ?? "" }
    return CSV.row(
      ["\(metrics.epoch)", "\(metrics.loss)", "\(metrics.accuracy)"]
        + (hasValidation ? validation : [])
        + ["\(metrics.learningRate)", "\(metrics.seconds)", "\(metrics.imagesPerSecond)"])
  }

  /// The epochs that a run tells of; none where its file is missing or was edited.
  package static func all(of run: RunFolder) -> [MetricsRow] {
    (try? read(run.place(RunFolder.metricsName))) ?? []
  }

  /// The rows of a run's metrics.csv; epochs count on without a gap, from 1 unless the figures of the
  /// first were lost.
  static func read(_ place: FilePlace) throws(TrainingError) -> [MetricsRow] {
    let path = place.path
    let bytes = try FileSystem.read(place, limit: sizeLimit)
    let table: [[String]]
    do throws(CSVError) {
      table = try CSV.rows(bytes)
    } catch {
      throw TrainingError(.badData, "\(path): \(error)")
    }
    let header = table.first ?? []
    let kinds = [true, false].filter { columns(validation: $0) == header }
    guard let hasValidation = kinds.first else {
      throw TrainingError(
        .badData, "\(path): unknown columns", found: header.joined(separator: ","),
        expected: columns(validation: true).joined(separator: ","))
    }
    var rows: [MetricsRow] = []
    for cells in table.dropFirst() {
      let epoch =
        rows.last.map { $0.epoch + 1 } ?? Int(cells[0]).map { min(max(1, $0), 1 << 40) } ?? 1
      guard let row = MetricsRow(cells, validation: hasValidation, epoch: epoch) else {
        throw TrainingError(
          .badData, "\(path): row \(rows.count + 1) is not a valid epoch",
          found: cells.joined(separator: ","), expected: "epoch \(epoch) and numbers")
      }
      rows.append(row)
    }
    return rows
  }

  /// Nil where a cell is not what it should be.
  private init?(_ cells: [String], validation: Bool, epoch: Int) {
    let numbers = cells.map(Double.init)
    let tail = validation ? 5 : 3
    guard cells.first == "\(epoch)", let loss = numbers[1], let accuracy = numbers[2],
      let learningRate = numbers[tail], let seconds = numbers[tail + 1],
      let imagesPerSecond = numbers[tail + 2]
    else { return nil }
    if validation {
      // No cell where no image was left to validate on.
      for column in 3...4 where numbers[column] == nil && !cells[column].isEmpty { return nil }
      (valLoss, valAccuracy) = (numbers[3], numbers[4])
    }
    self.epoch = epoch
    self.loss = loss
    self.accuracy = accuracy
    self.learningRate = learningRate
    self.seconds = seconds
    self.imagesPerSecond = imagesPerSecond
  }
}
