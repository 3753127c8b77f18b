package import Primitives

/// Everything a report of a run can show; what is nil or empty is omitted.
package struct RunReport: Sendable {
  /// One epoch of the training.
  package struct Epoch: Sendable, Hashable {
    /// Its number, from 1.
    package var number: Int
    /// Mean loss of the training images.
    package var loss: Double?
    /// Share of correct predictions for the training images.
    package var accuracy: Double?
    /// Mean loss of the validation images.
    package var validationLoss: Double?
    /// Share of correct predictions for the validation images.
    package var validationAccuracy: Double?
    /// Learning rate at its end.
    package var learningRate: Double?

    /// The figures of one epoch.
    package init(
      number: Int, loss: Double? = nil, accuracy: Double? = nil, validationLoss: Double? = nil,
      validationAccuracy: Double? = nil, learningRate: Double? = nil
    ) {
      self.number = number
      self.loss = loss
      self.accuracy = accuracy
      self.validationLoss = validationLoss
      self.validationAccuracy = validationAccuracy
      self.learningRate = learningRate
    }
  }

  /// Predictions for images whose class is known, and what was made of them.
  package struct Evaluated: Sendable {
    /// The images: `test images`, or `validation images (there is no test set)`.
    package var name: String
    /// Names of the classes in order.
    package var classes: [String]
    /// The true class of each image answered; empty where only figures are known.
    package var truths: [Int]
    /// A probability per class for each of them.
    package var probabilities: [[Double]]
    /// Images that were answered.
    package var images: Int
    /// Precision, recall and F1 of each class and the averages.
    package var scores: ClassificationReport
    /// Counts: rows true, columns predicted.
    package var confusion: ConfusionCounts
    /// Ends of the accuracy's 95 % interval.
    package var interval: ClosedRange<Double>
    /// Mean of -log of the true class's probability.
    package var loss: Double
    /// Brier's score; nil if it is not known.
    package var brier: Double?
    /// More numbers, such as how many images could not be read.
    package var facts: [ReportPage.Fact]
    /// Reasons for which the metrics may mislead.
    package var cautions: [String]

    /// Predictions with their figures.
    package init(
      name: String, classes: [String], truths: [Int], probabilities: [[Double]],
      images: Int? = nil, scores: ClassificationReport, confusion: ConfusionCounts,
      interval: ClosedRange<Double>, loss: Double, brier: Double? = nil,
      facts: [ReportPage.Fact] = [], cautions: [String] = []
    ) {
      self.name = name
      self.classes = classes
      self.cautions = cautions
      self.truths = truths
      self.probabilities = probabilities
      self.images = images ?? truths.count
      self.scores = scores
      self.confusion = confusion
      self.interval = interval
      self.loss = loss
      self.brier = brier
      self.facts = facts
    }
  }

  /// Images of each class in each split.
  package struct Dataset: Sendable, Hashable {
    /// Names of the classes.
    package var classes: [String]
    /// A name and a count per class for each split.
    package var splits: [Split]
    /// More about it, such as its path and fingerprint.
    package var facts: [ReportPage.Fact]
    /// The findings of a check; nil if none was made.
    package var findings: [ReportPage.Finding]?

    /// A part of the images.
    package struct Split: Sendable, Hashable {
      /// Such as `train`.
      package var name: String
      /// Images of each class.
      package var counts: [Int]

      /// A part of the images.
      package init(name: String, counts: [Int]) {
        self.name = name
        self.counts = counts
      }
    }

    /// The images of these splits; every split counts every class.
    package init(
      classes: [String], splits: [Split], facts: [ReportPage.Fact] = [],
      findings: [ReportPage.Finding]? = nil
    ) {
      precondition(
        splits.allSatisfy { $0.counts.count == classes.count }, "one count per class in each split")
      self.classes = classes
      self.splits = splits
      self.facts = facts
      self.findings = findings
    }
  }

  /// A named group of settings.
  package struct Settings: Sendable, Hashable {
    /// Such as `training`.
    package var title: String
    /// Names and values.
    package var facts: [ReportPage.Fact]

    /// A named group of settings.
    package init(title: String, facts: [ReportPage.Fact]) {
      self.title = title
      self.facts = facts
    }
  }

  package var title: String
  /// A line under it.
  package var subtitle = ""
  /// The training, epoch by epoch.
  package var epochs: [Epoch] = []
  /// The epoch whose weights were kept.
  package var bestEpoch: Int?
  /// The evaluation.
  package var evaluated: Evaluated?
  /// The most confident wrong predictions, worst first.
  package var worstMistakes: [Tile] = []
  /// The predictions of the least probability.
  package var leastSure: [Tile] = []
  /// Some predictions, taken at random.
  package var examples: [Tile] = []
  /// Explanations of the worst mistakes.
  package var explanations: [Tile] = []
  /// Training images as the network was shown them, on one sheet.
  package var samples: ReportPicture?
  package var dataset: Dataset?
  package var network: NetworkDiagram?
  /// Numbers about the network, such as parameters and multiply-adds.
  package var networkFacts: [ReportPage.Fact] = []
  /// Every setting of the run.
  package var settings: [Settings] = []
  /// The time spent in each part, in seconds.
  package var seconds: [(name: String, seconds: Double)] = []
  /// More about time and memory.
  package var timingFacts: [ReportPage.Fact] = []
  /// Versions, processor, threads.
  package var environment: [ReportPage.Fact] = []
  /// Commands that repeat the run.
  package var commands: [String] = []

  /// A report that has nothing but a title.
  package init(title: String) { self.title = title }

  /// The whole page as one file of HTML.
  package func html() throws(PNGError) -> String { try page.html() }
}
