extension Configuration {
  /// The option that sets a value, by the value's key; a key alone where there is none.
  static func option(for key: String) -> String { options[key].map { "--" + $0 } ?? key }

  private static let options: [String: String] = [
    "dataset": "DATASET", "recipe": "recipe", "seed": "seed",
    "data.valSplit": "val-split", "data.testSplit": "test-split",
    "data.classWeights": "class-weights", "data.fraction": "fraction", "data.resize": "resize",
    "data.filter": "filter", "data.exif": "exif", "data.onBadImage": "on-bad-image",
    "data.maxBad": "max-bad", "data.maxPixels": "max-pixels",
    "network.arch": "arch", "network.size": "size", "network.growth.first": "start-size",
    "network.growth.last": "train-size", "network.dropout": "dropout",
    "transfer.from": "from", "transfer.freeze": "freeze",
    "transfer.freezeEpochs": "freeze-epochs", "transfer.backboneRate": "backbone-lr",
    "training.epochs": "epochs", "training.batchSize": "batch-size",
    "training.learningRate": "lr", "training.optimizer": "optimizer",
    "training.weightDecay": "weight-decay", "training.schedule": "schedule",
    "training.labelSmoothing": "label-smoothing", "training.ema": "ema",
    "training.clipGrad": "clip-grad", "training.patience": "patience",
    "training.monitor": "monitor", "training.maxSeconds": "max-time",
    "training.onNaN": "on-nan", "training.syncBN": "sync-bn",
    "augmentation.rotationDegrees": "rotation", "augmentation.zoom": "zoom",
    "augmentation.shearDegrees": "shear", "augmentation.shift": "shift",
    "augmentation.flip": "flip", "augmentation.brightness": "brightness",
    "augmentation.contrast": "contrast", "augmentation.saturation": "saturation",
    "augmentation.cropScale.lower": "crop-scale", "augmentation.cropScale.upper": "crop-scale",
    "augmentation.cutout": "cutout", "augmentation.mixup": "mixup",
    "augmentation.cutmix": "cutmix", "augmentation.fill": "fill",
  ]
}
