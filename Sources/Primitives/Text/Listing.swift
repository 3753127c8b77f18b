/// Names with commas between them: all of a few, else the first and how many others there are.
package func listed(_ names: [String], few: Int = 20, first: Int = 10) -> String {
  let shown = names.count > few ? first : names.count
  let rest = names.count - shown
  return names.prefix(shown).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
}
