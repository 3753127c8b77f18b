import Foundation
import ImageData
import Primitives
import Ranks
import TestSupport
import Testing
import Training

@Suite("Memory")
struct MemoryTests {
  /// What a run on 96 images is refused with, where so much memory is free to so many processes.
  private func refused(
    _ megabytes: Int, _ policy: ImageCache.Policy, sharedBy processes: Int = 1,
    _ change: (inout Settings) -> Void
  ) throws -> TrainingError? {
    var error: TrainingError?
    try withTemporaryFolder { folder in
      let data = folder + "/data"
      try writeDataset(data, ["train": 48], classes: ["blue", "red"])
      let configuration = try configuration(data) {
        $0["epochs"] = 1
        $0["val-split"] = 0
        change(&$0)
      }
      let cache = ImageCache(
        policy, folder: folder + "/cache", availableMemory: megabytes * 1_000_000)
      let trainer = Trainer(
        configuration: configuration, out: folder + "/run", cache: cache,
        engine: try engine(threads: 2),
        group: Group(neighbours: Neighbours(count: processes)))
      error = refusal { _ = try follow(trainer) }
      // A refused run leaves nothing, one that is done has its weights.
      #expect(
        FileManager.default.fileExists(atPath: folder + "/run/weights/best.safetensors")
          == (error == nil))
      #expect(FileManager.default.fileExists(atPath: folder + "/run") == (error == nil))
    }
    return error
  }

  @Test("A run that memory does not suffice for is refused at once, with a batch that would fit")
  func batch() throws {
    let error = try #require(
      try refused(80, .off) {
        $0["size"] = 64
        $0["batch-size"] = 64
        $0["arch"] = "vgg"
      })
    #expect(error.kind == .noRoom && error.problem == "not enough memory for the run")
    #expect(error.found?.hasPrefix("80 MB free") == true)
    #expect(error.expected?.contains("to train on batches of 64") == true)
    let advice = try #require(error.advice)
    #expect(advice.hasPrefix("--batch-size "))
    let size = try #require(Int(advice.dropFirst("--batch-size ".count)))
    // What is advised does, and twice as much would not.
    let isEnough: (Int) throws -> Bool = { count in
      try self.refused(80, .off) {
        $0["size"] = 64
        $0["batch-size"] = count
        $0["arch"] = "vgg"
      } == nil
    }
    #expect(try isEnough(size) && !isEnough(2 * size))
  }

  @Test(
    "Where the images alone are too many, the disk is advised, and taken unless memory was asked for"
  )
  func images() throws {
    let change: (inout Settings) -> Void = {
      $0["size"] = 128
      $0["arch"] = "r10h"
      $0["batch-size"] = 1
    }
    // What it takes without images: "about 123 MB: ...".
    let needs = try #require(try refused(1, .off, change)?.expected)
    let bare = try #require(Int(needs.split(separator: " ")[1]))
    let error = try #require(try refused(bare + 2, .ram, change))
    #expect(error.kind == .noRoom && error.advice == "--cache disk, or --cache off")
    #expect(try refused(bare + 2, .disk, change) == nil)
    #expect(try refused(bare + 2, .auto, change) == nil)
  }

  @Test("Processes of one machine have their share of its memory each")
  func sharedMachine() throws {
    let change: (inout Settings) -> Void = {
      ($0["size"], $0["batch-size"], $0["arch"]) = (64, 64, "vgg")
    }
    let alone = try #require(try refused(80, .off, change))
    let third = try #require(try refused(240, .off, sharedBy: 3, change))
    #expect(third.advice == alone.advice && third.expected == alone.expected)
    #expect(
      third.found?.hasPrefix("80 MB free") == true
        && third.found?.hasSuffix("for each of 3 processes") == true)
    #expect(try refused(240, .off, change) == nil)
    // Images in memory are counted for each too; in a file all share them.
    let large: (inout Settings) -> Void = {
      ($0["size"], $0["batch-size"], $0["arch"]) = (128, 1, "r10h")
    }
    let bare = try #require(
      try refused(1, .off, large)?.expected?.split(separator: " ").dropFirst().first)
    let free = try #require(Int(bare)) + 2
    #expect(try refused(2 * free, .ram, large) == nil)
    #expect(
      try refused(2 * free, .ram, sharedBy: 2, large)?.advice == "--cache disk, or --cache off")
    #expect(try refused(2 * free, .auto, sharedBy: 2, large) == nil)
  }

  @Test("Where nothing would fit, something smaller is advised")
  func nothing() throws {
    let error = try #require(try refused(20, .off) { $0["size"] = 64 })
    #expect(error.advice?.contains("--size") == true)
  }

  /// What a run is refused with on images that are names alone, a folder a class.
  private func refused(
    _ megabytes: Int, classes: Int, images: Int
  ) throws -> TrainingError? {
    var error: TrainingError?
    try withTemporaryFolder { folder in
      let data = folder + "/data"
      for split in ["train", "test"] {
        for index in 0..<classes {
          let place = "\(data)/\(split)/class\(index)"
          try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: true)
          for image in 0..<images { try write([], to: "\(place)/\(image).png") }
        }
      }
      let configuration = try configuration(data) {
        ($0["epochs"], $0["val-split"], $0["size"]) = (1, 0, 16)
      }
      let trainer = Trainer(
        configuration: configuration, out: folder + "/run",
        cache: ImageCache(.off, availableMemory: megabytes * 1_000_000),
        engine: try engine(threads: 2))
      error = refusal { _ = try follow(trainer) }
    }
    return error
  }

  @Test("What answers, their matrix and the names of images take is counted before any is opened")
  func manyClasses() throws {
    func needs(classes: Int, images: Int) throws -> Int {
      let error = try #require(try refused(1, classes: classes, images: images))
      #expect(error.kind == .noRoom)
      let words = error.expected?.split(separator: " ") ?? []
      return try #require(Int(words.count > 1 ? words[1] : ""))
    }
    let few = try needs(classes: 2, images: 2)
    // The same images in classes of their own: a matrix of 0.8 million cells, and in JSON.
    let many = try needs(classes: 900, images: 1)
    #expect(many > few + 900 * 900 * 16 / 1_000_000)
    // With enough for all but that no image is opened.
    let error = try #require(try refused(many - 5, classes: 900, images: 1))
    #expect(error.kind == .noRoom)
    // More images of two classes need memory for their names and answers.
    #expect(try needs(classes: 2, images: 1500) > few)
  }
}
