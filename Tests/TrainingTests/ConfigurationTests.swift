import CNN
import ImageData
import Primitives
import TestSupport
import Testing
import Training

private func options(_ change: (inout Settings) -> Void) -> Settings {
  var options = Settings()
  change(&options)
  return options
}

/// What a file of these bytes says.
private func read(_ bytes: [UInt8]) throws -> Configuration {
  try withTemporaryFolder { folder in
    let path = folder + "/file.json"
    try write(bytes, to: path)
    return try Configuration(file: path)
  }
}

private func failure(_ change: (inout Settings) -> Void) -> TrainingError? {
  do throws(TrainingError) {
    _ = try Configuration(dataset: "d", settings: options(change))
    return nil
  } catch {
    return error
  }
}

@Test("The seed recipe is the tutorial's, number for number")
func seedRecipe() throws {
  for (name, network) in [("seed", "seed"), ("seed-bn", "seed-bn")] {
    let configuration = try Configuration(dataset: "d", settings: options { $0["recipe"] = name })
    let training = configuration.training
    #expect(configuration.network.arch == network && configuration.network.size == 64)
    #expect(training.optimizer == .adam && training.learningRate == 1e-3)
    #expect(training.beta1 == 0.9 && training.beta2 == 0.999 && training.epsilon == 1e-7)
    #expect(training.schedule == .constant && training.epochs == 25 && training.batchSize == 32)
    #expect(training.labelSmoothing == 0 && training.ema == 0 && training.keep == .last)
    #expect(training.epochs(steps: 1) == 25)
    let data = configuration.data
    #expect(data.filter == .nearest && data.exif == .ignore && data.resize == .stretch)
    #expect(data.normalization == .unit && data.validateOnTest)
    let augmentation = configuration.augmentation
    #expect(augmentation.zoom == 0.2 && augmentation.shearDegrees == 0.2)
    #expect(augmentation.flip == .h && augmentation.fill == .nearest)
  }
}

@Test("Every recipe is within the ranges of its own options")
func recipesAreValid() throws {
  for recipe in Recipe.allCases {
    let configuration = try Configuration(
      dataset: "d", settings: options { $0["recipe"] = recipe.rawValue })
    #expect(configuration.recipe == recipe)
  }
  #expect(try Configuration(dataset: "d", settings: Settings()).recipe == .standard)
}

@Test("An explicit option overrides the recipe")
func optionsOverride() throws {
  let configuration = try Configuration(
    dataset: "d",
    settings: options {
      $0["recipe"] = "seed"
      $0["epochs"] = 3
      $0["val-split"] = 0.2
      $0["monitor"] = "val_loss"
      $0["augment"] = "none"
      $0["rotation"] = 5
      $0["crop-scale"] = "0.5:0.75"
      $0["optimizer"] = "sgd"
      $0["seed"] = 7
    })
  #expect(configuration.training.epochs == 3 && configuration.seed == 7)
  #expect(configuration.data.valSplit == 0.2 && !configuration.data.validateOnTest)
  #expect(configuration.training.monitor == .loss && configuration.training.keep == .best)
  #expect(configuration.augmentation.zoom == 0)
  #expect(configuration.augmentation.rotationDegrees == 5)
  #expect(configuration.augmentation.cropScale == Interval(0.5, 0.75))
  #expect(configuration.training.optimizer == .sgd && configuration.training.momentum == 0.9)
}

@Test("Each option of augmentation goes over a preset by itself, and is recorded")
func augmentationOptions() throws {
  let changes: [(inout Settings) -> Void] = [
    { $0["rotation"] = 3 }, { $0["zoom"] = 0.3 }, { $0["shear"] = 4 }, { $0["shift"] = 0.2 },
    { $0["flip"] = "hv" }, { $0["brightness"] = 0.15 }, { $0["contrast"] = 0.16 },
    { $0["saturation"] = 0.17 }, { $0["crop-scale"] = "0.5:0.75" }, { $0["cutout"] = 0.4 },
    { $0["mixup"] = 0.2 }, { $0["cutmix"] = 1 }, { $0["fill"] = "constant" },
  ]
  let writes: [(inout Augmentation) -> Void] = [
    { $0.rotationDegrees = 3 }, { $0.zoom = 0.3 }, { $0.shearDegrees = 4 }, { $0.shift = 0.2 },
    { $0.flip = .hv }, { $0.brightness = 0.15 }, { $0.contrast = 0.16 },
    { $0.saturation = 0.17 }, { $0.cropScale = Interval(0.5, 0.75) }, { $0.cutout = 0.4 },
    { $0.mixup = 0.2 }, { $0.cutmix = 1 }, { $0.fill = .constant },
  ]
  for name in Augmentation.presetNames {
    let preset = try #require(Augmentation.preset(name))
    for (change, write) in zip(changes, writes) {
      let found = try Configuration(
        dataset: "d",
        settings: options {
          $0["augment"] = name
          change(&$0)
        })
      var expected = preset
      write(&expected)
      #expect(found.augmentation == expected)
      #expect(expected != preset)
      #expect(try read(found.encoded()) == found)
    }
  }
  #expect(failure { $0["mixup"] = -0.1 }?.kind == .usage)
  #expect(failure { $0["mixup"] = Double.infinity }?.kind == .usage)
  #expect(failure { $0["cutmix"] = -0.1 }?.kind == .usage)
  for recipe in Recipe.allCases {
    let plain = try Configuration(
      dataset: "d", settings: options { $0["recipe"] = recipe.rawValue })
    let mixup = recipe == .best || recipe == .finetune ? "0.2" : "0"
    #expect(plain.augmentation.mixup == Double(mixup))
    #expect(String(decoding: plain.encoded(), as: UTF8.self).contains("\"mixup\" : \(mixup)"))
  }
}

