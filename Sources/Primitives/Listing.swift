/// Names with commas between them: all of a few, else the first ten and how many others there are.
package func listed(_ names: [String]) -> String {
  let shown = names.count > 20 ? 10 : names.count
  let rest = names.count - shown
  return names.prefix(shown).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
}
