import CNN
import Commands
import Foundation
import Testing

/// `inspect -o`: the network as a picture.
@Suite struct NetworkPictureTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func drawn(_ words: String...) throws -> String {
    let path = folder.file("net.svg")
    let outcome = cnnctl(["inspect"] + words + ["-o", path])
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics == "drew the network into \(path)\n")
    return try text(of: path)
  }

  /// The texts of a drawing.
  private func labels(_ svg: String) -> [String] {
    svg.matches(of: /<text [^>]*>([^<]*)<\/text>/).map { String($0.1) }
  }

  @Test func `Every preset is drawn, and its boxes hold all its weights`() throws {
    for name in Architecture.presetNames {
      let texts = labels(try drawn(name))
      let weights = texts.filter { $0.hasSuffix(" weights") || $0.hasSuffix(" weight") }.compactMap
      {
        Int($0.split(separator: " ")[0].replacing(",", with: ""))
      }
      let network = try object(cnnctl("inspect", name, "--json").output)
      #expect(weights.reduce(0, +) == network["parameters"] as? Int, "\(name)")
      #expect(texts.contains("input") && texts.contains("dense 1"))
      #expect(!texts.contains { $0.contains("…") }, "\(name): \(texts)")
    }
  }

  @Test func `A residual network has a box for each sum, and a shortcut to each`() throws {
    let svg = try drawn("r18h")
    let sums = labels(svg).filter { $0.hasPrefix("add") }
    #expect(sums.count == 8)
    #expect(sums.count { $0 == "add, ReLU" } == 5)
    #expect(sums.count { $0 == "add + conv 1×1, ReLU" } == 3)
    #expect(!labels(try drawn("vgg")).contains { $0.hasPrefix("add") })
  }

  @Test func `A preset of another size is drawn and listed at that size`() throws {
    let texts = labels(try drawn("r18h", "--size", "160"))
    #expect(texts.contains("160 × 160 × 3"))
    let network = try object(cnnctl("inspect", "r18h", "--size", "160", "--json").output)
    #expect(network["input"] as? [Int] == [160, 160, 3])
    // The same weights, more work.
    let usual = try object(cnnctl("inspect", "r18h", "--json").output)
    #expect(network["parameters"] as? Int == usual["parameters"] as? Int)
    let work = [network, usual].compactMap { $0["multiply_adds"] as? Int }
    #expect(work.count == 2 && work[0] > work[1])
  }

  @Test func `A file of layers and a model are drawn too, as PNG where the name says so`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    for name in [data.network, run, run + "/weights/best.safetensors"] {
      let path = folder.file("net.PNG")
      #expect(cnnctl("inspect", name, "-o", path, "-q").code == .done)
      #expect(try bytes(of: path).starts(with: [0x89, 0x50, 0x4E, 0x47]))
      #expect(labels(try drawn(name)).contains("conv 3×3, ReLU"))
    }
  }

  @Test func `A nested block, one that begins with ReLU and one that learns nothing are drawn`()
    throws
  {
    let path = folder.file("odd.json")
    let layers = """
      {"name": "odd", "input": {"height": 8, "width": 8, "channels": 4}, "layers": [
       {"kind": "residual", "body": [{"kind": "relu"},
         {"kind": "residual", "body": [{"kind": "conv2D", "filters": 4, "padding": "same"}]}]},
       {"kind": "residual", "body": [{"kind": "averagePool2D", "size": 2}],
         "shortcut": [{"kind": "maxPool2D", "size": 2}]},
       {"kind": "flatten"}, {"kind": "dense", "units": 3}]}
      """
    try write(Array(layers.utf8), to: path)
    let texts = labels(try drawn(path))
    // A rectifier inside a block is not part of what the shortcut takes.
    #expect(texts.contains("ReLU"))
    #expect(texts.count { $0 == "add, ReLU" } == 2)
    #expect(texts.contains("add + max pool 2×2, ReLU"))
  }

  @Test func `Wrong names and sizes are usage errors that say what would be right`() throws {
    let ending = cnnctl("inspect", "seed", "-o", folder.file("net.pdf"))
    #expect(ending.code == .usage)
    #expect(ending.diagnostics.contains("expected: a name that ends in .svg or .png"))
    #expect(cnnctl("inspect", "seed", "--size", "8").code == .usage)
    let model = cnnctl("inspect", "cats-dogs", "--size", "64")
    #expect(model.code == .usage)
    #expect(model.diagnostics.contains("--size is for presets"))
    let nowhere = cnnctl("inspect", "seed", "-o", folder.file("none/net.svg"))
    #expect(nowhere.code != .done && nowhere.code != .bug)
  }
}
