package import Glibc

/// Starts a thread that runs `body`; nil where the system has no more of them.
package func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
  final class Start {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let start = Unmanaged.passRetained(Start(body))
  var thread = pthread_t()
  let status = pthread_create(
    &thread, nil,
    { raw in
      guard let raw else { return nil }
      Unmanaged<Start>.fromOpaque(raw).takeRetainedValue().body()
      return nil
    }, start.toOpaque())
  guard status == 0 else {
    start.release()
    return nil
  }
  return thread
}

/// Runs `body` on a thread that nobody waits for; false where the system has no more of them.
@discardableResult
package func detachThread(_ body: @escaping @Sendable () -> Void) -> Bool {
  guard let thread = startThread(body) else { return false }
  pthread_detach(thread)
  return true
}
