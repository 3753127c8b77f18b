import CNN
import Primitives
import TestSupport

/// What no layer takes for a number, these among them.
private func none(and others: JSON...) -> [JSON] {
  others
    + JSON.each(
      "-1", "1.5", "9223372036854775807", "-9223372036854775808", "1e300", "65537")
}

private let wrongTypes: [JSON] = [
  .null, .bool(true), .string("3"), .array([]), .members([:]),
]

/// A layer of that kind.
private func ofKind(_ kind: String) -> JSON { .members(["kind": .string(kind)]) }

/// Residual blocks, each inside the other.
private func blocks(_ depth: Int) -> JSON {
  (0..<depth).reduce(ofKind("relu")) { inner, _ in
    .members(["kind": .string("residual"), "body": .array([inner])])
  }
}

extension HostileKind {
  private static func layers(
    _ name: String, _ change: @escaping @Sendable (inout [JSON], inout RandomStream) -> Void
  ) -> HostileKind {
    parts(name) { model, stream in try model.changeLayers { change(&$0, &stream) } }
  }

  private static func input(_ name: String, _ values: [JSON]) -> HostileKind {
    parts(name) { model, stream in
      var architecture = try model.json("architecture")
      architecture["input"]?[stream.pick(["width", "height", "channels"])] = stream.pick(values)
      model.set("architecture", HostileModel.text(architecture))
    }
  }

