internal import CSystem
internal import Primitives

/// The processes of one machine, as each of them sees them.
package struct Neighbours: Sendable, Hashable {
  /// This process's number among those of its machine.
  package let place: Int
  /// The number of processes on the machine.
  package let count: Int
  /// The number of processes that may run on exactly the same processors, this one included.
  package let sharing: Int

  /// Asks all processes where they run.
  package init(_ communicator: Communicator) throws(CommunicationError) {
    let own = Neighbours.machine + Neighbours.mask
    let all = try communicator.gather(own)
    let here = all.indices.filter { all[$0].starts(with: Neighbours.machine) }
    count = here.count
    place = here.firstIndex(of: communicator.rank) ?? 0
    sharing = here.count { all[$0] == own }
  }

  /// The given numbers; those of a process alone unless said.
  package init(place: Int = 0, count: Int = 1, sharing: Int = 1) {
    (self.place, self.count, self.sharing) = (place, count, sharing)
  }

  /// A value unique to the machine, as long as everywhere.
  private static var machine: [UInt8] {
    let name = Platform.machine.utf8.prefix(40)
    return name + [UInt8](repeating: 0, count: 40 - name.count)
  }

  private static var mask: [UInt8] {
    var mask = [UInt8](repeating: 0, count: 128)
    csystem_processor_mask(&mask, mask.count)
    return mask
  }

  /// Threads for one process: what it may run on, divided among those that may run on the same.
  package func threads(of processors: Int) -> Int { max(1, processors / sharing) }
}
