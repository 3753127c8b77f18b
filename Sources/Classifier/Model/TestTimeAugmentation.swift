/// The views of an image that a network averages.
package enum TestTimeAugmentation: String, Sendable, Hashable, Codable, CaseIterable {
  case plain = "none"
  /// The image and its mirror image; the prediction is the mean of the two rows of logits.
  case flip

  /// Rows of logits per image.
  package var views: Int { self == .plain ? 1 : 2 }
}

/// Appends the mirror image of a tensor of rows of `width` pixels of `channels` numbers.
///
/// Left and right change places; done twice it gives the same numbers.
package func appendMirrored(_ tensor: inout [Float], width: Int, channels: Int = 3) {
  let row = width * channels
  precondition(row > 0 && tensor.count % row == 0, "whole rows of pixels")
  tensor += [Float](unsafeUninitializedCapacity: tensor.count) { mirrored, count in
    count = tensor.count
    tensor.withUnsafeBufferPointer {
      guard let source = $0.baseAddress, let target = mirrored.baseAddress else { return }
      mirror(source, to: target, rows: count / row, width: width, channels: channels)
    }
  }
}

/// Writes the mirror image of a tensor to memory of its own.
func mirror(
  _ tensor: UnsafePointer<Float>, to mirrored: UnsafeMutablePointer<Float>, rows: Int, width: Int,
  channels: Int
) {
  var target = mirrored
  for row in 0..<rows {
    var source = tensor + (row + 1) * width * channels
    for _ in 0..<width {
      source -= channels
      for channel in 0..<channels { target[channel] = source[channel] }
      target += channels
    }
  }
}

/// The mean of each two rows of logits that follow one another, and the first of the two.
package func averagedPairs(
  _ logits: [Float], outputs: Int
) -> (mean: [Float], first: [Float]) {
  precondition(outputs > 0 && logits.count % (2 * outputs) == 0, "pairs of rows")
  var mean: [Float] = []
  var first: [Float] = []
  for start in stride(from: 0, to: logits.count, by: 2 * outputs) {
    for i in start..<(start + outputs) {
      // A sum does not mind the order: an image and its mirror image get the same prediction.
      mean.append((logits[i] + logits[i + outputs]) / 2)
      first.append(logits[i])
    }
  }
  return (mean, first)
}
