internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Training

/// The text of `--version`: this program's version, those of the image libraries, and the processor
/// features in use.
func versionText() -> String {
  let levels = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
  let missing = CodecLibrary.allCases.filter { $0.version(opens: true) == nil }
  let lines =
    ["cnnctl \(toolVersion)"] + ImageReader.libraryVersions()
    + missing.map { "\($0.rawValue): not installed" }
    + ["instruction sets: \(levels)", "processor: \(terminalSafe(Engine.processorName))"]
  return lines.joined(separator: "\n") + "\n"
}
