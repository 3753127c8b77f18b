import CNN
import Ranks
import TestSupport
import Testing

/// Several processes that share batches take the steps of one that has them whole.
@Suite("Shared batches")
struct SharedBatchTests {
  /// What some steps came to.
  struct Outcome: Sendable {
    var losses: [Double] = []
    var correct: [Int] = []
    var norms: [Double] = []
    var numbers: [Float] = []
  }

  enum Net: String, CaseIterable, Sendable {
    case seed
    case seedBN = "seed-bn"
    case r18h

    /// The network, large enough for its gradients to be summed in several stretches.
    func make() throws -> Network {
      try Network(.preset(rawValue, size: self == .r18h ? 32 : 64), seed: 3)
    }
  }

  /// Sizes of batches: whole ones, one that cannot be dealt evenly, and one of fewer images than
  /// processes: the last, as its statistics magnify every rounding before it.
  private static let batches = [12, 12, 12, 7, 12, 1]

  /// Takes the steps of one process, or of one of several.
  private static func steps(
    _ net: Net, _ group: Group, sharesStatistics: Bool = true, usesMuon: Bool = false
  ) throws -> Outcome {
    let network = try net.make()
    let session = try TrainingSession(
      network: network, loss: nil,
      optimizer: usesMuon ? Muon(learningRate: 0.02) : SGD(learningRate: 0.02), batchSize: 12,
      engine: TestEngine.make(threads: 1), seed: 9, clipGradientNorm: 5,
      group: group, sharesStatistics: sharesStatistics)
    var outcome = Outcome()
    let sample = network.architecture.input.count
    for (step, whole) in batches.enumerated() {
      var random = RandomValues(seed: 95, salt: step)
      let pixels = random.normals(whole * sample)
      let targets = (0..<whole).map { Int32(($0 + step) % 2) }
      let mixture = TargetMixture(
        targets: targets.map { 1 - $0 }, shares: (0..<whole).map { 1 - Float($0 % 4) / 10 })
      let part = group.range(of: whole)
      let result = pixels.withUnsafeBufferPointer { pixels in
        session.step(
          pixels: UnsafeBufferPointer(
            rebasing: pixels[(part.lowerBound * sample)..<(part.upperBound * sample)]),
          targets: Array(targets[part]),
          mixture: TargetMixture(
            targets: Array(mixture.targets[part]), shares: Array(mixture.shares[part])),
          place: group.isAlone ? nil : BatchPlace(offset: part.lowerBound, whole: whole))
      }
      outcome.losses.append(result.loss)
      outcome.correct.append(result.correct)
      outcome.norms.append(result.gradientNorm ?? .nan)
    }
    outcome.numbers = network.tensorNames.flatMap { network.values(of: $0) ?? [] }
    return outcome
  }

  @Test(arguments: Net.allCases, [2, 3, 4])
  func `the steps of several processes are those of one, but for roundings`(
    net: Net, count: Int
  ) throws {
    let alone = try SharedBatchTests.steps(net, Group())
    let all = try onRanks(count) { try SharedBatchTests.steps(net, Group($0)) }.map { try $0.get() }
    #expect(all.count == count)
    for found in all {
      for (step, (a, b)) in zip(found.losses, alone.losses).enumerated() {
        // The second loss tells of the first step's gradients; later ones magnify each rounding
        // that has moved a value past a rectifier's edge.
        let share = step < 2 ? 1e-5 : 5e-3
        #expect(abs(a - b) <= share * abs(b), "\(found.losses) for \(alone.losses)")
      }
      for (a, b) in zip(found.norms, alone.norms) { #expect(abs(a - b) <= 5e-2 * b) }
      #expect(found.correct[..<2] == alone.correct[..<2])
      // All have the same weights and statistics, to the bit.
      #expect(bitMismatch(found.numbers, all[0].numbers) == nil)
    }
    #expect(bitMismatch(all[0].numbers, alone.numbers) != nil || count == 1)
    let wrong = mismatch(
      actual: all[0].numbers, expected: alone.numbers,
      tolerance: Tolerance(absolute: 1e-2, relative: 2e-3))
    #expect(wrong == nil)
  }

  @Test(arguments: [Net.seedBN, .r18h], [false, true])
  func `the same processes give the same bits again, and by messages alone`(
    net: Net, usesMuon: Bool
  ) throws {
    // Without shared memory each steps all of Muon's matrices, with it some of them.
    let first = try onRanks(3, sharesMemory: false) {
      try SharedBatchTests.steps(net, Group($0), usesMuon: usesMuon)
    }[0].get()
    for sharesMemory in [true, false] {
      let again = try onRanks(3, sharesMemory: sharesMemory) {
        try SharedBatchTests.steps(net, Group($0), usesMuon: usesMuon)
      }.map { try $0.get() }
      for found in again {
        #expect(first.losses == found.losses)
        #expect(bitMismatch(first.numbers, found.numbers) == nil)
      }
    }
  }

  @Test func `statistics of each part are other numbers, and all have their mean`() throws {
    let shared = try onRanks(3) { try SharedBatchTests.steps(.seedBN, Group($0)) }[0].get()
    let all = try onRanks(3) {
      try SharedBatchTests.steps(.seedBN, Group($0), sharesStatistics: false)
    }
    .map { try $0.get() }
    for found in all {
      #expect(found.losses.allSatisfy { $0.isFinite })
      #expect(found.numbers.allSatisfy { $0.isFinite })
      #expect(bitMismatch(found.numbers, all[0].numbers) == nil)
    }
    #expect(abs(all[0].losses[1] - shared.losses[1]) > 1e-4)
  }

  @Test func `a network without normalization does not care whose statistics they are`() throws {
    let shared = try onRanks(2) { try SharedBatchTests.steps(.seed, Group($0)) }[0].get()
    let own = try onRanks(2) {
      try SharedBatchTests.steps(.seed, Group($0), sharesStatistics: false)
    }[0]
    .get()
    #expect(bitMismatch(shared.numbers, own.numbers) == nil)
  }
}
