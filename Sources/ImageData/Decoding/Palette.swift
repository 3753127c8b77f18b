/// The colours that the pixels of a file name by index.
struct Palette {
  struct Colour: Equatable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8

    /// A grey.
    init(level: UInt8) { (red, green, blue) = (level, level, level) }

    init(red: UInt8, green: UInt8, blue: UInt8) {
      (self.red, self.green, self.blue) = (red, green, blue)
    }
  }

  private let colours: [Colour]

  /// 256 colours: those of a file, then those that Pillow has for indices that the file lacks, grey
  /// where all before are, and black.
  init(_ colours: [Colour]) {
    let own = colours.prefix(256)
    let isRamp = own.enumerated().allSatisfy { $1 == Colour(level: UInt8($0)) }
    self.colours = own + (own.count..<256).map { Colour(level: isRamp ? UInt8($0) : 0) }
  }

  subscript(index: UInt8) -> Colour { colours[Int(index)] }
}

extension [UInt8] {
  /// Writes the three bytes of a pixel.
  mutating func write(_ colour: Palette.Colour, at place: Int) {
    self[place] = colour.red
    self[place + 1] = colour.green
    self[place + 2] = colour.blue
  }
}
