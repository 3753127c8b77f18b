import CNN
import Primitives
import TestSupport

/// A way in which a model file can be wrong; every file that it makes must be refused.
struct HostileKind: Sendable {
  /// What is wrong.
  let name: String
  /// A wrong file out of a right one, another one for other random numbers.
  let damaged: @Sendable ([UInt8], inout RandomStream) throws -> [UInt8]

  /// Damage to the bytes as they are; mostly the digest finds it.
  static func bytes(
    _ name: String, _ damage: @escaping @Sendable (inout [UInt8], inout RandomStream) -> Void
  ) -> HostileKind {
    HostileKind(name: name) { file, stream in
      var file = file
      damage(&file, &stream)
      return file
    }
  }

  /// A file with a right length of its header and a right digest, and something else wrong.
  static func parts(
    _ name: String,
    _ damage: @escaping @Sendable (inout HostileModel, inout RandomStream) throws -> Void
  ) -> HostileKind {
    HostileKind(name: name) { file, stream in
      var model = try HostileModel(file)
      try damage(&model, &stream)
      return model.bytes
    }
  }

  /// A file that is right but for what its arrays or its metadata say.
  static func content(
    _ name: String,
    _ damage: @escaping @Sendable (inout TensorFile, inout RandomStream) throws -> Void
  ) -> HostileKind {
    HostileKind(name: name) { file, stream in
      var content = try TensorFile(decoding: file)
      try damage(&content, &stream)
      return content.encoded()
    }
  }

  /// One entry of the metadata is one of these texts.
  static func metadata(_ name: String, _ key: String, _ texts: [String]) -> HostileKind {
    content(name) { $0.metadata[key] = $1.pick(texts) }
  }

  /// One field of the preprocessing is one of these values; `null` takes it away.
  static func preprocessing(_ name: String, _ field: String, _ values: [JSON]) -> HostileKind {
    parts(name) { model, stream in
      var preprocessing = try model.json("preprocessing")
      let value = stream.pick(values)
      preprocessing[field] = value == .null ? nil : value
      model.set("preprocessing", HostileModel.text(preprocessing))
    }
  }

  /// One field of a layer is one of these values.
  static func layer(
    _ name: String, _ kind: String, _ field: String, _ values: [JSON]
  ) -> HostileKind {
    parts(name) { model, stream in
      try model.setField(field, of: kind, stream.pick(values))
    }
  }

  /// One field of an array's entry in the header is one of these values.
  static func entry(_ name: String, _ field: String, _ values: [JSON]) -> HostileKind {
    parts(name) { model, stream in
      let place = model.array(&stream)
      model.header[place].value[field] = stream.pick(values)
    }
  }

  /// An array has another name.
  static func renamed(
    _ name: String, _ new: @escaping @Sendable (String, inout RandomStream) -> String
  ) -> HostileKind {
    parts(name) { model, stream in
      let place = model.array(&stream)
      model.header[place].key = new(model.header[place].key, &stream)
    }
  }

  /// All kinds.
  static let all = ofBytes + ofHeaders + ofMetadata + ofArchitectures + ofWeights
}
