extension Network {
  /// The method of each convolution on an engine, by its layer's path, as chosen at run time.
  ///
  /// One word, `direct` or `winograd`; where the directions differ, those of the forward pass, the
  /// input's gradient and the filters', with slashes between them.
  package func convolutionMethods(_ engine: Engine) -> [String: String] {
    var methods: [String: String] = [:]
    for node in graph.nodes {
      guard let operation = node.operation as? any ConvolvingOperation else { continue }
      let names = ConvolutionDirection.allCases.map {
        operation.method(of: $0.work, kernels: engine.kernels)
      }
      methods[node.path] = Set(names).count == 1 ? names[0] : names.joined(separator: "/")
    }
    return methods
  }
}
