import Testing

/// An ONNX model file, decoded.
struct ONNXFile {
  struct Node {
    var type: String
    var name: String
    var inputs: [String]
    var output: String
    var ints: [String: [Int]]
    var floats: [String: Float]

    /// The first whole number of an attribute.
    func int(_ name: String, default value: Int = 0) -> Int { ints[name]?.first ?? value }
  }

  /// An input or output: name, type and extents, a text for one that is open.
  struct Port: Equatable {
    var name: String
    var type: Int
    var extents: [String]
  }

  var formatVersion: Int
  var opset: Int
  var nodes: [Node]
  var constants: [String: ONNXTensor]
  /// The type of each constant by name.
  var types: [String: Int]
  var input: Port
  var output: Port
  /// The outputs behind the first.
  var otherOutputs: [Port]
  var metadata: [String: String]

  init(_ bytes: [UInt8]) throws {
    let model = try ProtobufReader(bytes)
    let graph = try model.message(7)
    formatVersion = try #require(model.number(1))
    opset = try #require(try model.message(8).number(2))
    nodes = try graph.messages(1).map(ONNXFile.node)
    constants = [:]
    types = [:]
    for message in try graph.messages(5) {
      let name = try message.text(8)
      try #require(constants[name] == nil, "two constants \(name)")
      let type = try #require(message.number(2))
      types[name] = type
      constants[name] = ONNXTensor(
        message.numbers(1), try ONNXFile.values(type, try #require(message.byteStrings(9).first)))
    }
    input = try ONNXFile.port(try graph.message(11))
    output = try ONNXFile.port(try graph.message(12))
    otherOutputs = try graph.messages(12).dropFirst().map(ONNXFile.port)
    metadata = Dictionary(
      uniqueKeysWithValues: try model.messages(14).map { (try $0.text(1), try $0.text(2)) })
  }

  private static func node(_ message: ProtobufReader) throws -> Node {
    var node = Node(
      type: try message.text(4), name: try message.text(3), inputs: message.texts(1),
      output: try message.text(2), ints: [:], floats: [:])
    for attribute in try message.messages(5) {
      let name = try attribute.text(1)
      switch attribute.number(20) {
      case 1: node.floats[name] = attribute.float(2)
      case 2: node.ints[name] = attribute.numbers(3)
      case 7: node.ints[name] = attribute.numbers(8)
      default: throw ProtobufReader.Malformed()
      }
    }
    return node
  }

  private static func values(_ type: Int, _ bytes: [UInt8]) throws -> [Double] {
    let words = ProtobufReader.words(bytes + (bytes.count % 4 == 0 ? [] : [0, 0]))
    let pairs = stride(from: 0, to: words.count - 1, by: 2).map {
      UInt64(words[$0]) | UInt64(words[$0 + 1]) << 32
    }
    switch type {
    case 1: return words.map { Double(Float(bitPattern: $0)) }
    case 7: return pairs.map { Double(Int64(bitPattern: $0)) }
    case 10:
      let halves = words.flatMap { [UInt16($0 & 0xFFFF), UInt16($0 >> 16)] }
      return halves.prefix(bytes.count / 2).map { Double(Float16(bitPattern: $0)) }
    case 11: return pairs.map(Double.init(bitPattern:))
    default: throw ProtobufReader.Malformed()
    }
  }

  private static func port(_ message: ProtobufReader) throws -> Port {
    let tensor = try message.message(2, 1)
    return Port(
      name: try message.text(1), type: try #require(tensor.number(1)),
      extents: try tensor.message(2).messages(1).map { extent in
        if let length = extent.number(1) { return String(length) }
        return try extent.text(2)
      })
  }
}
