import CNN
import Classifier
import Compute
import ImageData
import Primitives
import TestSupport
import Testing

/// What a model file tells of the images that it was trained on.
@Suite struct ImageDigestTests {
  private static let files = (0..<500).map { number in Array("image \(number)".utf8) }

  @Test func `Exactly the images that were given are known`() {
    let digests = Self.files.map { SHA256.digest($0) }
    let known = ImageDigests(digests[..<300])
    #expect(known.count == 300)
    #expect(digests.map(known.contains) == (0..<500).map { $0 < 300 })
    // Unreadable files have no digest, and one that is there twice counts once.
    #expect(ImageDigests([[], digests[0], digests[0]]).count == 1)
    #expect(!known.contains([]) && !ImageDigests([]).contains(digests[0]))
  }

  @Test func `Files are known by the SHA-256 of their bytes, as a dataset knows them`() throws {
    try withTemporaryFolder { folder in
      let paths = Self.files.prefix(20).indices.map { "\(folder)/\($0).jpg" }
      for (path, bytes) in zip(paths, Self.files) { try write(bytes, to: path) }
      let found = ImageDigests.digests(
        of: paths + [folder + "/none.jpg"], workers: try TestEngine.make().workers)
      #expect(found == Self.files.prefix(20).map { SHA256.digest($0) } + [[]])
    }
  }

  @Test func `A model file keeps them, and is the same file without them`() throws {
    let plain = try wholeModels()[0]
    let known = ImageDigests(Self.files.map { SHA256.digest($0) })
    try withTemporaryFolder { folder in
      let (path, other) = (folder + "/m.safetensors", folder + "/n.safetensors")
      try write(plain, to: path)
      let model = try ClassifierModel(path: path)
      #expect(model.trainedOn == nil && model.fileSHA256 == SHA256.hex(of: plain))
      for precision in TensorFile.Precision.allCases {
        let bytes = try model.encoded(precision, card: nil, trainedOn: known)
        // Eight bytes an image and an entry of the header, which is padded.
        let without = try model.encoded(precision, card: nil)
        #expect((4000..<4200).contains(bytes.count - without.count))
        try write(bytes, to: other)
        let read = try ClassifierModel(path: other)
        #expect(read.trainedOn == known && read.fileSHA256 == SHA256.hex(of: bytes))
        #expect(read.calibrated(temperature: 2).trainedOn == known)
        #expect(try read.encoded(precision, card: nil) == bytes, "written again: \(precision)")
        let names = try [bytes, without].map { try TensorFile(decoding: $0).tensors.map(\.name) }
        #expect(names[0] == names[1])
      }
    }
  }

  @Test func `More images than the limit, or rows of another length, are refused by the header`() {
    func header(_ type: String, _ shape: String, _ bytes: Int) -> [UInt8] {
      let end = bytes + 32
      return weightsFile(
        #"{"__training_images__":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[0,\#(bytes)]},"#
          + #""__sha256__":{"dtype":"U8","shape":[32],"data_offsets":[\#(bytes),\#(end)]}}"#)
    }
    func layoutError(_ bytes: [UInt8], data: Int) -> TensorFileError? {
      do throws(TensorFileError) {
        _ = try TensorFile.Layout(head: bytes, fileBytes: bytes.count + data)
        return nil
      } catch {
        return error
      }
    }
    let most = TensorFile.imageLimit
    #expect(layoutError(header("U8", "[\(most),8]", 8 * most), data: 8 * most + 32) == nil)
    for (type, shape, bytes) in [
      ("U8", "[\(most + 1),8]", 8 * most + 8), ("U8", "[8]", 8), ("U8", "[2,7]", 14),
      ("U8", "[2,8,1]", 16), ("F32", "[2,8]", 64),
    ] {
      let error = layoutError(header(type, shape, bytes), data: bytes + 32)
      #expect("\(error.map { "\($0)" } ?? "none")".contains("U8 [N, 8]"), "\(type) \(shape)")
    }
  }
}
