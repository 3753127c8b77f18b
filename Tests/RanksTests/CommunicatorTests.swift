import Ranks
import TestSupport
import Testing

/// What processes tell one another arrives, in the order of the ranks, and an end reaches all.
@Suite("Communicator")
struct CommunicatorTests {
  @Test(arguments: [1, 2, 3, 5], [true, false])
  func `every process gets the bytes of all, in the order of their ranks`(
    count: Int, sharesMemory: Bool
  ) throws {
    let results = onRanks(count, sharesMemory: sharesMemory) { communicator in
      let own = [UInt8](repeating: UInt8(communicator.rank), count: 3 * communicator.rank)
      let bytes = try communicator.gather(own)
      let numbers = try communicator.gather(Double(communicator.rank) / 3)
      try communicator.leave()
      return (bytes, numbers)
    }
    #expect(results.count == count)
    for result in results {
      let (bytes, numbers) = try result.get()
      #expect(bytes == (0..<count).map { [UInt8](repeating: UInt8($0), count: 3 * $0) })
      #expect(numbers == (0..<count).map { Double($0) / 3 })
    }
  }

  @Test func `the first process's bytes reach all`() throws {
    let results = onRanks(3) { communicator in
      try Group(communicator).broadcast { [7, UInt8(communicator.rank)] }
    }
    for result in results { #expect(try result.get() == [7, 0]) }
  }

  @Test(arguments: [1, 2, 3, 5])
  func `sums are those of the ranks' order, and the same bits everywhere`(count: Int) throws {
    // Fewer floats than processes, and lengths that cannot be dealt evenly.
    for length in [1, 2, 3, 7, 1000, 4099, 50_001] {
      let addends = (0..<count).map { rank -> [Float] in
        var random = RandomValues(seed: 41, salt: rank)
        return random.normals(length)
      }
      let expected = (0..<length).map { place in
        addends.dropFirst().reduce(addends[0][place]) { $0 + $1[place] }
      }
      let results = onRanks(count) { communicator -> [Float] in
        var own = addends[communicator.rank]
        own.withUnsafeMutableBufferPointer { floats in
          guard let base = floats.baseAddress else { return }
          let half = length / 2
          // Two at once, and a message that goes past them.
          communicator.sum(base + half, length - half)
          communicator.sum(base, half)
          _ = try? communicator.gather(communicator.rank)
          communicator.finishSums()
        }
        try communicator.check()
        return own
      }
      for result in results { #expect(bitMismatch(try result.get(), expected) == nil) }
    }
  }

  @Test(arguments: [2, 3, 5])
  func `floats that processes share are summed as by messages, again and again`(count: Int) throws {
    for length in [1, 7, 4099, 50_001] {
      let addends = (0..<count).map { rank -> [Float] in
        var random = RandomValues(seed: 43, salt: rank)
        return random.normals(length)
      }
      let results = onRanks(count) { communicator -> [[Float]] in
        let shared = try #require(try communicator.sharedFloats(length))
        return try (0..<3).map { round in
          shared.base.update(from: addends[(communicator.rank + round) % count], count: length)
          // Parts of 1,000 from the last to the first, as threads may take them.
          shared.sum(from: round * length / 5) { total, part in
            for start in stride(from: 0, to: total, by: 1000).reversed() {
              part(start, min(1000, total - start))
            }
          }
          try communicator.check()
          return Array(UnsafeBufferPointer(start: shared.base, count: length))
        }
      }
      for (rank, result) in results.enumerated() {
        for (round, sums) in try result.get().enumerated() {
          let first = round * length / 5
          let expected =
            addends[(rank + round) % count][..<first]
            + (first..<length).map { place in
              (1..<count).reduce(addends[round % count][place]) {
                $0 + addends[($1 + round) % count][place]
              }
            }
          #expect(bitMismatch(sums, Array(expected)) == nil)
        }
      }
    }
  }

  @Test(arguments: [true, false])
  func `numbers of any length are gathered many times, however late one comes`(
    sharesMemory: Bool
  ) throws {
    let results = onRanks(3, sharesMemory: sharesMemory) { communicator -> [Int] in
      var wrong: [Int] = []
      for turn in 0..<300 {
        // At times more than a place of shared memory holds.
        let length = turn % 100 == 99 ? 9000 : turn % 50
        if turn % 150 == 7, communicator.rank == turn % 3 { sleepMilliseconds(60) }
        let own = (0..<length).map { Double(1000 * turn + 100 * communicator.rank + $0) }
        let all = communicator.gatherNumbers(own)
        let expected = (0..<3).flatMap { rank in
          (0..<length).map { Double(1000 * turn + 100 * rank + $0) }
        }
        if all != expected { wrong.append(turn) }
      }
      try communicator.check()
      return wrong
    }
    for result in results { #expect(try result.get() == []) }
  }

  @Test func `processes that use messages alone share no floats`() throws {
    let results = onRanks(2, sharesMemory: false) { try $0.sharedFloats(8) == nil }
    for result in results { #expect(try result.get()) }
  }

  @Test func `a process that is lost ends the waiting for shared sums`() throws {
    let results = onThreads(2) { [hub = ThreadTransport.Hub(2)] rank -> CommunicationError? in
      let transport = ThreadTransport(hub, rank: rank)
      let communicator = try Communicator(transport, patience: 2)
      let shared = try #require(try communicator.sharedFloats(100))
      if rank == 1 {
        transport.loseAll()
        return nil
      }
      shared.sum { $1(0, $0) }
      return communicator.failure
    }
    #expect(try results[0].get()?.kind == .silent)
  }

  @Test(arguments: [1, 7, 64])
  func `bytes that no one message holds come in several`(messageBytes: Int) throws {
    let own: [[UInt8]] = [Array(0..<50), [], Array(100..<131)]
    let results = onThreads(3) { [hub = ThreadTransport.Hub(3)] rank -> [[[UInt8]]] in
      let communicator = try Communicator(
        ThreadTransport(hub, rank: rank), messageBytes: messageBytes)
      let first = try communicator.gather(own[rank])
      let none = try communicator.gather([UInt8]())
      return [first, none]
    }
    for result in results { #expect(try result.get() == [own, [[], [], []]]) }
  }

  @Test func `waiting for a slower process is counted`() throws {
    let results = onThreads(2) { [hub = ThreadTransport.Hub(2)] rank -> Double in
      let communicator = try Communicator(ThreadTransport(hub, rank: rank))
      if rank == 1 { sleepMilliseconds(120) }
      _ = try communicator.gather(0)
      return communicator.waitSeconds
    }
    #expect(try results[0].get() > 0.1)
    #expect(try results[1].get() < 0.1)
  }

  @Test func `a process that gives up ends the waiting of the first, with its words`() throws {
    let results = onThreads(2) { [hub = ThreadTransport.Hub(2)] rank -> CommunicationError? in
      // By messages alone, as the other may have given up before this one has joined.
      let communicator = try Communicator(
        ThreadTransport(hub, rank: rank), sharesMemory: false)
      if rank == 1 {
        communicator.giveUp(code: 66, "no such folder: dataset", patience: 0.1)
        return nil
      }
      do throws(CommunicationError) { _ = try communicator.gather([1]) } catch { return error }
      return nil
    }
    let error = try #require(try results[0].get())
    #expect(error.kind == .gaveUp(code: 66))
    #expect(error.rank == 1)
    #expect(error.problem == "no such folder: dataset")
  }

  @Test(arguments: [0, 1])
  func `a process that is silent is missed by the others`(lost: Int) throws {
    let results = onThreads(2) { [hub = ThreadTransport.Hub(2)] rank -> CommunicationError? in
      let transport = ThreadTransport(hub, rank: rank)
      let communicator = try Communicator(transport, patience: 2)
      if rank == lost { transport.loseAll() }
      if rank != lost {
        do throws(CommunicationError) { _ = try communicator.gather([1]) } catch { return error }
      }
      return nil
    }
    let error = try #require(try results[1 - lost].get())
    #expect(error.kind == .silent)
    #expect(error.rank == lost)
  }

  @Test func `a process that only computes for long is not missed`() throws {
    let results = onThreads(2) { [hub = ThreadTransport.Hub(2)] rank -> [Int] in
      let communicator = try Communicator(ThreadTransport(hub, rank: rank), patience: 2)
      if rank == 1 { sleepMilliseconds(4000) }
      return try communicator.gather(rank)
    }
    for result in results { #expect(try result.get() == [0, 1]) }
  }

  @Test func `an end is told to whoever asks afterwards, too`() throws {
    let results = onThreads(2) { [hub = ThreadTransport.Hub(2)] rank -> Bool in
      // By messages alone, as the other may have given up before this one has joined.
      let communicator = try Communicator(
        ThreadTransport(hub, rank: rank), sharesMemory: false)
      if rank == 1 {
        communicator.giveUp(code: 1, "enough", patience: 0.1)
        return true
      }
      _ = try? communicator.gather(0)
      var floats: [Float] = [1, 2]
      floats.withUnsafeMutableBufferPointer { floats in
        if let base = floats.baseAddress { communicator.sum(base, 2) }
        communicator.finishSums()
      }
      communicator.abort(code: 3)
      return communicator.failure != nil
    }
    #expect(try results[0].get())
  }
}
