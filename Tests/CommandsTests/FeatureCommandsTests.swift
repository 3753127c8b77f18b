import Commands
import Foundation
import Testing

/// `embed` and `similar`.
@Suite struct FeatureCommandsTests {
  private let data: TinyDataset
  private let run: String
  private let cat: String
  private let dog: String
  private let bad: String

  init() throws { (data, run, cat, dog, bad) = try trainedPhotos() }

  private func rows(_ words: String...) throws -> [(path: String, features: [Double]?)] {
    try cnnctl(["embed"] + words + ["--model", run]).lines.map { line in
      let record = try object(line)
      return (try #require(record["path"] as? String), record["features"] as? [Double])
    }
  }

  @Test func `JSON has one record an image, in order, and an error for one that is none`() throws {
    let found = try rows(dog, bad, cat)
    #expect(found.map(\.path) == [dog, bad, cat])
    #expect(found[1].features == nil)
    let features = try #require(found[0].features)
    #expect(features.count == found[2].features?.count && features.count > 1)
    #expect(Set(features).count > 1)
    let outcome = cnnctl("embed", dog, bad, "--model", run)
    #expect(outcome.code == .conditionFailed && outcome.diagnostics.contains("1 image, "))
    let none = cnnctl("embed", bad, "--model", run)
    #expect(none.code == .conditionFailed && !none.diagnostics.contains("0 images"))
    #expect(outcome.diagnostics.contains("1 of 2 images could not be read"))
  }

  @Test func `A matrix has the numbers of the JSON as NumPy reads them, and its paths beside it`()
    throws
  {
    let path = data.folder.file("features.NPY")
    let outcome = cnnctl("embed", dog, bad, cat, "--model", run, "-o", path)
    #expect(outcome.code == .conditionFailed)
    let file = try bytes(of: path)
    // https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
    #expect(Array(file.prefix(8)) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
    let start = 10 + Int(file[8]) + 256 * Int(file[9])
    #expect(start % 64 == 0 && file[start - 1] == 10)
    let header = String(decoding: file[10..<start], as: UTF8.self)
    let expected = try rows(dog, cat).compactMap(\.features)
    let (count, columns) = (expected.count, expected[0].count)
    #expect(
      header.trimmingCharacters(in: .whitespacesAndNewlines)
        == "{'descr': '<f4', 'fortran_order': False, 'shape': (\(count), \(columns)), }")
    let numbers = stride(from: start, to: file.count, by: 4).map { at in
      Float(
        bitPattern: (0..<4).reduce(0 as UInt32) { $0 | UInt32(file[at + $1]) << UInt32(8 * $1) })
    }
    #expect(numbers == expected.joined().map { Float($0) })
    #expect(
      try text(of: data.folder.file("features.csv")) == "row,path\r\n0,\(dog)\r\n1,\(cat)\r\n"
        || text(of: data.folder.file("features.csv")) == "row,path\n0,\(dog)\n1,\(cat)\n")
  }

  @Test func `An input is not written over, neither by the matrix nor by its table`() throws {
    let photo = data.folder.file("photo.csv")
    try write(try bytes(of: cat), to: photo)
    let outcome = cnnctl(
      "embed", photo, "--model", run, "-o", data.folder.file("photo.npy"))
    #expect(outcome.code == .cannotCreate)
    #expect(try bytes(of: photo) == bytes(of: cat))
  }

  @Test func `The nearest photos come first, by the features that embed gives, without the photo`()
    throws
  {
    let folder = data.path + "/test_set"
    let all = try rows("-r", folder)
    let own = try #require(all.first { $0.path == cat }?.features)
    func distance(_ other: [Double]) -> Double {
      let product = zip(own, other).reduce(0) { $0 + $1.0 * $1.1 }
      let lengths = [own, other].map { $0.reduce(0) { $0 + $1 * $1 } }
      return 1 - product / (lengths[0] * lengths[1]).squareRoot()
    }
    let expected = all.filter { $0.path != cat }.compactMap { row in
      row.features.map { (row.path, distance($0)) }
    }.sorted { $0.1 < $1.1 }
    let outcome = cnnctl("similar", cat, folder, "--model", run, "--top-k", "3", "--json")
    #expect(outcome.code == .done)
    let found = try outcome.lines.map(object)
    #expect(found.count == 3)
    for (record, row) in zip(found, expected) {
      #expect(abs((record["distance"] as? Double ?? -1) - row.1) < 1e-5)
    }
    #expect(!found.contains { $0["path"] as? String == cat })
    #expect(cnnctl("similar", cat, folder, "--model", run).lines.count == expected.prefix(10).count)
  }

  @Test func `similar wants a photo that can be read, and folders`() {
    let folder = data.path + "/test_set"
    #expect(cnnctl("similar", bad, folder, "--model", run).code == .badData)
    #expect(cnnctl("similar", "none.jpg", folder, "--model", run).code == .noInput)
    #expect(cnnctl("similar", cat, dog, "--model", run).code == .usage)
    #expect(cnnctl("similar", cat, folder + "/none", "--model", run).code == .noInput)
    #expect(cnnctl("similar", cat, "--model", run).code == .usage)
  }
}
