"""Writes statistics.json: scikit-learn's and statsmodels' figures for StatisticsTests.

usage: generate_statistics.py  (needs numpy, scikit-learn and statsmodels; versions are noted in
the output)
"""
import json
import os

import numpy as np
import sklearn
import statsmodels
from sklearn.metrics import (average_precision_score, brier_score_loss, log_loss,
                             precision_recall_curve, roc_auc_score, roc_curve)
from statsmodels.stats.contingency_tables import mcnemar


def answers(classes, count, seed, digits):
    """Probabilities that tell the classes apart to some degree, rounded so that there are ties."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes, count)
    truth[:classes] = np.arange(classes)
    logits = random.normal(size=(count, classes))
    logits[np.arange(count), truth] += 1.5
    odds = np.round(np.exp(logits), digits) + 10.0 ** -digits
    return truth, odds / odds.sum(axis=1, keepdims=True)


def case(name, classes, count, seed, digits):
    truth, p = answers(classes, count, seed, digits)
    one_hot = np.eye(classes)[truth]
    curves = []
    for k in range(classes):
        x, y, _ = roc_curve(truth == k, p[:, k], drop_intermediate=False)
        precision, recall, _ = precision_recall_curve(truth == k, p[:, k])
        curves.append({
            "roc": np.stack([x, y], axis=1).tolist(),
            "roc_area": float(roc_auc_score(truth == k, p[:, k])),
            "precision_recall": np.stack([recall, precision], axis=1)[::-1].tolist(),
            "average_precision": float(average_precision_score(truth == k, p[:, k])),
        })
    brier = (brier_score_loss(truth, p[:, 1]) if classes == 2
             else float(np.mean(np.sum((p - one_hot) ** 2, axis=1))))
    bins = 20
    return {
        "name": name, "classes": classes, "truths": truth.tolist(), "probabilities": p.tolist(),
        "curves": curves,
        "macro_roc_area": float(np.mean([c["roc_area"] for c in curves])) if classes == 2
        else float(roc_auc_score(truth, p, multi_class="ovr", average="macro")),
        "micro_roc_area": float(roc_auc_score(one_hot.ravel(), p.ravel())),
        "micro_average_precision": float(average_precision_score(one_hot.ravel(), p.ravel())),
        "brier": float(brier), "log_loss": float(log_loss(truth, p, labels=range(classes))),
        "histograms": [{
            "members": np.histogram(p[truth == k, k], bins=bins, range=(0, 1))[0].tolist(),
            "others": np.histogram(p[truth != k, k], bins=bins, range=(0, 1))[0].tolist(),
        } for k in range(classes)],
    }


def paired(a, b, c, d):
    table = [[a, b], [c, d]]
    exact = mcnemar(table, exact=True)
    rough = mcnemar(table, exact=False, correction=True) if b + c else None
    return {"table": [a, b, c, d], "exact": float(exact.pvalue),
            "statistic": float(rough.statistic) if rough else None,
            "pvalue": float(rough.pvalue) if rough else None}


here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "statistics.json"), "w") as file:
    json.dump({
        "numpy": np.__version__, "scikit-learn": sklearn.__version__,
        "statsmodels": statsmodels.__version__,
        "cases": [case("two classes", 2, 60, 1, 1), case("five classes with ties", 5, 50, 2, 1),
                  case("eight classes", 8, 40, 3, 3)],
        "paired": [paired(900, 30, 12, 58), paired(10, 0, 0, 2), paired(5, 7, 7, 1),
                   paired(0, 1, 0, 0), paired(8000, 700, 812, 488), paired(3, 25, 0, 4),
                   paired(50000, 6000, 6300, 100)],
    }, file)
    file.write("\n")