  /// Descriptions of networks that are none, or not the one whose weights follow.
  static let ofArchitectures: [HostileKind] = [
    metadata(
      "an architecture that is no JSON", "architecture",
      [
        "", "x", "{", "[]", "null", "{}", "{\"layers\":[]}", "import os",
        "{\"input\":{},\"layers\":[]}",
      ]),
    parts("an architecture with a field that nobody knows") { model, stream in
      var architecture = try model.json("architecture")
      architecture[stream.pick(["path", "module", "url", "weights", "config"])] = .string(
        "/etc/passwd")
      model.set("architecture", HostileModel.text(architecture))
    },
    layers("a layer that nobody knows") { layers, stream in
      let kind = stream.pick(["lambda", "Conv2D", "", "custom", "os.system", "conv2d\u{1b}[2J"])
      layers.insert(ofKind(kind), at: stream.index(below: layers.count))
    },
    layers("a layer with a field that nobody knows") { layers, stream in
      let field = stream.pick(["path", "lambda", "module", "function", "registered_name", "code"])
      layers[stream.index(below: layers.count)][field] = .string("exec")
    },
    layers("a layer that is no object") { layers, stream in
      layers[stream.index(below: layers.count)] = stream.pick(wrongTypes + none())
    },
    parts("layers that are no list") { model, stream in
      var architecture = try model.json("architecture")
      architecture["layers"] = stream.pick([
        .null, .string(""), .number("1"), .members([:]), .array([]),
      ])
      model.set("architecture", HostileModel.text(architecture))
    },
    layers("layers that compute nothing") { layers, stream in
      layers = [JSON](repeating: ofKind("flatten"), count: 1 + stream.index(below: 9))
    },
    layers("a layer less") { layers, stream in layers.remove(at: stream.pick([0, 1, 4, 7])) },
    layers("a layer more") { layers, stream in
      layers.insert(ofKind("batchNorm"), at: stream.index(below: layers.count))
    },
    layers("more layers than there may be") { layers, stream in
      layers += [JSON](repeating: ofKind("dropout"), count: 5000 + stream.index(below: 5000))
      for place in layers.indices where layers[place]["kind"] == .string("dropout") {
        layers[place]["rate"] = .number("0")
      }
    },
    layers("blocks nested too deep") { layers, stream in
      layers.append(blocks(64 + stream.index(below: 400)))
    },
    layers("blocks nested as deep as may be, of another shape") { layers, stream in
      layers.insert(blocks(20 + stream.index(below: 30)), at: 0)
      layers.removeLast()
    },
    layers("blocks whose ways differ") { layers, stream in
      layers[4]["shortcut"] = .array([
        ofKind(stream.pick(["maxPool2D", "flatten", "globalAveragePool2D"]))
      ])
    },

    layer("filters that cannot be", "conv2D", "filters", none(and: .number("0"))),
    layer(
      "filters without weights", "conv2D", "filters",
      JSON.each("1", "5", "4096", "65536")),
    layer("kernels that cannot be", "conv2D", "kernelSize", none(and: .number("0"), .number("65"))),
    layer(
      "kernels without weights", "conv2D", "kernelSize", JSON.each("1", "5", "64")),
    layer("strides that cannot be", "conv2D", "stride", none(and: .number("0"))),
    layer(
      "paddings that cannot be", "conv2D", "padding",
      none(and: .string("reflect"), .number("3"))),
    layer(
      "an initializer that nobody knows", "conv2D", "initializer",
      [.string("exec"), .null, .number("1")]),
    layer("groups that cannot be", "conv2D", "groups", none(and: .number("0"), .number("7"))),
    layer("groups without weights", "conv2D", "groups", JSON.each("3", "4", "65536")),
    layers("functions that nobody knows") { layers, stream in
      layers.insert(
        .members([
          "kind": .string("activation"), "function": stream.pick([.string("exec"), .null]),
        ]), at: stream.index(below: layers.count))
    },
    layers("gates that do not fit") { layers, stream in
      layers.insert(
        .members([
          "kind": .string("gate"),
          "body": .array([
            ofKind("globalAveragePool2D"),
            .members(["kind": .string("dense"), "units": .number(stream.pick(["1", "65536"]))]),
          ]),
        ]), at: 1)
    },
    layers("gates that squeeze to nothing or without weights") { layers, stream in
      func convolution(_ filters: String) -> JSON {
        .members([
          "kind": .string("conv2D"), "filters": .number(filters), "kernelSize": .number("1"),
        ])
      }
      let width = stream.pick(["0", "-8", "65536", "9223372036854775807"])
      layers.insert(
        .members([
          "kind": .string("gate"),
          "body": .array([
            ofKind("globalAveragePool2D"), convolution(width), ofKind("relu"), convolution("3"),
          ]),
        ]), at: 0)
    },
    layers("more depthwise channels than there are weights for") { layers, _ in
      let wide: JSON = .members([
        "kind": .string("conv2D"), "filters": .number("65536"), "kernelSize": .number("1"),
      ])
      let depthwise: JSON = .members([
        "kind": .string("conv2D"), "filters": .number("65536"), "groups": .number("65536"),
        "kernelSize": .number("7"), "padding": .string("same"),
      ])
      layers.insert(contentsOf: [wide, depthwise], at: 0)
    },
    layer("numbers of other types", "conv2D", "filters", wrongTypes),
    layer("windows that cannot be", "maxPool2D", "size", none(and: .number("0"), .number("16"))),
    layer("steps that cannot be", "maxPool2D", "stride", none(and: .number("0"))),
    layer("units that cannot be", "dense", "units", none(and: .number("0"))),
    layer("units without weights", "dense", "units", JSON.each("2", "4", "65536")),
    layer(
      "shares that cannot be", "dropout", "rate",
      none(and: .number("0.999"), .number("-0.1"))),
    layer(
      "an epsilon that cannot be", "batchNorm", "epsilon",
      JSON.each("0", "-1", "2", "1e-300", "1e999")),
    layers("products that are too large") { layers, stream in
      let side = stream.pick(["64", "63"])
      let layer: JSON = .members([
        "kind": .string("conv2D"), "filters": .number("65536"), "kernelSize": .number(side),
        "padding": .string("same"),
      ])
      layers.insert(
        contentsOf: [JSON](repeating: layer, count: 1 + stream.index(below: 3)), at: 0)
    },
    layers("a vector of millions before a dense layer") { layers, stream in
      layers = [
        .members([
          "kind": .string("conv2D"), "filters": .number("65536"), "kernelSize": .number("1"),
        ]), ofKind("flatten"),
        .members(["kind": .string("dense"), "units": .number(stream.pick(["1", "65536"]))]),
      ]
    },

    input("an input that cannot be", none(and: .number("0"))),
    input("an input of another size", JSON.each("4", "7", "16384")),
    input("an input of another type", wrongTypes),
  ]
}
