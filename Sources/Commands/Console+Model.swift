internal import Training

extension Console {
  /// Says in one line which model answers, what it was trained on, and how to name another.
  func introduce(_ model: ClassifierModel, at location: ModelLocation, named name: String?) {
    let chosen = name == nil ? "; --model RUN|FILE names another" : ""
    note(
      "model \(location.weights): \(model.classes.joined(separator: ", ")), recipe "
        + "\(model.recipe), trained on \(grouped(model.trainingImages)) images" + chosen)
  }
}
