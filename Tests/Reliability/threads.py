#!/usr/bin/env python3
"""Training on any number of threads gives one digest.

    threads.py PROGRAM DATASET [some|all]

Three networks, without changes to the images and with each kind of change, on 1, 2, 3, 4 and 8
threads; `some` (the default) takes all changes at once instead of one by one.
"""

import json
import subprocess
import sys
import tempfile

NETWORKS = ["seed", "seed-bn", "r18h"]
THREADS = [1, 2, 3, 4, 8]
CHANGES = {
    "rotation": "20", "zoom": "0.2", "shear": "10", "shift": "0.1", "flip": "hv",
    "brightness": "0.3", "contrast": "0.3", "saturation": "0.3", "crop-scale": "0.5:1",
    "cutout": "0.3", "mixup": "0.4", "cutmix": "1",
}


def digest(program, dataset, network, change, threads):
    with tempfile.TemporaryDirectory() as folder:
        command = [
            program, "train", dataset, "--json", "--quiet", "--no-plots", "--arch", network,
            "--size", "48", "--start-size", "48", "--train-size", "48", "-b", "16",
            "--epochs", "1", "--fraction", "0.1", "--augment", "none", *change,
            "--threads", str(threads), "--out", folder + "/run"]
        result = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        done = json.loads(result.stdout.splitlines()[-1])
        with open(folder + "/run/metrics.csv") as file:
            # Without seconds and images a second.
            metrics = [line.rsplit(",", 2)[0] for line in file]
        return done["weights_sha256"], done["test_loss"], metrics


def main():
    program, dataset = sys.argv[1:3]
    every = [option for name, value in CHANGES.items() for option in ("--" + name, value)]
    changes = {"no change": []}
    if sys.argv[3:] == ["all"]:
        changes |= {name: ["--" + name, value] for name, value in CHANGES.items()}
    changes["all changes"] = every
    wrong = 0
    for network in NETWORKS:
        for name, change in changes.items():
            results = [digest(program, dataset, network, change, count) for count in THREADS]
            is_one = all(result == results[0] for result in results)
            wrong += not is_one
            print(f"{network}, {name}: {results[0][0][:16]}"
                  f"{'' if is_one else '  <- not the same on ' + str(THREADS) + ' threads'}",
                  flush=True)
    jobs = len(NETWORKS) * len(changes)
    print(f"{jobs - wrong} of {jobs} jobs have one digest on {THREADS} threads")
    sys.exit(wrong > 0)


main()
