import Glibc

extension Background {
  /// A wall with paper, pictures, a window or furniture, over a floor with things on it.
  mutating func room() {
    wall(to: horizon)
    floor()
    let skirting = low * 0.03
    let pale = random.near(V3(0.85, 0.83, 0.8), 0.08)
    band(horizon - skirting, horizon) { _ in pale }
    if random.chance(0.35) { rug() }
    for _ in 0..<random.index(below: 4) { thing() }
  }

  /// A wall down to a height.
  mutating func wall(to bottom: Float) {
    let base = random.near(random.pick(Background.walls), 0.08)
    let other = random.near(base, 0.15)
    let kind = random.index(below: 4)
    let size = low * random.between(0.06, 0.15)
    let noise = noise
    band(0, bottom) { p in
      let shade = 0.95 + 0.1 * noise.value(p.x / 25, p.y / 25)
      switch kind {
      case 0: return mix(base, other, sin(p.x / size * 3) > 0 ? 1 : 0) * shade
      case 1:
        let f = p / size - (p / size).rounded(.down) - 0.5
        return mix(base, other, smoothstep(0.3, 0.22, length(f))) * shade
      default: return base * shade
      }
    }
    if random.chance(0.35) { window(bottom) }
    for _ in 0..<random.index(below: 3) { picture(bottom) }
  }

  private mutating func picture(_ bottom: Float) {
    let size = V2(random.between(0.12, 0.3), random.between(0.12, 0.3)) * low
    let corner = V2(random.between(-0.1, 0.9) * width, random.between(-0.1, 0.6) * bottom)
    let frame = random.near(random.pick([V3(0.2, 0.15, 0.1), V3(0.9, 0.9, 0.88)]), 0.05)
    canvas.fill(Path(corner, corner + size), frame)
    let rim = size * 0.1
    let (a, b) = (random.near(V3(0.5, 0.6, 0.65), 0.3), random.near(V3(0.6, 0.5, 0.35), 0.3))
    let middle = corner.y + size.y * random.between(0.35, 0.7)
    canvas.fill(Path(corner + rim, corner + size - rim)) { $0.y < middle ? a : b }
  }

  private mutating func window(_ bottom: Float) {
    let size = V2(random.between(0.35, 0.6) * width, random.between(0.6, 0.9) * bottom)
    let corner = V2(random.between(-0.1, 0.7) * width, bottom * 0.03)
    let sky = random.near(
      random.pick([V3(0.75, 0.86, 0.95), V3(0.2, 0.24, 0.38), V3(0.92, 0.85, 0.7)]), 0.05)
    let green = random.near(V3(0.35, 0.5, 0.3), 0.1)
    let frame = random.near(V3(0.88, 0.87, 0.84), 0.08)
    canvas.fill(Path(corner - 3, corner + size + 3), frame)
    let noise = noise
    canvas.fill(Path(corner, corner + size)) { p in
      let line = corner.y + size.y * (0.6 + 0.25 * noise.value(p.x / 12, 3))
      return p.y < line ? sky : green * (0.8 + 0.4 * noise.value(p.x / 4, p.y / 4))
    }
    let bar = max(1.5, low * 0.015)
    let middle = corner + size / 2
    canvas.fill(Path(V2(middle.x - bar, corner.y), V2(middle.x + bar, corner.y + size.y)), frame)
    canvas.fill(Path(V2(corner.x, middle.y - bar), V2(corner.x + size.x, middle.y + bar)), frame)
    guard random.chance(0.5) else { return }
    let cloth = random.near(random.pick(Background.walls), 0.1)
    for x in [corner.x - size.x * 0.1, corner.x + size.x * 0.88] {
      canvas.fill(Path(V2(x, 0), V2(x + size.x * 0.24, bottom))) { p in
        cloth * (0.85 + 0.18 * sin(p.x / 2.2))
      }
    }
  }

