import Glibc

/// Paints what stands behind (and sometimes before) an animal.
struct Background {
  var canvas: Canvas
  var random: RandomStream
  let noise: Noise
  /// Height of the line between floor and wall or earth and sky, in pixels.
  let horizon: Float

  var width: Float { Float(canvas.width) }
  var height: Float { Float(canvas.height) }
  var low: Float { min(width, height) }

  static let walls: [V3] = [
    V3(0.85, 0.82, 0.75), V3(0.72, 0.76, 0.8), V3(0.6, 0.65, 0.55), V3(0.78, 0.62, 0.5),
    V3(0.5, 0.52, 0.58), V3(0.88, 0.78, 0.6), V3(0.45, 0.36, 0.34), V3(0.65, 0.75, 0.78),
    V3(0.35, 0.42, 0.5), V3(0.7, 0.5, 0.45),
  ]

  /// A background for a picture; `close` ones are out of focus.
  static func paint(width: Int, height: Int, close: Bool, _ random: RandomStream) -> Canvas {
    var stream = random
    let noise = Noise(seed: stream.next())
    let horizon = Float(height) * stream.between(0.3, 0.72)
    var painter = Background(
      canvas: Canvas(width: width, height: height, color: V4(0.5, 0.5, 0.5, 1)), random: stream,
      noise: noise, horizon: horizon)
    let places: KeyValuePairs<Float, (inout Background) -> Void> = [
      2.2: { $0.room() }, 1.6: { $0.sofa() }, 1.4: { $0.carpet() }, 2.2: { $0.meadow() },
      0.9: { $0.snow() }, 1: { $0.beach() }, 1.2: { $0.street() }, 0.9: { $0.plain() },
      1: { $0.glow() }, 1.2: { $0.leaves() },
    ]
    let place = painter.random.pick(weighted: places)
    place(&painter)
    let blur = painter.random.between(0, 1)
    painter.canvas.blur(blur * blur * (close ? 0.035 : 0.018) * painter.low)
    return painter.canvas
  }

  /// Fills the rectangle between two heights with a colour by place.
  mutating func band(_ top: Float, _ bottom: Float, _ color: (V2) -> V3) {
    canvas.fill(Path(V2(-1, top), V2(width + 1, bottom)), color)
  }

  /// A floor from the horizon down: boards, tiles or a plain one.
  mutating func floor() {
    let base = random.near(
      random.pick([
        V3(0.55, 0.38, 0.24), V3(0.7, 0.55, 0.4), V3(0.4, 0.3, 0.25), V3(0.6, 0.6, 0.58),
        V3(0.75, 0.72, 0.68), V3(0.42, 0.45, 0.48),
      ]))
    let kind = random.index(below: 3)
    let size = low * random.between(0.1, 0.22)
    let (noise, horizon, width) = (noise, horizon, width)
    band(horizon, height) { p in
      let depth = 1 / (0.25 + (p.y - horizon) / (size * 4))
      let q = V2((p.x - width / 2) * depth / size, depth * 6)
      var c = base * (0.9 + 0.2 * noise.value(q.x * 0.7, q.y * 6))
      if kind == 0 {
        let board = (q.x).rounded(.down)
        c *= 0.85 + 0.3 * noise.value(board * 7.3, 0.5)
        if q.x - board < 0.06 { c *= 0.7 }
      } else if kind == 1 {
        let f = q - q.rounded(.down)
        if f.x < 0.06 || f.y < 0.08 { c *= 0.72 }
        let parity = Int(q.x.rounded(.down)) + Int(q.y.rounded(.down))
        if parity & 1 == 0 { c *= 0.86 }
      }
      return c
    }
  }

  /// One colour, or two that run into each other.
  mutating func plain() {
    let a = random.near(random.pick(Background.walls), 0.1)
    let b = random.chance(0.6) ? a * random.between(0.6, 0.9) : random.pick(Background.walls)
    let direction = V2(random.between(-1, 1), random.between(-1, 1))
    let size = V2(width, height)
    let noise = noise
    canvas.map { p, _ in
      let t = ((p / size - 0.5) * direction).sum() + 0.5
      return mix(a, b, smoothstep(0, 1, t)) * (0.96 + 0.08 * noise.value(p.x / 9, p.y / 9))
    }
  }

  /// Discs of light far out of focus.
  mutating func glow() {
    plain()
    let base = random.between(0.25, 0.7)
    canvas.map { _, c in c * base }
    for _ in 0..<random.index(below: 14) + 8 {
      let r = low * random.between(0.04, 0.16)
      let center = V2(random.uniform() * width, random.uniform() * height)
      let color = random.near(
        random.pick([V3(1, 0.85, 0.5), V3(0.9, 0.95, 1), V3(1, 0.6, 0.4), V3(0.6, 0.9, 0.7)]), 0.1)
      canvas.fill(
        Path(ellipse: center, V2(r, r)), color, opacity: random.between(0.12, 0.4))
    }
  }

  /// A dense hedge: leaves over leaves, darker behind.
  mutating func leaves() {
    let base = random.near(
      random.pick([V3(0.25, 0.4, 0.18), V3(0.45, 0.42, 0.15), V3(0.55, 0.33, 0.15)]), 0.06)
    canvas.map { _, _ in base * 0.35 }
    let size = low * random.between(0.035, 0.09)
    let count = Int(width * height / (size * size) * 1.6)
    for i in 0..<count {
      let t = Float(i) / Float(count)
      let center = V2(random.uniform() * width, random.uniform() * height)
      let color = random.near(base * mix(0.5, 1.35, t), 0.08)
      canvas.fill(
        Path(
          ellipse: center, V2(size, size * 0.45) * random.between(0.6, 1.3),
          angle: random.between(0, 6.3)), color)
    }
  }
}
