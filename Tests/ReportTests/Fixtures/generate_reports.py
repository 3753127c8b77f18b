"""Writes reports.json: texts of scikit-learn's classification_report for ClassificationReportTests.

usage: generate_reports.py  (needs numpy and scikit-learn; versions are noted in the output)
"""
import json
import os

import numpy as np
import sklearn
from sklearn.metrics import classification_report


def case(name, classes, count, seed, digits):
    random = np.random.default_rng(seed)
    truth = random.integers(0, len(classes), count)
    guess = np.where(random.random(count) < 0.7, truth, random.integers(0, len(classes), count))
    arguments = dict(labels=range(len(classes)), target_names=classes, zero_division=0)
    table = classification_report(truth, guess, output_dict=True, **arguments)
    accuracy = table.pop("accuracy")
    row = lambda name: dict(name=name, precision=table[name]["precision"],
                            recall=table[name]["recall"], f1=table[name]["f1-score"],
                            support=int(table[name]["support"]))
    return {"name": name, "digits": digits, "accuracy": accuracy,
            "classes": [row(name) for name in classes], "macro": row("macro avg"),
            "weighted": row("weighted avg"),
            "text": classification_report(truth, guess, digits=digits, **arguments)}


cases = [
    case("two short names", ["cats", "dogs"], 1000, 1, 2),
    case("a name longer than the averages", ["a very long name of a class", "b"], 50, 2, 2),
    case("four digits, letters beyond ASCII", ["Löwenzahn", "Gänseblümchen", "rose"], 77, 3, 4),
    case("two hundred classes", [f"class {k}" for k in range(200)], 3000, 4, 2),
]
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "reports.json"), "w") as file:
    json.dump({"numpy": np.__version__, "scikit-learn": sklearn.__version__, "cases": cases},
              file, indent=1)
    file.write("\n")
