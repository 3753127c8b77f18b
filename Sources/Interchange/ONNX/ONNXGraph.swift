/// Builds a graph: nodes and constants in ONNX's messages (onnx.proto, IR version 8).
struct ONNXGraph {
  /// The type of a tensor's elements, numbered as in `TensorProto.DataType`.
  enum ElementType: Int {
    case float = 1
    case uint8 = 2
    case int64 = 7
    case half = 10
    case double = 11
  }

  /// An attribute of a node.
  enum Attribute {
    case int(Int)
    case ints([Int])
    case float(Float)
  }

  /// An extent of an input or output: fixed, or variable with a name.
  enum Extent {
    case fixed(Int)
    case open(String)
  }

  private var nodes: [ProtobufMessage] = []
  private var constants: [ProtobufMessage] = []
  private var constantNames: Set<String> = []

  var count: Int { nodes.count }

  /// Adds a node and returns the name of its only output, which is also the node's.
  ///
  /// An empty name omits an optional input. Attributes are written in the order of their names.
  mutating func add(
    _ type: String, _ inputs: [String], _ name: String, _ attributes: [String: Attribute] = [:]
  ) -> String {
    nodes.append(
      ProtobufMessage {
        for input in inputs { $0.put(1, input) }
        $0.put(2, name)
        $0.put(3, name)
        $0.put(4, type)
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
          $0.put(5, ONNXGraph.message(name, value))
        }
      })
    return name
  }

  /// Adds a node that casts its input.
  mutating func cast(_ input: String, to type: ElementType, _ name: String) -> String {
    add("Cast", [input], name, ["to": .int(type.rawValue)])
  }

  /// Adds a constant of floats and returns its name; an existing constant of that name is kept.
  mutating func constant(_ name: String, _ shape: [Int], _ values: [Float]) -> String {
    constant(name, shape, .float, LittleEndian.bytes(values))
  }

  /// Adds a constant of doubles.
  mutating func constant(_ name: String, _ shape: [Int], _ values: [Double]) -> String {
    constant(name, shape, .double, LittleEndian.bytes(values))
  }

  /// Adds a constant list of whole numbers.
  mutating func constant(_ name: String, _ values: [Int]) -> String {
    constant(name, [values.count], .int64, LittleEndian.bytes(values.map(Int64.init)))
  }

  /// Adds a constant whole number.
  mutating func constant(_ name: String, _ value: Int) -> String {
    constant(name, [], .int64, LittleEndian.bytes([Int64(value)]))
  }

  /// Adds a constant of floats held in 16 bits.
  mutating func halves(_ name: String, _ shape: [Int], _ values: [Float]) -> String {
    constant(name, shape, .half, LittleEndian.halves(values))
  }

  private mutating func constant(
    _ name: String, _ shape: [Int], _ type: ElementType, _ bytes: [UInt8]
  ) -> String {
    guard constantNames.insert(name).inserted else { return name }
    constants.append(
      ProtobufMessage {
        $0.putEach(1, shape)
        $0.put(2, type.rawValue)
        $0.put(8, name)
        $0.put(9, bytes)
      })
    return name
  }

  /// The whole graph as a `GraphProto`.
  func message(
    name: String, input: ProtobufMessage, outputs: [ProtobufMessage]
  ) -> ProtobufMessage {
    ProtobufMessage {
      for node in nodes { $0.put(1, node) }
      $0.put(2, name)
      for constant in constants { $0.put(5, constant) }
      $0.put(11, input)
      for output in outputs { $0.put(12, output) }
    }
  }

  /// An input or output as a `ValueInfoProto`.
  static func value(
    _ name: String, _ type: ElementType, _ extents: [Extent]
  ) -> ProtobufMessage {
    ProtobufMessage {
      $0.put(1, name)
      $0.put(2) {
        $0.put(1) {
          $0.put(1, type.rawValue)
          $0.put(2) {
            for extent in extents {
              $0.put(1) {
                switch extent {
                case .fixed(let length): $0.put(1, length)
                case .open(let name): $0.put(2, name)
                }
              }
            }
          }
        }
      }
    }
  }

  /// An `AttributeProto`; the last field is its type's number.
  private static func message(_ name: String, _ value: Attribute) -> ProtobufMessage {
    ProtobufMessage {
      $0.put(1, name)
      switch value {
      case .float(let number):
        $0.put(2, number)
        $0.put(20, 1)
      case .int(let number):
        $0.put(3, number)
        $0.put(20, 2)
      case .ints(let numbers):
        $0.putEach(8, numbers)
        $0.put(20, 7)
      }
    }
  }
}
