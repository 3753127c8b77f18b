import Primitives
import TestSupport
import Testing
import Training

private let paths = [
  "cats/anna-1.jpg", "cats/anna-2.jpg", "dogs/anna-3.jpg", "dogs/ben-1.jpg", "dogs/photo.jpg",
]

private func keys(_ pattern: String?, _ digests: [UInt8]) throws -> [[UInt8]] {
  try ImageGroups(paths: paths, digests: digests.map { [$0] }, pattern: pattern).keys
}

@Test("Without an expression equal files are a group")
func groupsOfEqualFiles() throws {
  #expect(try keys(nil, [1, 2, 1, 3, 4]) == [[1], [2], [1], [3], [4]])
}

@Test("Images whose paths give the same captures are a group, others stand alone")
func groupsByCaptures() throws {
  let groups = try ImageGroups(
    paths: paths, digests: (0..<5).map { [UInt8(9 - $0)] }, pattern: "/([a-z]+)-[0-9]")
  #expect(groups.keys == [[7], [7], [7], [6], [5]])
  #expect(groups.unmatched == 1)
  // Without parentheses the whole match counts.
  #expect(try keys("^[a-z]+", [5, 4, 3, 2, 1]) == [[4], [4], [1], [1], [1]])
}

@Test("Equal files join the groups that they are in")
func groupsJoin() throws {
  #expect(try keys("([a-z]+)-", [1, 2, 3, 2, 4]) == [[1], [1], [1], [1], [4]])
}

@Test("An expression that matches nothing, or is none, is refused")
func groupsRefused() {
  #expect(refusal { _ = try keys("([0-9]{9})", [1, 2, 3, 4, 5]) }?.kind == .badData)
  #expect(refusal { _ = try keys("(", [1, 2, 3, 4, 5]) }?.kind == .usage)
}