@Test("A run from before CutMix is read as one without")
func withoutCutMix() throws {
  let configuration = try Configuration(dataset: "d", settings: options { $0["mixup"] = 0.3 })
  let text = String(decoding: configuration.encoded(), as: UTF8.self)
  let older = text.split(separator: "\n").filter { !$0.contains("\"cutmix\"") }
  #expect(older.count == text.split(separator: "\n").count - 1)
  #expect(try read(Array(older.joined(separator: "\n").utf8)) == configuration)
}

@Test("A small set gets more epochs, unless they are asked for")
func minimumSteps() throws {
  let configuration = try Configuration(dataset: "d", settings: Settings())
  let training = configuration.training
  #expect(training.epochs(steps: 1000) == training.epochs)
  #expect(training.epochs(steps: 7) * 7 >= training.minimumSteps)
  let asked = try Configuration(dataset: "d", settings: options { $0["epochs"] = 2 })
  #expect(asked.training.epochs(steps: 7) == 2)
}

@Test("A small set gets smaller batches at a smaller rate, unless they are asked for")
func minimumEpochSteps() throws {
  let training = try Configuration(dataset: "d", settings: Settings()).training
  #expect(training.batchSize(images: 7_200) == 64)
  #expect(training.batchSize(images: 434) == 32)
  #expect(training.batchSize(images: 20) == 8)
  #expect(training.batchSize(images: 3) == 3)
  #expect(training.peakRate(batchSize: 64) == training.learningRate)
  #expect(training.peakRate(batchSize: 32) == training.learningRate / 2)
  #expect(training.peakRate(batchSize: 32, headAlone: true) == training.learningRate)
  let rate = try Configuration(dataset: "d", settings: options { $0["lr"] = 1e-3 }).training
  #expect(rate.peakRate(batchSize: 32) == 1e-3)
  let asked = try Configuration(dataset: "d", settings: options { $0["batch-size"] = 50 }).training
  #expect(asked.batchSize(images: 100) == 50)
}

@Test("A value out of range is an error that names the option, the range and the value")
func ranges() {
  let cases: [(String, (inout Settings) -> Void)] = [
    ("--epochs", { $0["epochs"] = 0 }), ("--batch-size", { $0["batch-size"] = 5000 }),
    ("--lr", { $0["lr"] = 0 }), ("--lr", { $0["lr"] = Double.nan }),
    ("--val-split", { $0["val-split"] = 1 }), ("--test-split", { $0["test-split"] = -0.1 }),
    ("--fraction", { $0["fraction"] = 0 }), ("--size", { $0["size"] = 7 }),
    ("--dropout", { $0["dropout"] = 1 }), ("--ema", { $0["ema"] = 1 }),
    ("--label-smoothing", { $0["label-smoothing"] = 1 }), ("--patience", { $0["patience"] = -1 }),
    ("--clip-grad", { $0["clip-grad"] = -1 }), ("--weight-decay", { $0["weight-decay"] = 11 }),
    ("--max-bad", { $0["max-bad"] = 101 }), ("--max-pixels", { $0["max-pixels"] = 0 }),
    ("--max-time", { $0["max-time"] = -1 }),
  ]
  for (option, change) in cases {
    let error = failure(change)
    #expect(error?.kind == .usage, "\(option)")
    #expect(error?.problem.contains(option) == true, "\(option)")
    #expect(error?.expected != nil && error?.found != nil, "\(option)")
  }
  #expect(failure { $0["rotation"] = 181 }?.kind == .usage)
  let decay = failure {
    $0["optimizer"] = "adam"
    $0["weight-decay"] = 0.1
  }
  #expect(decay?.problem.contains("--weight-decay") == true)
  #expect(failure { $0["optimizer"] = "adam" } == nil)
}

