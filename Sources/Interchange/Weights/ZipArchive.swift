internal import CImageCodecs
internal import Primitives

/// A zip archive, read strictly: one directory that ends with the file, and entries that fill the
/// archive from its first byte to the directory.
///
/// So no byte belongs to two entries, and no second archive hides in front of, between or behind them.
/// Nothing is written anywhere: names only tell entries apart.
struct ZipArchive {
  struct Entry {
    let name: String
    /// Whether its bytes lie in the archive as they are.
    let isStored: Bool
    /// Bytes when unpacked.
    let size: Int
    fileprivate let check: UInt32
    /// Where its bytes lie.
    fileprivate let range: Range<Int>
  }

  let bytes: WeightBytes
  /// Files in the directory's order, without folders.
  let entries: [Entry]

  /// Bytes of a directory, entries, and bytes that an entry may have when unpacked.
  private static let directoryLimit = 1 << 24
  private static let countLimit = 1 << 16
  private static let unpackedLimit = 1 << 29
  /// Weights hardly shrink; what grows by more than this is made to waste memory.
  private static let growthLimit = 64

  init(_ bytes: WeightBytes) throws(TrainingError) {
    self.bytes = bytes
    let directory = try ZipArchive.directory(bytes)
    let records = try ZipArchive.records(bytes, directory)
    entries = try ZipArchive.placed(bytes, records, end: directory.range.lowerBound)
      .filter { !$0.name.hasSuffix("/") }
  }

  /// The bytes of an entry, unpacked if they are packed; `isChecked` false passes over the sum,
  /// which torch.save may leave out.
  func contents(_ entry: Entry, isChecked: Bool) throws(TrainingError) -> WeightBytes {
    let part = bytes.part(entry.range, name: entry.name)
    var sum: UInt32 = 0
    guard !entry.isStored else {
      // Without the whole of it in memory.
      for range in (0..<(isChecked ? part.count : 0)).parts(of: 1 << 20) {
        let piece = try part.bytes(range)
        sum = cimage_crc32(sum, piece, piece.count)
      }
      if isChecked, sum != entry.check { throw part.refusal("its checksum is wrong") }
      return part
    }
    guard entry.size <= ZipArchive.unpackedLimit,
      entry.size <= ZipArchive.growthLimit * part.count
    else {
      throw part.refusal(
        "it would unpack to more than weights do", found: "\(part.count) bytes for \(entry.size)")
    }
    let packed = try part.bytes(0..<part.count)
    var count: Int64 = 0
    let unpacked = [UInt8](unsafeUninitializedCapacity: entry.size) { buffer, initialized in
      count = cimage_unpack(packed, packed.count, buffer.baseAddress, entry.size)
      initialized = max(0, Int(count))
    }
    guard count == entry.size else { throw part.refusal("its packed bytes are damaged") }
    guard cimage_crc32(0, unpacked, unpacked.count) == entry.check else {
      throw part.refusal("its checksum is wrong")
    }
    return WeightBytes(unpacked, path: part.path)
  }
}

// MARK: The directory at the end

extension ZipArchive {
  private typealias Directory = (range: Range<Int>, count: Int)

  /// Where the directory lies and how many records it has, from the end of the file.
  private static func directory(_ bytes: WeightBytes) throws(TrainingError) -> Directory {
    let endBytes = 22
    guard bytes.count >= endBytes else { throw truncated(bytes) }
    var end = bytes.count - endBytes
    let record = try bytes.bytes(end..<bytes.count)
    guard record.starts(with: [0x50, 0x4B, 5, 6]), record.number(at: 20, 2) == 0 else {
      throw truncated(bytes)
    }
    var fields = [(8, 2), (10, 2), (12, 4), (16, 4)].map { record.number(at: $0, $1) }
    guard record.number(at: 4, 4) == 0 else { throw bytes.refusal("it is a part of an archive") }
    if let long = try longRecord(bytes, before: end) {
      end = long.start
      for (index, width) in [2, 2, 4, 4].enumerated() {
        guard fields[index] == long.fields[index] || fields[index] == 1 << (8 * UInt64(width)) - 1
        else { throw bytes.refusal("its two directories contradict each other") }
      }
      fields = long.fields
    }
    guard fields[0] == fields[1], fields[1] <= UInt64(countLimit) else {
      throw bytes.refusal(
        "it has too many entries", found: "\(fields[1])", expected: "at most \(countLimit)")
    }
    guard fields[2] <= UInt64(directoryLimit), fields[3] <= UInt64(end),
      fields[2] + fields[3] == UInt64(end)
    else { throw bytes.refusal("its directory does not lie where the archive ends") }
    return (Int(fields[3])..<end, Int(fields[1]))
  }

