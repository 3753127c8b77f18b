import CNN
import Glibc
import Testing

@Suite("Schedules")
struct ScheduleTests {
  private func factors(_ schedule: Schedule, total: Int) -> [Double] {
    (0..<total).map { schedule.factor(step: $0, total: total) }
  }

  @Test func `constant stays at one`() {
    #expect(factors(.constant, total: 7) == [Double](repeating: 1, count: 7))
  }

  @Test func `cosine falls from one through a half towards zero`() {
    let found = factors(.cosine, total: 100)
    for (step, factor) in found.enumerated() {
      let expected = (1 + cos(3.14159265358979323846 * Double(step) / 100)) / 2
      #expect(abs(factor - expected) < 1e-15)
    }
    #expect(found[0] == 1)
    #expect(abs(found[50] - 0.5) < 1e-15)
    #expect(Schedule.cosine.factor(step: 100, total: 100) < 1e-15)
    #expect(Schedule.cosine.factor(step: 250, total: 100) < 1e-15)
  }

  @Test(arguments: [5, 10, 100, 1_000])
  func `one cycle rises over its warm-up, then falls as a cosine`(total: Int) {
    let found = factors(.oneCycle(warmup: 0.2), total: total)
    let peak = found.indices.max { found[$0] < found[$1] } ?? 0
    #expect(abs(Double(peak) - 0.2 * Double(total)) <= 1)
    #expect(found.allSatisfy { $0 > 0 && $0 <= 1 })
    for (low, high) in zip(found[..<peak], found[1...peak]) { #expect(low < high) }
    for (high, low) in zip(found[peak...], found[(peak + 1)...]) { #expect(low < high) }
    if total >= 100 {
      #expect(found[peak] > 0.99)
      #expect((found.last ?? 1) < 0.001)
      // A tenth of the run is half of the rise; three fifths are half of the fall.
      #expect(abs(found[total / 10] - 0.5) < 0.03)
      #expect(abs(found[total * 3 / 5] - 0.5) < 1e-12)
    }
  }

  @Test func `steps multiply at their shares of the run`() {
    let schedule = Schedule.step(at: [0.5, 0.75], factor: 0.1)
    let found = factors(schedule, total: 8)
    let expected = [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01]
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-15) }
  }

  @Test func `a plateau multiplies once a reduction`() {
    let schedule = Schedule.plateau(factor: 0.5, patience: 2)
    #expect(schedule.factor(step: 3, total: 10) == 1)
    #expect(schedule.factor(step: 3, total: 10, reductions: 3) == 0.125)
  }
}
