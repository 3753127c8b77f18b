internal import ImageData

extension ImageCache {
  /// The cache for decoded images that the options select: never in the dataset, and across runs
  /// only in the cache folder.
  init(_ arguments: Arguments, _ environment: Environment) {
    let variables = environment.variables
    // The base directory specification says to ignore empty and relative paths.
    let bases = [variables["XDG_CACHE_HOME"], variables["HOME"].map { $0 + "/.cache" }]
    let folder = bases.compactMap { $0 }.first { $0.hasPrefix("/") }.map { $0 + "/cnnctl" }
    self.init(
      arguments[SharedOption.cache], folder: folder)
  }
}
