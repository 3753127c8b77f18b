internal import CNN
package import Primitives

/// The tensors of another program's file, by the names that its network gives them.
///
/// Takes safetensors, what torch.save writes now and wrote before 1.6, and a wheel or another zip
/// archive that holds one such file. Only places are read at first; numbers are when they are asked
/// for, so that the file is not in memory as a whole.
package struct StateDictionary {
  /// A tensor: where its numbers are.
  package struct Tensor {
    package fileprivate(set) var name: String
    package let type: NumberType
    let places: StridedPlaces
    let bytes: WeightBytes

    init(name: String, type: NumberType, places: StridedPlaces, bytes: WeightBytes) {
      self.name = name
      self.type = type
      self.places = places
      self.bytes = bytes
    }

    /// The extents, outermost first.
    package var shape: [Int] { places.shape }

    /// The numbers, the last extent running fastest; none is infinite or undefined.
    package func values() throws(TrainingError) -> [Float] {
      let count = places.count
      let values = try [Float](unsafeUninitializedCapacity: count) {
        buffer, initialized throws(TrainingError) in
        let target = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        if type == .float32, places.isContiguous {
          try bytes.read(into: UnsafeMutableRawBufferPointer(target), at: 0)
        } else {
          let packed = try bytes.bytes(0..<bytes.count)
          packed.withUnsafeBytes { type.decode($0, places, into: target) }
        }
        initialized = count
      }
      do throws(TensorFileError) {
        try values.withUnsafeBufferPointer { values throws(TensorFileError) in
          try TensorFile.checkFinite(values, name: name)
        }
      } catch {
        throw bytes.refusal("\(error)")
      }
      return values
    }
  }

  /// In the file's order, without what wraps them and without the prefix that all of them have.
  package let tensors: [Tensor]

  static let countLimit = 10_000

  /// Opens a file and reads where its tensors are; nothing else is opened, and nothing executed.
  ///
  /// Errors: no such file, one of another kind, a pickle that names code, a model of this program.
  package init(path: String) throws(TrainingError) {
    try self.init(WeightBytes(path: path), isInner: false)
  }

  /// The same of a file's bytes in memory; `name` stands for its path.
  package init(_ bytes: [UInt8], name: String) throws(TrainingError) {
    try self.init(WeightBytes(bytes, path: name), isInner: false)
  }

  private init(_ bytes: WeightBytes, isInner: Bool) throws(TrainingError) {
    let prefix = try bytes.bytes(0..<min(bytes.count, 9))
    if prefix.isEmpty { throw bytes.refusal("the file is empty") }
    if prefix.starts(with: [0x50, 0x4B]) {
      let archive = try ZipArchive(bytes)
      if let folder = TorchSave.folder(of: archive) {
        try self.init(TorchSave(archive, folder: folder).tensors(bytes), bytes)
      } else if isInner {
        throw bytes.refusal("an archive within an archive is not read")
      } else {
        let entry = try StateDictionary.weights(in: archive)
        try self.init(archive.contents(entry, isChecked: true), isInner: true)
      }
    } else if StateDictionary.isPickle(prefix, of: bytes.count) {
      try self.init(TorchSave(bytes).tensors(bytes), bytes)
    } else {
      try self.init(StateDictionary.safetensors(bytes), bytes)
    }
  }

  private init(_ tensors: [Tensor], _ source: WeightBytes) throws(TrainingError) {
    var tensors = tensors
    StateDictionary.unwrap(&tensors)
    var names: Set<String> = []
    if let twice = tensors.first(where: { !names.insert($0.name).inserted }) {
      throw source.refusal("two tensors are called \(twice.name)")
    }
    self.tensors = tensors
  }

  /// Takes off what names begin with where a network is a part of another module: all of them have
  /// it, but for the count of an average.
  private static func unwrap(_ tensors: inout [Tensor]) {
    for _ in 0..<4 {
      let inner = tensors.filter { $0.name != "n_averaged" }
      guard
        let prefix = ["module.", "model.", "_orig_mod."].first(where: { prefix in
          inner.allSatisfy { $0.name.hasPrefix(prefix) && $0.name != prefix }
        })
      else { return }
      tensors = inner
      for index in tensors.indices { tensors[index].name.removeFirst(prefix.count) }
    }
  }

  static func isName(_ name: String) -> Bool {
    (1...256).contains(name.utf8.count) && !name.unicodeScalars.contains(where: steersTerminal)
  }

  // MARK: Kinds of files

  /// Whether a file begins as a pickle and not as safetensors, whose header's length could look so.
  private static func isPickle(_ prefix: [UInt8], of count: Int) -> Bool {
    guard let first = prefix.first else { return false }
    if prefix.count == 9, prefix[8] == UInt8(ascii: "{"), prefix.number(at: 0, 8) < count {
      return false
    }
    return first == 0x80 && prefix.count > 1 && prefix[1] <= 5 || "c(}]i".utf8.contains(first)
  }

  private static func weights(in archive: ZipArchive) throws(TrainingError) -> ZipArchive.Entry {
    let endings = [".pth", ".pt", ".safetensors"]
    let entries = archive.entries.filter { entry in
      endings.contains { entry.name.lowercased().hasSuffix($0) }
        && !entry.name.hasPrefix("__MACOSX/")
    }
    guard let entry = entries.first, entries.count == 1 else {
      throw archive.bytes.refusal(
        entries.isEmpty
          ? "no file in the archive holds weights" : "\(entries.count) files in it hold weights",
        found: listed((entries.isEmpty ? archive.entries : entries).map(\.name), few: 4, first: 3),
        expected: "one file in it that ends in " + endings.joined(separator: ", "))
    }
    return entry
  }

  private static func safetensors(_ bytes: WeightBytes) throws(TrainingError) -> [Tensor] {
    let prefix = try bytes.bytes(0..<min(bytes.count, TensorFile.Layout.prefixBytes))
    let layout: TensorFile.Layout
    do {
      let end = try TensorFile.Layout.headerEnd(prefix: prefix, fileBytes: bytes.count)
      layout = try TensorFile.Layout(
        head: bytes.bytes(0..<end), fileBytes: bytes.count, of: .foreign)
    } catch let error as TensorFileError {
      throw bytes.refusal(
        "\(error)", expected: "a complete safetensors file with weights in F32, F16 or BF16")
    } catch {
      throw (error as? TrainingError) ?? bytes.refusal("\(error)")
    }
    if layout.digest != nil, layout.metadata["architecture"] != nil {
      throw TrainingError(
        .badData, "\(bytes.path) is already a cnnctl model", advice: "--model \(bytes.path)")
    }
    return layout.tensors.compactMap { place in
      NumberType(place.type).map {
        Tensor(
          name: place.name, type: $0, places: StridedPlaces(contiguous: place.shape),
          bytes: bytes.part(place.bytes))
      }
    }
  }
}

extension NumberType {
  /// The type by its name in safetensors; nil for bytes that are no weights.
  fileprivate init?(_ type: TensorFile.ElementType) {
    switch type {
    case .single: self = .float32
    case .half: self = .float16
    case .brain: self = .bfloat16
    case .long: self = .int64
    case .signedByte, .byte: return nil
    }
  }
}
