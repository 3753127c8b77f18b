import Glibc
internal import Primitives

/// An archive, told by its name, and the command that unpacks it.
struct Archive {
  /// The name without the folders around it and without its ending.
  let name: String
  private let path: String
  private let kind: Kind

  private enum Kind: CaseIterable {
    case zip
    case tar
    case sevenZip
    case rar

    var endings: [String] {
      switch self {
      case .zip: [".zip"]
      case .tar:
        [
          ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".tar.zst",
          ".tar.lz4",
        ]
      case .sevenZip: [".7z"]
      case .rar: [".rar"]
      }
    }
  }

  /// The archive at a path; nil for a name that is not an archive's.
  init?(_ path: String) {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    for kind in Kind.allCases {
      // The longest ending first, so that .tar goes with .gz.
      for ending in kind.endings.sorted(by: { $0.count > $1.count })
      where file.lowercased().hasSuffix(ending) && file.count > ending.count {
        self.path = path
        self.kind = kind
        name = String(file.dropLast(ending.count))
        return
      }
    }
    return nil
  }

  /// A folder of the archive's name in the present one that is not there yet.
  var newFolder: String {
    var folder = name
    var number = 1
    var status = stat()
    while stat(systemPath(folder), &status) == 0 {
      number += 1
      folder = "\(name)-\(number)"
    }
    return folder
  }

  /// The command that unpacks it into a folder, which is made.
  func unpacking(into folder: String) -> String {
    let (archive, target) = (shellPath(path), shellPath(folder))
    return switch kind {
    case .zip: "unzip -q \(archive) -d \(target)"
    case .tar: "mkdir -p \(target) && tar -xf \(archive) -C \(target)"
    case .sevenZip: "7z x \(archive) -o\(target)"
    case .rar: "mkdir -p \(target) && unrar x \(archive) \(target)/"
    }
  }
}
