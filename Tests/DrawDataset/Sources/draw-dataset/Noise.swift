import Glibc

/// Smooth pseudo-random functions of a place, the same for the same seed.
struct Noise {
  private let seed: UInt32

  init(seed: UInt32) { self.seed = seed }

  /// A number in 0..<1 for a cell of the integer lattice.
  func cell(_ x: Int32, _ y: Int32, _ z: Int32) -> Float {
    // The avalanche of Murmur3 over a linear mix of the coordinates.
    var h = seed &+ UInt32(bitPattern: x) &* 0x9E37_79B1
    h = (h ^ (h >> 15)) &+ UInt32(bitPattern: y) &* 0x85EB_CA77
    h = (h ^ (h >> 13)) &* 0xC2B2_AE3D &+ UInt32(bitPattern: z) &* 0x27D4_EB2F
    h = (h ^ (h >> 16)) &* 0x85EB_CA6B
    h = (h ^ (h >> 13)) &* 0xC2B2_AE35
    return Float((h ^ (h >> 16)) >> 8) * 0x1p-24
  }

  /// Value noise in 0...1 with lattice spacing 1.
  func value(_ p: V3) -> Float {
    let base = p.rounded(.down)
    let f = p - base
    let u = f * f * (3 - 2 * f)
    let (x, y, z) = (Int32(base.x), Int32(base.y), Int32(base.z))
    func edge(_ dy: Int32, _ dz: Int32) -> Float {
      mix(cell(x, y &+ dy, z &+ dz), cell(x &+ 1, y &+ dy, z &+ dz), u.x)
    }
    return mix(mix(edge(0, 0), edge(1, 0), u.y), mix(edge(0, 1), edge(1, 1), u.y), u.z)
  }

  /// Noise in the plane.
  func value(_ x: Float, _ y: Float) -> Float { value(V3(x, y, 0.5)) }

  /// Sum of octaves, each twice as fine and half as strong, in 0...1.
  func fractal(_ p: V3, octaves: Int = 3) -> Float {
    var (sum, weight, total): (Float, Float, Float) = (0, 1, 0)
    var q = p
    for _ in 0..<octaves {
      sum += value(q) * weight
      total += weight
      weight /= 2
      q = q * 2.03 + 17.3
    }
    return sum / total
  }

  /// Distance to the nearest of scattered points, one a cell, and the number of that point.
  func scatter(_ p: V3) -> (distance: Float, id: Float) {
    let base = p.rounded(.down)
    var best = (distance: Float(9), id: Float(0))
    for dz: Int32 in -1...1 {
      for dy: Int32 in -1...1 {
        for dx: Int32 in -1...1 {
          let (x, y, z) = (Int32(base.x) + dx, Int32(base.y) + dy, Int32(base.z) + dz)
          let jitter = V3(cell(x, y, z), cell(x &+ 71, y, z), cell(x, y &+ 37, z))
          let d = length(V3(Float(x), Float(y), Float(z)) + jitter - p)
          if d < best.distance { best = (d, cell(x, y, z &+ 53)) }
        }
      }
    }
    return best
  }
}
