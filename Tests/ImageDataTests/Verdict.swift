import ImageData
import Testing

/// What becomes of a file that is decoded at one size: nil if it is a picture.
func verdict(_ bytes: [UInt8], shrink: Int) -> ImageFailure? {
  do throws(ImageFailure) {
    _ = try ImageReader.decodeImage(bytes: bytes) { _, _ in shrink }
    return nil
  } catch {
    return error
  }
}

/// Decodes at every size and reads the facts, which must agree: nil if the picture is decoded.
@discardableResult
func agreed(_ bytes: [UInt8], _ name: String) -> ImageFailure? {
  let whole = verdict(bytes, shrink: 1)
  for shrink in [2, 4, 8] {
    let other = verdict(bytes, shrink: shrink)
    #expect(other == whole, "\(name) at 1/\(shrink)")
  }
  do throws(ImageFailure) {
    let facts = try ImageReader.facts(bytes: bytes)
    #expect(facts.width > 0 && facts.height > 0)
  } catch {
    // What the header already says is the verdict on the whole.
    #expect(error == whole, "\(name): facts")
  }
  return whole
}
