internal import Primitives

/// Reads the pickles of torch.save.
///
/// It knows the few operations that torch.save writes, and of Python's names those of
/// tensors, of which none is called. Anything else is refused by its name.
///
/// A list, dictionary or tuple is a number that says where its items lie. So what contains itself, or
/// lies in a hundred thousand others, is no chain of references that is walked or freed.
struct PickleMachine {
  enum Value: Hashable {
    case none
    case boolean(Bool)
    case integer(Int)
    case text(String)
    /// A number with a fraction, one of more than 64 bits, or bytes.
    case opaque([UInt8])
    case sequence(Int)
    case list(Int)
    case dictionary(Int)
    case name(TorchName)
    case storage(Int)
    case tensor(Int)
  }

  typealias Item = (key: Value, value: Value)

  private(set) var storages: [PickledStorage] = []
  private(set) var tensors: [PickledTensor] = []
  private var sequences: [[Value]] = []
  private var dictionaries: [[Item]] = []
  private var stack: [Value] = []
  private var marks: [Int] = []
  private var memo: [UInt64: Value] = [:]
  private var operations = 0
  private let source: WeightBytes

  /// Operations of all pickles of a file; a tensor takes about forty.
  private static let operationLimit = 1 << 20

  init(_ source: WeightBytes) { self.source = source }

  /// The items of a list or tuple; nil for another value.
  func items(_ value: Value) -> [Value]? {
    switch value {
    case .sequence(let place), .list(let place): sequences[place]
    default: nil
    }
  }

  /// The items of a dictionary in their order; nil for another value.
  func dictionary(_ value: Value) -> [Item]? {
    if case .dictionary(let place) = value { dictionaries[place] } else { nil }
  }

  /// The value of one pickle, the bytes behind it left.
  mutating func run(_ bytes: inout PickleBytes) throws(TrainingError) -> Value {
    (stack, marks, memo) = ([], [], [:])
    while true {
      operations += 1
      guard operations <= PickleMachine.operationLimit else {
        throw source.refusal(
          "its pickle has too many operations",
          expected: "at most \(PickleMachine.operationLimit)")
      }
      let code = try bytes.byte()
      if code == UInt8(ascii: ".") { break }
      try apply(code, &bytes)
    }
    let value = try pop()
    guard stack.isEmpty, marks.isEmpty else { throw damaged() }
    return value
  }

