/// The use of a folder in a dataset, by its name.
///
/// Names are read word by word, in any case: `Train`, `TEST-SET`, `val_images`, `trainset` and
/// `train2017` name per split alone, `seg_train` and `my-dataset_test` name it beside something
/// else. Parts of words count for nothing: `strain`, `latest` and `valley` name no split.
package struct SplitName: Sendable, Hashable {
  /// The split; nil if the name may mean two of them, as `eval` and `train_val` do.
  package var split: Split?
  /// The other words of the name in lower case; empty where it names the split alone.
  package var rest: [String]

  /// The split that the name suggests; nil if it suggests none.
  package init?(_ name: String) {
    var possible: Set<Split> = []
    rest = []
    for word in SplitName.words(name) {
      if let splits = SplitName.splits(word) {
        possible.formUnion(splits)
      } else if !SplitName.fillers.contains(word) {
        rest.append(word)
      }
    }
    if possible.isEmpty { return nil }
    split = possible.count == 1 ? possible.first : nil
  }

  /// Whether a name says only that there are images, as `images` and `dataset` do.
  static func saysNothing(_ name: String) -> Bool {
    let words = words(name)
    return !words.isEmpty && words.allSatisfy(fillers.contains)
  }

  /// The words that name per split, or one of two.
  private static let meanings: [String: Set<Split>] = [
    "train": [.train], "training": [.train], "trn": [.train],
    "val": [.val], "valid": [.val], "validation": [.val], "validate": [.val],
    "validating": [.val], "dev": [.val], "development": [.val],
    "test": [.test], "testing": [.test], "tests": [.test], "tst": [.test],
    "eval": [.val, .test], "evaluation": [.val, .test], "evaluate": [.val, .test],
    "holdout": [.val, .test], "heldout": [.val, .test], "trainval": [.train, .val],
  ]

  /// Words that say nothing of which images these are.
  private static let fillers: Set<String> = [
    "set", "sets", "data", "dataset", "datasets", "image", "images", "img", "imgs", "pic", "pics",
    "picture", "pictures", "photo", "photos", "sample", "samples", "example", "examples", "split",
    "splits", "folder", "dir", "files", "subset", "the", "jpg", "jpeg", "png",
  ]

  /// The splits that a word may name; nil for any other word.
  private static func splits(_ word: String) -> Set<Split>? {
    if let splits = meanings[word] { return splits }
    // Written together: trainset, testimages.
    return meanings.first { start, _ in
      word.hasPrefix(start) && fillers.contains(String(word.dropFirst(start.count)))
    }?.value
  }

  /// The words of a name in lower case, without digits: they end at anything but a letter and where
  /// a capital follows a small letter.
  private static func words(_ name: String) -> [String] {
    var words: [String] = []
    var word = ""
    var isAfterSmall = false
    for character in name {
      let isCapital = character.isUppercase
      if !character.isLetter || isCapital && isAfterSmall {
        if !word.isEmpty { words.append(word) }
        word = ""
      }
      if character.isLetter { word += character.lowercased() }
      isAfterSmall = character.isLowercase
    }
    if !word.isEmpty { words.append(word) }
    return joinedPairs(words)
  }

  /// Words with `hold out` and `held out` as one.
  private static func joinedPairs(_ words: [String]) -> [String] {
    var joined: [String] = []
    for word in words {
      if word == "out", let last = joined.last, last == "hold" || last == "held" {
        joined[joined.count - 1] = last + word
      } else {
        joined.append(word)
      }
    }
    return joined
  }
}
