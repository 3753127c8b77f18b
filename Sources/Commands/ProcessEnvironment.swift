internal import Glibc
internal import Synchronization

/// A file descriptor as a stream of text.
final class DescriptorStream: TextStream {
  let isTerminal: Bool
  private let descriptor: Int32
  private let name: String

  init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
    isTerminal = isatty(descriptor) == 1
  }

  func write(_ text: String) throws(StreamError) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count >= 0 {
        done += count
      } else if errno != EINTR {
        throw StreamError(number: errno, name: name)
      }
    }
  }
}

/// The signals that ask a training run to stop. They are blocked in every thread and taken by one
/// of their own, so nothing has to be safe inside a signal handler.
private final class SignalWatch: Sendable {
  private let received = Atomic<Int32>(0)

  var first: Int32? {
    let signal = received.load(ordering: .acquiring)
    return signal == 0 ? nil : signal
  }

  /// Blocks the signals in this thread, and so in those that it makes from here on, and starts the
  /// thread that waits for them. A second signal ends the process at once.
  func start() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // Under nohup SIGHUP is ignored, and stays so.
      var current = sigaction()
      sigaction(number, nil, &current)
      let ignored = unsafeBitCast(current.__sigaction_handler.sa_handler, to: Int.self) == 1
      if number == SIGHUP, ignored { continue }
      signal(number, SIG_DFL)
      sigaddset(&signals, number)
    }
    signal(SIGPIPE, SIG_IGN)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let waited = signals
    detachThread { [self] in
      var waited = waited
      var number: Int32 = 0
      while sigwait(&waited, &number) == 0 {
        if received.exchange(number, ordering: .acquiringAndReleasing) != 0 { _exit(128 + number) }
      }
    }
  }
}

/// Runs `body` on a thread of its own that nobody waits for.
private func detachThread(_ body: @escaping @Sendable () -> Void) {
  final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let box = Unmanaged.passRetained(Box(body))
  let failed = pthread_create(
    &thread, nil,
    { argument in
      guard let argument else { return nil }
      Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
      return nil
    }, box.toOpaque())
  if failed == 0 { pthread_detach(thread) } else { box.release() }
}

extension Environment {
  /// The world of this process.
  package static func process() -> Environment {
    var variables: [String: String] = [:]
    for name in ["CNNCTL_ISA", "NO_COLOR", "COLUMNS", "TERM"] {
      if let value = getenv(name) { variables[name] = String(cString: value) }
    }
    return Environment(
      output: DescriptorStream(descriptor: 1, name: "standard output"),
      diagnostics: DescriptorStream(descriptor: 2, name: "standard error"),
      input: { count throws(StreamError) in try readStandardInput(count) },
      variables: variables,
      clock: {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
      },
      terminalColumns: {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
      },
      watchSignals: {
        let watch = SignalWatch()
        watch.start()
        return { watch.first }
      })
  }
}

private func readStandardInput(_ count: Int) throws(StreamError) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  while true {
    let read = bytes.withUnsafeMutableBytes { Glibc.read(0, $0.baseAddress, $0.count) }
    if read >= 0 { return Array(bytes[..<read]) }
    if errno != EINTR { throw StreamError(number: errno, name: "standard input") }
  }
}

/// The system's words for an error number.
func systemMessage(_ number: Int32) -> String {
  guard let text = strerror(number) else { return "error \(number)" }
  return String(cString: text)
}
