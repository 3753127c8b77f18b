internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Training

/// What `--version` says: this program's version, the libraries that read images, and what of the
/// processor it can use.
func versionText() -> String {
  let levels = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
  let lines =
    ["cnnctl \(toolVersion)"] + ImageReader.libraryVersions
    + ["instruction sets: \(levels)", "processor: \(terminalSafe(Engine.processorName))"]
  return lines.joined(separator: "\n") + "\n"
}
