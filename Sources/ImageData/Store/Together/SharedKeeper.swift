internal import Synchronization

/// The files that one of several processes reads, and the place of their images.
struct SharedKeeper {
  private enum Kind {
    /// In memory, once they are wanted.
    case slots(PictureSlots)
    /// Nowhere.
    case nothing
    /// In a file that was there.
    case found(PictureCacheFile)
    /// In a file that this process makes for its machine.
    case making(PictureCacheFile.Writer)
    /// In the file that another process of the machine makes or has found.
    case waiting(CacheEntry)
  }

  private let kind: Kind
  /// Whether one process per machine keeps all images in a file.
  let isInFile: Bool
  /// Whether all those files exist already, so that no image has to be read.
  let isFound: Bool
  private let isAuto: Bool
  private let failure = Failure()

  /// The first failure of writing, from any thread.
  private final class Failure: Sendable {
    let error = Mutex<ImageStoreError?>(nil)
  }

  /// The state of a process's file.
  private enum State {
    static let none: UInt8 = 0
    static let found: UInt8 = 1
    static let making: UInt8 = 2
    static let impossible: UInt8 = 3
  }

  /// Takes memory or finds or begins the file, and hears how the other processes fare.
  ///
  /// Where one can have no file and `auto` was asked for, all do without.
  init(
    _ plan: ImageStorePlan, _ cache: PictureCache, _ share: LoadingShare,
    _ place: PictureCache.Place, _ exchange: LoadingExchange
  ) throws(ImageStoreError) {
    var kind = Kind.nothing
    let states = try exchange.gather(.place) { () throws(ImageStoreError) -> [UInt8] in
      switch place {
      case .off: return [State.none]
      case .ram:
        guard let slots = PictureSlots(count: plan.candidates.count, slotBytes: plan.slotBytes)
        else { throw .outOfMemory(bytes: plan.byteCount) }
        kind = .slots(slots)
        return [State.none]
      case .disk:
        do throws(ImageStoreError) {
          let entry = try CacheEntry(plan, cache)
          guard share.isFirstOfNode else {
            kind = .waiting(entry)
            return [State.none]
          }
          if let file = entry.find() {
            kind = .found(file)
            return [State.found]
          }
          kind = .making(try entry.make())
          return [State.making]
        } catch {
          guard error.isOfCache, cache.policy == .auto else { throw error }
          return [State.impossible]
        }
      }
    } read: { reader, _ throws(MessageReader.Unexpected) -> UInt8 in
      let state = try reader.byte()
      guard state <= State.impossible else { throw MessageReader.Unexpected() }
      return state
    }
    let isPossible = !states.contains(State.impossible)
    self.kind = isPossible ? kind : .nothing
    isInFile = place == .disk && isPossible
    isFound = isInFile && !states.contains(State.making)
    isAuto = cache.policy == .auto
  }

  /// The outcomes that a file tells of.
  var known: [ImageStoreOutcome]? {
    if case .found(let file) = kind { file.outcomes } else { nil }
  }

  /// Whether this process writes a file.
  var isMaking: Bool {
    if case .making = kind { true } else { false }
  }

  /// Keeps an image, in place of one kept before; may be called from any threads.
  func keep(_ index: Int, _ pixels: [UInt8]) {
    switch kind {
    case .slots(let slots): slots.replace(pixels, index)
    case .making(let writer):
      if failure.error.withLock({ $0 != nil }) { return }
      do throws(ImageStoreError) { try writer.write(pixels, slot: index) } catch {
        failure.error.withLock { $0 = $0 ?? error }
      }
    case .nothing, .found, .waiting: break
    }
  }

  /// Whether reading on is pointless.
  var hasFailed: Bool { !isAuto && failure.error.withLock { $0 != nil } }

  /// Throws what writing has failed with, unless the run can do without the file.
  func check() throws(ImageStoreError) {
    if !isAuto, let error = failure.error.withLock({ $0 }) { throw error }
  }

  /// Completes the file with the outcomes of all images; nil if this process makes none, or
  /// can do without.
  func finish(_ outcomes: [ImageStoreOutcome]) throws(ImageStoreError) -> PictureCacheFile? {
    guard case .making(let writer) = kind, failure.error.withLock({ $0 == nil }) else { return nil }
    do throws(ImageStoreError) { return try writer.finish(outcomes) } catch {
      guard isAuto else { throw error }
      return nil
    }
  }

  /// The source of the images once all processes are done; `made` is the result of `finish`.
  func source(
    _ made: PictureCacheFile?, _ readers: ImageStorePlan.Readers, slotBytes: Int
  ) -> PixelSource {
    let file: PictureCacheFile?
    switch kind {
    case .slots(let slots): return PixelSource(slots, readers)
    case .found(let found): file = found
    case .waiting(let entry): file = entry.find()
    case .making, .nothing: file = made
    }
    return file.map { PixelSource($0, readers, slotBytes: slotBytes, isShared: true) }
      ?? PixelSource(readers, slotBytes: slotBytes, isShared: true)
  }
}
