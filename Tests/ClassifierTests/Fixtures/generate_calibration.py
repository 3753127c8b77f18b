"""Writes calibration.json: temperatures and calibration errors for CalibrationTests.

The best temperature is found twice: by SciPy's bounded scalar search and by LBFGS on PyTorch's
cross-entropy (Guo et al. 2017); the two must agree. The calibration error is Naeini's in Guo's
form: a loop over bins (lower, upper] of the label's probability.

usage: generate_calibration.py  (needs numpy, scipy, torch; versions are noted in the output)
"""
import json
import os

import numpy as np
import scipy
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax


def full(logits):
    """One logit is that of the second class against a first one of 0."""
    wide = np.asarray(logits, np.float32).astype(np.float64)
    return np.hstack([np.zeros_like(wide), wide]) if wide.shape[1] == 1 else wide


def loss(logits, truth, temperature):
    return -log_softmax(full(logits) / temperature, axis=1)[np.arange(len(truth)), truth].mean()


def by_scipy(logits, truth):
    best = minimize_scalar(lambda x: loss(logits, truth, np.exp(x)), method="bounded",
                           bounds=(np.log(0.01), np.log(100)), options={"xatol": 1e-12})
    return float(np.exp(best.x))


def by_torch(logits, truth):
    rows, labels = torch.tensor(full(logits)), torch.tensor(truth)
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS([x], max_iter=500, tolerance_grad=1e-13, tolerance_change=1e-16,
                               line_search_fn="strong_wolfe")

    def closure():
        search.zero_grad()
        value = torch.nn.functional.cross_entropy(rows / x.exp(), labels)
        value.backward()
        return value

    search.step(closure)
    return float(x.exp().detach())


def calibration_error(logits, truth, temperature, bins=15):
    shares = softmax(full(logits) / temperature, axis=1)
    sure, guess = shares.max(1), shares.argmax(1)
    right = guess == truth
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (sure > low) & (sure <= high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - sure[inside].mean())
    return float(error)


def case(name, truth, logits):
    logits = np.round(np.asarray(logits), 3).astype(np.float32)
    temperature, again = by_scipy(logits, truth), by_torch(logits, truth)
    assert abs(temperature - again) < 1e-6 * temperature, (name, temperature, again)
    return {"name": name, "truth": truth.tolist(),
            "logits": [[float(x) for x in row] for row in logits],
            "temperature": again, "loss_before": loss(logits, truth, 1),
            "loss_after": loss(logits, truth, again),
            "ece_before": calibration_error(logits, truth, 1),
            "ece_after": calibration_error(logits, truth, again)}


def drawn(random, count, classes, scale):
    """Classes drawn from the softmax of logits that are then multiplied: the best temperature is
    about the factor."""
    honest = random.normal(0, 1.5, (count, classes))
    truth = np.array([random.choice(classes, p=p) for p in softmax(honest, axis=1)])
    return truth, scale * (honest[:, 1:] - honest[:, :1] if classes == 2 else honest)


random = np.random.default_rng(11)
cases = [case("two classes, too sure", *drawn(random, 160, 2, 3.0)),
         case("two classes, not sure enough", *drawn(random, 160, 2, 0.3)),
         case("five classes, too sure", *drawn(random, 120, 5, 4.0)),
         case("three classes, far too sure", *drawn(random, 60, 3, 40.0)),
         case("one wrong of six", np.array([0, 0, 1, 1, 1, 0]), [[-3], [-1], [2], [4], [-0.5], [-2]])]
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "calibration.json"), "w") as file:
    json.dump({"numpy": np.__version__, "scipy": scipy.__version__, "torch": torch.__version__,
               "cases": cases}, file, indent=1)
    file.write("\n")