  private mutating func apply(
    _ code: UInt8, _ bytes: inout PickleBytes
  ) throws(TrainingError) {
    switch code {
    case 0x80:
      let version = try bytes.byte()
      guard version <= 5 else {
        throw source.refusal("its pickle is of an unknown protocol", found: "\(version)")
      }
    case 0x95: _ = try bytes.number(8)
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88, 0x89: stack.append(.boolean(code == 0x88))
    case UInt8(ascii: "J"):
      stack.append(.integer(Int(Int32(truncatingIfNeeded: try bytes.number(4)))))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try bytes.number(1))))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try bytes.number(2))))
    case 0x8A: stack.append(PickleMachine.integer(try bytes.take(bytes.number(1))))
    case UInt8(ascii: "G"): stack.append(.opaque(Array(try bytes.take(8))))
    // Text; Python 2 has it without saying which.
    case 0x8C, UInt8(ascii: "U"): stack.append(.text(try bytes.text(bytes.number(1))))
    case UInt8(ascii: "X"), UInt8(ascii: "T"):
      stack.append(.text(try bytes.text(bytes.number(4))))
    case 0x8D: stack.append(.text(try bytes.text(bytes.number(8))))
    case UInt8(ascii: "C"): stack.append(.opaque(Array(try bytes.take(bytes.number(1)))))
    case UInt8(ascii: "B"): stack.append(.opaque(Array(try bytes.take(bytes.number(4)))))
    case UInt8(ascii: "}"): add(dictionary: [])
    case UInt8(ascii: "]"): add(list: [])
    case UInt8(ascii: ")"): add(tuple: [])
    case 0x85...0x87:
      let count = Int(code) - 0x84
      guard stack.count - (marks.last ?? 0) >= count else { throw damaged() }
      let items = Array(stack.suffix(count))
      stack.removeLast(count)
      add(tuple: items)
    case UInt8(ascii: "t"): add(tuple: try popToMark())
    case UInt8(ascii: "a"), UInt8(ascii: "e"):
      let items = code == UInt8(ascii: "a") ? [try pop()] : try popToMark()
      guard case .list(let place)? = top else { throw damaged() }
      sequences[place] += items
    case UInt8(ascii: "s"), UInt8(ascii: "u"): try setItems(isOne: code == UInt8(ascii: "s"))
    case UInt8(ascii: "q"): try remember(try bytes.number(1))
    case UInt8(ascii: "r"): try remember(try bytes.number(4))
    case 0x94: try remember(UInt64(memo.count))
    case UInt8(ascii: "h"): try recall(try bytes.number(1))
    case UInt8(ascii: "j"): try recall(try bytes.number(4))
    case UInt8(ascii: "c"): stack.append(try name(bytes.line(), bytes.line()))
    case 0x93:
      guard case .text(let word) = try pop(), case .text(let module) = try pop() else {
        throw damaged()
      }
      stack.append(try name(module, word))
    // An object of a class; only the class is of interest.
    case UInt8(ascii: "i"): _ = try name(bytes.line(), bytes.line())
    case UInt8(ascii: "Q"): try addStorage()
    case UInt8(ascii: "R"): try reduce()
    case UInt8(ascii: "b"):
      // A dictionary of modules' versions, kept with an ordered dictionary.
      let state = try pop()
      guard dictionary(state) != nil, let last = top, dictionary(last) != nil else {
        throw source.refusal("its pickle changes an object that is no ordered dictionary")
      }
    default:
      throw source.refusal(
        "its pickle has an operation that torch.save does not write",
        found: "0x" + String(code, radix: 16) + " before byte \(bytes.position)")
    }
  }

  // MARK: The stack

  private func damaged() -> TrainingError { source.refusal("its pickle is damaged") }

  /// The last value above the last mark.
  private var top: Value? { stack.count > marks.last ?? 0 ? stack.last : nil }

  private mutating func pop() throws(TrainingError) -> Value {
    guard let value = top else { throw damaged() }
    stack.removeLast()
    return value
  }

  private mutating func popToMark() throws(TrainingError) -> [Value] {
    guard let mark = marks.popLast(), mark <= stack.count else { throw damaged() }
    let items = Array(stack[mark...])
    stack.removeLast(items.count)
    return items
  }

  private mutating func add(tuple items: [Value]) {
    stack.append(.sequence(sequences.count))
    sequences.append(items)
  }

  private mutating func add(list items: [Value]) {
    stack.append(.list(sequences.count))
    sequences.append(items)
  }

  private mutating func add(dictionary items: [Item]) {
    stack.append(.dictionary(dictionaries.count))
    dictionaries.append(items)
  }

  private mutating func setItems(isOne: Bool) throws(TrainingError) {
    var words: [Value]
    if isOne {
      let value = try pop()
      words = [try pop(), value]
    } else {
      words = try popToMark()
    }
    guard words.count.isMultiple(of: 2), case .dictionary(let place)? = top else {
      throw damaged()
    }
    for index in stride(from: 0, to: words.count, by: 2) {
      dictionaries[place].append((words[index], words[index + 1]))
    }
  }

  private mutating func remember(_ key: UInt64) throws(TrainingError) {
    guard let value = top else { throw damaged() }
    memo[key] = value
  }

  private mutating func recall(_ key: UInt64) throws(TrainingError) {
    guard let value = memo[key] else { throw damaged() }
    stack.append(value)
  }

  /// A whole number of so many bytes, the highest of which has the sign.
  private static func integer(_ bytes: ArraySlice<UInt8>) -> Value {
    guard bytes.count <= 8 else { return .opaque(Array(bytes)) }
    let free = UInt64(64 - 8 * bytes.count)
    return .integer(Int(Int64(bitPattern: bytes.number(at: 0, bytes.count) << free) >> Int64(free)))
  }

  // MARK: Python's names

  private func name(_ module: String, _ word: String) throws(TrainingError) -> Value {
    guard let name = TorchName("\(module).\(word)") else {
      throw source.refusal(
        "it names \(WeightBytes.short("\(module).\(word)")), which is code and no tensor",
        expected: "tensors by name, as torch.save(model.state_dict(), FILE) writes them")
    }
    return .name(name)
  }

  /// Bytes of the file, named by a tuple: "storage", its class, its key, a device, a count.
  private mutating func addStorage() throws(TrainingError) {
    let reference = try pop()
    guard let words = items(reference), words.count == 5 || words.count == 6 && words[5] == .none,
      words[0] == .text("storage"), case .name(.storage(let type)) = words[1],
      case .text(let key) = words[2], case .text = words[3], case .integer(let count) = words[4],
      count >= 0
    else { throw source.refusal("its pickle has a reference that is none to a storage") }
    stack.append(.storage(storages.count))
    storages.append(PickledStorage(key: key, type: type, count: count))
  }

  /// What a name makes of its arguments; nothing is called.
  private mutating func reduce() throws(TrainingError) {
    let arguments = try pop()
    guard case .name(let name) = try pop(), let words = items(arguments) else { throw damaged() }
    switch name {
    case .orderedDictionary:
      // Python 2 has a list of pairs here.
      var pairs: [Item] = []
      if let first = words.first {
        guard words.count == 1, let list = items(first) else { throw damaged() }
        for pair in list {
          guard let pair = items(pair), pair.count == 2 else { throw damaged() }
          pairs.append((pair[0], pair[1]))
        }
      }
      add(dictionary: pairs)
    case .size:
      guard words.count == 1, items(words[0]) != nil else { throw damaged() }
      stack.append(words[0])
    case .parameter:
      guard let tensor = words.first, case .tensor = tensor else { throw damaged() }
      stack.append(tensor)
    case .tensor: try addTensor(words)
    case .storage, .type: throw damaged()
    }
  }

  /// A storage, the first number's place in it, extents and strides; more says how it is trained, and
  /// perhaps a type.
  private mutating func addTensor(_ words: [Value]) throws(TrainingError) {
    guard (4...9).contains(words.count), case .storage(let place) = words[0],
      case .integer(let offset) = words[1], let shape = integers(words[2]),
      let strides = integers(words[3])
    else { throw source.refusal("its pickle has a tensor without storage, extents or strides") }
    var type = storages[place].type
    if words.count > 6, case .name(.type(let own)) = words[6] { type = own }
    stack.append(.tensor(tensors.count))
    tensors.append(
      PickledTensor(
        storage: storages[place], type: type, offset: offset, shape: shape, strides: strides))
  }

  private func integers(_ value: Value) -> [Int]? {
    guard let items = items(value), items.count <= 8 else { return nil }
    let numbers = items.compactMap { if case .integer(let number) = $0 { number } else { nil } }
    return numbers.count == items.count ? numbers : nil
  }
}

/// Bytes of a file as a pickle names them.
struct PickledStorage: Hashable {
  let key: String
  let type: NumberType
  /// Numbers of the type.
  let count: Int
}

/// A tensor as a pickle describes it, unchecked.
struct PickledTensor {
  let storage: PickledStorage
  let type: NumberType
  let offset: Int
  let shape: [Int]
  let strides: [Int]
}

/// The names of Python that a file of weights has use for.
enum TorchName: Hashable {
  case orderedDictionary
  case size
  case tensor
  case parameter
  case storage(NumberType)
  case type(NumberType)

  init?(_ name: String) {
    switch name {
    case "collections.OrderedDict": self = .orderedDictionary
    case "torch.Size": self = .size
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2",
      "torch._utils._rebuild_tensor_v3":
      self = .tensor
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      self = .parameter
    case "torch.storage.UntypedStorage": self = .storage(.uint8)
    default:
      guard
        let found = NumberType.allCases.lazy.compactMap({ type -> TorchName? in
          name == "torch.\(type.storageName)"
            ? .storage(type) : name == "torch.\(type.rawValue)" ? .type(type) : nil
        }).first
      else { return nil }
      self = found
    }
  }
}
