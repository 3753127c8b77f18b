import ImageData
import Testing

/// What folders' names say of their use.
@Suite struct SplitNameTests {
  @Test(
    "A split's name is known in any case, with any sign and with what datasets add",
    arguments: [
      ("train", Split.train), ("Train", .train), ("TRAIN", .train), ("training", .train),
      ("Training", .train), ("training_set", .train), ("train_images", .train),
      ("trainset", .train), ("TrainSet", .train), ("train-data", .train), ("train2017", .train),
      ("Training Data", .train), ("trainingimages", .train), ("images_train", .train),
      ("val", .val), ("Val", .val), ("valid", .val), ("VALID", .val), ("validate", .val),
      ("validation", .val), ("Validation-Set", .val), ("dev", .val), ("devset", .val),
      ("val2017", .val), ("validation_images", .val),
      ("test", .test), ("Test", .test), ("Testing", .test), ("test-set", .test),
      ("test_data", .test), ("test1", .test), ("testset", .test), ("TestImages", .test),
      ("test set", .test),
    ])
  func alone(name: String, split: Split) {
    let meaning = SplitName(name)
    #expect(meaning?.split == split && meaning?.rest == [])
  }

  @Test(
    "Another word beside the split's is told apart",
    arguments: [
      ("dogs_train", Split.train, ["dogs"]), ("my-dataset_test", .test, ["my"]),
      ("seg_train", .train, ["seg"]), ("asl_alphabet_train", .train, ["asl", "alphabet"]),
      ("ValBirds", .val, ["birds"]), ("test tubes", .test, ["tubes"]),
    ])
  func besides(name: String, split: Split, rest: [String]) {
    let meaning = SplitName(name)
    #expect(meaning?.split == split && meaning?.rest == rest)
  }

  @Test(
    "A name that may mean two splits is known as such",
    arguments: [
      "eval", "Evaluation", "holdout", "hold-out", "held_out", "trainval", "train_val",
      "train_test_split",
    ])
  func unclear(name: String) {
    let meaning = SplitName(name)
    #expect(meaning != nil && meaning?.split == nil && meaning?.rest == [])
  }

  @Test(
    "Parts of words are none",
    arguments: [
      "strain", "trainer", "rain", "contest", "latest", "testament", "valley", "Valencia",
      "invalid", "device", "devil", "cats", "evaluator", "", "...", "2017", "images",
    ])
  func others(name: String) {
    #expect(SplitName(name) == nil)
  }
}