  /// The same numbers in 64 bits, where a record with them lies before the last one.
  private static func longRecord(
    _ bytes: WeightBytes, before end: Int
  ) throws(TrainingError) -> (start: Int, fields: [UInt64])? {
    let (locatorBytes, recordBytes) = (20, 56)
    guard end >= locatorBytes + recordBytes else { return nil }
    let start = end - locatorBytes - recordBytes
    let record = try bytes.bytes(start..<end)
    let locator = record[recordBytes...]
    guard locator.starts(with: [0x50, 0x4B, 6, 7]) else { return nil }
    guard record.starts(with: [0x50, 0x4B, 6, 6]),
      record.number(at: 4, 8) == UInt64(recordBytes - 12), record.number(at: 16, 8) == 0,
      locator.number(at: 4, 4) == 0, locator.number(at: 8, 8) == UInt64(start),
      locator.number(at: 16, 4) == 1
    else { throw bytes.refusal("its directory of 64 bits is damaged") }
    return (start, [24, 32, 40, 48].map { record.number(at: $0, 8) })
  }

  private static func truncated(_ bytes: WeightBytes) -> TrainingError {
    bytes.refusal(
      "its archive has no directory at the end: the file is truncated, or more was added",
      expected: "a zip archive as torch.save, pip or zip write it")
  }

  // MARK: Records and entries

  /// An entry according to the archive's directory.
  private struct Record {
    var name: [UInt8]
    var flags: UInt64
    var method: UInt64
    var check: UInt64
    var packed: UInt64
    var size: UInt64
    var offset: UInt64

    /// Whether the sums and sizes may follow the bytes.
    var isDescribed: Bool { flags & 8 != 0 }
  }

  private static func records(
    _ bytes: WeightBytes, _ directory: Directory
  ) throws(TrainingError) -> [Record] {
    var rest = try bytes.bytes(directory.range)[...]
    var records: [Record] = []
    for _ in 0..<directory.count {
      let headBytes = 46
      guard rest.count >= headBytes, rest.starts(with: [0x50, 0x4B, 1, 2]) else {
        throw damagedDirectory(bytes)
      }
      let lengths = [28, 30, 32].map { Int(rest.number(at: $0, 2)) }
      let length = headBytes + lengths.reduce(0, +)
      guard rest.count >= length, rest.number(at: 34, 2) == 0 else {
        throw damagedDirectory(bytes)
      }
      let head = rest.startIndex + headBytes
      var record = Record(
        name: Array(rest[head..<(head + lengths[0])]), flags: rest.number(at: 8, 2),
        method: rest.number(at: 10, 2), check: rest.number(at: 16, 4),
        packed: rest.number(at: 20, 4), size: rest.number(at: 24, 4), offset: rest.number(at: 42, 4)
      )
      let extra = rest[(head + lengths[0])..<(head + lengths[0] + lengths[1])]
      guard widen(&record, extra) else { throw damagedDirectory(bytes) }
      records.append(record)
      rest = rest.dropFirst(length)
    }
    guard rest.isEmpty else { throw damagedDirectory(bytes) }
    return records
  }

