internal import Primitives

/// What torch.save wrote: a pickle with tensors' names and places, and their bytes beside it.
struct TorchSave {
  /// The pickle's machine, which knows what its values contain.
  let machine: PickleMachine
  let root: PickleMachine.Value
  /// The bytes of each storage by its key.
  let storages: [String: WeightBytes]

  // MARK: The zip archive, since PyTorch 1.6

  /// The folder of an archive's pickle, such as `resnet18/`; nil if it is not an archive of
  /// torch.save.
  static func folder(of archive: ZipArchive) -> String? {
    archive.entries.lazy.compactMap { entry in
      let parts = entry.name.split(separator: "/", omittingEmptySubsequences: false)
      return parts.count == 2 && parts[1] == "data.pkl" ? "\(parts[0])/" : nil
    }.first
  }

  /// Reads `FOLDER/data.pkl`; the storages are `FOLDER/data/KEY`, each an entry that is not packed.
  init(_ archive: ZipArchive, folder: String) throws(TrainingError) {
    let source = archive.bytes
    let entries = Dictionary(uniqueKeysWithValues: archive.entries.map { ($0.name, $0) })
    func stored(_ name: String) throws(TrainingError) -> WeightBytes? {
      guard let entry = entries[folder + name] else { return nil }
      guard entry.isStored else {
        throw source.refusal("entry \(entry.name) is packed, which torch.save never does")
      }
      return try archive.contents(entry, isChecked: false)
    }
    if entries[folder + "constants.pkl"] != nil {
      throw source.refusal(
        "it is a TorchScript archive, which holds code",
        expected: "tensors by name, as torch.save(model.state_dict(), FILE) writes them")
    }
    if let order = try stored("byteorder"),
      try order.bytes(0..<min(order.count, 16)) != Array("little".utf8)
    {
      throw TorchSave.bigEndian(source)
    }
    guard let pickle = try stored("data.pkl") else { throw source.refusal("it has no pickle") }
    var machine = PickleMachine(source)
    var bytes = PickleBytes(pickle)
    root = try machine.run(&bytes)
    self.machine = machine
    var storages: [String: WeightBytes] = [:]
    for (key, size) in try TorchSave.sizes(machine.tensors, source) {
      guard let place = try stored("data/" + key) else {
        throw source.refusal("the bytes of storage \(WeightBytes.short(key)) are missing")
      }
      guard place.count == size else {
        throw source.refusal(
          "storage \(WeightBytes.short(key)) has another size than its tensors say",
          found: "\(place.count) bytes", expected: "\(size)")
      }
      storages[key] = place
    }
    self.storages = storages
  }

  // MARK: Pickles one after the other, before

  /// Reads a magic number, a version, facts of the system, the weights, the storages' keys, each a
  /// pickle, and then each storage's count of numbers and its bytes to the end of the file.
  init(_ source: WeightBytes) throws(TrainingError) {
    var bytes = PickleBytes(source)
    var machine = PickleMachine(source)
    let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    guard try machine.run(&bytes) == .opaque(magic) else {
      throw source.refusal("it is a pickle, but none of torch.save")
    }
    let version = try machine.run(&bytes)
    let system = try machine.run(&bytes)
    guard version == .integer(1001), let facts = machine.dictionary(system) else {
      throw source.refusal("it is of an unknown version of torch.save")
    }
    guard facts.contains(where: { $0.key == .text("little_endian") && $0.value == .boolean(true) })
    else { throw TorchSave.bigEndian(source) }
    root = try machine.run(&bytes)
    let last = try machine.run(&bytes)
    self.machine = machine

    let sizes = try TorchSave.sizes(machine.tensors, source)
    var known: [String: PickledStorage] = [:]
    for storage in machine.storages { known[storage.key] = storage }
    var storages: [String: WeightBytes] = [:]
    var position = bytes.position
    for key in machine.items(last) ?? [] {
      guard case .text(let key) = key, let storage = known[key], storages[key] == nil else {
        throw source.refusal("its list of storages is damaged")
      }
      // Those of no tensor have a size, too.
      let (size, overflow) = storage.count.multipliedReportingOverflow(by: storage.type.bytes)
      guard !overflow, source.count - position >= 8, size <= source.count - position - 8 else {
        throw source.refusal(
          "storage \(WeightBytes.short(key)) runs past the end of the file: it is truncated or damaged"
        )
      }
      guard try source.bytes(position..<(position + 8)).number(at: 0, 8) == storage.count else {
        throw source.refusal(
          "storage \(WeightBytes.short(key)) has another size than its tensors say")
      }
      position += 8
      storages[key] = source.part(position..<(position + size))
      position += size
    }
    guard position == source.count, sizes.keys.allSatisfy({ storages[$0] != nil }) else {
      throw source.refusal("its storages are not all that follows its pickles")
    }
    self.storages = storages
  }

