/// A view along parallel rays: x right, y up, z towards the viewer.
struct Camera {
  /// From the animal to the view (a rotation).
  var frame: Frame
  /// The view's place in the middle of the picture.
  var center: V2
  /// Pixels for one unit.
  var unit: Float
  let width: Int
  let height: Int

  /// The place in the picture of a point in view axes, in pixels.
  func pixel(_ p: V3) -> V2 {
    V2(
      (p.x - center.x) * unit + Float(width) / 2,
      Float(height) / 2 - (p.y - center.y) * unit)
  }

  /// The view's place behind a pixel.
  func place(_ pixel: V2) -> V2 {
    V2(
      (pixel.x - Float(width) / 2) / unit + center.x,
      (Float(height) / 2 - pixel.y) / unit + center.y)
  }

  /// The same view with `factor` times as many pixels a side.
  func refined(by factor: Int) -> Camera {
    Camera(
      frame: frame, center: center, unit: unit * Float(factor), width: width * factor,
      height: height * factor)
  }

  /// The height of the ground's point on the ray through a place, as a point of the view.
  ///
  /// The ground is the animal's plane y = 0; nil where the ray runs along it.
  func ground(behind place: V2) -> V3? {
    let up = frame.y
    guard abs(up.z) > 0.03 else { return nil }
    return V3(place.x, place.y, -(up.x * place.x + up.y * place.y) / up.z)
  }
}

/// The rectangle that solids cover in the view.
func extent(of solids: ArraySlice<Solid>) -> (low: V2, high: V2) {
  var low = V2(repeating: .infinity)
  var high = V2(repeating: -.infinity)
  for solid in solids {
    // The ends of a piece bound it more tightly than the ball around it.
    let ends: [(V3, Float)]
    switch solid.form {
    case .ellipsoid(let r): ends = [(solid.frame.origin, (r.x + r.y + r.z) / 3)]
    case .roundCone(let a, let b, let length, let flat):
      ends = [
        (solid.frame.origin, a * (flat + 1) / 2),
        (solid.frame.point(V3(0, length, 0)), b * (flat + 1) / 2),
      ]
    case .triangle(let w, let h, _, _):
      ends = [
        (solid.frame.point(V3(-w, 0, 0)), 0), (solid.frame.point(V3(w, 0, 0)), 0),
        (solid.frame.point(V3(0, h, 0)), 0),
      ]
    }
    for (center, radius) in ends {
      let c = V2(center.x, center.y)
      let r = radius * solid.frame.scale
      low = pointwiseMin(low, c - r)
      high = pointwiseMax(high, c + r)
    }
  }
  return (low, high)
}
