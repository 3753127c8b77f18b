extension Engine {
  /// The peak rate of multiply-adds on all threads, in 10⁹ operations (two each) per second.
  ///
  /// The best of many short rounds in registers, over at least `seconds`.
  func peakGigaflops(seconds: Double, check: () throws -> Void) throws -> Double {
    let peak = kernels.peak
    // At least a cache line between the threads' floats.
    let step = peak.floats + 32
    let values = try FloatMemory(count: step * threads)
    // Several tasks per thread, so that a late thread does not matter.
    let tasks = 4 * threads
    let steps = 1 << 15
    let operations = 2 * Double(peak.floats) * Double(steps) * Double(tasks)
    for index in 0..<values.count { values.base[index] = Float(index % 7) }
    var best = Double.infinity
    try repeatedly(for: seconds) {
      try check()
      let time = measured {
        workers.parallelFor(tasks) { _, worker in
          // Less than half a unit in the last place: no number becomes subnormal or infinite.
          peak.multiplyAddChains(values.base + worker * step, 0x1p-26, steps)
        }
      }
      best = min(best, time)
      return time
    }
    return operations / best / 1e9
  }
}

/// The time that `body` takes, in seconds.
func measured(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let start = clock.now
  try body()
  return (clock.now - start).inSeconds
}
