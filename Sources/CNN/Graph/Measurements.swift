internal import KernelTypes

/// Means and squares of a value's channels, one part for each task that wrote or read it.
///
/// A part holds its number of pixels, its own mean as a center, and the sums of differences and
/// squares about it; the parts are merged in Double (Chan, Golub and LeVeque 1983): neither a large
/// mean nor a single outlier costs precision.
struct Measurements {
  /// The place of the parts.
  let base: Output
  let channels: Int
  /// The number of parts.
  let tasks: Int

  /// Floats of `tasks` parts.
  static func count(tasks: Int, channels: Int) -> Int { tasks * step(channels) }

  private static func step(_ channels: Int) -> Int { 16 + 3 * channels }

  private func part(_ task: Int) -> Output { base + task * Measurements.step(channels) }

  /// Measures consecutive pixels into one part.
  func measure(_ k: KernelTable, task: Int, _ x: Input, pixels: Int) {
    let part = part(task)
    let center = part + 16
    part[0] = Float(pixels)
    k.normalization.columnSums(x, pixels, channels, center)
    k.elementwise.scale(center, 1 / Float(pixels), channels)
    k.normalization.moments(
      x, center, pixels, channels, center + channels, center + 2 * channels)
  }

  /// Mean and biased variance of one channel over all parts.
  func merged(channel: Int) -> (mean: Double, variance: Double) {
    var count = 0.0
    var sum = 0.0
    for task in 0..<tasks {
      let part = part(task)
      let values = part + 16 + channel
      count += Double(part[0])
      sum += Double(values[0]) * Double(part[0]) + Double(values[channels])
    }
    let mean = sum / count
    var squares = 0.0
    for task in 0..<tasks {
      let part = part(task)
      let values = part + 16 + channel
      let distance = Double(values[0]) - mean
      squares +=
        Double(values[2 * channels]) + 2 * distance * Double(values[channels])
        + distance * distance * Double(part[0])
    }
    return (mean, max(0, squares / count))
  }
}
