import Glibc

/// How much of the animal a picture shows.
enum Shot {
  case whole
  case bust
  case face
}

/// Everything that makes one picture, drawn from its number alone.
struct Scene {
  let species: Species
  let seed: UInt64
  let picture: Int

  /// Samples along each side of a pixel.
  private static let fineness = 2

  /// The finished picture in the given size.
  func draw(width: Int, height: Int) -> Canvas {
    var random = stream(.scene)
    let shot = random.pick(weighted: [2.6: Shot.whole, 3.4: .bust, 4: .face])
    let pose = Pose(species, shot: shot, seed: seed, picture: picture)
    let light = light()
    let placed = pose.sculpture.placed(in: pose.view)
    let camera = Scene.frame(
      placed, pose, shot: shot, width: width, height: height, &random)

    var canvas = Background.paint(
      width: width, height: height, close: shot != .whole, stream(.background))
    canvas.map { _, c in c * luminance(light.sky + light.key * 0.7) }

    let fine = camera.refined(by: Scene.fineness)
    let tracer = Tracer(solids: placed, camera: fine)
    shadow(&canvas, camera, tracer, strength: random.between(0.35, 0.7))

    let frames = SceneFrames(pose.sculpture, placed, camera: pose.view)
    let traced = tracer.trace { p, contact, normal, openness in
      pose.skin.shade(
        p, contact: contact, solid: placed[contact.solid], normal: normal, openness: openness,
        scene: frames, light: light)
    }
    var layer = traced.canvas.reduced(by: Scene.fineness)
    var hair = stream(.fur)
    Fur(coat: pose.skin.coat, scene: frames, camera: camera)
      .comb(&layer, over: traced, factor: Scene.fineness, &hair)
    drawWhiskers(
      on: &layer, roots: pose.sculpture.whiskerRoots, scene: frames, camera: camera,
      traced: traced, factor: Scene.fineness, &hair)
    canvas.compose(layer)
    if shot == .whole && random.chance(0.12) { Background.foreground(on: &canvas, &random) }
    var film = stream(.light)
    light.develop(&canvas, &film)
    return canvas
  }

  private func stream(_ facet: Facet) -> RandomStream {
    RandomStream(seed: seed, picture: picture, facet: facet)
  }

  private func light() -> Light {
    // Its own place in the stream, far from the noise that develop draws.
    var random = RandomStream(seed: seed ^ 0x4C49_4748, picture: picture, facet: .light)
    return Light(&random)
  }

  /// Chooses what the picture shows of the animal, and where.
  private static func frame(
    _ placed: [Solid], _ pose: Pose, shot: Shot, width: Int, height: Int,
    _ random: inout RandomStream
  ) -> Camera {
    let head = extent(of: placed[pose.sculpture.headSolids])
    var box = shot == .whole ? extent(of: placed[...]) : head
    let fill: Float
    switch shot {
    case .whole: fill = random.between(0.85, 1.02)
    case .bust:
      box.low.y -= (head.high.y - head.low.y) * random.between(0.4, 0.9)
      fill = random.between(0.85, 1.1)
    case .face: fill = random.between(0.8, 1.12)
    }
    let size = box.high - box.low
    let picture = V2(Float(width), Float(height))
    // A long animal in an upright picture may lose its rear rather than shrink.
    let (whole, part) = ((picture / size).min(), (picture / size).max())
    let zoom = random.between(0.4, 0.9) * (shot == .face ? 0.3 : 1)
    let fits = (picture / (head.high - head.low)).min()
    let unit = min(whole * fill * pow(part / whole, zoom), fits * random.between(0.9, 1.12))
    let middle = (head.low + head.high) / 2
    var center = mix((box.low + box.high) / 2, middle, 0.25)
    let slack = picture / unit
    center += V2(random.between(-0.09, 0.09), random.between(-0.08, 0.08)) * slack
    // Most of the head stays in the picture.
    let room = pointwiseMax(slack / 2 - (head.high - head.low) * 0.5, V2.zero)
    center = center.clamped(lowerBound: middle - room, upperBound: middle + room)
    return Camera(frame: pose.view, center: center, unit: unit, width: width, height: height)
  }

  private func shadow(
    _ canvas: inout Canvas, _ camera: Camera, _ tracer: Tracer, strength: Float
  ) {
    canvas.map { pixel, color in
      guard let p = camera.ground(behind: camera.place(pixel)) else { return color }
      return color * (1 - strength * (1 - tracer.groundLight(at: p, softness: 0.8)))
    }
  }
}
