/// The time of steps in seconds, by node of the graph and by kind of work.
///
/// Each lap gives the time since the lap before it to one kind. A class, because the passes of one
/// step write to the same one; used by the thread that makes the step.
package final class StepProfile {
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant
  private var node: Int?
  /// Seconds of each node in the order of the graph; behind them what belongs to none.
  private var parts: [[WorkKind: Double]]

  /// A profile with nothing in it, for steps of `network`.
  package init(_ network: Network) {
    parts = Array(repeating: [:], count: network.graph.nodes.count + 1)
    last = clock.now
  }

  /// Begins anew: the first lap counts from here.
  package func start() {
    for index in parts.indices { parts[index].removeAll(keepingCapacity: true) }
    node = nil
    last = clock.now
  }

  /// The laps from here on are those of a node, or of none.
  func enter(_ node: Int?) { self.node = node }

  /// Gives the time since the last lap to `kind`.
  func lap(_ kind: WorkKind) {
    let now = clock.now
    parts[node ?? parts.count - 1][kind, default: 0] += (now - last).inSeconds
    last = now
  }

  /// Seconds by kind over all nodes.
  package var seconds: [WorkKind: Double] {
    parts.reduce(into: [:]) { sums, part in sums.merge(part, uniquingKeysWith: +) }
  }

  /// Seconds by kind of one node.
  package func seconds(ofNode node: Int) -> [WorkKind: Double] { parts[node] }
}
