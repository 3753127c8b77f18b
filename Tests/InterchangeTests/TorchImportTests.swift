import CNN
import Classifier
import Foundation
import ImageData
import Interchange
import TestSupport
import Testing
import Training

/// Imported weights against torchvision's numbers, and files that are refused.
struct TorchImportTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  private static let small = TorchWeights(blocks: [2, 2, 2, 2], classes: 7)

  private func imported(
    _ bytes: [UInt8], as network: TorchNetwork? = nil, labels: [String]? = nil
  ) throws -> ClassifierModel {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "weights")
    try Data(bytes).write(to: file)
    return try TorchImport.model(
      file.path(percentEncoded: false), as: network.flatMap { NamedNetwork(rawValue: $0.rawValue) },
      labels: labels)
  }

  /// What importing says; nil where it does.
  private func problem(
    _ bytes: [UInt8], as network: TorchNetwork? = .resnet18, labels: [String]? = nil
  ) -> String? {
    do {
      _ = try imported(bytes, as: network, labels: labels)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test(
    "Logits and the first step's gradients are torchvision's",
    arguments: [TorchNetwork.resnet18, .resnet34])
  func numbers(_ network: TorchNetwork) throws {
    let path = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let fixture = try Fixture(path: "/\(path)/Fixtures/resnet.golden")
    let blocks = network == .resnet18 ? [2, 2, 2, 2] : [3, 4, 6, 3]
    let weights = TorchWeights(blocks: blocks, classes: 7)
    let model = try imported(weights.file())
    #expect(model.network.architecture.name == network.rawValue)
    #expect(model.classes == (0..<7).map { "class-\($0)" })
    // torchvision's own layers take images of any size, and so do these.
    let architecture = try #require(
      model.network.architecture.adapted(side: 64, outputs: 7, dropout: nil))
    let small = try Network(architecture)
    try small.copyTensors(from: model.network)
    let images = TorchWeights.uniform(3 * 64 * 64 * 3, key: 1000).map { 2 * $0 }
    let name = network.rawValue

    let inference = try InferenceSession(
      network: small, batchSize: 3, engine: TestEngine.make())
    let logits = try inference.logits(for: images)
    // The statistics are not those of the images, so logits are large.
    let close = Tolerance(relative: 1e-5, scale: .largest)
    #expect(
      mismatch(
        actual: logits, expected: try fixture.values("\(name).inference"), tolerance: close) == nil)

    let session = try TrainingSession(
      network: small, optimizer: SGD(learningRate: 0), batchSize: 3, engine: TestEngine.make())
    let loss = Double(try fixture.scalar("\(name).loss"))
    let found = try session.step(images: images, targets: [4, 0, 6]).loss
    #expect(abs(found - loss) <= 5e-5 * loss)
    let file = try TorchWeights.gradients(of: small, session, as: network)
    let keys = weights.tensors.map(\.name).filter { !$0.hasSuffix("num_batches_tracked") }
    let names = fixture.names(after: "\(name).gradient.")
    #expect(names.count == (network == .resnet18 ? 62 : 110))
    for (key, tensor) in keys.enumerated() where names.contains(tensor) {
      let expected = try fixture.values("\(name).gradient.\(tensor)").map(Double.init)
      let gradient = try #require(file[tensor])
      let direction = TorchWeights.uniform(gradient.count, key: 2000 + key)
      let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let product = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(norm - expected[0]) <= 1e-3 * expected[0], "\(tensor): \(norm), \(expected)")
      #expect(
        abs(product - expected[1]) <= 1e-3 * expected[0], "\(tensor): \(product), \(expected)")
    }
  }

  @Test("An import exported and imported again has the same bytes, and the original's tensors")
  func roundTrip() throws {
    let labels = (0..<7).map { "label \(6 - $0)" }
    let model = try imported(Self.small.file(), labels: labels)
    #expect(model.classes == labels)
    let file = try TorchExport(model).encoded(.single)
    let again = try imported(file, labels: labels)
    #expect(again.encoded() == model.encoded())
    let tensors = try TorchExportTests.tensors(of: file)
    #expect(tensors.keys.sorted() == Self.small.tensors.map(\.name))
    for tensor in Self.small.tensors where tensor.type == "F32" {
      let found = try #require(tensors[tensor.name])
      #expect(found.type == "F32" && found.shape == tensor.shape && found.bytes == tensor.bytes)
    }
    // In another order of bytes than of names, and without what PyTorch alone counts.
    var bare = Self.small
    bare.tensors.removeAll { $0.type == "I64" }
    #expect(try imported(bare.file(backwards: true), labels: labels).encoded() == model.encoded())
  }

  @Test("Weights in 16 bits of either type are read")
  func halves() throws {
    let exact = try imported(Self.small.file())
    let brain = Self.small.converted(to: "BF16") { UInt16($0.bitPattern >> 16) }
    let half = Self.small.converted(to: "F16") { Float16($0).bitPattern }
    for (weights, step) in [(brain, 0x1p-7), (half, 0x1p-10)] {
      let network = try imported(weights.file()).network
      for name in network.tensorNames {
        let values = try #require(network.values(of: name))
        let expected = try #require(exact.network.values(of: name))
        let worst = zip(values, expected).map { abs($0 - $1) }.max() ?? 1
        let largest = expected.map(abs).max() ?? 0
        #expect(worst > 0 && worst <= Float(step) * largest, "\(name)")
      }
    }
  }

  @Test("Two outputs become one, whose sigmoid is the second class's share")
  func twoClasses() throws {
    let weights = TorchWeights(blocks: [2, 2, 2, 2], classes: 2)
    let model = try imported(weights.file(), labels: ["cats", "dogs"])
    #expect(model.network.outputs == 1)
    let rows = weights.values("fc.weight")
    let name = try #require(model.network.tensorNames.last { $0.hasSuffix("weights") })
    #expect(model.network.values(of: name) == (0..<512).map { rows[512 + $0] - rows[$0] })
    let file = try TorchExport(model).encoded(.single)
    #expect(try imported(file, labels: ["cats", "dogs"]).encoded() == model.encoded())
  }

  @Test("Weights of another network are refused with what is missing and what is left over")
  func otherNetworks() throws {
    let deeper = TorchWeights(blocks: [3, 4, 6, 3], classes: 7).file()
    let told = try #require(problem(deeper))
    #expect(told.contains("does not hold the weights of resnet18\nfound: "))
    #expect(told.contains("unexpected tensors: layer1.2.bn1.bias"))
    #expect(told.hasSuffix("try: --arch resnet34"))
    #expect(problem(Self.small.file(), as: .resnet34)?.contains("try: --arch resnet18") == true)
    var odd = Self.small
    odd["bn1.bias"] = nil
    odd["conv1.weight"] = nil
    odd.tensors.append(.init(name: "head.scale", shape: [1], bytes: [0, 0, 0, 0]))
    let both = try #require(problem(odd.file()))
    #expect(both.contains("found: 1 unexpected tensor: head.scale"))
    #expect(both.contains("expected: 2 missing tensors: conv1.weight, bn1.bias"))
    var wrong = Self.small
    wrong["bn1.bias"] = .init(name: "bn1.bias", shape: [1], bytes: [0, 0, 0, 0])
    wrong["fc.bias"] = .init(name: "fc.bias", shape: [7, 1], bytes: Array(repeating: 0, count: 28))
    let shapes = try #require(problem(wrong.file()))
    #expect(
      shapes.contains(
        "the shapes of 2 tensors differ from those of resnet18, the first is bn1.bias"))
    #expect(shapes.contains("found: [1]\nexpected: [64]"))
    #expect(
      problem(Self.small.file(), labels: ["a"])?.contains("found: 1 labels\nexpected: 7") == true)
  }

  @Test("Damaged files, unknown types and numbers that are none are refused")
  func damage() throws {
    let whole = Self.small.file()
    for count in [0, 7, 8, 100, 5000, whole.count - 1] {
      #expect(
        problem(Array(whole.prefix(count)))?.contains("cannot be imported") == true, "\(count)")
    }
    for (type, bytes) in [("F64", 8), ("I32", 4), ("BOOL", 1), ("I8", 1), ("U8", 1)] {
      var odd = Self.small
      odd["bn1.bias"] = .init(
        name: "bn1.bias", type: type, shape: [64], bytes: Array(repeating: 0, count: 64 * bytes))
      let told = try #require(problem(odd.file()))
      #expect(told.contains("tensor bn1.bias: expected type F32, F16 or BF16, found \(type)"))
    }
    var whole64 = Self.small
    whole64["bn1.bias"] = .init(
      name: "bn1.bias", type: "I64", shape: [64], bytes: Array(repeating: 0, count: 512))
    #expect(problem(whole64.file())?.contains("tensor bn1.bias holds whole numbers") == true)
    var infinite = Self.small
    infinite["fc.bias"]?.bytes.replaceSubrange(8..<12, with: [0, 0, 0x80, 0x7F])
    #expect(problem(infinite.file())?.contains("tensor fc.bias: element 2 is not finite") == true)
    var negative = Self.small
    negative["bn1.running_var"]?.bytes.replaceSubrange(4..<8, with: [0, 0, 0x80, 0xBF])
    #expect(problem(negative.file())?.contains("bn1.running_var: element 1 is negative") == true)
  }

  @Test("Weights that fit no network are refused with the nearest one and what differs")
  func unknownNetwork() throws {
    var odd = TorchWeights(blocks: [3, 4, 6, 3], classes: 7)
    odd["layer3.5.bn2.bias"] = nil
    odd.tensors.append(.init(name: "head.scale", shape: [1], bytes: [0, 0, 0, 0]))
    let told = try #require(problem(odd.file(), as: nil))
    #expect(told.contains("holds the weights of no known network; the nearest is resnet34"))
    #expect(told.contains("found: 1 unexpected tensor: head.scale"))
    #expect(told.hasSuffix("expected: 1 missing tensor: layer3.5.bn2.bias"))
  }

  @Test("A model is the same from safetensors, from both formats of torch.save and from a wheel")
  func forms() throws {
    let model = try imported(Self.small.file())
    let saved = Self.small.saved(prefix: "module.")
    for file in [
      saved.old, saved.zip, ZipPart.archive([ZipPart("net/w.pth", saved.old)]),
      ZipPart.archive([ZipPart("w.safetensors", Self.small.file())]),
    ] {
      #expect(try imported(file).encoded() == model.encoded())
    }
    #expect(try imported(saved.zip, as: .resnet18).encoded() == model.encoded())
    #expect(problem(saved.old, as: .resnet34)?.contains("try: --arch resnet18") == true)
    #expect(problem(model.encoded())?.contains("is already a cnnctl model") == true)
  }
}

