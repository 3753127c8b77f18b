/// See `NearHashes`.
func nearHashes(
  _ hashes: UnsafePointer<UInt64>, _ count: Int, _ hash: UInt64, _ most: Int
) -> UInt64 {
  var near: UInt64 = 0
  for at in 0..<count {
    let bit: UInt64 = (hashes[at] ^ hash).nonzeroBitCount <= most ? 1 : 0
    near |= bit &<< UInt64(truncatingIfNeeded: at)
  }
  return near
}
