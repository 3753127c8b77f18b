package import CNN
package import Classifier
package import Primitives

/// A model's weights in PyTorch's form, and the Python module that loads them.
package struct TorchExport {
  private let model: ClassifierModel
  private let tensors: [TorchTensor]
  private let definition: TorchSource.Definition

  /// The publisher's names for a published network, torchvision's where it is among them; those of
  /// a sequence for any other.
  package init(_ model: ClassifierModel) {
    self.model = model
    let architecture = model.network.architecture
    let form = TorchForm(architecture)
    let named = form?.naming.tensors(of: architecture, shape: model.network.shape)
    if let network = form?.network.residual, let named {
      tensors = named
      definition = .residual(network, dropout: architecture.dropoutBeforeHead)
    } else {
      var builder = TorchBuilder(model.network)
      let modules = builder.modules()
      tensors = named ?? builder.tensors
      definition = .sequence(modules, names: form?.naming.modules ?? [])
    }
  }

  /// The bytes of a safetensors file with every tensor that PyTorch's module has, and no other.
  ///
  /// Error: a weight that the precision cannot hold.
  package func encoded(_ precision: TensorFile.Precision) throws(TrainingError) -> [UInt8] {
    let storage = model.network.storage
    let weights = tensors.compactMap { tensor in
      tensor.source.flatMap { storage[$0] }.map {
        TensorFile.Tensor(
          name: tensor.name, shape: tensor.shape, values: tensor.exported($0.values))
      }
    }
    // PyTorch counts the batches that it has trained on: none here.
    let counts = tensors.filter { $0.source == nil }.map {
      TensorFile.Tensor(name: $0.name, shape: [], values: [0], storage: .long)
    }
    do throws(TensorFileError) {
      var file = try TensorFile(tensors: weights).reduced(to: precision)
      file.tensors += counts
      file.metadata = ["format": "pt"]
      return file.encoded(hasDigest: false)
    } catch {
      throw TrainingError(
        .badData, "the model cannot be written as \(precision.rawValue): \(error)",
        advice: "--dtype \(TensorFile.Precision.single.rawValue)")
    }
  }

  /// A Python module that loads the file at `path`, prepares images and predicts.
  package func source(loading path: String) -> String {
    TorchSource(model: model, definition: definition).text(loading: path)
  }
}

extension Architecture {
  /// The rates of the dropout before the last layer.
  fileprivate var dropoutBeforeHead: [Double] {
    guard let head else { return [] }
    return layers[head.firstLayer..<head.denseLayer].compactMap { layer in
      if case .dropout(let layer) = layer.form { layer.rate } else { nil }
    }
  }
}
