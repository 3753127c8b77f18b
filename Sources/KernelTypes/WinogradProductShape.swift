/// The products between Winograd's transforms: sizes and steps, in floats.
package struct WinogradProductShape: Sendable {
  /// Planes of transformed tiles.
  package var planes: Int
  package var tiles: Int
  /// Floats of an input tile in one plane: the channels of the source.
  package var inputs: Int
  /// Floats of an output tile in one plane: the channels of the target.
  package var outputs: Int
  /// The distance of two planes of inputs, filters and outputs.
  package var vStep, uStep, mStep: Int
  /// The inputs that are summed, of all of a tile's.
  package var indices: Int
  /// The output channels to compute, whole vectors.
  package var channels: Int
  /// Continues the sums that the outputs hold: the bits are those of one sum over all inputs.
  package var continues: Bool

  /// A shape with all its numbers; nil means all inputs, or all output channels.
  package init(
    planes: Int, tiles: Int, inputs: Int, outputs: Int, vStep: Int, uStep: Int, mStep: Int,
    indices: Int? = nil, channels: Int? = nil, continues: Bool = false
  ) {
    self.planes = planes
    self.tiles = tiles
    self.inputs = inputs
    self.outputs = outputs
    self.vStep = vStep
    self.uStep = uStep
    self.mStep = mStep
    self.indices = indices ?? inputs
    self.channels = channels ?? outputs
    self.continues = continues
  }
}