  private mutating func rug() {
    let (a, b) = (
      random.near(random.pick(Background.walls), 0.12), random.near(V3(0.5, 0.3, 0.28), 0.2)
    )
    let center = V2(width * random.between(0.3, 0.7), mix(horizon, height, 0.65))
    let radii = V2(width * random.between(0.4, 0.7), (height - horizon) * random.between(0.3, 0.5))
    for k in 0..<4 {
      canvas.fill(Path(ellipse: center, radii * (1 - Float(k) * 0.2)), k % 2 == 0 ? a : b)
    }
  }

  /// A sofa or bed that fills the lower part, with cushions.
  mutating func sofa() {
    wall(to: height)
    let cloth = random.near(
      random.pick([
        V3(0.5, 0.22, 0.2), V3(0.3, 0.36, 0.45), V3(0.62, 0.58, 0.5), V3(0.35, 0.42, 0.33),
        V3(0.75, 0.68, 0.58), V3(0.42, 0.32, 0.28), V3(0.8, 0.8, 0.8),
      ]), 0.08)
    let noise = noise
    let plaid = random.chance(0.25)
    func weave(_ p: V2, _ share: Float) -> V3 {
      var c = cloth * share * (0.9 + 0.2 * noise.value(p.x / 1.5, p.y / 1.5))
      if plaid && (sin(p.x / 5) > 0.6 || sin(p.y / 5) > 0.6) { c *= 0.75 }
      return c
    }
    let back = horizon * random.between(0.5, 0.8)
    let seats = random.index(below: 2) + 2
    let (width, height, low) = (width, height, low)
    for k in 0..<seats {
      let x = width * (Float(k) / Float(seats) * 1.1 - 0.05)
      canvas.fill(
        Path(V2(x + 1, back), V2(x + width * 1.1 / Float(seats) - 1, height), corner: low * 0.07)
      ) { p in weave(p, 0.8 + 0.2 * clamp((p.y - back) / 30)) }
    }
    let seat = mix(horizon, height, 0.25)
    canvas.fill(Path(V2(-5, seat), V2(width + 5, height + 20), corner: low * 0.05)) { p in
      weave(p, 1.12 - 0.3 * smoothstep(seat, height, p.y))
    }
    for _ in 0..<random.index(below: 3) {
      let center = V2(random.uniform() * width, seat - low * random.between(0, 0.12))
      let half = V2(repeating: low * random.between(0.12, 0.2))
      let color = random.near(random.pick(Background.walls), 0.12)
      let stripes = random.chance(0.4)
      canvas.fill(Path(center - half, center + half, corner: half.x * 0.4)) { p in
        color * (stripes && sin((p.x + p.y) / 3) > 0 ? 0.75 : 1)
          * (1 - 0.25 * smoothstep(0, half.y, p.y - center.y))
      }
    }
  }

  /// A carpet or blanket seen from above.
  mutating func carpet() {
    let base = random.near(random.pick(Background.walls), 0.1)
    let other = random.near(random.pick(Background.walls), 0.1)
    let size = low * random.between(0.08, 0.25)
    let kind = random.index(below: 4)
    let turn = random.between(0, 3)
    let noise = noise
    canvas.map { p, _ in
      let q = V2(cos(turn) * p.x - sin(turn) * p.y, sin(turn) * p.x + cos(turn) * p.y) / size
      let f = q - q.rounded(.down)
      var t: Float = 0
      switch kind {
      case 0: t = f.x > 0.5 ? 1 : 0
      case 1: t = (f.x > 0.5 ? 0.5 : 0) + (f.y > 0.5 ? 0.5 : 0)
      case 2: t = length(f - 0.5) < 0.28 ? 1 : 0
      default: break
      }
      return mix(base, other, t) * (0.82 + 0.36 * noise.value(p.x / 1.3, p.y / 1.3))
    }
    for _ in 0..<random.index(below: 3) { thing() }
  }
}
