import Glibc

/// Hair strokes over a traced animal, along the lie of the coat.
struct Fur {
  let coat: Coat
  let scene: SceneFrames
  let camera: Camera

  /// Draws strokes on `layer`, a picture of the animal `factor` times coarser than `traced`.
  func comb(
    _ layer: inout Canvas, over traced: TracedImage, factor: Int, _ random: inout RandomStream
  ) {
    let source = layer
    let reach = camera.unit * mix(0.1, 0.28, coat.length)
    let spacing = max(1.1, reach * 0.4)
    let count = Int(Float(layer.width * layer.height) / (spacing * spacing) * 1.6)
    for _ in 0..<count {
      let x = random.index(below: layer.width)
      let y = random.index(below: layer.height)
      let start = V2(Float(x) + random.uniform(), Float(y) + random.uniform())
      let (shade, bend) = (random.normal(), clamp(random.normal(), -2, 2))
      var scale = random.between(0.6, 1.2)
      let sample = (y * factor + factor / 2) * traced.canvas.width + x * factor + factor / 2
      guard traced.furry[sample], source.pixels[y * layer.width + x].w > 0.6 else { continue }
      let normal = traced.normals[sample]
      let flow = lie(normal)
      let size = length(flow)
      guard size > 0.05 else { continue }
      // Hair of the face is short.
      let place = camera.place(start)
      let h = scene.head.local(V3(place.x, place.y, traced.depths[sample]))
      scale *= mix(0.5, 1, smoothstep(0.7, 1.4, length(h - V3(0, 0, 0.4))))
      // Hair at the outline stands out from the body.
      let edge = (1 - clamp(normal.z)) * 0.9
      var direction = flow / size * (1 - edge) + V2(normal.x, -normal.y) * edge
      direction += V2(-direction.y, direction.x) * bend * 0.25
      let hair = direction * reach * scale * (0.4 + 0.6 * size) * (1 - 0.35 * edge)
      let pixel = source.pixels[y * layer.width + x]
      let color = V3(pixel.x, pixel.y, pixel.z) / pixel.w * (1 + 0.13 * shade)
      let middle = start + hair * 0.5 + V2(-hair.y, hair.x) * bend * 0.06
      layer.fill(
        Path(
          stroke: [start, middle, start + hair], width: max(0.8, camera.unit * 0.026), endWidth: 0.2
        ),
        color, opacity: 0.7)
    }
  }

  /// The lie of the hair at a surface, projected on the picture: back and down along the body.
  private func lie(_ normal: V3) -> V2 {
    let fall = scene.camera.direction(V3(0, -0.75, -0.65))
    let tangent = fall - normal * dot(fall, normal)
    return V2(tangent.x, -tangent.y)
  }
}

/// Draws the whiskers of a head that grow on the side the viewer sees.
func drawWhiskers(
  on layer: inout Canvas, roots: [V3], scene: SceneFrames, camera: Camera, traced: TracedImage,
  factor: Int, _ random: inout RandomStream
) {
  let facing = scene.head.z.z
  guard facing > 0.1 else { return }
  let pale = random.chance(0.8)
  for side: Float in [-1, 1] {
    for root in roots {
      let p = scene.head.point(root * V3(side, 1, 1))
      let start = camera.pixel(p)
      let (x, y) = (Int(start.x), Int(start.y))
      guard x >= 0, y >= 0, x < layer.width, y < layer.height else { continue }
      let depth = traced.depths[y * factor * traced.canvas.width + x * factor]
      guard p.z > depth - 0.35 * scene.head.scale else { continue }
      let drop = (root.y + 0.3) * 1.4 + random.between(-0.12, 0.12)
      let end = camera.pixel(
        scene.head.point((root + V3(1.05, drop, -0.15)) * V3(side, 1, 1)))
      let middle = camera.pixel(
        scene.head.point((root + V3(0.5, drop * 0.3 + 0.08, 0.05)) * V3(side, 1, 1)))
      let color = V3(repeating: pale ? 0.92 : 0.2)
      layer.fill(
        Path(
          stroke: [start] + Path.curve(start, middle, middle, end, steps: 8),
          width: max(0.8, camera.unit * 0.026), endWidth: 0.3),
        color, opacity: 0.8)
    }
  }
}
