internal import Primitives

extension TensorFile {
  /// The layout of a file's tensors, read from its header and checked against the file's size.
  ///
  /// So no memory is allocated for an array that the file does not contain.
  package struct Layout: Sendable {
    /// An array and the bytes of the file that hold it.
    package struct Place: Sendable {
      /// The name, unique in its file.
      package let name: String
      /// The extents, outermost first.
      package let shape: [Int]
      package let type: ElementType
      /// Bytes from the file's beginning on.
      package let bytes: Range<Int>
      /// The array of its scales; only for signed bytes.
      package var scales: Place? { factors.first }
      /// At most one element; an array, because a struct cannot contain itself.
      fileprivate var factors: [Place] = []

      fileprivate var isOfNovelty: Bool { name.hasPrefix(TensorFile.noveltyPrefix) }
    }

    /// The map of strings.
    package let metadata: [String: String]
    /// The arrays in the file's order, without scales, training images and the novelty detector.
    package let tensors: [Place]
    /// The arrays of the novelty detector; empty without one.
    package let novelty: [Place]
    /// The digests of training images, rows of 8 bytes.
    package let images: Place?
    /// All arrays in the file's order; they fill the file after the header without gaps.
    package let arrays: [Place]
    /// The digest's bytes, the file's last.
    package let digest: Range<Int>?

    /// Bytes before the header, which hold its length.
    package static let prefixBytes = 8

    /// The end of the header, from the first 8 bytes of a file of `fileBytes`; the header may have
    /// `limit` bytes.
    package static func headerEnd(
      prefix: some Collection<UInt8>, fileBytes: Int, limit: Int = TensorFile.headerLimit
    ) throws(TensorFileError) -> Int {
      guard prefix.count >= prefixBytes, fileBytes >= prefixBytes else {
        throw .tooShort(bytes: fileBytes)
      }
      let length = prefix.prefix(prefixBytes).littleEndianNumber
      let limit = min(limit, fileBytes - prefixBytes)
      guard length >= 2, length <= UInt64(limit) else {
        throw .headerLength(found: length, limit: limit)
      }
      return prefixBytes + Int(length)
    }

    /// Reads the first bytes of a file, up to `headerEnd`, strictly.
    package init(
      head: [UInt8], fileBytes: Int, of origin: Origin = .own
    ) throws(TensorFileError) {
      var (metadata, entries) = try TensorFile.header(head[Layout.prefixBytes...], origin)
      if origin == .foreign { entries.sort { $0.begin < $1.begin } }
      try TensorFile.checkLayout(entries, dataBytes: fileBytes - head.count, origin)
      var places: [Place] = []
      var digest: Range<Int>?
      for entry in entries {
        let bytes = (head.count + entry.begin)..<(head.count + entry.end)
        if entry.name == TensorFile.digestName {
          digest = bytes
        } else {
          places.append(
            Place(name: entry.name, shape: entry.shape, type: entry.type, bytes: bytes))
        }
      }
      self.metadata = metadata
      arrays = places
      images = places.first { $0.type == .byte }
      novelty = origin == .own ? places.filter(\.isOfNovelty) : []
      tensors = try TensorFile.pairing(places).filter {
        $0.type != .byte && (origin == .foreign || !$0.isOfNovelty)
      }
      self.digest = digest
    }
  }

  /// Assigns the scales of 8-bit arrays to their arrays.
  private static func pairing(
    _ places: [Layout.Place]
  ) throws(TensorFileError) -> [Layout.Place] {
    let byName = Dictionary(uniqueKeysWithValues: places.map { ($0.name, $0) })
    var taken: Set<String> = []
    var tensors = places
    for (index, place) in places.enumerated() where place.type == .signedByte {
      guard place.shape.count > 1, let channels = place.shape.last else {
        throw .tensor(
          name: place.name, expected: "at least 2 extents for type I8", found: "\(place.shape)")
      }
      let name = place.name + scaleSuffix
      let factors = byName[name]
      guard let factors, factors.type == .single, factors.shape == [channels] else {
        throw .tensor(
          name: name, expected: "F32 [\(channels)], a factor for each channel of \(place.name)",
          found: factors.map { "\($0.type.rawValue) \($0.shape)" } ?? "none")
      }
      tensors[index].factors = [factors]
      taken.insert(name)
    }
    return tensors.filter { !taken.contains($0.name) }
  }

  /// One entry of the header.
  private struct Entry {
    var name: String
    var type: ElementType
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  private static func header(
    _ bytes: ArraySlice<UInt8>, _ origin: Origin
  ) throws(TensorFileError) -> ([String: String], [Entry]) {
    guard bytes.first == UInt8(ascii: "{") else {
      throw .header(part: "first byte", expected: "an opening brace")
    }
    let root: JSON
    do throws(JSONSyntaxError) {
      root = try JSON.parse(bytes, depth: 3)
    } catch {
      throw .headerSyntax(error)
    }
    guard case .object(let members) = root else {
      throw .header(part: "root", expected: "an object")
    }
    guard members.count <= countLimit + 2 else {
      throw .count(found: members.count, limit: countLimit)
    }
    var metadata: [String: String] = [:]
    var entries: [Entry] = []
    for member in members {
      if member.key == metadataName {
        metadata = try strings(member.value)
      } else {
        entries.append(try entry(member.key, member.value, origin))
      }
    }
    return (metadata, entries)
  }