extension TorchWeights {
  /// The last step's gradients by PyTorch's names and in its order, as an export puts weights.
  fileprivate static func gradients(
    of network: Network, _ session: TrainingSession, as kind: TorchNetwork
  ) throws -> [String: [Float]] {
    let copy = try network.copy()
    for name in copy.tensorNames {
      if let gradient = session.gradient(of: name) { try copy.setValues(gradient, of: name) }
    }
    let model = ClassifierModel(
      network: copy, classes: (0..<7).map { "\($0)" }, preprocessing: .init(width: 64, height: 64),
      recipe: "test", datasetFingerprint: "", trainingImages: 0)
    return try TorchExportTests.tensors(of: TorchExport(model).encoded(.single))
      .filter { $0.value.type == "F32" }.mapValues { tensor in
        TorchWeights(tensors: [tensor]).values(tensor.name)
      }
  }

  /// The same as torch.save writes it, every name behind a prefix.
  fileprivate func saved(prefix: String) -> TorchFileParts {
    var parts = TorchFileParts()
    (parts.tensors, parts.storages) = ([], [])
    for (index, tensor) in tensors.enumerated() {
      let count = tensor.shape.reduce(1, *)
      var strides = tensor.shape
      for place in strides.indices.reversed() {
        strides[place] = tensor.shape[(place + 1)...].reduce(1, *)
      }
      parts.tensors.append(
        PickledPart(
          name: prefix + tensor.name, key: "\(index)",
          type: tensor.type == "F32" ? "FloatStorage" : "LongStorage", count: count,
          shape: tensor.shape, strides: strides))
      parts.storages.append(("\(index)", count, tensor.bytes))
    }
    return parts
  }
}
