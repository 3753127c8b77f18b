/// The light of a picture and what the camera made of it.
struct Light {
  /// Towards the lamp, in view axes.
  var direction: V3
  var key: V3
  var sky: V3
  var ground: V3
  /// Factors on red, green and blue of the finished picture.
  var tint: V3
  var exposure: Float
  var contrast: Float
  var vignette: Float
  /// Brightness change from one side to the other, as a vector over the picture.
  var gradient: V2
  var noise: Float
  /// In pixels of a picture of 140.
  var blur: Float
  /// Share of grey veil.
  var haze: Float

  init(_ random: inout RandomStream) {
    direction = normalize(
      V3(random.between(-0.9, 0.9), random.between(0.15, 1), random.between(0.35, 1)))
    let warm = random.between(-0.12, 0.12)
    key = V3(1 + warm, 1, 1 - warm) * random.between(0.45, 0.85)
    let ambient = random.between(0.42, 0.62)
    sky = V3(1 - warm, 1, 1 + warm) * ambient
    ground = V3(1.05, 0.98, 0.9) * ambient * random.between(0.5, 0.8)
    let cast = random.pick(weighted: [5: Float(0.05), 2: 0.1, 1: 0.18])
    let temperature = random.between(-cast, cast)
    let green = random.between(-cast, cast) * 0.4
    tint = V3(1 + temperature, 1 + green, 1 - temperature)
    exposure = random.pick(weighted: [
      6: random.between(0.85, 1.15), 2: random.between(0.72, 0.9), 1: random.between(1.2, 1.4),
    ])
    contrast = random.between(0.75, 1.12)
    vignette = random.chance(0.4) ? random.between(0.1, 0.42) : 0
    gradient =
      random.chance(0.4) ? V2(random.between(-0.28, 0.28), random.between(-0.2, 0.2)) : .zero
    noise = random.chance(0.5) ? random.between(0.004, 0.02) : 0
    blur = random.chance(0.3) ? random.between(0.3, 0.9) : 0
    haze = random.chance(0.2) ? random.between(0.05, 0.2) : 0
  }

  /// Light that leaves a matt surface towards the viewer.
  ///
  /// `fuzz` is the share of light that fur scatters around its edge.
  func matt(_ color: V3, normal: V3, openness: Float, fuzz: Float) -> V3 {
    let lambert = clamp((dot(normal, direction) + 0.25) / 1.25)
    let ambient = mix(ground, sky, 0.5 + 0.5 * normal.y) * openness
    let rim = fuzz * (1 - clamp(normal.z)) * (1 - clamp(normal.z))
    return color * (key * lambert * (0.5 + 0.5 * openness) + ambient) + (color + 0.15) * sky * rim
  }

  /// The lamp's reflection on a smooth surface.
  func gloss(normal: V3, sharpness: Float) -> Float {
    let half = normalize(direction + V3(0, 0, 1))
    var power = clamp(dot(normal, half))
    // Repeated squaring: sharpness counts doublings.
    for _ in 0..<Int(sharpness) { power *= power }
    return power
  }

  /// What lens, film and light do to the finished picture.
  func develop(_ canvas: inout Canvas, _ random: inout RandomStream) {
    let size = V2(Float(canvas.width), Float(canvas.height))
    canvas.blur(blur * size.min() / 140)
    canvas.map { place, color in
      let p = place / size * 2 - 1
      var c = color * tint * exposure * (1 + (p * gradient).sum())
      c *= 1 - vignette * clamp((p * p).sum() / 2)
      c = (c - 0.5) * contrast + 0.5
      return mix(c, V3(0.7, 0.72, 0.75), haze)
    }
    guard noise > 0 else { return }
    canvas.map { _, color in
      let shared = random.normal() * noise
      return color + shared + V3(random.normal(), random.normal(), random.normal()) * noise * 0.5
    }
  }
}
