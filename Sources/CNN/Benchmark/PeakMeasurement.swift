extension Engine {
  /// The most multiply-adds that all threads together make, in 10⁹ operations (two each) a second.
  ///
  /// The best of short rounds of chains that stay in registers, over at least `seconds`.
  func peakGigaflops(seconds: Double, check: () throws -> Void) throws -> Double {
    let peak = kernels.peak
    // A cache line and more between the threads' floats.
    let step = peak.floats + 32
    let values = try FloatMemory(count: step * threads)
    // Several tasks a thread, so that a late one is made up for.
    let tasks = 4 * threads
    let steps = 1 << 15
    let operations = 2 * Double(peak.floats) * Double(steps) * Double(tasks)
    for index in 0..<values.count { values.base[index] = Float(index % 7) }
    var best = Double.infinity
    try repeatedly(for: seconds) {
      try check()
      let time = measured {
        workers.parallelFor(tasks) { _, worker in
          // Towards 1, slowly: the numbers stay ordinary.
          peak.multiplyAddChains(values.base + worker * step, 0.9999, 0.0001, steps)
        }
      }
      best = min(best, time)
      return time
    }
    return operations / best / 1e9
  }
}

/// Seconds that `body` takes.
func measured(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let start = clock.now
  try body()
  return (clock.now - start).inSeconds
}
