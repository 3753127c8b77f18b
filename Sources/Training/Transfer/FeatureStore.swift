internal import CNN
internal import Compute
internal import ImageData
internal import Ranks

/// The features of a run's images from a frozen backbone, computed once and kept.
///
/// A class because it owns the features' memory.
final class FeatureStore {
  /// Numbers of one image.
  let features: Int
  /// The classifier with the network's weights: what is trained.
  let head: Network
  private let network: Network
  private let backbone: Network
  private let images: RunImages
  private let engine: Engine
  private let team: Group
  /// Views x training images x features, in the images' order.
  private let training: FloatMemory
  private let validation: FloatMemory
  /// The second classes of a view's images, by the view; none without mixup and CutMix.
  private var mixtures: [Int: TargetMixture] = [:]
  /// The views that there are features of.
  private var computed: Set<Int> = []
  /// Changes of each training image that there are features of.
  let views: Int

  /// Memory for the features of a network's images; nothing is computed yet.
  ///
  /// nil if the network has too many features to keep: they are computed at every step then.
  init?(
    _ network: Network, images: RunImages, augmentation: Augmentation, epochs: Int,
    engine: Engine, team: Group
  ) throws(ModelError) {
    guard
      let parts = try Parts(network, images: images.training.count + images.validation.count)
    else { return nil }
    (backbone, head, firstLayer) = (parts.backbone, parts.head, parts.firstLayer)
    features = backbone.outputs
    views = FeatureStore.views(
      images: images.training.count, features: features, isChanged: augmentation != .none,
      epochs: epochs)
    self.network = network
    self.images = images
    self.engine = engine
    self.team = team
    training = try FloatMemory(count: views * images.training.count * features)
    validation = try FloatMemory(count: images.validation.count * features)
    try backbone.copyTensors(from: network)
    try head.copyTensors(from: network, nameInNetwork)
  }

  /// A network cut in two, where its features are few enough to keep.
  private struct Parts {
    let backbone: Network
    let head: Network
    /// The head's first layer in the whole network.
    let firstLayer: Int

    init?(_ network: Network, images: Int) throws(ModelError) {
      guard let part = network.architecture.backbone else { return nil }
      backbone = try Network(blank: part)
      let features = backbone.outputs
      guard features <= FeatureStore.mostFeatures,
        let end = network.architecture.headAlone(features: features),
        images * features <= FeatureStore.mostFloats,
        let first = network.architecture.head?.firstLayer
      else { return nil }
      head = try Network(blank: end)
      firstLayer = first
    }
  }

  /// Bytes that features of the given number of images take, those more while they are computed,
  /// and the head that is trained on them.
  ///
  /// nil if the features are not kept.
  static func memoryNeeds(
    _ network: Network, training: Int, validation: Int, isChanged: Bool, epochs: Int,
    engine: Engine
  ) throws(ModelError) -> (bytes: Int, computing: Int, head: Network)? {
    guard let parts = try Parts(network, images: training + validation) else { return nil }
    let features = parts.backbone.outputs
    let views = views(
      images: training, features: features, isChanged: isChanged, epochs: epochs)
    let rows = views * training + validation
    let inputs = 3 * batchSize * network.architecture.input.count
    let session = try InferenceSession.memoryBytes(
      network: parts.backbone, batchSize: batchSize, engine: engine)
    let copies = parts.backbone.parameterCount + parts.head.parameterCount
    return (4 * (rows * features + copies), session + 4 * inputs, parts.head)
  }

  /// The changes of each image that are kept.
  private static func views(images: Int, features: Int, isChanged: Bool, epochs: Int) -> Int {
    isChanged ? min(epochs, views(images: images, features: features)) : 1
  }

  /// The views of each image that few seconds and little memory allow: a small set has many.
  static func views(images: Int, features: Int) -> Int {
    let affordable = min(16, mostImages / max(1, images))
    return max(1, min(max(2, affordable), mostFloats / max(1, images * features)))
  }

  /// Images that go through the backbone before training; fewer than two views there never are.
  private static let mostImages = 1 << 15
  /// 512 MB.
  private static let mostFloats = 1 << 27
  /// The longest input of a network.
  private static let mostFeatures = 16_384
  private static let batchSize = 64
  private let firstLayer: Int

  /// `layers.1.weights` of the head is `layers.7.weights` of the network.
  private func nameInNetwork(_ name: String) -> String? {
    Architecture.path(name, movedBy: firstLayer)
  }

  /// Writes a head's weights into the network.
  func putBack(_ head: Network) throws(ModelError) {
    let own = network.storage
    let theirs = head.storage
    for name in head.tensorNames {
      guard let source = theirs[name], let place = nameInNetwork(name), let target = own[place]
      else { throw .tensor(name: name, expected: "a tensor of the network", found: "none") }
      _ = target.values.update(fromContentsOf: source.values)
    }
    network.noteChange()
  }

