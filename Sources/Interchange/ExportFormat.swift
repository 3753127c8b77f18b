/// A form that a model can be exported in.
package enum ExportFormat: String, CaseIterable, Sendable {
  /// The project's own whole model, which every safetensors library reads.
  case safetensors
}
