import CNN
import Classifier
import Commands
import Foundation
import ImageData
import Primitives
import Testing
import Training

/// `import --name`, `models`, and the commands that find a model by its name.
struct ModelShelfTests {
  private let folder: TemporaryFolder
  /// The folder of models, below a home that is not the user's.
  private var shelf: String { folder.file("data/cnnctl/models") }
  /// Weights of a residual network by PyTorch's names, for three classes.
  private var weights: String { folder.file("net.safetensors") }

  /// The same as a model file, and with PyTorch's names: made once, as they are large.
  private static let files: Result<(model: [UInt8], weights: [UInt8]), any Error> = Result {
    let folder = try TemporaryFolder()
    let network = try Network(.preset("resnet18", outputs: 3), seed: 5)
    let model = ClassifierModel(
      network: network, classes: ["cats", "dogs", "eels"],
      preprocessing: Preprocessing(width: 224, height: 224), recipe: "test",
      datasetFingerprint: "", trainingImages: 0
    ).encoded()
    try write(model, to: folder.file("model"))
    let outcome = cnnctl(
      "export", folder.file("model"), "--names", "torch", "-o", folder.file("net"))
    try #require(outcome.code == .done, "\(outcome.diagnostics)")
    return (model, try bytes(of: folder.file("net")))
  }

  init() throws { folder = try TemporaryFolder() }

  private func writeWeights() throws { try write(Self.files.get().weights, to: weights) }

  private func run(_ words: String...) -> Outcome {
    cnnctl(words, variables: ["XDG_DATA_HOME": folder.file("data")])
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private func put(_ name: String, _ words: String...) throws {
    if !exists(weights) { try writeWeights() }
    let outcome = cnnctl(
      ["import", weights, "--name", name] + words,
      variables: ["XDG_DATA_HOME": folder.file("data")])
    try #require(outcome.code == .done, "\(outcome.diagnostics)")
  }

  @Test func `An imported name is listed, inspected, asked, exported and trained from`() throws {
    try writeWeights()
    let said = try object(run("import", weights, "--name", "imagenet", "--json").output)
    let path = shelf + "/imagenet.safetensors"
    #expect(said["file"] as? String == path && said["name"] as? String == "imagenet")
    let listed = try object(run("models", "--json").output)
    #expect(listed["name"] as? String == "imagenet" && listed["network"] as? String == "resnet18")
    #expect(listed["width"] as? Int == 224 && listed["classes"] as? Int == 3)
    #expect(listed["source"] as? String == "net.safetensors" && listed["error"] is NSNull)
    let digest = try #require(listed["weights_sha256"] as? String)
    #expect(digest == said["weights_sha256"] as? String && digest.count == 64)
    let table = run("models")
    #expect(table.lines.count == 3, "\(table.output)")
    #expect(
      table.lines[2].split(separator: " ").map(String.init) == [
        "imagenet", "resnet18", "224x224", "3", String(digest.prefix(12)), "net.safetensors",
      ])

    #expect(run("inspect", "imagenet").output.hasPrefix("model: imagenet, \(path)\n"))
    let data = try TinyDataset(classes: ["cats", "dogs", "eels"], training: 4, test: 2)
    let photo = data.path + "/test_set/cats/1000.png"
    let answer = run("predict", photo, "--model", "imagenet", "--json")
    #expect(
      answer.code == .done
        && answer.diagnostics.hasPrefix("model: imagenet, class-0|class-1|class-2, "))
    #expect(try object(answer.output)["model"] as? String == "imagenet")
    let judged = run(
      "evaluate", data.path, "--model", "imagenet", "--no-plots", "--out", folder.file("judged"))
    // The numbered classes of the shelf's model are not those of the folder.
    #expect(judged.code == .badData)
    #expect(run("export", "imagenet", "-o", folder.file("m.safetensors")).code == .done)
    #expect(run("explain", photo, "--model", "imagenet", "-o", folder.file("x.png")).code == .done)
    #expect(run("compare", "imagenet", "cats-dogs", data.path).diagnostics.contains("imagenet"))

