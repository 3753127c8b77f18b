internal import Glibc
internal import Primitives
internal import Ranks

extension Environment {
  /// The world of this process.
  package static func process() -> Environment {
    var variables: [String: String] = [:]
    for name in [
      "CNNCTL_ISA", "NO_COLOR", "COLUMNS", "TERM", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME",
      "HOME",
      "LC_ALL",
      "LC_CTYPE", "LANG",
    ] + Launcher.variables {
      if let value = getenv(name) { variables[name] = String(systemPath: value) }
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
