package import Classifier

/// The events that a run reports; the trainer prints nothing.
package enum TrainingEvent: Sendable {
  /// Folders are listed; so many entries so far.
  case scanning(entries: Int)
  /// The run has its folder, whose path this is; what comes next may take long.
  case folder(String)
  /// Everything is ready: first event but for progress.
  case start(RunStart)
  /// The images that were found, a split and class.
  case dataset(DatasetSummary)
  /// Training images as the first epochs will see them; the file is the handler's to write.
  case samples(TrainingSamples)
  /// Images decoded so far, for a progress bar.
  case loading(done: Int, total: Int)
  /// Images compared with the others so far, before they are divided.
  case comparing(done: Int, total: Int)
  /// Images whose features are computed so far, before training with a frozen backbone.
  case features(done: Int, total: Int)
  /// The last layer is solved, and all layers are trained from there.
  case solved(SolvedStart)
  /// The run has another length from here on.
  case plan(PlanUpdate)
  /// A step of training is done.
  case batch(BatchProgress)
  /// The digest of a step, reported now and then for `cnnctl verify`.
  case digest(StepDigest)
  /// Validation images done so far.
  case validating(done: Int, total: Int)
  /// An epoch is done, its validation too.
  case epoch(EpochMetrics)
  case checkpoint(WeightsWritten)
  /// Something a user should know, one sentence.
  case warning(String)
  /// The temperature is fitted, and the weights that are kept are written with it.
  case calibrated(Calibration)
  /// A training of cross-validation begins.
  case fold(FoldStart)
  /// It has ended; the files under test/ of its run folder are the handler's to write.
  case foldDone(FoldResult, EvaluationResult, run: RunFolder)
  /// An instant run, or one with folds, has its figures; the files under folds/ of the folder are the handler's to write.
  case outOfFold(OutOfFold, EvaluationResult, run: RunFolder)
  /// The test images are evaluated; the files under test/ of the folder are the handler's to write.
  /// `noun` is for one of them, such as `test image`.
  case evaluated(EvaluationResult, noun: String, run: RunFolder)
  /// The run has ended; last event.
  case done(TrainingSummary)
}