    let out = folder.file("run")
    let trained = run(
      "train", data.path, "--from", "imagenet", "--freeze", "backbone", "--size", "64",
      "--epochs", "1", "--val-split", "0", "--no-plots", "--out", out)
    #expect(trained.code == .done, "\(trained.diagnostics)")
    #expect(trained.diagnostics.contains("from imagenet (class-0, class-1, class-2): "))
    #expect(!trained.diagnostics.contains("a pre-trained network"))
    // The run records the name, and what repeats it finds the same file.
    #expect(try text(of: out + "/config.json").contains("\"from\" : \"imagenet\""))
    let longer = run("train", "--resume=\(out)", "--epochs", "2", "--no-plots")
    #expect(longer.code == .done, "\(longer.diagnostics)")
    #expect(run("verify", out, "--steps", "1").code == .done)
    let again = run(
      "train", "--config", out + "/config.json", "--no-plots", "--out", folder.file("again"))
    #expect(again.code == .done, "\(again.diagnostics)")
    let elsewhere = cnnctl("train", "--config", out + "/config.json", "--out", folder.file("no"))
    #expect(elsewhere.code == .noInput)
    #expect(elsewhere.diagnostics.contains("the model imagenet does not exist"))
  }

  @Test func `Few photos and a model of the shelf give the recipe instant`() throws {
    try put("imagenet")
    let data = try TinyDataset(classes: ["cats", "dogs", "eels"], training: 4, test: 2)
    let words = ["train", data.path, "--from", "imagenet", "--size", "64", "--no-plots"]
    func recipe(_ name: String, _ more: String...) throws -> String? {
      let out = folder.file(name)
      let outcome = cnnctl(
        words + more + ["--out", out], variables: ["XDG_DATA_HOME": folder.file("data")])
      try #require(outcome.code == .done, "\(outcome.diagnostics)")
      let chosen = outcome.diagnostics.contains("recipe instant, because a class has")
      let recipe = try object(try text(of: out + "/config.json"))["recipe"] as? String
      #expect(chosen == (more.isEmpty && recipe == "instant"))
      return recipe
    }
    #expect(try recipe("solved") == "instant")
    #expect(try recipe("named", "--recipe", "quick", "--epochs", "1") == "quick")
    #expect(try recipe("epochs", "--epochs", "1") == "finetune")
    #expect(try recipe("frozen", "--epochs", "1", "--freeze", "backbone") == "default")
  }

  @Test(arguments: [
    (299, "instant, because a class has"), (300, "finetune, because every class has"),
  ])
  func `The photos of the smallest class choose between instant and finetune`(
    photos: Int, chosen: String
  ) throws {
    try put("imagenet")
    let data = try TinyDataset(classes: ["cats", "dogs"], training: photos, test: 1)
    // What is refused after the choice costs no training.
    let outcome = cnnctl(
      ["train", data.path, "--from", "imagenet", "--out", data.path + "/run"],
      variables: ["XDG_DATA_HOME": folder.file("data")])
    #expect(outcome.code != .done)
    #expect(outcome.diagnostics.contains("recipe \(chosen)"), "\(outcome.diagnostics)")
  }

  @Test func `An existing path of the name wins`() throws {
    try put("imagenet")
    let path = folder.file("imagenet")
    try write(Self.files.get().model, to: path)
    // Only a path without folders could be a name; one that exists is the file.
    let location = try ClassifierModel.locate(path, shelf: ModelShelf(folder: shelf))
    #expect(location.weights == path && location.shelved == nil)
    let named = try ClassifierModel.locate("imagenet", shelf: ModelShelf(folder: shelf))
    #expect(named.weights == shelf + "/imagenet.safetensors" && named.title == "imagenet")
    #expect(throws: TrainingError.self) { try ClassifierModel.locate("imagenet", shelf: nil) }
  }

  @Test func `A name that exists is refused, and replaced only when asked`() throws {
    try put("imagenet")
    let old = try bytes(of: shelf + "/imagenet.safetensors")
    let labels = folder.file("labels.txt")
    try write(Array("a\nb\nc\n".utf8), to: labels)
    let refused = run("import", weights, "--name", "imagenet", "--labels", labels)
    #expect(refused.code == .cannotCreate)
    #expect(refused.diagnostics.contains("there is already a model imagenet in \(shelf)"))
    #expect(refused.diagnostics.contains("--replace"))
    #expect(try bytes(of: shelf + "/imagenet.safetensors") == old)
    try put("imagenet", "--labels", labels, "--replace")
    let facts = try object(run("inspect", "imagenet", "--json").output)
    #expect(facts["classes"] as? [String] == ["a", "b", "c"])
    // Nothing but the model and its note is left behind.
    let files = try FileManager.default.contentsOfDirectory(atPath: shelf).sorted()
    #expect(files == ["imagenet.json", "imagenet.safetensors"])
    // A name that is free may be replaced, too.
    try put("second", "--replace")
  }

  @Test(arguments: [
    "a/b", "/", ".", "..", ".hidden", "-", "-x", "a\u{1b}[2Jb", "a\nb", " a", "a ", "cats-dogs",
    "seed", "resnet18", "efficientnet_lite0", "x.safetensors", "x.json",
    String(repeating: "é", count: 101),
  ])
  func `A name that cannot be is refused before anything is read or written`(name: String) throws {
    let outcome = run("import", folder.file("none.pth"), "--name=\(name)")
    #expect(outcome.code == .usage)
    #expect(outcome.diagnostics.contains("cannot be a model's name: "), "\(outcome.diagnostics)")
    #expect(!outcome.diagnostics.contains("\u{1b}") && !exists(folder.file("data")))
    #expect(ModelShelf(folder: shelf).model(named: name) == nil)
  }

  @Test func `An empty name is no value of the option`() {
    let outcome = run("import", weights, "--name", "")
    #expect(outcome.code == .usage && outcome.diagnostics.contains("--name: '' is not a value"))
    #expect(ModelShelf.problem(inName: "") != nil)
  }

  @Test func `Names are words of any script`() throws {
    for name in ["imagenet", "lite0-2024", "mon modèle", "模型", "a.b"] {
      #expect(ModelShelf.problem(inName: name) == nil, "\(name)")
    }
  }

  @Test func `Options that contradict each other are refused`() {
    let file = folder.file("out")
    for (words, message) in [
      (["--name", "a", "-o", file], "--name and -o exclude each other"),
      (["-o", file, "--replace"], "--replace has no meaning with -o"),
      ([], "--name NAME or -o MODEL is missing"),
    ] {
      let outcome = cnnctl(
        ["import", weights] + words, variables: ["XDG_DATA_HOME": folder.file("data")])
      #expect(outcome.code == .usage && outcome.diagnostics.contains(message))
      #expect(!exists(file) && !exists(folder.file("data")))
    }
  }

  @Test func `A folder that cannot be made is named, and so is a home that is missing`() throws {
    try writeWeights()
    try write([1], to: folder.file("data"))
    let outcome = run("import", weights, "--name", "imagenet")
    #expect(outcome.code == .cannotCreate)
    #expect(outcome.diagnostics.contains(folder.file("data")), "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("XDG_DATA_HOME"))
    // A relative path counts as none.
    for variables in [[:], ["XDG_DATA_HOME": "data", "HOME": ""]] {
      for words in [["import", weights, "--name", "imagenet"], ["models"]] {
        let homeless = cnnctl(words, variables: variables)
        #expect(homeless.code == .cannotCreate)
        #expect(homeless.diagnostics.contains("neither XDG_DATA_HOME nor HOME names one"))
      }
    }
    let home = folder.file("home")
    #expect(
      cnnctl("import", weights, "--name", "imagenet", variables: ["HOME": home]).code == .done)
    #expect(exists(home + "/.local/share/cnnctl/models/imagenet.safetensors"))
  }

  @Test func `A model that cannot be written names another place`() throws {
    try writeWeights()
    // A folder in the model's place.
    let place = shelf + "/imagenet.safetensors"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let outcome = run("import", weights, "--name", "imagenet", "--replace")
    #expect(outcome.code == .io, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("XDG_DATA_HOME set to another folder, or -o FILE"))
  }

  @Test func `A damaged file is listed as such, breaks nothing and can be removed`() throws {
    try put("good")
    let whole = try bytes(of: shelf + "/good.safetensors")
    try write(Array(whole.prefix(whole.count / 2)), to: shelf + "/cut.safetensors")
    try write([], to: shelf + "/empty.safetensors")
    try FileManager.default.createDirectory(
      atPath: shelf + "/folder.safetensors", withIntermediateDirectories: true)
    try write(whole, to: shelf + "/moved.safetensors")
    try write(Array("{\"source\": [".utf8), to: shelf + "/moved.json")
    // No names of models.
    try write([1], to: shelf + "/.hidden.safetensors")
    try write([1], to: shelf + "/notes.txt")
    let outcome = run("models", "--json")
    #expect(outcome.code == .done)
    let models = try outcome.lines.map(object)
    #expect(
      models.map { $0["name"] as? String } == ["cut", "empty", "folder", "good", "moved"])
    #expect(models.map { $0["error"] is NSNull } == [false, false, false, true, true])
    #expect(models.map { $0["classes"] as? Int } == [nil, nil, nil, 3, 3])
    #expect(models[4]["source"] is NSNull)
    let table = run("models")
    #expect(table.code == .done && table.lines.count == 7)
    #expect(table.diagnostics.contains("warning: \(shelf)/cut.safetensors is not a cnnctl model"))
    #expect(run("predict", weights, "--model", "cut").code == .badData)

    let removed = run("models", "--remove", "cut")
    #expect(removed.code == .done && removed.output.hasPrefix("removed cut: "))
    #expect(!exists(shelf + "/cut.safetensors"))
    #expect(run("models", "--remove", "good").code == .done && !exists(shelf + "/good.json"))
    #expect(run("models", "--remove", "folder").code == .io)
  }

  @Test func `An unknown name is answered with those that there are, and the nearest`() throws {
    #expect(run("models").diagnostics.contains("no models in \(shelf); cnnctl import FILE --name"))
    #expect(run("models", "--json").output == "")
    try put("imagenet")
    for words in [
      ["predict", "x.jpg", "--model", "imagnet"], ["export", "imagnet", "-o", folder.file("x")],
      ["train", folder.path, "--from", "imagnet"], ["inspect", "imagnet"],
      ["models", "--remove", "imagnet"],
    ] {
      let outcome = cnnctl(words, variables: ["XDG_DATA_HOME": folder.file("data")])
      #expect(outcome.code == .noInput, "\(words): \(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("imagenet\ntry: "), "\(outcome.diagnostics)")
    }
    #expect(run("models", "--remove", "../x").code == .noInput)
    #expect(run("models", "surplus").code == .usage)
  }

  @Test func `Few photos are told what would help, unless the command line decides`() throws {
    let data = try TinyDataset(training: 10, test: 0)
    let hint = "fewer than 300 training photos of a class: "
    func train(_ words: String...) -> String {
      let outcome = cnnctl(
        [
          "train", data.path, "--recipe", "quick", "--epochs", "1", "--size", "32", "--no-plots",
          "--threads", "2",
        ] + words, variables: ["XDG_DATA_HOME": folder.file("data")])
      #expect(outcome.code == .done, "\(outcome.diagnostics)")
      return outcome.diagnostics
    }
    let size = ["--train-size", "32", "--start-size", "32"]
    let first = train(size[0], size[1], size[2], size[3], "--out", folder.file("1"))
    #expect(
      first.contains(hint + "a pre-trained network learns more from them; see cnnctl help import\n")
    )
    try put("imagenet")
    try put("lite one")
    let second = train(size[0], size[1], size[2], size[3], "--out", folder.file("2"))
    #expect(second.contains("; try --recipe instant --from imagenet (or 'lite one')\n"))
    #expect(second.components(separatedBy: hint).count == 2)
    let quiet = train(size[0], size[1], size[2], size[3], "-q", "--out", folder.file("3"))
    #expect(!quiet.contains(hint))
    let chosen = train("--arch", "r10h", "--out", folder.file("4"))
    #expect(!chosen.contains(hint))
    let resumed = cnnctl(
      "train", "--resume=\(folder.file("2"))", "--epochs", "2", "--no-plots",
      variables: ["XDG_DATA_HOME": folder.file("data")])
    #expect(resumed.code == .done && !resumed.diagnostics.contains(hint))
  }

  @Test func `A link that leads nowhere is listed, refused and removed`() throws {
    for (name, target) in [("loop", "loop.safetensors"), ("gone", "nothing")] {
      try FileManager.default.createDirectory(atPath: shelf, withIntermediateDirectories: true)
      let path = "\(shelf)/\(name).safetensors"
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
      #expect(run("models").diagnostics.contains("warning: cannot read \(path)"))
      try writeWeights()
      #expect(run("import", weights, "--name", name).diagnostics.contains("already a model"))
      #expect(run("models", "--remove", name).code == .done)
      #expect(run("models", "--json").output == "")
    }
  }

  @Test func `A file where the folder of models should be is said to be one`() throws {
    try write([1], to: shelf)
    for words in [["models"], ["models", "--remove", "x"]] {
      let outcome = cnnctl(words, variables: ["XDG_DATA_HOME": folder.file("data")])
      #expect(outcome.code == .io)
      #expect(outcome.diagnostics.contains("cannot list the models in \(shelf): not a directory"))
    }
    let named = run("predict", weights, "--model", "imagenet")
    #expect(named.code == .io && named.diagnostics.contains("cannot list the models"))
  }
}
