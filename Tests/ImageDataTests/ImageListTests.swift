import ImageData
import Testing

/// The names of many images, each in few bytes.
@Suite struct ImageListTests {
  /// Paths below a dataset of which each image's class is the first part.
  private func dataset(_ paths: [String]) throws -> (Dataset, TemporaryFolder) {
    let folder = try TemporaryFolder()
    for path in paths { try folder.write(path, [0]) }
    return (try Dataset.open(folder.path), folder)
  }

  private let paths =
    (0..<70).map { "a/IMG_\($0).jpg" } + ["a/b/x.jpg", "a/b/c/y.jpg", "a/z.jpg"]
    + (0..<40).map { "é \($0 % 3)/e\u{301}\($0).png" }

  @Test func `A list has the names, paths, classes and splits of its images`() throws {
    let (dataset, folder) = try dataset(paths)
    let images = dataset.images()
    #expect(images.count == paths.count && dataset.classes.count == 4)
    #expect(
      Set(images.map { Array($0.relativePath.utf8) }) == Set(paths.map { Array($0.utf8) }))
    for (index, sample) in images.enumerated() {
      #expect(sample.path == folder.path + "/" + sample.relativePath)
      #expect(sample.relativePath.hasPrefix(dataset.classes[sample.classIndex] + "/"))
      #expect(images.path(of: index) == sample.path)
      #expect(images.relativePath(of: index) == sample.relativePath)
      #expect(images.classIndex(of: index) == sample.classIndex)
      #expect(images.split(of: index) == .train)
    }
  }

  @Test func `Some of a list, in any order, are the same images`() throws {
    let (dataset, _) = try dataset(paths)
    let images = dataset.images()
    for order in [
      Array(images.indices), images.indices.reversed(), images.indices.filter { $0 % 7 == 3 },
      images.indices.sorted { ($0 % 11, $0) < ($1 % 11, $1) }, [5, 5, 5], [],
    ] {
      #expect(Array(images.selecting(order)) == order.map { images[$0] })
    }
  }

  @Test func `Splits follow one another, and an image takes some 30 bytes with its name`() throws {
    let named = (0..<900).map { "train/\($0 % 2)/IMG_20190503_\($0).jpg" }
    let (dataset, _) = try dataset(named + ["test/0/a.jpg", "test/1/b.jpg"])
    let images = dataset.images([.train, .test])
    #expect(
      images.count == 902 && images.split(of: 899) == .train && images.split(of: 900) == .test)
    #expect(dataset.images([.val]).isEmpty)
    #expect(dataset.counts(.train) == [450, 450] && dataset.counts(.test) == [1, 1])
    #expect(images.byteCount < 30 * images.count)
  }
}