@Test("A word that an option does not know is an error that lists those it knows")
func words() {
  let cases: [(String, (inout Settings) -> Void)] = [
    ("--recipe", { $0["recipe"] = "x" }), ("--optimizer", { $0["optimizer"] = "x" }),
    ("--schedule", { $0["schedule"] = "x" }), ("--monitor", { $0["monitor"] = "x" }),
    ("--filter", { $0["filter"] = "x" }), ("--exif", { $0["exif"] = "x" }),
    ("--class-weights", { $0["class-weights"] = "x" }), ("--augment", { $0["augment"] = "x" }),
    ("--flip", { $0["flip"] = "x" }), ("--fill", { $0["fill"] = "x" }),
    ("--on-bad-image", { $0["on-bad-image"] = "x" }), ("--resize", { $0["resize"] = "x" }),
  ]
  for (option, change) in cases {
    let error = failure(change)
    #expect(error?.kind == .usage && error?.found == "x", "\(option)")
    #expect(error?.problem.hasPrefix(option) == true)
    #expect(error?.expected?.isEmpty == false)
  }
  #expect(failure { $0["arch"] = "no such net" }?.kind == .missing)
}

@Test("A configuration comes back from its file as it was, whatever its optional values")
func fileRoundTrip() throws {
  for recipe in Recipe.allCases {
    var configuration = try Configuration(
      dataset: "päth/\"x\"", settings: options { $0["recipe"] = recipe.rawValue })
    for dropout in [nil, 0.25] {
      configuration.network.dropout = dropout
      let bytes = configuration.encoded()
      let back = try read(bytes)
      #expect(back == configuration)
      #expect(back.encoded() == bytes)
    }
  }
}

@Test(
  "Unknown, missing and doubled keys of a file are refused by name",
  arguments: [
    ("\"seed\" : 0", "\"seed\" : 0, \"extra\" : 1", "extra"),
    ("\"epochs\" : 25", "\"epochs\" : 25, \"epoch\" : 1", "training.epoch"),
    ("\"epochs\" : 25,", "", "training.epochs"),
    ("\"lower\" : 1", "\"lower\" : 1, \"least\" : 2", "least"),
    ("\"seed\" : 0", "\"seed\" : 0, \"seed\" : 1", "seed"),
    ("\"epochs\" : 25", "\"epochs\" : \"many\"", "training.epochs"),
    ("\"adam\"", "\"newton\"", "training.optimizer"),
  ])
func fileKeys(old: String, new: String, named: String) throws {
  let configuration = try Configuration(dataset: "d", settings: options { $0["recipe"] = "seed" })
  let text = String(decoding: configuration.encoded(), as: UTF8.self)
  let start = try #require(text.utf8.firstRange(of: old.utf8))
  let changed = text[..<start.lowerBound] + new + text[start.upperBound...]
  do {
    _ = try read(Array(changed.utf8))
    Issue.record("accepted")
  } catch let error as TrainingError {
    #expect(error.kind == .badData)
    #expect(error.problem.contains("file.json"))
    #expect(error.problem.contains(named), "\(error)")
  }
}

@Test("A value of a file is checked against the same ranges as an option")
func fileRanges() throws {
  try withTemporaryFolder { folder in
    var configuration = try Configuration(dataset: "d", settings: Settings())
    configuration.training.batchSize = 0
    let path = folder + "/config.json"
    try write(configuration.encoded(), to: path)
    #expect(throws: TrainingError.self) { try Configuration(file: path) }
    let again = try Configuration(
      file: path, dataset: "e", settings: options { $0["batch-size"] = 8 })
    #expect(again.training.batchSize == 8 && again.dataset == "e")
  }
}

@Test("Augmentation of a file out of range is named, and so is what no option says")
func fileAugmentation() throws {
  let changes: [(String, (inout Configuration) -> Void)] = [
    ("--zoom", { $0.augmentation.zoom = 1.5 }),
    ("--brightness", { $0.augmentation.brightness = 2 }),
    ("--crop-scale", { $0.augmentation.cropScale = Interval(0.9, 0.2) }),
    ("augmentation.cropAspect", { $0.augmentation.cropAspect = Interval(0.01, 1) }),
    ("training.momentum", { $0.training.momentum = 1 }),
    ("training.beta2", { $0.training.beta2 = -0.1 }),
    ("training.epsilon", { $0.training.epsilon = 0 }),
    ("--patience", { $0.training.patience = -1 }),
    ("--clip-grad", { $0.training.clipGrad = -1 }),
  ]
  for (name, change) in changes {
    var configuration = try Configuration(dataset: "d", settings: Settings())
    change(&configuration)
    let error = refusal { _ = try read(configuration.encoded()) }
    #expect(error?.problem.hasPrefix("\(name) is out of range: ") == true, "\(name)")
    #expect(error?.expected != nil && error?.found != nil, "\(name)")
  }
}

