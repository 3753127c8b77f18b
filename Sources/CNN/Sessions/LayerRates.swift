internal import Glibc

/// The learning rate factors of a network's layers: 1 for the classifier, and a geometric sequence
/// from the first layer to the last one before it.
///
/// Early layers see edges and textures, which serve other images too; late ones have to change
/// (Howard and Ruder 2018). A layer is what has weights; the normalization behind it goes with it.
struct LayerRates {
  /// By the place of a tensor in its slab.
  private let factors: [Int: Double]

  /// - last: the factor of the backbone's last layer.
  /// - first: that of its first one; both are 0, or neither is.
  init(of graph: Graph, head: ClassifierHead, last: Double, first: Double) {
    let parameters = graph.slots.filter { $0.slab == .parameters }
    let body = parameters.filter { !head.owns(tensor: $0.name) }
    let steps = max(1, body.count(where: \.decays) - 1)
    var factors: [Int: Double] = [:]
    for slot in parameters where head.owns(tensor: slot.name) { factors[slot.offset] = 1 }
    var layer = -1
    for slot in body {
      if slot.decays { layer += 1 }
      let left = Double(steps - max(0, layer)) / Double(steps)
      factors[slot.offset] = first == last ? last : last * pow(first / last, left)
    }
    self.factors = factors
  }

  /// The factor of a tensor of the parameters.
  subscript(slot: TensorSlot) -> Double { factors[slot.offset] ?? 1 }
}
