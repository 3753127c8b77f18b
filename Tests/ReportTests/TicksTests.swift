import Drawing
import Foundation
import Testing

@Suite struct TicksTests {
  @Test("Steps are 1, 2 or 5 times a power of ten, inside the range and never too many")
  func steps() {
    var numbers = Numbers(3)
    for trial in 0..<500 {
      let span = pow(10, 12 * numbers.next() - 6)
      let low = (numbers.next() - 0.5) * 3 * span
      let count = 1 + trial % 9
      let ticks = Ticks(low...(low + span), count: count)
      #expect(ticks.values.count <= count + 1)
      #expect(ticks.values.count == ticks.labels.count)
      let slack = 1e-6 * span
      #expect(ticks.values.allSatisfy { $0 >= low - slack && $0 <= low + span + slack })
      #expect(Set(ticks.labels).count == ticks.labels.count, "\(ticks)")
      guard ticks.values.count > 1 else { continue }
      let step = ticks.values[1] - ticks.values[0]
      let lead = step / pow(10, log10(step * 1.0001).rounded(.down))
      #expect([1, 2, 5].contains { abs(lead - $0) < 1e-3 }, "\(step)")
    }
  }

  @Test("Labels have the digits that tell neighbours apart, and no more")
  func labels() {
    #expect(Ticks(0...1, count: 5).labels == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(Ticks(0...25, count: 5, format: .whole).labels == ["0", "5", "10", "15", "20", "25"])
    #expect(Ticks(1...3, count: 8, format: .whole).labels == ["1", "2", "3"])
    #expect(Ticks(0.9...1, count: 2, format: .percent).labels == ["90 %", "95 %", "100 %"])
    #expect(Ticks(0...0.003, count: 3).labels == ["0.000", "0.001", "0.002", "0.003"])
    #expect(Ticks(0...0.00003, count: 3).labels == ["0", "1e-5", "2e-5", "3e-5"].map(typographic))
    #expect(Ticks(-1...1, count: 2).labels == ["−1", "0", "1"])
    #expect(Ticks(0...4000, count: 4).labels == ["0", "1,000", "2,000", "3,000", "4,000"])
    #expect(Ticks(5...5, count: 4).labels == ["5"])
  }

  private func typographic(_ text: String) -> String {
    text.replacingOccurrences(of: "-", with: "−")
  }
}
