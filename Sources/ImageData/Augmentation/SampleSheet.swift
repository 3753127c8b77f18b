package import KernelTypes
package import Primitives

/// Training images beside what their first epochs make of them.
package struct SampleSheet: Sendable, Hashable {
  /// One row of images per sample: as it is stored, then as each of the first epochs sees it.
  package var rows: [[RGBImage]]
  /// The index in the store of each row's sample.
  package var samples: [Int]

  /// Draws the sheet of a plan, of up to so many images and epochs.
  ///
  /// The images are the first of the first epoch's order, the classes in turn, and their tensors
  /// come from what makes batches: the sheet shows what the network will see, but for colours
  /// beyond black and white, which are clipped. Empty if there are no images.
  package init(
    store: ImageStore, plan: BatchPlan, kernels: KernelTable, images: Int = 8, epochs: Int = 7
  ) throws(ImageStoreError) {
    let maker = BatchMaker(store: store, plan: plan, kernels: kernels)
    var tensors = [Float](repeating: 0, count: images * maker.largestTensor)
    let order = maker.order(of: plan.epochs.lowerBound).map { Int($0) }
    let chosen = SampleSheet.inTurn(order, store, count: images)
    samples = chosen
    var rows: [[RGBImage]] = []
    for sample in chosen { rows.append([try store.image(sample)]) }
    try tensors.withUnsafeMutableBufferPointer { tensors throws(ImageStoreError) in
      for epoch in plan.epochs.prefix(epochs) {
        let batch = maker.prepare(chosen, chosen.indices, epoch, 0, into: tensors)
        for row in chosen.indices {
          try batch.write(row)
          rows[row].append(batch.image(row, plan.preprocessing))
        }
      }
    }
    self.rows = rows
  }

  /// The first samples of each class, one of every class before the second of any.
  private static func inTurn(_ order: [Int], _ store: ImageStore, count: Int) -> [Int] {
    var waiting: [Int32: [Int]] = [:]
    for (sample, target) in zip(order, store.targets(order)) {
      if waiting[target, default: []].count < count {
        waiting[target, default: []].append(sample)
      }
    }
    var chosen: [Int] = []
    for turn in 0..<count {
      for target in waiting.keys.sorted() where chosen.count < count {
        if let samples = waiting[target], turn < samples.count { chosen.append(samples[turn]) }
      }
    }
    return chosen
  }
}

extension PreparedBatch {
  /// The tensor of one image as bytes again.
  fileprivate func image(_ position: Int, _ preprocessing: Preprocessing) -> RGBImage {
    let count = 3 * batch.width * batch.height
    let pixels = (0..<count).map { at in
      let value = batch.pixels[position * count + at]
      let channel = at % 3
      let level = value * preprocessing.deviation[channel] + preprocessing.mean[channel]
      return UInt8(max(0, min(255, level.rounded())))
    }
    return RGBImage(width: batch.width, height: batch.height, pixels: pixels)
  }
}
