internal import Classifier
package import Compute
package import Drawing
package import Primitives
package import Training

/// Everything a report of a run can show; what is nil or empty is omitted.
package struct RunReport: Sendable {
  package typealias Epoch = MetricsRow
  /// A drawing and the name of its file without `.png`.
  package typealias Plot = (name: String, scene: Scene)

  package var title: String
  /// A line under it.
  package var subtitle = ""
  /// The training, epoch by epoch.
  package var epochs: [Epoch] = []
  /// The epoch whose weights were kept.
  package var bestEpoch: Int?
  package var evaluated: RecordedAnswers?
  /// The figures out of fold of an instant run.
  package var outOfFold: OutOfFold?
  /// The most doubtful labels by the predictions out of fold, and how many are doubtful.
  package var doubtful: (tiles: [Tile], count: Int)?
  /// How far the classes lie apart.
  package var distances: ClassDistances?
  /// Whether the evaluation is of images that no model of the run was fitted on.
  package var hasTest = true
  /// The evaluated images: `test images`, or `validation images (there is no test set)`.
  package var evaluatedName = ""
  package var evaluatedNoun = "image"
  /// Accuracy on the training images in the kept epoch.
  package var trainingAccuracy: Double?
  /// Accuracy on validation images, where others were evaluated at the end.
  package var validationAccuracy: Double?
  /// Whether the last layer was solved, so that no epoch changed the weights.
  package var isSolved = false
  /// The most confident wrong predictions, worst first.
  package var worstMistakes: [Tile] = []
  /// The predictions of the least probability.
  package var leastSure: [Tile] = []
  /// Some predictions, taken at random.
  package var examples: [Tile] = []
  /// Explanations of the worst mistakes.
  package var explanations: [Tile] = []
  /// Training images as the network was shown them, on one sheet.
  package var samples: RGBImage?
  package var dataset: DatasetSummary?
  /// Whether the test images validate: they are counted once.
  package var validatesOnTest = false
  /// What is to be said of the images; nil where nobody looked.
  package var findings: [Finding]?
  package var network: NetworkDiagram?
  /// Numbers about the network, such as parameters and multiply-adds.
  package var networkFacts: [Fact] = []
  /// Every setting of the run, in named groups.
  package var settings: [(title: String, facts: [Fact])] = []
  /// The time spent in each part, in seconds.
  package var seconds: [(name: String, seconds: Double)] = []
  /// More about time and memory.
  package var timingFacts: [Fact] = []
  /// Versions, processor, threads.
  package var environment: [Fact] = []
  package var commands: [String] = []

  /// A report that has nothing but a title.
  package init(title: String) { self.title = title }

  /// Takes predictions and pictures of some of their images; returns the images that could not be
  /// read or may not be shown.
  package mutating func show(
    _ answers: RecordedAnswers, of name: String, from pictures: ShownPictures, maxPixels: Int,
    workers: WorkerPool
  ) -> [String] {
    evaluated = answers
    evaluatedName = name
    let unread: [String]
    (worstMistakes, leastSure, examples, unread) = ShownAnswers(answers.predictions).tiles(
      classes: answers.classes, from: pictures, maxPixels: maxPixels, workers: workers)
    return unread
  }

  /// The whole page as one file of HTML.
  package func html() throws(PNGError) -> String { try page.html() }
}