@Test("What an option takes is what a file may hold: off is written as 0 in both")
func rangesAgree() throws {
  for name in ["patience", "clip-grad", "max-time", "ema"] {
    var settings = Settings()
    settings.given[name] = .off
    let off = try Configuration(dataset: "d", settings: settings)
    #expect(try read(off.encoded()) == off)
    #expect(try Configuration(dataset: "d", settings: options { $0[name] = 0 }) == off, "\(name)")
  }
}

@Test("An optimizer that is chosen has its own momentum and decay; a file's are left alone")
func optimizerNumbers() throws {
  let decays = ["adam": 0, "adamw": 0.05, "sgd": 5e-4, "muon": 0.05]
  for (name, decay) in decays {
    let own = try Configuration(dataset: "d", settings: options { $0["optimizer"] = name }).training
    #expect(own.weightDecay == decay, "\(name)")
  }
  let asked = try Configuration(
    dataset: "d", settings: options { ($0["optimizer"], $0["weight-decay"]) = ("sgd", 0.01) })
  #expect(asked.training.weightDecay == 0.01)
  var configuration = try Configuration(dataset: "d", settings: options { $0["optimizer"] = "sgd" })
  configuration.training.momentum = 0.5
  #expect(try read(configuration.encoded()) == configuration)
  var adam = try Configuration(dataset: "d", settings: options { $0["optimizer"] = "adam" })
  adam.training.weightDecay = 0.03
  #expect(refusal { _ = try read(adam.encoded()) }?.problem.contains("--weight-decay") == true)
}

@Test("A plan that changed comes back from its file; a key in it that is unknown is refused")
func planChanges() throws {
  var configuration = try Configuration(dataset: "d", settings: options { $0["epochs"] = 2 })
  let without = String(decoding: configuration.encoded(), as: UTF8.self)
  #expect(!without.contains("changes"))
  configuration.training.changes = [
    PlanChange(step: 8, epochs: 4, patience: 3, reason: .request),
    PlanChange(step: 9, epochs: 3, steps: 10, reason: .time),
  ]
  #expect(try read(configuration.encoded()) == configuration)
  let text = String(decoding: configuration.encoded(), as: UTF8.self)
  let place = try #require(text.utf8.firstRange(of: "\"epochs\" : 4".utf8))
  let wrong = text[..<place.lowerBound] + "\"ages\" : 1, " + text[place.lowerBound...]
  let error = refusal { _ = try read(Array(wrong.utf8)) }
  #expect(error?.problem.contains("training.changes[0].ages") == true)

  let training = configuration.training
  func length(_ made: Int) -> RunLength { training.length(after: made, stepsPerEpoch: 4) }
  #expect(length(7) == RunLength(epochs: 2, steps: 8))
  #expect(length(8) == RunLength(epochs: 4, steps: 16))
  #expect(length(10) == RunLength(epochs: 3, steps: 10))
  // An epoch that was cut short counts as one: with more epochs the schedule still ends at zero.
  configuration.training.changes?.append(PlanChange(step: 10, epochs: 5, reason: .request))
  #expect(
    configuration.training.length(after: 10, stepsPerEpoch: 4) == RunLength(epochs: 5, steps: 18))
}

@Test("An optimizer that is chosen without a rate has its own")
func optimizerRates() throws {
  let rates = ["adam": 1e-3, "adamw": 4e-3, "sgd": 0.1, "muon": 0.04]
  for (name, rate) in rates {
    let own = try Configuration(dataset: "d", settings: options { $0["optimizer"] = name }).training
    #expect(own.optimizer.rawValue == name && own.learningRate == rate)
    let asked = try Configuration(
      dataset: "d",
      settings: options {
        $0["optimizer"] = name
        $0["lr"] = 0.5
      }
    ).training
    #expect(asked.learningRate == 0.5)
  }
  let seed = try Configuration(
    dataset: "d",
    settings: options {
      $0["recipe"] = "seed"
      $0["optimizer"] = "adam"
    })
  #expect(seed.training.learningRate == 1e-3)
}
