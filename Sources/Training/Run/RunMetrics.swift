/// One row of a run's metrics.csv.
package struct RunMetrics: Sendable, Hashable {
  /// The epoch, from 1.
  package var epoch: Int
  /// Mean loss of the training images.
  package var loss: Double?
  /// Share of right answers to the training images.
  package var accuracy: Double?
  /// Mean loss of the validation images; nil without validation.
  package var validationLoss: Double?
  /// Share of right answers to the validation images.
  package var validationAccuracy: Double?
  /// Learning rate at the epoch's end.
  package var learningRate: Double?

  /// The epochs that a run folder tells of, in order; none where there is no such file.
  ///
  /// Rows that somebody has edited beyond recognition are passed over, and cells that hold no
  /// number are nil: a curve has a gap there.
  package static func all(of run: RunFolder) -> [RunMetrics] {
    guard let bytes = try? FileSystem.read(run.file(RunFolder.metricsName), limit: 1 << 26) else {
      return []
    }
    var lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)[...]
    let columns = (lines.popFirst() ?? "").split(separator: ",").map(String.init)
    return lines.compactMap { line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      func number(_ name: String) -> Double? {
        guard let index = columns.firstIndex(of: name), index < cells.count else { return nil }
        return Double(cells[index]).flatMap { $0.isFinite ? $0 : nil }
      }
      guard let epoch = number("epoch"), epoch >= 1, epoch < 1e9 else { return nil }
      return RunMetrics(
        epoch: Int(epoch), loss: number("loss"), accuracy: number("accuracy"),
        validationLoss: number("val_loss"), validationAccuracy: number("val_accuracy"),
        learningRate: number("lr"))
    }
  }
}
