internal import Training

/// Other programs' names for commands and options.
///
/// They are not accepted, but the error message says what to write instead.
enum ForeignName {
  /// The command to use instead, by the word that was typed.
  static let commands = [
    "fit": "train", "finetune": "train", "fine-tune": "train", "learn": "train",
    "test": "evaluate", "val": "evaluate", "valid": "evaluate", "validate": "evaluate",
    "eval": "evaluate", "score": "evaluate", "classify": "predict", "infer": "predict",
    "inference": "predict", "detect": "predict", "label": "predict", "run": "predict",
    "info": "inspect", "show": "inspect", "summary": "inspect", "diff": "compare",
    "gradcam": "explain", "plot": "report", "convert": "export", "benchmark": "bench",
    "lint": "check", "organize": "sort", "version": "--version", "list": "runs", "ls": "runs",
    "history": "runs", "download": "import", "pull": "import", "search": "similar",
    "clean": "audit", "resume": "train --resume", "continue": "train --resume",
  ]

  /// The options that may be meant, with their other names.
  private static let options: [(meant: String, names: [String])] = [
    ("lr", ["learning-rate", "lr0", "eta", "base-lr"]),
    ("size", ["image-size", "img-size", "imgsz", "input-size", "resolution", "crop-size"]),
    ("from", ["pretrained", "init", "backbone", "checkpoint", "weights", "finetune", "fine-tune"]),
    ("model", ["weights", "checkpoint", "run"]),
    ("arch", ["network", "model"]),
    ("batch-size", ["batchsize", "bs"]),
    ("epochs", ["num-epochs", "n-epochs", "max-epochs", "iterations"]),
    ("patience", ["early-stopping", "early-stop"]),
    ("max-time", ["time", "time-limit", "timeout", "time-budget"]),
    ("val-split", ["validation-split", "val-fraction", "holdout"]),
    ("weight-decay", ["wd", "l2"]),
    ("schedule", ["scheduler", "lr-scheduler", "lr-schedule"]),
    ("threads", ["workers", "num-workers", "jobs", "cores"]),
    ("seed", ["random-state", "random-seed"]),
    ("abstain-below", ["conf", "confidence", "threshold", "conf-threshold"]),
    ("top-k", ["topk", "top"]),
    ("optimizer", ["optim", "opt", "solver"]),
    ("rotation", ["degrees", "rotate"]),
    (
      "out",
      ["output-dir", "out-dir", "save-dir", "outdir", "project", "folder", "name", "run-name"]
    ),
    ("output", ["save", "file"]),
    ("format", ["type", "to"]),
    ("dtype", ["half", "fp16", "int8", "precision", "quantize"]),
  ]

  /// Devices, which cannot be chosen.
  private static let devices: Set<String> = [
    "gpu", "gpus", "device", "devices", "cuda", "cpu", "accelerator", "mps", "amp",
  ]

  /// What is no option here but a word of its own: photos, or a folder of them.
  private static let operands: Set<String> = [
    "data", "dataset", "data-dir", "data-path", "source", "input", "images", "path",
  ]

  /// The advice for an unknown option of a command, given without its dashes; nil if there is none.
  static func advice(
    for name: String, of command: CommandDescription, among options: [SettingDescription]
  ) -> String? {
    let word = name.lowercased().replacing("_", with: "-")
    if devices.contains(word) {
      return "without it: cnnctl computes on the processor"
        + (options.contains { $0.name == "threads" } ? ", --threads N says on how many cores" : "")
    }
    if operands.contains(word), command.operands.upperBound > 0 {
      return "without it: \(command.usage)"
    }
    let meant = ForeignName.options.filter { $0.names.contains(word) }.map(\.meant)
    return options.first { meant.contains($0.name) }?.title
  }
}
