internal import Glibc
internal import Primitives
internal import Synchronization

/// The signals that ask a training run to stop.
///
/// They are blocked in every thread and taken by one of their own, so nothing has to be safe inside
/// a signal handler.
final class SignalWatch: Sendable {
  private let received = Atomic<Int32>(0)

  var first: Int32? {
    let signal = received.load(ordering: .acquiring)
    return signal == 0 ? nil : signal
  }

  /// Blocks the signals in this thread, and so in those that it makes from here on, and starts the
  /// thread that waits for them.
  ///
  /// A second signal ends the process at once, unless it comes within a second: `timeout` sends one
  /// to its command and one to its group, in which the command is too.
  func start() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // Under nohup SIGHUP is ignored, and stays so.
      if number == SIGHUP, Platform.ignores(signal: number) { continue }
      signal(number, SIG_DFL)
      sigaddset(&signals, number)
    }
    signal(SIGPIPE, SIG_IGN)
    // A file that would grow too large is an error to be told like a full disk.
    signal(SIGXFSZ, SIG_IGN)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let waited = signals
    Platform.detachThread { [self] in
      var waited = waited
      var number: Int32 = 0
      guard sigwait(&waited, &number) == 0 else { return }
      received.store(number, ordering: .releasing)
      let began = ContinuousClock.now
      while sigwait(&waited, &number) == 0 {
        if began.duration(to: .now) > .seconds(1) { _exit(128 + number) }
      }
    }
  }
}
