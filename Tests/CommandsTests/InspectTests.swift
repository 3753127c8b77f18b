import Commands
import Testing

@Suite struct InspectTests {
  @Test func `The seed network's table is the golden one`() throws {
    let outcome = cnnctl("inspect", "seed")
    #expect(outcome.code == .done)
    #expect(outcome.output == (try golden("inspect-seed.txt")))
  }

  @Test(arguments: [("seed", 813_217), ("seed-bn", 813_345), ("vgg", 389_153)])
  func `A preset has as many parameters as the paper sum says`(name: String, count: Int) throws {
    let outcome = cnnctl("inspect", name, "--json")
    let network = try object(outcome.output)
    #expect(network["parameters"] as? Int == count)
    #expect(network["name"] as? String == name)
    let layers = try #require(network["layers"] as? [[String: Any]])
    #expect(layers.reduce(0) { $0 + ($1["parameters"] as? Int ?? 0) } == count)
  }

  @Test func `A file of layers and a trained model are shown`() throws {
    let data = try TinyDataset()
    let file = cnnctl("inspect", data.network)
    #expect(file.code == .done)
    #expect(file.output.contains("network: tiny, input 16x16x3"))
    let run = try data.trained()
    let model = cnnctl("inspect", run)
    for part in ["classes: cats, dogs", "recipe: seed", "stretch to 16x16, nearest, EXIF ignore"] {
      #expect(model.output.contains(part), "\(part) in \(model.output)")
    }
    let json = try object(cnnctl("inspect", run, "--json").output)
    #expect(json["classes"] as? [String] == ["cats", "dogs"])
    #expect((json["preprocessing"] as? [String: Any])?["filter"] as? String == "nearest")
  }

  @Test func `What is neither a path nor a preset gets the nearest name`() {
    let outcome = cnnctl("inspect", "r18")
    #expect(outcome.code == .noInput)
    #expect(outcome.diagnostics.contains("try: cnnctl inspect r18h\n"))
  }

  @Test func `A file that describes no network is refused with the place`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("net.json")
    try write(
      Array(
        #"{"input": {"height": 8, "width": 8}, "layers": [{"kind": "convolution"}]}"#.utf8),
      to: path)
    let outcome = cnnctl("inspect", path)
    #expect(outcome.code == .badData)
    #expect(outcome.diagnostics.contains("layers[0].kind"))
  }

  private func methods(_ words: String...) throws -> [String: String] {
    let network = try object(cnnctl(["inspect", "--json"] + words).output)
    let layers = try #require(network["layers"] as? [[String: Any]])
    let pairs = layers.compactMap { layer -> (String, String)? in
      guard let name = layer["name"] as? String, let method = layer["method"] as? String else {
        #expect(layer["kind"] as? String != "conv2D")
        return nil
      }
      #expect(layer["kind"] as? String == "conv2D")
      return (name, method)
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  @Test func `Each convolution's method is shown as --conv asks for it`() throws {
    let auto = try methods("r18h")
    #expect(auto.count == 22)
    #expect(auto["layers.0"] == "direct", "stride 2")
    #expect(auto["layers.3"] == "winograd", "3 x 3, 16 to 16 channels")
    #expect(Set(try methods("r18h", "--conv", "direct").values) == ["direct"])
    // Every 3 x 3 filter at stride 1: also those whose tiles are mostly empty.
    let small =
      #"{"input": {"height": 6, "width": 1, "channels": 16}, "layers": ["#
      + #"{"kind": "conv2D", "filters": 16, "padding": "same"}]}"#
    let folder = try TemporaryFolder()
    let path = folder.file("small.json")
    try write(Array(small.utf8), to: path)
    #expect(try methods(path) == ["layers.0": "direct"])
    #expect(try methods(path, "--conv", "winograd") == ["layers.0": "winograd"])
    #expect(cnnctl("inspect", "seed", "--conv", "fast").code == .usage)
  }

  @Test func `A network without convolutions has no column for their method`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("flat.json")
    let layers =
      #"{"input": {"height": 4, "width": 4}, "layers": ["#
      + #"{"kind": "flatten"}, {"kind": "dense", "units": 2}]}"#
    try write(Array(layers.utf8), to: path)
    let outcome = cnnctl("inspect", path)
    #expect(outcome.code == .done)
    #expect(!outcome.output.contains("Method"))
    #expect(outcome.output.contains("Layer (type)        Output shape  Parameters"))
  }
}
