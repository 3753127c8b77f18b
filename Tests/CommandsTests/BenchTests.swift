import Commands
import Foundation
import Testing

/// What `bench` says; how fast anything is, no test asks.
@Suite struct BenchTests {
  private static let quick = ["bench", "--batch", "2", "--seconds", "0.001", "--threads", "2"]
  private static let training = [
    "convolution_forward", "convolution_input_gradient", "convolution_filter_gradient",
    "convolution_gradients", "normalization", "pooling", "dense", "elementwise", "loss",
    "optimizer", "clearing", "other",
  ]
  private static let inference = [
    "convolution_forward", "normalization", "pooling", "dense", "elementwise", "other",
  ]

  private func number(_ value: Any?) throws -> Double {
    let number = try #require(value as? Double)
    #expect(number.isFinite && number > 0)
    return number
  }

  private func expectShares(_ value: Any?, of names: [String]) throws {
    let shares = try #require(value as? [String: Double])
    #expect(Set(shares.keys) == Set(names))
    #expect(shares.values.allSatisfy { (0...1).contains($0) })
    #expect(abs(shares.values.reduce(0, +) - 1) < 1e-9)
  }

  @Test(arguments: ["baseline", "avx2", "avx512"])
  func `An object holds every promised name with a value that can be`(set: String) throws {
    let words = BenchTests.quick + ["--net", "r18h", "--size", "16", "--isa", set, "--json", "-q"]
    let outcome = cnnctl(words)
    if outcome.code == .usage, outcome.diagnostics.contains("is not supported here") { return }
    #expect(outcome.code == .done)
    #expect(outcome.diagnostics == "")
    #expect(outcome.lines.count == 1)
    let figures = try object(outcome.output)
    #expect(figures["network"] as? String == "r18h")
    #expect(figures["size"] as? Int == 16)
    #expect(figures["batch"] as? Int == 2)
    #expect(figures["isa"] as? String == set)
    #expect(figures["conv"] as? String == "auto")
    #expect(figures["threads"] as? Int == 2)
    for name in ["train_images_per_second", "infer_images_per_second"] {
      _ = try number(figures[name])
    }
    let peak = try number(figures["peak_gflops"])
    try expectShares(figures["train_shares"], of: BenchTests.training)
    try expectShares(figures["infer_shares"], of: BenchTests.inference)

    let kernels = try #require(figures["kernels"] as? [[String: Any]])
    // 13 shapes in 22 layers; nobody asks for the images' gradient.
    #expect(kernels.count == 3 * 13 - 1)
    let forward = kernels.filter { $0["direction"] as? String == "forward" }
    #expect(forward.reduce(0) { $0 + ($1["layers"] as? Int ?? 0) } == 22)
    #expect(
      Set(kernels.compactMap { $0["direction"] as? String }) == [
        "forward", "input_gradient", "filter_gradient",
      ])
    #expect(kernels[0]["name"] as? String == "3x3/2 3->16 at 16x16")
    #expect(kernels[1]["direction"] as? String == "filter_gradient")
    for kernel in kernels {
      let gigaflops = try number(kernel["gflops"])
      #expect(abs(try number(kernel["peak_share"]) - gigaflops / peak) < 1e-9)
      _ = try number(kernel["ms"])
      _ = try number(kernel["gb_per_second"])
      #expect((kernel["method"] as? String)?.isEmpty == false)
    }
  }

  @Test(arguments: ["direct", "winograd"])
  func `Convolutions are measured by the method that is asked for`(method: String) throws {
    let outcome = cnnctl(
      BenchTests.quick + ["--net", "vgg", "--size", "16", "--conv", method, "--json", "-q"])
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let figures = try object(outcome.output)
    #expect(figures["conv"] as? String == method)
    let kernels = try #require(figures["kernels"] as? [[String: Any]])
    #expect(Set(kernels.compactMap { $0["method"] as? String }) == ["direct", method])
  }

  @Test func `Without a name each of the three networks gets a line`() throws {
    let outcome = cnnctl(BenchTests.quick + ["--size", "24", "--json"])
    #expect(outcome.code == .done)
    #expect(
      try outcome.lines.map { try object($0)["network"] as? String } == ["seed", "vgg", "r18h"])
  }

  @Test func `The tables name throughput, shares and kernels`() {
    let outcome = cnnctl(BenchTests.quick + ["--net", "seed", "--size", "16"], isTerminal: true)
    #expect(outcome.code == .done)
    for part in [
      "seed, 16x16 px, batch 2\n", "images/s", "training ", "inference ", "Share of a step",
      "convolution filter gradient", "optimizer", "Convolutions of seed, batch 2; peak ",
      "3x3 3->32 at 16x16 ", "3x3 32->32 at 7x7 ", "input gradient", "direct", "of peak", "GB/s\n",
    ] {
      #expect(outcome.output.contains(part), "\(part) in \(outcome.output)")
    }
    #expect(!outcome.output.contains("normalization"), "the seed network has none")
    #expect(outcome.diagnostics.contains("measuring  seed, training"))
    let quiet = cnnctl(
      BenchTests.quick + ["--net", "seed", "--size", "16", "-q"], isTerminal: true)
    #expect(quiet.diagnostics == "")
  }

  @Test func `Scaling is a table for readers and an object for programs`() throws {
    let words = BenchTests.quick + ["--net", "seed", "--size", "16", "--scaling"]
    let table = cnnctl(words)
    #expect(table.code == .done)
    for part in [
      "seed, 16x16 px", "Threads ", "64\n", "training, batch 2 ", "inference, one image ",
      "ms on 64", "optimizer and others ", "between tasks ",
    ] {
      #expect(table.output.contains(part), "\(part) in \(table.output)")
    }
    let outcome = cnnctl(words + ["--json", "-q"])
    #expect(outcome.code == .done && outcome.lines.count == 1 && outcome.diagnostics == "")
    let scaling = try object(outcome.output)
    #expect(scaling["threads"] as? [Int] == [2, 4, 8, 16, 32, 64])
    for name in ["training", "one_image"] {
      let figures = try #require(scaling[name] as? [String: Any])
      #expect((figures["speedups"] as? [Double])?.count == 6)
      let parts = try #require(figures["parts"] as? [[String: Any]])
      #expect(parts.contains { $0["layer"] as? String == "layers.0" })
      let ms = try parts.reduce(number(figures["ms_between_tasks"])) {
        try $0 + number($1["ms"])
      }
      #expect(try abs(ms / number(figures["ms"]) - 1) < 1e-9)
    }
  }

  @Test(arguments: [
    ("--net resnet", "--arch: 'resnet' is not a value", "expected: seed, vgg, r18h"),
    ("--net vg", "--arch: 'vg' is not a value", "try: --arch vgg"),
    ("--size 0", "--size: '0' is out of range", "from 8 to 1024"),
    ("--batch 0", "--batch-size: '0' is out of range", "from 1 to 4096"),
    ("--seconds 0", "--seconds: '0' is out of range", "above 0"),
    ("--net seed --size 8", "layers.5", "See 'cnnctl help bench'."),
    ("--batches 4", "unknown option --batches", "try: --batch"),
    ("photos others", "too many arguments", "found: others"),
    ("photos --net seed", "--arch and DATASET exclude each other", "See 'cnnctl help bench'."),
    ("photos --batch 8", "--batch-size and DATASET exclude each other", "See 'cnnctl help bench'."),
    ("photos --scaling", "--scaling and DATASET exclude each other", "See 'cnnctl help bench'."),
    ("photos --augment much", "--augment: 'much' is not a value", "expected: none"),
  ])
  func `What cannot be measured is a usage error`(line: String, message: String, advice: String) {
    let outcome = cnnctl(["bench", "-q"] + line.split(separator: " ").map(String.init))
    #expect(outcome.code == .usage)
    #expect(outcome.output == "")
    #expect(outcome.diagnostics.contains(message))
    #expect(outcome.diagnostics.contains(advice))
  }

  @Test func `A dataset's images are measured in text and JSON`() throws {
    let dataset = try TinyDataset()
    let text = cnnctl(["bench", dataset.path, "--size", "16", "--seconds", "0.01"])
    #expect(text.code == .done)
    for part in ["images of", "16x16 px, stretch, bilinear", "decoding and resizing"] {
      #expect(text.output.contains(part))
    }
    let outcome = cnnctl([
      "bench", dataset.path, "--size", "16", "--seconds", "0.01", "--resize", "pad", "--json",
    ])
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(object["resize"] as? String == "pad")
    for key in ["decode_images_per_second", "read_images_per_second", "augment_microseconds"] {
      #expect(try #require(object[key] as? Double) > 0, "\(key)")
    }
    #expect(cnnctl(["bench", "nowhere"]).code == .noInput)
  }

  @Test(arguments: [0, 5, 60])
  func `A signal ends it with the signal's code`(checks: Int) {
    let outcome = cnnctl(
      BenchTests.quick + ["--size", "24", "--json", "--seconds", "5"], stopAfter: checks)
    #expect(outcome.code == .interrupted)
    #expect(outcome.output == "")
    #expect(outcome.diagnostics.contains("stopped by SIGINT"))
  }
}
