internal import Compute
internal import Ranks
internal import Synchronization

/// The files whose outcomes are known already, and the place of images that are read.
struct PixelKeeper {
  private let place: PixelPlace
  /// The outcomes that a file tells of.
  let known: OutcomeTable?
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

  private enum State: String, Codable {
    case none, found, making, impossible
  }

  /// Takes memory or finds or begins the file, and hears how the other processes fare.
  ///
  /// Where one can have no file and `auto` was asked for, all do without.
  init(
    _ plan: ImageStorePlan, _ cache: ImageCache, _ agreed: ImageCache.Place,
    _ exchange: LoadingExchange, _ workers: WorkerPool
  ) throws(ImageStoreError) {
    var place = PixelPlace.nowhere
    var known: OutcomeTable?
    let states = try exchange.gather(.place) { () throws(ImageStoreError) -> State in
      switch agreed {
      case .off: return .none
      case .ram:
        guard let slots = ImageSlots(count: plan.candidates.count, slotBytes: plan.slotBytes)
        else { throw .outOfMemory(bytes: plan.byteCount) }
        place = .memory(slots)
        return .none
      case .disk:
        do throws(ImageStoreError) {
          let entry = try CacheEntry(plan, cache, workers)
          guard exchange.group.neighbours.place == 0 else {
            place = .awaited(entry)
            return .none
          }
          if let found = entry.find() {
            (place, known) = (.file(found.file), found.outcomes)
            return .found
          }
          place = .unfinished(try entry.make())
          return .making
        } catch {
          guard error.isOfCache, cache.policy == .auto else { throw error }
          return .impossible
        }
      }
    }
    let isPossible = !states.contains(.impossible)
    self.place = isPossible ? place : .nowhere
    self.known = isPossible ? known : nil
    isInFile = agreed == .disk && isPossible
    isFound = isInFile && !states.contains(.making)
    isAuto = cache.policy == .auto
  }

  var isMaking: Bool {
    if case .unfinished = place { true } else { false }
  }

  /// Keeps an image, in place of one kept before; may be called from any threads.
  func keep(_ index: Int, _ pixels: [UInt8]) {
    switch place {
    case .memory(let slots): slots.replace(pixels, index)
    case .unfinished(let writer):
      if failure.error.withLock({ $0 != nil }) { return }
      do throws(ImageStoreError) { try writer.write(pixels, slot: index) } catch {
        failure.error.withLock { $0 = $0 ?? error }
      }
    case .nowhere, .file, .awaited: break
    }
  }

  var hasFailed: Bool { !isAuto && failure.error.withLock { $0 != nil } }

  /// Throws what writing has failed with, unless the run can do without the file.
  func check() throws(ImageStoreError) {
    if !isAuto, let error = failure.error.withLock({ $0 }) { throw error }
  }

  /// Completes the file with the outcomes of all images; nil if this process makes none, or
  /// can do without.
  func finish(_ outcomes: OutcomeTable) throws(ImageStoreError) -> ImageCacheFile? {
    guard case .unfinished(let writer) = place, failure.error.withLock({ $0 == nil }) else {
      return nil
    }
    do throws(ImageStoreError) { return try writer.finish(outcomes) } catch {
      guard isAuto else { throw error }
      return nil
    }
  }

  /// The place of the images once all processes are done; `made` is the result of `finish`.
  func settled(_ made: ImageCacheFile?) -> PixelPlace {
    switch place {
    case .memory, .file, .nowhere: place
    case .unfinished: made.map(PixelPlace.file) ?? .nowhere
    case .awaited(let entry): entry.find().map { .file($0.file) } ?? .nowhere
    }
  }
}
