internal import CNN
internal import Classifier
internal import FuzzEntry
internal import ImageData
internal import Primitives

// Mutants that get past the first checks: the header's length and the digest are set right, and
// descriptions of networks are changed as such, their arrays made to fit.

/// JSON as it stands in a tree.
func jsonText(_ node: JSON) -> String {
  switch node {
  case .object(let members):
    "{"
      + members.map { JSON.quoted($0.key) + ":" + jsonText($0.value) }
      .joined(separator: ",") + "}"
  case .array(let values): "[" + values.map(jsonText).joined(separator: ",") + "]"
  case .string(let string): JSON.quoted(string)
  case .number(let number): number
  case .bool(let value): "\(value)"
  case .null: "null"
  }
}

/// Bytes changed by the fuzzer's own rules.
private func mutated(_ bytes: some Collection<UInt8>) -> [UInt8] {
  var buffer = Array(bytes)
  let count = buffer.count
  let capacity = count + 64
  buffer += [UInt8](repeating: 0, count: 64)
  let length = buffer.withUnsafeMutableBufferPointer {
    LLVMFuzzerMutate($0.baseAddress, count, capacity)
  }
  return Array(buffer[..<length])
}

private func mutated(_ text: String) -> String {
  String(decoding: mutated(text.utf8), as: UTF8.self)
}

/// A file of this header and data, its last 32 bytes the digest of the others.
private func sealed(header: [UInt8], data: some Collection<UInt8>) -> [UInt8] {
  let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
  let bytes = (length + header + data).dropLast(32)
  return bytes + SHA256.digest(bytes)
}

/// Where a file's header ends, as far as its length can be believed.
private func headerEnd(_ file: [UInt8]) -> Int {
  guard file.count >= 42 else { return file.count }
  let length = file[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  return 8 + Int(min(length, UInt64(file.count - 40)))
}

private func mutant(_ file: [UInt8], _ stream: inout RandomStream) -> [UInt8] {
  let end = headerEnd(file)
  guard file.count >= 42 else { return mutated(file) }
  let header = Array(file[8..<end])
  switch stream.index(below: 8) {
  case 0: return mutated(file)
  case 1: return sealed(header: mutated(header), data: file[end...])
  case 2:
    let data = mutated(file[end...].dropLast(32))
    return sealed(header: header, data: data + [UInt8](repeating: 0, count: 32))
  case 3, 4:
    guard var content = try? TensorFile(decoding: file, requiresDigest: false),
      let key = content.metadata.keys.sorted().randomElement(using: &stream)
    else { return sealed(header: mutated(header), data: file[end...]) }
    content.metadata[key] = mutated(content.metadata[key] ?? "")
    return content.encoded()
  default:
    let text = (try? TensorFile(decoding: file, requiresDigest: false))?.metadata["architecture"]
    let tree = text.flatMap { try? JSON.parse(Array($0.utf8)[...], depth: 128) }
    guard let tree, let file = Networks.file(of: Networks.changed(tree, &stream), &stream) else {
      return sealed(header: mutated(header), data: file[end...])
    }
    return file
  }
}

/// The fuzzer's mutator for both targets; one in sixteen keeps what it broke.
@_cdecl("mutate_model")
public func mutateModel(
  _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ capacity: Int, _ seed: UInt32
) -> Int {
  guard seed % 16 != 0 else { return LLVMFuzzerMutate(bytes, count, capacity) }
  var stream = RandomStream(seed: UInt64(seed), purpose: .test)
  let file = mutant(Array(UnsafeBufferPointer(start: bytes, count: count)), &stream)
  guard file.count <= capacity else { return LLVMFuzzerMutate(bytes, count, capacity) }
  for (place, byte) in file.enumerated() { bytes[place] = byte }
  return file.count
}
