internal import CNN
internal import Primitives

/// A safetensors file that another program wrote, its header read and checked.
struct TorchFile {
  let layout: TensorFile.Layout
  private let path: String
  private let file: InputFile

  /// Bytes that a file may have.
  private static let sizeLimit = 1 << 31

  /// Opens a file and reads its header.
  ///
  /// Errors: no such file, a pickle, a model of this program, anything that is no safetensors file.
  init(_ path: String) throws(TrainingError) {
    self.path = path
    let file = try InputFile(path, limit: TorchFile.sizeLimit)
    self.file = file
    let prefix = try file.bytes(0..<min(file.size, TensorFile.Layout.prefixBytes))
    if let kind = TorchFile.pickle(prefix) { throw TorchFile.refusal(path, kind) }
    let end = try TorchFile.naming(path) { () throws(TensorFileError) in
      try TensorFile.Layout.headerEnd(prefix: prefix, fileBytes: file.size)
    }
    let head = try file.bytes(0..<end)
    layout = try TorchFile.naming(path) { () throws(TensorFileError) in
      try TensorFile.Layout(head: head, fileBytes: file.size, of: .foreign)
    }
    if layout.digest != nil, layout.metadata["architecture"] != nil {
      throw TrainingError(
        .badData, "\(path) is already a cnnctl model", advice: "--model \(path)")
    }
  }

  /// The numbers of a tensor, none of them infinite or none.
  func values(_ place: TensorFile.Layout.Place) throws(TrainingError) -> [Float] {
    let bytes = try file.bytes(place.bytes)
    var values = [Float](repeating: 0, count: place.shape.reduce(1, *))
    try TorchFile.naming(path) { () throws(TensorFileError) in
      var failure: TensorFileError?
      bytes.withUnsafeBytes { bytes in
        values.withUnsafeMutableBufferPointer { target in
          do throws(TensorFileError) {
            try TensorFile.decode(
              bytes, of: place, scales: UnsafeBufferPointer(start: nil, count: 0), into: target)
          } catch {
            failure = error
          }
        }
      }
      if let failure { throw failure }
    }
    return values
  }

  /// The kind of pickle that begins with these bytes; nil for another file.
  private static func pickle(_ prefix: [UInt8]) -> String? {
    if prefix.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return "a zip archive" }
    // Protocols from 2 on begin with their number.
    if prefix.count > 1, prefix[0] == 0x80, (2...5).contains(prefix[1]) { return "a pickle" }
    return nil
  }

  /// Reading a pickle runs what is in it, so nothing of one is read.
  private static func refusal(_ path: String, _ kind: String) -> TrainingError {
    let (old, new) = (JSON.quoted(path), JSON.quoted(path + ".safetensors"))
    return TrainingError(
      .badData,
      "\(path) is not a safetensors file but \(kind) of torch.save, which can run code",
      expected: "a safetensors file, which two lines of Python make from it",
      advice: "import torch; from safetensors.torch import save_file\n"
        + "save_file(torch.load(\(old), weights_only=True), \(new))")
  }

  /// Runs `body`; what it says of the bytes is said of the file of that name.
  private static func naming<Value>(
    _ path: String, _ body: () throws(TensorFileError) -> Value
  ) throws(TrainingError) -> Value {
    do throws(TensorFileError) {
      return try body()
    } catch {
      throw TrainingError(
        .badData, "\(path) cannot be imported: \(error)",
        expected: "a complete safetensors file with weights in F32, F16 or BF16")
    }
  }
}
