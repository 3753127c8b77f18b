import Glibc

extension Background {
  /// Clear, cloudy or evening sky down to the horizon.
  mutating func sky() {
    let (top, bottom) = random.pick([
      (V3(0.35, 0.55, 0.85), V3(0.75, 0.87, 0.95)), (V3(0.65, 0.68, 0.72), V3(0.82, 0.83, 0.84)),
      (V3(0.45, 0.42, 0.6), V3(0.95, 0.72, 0.5)), (V3(0.55, 0.7, 0.88), V3(0.9, 0.92, 0.92)),
    ])
    let clouds = random.between(0, 0.8)
    let (noise, horizon, low) = (noise, horizon, low)
    band(0, horizon + 1) { p in
      let cloud = noise.fractal(V3(p.x / low * 2.5, p.y / low * 6, 0.5))
      let c = mix(top, bottom, clamp(p.y / horizon))
      return mix(c, V3(0.95, 0.95, 0.95), smoothstep(0.5, 0.8, cloud) * clouds)
    }
  }

  /// Round trees or bushes on the horizon.
  mutating func trees() {
    let base = random.near(
      random.pick([V3(0.2, 0.33, 0.18), V3(0.35, 0.38, 0.2), V3(0.5, 0.36, 0.18)]), 0.05)
    for _ in 0..<random.index(below: 7) + 2 {
      let x = random.between(-0.1, 1.1) * width
      let size = low * random.between(0.08, 0.26)
      let color = random.near(base, 0.07)
      if random.chance(0.5) {
        canvas.fill(
          Path(V2(x - size * 0.12, horizon - size * 1.4), V2(x + size * 0.12, horizon + 2)),
          V3(0.3, 0.22, 0.16))
      }
      for _ in 0..<9 {
        let center = V2(x, horizon - size * 1.2) + V2(random.normal(), random.normal()) * size * 0.5
        canvas.fill(
          Path(ellipse: center, V2(size, size * 0.8) * 0.5), color * random.between(0.75, 1.25))
      }
    }
  }

  /// Grass, with blades near the viewer and flowers at times.
  mutating func meadow() {
    sky()
    if random.chance(0.75) { trees() }
    if random.chance(0.25) { fence() }
    let base = random.near(
      random.pick([
        V3(0.33, 0.5, 0.2), V3(0.42, 0.52, 0.25), V3(0.6, 0.55, 0.3), V3(0.25, 0.42, 0.2),
      ]), 0.06)
    ground(base, grain: 0.35)
    let flowers = random.chance(0.3)
    for _ in 0..<Int(width * (height - horizon) / 22) {
      let y = random.between(horizon, height + 6)
      let near = (y - horizon) / max(height - horizon, 1)
      let root = V2(random.uniform() * width, y)
      let size = low * mix(0.015, 0.08, near)
      let tip = root + V2(random.between(-0.4, 0.4), -1) * size
      canvas.fill(
        Path(stroke: [root, mix(root, tip, 0.5), tip], width: mix(0.8, 2, near), endWidth: 0.2),
        random.near(base, 0.14))
      if flowers && random.chance(0.02) {
        let r = max(0.8, size * 0.18)
        canvas.fill(
          Path(ellipse: tip, V2(r, r)),
          random.pick([V3(0.95, 0.9, 0.3), V3(0.95, 0.95, 0.95), V3(0.8, 0.4, 0.7)]))
      }
    }
  }

  /// Earth, sand or snow from the horizon down.
  mutating func ground(_ base: V3, grain: Float) {
    let (noise, horizon, low) = (noise, horizon, low)
    band(horizon, height) { p in
      let depth = 1 / (0.2 + (p.y - horizon) / low)
      let patch = noise.fractal(V3(p.x * depth / low * 3, depth * 5, 0.5))
      let fine = noise.value(p.x / 1.4, p.y / 1.4)
      return base * (1 + grain * (patch - 0.5) + grain * 0.6 * (fine - 0.5))
    }
  }

  private mutating func fence() {
    let color = random.near(random.pick([V3(0.85, 0.84, 0.8), V3(0.45, 0.32, 0.22)]), 0.05)
    let (step, top) = (low * random.between(0.08, 0.14), horizon - low * random.between(0.15, 0.4))
    for k in 0..<Int(width / step) + 1 {
      let x = Float(k) * step
      canvas.fill(Path(V2(x, top), V2(x + step * 0.6, horizon + 4)), color)
    }
    for y in [mix(top, horizon, 0.25), mix(top, horizon, 0.75)] {
      canvas.fill(Path(V2(-1, y), V2(width + 1, y + step * 0.3)), color * 0.9)
    }
  }

  mutating func snow() {
    sky()
    if random.chance(0.7) { trees() }
    ground(random.near(V3(0.88, 0.9, 0.94), 0.04), grain: 0.12)
    guard random.chance(0.5) else { return }
    for _ in 0..<Int(low) {
      let r = random.between(0.5, 1.6)
      canvas.fill(
        Path(ellipse: V2(random.uniform() * width, random.uniform() * height), V2(r, r)),
        V3(0.97, 0.97, 0.98), opacity: 0.8)
    }
  }

  mutating func beach() {
    sky()
    let shore = horizon + (height - horizon) * random.between(0.1, 0.35)
    let sea = random.near(V3(0.25, 0.48, 0.6), 0.1)
    ground(random.near(V3(0.82, 0.72, 0.52), 0.06), grain: 0.2)
    let (noise, horizon) = (noise, horizon)
    band(horizon, shore) { p in
      let wave = noise.value(p.x / 14, (p.y - horizon) / 1.5)
      return mix(sea, V3(0.92, 0.95, 0.96), smoothstep(0.72, 0.85, wave))
    }
    band(shore - 1.5, shore + 1) { p in V3(0.93, 0.95, 0.95) * (0.9 + 0.1 * noise.value(p.x, 1)) }
    if random.chance(0.4) { thing() }
  }

  /// Houses with windows over a pavement.
  mutating func street() {
    sky()
    var x = -random.uniform() * width * 0.2
    while x < width {
      let size = width * random.between(0.2, 0.45)
      let top = horizon * random.between(-0.3, 0.5)
      let color = random.near(random.pick(Background.walls), 0.12)
      canvas.fill(Path(V2(x, top), V2(x + size, horizon + 1)), color)
      let pane = low * random.between(0.05, 0.1)
      let glass = random.near(V3(0.3, 0.35, 0.42), 0.12)
      for wx in stride(from: x + pane * 0.6, to: x + size - pane, by: pane * 1.8) {
        for wy in stride(from: top + pane * 0.6, to: horizon - pane * 1.4, by: pane * 2.2) {
          canvas.fill(Path(V2(wx, wy), V2(wx + pane, wy + pane * 1.4)), glass)
        }
      }
      x += size
    }
    ground(random.near(V3(0.52, 0.51, 0.5), 0.08), grain: 0.2)
    let kerb = mix(horizon, height, random.between(0.15, 0.4))
    band(horizon, kerb) { _ in V3(0.62, 0.61, 0.59) }
    band(kerb, kerb + 2) { _ in V3(0.35, 0.34, 0.34) }
    if random.chance(0.5) { thing() }
  }
}