  /// The bytes that the tensors' storages must have, each of one size.
  private static func sizes(
    _ tensors: [PickledTensor], _ source: WeightBytes
  ) throws(TrainingError) -> [String: Int] {
    var known: [String: PickledStorage] = [:]
    var sizes: [String: Int] = [:]
    for storage in tensors.lazy.map(\.storage) {
      if let other = known.updateValue(storage, forKey: storage.key) {
        guard other == storage else {
          throw source.refusal(
            "storage \(WeightBytes.short(storage.key)) is described in two ways")
        }
        continue
      }
      let (size, overflow) = storage.count.multipliedReportingOverflow(by: storage.type.bytes)
      guard !overflow else {
        throw source.refusal("storage \(WeightBytes.short(storage.key)) is too large")
      }
      sizes[storage.key] = size
    }
    return sizes
  }

  private static func bigEndian(_ source: WeightBytes) -> TrainingError {
    source.refusal("its numbers begin with the highest byte", expected: "a little-endian file")
  }

  // MARK: Tensors

  /// What wraps the weights in checkpoints, the averaged ones first.
  private static let wrappers = [
    "state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model", "net",
  ]

  /// The tensors by name in the file's order, their places checked against the storages.
  func tensors(_ source: WeightBytes) throws(TrainingError) -> [StateDictionary.Tensor] {
    var items = machine.dictionary(root)
    var depth = 0
    while let outer = items, depth < 4,
      let inner = TorchSave.wrappers.lazy.compactMap({ name in
        outer.first { $0.key == .text(name) }.flatMap { machine.dictionary($0.value) }
      }).first
    {
      items = inner
      depth += 1
    }
    guard let items, !items.isEmpty else {
      throw source.refusal(
        "it does not hold tensors by name",
        expected: "what torch.save(model.state_dict(), FILE) writes")
    }
    guard items.count <= StateDictionary.countLimit else {
      throw source.refusal(
        "it has too many tensors", found: "\(items.count)",
        expected: "at most \(StateDictionary.countLimit)")
    }
    var tensors: [StateDictionary.Tensor] = []
    for item in items {
      guard case .text(let name) = item.key, StateDictionary.isName(name) else {
        throw source.refusal("a tensor's name is no printable text of 1 to 256 bytes")
      }
      guard case .tensor(let place) = item.value else {
        throw source.refusal(
          "entry \(name) is no tensor",
          expected: "tensors by name, as torch.save(model.state_dict(), FILE) writes them")
      }
      tensors.append(try tensor(machine.tensors[place], name, source))
    }
    return tensors
  }

  private func tensor(
    _ tensor: PickledTensor, _ name: String, _ source: WeightBytes
  ) throws(TrainingError) -> StateDictionary.Tensor {
    let width = tensor.type.bytes
    guard let bytes = storages[tensor.storage.key], tensor.offset >= 0,
      let places = StridedPlaces(
        shape: tensor.shape, strides: tensor.strides,
        limit: bytes.count / width - min(tensor.offset, bytes.count / width))
    else {
      throw source.refusal(
        "tensor \(name) overlaps itself, is empty, or runs past the end of its storage",
        found: "shape \(tensor.shape), strides \(tensor.strides), offset \(tensor.offset)")
    }
    let start = tensor.offset * width
    return StateDictionary.Tensor(
      name: name, type: tensor.type, places: places,
      bytes: bytes.part(start..<(start + places.span * width)))
  }
}
