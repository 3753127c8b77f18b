/// What the command line says explicitly; nil means that the recipe decides.
///
/// Values are checked when a `Configuration` is made of them: an error names the option as it is
/// written on the command line, the expected range and the value found. Options that take one of
/// several words keep the word.
package struct TrainingOptions: Sendable, Hashable {
  /// `--recipe`: default, seed, seed-bn, quick or best.
  package var recipe: String?
  /// The value of `--seed`.
  package var seed: UInt64?

  /// `--val-split`: share of the training images, 0 for none.
  package var valSplit: Double?
  /// The value of `--test-split`.
  package var testSplit: Double?
  /// `--class-weights`: none or balanced.
  package var classWeights: String?
  /// `--fraction`: share of each class's training images, above 0.
  package var fraction: Double?
  /// `--resize`: stretch.
  package var resize: String?
  /// `--filter`: nearest, bilinear, bicubic or area.
  package var filter: String?
  /// `--exif`: apply or ignore.
  package var exif: String?
  /// `--on-bad-image`: skip or fail.
  package var onBadImage: String?
  /// `--max-bad`: percentage of unreadable images above which training does not start.
  package var maxBad: Double?
  /// `--max-pixels`: images with more are refused.
  package var maxPixels: Int?

  /// `--arch`: a preset's name or a JSON file's path.
  package var architecture: String?
  /// `--size`: side of the square input in pixels.
  package var size: Int?
  /// `--start-size`: side of the training images in the first epoch.
  package var startSize: Int?
  /// `--train-size`: side of the training images in the last epochs.
  package var trainSize: Int?
  /// The value of `--dropout`.
  package var dropout: Double?

  /// `--from`: a run folder or a weights file.
  package var from: String?
  /// `--freeze`: none or backbone.
  package var freeze: String?
  /// The value of `--freeze-epochs`.
  package var freezeEpochs: Int?
  /// `--backbone-lr`: factor of the learning rate before the last layer.
  package var backboneRate: Double?

  /// The value of `--epochs`.
  package var epochs: Int?
  /// The value of `--batch-size`.
  package var batchSize: Int?
  /// The value of `--lr`.
  package var learningRate: Double?
  /// `--optimizer`: adam, adamw, sgd or muon.
  package var optimizer: String?
  /// The value of `--weight-decay`.
  package var weightDecay: Double?
  /// `--schedule`: constant, cosine, one-cycle, step or plateau.
  package var schedule: String?
  /// The value of `--label-smoothing`.
  package var labelSmoothing: Double?
  /// `--ema`: decay of the moving average, 0 for none.
  package var ema: Double?
  /// `--clip-grad`: greatest norm of the gradient, 0 for no limit.
  package var clipGrad: Double?
  /// `--patience`: epochs without improvement before training stops.
  package var patience: Int?
  /// `--monitor`: val_loss, val_accuracy or val_f1.
  package var monitor: String?
  /// `--on-nan`: stop or rollback.
  package var onNaN: String?
  /// `--sync-bn`: whether processes that train together normalize by the whole batch.
  package var syncBN: Bool?
  /// The value of `--max-time`, in seconds.
  package var maxSeconds: Double?

  /// `--augment`: none, seed, light, standard or strong.
  package var augment: String?
  /// The value of `--rotation`, in degrees either way.
  package var rotation: Double?
  /// The value of `--zoom`.
  package var zoom: Double?
  /// The value of `--shear`, in degrees either way.
  package var shear: Double?
  /// `--shift`: share of the side either way.
  package var shift: Double?
  /// `--flip`: h, v, hv or none.
  package var flip: String?
  /// The value of `--brightness`.
  package var brightness: Double?
  /// The value of `--contrast`.
  package var contrast: Double?
  /// The value of `--saturation`.
  package var saturation: Double?
  /// `--crop-scale A:B`: least and greatest share of the area.
  package var cropScale: ClosedRange<Double>?
  /// The value of `--cutout`.
  package var cutout: Double?
  /// `--mixup`: the parameter of the shares' beta distribution, 0 for none.
  package var mixup: Double?
  /// `--cutmix`: the parameter of the shares' beta distribution, 0 for none.
  package var cutmix: Double?
  /// `--fill`: reflect, nearest or constant.
  package var fill: String?

  /// No option given.
  package init() {}
}
