"""Writes metrics.json: evaluation figures by scikit-learn and SciPy for EvaluationTests.

usage: generate_metrics.py  (needs numpy, scipy, scikit-learn; versions are noted in the output)
"""
import json
import os

import numpy as np
import scipy
import sklearn
from scipy.special import expit, softmax
from scipy.stats import binomtest
from sklearn import metrics


def case(name, truth, logits, classes, top_k):
    logits = np.asarray(logits, np.float32)
    wide = logits.astype(np.float64)
    if classes == 2:
        p = expit(wide[:, 0])
        shares = np.stack([expit(-wide[:, 0]), p], 1)
    else:
        shares = softmax(wide, axis=1)
    labels = list(range(classes))
    guess = shares.argmax(1)
    report = metrics.classification_report(
        truth, guess, labels=labels, target_names=[f"c{k}" for k in labels],
        output_dict=True, zero_division=0)
    interval = binomtest(int((guess == truth).sum()), len(truth)).proportion_ci(
        0.95, method="wilson")
    present = len(set(truth)) == classes
    auc = None
    if present:
        auc = (metrics.roc_auc_score(truth, shares[:, 1]) if classes == 2 else
               metrics.roc_auc_score(truth, shares, multi_class="ovr", average="macro"))
    return {
        "name": name, "truth": truth.tolist(), "classes": classes, "top_k": top_k,
        "logits": [[float(x) for x in row] for row in logits],
        "accuracy": metrics.accuracy_score(truth, guess),
        "accuracy_low": interval.low, "accuracy_high": interval.high,
        "loss": metrics.log_loss(truth, shares, labels=labels),
        "brier": metrics.brier_score_loss(truth, shares[:, 1]) if classes == 2 else
        metrics.brier_score_loss(truth, shares, labels=labels),
        "auc": auc,
        # Of equal shares scikit-learn takes the last class first, as argmax does not: mirrored, it
        # takes the first one.
        "top_k_accuracy": metrics.top_k_accuracy_score(
            classes - 1 - truth, shares[:, ::-1], k=top_k, labels=labels)
        if classes > 2 else None,
        "confusion": metrics.confusion_matrix(truth, guess, labels=labels).tolist(),
        "report": {key: value for key, value in report.items() if key != "accuracy"},
    }


random = np.random.default_rng(7)
cases = []
truth = random.integers(0, 2, 60)
# Rounded, so that scores tie.
cases.append(case("binary with ties", truth,
                  np.round(random.normal(truth * 1.2 - 0.6, 1)[:, None], 1), 2, 2))
truth = random.integers(0, 5, 90)
cases.append(case("five classes", truth,
                  random.normal(0, 1, (90, 5)) + 1.5 * np.eye(5)[truth], 5, 2))
truth = random.choice([0, 1, 3], 40)
cases.append(case("a class without members", truth,
                  random.normal(0, 1, (40, 4)) + 2 * np.eye(4)[truth] - [0, 0, 9, 0], 4, 3))
cases.append(case("all right", np.array([0, 1, 1]), [[-3], [2], [40]], 2, 2))
# More classes than have one digit, some of them with few members.
truth = np.concatenate([np.arange(23), random.integers(0, 23, 97)])
cases.append(case("twenty-three classes", truth,
                  random.normal(0, 1, (120, 23)).round(2) + 2 * np.eye(23)[truth], 23, 5))
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "metrics.json"), "w") as file:
    json.dump({"numpy": np.__version__, "scipy": scipy.__version__,
               "scikit-learn": sklearn.__version__, "cases": cases}, file, indent=1)
    file.write("\n")
