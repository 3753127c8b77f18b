package import Classifier
internal import Compute
internal import Drawing
internal import KernelTypes
internal import Primitives
internal import Training

/// The predictions that a report shows with their images.
package struct ShownAnswers {
  /// Wrong predictions, most probable first.
  package let worst: [Prediction]
  /// Predictions of the least probability, right or wrong.
  let leastSure: [Prediction]
  /// Some predictions, taken at random.
  let examples: [Prediction]

  private static let (worstCount, leastSureCount, exampleCount) = (24, 12, 18)

  /// Chooses among answers whose class is known; the same predictions give the same choice.
  package init(_ answers: [Prediction]) {
    let sure = answers.enumerated().compactMap { place, answer in
      answer.index.map { (place: place, probability: answer.probability ?? 0, index: $0) }
    }
    func first(
      _ count: Int, of places: [(place: Int, probability: Double, index: Int)], sign: Double
    ) -> [Prediction] {
      places.sorted { (sign * $0.probability, $0.place) < (sign * $1.probability, $1.place) }
        .prefix(count).map { answers[$0.place] }
    }
    let wrong = sure.filter { answers[$0.place].trueIndex != $0.index }
    worst = first(ShownAnswers.worstCount, of: wrong, sign: -1)
    leastSure = first(ShownAnswers.leastSureCount, of: sure, sign: 1)
    // A key for each place, so that the choice is anybody's and stays the same.
    let keys = answers.indices.map { place in
      var random = RandomStream(seed: 0, purpose: .subset, sample: place)
      return (key: random.next() as UInt64, place: place)
    }
    examples = keys.sorted { ($0.key, $0.place) < ($1.key, $1.place) }
      .prefix(ShownAnswers.exampleCount).map(\.place).sorted().map { answers[$0] }
  }

  /// Longer side of an image.
  static let side = 256
  /// The default limit of an image's pixels.
  package static let maxPixels = 64_000_000

  /// The images of the three, each once.
  var paths: [String] {
    var known: Set<String> = []
    return (worst + leastSure + examples).map(\.path).filter { known.insert($0).inserted }
  }

  /// Tiles of the three, and the images that could not be read or may not be shown.
  func tiles(
    classes: [String], from shown: ShownPictures, maxPixels: Int, workers: WorkerPool
  ) -> (worst: [Tile], leastSure: [Tile], examples: [Tile], unread: [String]) {
    let paths = paths
    let indices = Dictionary(uniqueKeysWithValues: zip(paths, paths.indices))
    let pictures = Thumbnails.read(
      paths.map(shown.places.place), side: ShownAnswers.side, maxPixels: maxPixels,
      workers: workers, allows: { shown.allows(paths[$0], $1) })
    func tiles(_ answers: [Prediction]) -> [Tile] {
      answers.compactMap { answer in
        indices[answer.path].flatMap { pictures[$0] }.map { tile(answer, $0, classes) }
      }
    }
    let unread = zip(paths, pictures).filter { $0.1 == nil }.map(\.0)
    return (tiles(worst), tiles(leastSure), tiles(examples), unread)
  }

  private func tile(
    _ answer: Prediction, _ picture: RGBImage, _ classes: [String]
  ) -> Tile {
    guard let index = answer.index, let truth = answer.trueIndex else {
      return Tile(picture: picture)
    }
    let share = fixed(100 * (answer.probability ?? 0), 1) + " % "
    let name = answer.path.split(separator: "/").last.map(String.init) ?? answer.path
    return Tile(
      picture: picture,
      caption: [share + classes[index]] + (truth == index ? [] : ["is " + classes[truth]]) + [name],
      verdict: truth == index ? .right : .wrong)
  }
}

/// The places of a dataset's images, whatever folder a command is started in.
package struct ImagePlaces: Sendable {
  /// The dataset as paths name it.
  private let named: String?
  /// The dataset from the root.
  private let recorded: String?

  /// Images of a dataset that was named so when it lay there; nil if that is not known.
  init(named: String? = nil, recorded: String? = nil) {
    self.named = named.map(FileSystem.withoutFinalSlashes)
    self.recorded = recorded.map(FileSystem.withoutFinalSlashes)
  }

  func place(_ path: String) -> String {
    guard let named, let recorded, path.hasPrefix(named + "/") else { return path }
    let place = recorded + path.dropFirst(named.count)
    return FileSystem.exists(place) ? place : path
  }
}
