import Testing
import Training

@Suite struct RunMetricsTests {
  @Test func `The epochs of metrics.csv are read by the columns' names`() throws {
    try withTemporaryFolder { folder in
      let text =
        "epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds,images_per_second\n"
        + "1,0.7,0.5,0.69,0.55,0.001,1.5,300.0\n2,0.6,0.75,,,0.0005,1.5,300.0\n"
      try write(Array(text.utf8), to: folder + "/metrics.csv")
      let rows = RunMetrics.all(of: RunFolder(existing: folder))
      #expect(rows.map(\.epoch) == [1, 2])
      #expect(rows.map(\.loss) == [0.7, 0.6])
      #expect(rows.map(\.validationAccuracy) == [0.55, nil])
      #expect(rows.map(\.learningRate) == [0.001, 0.0005])
    }
  }

  @Test func `A run without validation, an edited file and no file are no errors`() throws {
    try withTemporaryFolder { folder in
      let run = RunFolder(existing: folder)
      #expect(RunMetrics.all(of: run) == [])
      let text = "epoch,loss,accuracy,lr\n1,0.7,nan,0.1\nwhat,1\n\n1e400,0.1\n2,abc\r\n3\n"
      try write(Array(text.utf8), to: folder + "/metrics.csv")
      let rows = RunMetrics.all(of: run)
      #expect(rows.map(\.epoch) == [1, 2, 3])
      #expect(rows.map(\.loss) == [0.7, nil, nil])
      #expect(rows.allSatisfy { $0.accuracy == nil && $0.validationLoss == nil })
      try write([0xFF, 0xFE, 0], to: folder + "/metrics.csv")
      #expect(RunMetrics.all(of: run) == [])
    }
  }
}
