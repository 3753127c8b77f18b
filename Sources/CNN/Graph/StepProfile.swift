package import Compute

/// The time of steps in seconds, by node of the graph and by kind of work.
///
/// Each lap adds the time since the previous lap to one kind. A class, because all passes of a step
/// write to the same one; used only by the thread that runs the step.
package final class StepProfile {
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant
  private var node: Int?
  /// Gets the node of the following loops, if not nil.
  private let recorder: TaskRecorder?
  /// Seconds of each node in the order of the graph; the last entry belongs to no node.
  private var parts: [[WorkKind: Double]]

  /// A profile with nothing in it, for steps of `network`.
  package init(_ network: Network, recorder: TaskRecorder? = nil) {
    self.recorder = recorder
    parts = Array(repeating: [:], count: network.graph.nodes.count + 1)
    last = clock.now
  }

  /// Resets all times; the first lap counts from here.
  package func start() {
    for index in parts.indices { parts[index].removeAll(keepingCapacity: true) }
    node = nil
    last = clock.now
  }

  /// Assigns the following laps to a node, or to none.
  func enter(_ node: Int?) {
    self.node = node
    recorder?.enter(node)
  }

  /// Adds the time since the last lap to `kind`.
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
