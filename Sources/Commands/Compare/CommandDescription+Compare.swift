extension CommandDescription {
  static let compare = CommandDescription(
    name: .compare, usage: "cnnctl compare A [B [DATASET]] [options]",
    summary: "two models on the same images: which is better, and where",
    details: [
      "A and B are run folders, weights files, or cats-dogs, the model inside this program; they must "
        + "have the same classes. Without B it is the newest run. DATASET is a folder as for evaluate; without it, the one that A's "
        + "run was trained on, or B's where A is in no run.",
      "Both answer every image. McNemar's exact test says whether chance alone would explain the "
        + "images that only one of them has right; from p = 0.05 on the two are not told apart. "
        + "Images that one of them cannot read are left out and counted.",
      "With --out DIR it writes compare.json, compare.txt, predictions.csv, pictures of the images "
        + "whose answer changed, the two trainings' curves, and compare.html, which holds all of it. "
        + "Without, it writes nothing.",
    ],
    operands: 1...3, operandName: "A and B",
    examples: [
      ("cnnctl compare runs/train-001 runs/train-002", "on the test images of the first one's run"),
      (
        "cnnctl compare cats-dogs runs/latest photos --out compared", "on other photos, with a page"
      ),
      ("cnnctl compare runs/train-001 runs/train-002 --json", "one JSON object"),
    ])
}
