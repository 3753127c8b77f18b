internal import ImageData

extension ImageCache {
  /// The cache for decoded images that the options select: never in the dataset, and across runs
  /// only in the cache folder.
  init(_ arguments: Arguments, _ environment: Environment) {
    self.init(
      arguments[SharedOption.cache],
      folder: environment.ownFolder("XDG_CACHE_HOME", otherwise: ".cache"))
  }
}