  /// Whether an epoch, counted from 0, finds its features computed.
  func isReady(epoch: Int) -> Bool { computed.contains(epoch % views) }

  /// Computes what an epoch, counted from 0, needs and none before it had: features of the training
  /// images as that epoch of `plan` changes them, and once of the validation images as they are.
  ///
  /// Each process computes its own part of each batch, and all have the sum: nothing and the part.
  func prepare(
    epoch: Int, _ plan: BatchPlan, progress: (_ done: Int, _ total: Int) throws -> Void
  ) throws {
    let view = epoch % views
    guard !computed.contains(view) else { return }
    let session = try InferenceSession(
      network: backbone, batchSize: FeatureStore.batchSize, engine: engine)
    let held = computed.isEmpty ? images.validation.count : 0
    let total = images.training.count + held
    try compute(view, plan, session) { try progress($0, total) }
    if held > 0 { try computeValidation(session) { try progress($0 + total - held, total) } }
    computed.insert(view)
  }

  private func keep(
    _ pixels: UnsafeBufferPointer<Float>, _ count: Int, in memory: FloatMemory, at place: Int,
    _ session: InferenceSession
  ) {
    guard count > 0 else { return }
    memory.write(session.run(pixels: pixels, count: count), at: place * features)
  }

  private func compute(
    _ view: Int, _ plan: BatchPlan, _ session: InferenceSession, progress: (Int) throws -> Void
  ) throws {
    var plan = plan
    plan.batchSize = session.batchSize
    plan.shuffles = false
    plan.epochs = view..<(view + 1)
    plan.group = team
    let count = images.training.count
    let loader = BatchLoader(
      store: images.store, plan: plan, kernels: engine.kernels, workers: engine.workers)
    var blend = Blend(images: count)
    var done = 0
    while let batch = try loader.next() {
      keep(
        batch.pixels, batch.count, in: training, at: view * count + done + batch.offset, session)
      if let mixture = batch.mixture { blend.note(mixture, at: done + batch.offset) }
      done += batch.whole.count
      try progress(done)
    }
    if plan.augmentation.blends { mixtures[view] = try blend.whole(team) }
    try team.sum(training, view * count * features, count * features)
  }

  private func computeValidation(
    _ session: InferenceSession, progress: (Int) throws -> Void
  ) throws {
    let inputs = ValidationImages(images, batchSize: session.batchSize, engine: engine)
    let part = team.range(of: images.validation.count)
    for first in stride(from: part.lowerBound, to: part.upperBound, by: session.batchSize) {
      let range = first..<min(first + session.batchSize, part.upperBound)
      try inputs.withInputs(range) {
        keep($0, range.count, in: validation, at: first, session)
      }
      try progress(range.upperBound)
    }
    try team.sum(validation, 0, validation.count)
  }

  /// The second classes of a view's images and their shares, as floats: classes are few.
  private struct Blend {
    private var targets: [Float]
    private var shares: [Float]

    init(images: Int) {
      targets = [Float](repeating: 0, count: images)
      shares = targets
    }

    mutating func note(_ mixture: BatchMixture, at place: Int) {
      for (row, (target, share)) in zip(mixture.targets, mixture.shares).enumerated() {
        (targets[place + row], shares[place + row]) = (Float(target), share)
      }
    }

    /// The records of all processes combined, each of which has its own part.
    func whole(_ team: Group) throws(CommunicationError) -> TargetMixture {
      TargetMixture(
        targets: try team.sum(targets).map { Int32($0) }, shares: try team.sum(shares))
    }
  }

  /// Rows of a view's features with their targets, by their places among the training images.
  ///
  /// `part` is what this process makes its step on.
  func batch(
    _ places: ArraySlice<Int>, _ part: Range<Int>, view: Int,
    into target: UnsafeMutableBufferPointer<Float>
  ) -> TrainingBatch {
    let whole = places.map { images.training[$0] }
    let places = Array(places)[part]
    guard let base = target.baseAddress else {
      preconditionFailure("a batch without memory")
    }
    for (row, place) in places.enumerated() {
      let source = training.base + (view * images.training.count + place) * features
      (base + row * features).update(from: source, count: features)
    }
    let mixture = mixtures[view]
    return TrainingBatch(
      pixels: UnsafeBufferPointer(rebasing: target[..<(places.count * features)]),
      targets: images.store.targets(places.map { images.training[$0] }),
      mixture: mixture.map { all in
        TargetMixture(
          targets: places.map { all.targets[$0] }, shares: places.map { all.shares[$0] })
      }, whole: whole, offset: part.lowerBound)
  }
}

extension FeatureStore: ValidationInputs {
  func withInputs(
    _ range: Range<Int>, _ body: (UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    try body(
      UnsafeBufferPointer(
        start: validation.base + range.lowerBound * features, count: range.count * features))
  }
}
