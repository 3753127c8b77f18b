import Glibc

/// The control groups of a process (cgroups(7)), in which containers set limits.
package struct ControlGroups {
  /// The root of the control groups' file system.
  private let root: String
  /// The file that names the process's own groups.
  private let membership: String

  /// The groups of this process; other paths are for tests.
  package init(
    root: String = Platform.controlGroups.root,
    membership: String = Platform.controlGroups.membership
  ) {
    self.root = root
    self.membership = membership
  }

  /// One group's folder.
  package struct Group: Sendable, Hashable {
    /// The folder.
    package var path: String
    /// Whether it is a version 2 group, with other file names.
    package var isUnified: Bool
  }

  /// The folders of the process's groups that a controller may limit, and of all groups above.
  package func folders(controller: String) -> [Group] {
    // A line is "number:controllers:path", with no controllers for version 2.
    let lines = ControlGroups.text(of: membership, limit: 1 << 16)?.split(separator: "\n") ?? []
    return lines.flatMap { line -> [Group] in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [] }
      if fields[0] == "0", fields[1].isEmpty {
        return ControlGroups.folders(root, fields[2]).map { Group(path: $0, isUnified: true) }
      }
      guard fields[1].split(separator: ",").contains(Substring(controller)) else { return [] }
      return Set([controller, String(fields[1])]).flatMap { mount in
        ControlGroups.folders(root + "/" + mount, fields[2])
      }.map { Group(path: $0, isUnified: false) }
    }
  }

  /// The folder of a group and those of all groups above it, up to the root.
  ///
  /// Inside a container the path may be that of the host: then only the root is there.
  private static func folders(_ root: String, _ path: Substring) -> [String] {
    let parts = path.split(separator: "/")
    // Depth is the sender's choice too; the kernel's own limit is far below.
    guard !parts.contains(".."), parts.count <= 256 else { return [root] }
    return (0...parts.count).map { count in
      ([root] + parts.prefix(count).map(String.init)).joined(separator: "/")
    }
  }

  /// The positive number that a file holds alone.
  package static func number(in path: String) -> Int? {
    guard let text = text(of: path) else { return nil }
    return number(text.last == "\n" ? text.dropLast() : text[...])
  }

  /// A positive number in decimal digits alone.
  package static func number(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text), value > 0
    else { return nil }
    return value
  }

  /// The text of a small file; nil if there is none, or a longer one.
  package static func text(of path: String, limit: Int = 256) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var done = 0
    while done <= limit {
      let count = bytes[done...].withUnsafeMutableBytes {
        read(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return String(validating: bytes[..<done], as: UTF8.self) }
      done += count
    }
    return nil
  }
}
