import TestSupport
import Testing

@Suite struct ThreadRanksTests {
  @Test("Every rank gets the bytes of all, each time those of this time")
  func gathers() throws {
    for count in [1, 2, 5] {
      let results = onRanks(count) { rank, gather in
        try (0..<50).map { round in try gather([UInt8(rank), UInt8(round)]) }
      }
      let expected = (0..<50).map { round in (0..<count).map { [UInt8($0), UInt8(round)] } }
      for result in results { #expect(try result.get() == expected) }
    }
  }

  @Test("A rank that waits for one that has ended gets an error")
  func leaves() {
    let results = onRanks(3) { rank, gather in
      var rounds = 0
      do {
        while rank != 1 || rounds < 7 {
          _ = try gather([])
          rounds += 1
        }
      } catch is RankIsGone {
        return (rounds, true)
      }
      return (rounds, false)
    }
    for (rank, result) in results.enumerated() {
      let found = try? result.get()
      #expect(found?.0 == 7 && found?.1 == (rank != 1))
    }
  }
}
