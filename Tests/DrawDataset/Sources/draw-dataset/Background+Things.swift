import Glibc

extension Background {
  /// One thing on the ground: toys, dishes and plants belong to both species alike.
  mutating func thing() {
    let foot = V2(
      random.between(0.02, 0.98) * width, mix(horizon, height, random.between(0.1, 0.95)))
    let near = (foot.y - horizon) / max(height - horizon, 1)
    let size = low * mix(0.07, 0.16, near) * random.between(0.7, 1.3)
    let color = random.near(
      random.pick([
        V3(0.8, 0.2, 0.2), V3(0.2, 0.4, 0.75), V3(0.9, 0.75, 0.2), V3(0.3, 0.6, 0.35),
        V3(0.85, 0.85, 0.82), V3(0.5, 0.3, 0.55), V3(0.85, 0.5, 0.25),
      ]), 0.08)
    canvas.fill(
      Path(ellipse: foot, V2(size, size * 0.25)), V3(0.1, 0.1, 0.1), opacity: 0.35)
    switch random.index(below: 5) {
    case 0: ball(foot, size * 0.6, color)
    case 1: bowl(foot, size, color)
    case 2: plant(foot, size * 1.4, color)
    case 3: box(foot, size, color)
    default: lamp(foot, size, color)
    }
  }

  private mutating func ball(_ foot: V2, _ r: Float, _ color: V3) {
    let center = foot - V2(0, r)
    let stripe = random.chance(0.5)
    canvas.fill(Path(ellipse: center, V2(r, r))) { p in
      let q = (p - center) / r
      let band = stripe && abs(q.x + 0.3 * q.y) < 0.25
      return (band ? V3(0.92, 0.92, 0.9) : color) * (1 - 0.35 * clamp(q.y + 0.3 * q.x))
    }
    canvas.fill(
      Path(ellipse: center - V2(r, r) * 0.35, V2(r, r) * 0.2), V3(1, 1, 1), opacity: 0.5)
  }

  private mutating func bowl(_ foot: V2, _ size: Float, _ color: V3) {
    let top = foot.y - size * 0.6
    var side = Path()
    side.move(to: V2(foot.x - size * 0.75, top))
    side.line(to: V2(foot.x + size * 0.75, top))
    side.curve(
      V2(foot.x + size * 0.75, foot.y), V2(foot.x + size * 0.5, foot.y),
      to: V2(foot.x, foot.y + size * 0.05))
    side.curve(
      V2(foot.x - size * 0.5, foot.y), V2(foot.x - size * 0.75, foot.y),
      to: V2(foot.x - size * 0.75, top))
    canvas.fill(side) { p in color * (1.1 - 0.4 * clamp((p.y - top) / size)) }
    canvas.fill(Path(ellipse: V2(foot.x, top), V2(size * 0.75, size * 0.2)), color * 0.6)
  }

  private mutating func plant(_ foot: V2, _ size: Float, _ color: V3) {
    let pot = [
      V2(foot.x - size * 0.22, foot.y), V2(foot.x + size * 0.22, foot.y),
      V2(foot.x + size * 0.32, foot.y - size * 0.45),
      V2(foot.x - size * 0.32, foot.y - size * 0.45),
    ]
    canvas.fill(Path(pot), mix(color, V3(0.6, 0.35, 0.25), 0.6))
    let green = random.near(V3(0.25, 0.45, 0.22), 0.08)
    for _ in 0..<12 {
      let root = V2(foot.x, foot.y - size * 0.45)
      let tip = root + V2(random.between(-0.8, 0.8), -random.between(0.5, 1.5)) * size
      let bend = mix(root, tip, 0.5) + V2(0, -size * 0.25)
      canvas.fill(
        Path(
          stroke: [root] + Path.curve(root, bend, bend, tip, steps: 6), width: size * 0.2,
          endWidth: 0.5),
        green * random.between(0.7, 1.3))
    }
  }

  private mutating func box(_ foot: V2, _ size: Float, _ color: V3) {
    let count = random.index(below: 3) + 1
    for k in 0..<count {
      let y = foot.y - Float(k) * size * 0.35
      let shift = random.between(-0.1, 0.1) * size
      let c = random.near(color, 0.2)
      canvas.fill(
        Path(V2(foot.x - size * 0.7 + shift, y - size * 0.34), V2(foot.x + size * 0.7 + shift, y)),
        c)
      canvas.fill(
        Path(
          V2(foot.x - size * 0.7 + shift, y - size * 0.1), V2(foot.x + size * 0.7 + shift, y)),
        c * 0.75)
    }
  }

  private mutating func lamp(_ foot: V2, _ size: Float, _ color: V3) {
    let top = foot.y - size * 3
    canvas.fill(
      Path(V2(foot.x - size * 0.06, top), V2(foot.x + size * 0.06, foot.y)), V3(0.25, 0.22, 0.2))
    canvas.fill(Path(ellipse: foot, V2(size * 0.4, size * 0.12)), V3(0.25, 0.22, 0.2))
    canvas.fill(
      Path([
        V2(foot.x - size * 0.35, top - size * 0.5), V2(foot.x + size * 0.35, top - size * 0.5),
        V2(foot.x + size * 0.6, top + size * 0.3), V2(foot.x - size * 0.6, top + size * 0.3),
      ]), mix(color, V3(1, 0.9, 0.7), 0.6))
  }

  /// Something between the viewer and the animal, low in the picture: grass, a blanket or an edge.
  static func foreground(on canvas: inout Canvas, _ random: inout RandomStream) {
    let (w, h) = (Float(canvas.width), Float(canvas.height))
    let low = min(w, h)
    if random.chance(0.5) {
      let base = random.near(random.pick([V3(0.3, 0.48, 0.2), V3(0.55, 0.5, 0.28)]), 0.06)
      for _ in 0..<Int(w * 0.5) {
        let root = V2(random.uniform() * w, h + 2)
        let tip = root + V2(random.between(-0.25, 0.25), -1) * low * random.between(0.06, 0.2)
        canvas.fill(
          Path(stroke: [root, mix(root, tip, 0.5), tip], width: 2.4, endWidth: 0.3),
          random.near(base, 0.12))
      }
    } else {
      let cloth = random.near(random.pick(Background.walls), 0.12)
      let line = h - low * random.between(0.05, 0.16)
      let slope = random.between(-0.12, 0.12) * h
      var edge = Path()
      edge.move(to: V2(-2, line + slope))
      edge.curve(
        V2(w * 0.3, line - slope), V2(w * 0.6, line + slope), to: V2(w + 2, line - slope))
      edge.line(to: V2(w + 2, h + 2))
      edge.line(to: V2(-2, h + 2))
      canvas.fill(edge) { p in cloth * (0.85 + 0.2 * sin(p.x / 7 + p.y / 5)) }
    }
  }
}
