internal import CNN
internal import Primitives

/// The figures of `bench` as tables and as JSON.
struct BenchmarkReport {
  let instructionSet: String
  let convolution: String
  let threads: Int

  /// Throughput and the shares of a step.
  func text(of figures: NetworkFigures) -> String {
    let size = figures.size
    let rates = TextTable(
      header: ["", "images/s", "ms per step"],
      rows: [
        ["training", rate(figures.training), milliseconds(figures.training)],
        ["inference", rate(figures.inference), milliseconds(figures.inference)],
      ], leftColumns: 1)
    let answering = Dictionary(
      uniqueKeysWithValues: figures.inference.shares.map { ($0.kind, $0.share) })
    let shares = TextTable(
      header: ["Share of a step", "training", "inference"],
      rows: figures.training.shares.filter { $0.share > 0 }.map { part in
        [title(part.kind), percent(part.share), answering[part.kind].map(percent) ?? "-"]
      }, leftColumns: 1)
    return
      (["\(figures.network), \(size)x\(size) px, batch \(figures.batch)", ""] + rates.lines
      + [""] + shares.lines + [""]).joined(separator: "\n")
  }

  /// The convolutions of a network, each direction on a line.
  func text(
    of convolutions: [ConvolutionFigure], network: String, batch: Int, peak: Double
  ) -> String {
    let table = TextTable(
      header: [
        "Convolution", "Direction", "Method", "Layers", "ms", "GFLOP/s", "of peak", "GB/s",
      ],
      rows: convolutions.map { figure in
        [
          figure.name, figure.direction.rawValue.replacing("_", with: " "), figure.method,
          "\(figure.layers)", fixed(1000 * figure.seconds, 2), fixed(figure.gigaflops, 1),
          percent(figure.shareOfPeak), fixed(figure.gigabytes, 1),
        ]
      }, leftColumns: 3)
    let heading =
      "Convolutions of \(network), batch \(batch); peak \(fixed(peak, 1)) GFLOP/s "
      + "(\(instructionSet), threads: \(threads))"
    return ([heading, ""] + table.lines + [""]).joined(separator: "\n")
  }

  /// Everything about one network.
  func json(_ figures: NetworkFigures, convolutions: [ConvolutionFigure], peak: Double) -> JSON {
    [
      "network": .string(figures.network), "size": .int(figures.size),
      "batch": .int(figures.batch), "isa": .string(instructionSet),
      "conv": .string(convolution), "threads": .int(threads),
      "train_images_per_second": .double(figures.training.imagesPerSecond),
      "infer_images_per_second": .double(figures.inference.imagesPerSecond),
      "peak_gflops": .double(peak), "train_shares": shares(figures.training),
      "infer_shares": shares(figures.inference),
      "kernels": .array(
        convolutions.map { figure in
          [
            "name": .string(figure.name), "layers": .int(figure.layers),
            "direction": .string(figure.direction.rawValue), "method": .string(figure.method),
            "ms": .double(1000 * figure.seconds), "gflops": .double(figure.gigaflops),
            "peak_share": .double(figure.shareOfPeak), "gb_per_second": .double(figure.gigabytes),
          ]
        }),
    ]
  }

  private func shares(_ figure: PassFigure) -> JSON {
    .object(figure.shares.map { .init($0.kind.rawValue, .double($0.share)) })
  }

  private func title(_ kind: WorkKind) -> String { kind.rawValue.replacing("_", with: " ") }

  private func rate(_ figure: PassFigure) -> String {
    let rate = figure.imagesPerSecond
    return rate < 100 ? fixed(rate, 1) : grouped(Int(rate.rounded()))
  }

  private func milliseconds(_ figure: PassFigure) -> String {
    fixed(1000 * figure.secondsPerStep, 2)
  }
}