  private static func strings(
    _ value: JSON
  ) throws(TensorFileError) -> [String: String] {
    guard case .object(let members) = value else {
      throw .header(part: metadataName, expected: "an object of strings")
    }
    var strings: [String: String] = [:]
    for member in members {
      guard case .string(let string) = member.value else {
        throw .header(part: "\(metadataName).\(member.key)", expected: "a string")
      }
      strings[member.key] = string
    }
    return strings
  }

  private static func entry(
    _ name: String, _ value: JSON, _ origin: Origin
  ) throws(TensorFileError) -> Entry {
    guard (1...nameLimit).contains(name.utf8.count), !name.contains(".."),
      name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
    else { throw .name(name) }
    guard case .object(let members) = value else {
      throw .header(part: name, expected: "an object")
    }
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    for member in members {
      switch (member.key, member.value) {
      case ("dtype", .string(let text)): type = text
      case ("shape", let list): shape = try naturals(list, part: "\(name).shape")
      case ("data_offsets", let list):
        offsets = try naturals(list, part: "\(name).data_offsets")
      default: throw .header(part: name, expected: "only dtype, shape and data_offsets")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw .header(part: name, expected: "dtype, shape and two data_offsets")
    }
    guard let known = ElementType(rawValue: type) else {
      throw .tensor(name: name, expected: origin.typeNames, found: type)
    }
    return Entry(name: name, type: known, shape: shape, begin: offsets[0], end: offsets[1])
  }

  private static func naturals(
    _ value: JSON, part: String
  ) throws(TensorFileError) -> [Int] {
    guard case .array(let values) = value else {
      throw .header(part: part, expected: "an array of whole numbers")
    }
    var numbers: [Int] = []
    for value in values {
      guard let number = value.natural else {
        throw .header(part: part, expected: "whole numbers from 0 to 2^63 - 1")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// Checks types, shapes and offsets: the arrays fill the data without gaps in the header's order,
  /// the digest last.
  private static func checkLayout(
    _ entries: [Entry], dataBytes: Int, _ origin: Origin
  ) throws(TensorFileError) {
    var offset = 0
    for (position, entry) in entries.enumerated() {
      let isDigest = entry.name == digestName
      if isDigest {
        guard entry.type == .byte, entry.shape == [digestBytes] else {
          throw .tensor(
            name: entry.name, expected: "U8 [\(digestBytes)]",
            found: "\(entry.type.rawValue) \(entry.shape)")
        }
        guard position == entries.count - 1 else {
          throw .tensor(
            name: entry.name, expected: "the last place", found: "place \(position + 1)")
        }
      } else if entry.name == imagesName, origin == .own {
        guard entry.type == .byte, entry.shape.count == 2, entry.shape[1] == imageBytes,
          entry.shape[0] <= imageLimit
        else {
          throw .tensor(
            name: entry.name, expected: "U8 [N, \(imageBytes)], N at most \(imageLimit)",
            found: "\(entry.type.rawValue) \(entry.shape)")
        }
      } else if entry.name.hasPrefix(noveltyPrefix), origin == .own {
        guard entry.type == .single else {
          throw .tensor(
            name: entry.name, expected: "type \(ElementType.single.rawValue)",
            found: entry.type.rawValue)
        }
      } else {
        guard origin.types.contains(entry.type) else {
          throw .tensor(
            name: entry.name, expected: origin.typeNames, found: entry.type.rawValue)
        }
      }
      guard entry.shape.count <= rankLimit else {
        throw .tensor(
          name: entry.name, expected: "at most \(rankLimit) extents",
          found: "\(entry.shape.count)")
      }
      guard entry.begin == offset else {
        throw .offset(name: entry.name, expected: offset, found: entry.begin)
      }
      var bytes = entry.type.bytes
      for extent in entry.shape {
        let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
        guard !overflow, product > 0 else {
          throw .tensor(
            name: entry.name, expected: "a product of extents from 1 to 2^61",
            found: "\(entry.shape)")
        }
        bytes = product
      }
      let (found, overflow) = entry.end.subtractingReportingOverflow(entry.begin)
      guard !overflow, found == bytes else {
        throw .size(name: entry.name, expected: bytes, found: found)
      }
      guard entry.end <= dataBytes else {
        let declared = max(entry.end, entries.last?.end ?? 0)
        throw .fileSize(expected: declared, found: dataBytes)
      }
      offset = entry.end
    }
    guard offset == dataBytes else { throw .fileSize(expected: offset, found: dataBytes) }
  }
}
