import Glibc

/// The fur of an animal: colours and pattern.
///
/// Cats and dogs draw from the same coats.
struct Coat {
  enum Pattern: CaseIterable {
    case solid
    case tabby
    case patches
    case spots
    case points
    case saddle
  }

  var base: V3
  var second: V3
  var white: V3
  var pattern: Pattern
  /// 0 none, 1 belly, muzzle and paws white.
  var whiteness: Float
  /// A white line between the eyes.
  var blaze: Float
  /// Length of hair, 0 short to 1 long.
  var length: Float
  var noise: Noise
  private let stripes: Float

  private static let colors: [V3] = [
    V3(0.17, 0.16, 0.17), V3(0.22, 0.21, 0.22), V3(0.42, 0.44, 0.48), V3(0.58, 0.58, 0.58),
    V3(0.34, 0.22, 0.15), V3(0.5, 0.33, 0.2), V3(0.78, 0.48, 0.22), V3(0.86, 0.62, 0.34),
    V3(0.88, 0.78, 0.6), V3(0.72, 0.6, 0.45), V3(0.92, 0.9, 0.86), V3(0.62, 0.42, 0.26),
  ]

  init(_ random: inout RandomStream) {
    base = random.near(random.pick(Coat.colors), 0.05)
    pattern = random.pick(weighted: [
      2.2: Pattern.solid, 2.4: .tabby, 1.5: .patches, 0.7: .spots, 1: .points, 1.2: .saddle,
    ])
    let dark = base * random.between(0.3, 0.5)
    let other = random.near(random.pick(Coat.colors), 0.05)
    switch pattern {
    case .tabby: second = dark
    case .points, .saddle:
      base = mix(base, V3(0.9, 0.84, 0.74), random.between(0.2, 0.6))
      second = random.near(V3(0.2, 0.16, 0.14), 0.06)
    case .solid, .patches, .spots:
      second = abs(luminance(other) - luminance(base)) < 0.15 ? dark : other
    }
    white = random.near(V3(0.93, 0.92, 0.9), 0.04)
    whiteness = random.chance(0.45) ? random.between(0.4, 1) : 0
    blaze = whiteness > 0 && random.chance(0.5) ? random.between(0.08, 0.22) : 0
    length = random.chance(0.4) ? random.between(0.5, 1) : random.between(0.05, 0.35)
    noise = Noise(seed: random.next())
    stripes = random.between(5, 8)
  }

  /// The colour at a point of the animal, `h` the same point in head units.
  func color(_ p: V3, head h: V3, onHead: Bool, normal: V3, tone: Tone) -> V3 {
    let soft = noise.fractal(p * 1.3)
    var c = base * (0.88 + 0.24 * soft)
    switch pattern {
    case .solid: break
    case .tabby: c = mix(c, second, stripe(p, h, onHead, soft) * 0.75)
    case .patches: c = mix(c, second, smoothstep(0.5, 0.54, noise.fractal(p * 0.75 + 31)))
    case .spots:
      let spot = noise.scatter(p * 2.2)
      c = mix(c, second, smoothstep(0.36, 0.28, spot.distance) * (spot.id > 0.25 ? 0.9 : 0))
    case .points: c = mix(c, second, smoothstep(0.25, 0.85, tone.point + (soft - 0.5) * 0.3))
    case .saddle:
      let back = onHead ? h.y * 0.7 - h.z * 0.6 + 0.2 : normal.y * 0.8 + (0.3 - tone.point) * 0.3
      c = mix(c, second, smoothstep(0.05, 0.4, back + (soft - 0.5) * 0.6))
    }
    var pale = smoothstep(0.45, 0.6, tone.white * whiteness + (soft - 0.5) * 0.3)
    if onHead && blaze > 0 {
      pale = max(pale, smoothstep(blaze, blaze * 0.6, abs(h.x) + (soft - 0.5) * 0.1))
    }
    return mix(c, white, pale)
  }

  private func stripe(_ p: V3, _ h: V3, _ onHead: Bool, _ soft: Float) -> Float {
    if onHead {
      // The M of the forehead and lines over the cheeks.
      let wave = sin(h.x * 11 + (soft - 0.5) * 3)
      let cheek = sin((h.y + abs(h.x) * 0.3) * 12 + (soft - 0.5) * 4)
      let top = smoothstep(0.2, 0.4, h.y)
      let side = smoothstep(0.45, 0.65, abs(h.x)) * (1 - top)
      return max(smoothstep(0.1, 0.6, wave) * top, smoothstep(0.2, 0.7, cheek) * side)
    }
    let phase = p.z + 0.45 * p.y + (noise.value(p * 1.1 + 5) - 0.5) * 0.9
    return smoothstep(0.0, 0.55, sin(phase * stripes))
  }
}
