/// Floats that `multiplyAddChains` works on: every accumulator of the widest tile.
@inline(__always) var chainFloats: Int { 2 * widestTile * lanes }

/// values += values · factor, `steps` times: the peak arithmetic of this instruction set, for
/// measuring only.
///
/// The vectors are chains of multiply-adds that do not wait for each other, as many as a tile of a
/// convolution has accumulators. Nothing but `chainFloats` floats is read or written. Each vector is
/// its own summand, since NEON's instruction overwrites the summand: another one would be copied
/// before every step.
package func multiplyAddChains(
  _ values: UnsafeMutablePointer<Float>, factor: Float, steps: Int
) {
  let f = Vector(repeating: factor)
  var chains = clearedAccumulators()
  for chain in 0..<(2 * widestTile) { chains[chain] = load(values + chain * lanes) }
  for _ in 0..<steps {
    for chain in 0..<(2 * widestTile) {
      chains[chain] = multiplyAdd(chains[chain], chains[chain], f)
    }
  }
  for chain in 0..<(2 * widestTile) { store(values + chain * lanes, chains[chain]) }
}
