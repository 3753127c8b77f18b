internal import CSystem
package import Glibc

/// What Linux has and another system lacks, or has by another name: the article Platforms lists it.
package enum Platform {
  /// The file of the program that runs.
  package static let program = "/proc/self/exe"

  /// Folders of what is no file, which can hold countless entries.
  package static let kernelFolders = ["/proc", "/sys"]

  /// The root of the control groups' file system (cgroups(7)), and the file that names the process's
  /// own groups.
  package static let controlGroups = (root: "/sys/fs/cgroup", membership: "/proc/self/cgroup")

  /// The file in which the kernel tells what memory is free (proc(5)).
  package static let freeMemory = "/proc/meminfo"

  /// The bytes of addresses that the process has mapped.
  static var mappedBytes: Int {
    // The first number is the mapped pages.
    let pages =
      ControlGroups.text(of: "/proc/self/statm")?.split(separator: " ").first
      .flatMap { ControlGroups.number($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// What no other machine has: the identifier of its kernel's current boot, or else its name.
  package static var machine: String {
    if let identifier = ControlGroups.text(of: "/proc/sys/kernel/random/boot_id") {
      return identifier
    }
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    return string(name)
  }

  /// Starts a thread that runs `body`; nil where the system has no more of them.
  static func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
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
  package static func detachThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    guard let thread = startThread(body) else { return false }
    pthread_detach(thread)
    return true
  }

  /// When a file's contents were last changed.
  package static func modified(_ status: stat) -> timespec { status.st_mtim }

  /// When what the file system holds of a file was last changed, its times included.
  package static func changed(_ status: stat) -> timespec { status.st_ctim }

  /// Takes the room for the first `bytes` bytes of a file; 0, or the error's number.
  package static func reserve(_ bytes: Int, of descriptor: CInt) -> CInt {
    posix_fallocate(descriptor, 0, off_t(bytes))
  }

  /// Opens a file of `bytes` zeros that has no name and lies in memory; -1 if the system has none.
  package static func memoryFile(bytes: Int) -> CInt {
    let descriptor = csystem_memory_file()
    guard descriptor >= 0, ftruncate(descriptor, off_t(bytes)) != 0 else { return descriptor }
    close(descriptor)
    return -1
  }

  /// What a process's descriptor leads to, for another process of the same machine and user.
  package static func path(ofDescriptor descriptor: CInt, process: pid_t) -> String {
    "/proc/\(process)/fd/\(descriptor)"
  }

  /// Which numbers of processes mean the same: those of one machine, seen from one container.
  package static var processNumbers: String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    var target = [CChar](repeating: 0, count: 256)
    readlink("/proc/self/ns/pid", &target, target.count - 1)
    return [machine, string(name), string(target)].joined(separator: " ")
  }

  private static func string(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Asks for huge pages in memory that has just been mapped; the system may have none.
  package static func preferHugePages(_ start: UnsafeMutableRawPointer, bytes: Int) {
    madvise(start, bytes, MADV_HUGEPAGE)
  }

  /// The most bytes of addresses that the process may map; nil without a limit.
  package static var addressLimit: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
      limit.rlim_cur < UInt64(Int.max)
    else { return nil }
    return Int(limit.rlim_cur)
  }

  /// The number of files that the process may have open, raised to `least` where it may raise it; nil
  /// if the system does not say.
  package static func openFiles(atLeast least: Int) -> Int? {
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(files, &limit) == 0 else { return nil }
    if limit.rlim_cur < rlim_t(least) {
      limit.rlim_cur = min(limit.rlim_max, rlim_t(least))
      setrlimit(files, &limit)
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// The most memory that the process has held, in bytes.
  package static var peakMemoryBytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }

  /// Whether the process ignores a signal.
  package static func ignores(signal number: Int32) -> Bool {
    var current = sigaction()
    sigaction(number, nil, &current)
    // SIG_IGN.
    return unsafeBitCast(current.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}
