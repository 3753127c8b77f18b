import Glibc

typealias V2 = SIMD2<Float>
typealias V3 = SIMD3<Float>
typealias V4 = SIMD4<Float>

func dot(_ a: V3, _ b: V3) -> Float { (a * b).sum() }
func length(_ a: V3) -> Float { dot(a, a).squareRoot() }
func length(_ a: V2) -> Float { (a * a).sum().squareRoot() }
func normalize(_ a: V3) -> V3 { a / max(length(a), 1e-6) }
func cross(_ a: V3, _ b: V3) -> V3 {
  V3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}
func clamp(_ x: Float, _ low: Float = 0, _ high: Float = 1) -> Float { min(max(x, low), high) }
func mix(_ a: Float, _ b: Float, _ t: Float) -> Float { a + (b - a) * t }
func mix(_ a: V3, _ b: V3, _ t: Float) -> V3 { a + (b - a) * t }
func mix(_ a: V2, _ b: V2, _ t: Float) -> V2 { a + (b - a) * t }

/// 0 below `low`, 1 above `high`, a cubic between; falls where `low` is above `high`.
func smoothstep(_ low: Float, _ high: Float, _ x: Float) -> Float {
  let t = clamp((x - low) / (high - low))
  return t * t * (3 - 2 * t)
}

/// Brightness of a colour as the eye weighs it, with the weights of BT.709.
func luminance(_ c: V3) -> Float { dot(c, V3(0.2126, 0.7152, 0.0722)) }

/// A place, a direction and a size: maps local points to those of the parent.
struct Frame {
  var x = V3(1, 0, 0)
  var y = V3(0, 1, 0)
  var z = V3(0, 0, 1)
  var origin = V3.zero
  var scale: Float = 1

  /// A frame turned by `yaw` (left of the parent's z), then `pitch` (nose down), then `roll`.
  static func turned(
    yaw: Float, pitch: Float = 0, roll: Float = 0, at origin: V3 = .zero, scale: Float = 1
  ) -> Frame {
    let (cy, sy) = (cos(yaw), sin(yaw))
    let (cp, sp) = (cos(pitch), sin(pitch))
    let (cr, sr) = (cos(roll), sin(roll))
    // Columns of Ry(yaw) Rx(pitch) Rz(roll).
    func rotated(_ v: V3) -> V3 {
      let a = V3(cr * v.x - sr * v.y, sr * v.x + cr * v.y, v.z)
      let b = V3(a.x, cp * a.y - sp * a.z, sp * a.y + cp * a.z)
      return V3(cy * b.x + sy * b.z, b.y, -sy * b.x + cy * b.z)
    }
    return Frame(
      x: rotated(V3(1, 0, 0)), y: rotated(V3(0, 1, 0)), z: rotated(V3(0, 0, 1)), origin: origin,
      scale: scale)
  }

  /// A frame at `origin` whose y axis runs along `direction` and whose z is near `across`.
  static func along(_ direction: V3, at origin: V3, across: V3) -> Frame {
    let y = normalize(direction)
    let helper = abs(dot(y, across)) < 0.95 ? across : V3(y.y, y.z, y.x)
    let x = normalize(cross(y, helper))
    return Frame(x: x, y: y, z: cross(x, y), origin: origin)
  }

  /// A local direction in the parent, without the scale.
  func direction(_ v: V3) -> V3 { x * v.x + y * v.y + z * v.z }
  /// A local point in the parent.
  func point(_ v: V3) -> V3 { origin + direction(v) * scale }
  /// A direction of the parent in local axes, without the scale.
  func localDirection(_ v: V3) -> V3 { V3(dot(x, v), dot(y, v), dot(z, v)) }
  /// A point of the parent in local units.
  func local(_ p: V3) -> V3 { localDirection(p - origin) / scale }
  /// A frame given in this one, in the parent.
  func containing(_ inner: Frame) -> Frame {
    Frame(
      x: direction(inner.x), y: direction(inner.y), z: direction(inner.z),
      origin: point(inner.origin), scale: scale * inner.scale)
  }
}
