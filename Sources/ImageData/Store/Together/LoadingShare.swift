/// The part of a loading that one of several processes does.
///
/// All of them load the same dataset with the same options, from one folder or from copies; every
/// one reads the files whose index leaves its rank when divided by their number. They take part in
/// the same exchanges in the same order whatever happens to one of them, so that none waits for
/// another in vain: what fails on one is told in the exchange that is due and ends the loading of
/// all.
package struct LoadingShare {
  /// The rank of this process, from 0.
  package var rank: Int
  package var count: Int
  /// Whether this process writes the cache file of its machine.
  ///
  /// Exactly one of each machine's.
  package var isFirstOfNode: Bool
  /// The processes on this machine, who share its memory.
  package var ranksOnNode: Int
  /// Files that each process reads between two exchanges, the same on all: after so many, all learn
  /// that one has failed or is to stop.
  package var filesPerExchange = 256
  /// Gives every process the bytes of all, in the order of their ranks.
  ///
  /// All call it alike, on the thread that loads. An error of its own is `.connection`: who gets
  /// one takes part in no further exchange.
  package var gather: ([UInt8]) throws(ImageStoreError) -> [[UInt8]]

  /// The part of process `rank` of `count`.
  package init(
    rank: Int, count: Int, isFirstOfNode: Bool, ranksOnNode: Int = 1,
    gather: @escaping ([UInt8]) throws(ImageStoreError) -> [[UInt8]]
  ) {
    precondition((0..<count).contains(rank) && ranksOnNode > 0, "ranks are counted from 0")
    self.rank = rank
    self.count = count
    self.isFirstOfNode = isFirstOfNode
    self.ranksOnNode = ranksOnNode
    self.gather = gather
  }
}
