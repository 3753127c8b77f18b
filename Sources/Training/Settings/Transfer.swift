internal import CNN
package import Classifier
internal import ImageData
package import Primitives

/// The frozen part of a network.
package enum Freeze: String, Codable, Sendable, CaseIterable {
  /// Everything is trained.
  case none
  /// All layers before the last are frozen.
  case backbone
}

extension Configuration {
  /// The model that training starts from, and the treatment of its backbone.
  package struct Transfer: Codable, Sendable, Hashable {
    /// The model's run folder, file or name as given; nil for random weights.
    @AlwaysWritten package var from: String? = nil
    /// The shelf that knows a name; each machine has its own, so it is not in `config.json`.
    package var shelf: ModelShelf?
    /// SHA-256 of the model's file.
    @AlwaysWritten package var sha256: String? = nil
    /// The layers that are never trained.
    package var freeze: Freeze
    /// Epochs before the backbone is trained as well.
    package var freezeEpochs: Int
    /// The learning rate factor of the backbone, or of its last layer.
    package var backboneRate: Double
    /// The learning rate factor of the backbone's first layer; nil: that of the others.
    @AlwaysWritten package var stemRate: Double? = nil
    /// Whether normalizations use the model's statistics, which stay; nil for no.
    @AlwaysWritten package var freezesStatistics: Bool? = nil

    enum CodingKeys: String, CodingKey {
      case from
      case sha256 = "weights_sha256"
      case freeze, freezeEpochs, backboneRate, stemRate, freezesStatistics
    }

    /// Random weights, all trained alike.
    package static let none = Transfer(freeze: .none, freezeEpochs: 0, backboneRate: 1)

    /// Whether the backbone is never trained, so that its features are computed once and kept.
    ///
    /// A backbone frozen for a number of epochs does not count, however few epochs are requested: a
    /// run that is extended later must end with the same weights as one that started with all
    /// epochs.
    var freezesAlways: Bool { freeze == .backbone }

    /// The backbone's factor in an epoch, counted from 1.
    func rate(epoch: Int) -> Double {
      freeze == .backbone || epoch <= freezeEpochs ? 0 : backboneRate
    }
  }

  /// Takes the network and the preprocessing of the model that training starts from.
  mutating func takeOrigin() throws(TrainingError) {
    guard let name = transfer.from else { return }
    let origin = try TransferOrigin(named: name, shelf: transfer.shelf)
    let images = origin.model.preprocessing
    if recipe.framesAsModel { data.resize = images.resize }
    data.choosesResize = recipe == .instant && images.resize == .crop ? true : nil
    data.filter = images.filter
    data.exif = images.exif
    data.normalization = .model
    let architecture = origin.model.network.architecture
    let input = architecture.input
    let growth = network.growth.scaled(from: network.size, to: input.height)
    network = Net(arch: architecture.name, size: input.height, growth: growth)
    network.keepSize(unless: architecture)
    transfer.from = origin.name
    transfer.sha256 = origin.sha256
    (transfer.backboneRate, transfer.stemRate) = recipe.transferRates
    transfer.freezesStatistics = recipe.freezesStatistics ? true : nil
  }
}

extension Configuration.Transfer {
  /// Refuses an `--arch` that is not the model's.
  func check(_ arch: String, is model: String) throws(TrainingError) {
    let origin = try TransferOrigin(named: model, shelf: shelf)
    let found = origin.model.network.architecture
    let wanted =
      Architecture.presetNames.contains(arch)
      ? try? Architecture.preset(arch) : try Configuration.architecture(file: arch)
    guard wanted.map(found.hasLayers) == true else {
      throw TrainingError(
        .usage, "--arch \(arch) is not the network of \(model)", found: found.name,
        expected: "the model's own, which is taken without --arch")
    }
  }

  /// Refuses settings that have no meaning without a model to start from.
  func validate(_ normalization: Normalization) throws(TrainingError) {
    if from != nil {
      guard sha256 != nil else {
        throw TrainingError(.usage, "transfer.from lacks its transfer.weights_sha256")
      }
      guard freeze == .none || freezeEpochs == 0 else {
        throw TrainingError(
          .usage, "--freeze backbone and --freeze-epochs exclude each other",
          found: "--freeze-epochs \(freezeEpochs)",
          expected: "--freeze backbone for the whole run, --freeze-epochs for its beginning")
      }
      guard stemRate ?? 0 <= backboneRate else {
        throw TrainingError(
          .usage, "--stem-lr is above --backbone-lr", found: "\(stemRate ?? 0)",
          expected: "at most \(backboneRate): learning rates fall towards the first layer")
      }
      return
    }
    let option =
      freeze != .none
      ? "--freeze \(freeze.rawValue)"
      : freezeEpochs > 0
        ? "--freeze-epochs"
        : backboneRate != 1
          ? "--backbone-lr"
          : stemRate != nil
            ? "--stem-lr"
            : freezesStatistics == true ? "--freeze-bn" : normalization == .model ? "model" : nil
    guard let option else { return }
    throw TrainingError(
      .usage, "\(option) has no meaning for a network with fresh weights",
      expected: "--from MODEL beside it")
  }
}
