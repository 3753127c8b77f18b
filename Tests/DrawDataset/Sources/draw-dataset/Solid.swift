import Glibc

/// What a piece is made of, for its colour and its gloss.
enum Surface {
  case fur
  /// An ear: fur behind, skin within.
  case ear
  case nose
  case eye
  case tongue
  case mouth
  case collar
}

/// How strongly the markings of the coat show on a piece, 0...1 each.
struct Tone {
  /// Extremities that turn dark on pointed coats.
  var point: Float = 0
  /// Places that turn white on bicoloured coats.
  var white: Float = 0
}

/// One piece of an animal: a signed distance field, with smooth joints to the pieces before it.
///
/// Distance formulas are those of Inigo Quilez (iquilezles.org/articles/distfunctions).
struct Solid {
  enum Form {
    case ellipsoid(radii: V3)
    /// A cone with round ends from the origin to (0, length, 0), its z squeezed by `flat`.
    case roundCone(start: Float, end: Float, length: Float, flat: Float)
    /// A thin triangle over the x axis, bent towards z by `cup` at its rim.
    case triangle(halfWidth: Float, height: Float, thickness: Float, cup: Float)
  }

  var form: Form
  /// From the piece to the animal.
  var frame: Frame
  var surface: Surface
  var tone: Tone
  /// Width of the smooth joint, in units of the animal.
  var joint: Float

  /// Distance to the surface, negative within, in units of the parent.
  func distance(_ point: V3) -> Float {
    let p = frame.local(point)
    switch form {
    case .ellipsoid(let radii):
      let a = length(p / radii)
      let b = length(p / (radii * radii))
      return (b < 1e-4 ? -radii.min() : a * (a - 1) / b) * frame.scale
    case .roundCone(let start, let end, let height, let flat):
      let q = V2(length(V2(p.x, p.z / flat)), p.y)
      return Solid.roundCone(q, start, end, height) * flat * frame.scale
    case .triangle(let halfWidth, let height, let thickness, let cup):
      let z = p.z - cup * p.x * p.x / halfWidth
      let flat = Solid.triangle(V2(p.x, height - p.y), halfWidth, height)
      let w = V2(flat, abs(z) - thickness * 0.4)
      let outside = length(V2(max(w.x, 0), max(w.y, 0)))
      return (min(max(w.x, w.y), 0) + outside - thickness * 0.6) * 0.8 * frame.scale
    }
  }

  /// Middle and radius of a ball around the piece, in units of the parent.
  var bounds: (center: V3, radius: Float) {
    switch form {
    case .ellipsoid(let radii): (frame.origin, radii.max() * frame.scale)
    case .roundCone(let start, let end, let length, _):
      (frame.point(V3(0, length / 2, 0)), (length / 2 + max(start, end)) * frame.scale)
    case .triangle(let halfWidth, let height, let thickness, let cup):
      (
        frame.point(V3(0, height / 2, 0)),
        (max(halfWidth, height / 2) * 1.2 + thickness + cup) * frame.scale
      )
    }
  }

  private static func roundCone(_ q: V2, _ start: Float, _ end: Float, _ height: Float) -> Float {
    let b = clamp((start - end) / max(height, 1e-4), -0.999, 0.999)
    let a = (1 - b * b).squareRoot()
    let k = -b * q.x + a * q.y
    if k < 0 { return length(q) - start }
    if k > a * height { return length(q - V2(0, height)) - end }
    return a * q.x + b * q.y - start
  }

  /// Signed distance to a triangle with its tip at the origin and its base at y = `height`.
  private static func triangle(_ point: V2, _ halfWidth: Float, _ height: Float) -> Float {
    let p = V2(abs(point.x), point.y)
    let q = V2(halfWidth, height)
    let a = p - q * clamp((p * q).sum() / (q * q).sum())
    let b = p - V2(q.x * clamp(p.x / q.x), q.y)
    let inside = max(p.x * q.y - p.y * q.x, p.y - q.y)
    let near = min((a * a).sum(), (b * b).sum()).squareRoot()
    return inside > 0 ? near : -near
  }
}
