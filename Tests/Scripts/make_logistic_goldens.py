"""The layers of Tests/TrainingTests/LogisticTests.swift, by scikit-learn's LogisticRegression.

Features come from a formula that the test has too. They are moved to a mean of 0 and scaled to a
mean squared length of 1, as the recipe `instant` does; the printed weights and biases are for the
features as they were. Made with scikit-learn 1.9.1 and numpy 2.4.6.

usage: make_logistic_goldens.py  (needs numpy and scikit-learn)
"""
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

IMAGES, FEATURES = 30, 4

print("scikit-learn", sklearn.__version__, "numpy", np.__version__)
for classes, penalty in ((2, 0.5), (3, 0.02)):
    i, j = np.meshgrid(np.arange(IMAGES), np.arange(FEATURES), indexing="ij")
    labels = np.arange(IMAGES) % classes
    x = np.sin(0.7 * i + 1.3 * j) + 0.8 * (j == labels[:, None])
    x = x.astype(np.float32).astype(np.float64)
    mean = x.mean(0)
    scale = (((x - mean) ** 2).sum(1).mean()) ** -0.5
    model = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=10_000)
    model.fit((x - mean) * scale, labels)
    weights = model.coef_ * scale
    bias = model.intercept_ - weights @ mean
    print(classes, "classes, penalty", penalty)
    print("weights, a row of outputs per feature:", np.round(weights.T.reshape(-1), 6).tolist())
    print("biases:", np.round(bias, 6).tolist())
