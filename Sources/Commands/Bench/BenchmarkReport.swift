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

  /// Speed-ups by the number of threads, and what takes longest on the most threads.
  func text(of scaling: NetworkScaling) -> String {
    func row(_ name: String, _ figures: ScalingFigures) -> [String] {
      [name] + figures.speedups.map { fixed($0, 1) }
    }
    let speedups = TextTable(
      header: ["Threads"] + ScalingFigures.threads.map { "\($0)" },
      rows: [
        row("training, batch \(scaling.batch)", scaling.training),
        row("inference, one image", scaling.answer),
      ], leftColumns: 1)
    let training = scaling.training
    let parts = TextTable(
      header: ["Training", "most tasks", "ms alone", "ms on \(most)", "share"],
      rows: training.parts.prefix(8).map { part in
        [
          part.layer ?? "optimizer and others", "\(part.tasks)", fixed(1000 * part.alone, 2),
          fixed(1000 * part.together, 3), percent(part.together / training.shortest),
        ]
      } + [
        [
          "between tasks", "-", fixed(1000 * training.outside, 2),
          fixed(1000 * training.outside, 3), percent(training.outside / training.shortest),
        ]
      ], leftColumns: 1)
    let heading =
      "\(scaling.network), \(scaling.size)x\(scaling.size) px (\(instructionSet)): speed-up at best"
    return ([heading, ""] + speedups.lines + [""] + parts.lines + [""]).joined(separator: "\n")
  }

  /// The same with every part of a step.
  func json(_ scaling: NetworkScaling) -> JSON {
    [
      "network": .string(scaling.network), "size": .int(scaling.size),
      "batch": .int(scaling.batch), "isa": .string(instructionSet),
      "threads": .array(ScalingFigures.threads.map(JSON.int)),
      "training": json(scaling.training), "one_image": json(scaling.answer),
    ]
  }

  private func json(_ figures: ScalingFigures) -> JSON {
    [
      "ms": .double(1000 * figures.seconds), "ms_between_tasks": .double(1000 * figures.outside),
      "speedups": .array(figures.speedups.map(JSON.double)),
      "parts": .array(
        figures.parts.map { part in
          [
            "layer": part.layer.map(JSON.string) ?? .null, "tasks": .int(part.tasks),
            "ms": .double(1000 * part.alone), "ms_on_\(most)": .double(1000 * part.together),
          ]
        }),
    ]
  }

  private var most: Int { ScalingFigures.threads.last ?? 1 }

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
