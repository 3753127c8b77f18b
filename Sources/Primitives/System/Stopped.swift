/// A signal asked to stop: no fault, and what can be kept is kept.
package struct Stopped: Error, Hashable {
  /// The signal's number; 0 if it is not known.
  package var signal: Int32

  package init(signal: Int32) { self.signal = signal }
}
