import CNN
import Classifier
import Primitives
import TestSupport
import Testing
import Training

@Suite("Training images that grow")
struct GrowthTests {
  private func network(
    _ change: (inout Settings) -> Void
  ) throws -> Configuration.Net {
    var options = Settings()
    change(&options)
    return try Configuration(dataset: "d", settings: options).network
  }

  @Test func `Sides rise in whole steps from the first to the last`() throws {
    let growth = try network {
      $0["size"] = 128
      $0["start-size"] = 80
    }.growth
    let sides = (0..<40).map { growth.side(epoch: $0, of: 40) }
    #expect(sides.first == 80 && sides.last == 128)
    #expect(zip(sides, sides.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(Set(sides) == [80, 96, 112, 128])
    // 80 + 48 · epoch / (0.7 · 40), rounded to 16; full from epoch 28 on.
    #expect(sides[4] == 80 && sides[5] == 96 && sides[27] == 128)
    #expect((28..<40).allSatisfy { sides[$0] == 128 })
    #expect(growth.side(epoch: 0, of: 1) == 80)
  }

  @Test func `Without a start the recipe's share of the size is kept`() throws {
    let recipe = try network { $0["recipe"] = "best" }
    let larger = try network {
      $0["recipe"] = "best"
      $0["size"] = recipe.size + 32
    }
    #expect(larger.growth.last == larger.size || larger.growth.last % 16 == 0)
    let share = Double(recipe.growth.first) / Double(recipe.size)
    #expect(abs(Double(larger.growth.first) - share * Double(larger.size)) <= 8)
  }

  @Test func `A network with a layer over the whole map, and the tutorial, do not grow`() throws {
    for change: (inout Settings) -> Void in [
      { $0["arch"] = "seed" }, { $0["recipe"] = "seed" },
      {
        $0["recipe"] = "best"
        $0["arch"] = "seed-bn"
        $0["size"] = 48
      },
    ] {
      let net = try network(change)
      #expect(net.growth.first == net.size && net.growth.last == net.size)
    }
  }

  @Test(arguments: [
    (64, 80, 64, "--start-size"), (64, 32, 80, "--train-size"), (64, 4, 64, "--start-size"),
  ])
  func `Sides beyond the size are refused`(
    size: Int, start: Int, end: Int, option: String
  ) throws {
    let error = #expect(throws: TrainingError.self) {
      try network {
        $0["size"] = size
        $0["start-size"] = start
        $0["train-size"] = end
      }
    }
    #expect(error?.problem.contains(option) == true)
  }

  @Test func `Asking a network for sizes that it does not take is refused`() throws {
    let error = #expect(throws: TrainingError.self) {
      try network {
        $0["arch"] = "seed"
        $0["size"] = 32
        $0["start-size"] = 16
      }
    }
    #expect(error?.problem.contains("seed") == true)
  }

  @Test func `A run grows, repeats by its config.json, and is the same on any threads`() throws {
    try withTemporaryFolder { folder in
      let data = folder + "/data"
      try writeDataset(data, ["train": 10, "val": 4, "test": 3], classes: ["blue", "red"])
      let grown = try configuration(data) {
        $0["arch"] = "r18h"
        $0["size"] = 64
        $0["start-size"] = 32
        $0["augment"] = "standard"
        $0["ema"] = 0.9
      }
      let digests = try [1, 2].map { threads in
        try train(grown, out: folder + "/run\(threads)", threads: threads).0.weightsSHA256
      }
      #expect(Set(digests).count == 1)
      let file = RunFolder(existing: folder + "/run1").file("config.json")
      let again = try Configuration(file: file)
      #expect(again == grown && again.network.growth.first == 32)
      let constant = try configuration(data) {
        $0["arch"] = "r18h"
        $0["size"] = 64
        $0["start-size"] = 64
        $0["augment"] = "standard"
        $0["ema"] = 0.9
      }
      let (other, events) = try train(constant, out: folder + "/constant")
      #expect(other.weightsSHA256 != digests[0])
      guard
        case .start(let start)? = events.all.first(where: {
          if case .start = $0 { true } else { false }
        })
      else { throw TestFailure("no start") }
      #expect(start.trainingSizes == [64, 64])
    }
  }

  @Test func `A config.json from before images grew reads as one without growth`() throws {
    try withTemporaryFolder { folder in
      let new = try Configuration(dataset: "d", settings: Settings())
      let text = String(decoding: new.encoded(), as: UTF8.self)
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let start = try #require(lines.firstIndex { $0.contains("\"growth\"") })
      let end = try #require(lines[start...].firstIndex { $0.contains("}") })
      lines.removeSubrange(start...end)
      try write(Array(lines.joined(separator: "\n").utf8), to: folder + "/config.json")
      let old = try Configuration(file: folder + "/config.json")
      #expect(old.network.growth.first == old.network.size)
      #expect(old.network.growth.last == old.network.size)
    }
  }
}
