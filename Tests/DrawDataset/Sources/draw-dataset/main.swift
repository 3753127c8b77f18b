import Glibc

/// Draws the pictures of cats and dogs in `dataset/`, and any number of others like them.
///
/// Every picture is a scene put together at random, the same for the same seed: an animal made of
/// joined solids (`CatHead`, `DogHead`, `Body`), posed (`Skeleton`, `Pose`), coloured (`Coat`,
/// `Skin`), traced (`Tracer`) and combed (`Fur`) before a background (`Background`) in some light
/// (`Light`). Coats, places, light and framing come from the same distributions for both species:
/// only shapes tell them apart.
func run() async -> CInt {
  do {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    if options.help {
      print(Options.usage)
      return 0
    }
    let plan = DataSet(seed: options.seed, count: options.count)
    let output = try OutputFolder(options.folder, replace: options.replace)
    for folder in plan.folders { try output.make(folder) }
    let size = try await draw(plan.orders, into: output)
    print("\(plan.orders.count) pictures, \(size) bytes, in \(options.folder)")
    return 0
  } catch let error as UsageError {
    complain("\(error)\n\n\(Options.usage)")
    return 64
  } catch {
    complain("\(error)")
    return 74
  }
}

/// Draws and writes pictures, several at a time; returns their size in bytes.
func draw(_ orders: [Order], into output: OutputFolder) async throws -> Int {
  try await withThrowingTaskGroup(of: (Order, [UInt8]).self) { group in
    var size = 0
    var waiting = orders[...]
    for order in waiting.prefix(8) { group.addTask { (order, try order.file()) } }
    waiting = waiting.dropFirst(8)
    while let (order, bytes) = try await group.next() {
      try output.remove(order.otherNames)
      try output.write(bytes, to: order.name)
      size += bytes.count
      if let order = waiting.popFirst() {
        group.addTask { (order, try order.file()) }
      }
    }
    return size
  }
}

func complain(_ text: String) {
  let line = Array("draw-dataset: \(text)\n".utf8)
  _ = write(STDERR_FILENO, line, line.count)
}

exit(await run())
