"""What the checks of exported models share: photos to answer, and what cnnctl says of them."""
import json
import pathlib
import subprocess

import numpy as np


class Checks:
    """Gathers what is not as it should be."""

    def __init__(self):
        self.problems = []

    def __call__(self, condition, problem):
        if not condition:
            self.problems.append(problem)


class Program:
    """cnnctl with one model."""

    def __init__(self, path, model):
        self.path = path
        self.model = model

    def run(self, *words, text=None):
        """Standard output of a command line; ends everything where it fails."""
        done = subprocess.run([self.path, *map(str, words)], input=text, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"cnnctl {' '.join(map(str, words))}: {done.stderr}")
        return done.stdout

    def export(self, path, *options):
        """Writes the model to a file."""
        self.run("export", self.model, "-o", path, *options)

    def predict(self, paths, classes):
        """Probabilities, a row a path, in the order of the classes."""
        lines = self.run("predict", "-", "--model", self.model, "--format", "ndjson",
                         "--top-k", len(classes), text="\n".join(map(str, paths)))
        tops = [json.loads(line)["top"] for line in lines.splitlines()]
        rows = [{entry["label"]: entry["probability"] for entry in top} for top in tops]
        return np.array([[row[name] for name in classes] for row in rows])


def photos(folder, wanted):
    """So many photos below a folder, evenly spread; all of them where there are no more."""
    files = sorted(path for path in pathlib.Path(folder).rglob("*")
                   if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if len(files) <= wanted:
        return files
    return [files[index * len(files) // wanted] for index in range(wanted)]