  /// Takes numbers of 64 bits from the field that has those which do not fit 32; false if they lack.
  private static func widen(_ record: inout Record, _ extra: ArraySlice<UInt8>) -> Bool {
    let full = UInt64(UInt32.max)
    guard [record.size, record.packed, record.offset].contains(full) else { return true }
    var rest = extra
    while rest.count >= 4 {
      let length = Int(rest.number(at: 2, 2))
      guard rest.count >= 4 + length else { return false }
      if rest.number(at: 0, 2) == 1 {
        var field = rest.dropFirst(4).prefix(length)
        for path in [\Record.size, \.packed, \.offset] where record[keyPath: path] == full {
          guard field.count >= 8 else { return false }
          record[keyPath: path] = field.number(at: 0, 8)
          field = field.dropFirst(8)
        }
        return true
      }
      rest = rest.dropFirst(4 + length)
    }
    return false
  }

  /// The entries of records, each found where it should begin; they end where the directory begins.
  private static func placed(
    _ bytes: WeightBytes, _ records: [Record], end: Int
  ) throws(TrainingError) -> [Entry] {
    var entries: [(place: Int, entry: Entry)] = []
    var names: Set<String> = []
    var last = 0
    // Bytes that may follow those of an entry: its sum and sizes, of 32 or 64 bits.
    var gaps: Set<Int> = [0]
    for (place, record) in records.enumerated().sorted(by: { $0.1.offset < $1.1.offset }) {
      let name = try checkedName(record.name, bytes)
      guard names.insert(name).inserted else {
        throw bytes.refusal("two entries are called \(name)")
      }
      let headBytes = 30 + record.name.count
      guard record.offset <= UInt64(end), Int(record.offset) >= last,
        gaps.contains(Int(record.offset) - last), end - Int(record.offset) >= headBytes
      else { throw overlap(bytes, name) }
      let start = Int(record.offset)
      let head = try bytes.bytes(start..<(start + headBytes))
      let (size, packed) = (head.number(at: 22, 4), head.number(at: 18, 4))
      let isDeferred = record.isDescribed || size == UInt64(UInt32.max)
      guard head.starts(with: [0x50, 0x4B, 3, 4]), head[30...].elementsEqual(record.name),
        head.number(at: 6, 2) == record.flags, head.number(at: 8, 2) == record.method,
        isDeferred || size == record.size && packed == record.packed
      else { throw bytes.refusal("entry \(name) and the directory contradict each other") }
      guard record.flags & 0x2041 == 0, [0, 8].contains(record.method) else {
        throw bytes.refusal(
          "entry \(name) is encrypted, or packed by a method that is not read",
          found: "method \(record.method)", expected: "0 or 8, stored or deflated")
      }
      let first = start + headBytes + Int(head.number(at: 28, 2))
      let isStored = record.method == 0
      guard first <= end, record.packed <= UInt64(end - first), record.size <= UInt64(Int.max),
        !isStored || record.packed == record.size
      else { throw overlap(bytes, name) }
      last = first + Int(record.packed)
      gaps = record.isDescribed ? [0, 12, 16, 20, 24] : [0]
      entries.append(
        (
          place,
          Entry(
            name: name, isStored: isStored, size: Int(record.size),
            check: UInt32(record.check), range: first..<last)
        ))
    }
    guard gaps.contains(end - last) else { throw overlap(bytes, "the directory") }
    return entries.sorted { $0.place < $1.place }.map(\.entry)
  }

  /// A name that leads nowhere out of the archive, and that a message can show.
  private static func checkedName(
    _ bytes: [UInt8], _ archive: WeightBytes
  ) throws(TrainingError) -> String {
    guard let name = String(validating: bytes, as: UTF8.self), (1...255).contains(bytes.count),
      ForeignText.problem(inName: name) == nil, !name.hasPrefix("/"), !name.contains("\\"),
      !name.contains(":"), !name.split(separator: "/").contains("..")
    else {
      throw archive.refusal(
        "the name of an entry leads out of the archive, or is none",
        found: String(decoding: bytes.prefix(200), as: UTF8.self))
    }
    return name
  }

  private static func damagedDirectory(_ bytes: WeightBytes) -> TrainingError {
    bytes.refusal("its directory is damaged")
  }

  private static func overlap(_ bytes: WeightBytes, _ name: String) -> TrainingError {
    bytes.refusal(
      "\(name) does not begin where the entry before it ends", expected: "entries side by side")
  }
}
