/// The file of a plan's decoded images, be it there or not.
struct CacheEntry {
  private let folder: CacheFolder
  private let plan: ImageStorePlan
  private let key: ImageStorePlan.CacheKey

  /// The file in a cache's folder, which is made; it may not lie in the dataset.
  init(_ plan: ImageStorePlan, _ cache: PictureCache) throws(ImageStoreError) {
    guard let path = cache.folder else {
      throw .cache(path: "the cache folder", reason: "HOME is not set")
    }
    folder = try CacheFolder(path, outside: plan.root)
    self.plan = plan
    key = plan.cacheKey()
  }

  private var path: String { folder.path + "/" + key.name }

  /// The file of an earlier run, or of another process, if it is complete and still true.
  func find() -> PictureCacheFile? {
    PictureCacheFile(path, key: key.text, plan: plan, times: key.times)
  }

  /// A file to be written, which takes the place of what is there.
  func make() throws(ImageStoreError) -> PictureCacheFile.Writer {
    folder.tidy()
    return try PictureCacheFile.Writer(
      path, key: key.text, slotBytes: plan.slotBytes, count: plan.candidates.count)
  }
}
