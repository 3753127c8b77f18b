"""What a prior for the temperature brings, by simulation: the table of Answers.md.

Classes are drawn from the softmax of random logits, which are then multiplied by a temperature
between 1/3 and 3 (uniform in the logarithm); or they have nothing to do with the logits ("chance").
A temperature is fitted on n images with each weight of the prior, and judged on 10,000 others: mean
loss above that of the best temperature, and expected calibration error. Where all n answers are
right the temperature stays 1, as in the program.

usage: simulate_calibration.py [WORLDS [IMAGES...]]  (needs numpy)
"""
import sys

import numpy as np

WEIGHTS = (0, 1, 2, 4, 8)
INVERSES = np.exp(np.linspace(np.log(0.01), np.log(100), 301))
ONE = int(np.argmin(np.abs(np.log(INVERSES))))
KINDS = {"chance": 0, "weak": 1, "good": 3, "best": 8}
random = np.random.default_rng(5)


def world(kind, classes, images=20_000):
    if kind == "chance":
        logits = random.normal(0, np.exp(random.uniform(np.log(0.05), np.log(2))), (images, classes))
        return logits, random.integers(0, classes, images)
    logits = random.normal(0, KINDS[kind], (images, classes))
    shares = np.exp(logits - logits.max(1, keepdims=True))
    sums = shares.cumsum(1)
    truth = (sums <= random.random((images, 1)) * sums[:, -1:]).sum(1)
    return logits * np.exp(random.uniform(-np.log(3), np.log(3))), truth


def losses(logits, truth):
    """The sum of the losses at each inverse temperature."""
    logits = logits - logits.max(1, keepdims=True)
    own = logits[np.arange(len(truth)), truth]
    return np.array([(np.log(np.exp(s * logits).sum(1)) - s * own).sum() for s in INVERSES])


def calibration_error(logits, truth, inverse):
    shares = np.exp(inverse * (logits - logits.max(1, keepdims=True)))
    shares /= shares.sum(1, keepdims=True)
    sure, right = shares.max(1), shares.argmax(1) == truth
    bins = np.minimum(np.ceil(sure * 15).astype(int) - 1, 14)
    return sum(abs((sure - right)[bins == k].sum()) for k in range(15)) / len(truth)


worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
numbers = [int(word) for word in sys.argv[2:]] or [20, 40, 100, 1000]
print("| model | images | " + " | ".join(f"weight {w}" for w in WEIGHTS) + " | always 1 |")
print("|---|---|" + "---|" * (len(WEIGHTS) + 1))
for kind in KINDS:
    found = {n: [[] for _ in range(len(WEIGHTS) + 1)] for n in numbers}
    for classes in (2, 5):
        for _ in range(worlds):
            logits, truth = world(kind, classes)
            judged = logits[10_000:], truth[10_000:]
            mean = losses(*judged) / len(judged[1])
            errors = {}
            for n in found:
                for _ in range(4):
                    some = random.integers(0, 10_000, n)
                    sums = losses(logits[some], truth[some])
                    right = (logits[some].argmax(1) == truth[some]).all()
                    for place, weight in enumerate(WEIGHTS + (None,)):
                        best = ONE if right or weight is None else int(
                            np.argmin(sums + weight * (INVERSES - 1 - np.log(INVERSES))))
                        if best not in errors:
                            errors[best] = calibration_error(*judged, INVERSES[best])
                        found[n][place].append((mean[best] - mean.min(), errors[best]))
    for n, rows in found.items():
        cells = [np.mean(row, 0) for row in rows]
        print(f"| {kind} | {n} | " + " | ".join(f"{a:.4f}, {b:.3f}" for a, b in cells) + " |",
              flush=True)
