internal import CNN
internal import Classifier
internal import Interchange
internal import Primitives

// What must hold of any bytes, for the fuzzer. A property that does not hold ends the process, as a
// trap does; what the sanitizer sees ends it, too.

/// Ends the process if something does not hold.
private func check(_ holds: Bool, _ property: StaticString) {
  if !holds { fatalError("\(property)") }
}

private func array(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
  Array(UnsafeBufferPointer(start: start, count: count))
}

/// The reader of headers, of JSON, and of the arrays that a header describes.
@_cdecl("fuzz_header")
public func fuzzHeader(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = array(start, count)
  if let tree = try? JSON.parse(bytes.dropFirst(8), depth: 100) {
    let again = try? JSON.parse(Array(jsonText(tree).utf8)[...], depth: 100)
    check(again == tree, "JSON written and read again is the same")
  }
  let layout = (try? TensorFile.Layout.headerEnd(prefix: bytes.prefix(8), fileBytes: count))
    .flatMap { try? TensorFile.Layout(head: Array(bytes[..<$0]), fileBytes: count) }
  let file = try? TensorFile(decoding: bytes, requiresDigest: false)
  guard let layout else {
    check(file == nil, "no file without its layout")
    return 0
  }
  checkPlaces(layout, count)
  guard let file else { return 0 }
  check(file == (try? TensorFile(decoding: bytes, requiresDigest: false)), "read again the same")
  let written = file.encoded()
  guard let back = try? TensorFile(decoding: written) else {
    // A name may have grown by its escapes beyond what a header may have.
    check(written.count > count, "what is written is read")
    return 0
  }
  check(back.tensors == file.tensors && back.metadata == file.metadata, "written and read again")
  check(back.encoded() == written, "the same content gives the same bytes")
  return 0
}

/// The arrays fill the file from the header's end on.
private func checkPlaces(_ layout: TensorFile.Layout, _ count: Int) {
  var end = layout.arrays.first?.bytes.lowerBound ?? layout.digest?.lowerBound ?? count
  for place in layout.arrays {
    check(place.bytes.lowerBound == end, "arrays follow one another")
    check(place.shape.reduce(place.type.bytes, *) == place.bytes.count, "bytes fit the shape")
    end = place.bytes.upperBound
  }
  check((layout.digest?.lowerBound ?? count) == end, "the digest follows")
  check((layout.digest?.upperBound ?? count) == count, "the file ends there")
}

/// The whole load, and an answer of a small network that is taken.
@_cdecl("fuzz_model")
public func fuzzModel(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  do throws(TrainingError) {
    let model = try ClassifierModel(at: ModelLocation(BoxedModel(name: "fuzz", bytes: bytes)))
    checkModel(model)
  } catch {
    checkRefusal(error)
  }
  return 0
}

/// What is said of a file that is not taken.
private func checkRefusal(_ error: TrainingError) {
  let lines = error.description.split(separator: "\n", omittingEmptySubsequences: false)
  check(error.kind == .badData, "a refusal says that the file is not right")
  check((1...4).contains(lines.count) && !lines.contains(""), "one to four lines")
  check(lines[0].contains("fuzz"), "the message names the file")
  check(lines.allSatisfy { $0.unicodeScalars.count < 1200 }, "lines are short")
  check(!lines.joined().unicodeScalars.contains(where: steersTerminal), "and printable")
}

/// Another program's weights: safetensors, what torch.save writes, and archives of them.
@_cdecl("fuzz_weights")
public func fuzzWeights(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do throws(TrainingError) {
    let state = try StateDictionary(array(start, count), name: "fuzz")
    check(Set(state.tensors.map(\.name)).count == state.tensors.count, "no name twice")
    for tensor in state.tensors {
      let size = tensor.shape.reduce(1, *)
      // Stored or packed, of a byte or more each.
      check((1...(64 * count)).contains(size), "no more numbers than bytes")
      let values = try tensor.values()
      check(values.count == size && values.allSatisfy(\.isFinite), "numbers that fill the shape")
    }
  } catch {
    checkRefusal(error)
  }
  return 0
}

private func checkModel(_ model: ClassifierModel) {
  let written = model.encoded()
  let back = written.withUnsafeBytes { bytes in
    try? ClassifierModel(at: ModelLocation(BoxedModel(name: "back", bytes: bytes)))
  }
  guard let back else {
    check(written.count > 1 << 20, "what is written is read")
    return
  }
  check(back.encoded() == written, "the same model gives the same bytes")
  check(back.classes == model.classes && back.preprocessing == model.preprocessing, "same facts")
  checkAnswers(model.network)
}

private let engine = try? Engine(threads: 1)

/// The answer to a picture does not depend on the others of its batch.
private func checkAnswers(_ network: Network) {
  let input = network.architecture.input.count
  let work = network.summary.reduce(0) { $0 + $1.multiplyAdds + 4 * $1.outputShape.count }
  guard let engine, work + 4 * input < 1 << 20 else { return }
  let images = (0..<(3 * input)).map { Float($0 % 17) - 8 }
  let answers = [1, 3].map { size in
    let session = try? InferenceSession(network: network, batchSize: size, engine: engine)
    return try? session?.logits(for: images)
  }
  guard let single = answers[0], let batch = answers[1] else {
    check(false, "a small network has room")
    return
  }
  check(single.count == 3 * network.outputs, "an answer for each picture")
  check(
    zip(single, batch).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN },
    "a picture's answer is its own")
}
