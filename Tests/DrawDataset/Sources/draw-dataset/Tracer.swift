import Glibc

/// What each sample of a traced picture shows.
struct TracedImage {
  var canvas: Canvas
  /// Surface normals in view axes; zero where there is no animal.
  var normals: [V3]
  /// Distance towards the viewer; -infinity where there is no animal.
  var depths: [Float]
  /// True where fur grows.
  var furry: [Bool]
}

/// Draws solids by marching along parallel rays, square by square.
struct Tracer {
  let solids: [Solid]
  let camera: Camera
  private let bounds: [(center: V3, radius: Float)]
  private static let tile = 8

  init(solids: [Solid], camera: Camera) {
    self.solids = solids
    self.camera = camera
    bounds = solids.map(\.bounds)
  }

  /// Draws every sample; `shade` gives the colour of a point with its contact, normal and openness.
  func trace(_ shade: (V3, Contact, V3, Float) -> V3) -> TracedImage {
    let (width, height) = (camera.width, camera.height)
    var image = TracedImage(
      canvas: Canvas(width: width, height: height),
      normals: [V3](repeating: .zero, count: width * height),
      depths: [Float](repeating: -.infinity, count: width * height),
      furry: [Bool](repeating: false, count: width * height))
    for top in stride(from: 0, to: height, by: Tracer.tile) {
      for left in stride(from: 0, to: width, by: Tracer.tile) {
        let candidates = near(left: left, top: top)
        guard !candidates.isEmpty else { continue }
        for y in top..<min(top + Tracer.tile, height) {
          for x in left..<min(left + Tracer.tile, width) {
            let place = camera.place(V2(Float(x) + 0.5, Float(y) + 0.5))
            guard let p = hit(place, candidates) else { continue }
            let contact = solids.contact(p, among: candidates)
            let normal = self.normal(p, candidates)
            let open = openness(p, normal, candidates)
            let i = y * width + x
            image.canvas.pixels[i] = V4(shade(p, contact, normal, open), 1)
            image.normals[i] = normal
            image.depths[i] = p.z
            let surface = solids[contact.solid].surface
            image.furry[i] = surface == .fur || (surface == .ear && normal.z < 0.5)
          }
        }
      }
    }
    return image
  }

  /// How much of the light from above reaches a point of the ground, 0...1.
  func groundLight(at p: V3, softness: Float) -> Float {
    var light: Float = 1
    for (solid, ball) in zip(solids, bounds) {
      guard length(ball.center - p) < ball.radius + softness else { continue }
      light = min(light, clamp(solid.distance(p) / softness))
    }
    return light
  }

  /// Solids that may show in, or shade, a tile.
  private func near(left: Int, top: Int) -> [Int] {
    let half = Float(Tracer.tile) / 2
    let middle = camera.place(V2(Float(left) + half, Float(top) + half))
    let reach = half * 1.5 / camera.unit
    return solids.indices.filter { i in
      let c = bounds[i].center
      return length(V2(c.x, c.y) - middle) < bounds[i].radius + solids[i].joint / 4 + reach + 0.15
    }
  }

  private func hit(_ place: V2, _ candidates: [Int]) -> V3? {
    var near = -Float.infinity
    var far = Float.infinity
    for i in candidates {
      let reach = bounds[i].radius + solids[i].joint
      near = max(near, bounds[i].center.z + reach)
      far = min(far, bounds[i].center.z - reach)
    }
    var p = V3(place.x, place.y, near)
    let tolerance = 0.12 / camera.unit
    for _ in 0..<90 {
      let d = solids.distance(p, among: candidates)
      if d < tolerance { return p }
      p.z -= d * 0.85
      if p.z < far { return nil }
    }
    return nil
  }

  private func normal(_ p: V3, _ candidates: [Int]) -> V3 {
    // Differences along the corners of a tetrahedron.
    let e = max(0.012, 0.5 / camera.unit)
    var sum = V3.zero
    for k in [V3(1, -1, -1), V3(-1, -1, 1), V3(-1, 1, -1), V3(1, 1, 1)] {
      sum += k * solids.distance(p + k * e, among: candidates)
    }
    return normalize(sum)
  }

  /// Ambient light that folds and hollows do not keep away, 0...1.
  private func openness(_ p: V3, _ normal: V3, _ candidates: [Int]) -> Float {
    var shut: Float = 0
    for (step, weight) in [(Float(0.12), Float(2.2)), (0.35, 0.9)] {
      shut += max(0, step - solids.distance(p + normal * step, among: candidates)) * weight
    }
    return clamp(1 - shut, 0.25, 1)
  }
}
