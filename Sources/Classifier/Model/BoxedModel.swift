internal import CBoxedModels
internal import Primitives

/// A model inside the program.
///
/// Its bytes are constants of the program, which nothing writes.
package struct BoxedModel: @unchecked Sendable {
  /// The model's name for `--model` and `--from`.
  package let name: String
  /// Its model file; there as long as the program runs.
  package let bytes: UnsafeRawBufferPointer

  /// A model in memory that is never freed or written.
  package init(name: String, bytes: UnsafeRawBufferPointer) {
    self.name = name
    self.bytes = bytes
  }

  /// The one that answers where no other is named and nothing has been trained.
  package static let catsDogs: BoxedModel = {
    var size = 0
    let start = boxed_cats_dogs(&size)
    return BoxedModel(
      name: "cats-dogs", bytes: UnsafeRawBufferPointer(start: start, count: size))
  }()

  /// Every model inside the program.
  package static let all = [catsDogs]

  /// The model of that name; nil if there is none.
  package static func named(_ name: String) -> BoxedModel? { all.first { $0.name == name } }
}
