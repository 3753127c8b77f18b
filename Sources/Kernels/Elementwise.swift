// Loops over flat memory: one vector at a time, then the rest one float at a time.

/// output = max(input, 0); input and output may be the same.
package func rectify(
  _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, count: Int
) {
  var i = 0
  while i + lanes <= count {
    store(output + i, rectified(load(input + i)))
    i += lanes
  }
  while i < count {
    output[i] = input[i] < 0 ? 0 : input[i]
    i += 1
  }
}

/// The gradient of a rectifier: dx = dy where the output is positive, else 0.
///
/// dx and dy may be the same. With `accumulates`, adds to dx.
package func rectifyGradient(
  _ output: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
  count: Int, accumulates: Bool
) {
  var i = 0
  while i + lanes <= count {
    let d = Vector.zero.replacing(with: load(dy + i), where: load(output + i) .> Vector.zero)
    store(dx + i, accumulates ? load(dx + i) + d : d)
    i += lanes
  }
  while i < count {
    let d = output[i] > 0 ? dy[i] : 0
    dx[i] = accumulates ? dx[i] + d : d
    i += 1
  }
}

/// output = a + b, then max(·, 0) if `rectifies`.
package func add(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
  count: Int, rectifies: Bool
) {
  var i = 0
  while i + lanes <= count {
    let sum = load(a + i) + load(b + i)
    store(output + i, rectifies ? rectified(sum) : sum)
    i += lanes
  }
  while i < count {
    let sum = a[i] + b[i]
    output[i] = rectifies && sum < 0 ? 0 : sum
    i += 1
  }
}

/// target = source, or target += source where `accumulates`.
package func accumulate(
  _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, count: Int,
  accumulates: Bool
) {
  if !accumulates {
    target.update(from: source, count: count)
    return
  }
  var i = 0
  while i + lanes <= count {
    store(target + i, load(target + i) + load(source + i))
    i += lanes
  }
  while i < count {
    target[i] += source[i]
    i += 1
  }
}

/// target += the sum of `parts` arrays, `step` floats apart, added in their order.
package func sumParts(
  _ source: UnsafePointer<Float>, parts: Int, step: Int, _ target: UnsafeMutablePointer<Float>,
  count: Int
) {
  var i = 0
  while i + lanes <= count {
    var sum = load(source + i)
    for part in 1..<parts { sum += load(source + part * step + i) }
    store(target + i, load(target + i) + sum)
    i += lanes
  }
  while i < count {
    var sum = source[i]
    for part in 1..<parts { sum += source[part * step + i] }
    target[i] += sum
    i += 1
  }
}

/// value += (other - value) · weight.
package func interpolate(
  _ value: UnsafeMutablePointer<Float>, _ other: UnsafePointer<Float>, weight: Float, count: Int
) {
  let w = Vector(repeating: weight)
  var i = 0
  while i + lanes <= count {
    let v = load(value + i)
    store(value + i, multiplyAdd(v, load(other + i) - v, w))
    i += lanes
  }
  while i < count {
    value[i] = multiplyAdd(value[i], other[i] - value[i], weight)
    i += 1
  }
}

/// values = values · factor.
package func scale(_ values: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
  for i in 0..<count { values[i] *= factor }
}

/// The sum of squares in Double, in the order of the floats.
package func sumOfSquares(_ values: UnsafePointer<Float>, count: Int) -> Double {
  // Eight sums, so that an addition does not wait for the previous one.
  var sums = SIMD8<Double>.zero
  var i = 0
  while i + 8 <= count {
    let v = SIMD8<Double>(UnsafeRawPointer(values + i).loadUnaligned(as: SIMD8<Float>.self))
    sums += v * v
    i += 8
  }
  var sum = 0.0
  for lane in 0..<8 { sum += sums[lane] }
  while i < count {
    sum += Double(values[i]) * Double(values[i])
    i += 1
  }
  return sum
}
