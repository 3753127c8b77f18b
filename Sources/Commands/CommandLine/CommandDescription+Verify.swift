extension CommandDescription {
  static let verify = CommandDescription(
    name: .verify, usage: "cnnctl verify [RUN [DATASET]] [options]",
    summary: "repeat the first steps of a run and compare every bit",
    details: [
      "RUN is the newest run unless one is named. Trains anew as RUN's config.json says, in a temporary folder, and compares the loss and all "
        + "weights with what RUN noted after 1, 2, 4, 8 ... steps. The images are where the run "
        + "found them, or in DATASET; others are refused. The number of threads does not matter. "
        + "Exit code 1 if anything differs.",
      "The instruction set is the run's. On a processor without it, or with another version of this "
        + "program or its libraries, the last bits may differ: that is said, and no fault of the run.",
    ],
    operands: 0...2, operandName: "RUN",
    examples: [
      ("cnnctl verify", "the first 16 steps of the newest run"),
      ("cnnctl verify runs/train-001 --steps 256 --threads 1", "more of them, on one thread"),
    ])
}
