#!/usr/bin/env python3
"""Gives cnnctl run folders in which somebody has planted links, pipes and second names.

Every command must end with 65 and the name of what was planted, must not wait for a pipe, and must
leave what the link leads to as it was, to the last byte and without a new file.

    strangers.py CNNCTL DATASET

Ends with 1 if anything is not as it should be.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SETTINGS = "--arch seed --size 16 --epochs 1 --fraction 0.05 --threads 1 -q".split()
GROWING = ["log.txt", "events.ndjson", "metrics.csv", ".lock"]


def contents(path):
    """Names and bytes of a file or folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [(str(file), file.read_bytes() if file.is_file() else None) for file in files]


def link(path, outside):
    path.symlink_to(outside)


def dangling(path, outside):
    path.symlink_to(outside.parent / "nothing")


def pipe(path, _):
    os.mkfifo(path)


def second_name(path, outside):
    os.link(outside, path)


class Bench:
    def __init__(self, program, dataset, folder):
        self.program, self.dataset, self.folder = program, dataset, folder
        self.run, self.planted, self.outside = folder / "run", folder / "planted", folder / "out"
        self.tried = self.failures = 0
        ended = self.call(["train", dataset, "--out", str(self.run)] + SETTINGS, 1200)
        if ended.returncode:
            sys.exit(f"training ended with {ended.returncode}: {ended.stderr}")
        record = self.run / "run.json"
        record.write_text(record.read_text().replace('"done"', '"running"'))
        self.photo = next(str(path) for path in sorted(pathlib.Path(dataset).rglob("*.jpg")))

    def call(self, words, seconds=120):
        return subprocess.run([self.program] + words, cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=seconds)

    def commands(self):
        run = str(self.planted)
        yield ["train", "--resume=" + run, "--no-plots"]
        yield ["report", run]
        yield ["evaluate", "--model", run]
        yield ["verify", run]
        yield ["predict", self.photo, "--model", run]
        yield ["explain", self.photo, "--model", run, "-o", "e.png"]
        yield ["compare", run, "cats-dogs"]
        yield ["export", run, "-o", "m.safetensors"]
        yield ["inspect", run]

    def places(self):
        files = [path.relative_to(self.run) for path in sorted(self.run.rglob("*"))]
        return files + [pathlib.Path(name) for name in ("val", "train") if name not in files]

    def plant(self, place, how):
        """A copy of the run with something else at a place; what was there lies outside."""
        for path in (self.planted, self.outside):
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)
        shutil.copytree(self.run, self.planted)
        path = self.planted / place
        if path.exists():
            path.rename(self.outside)
        else:
            self.outside.mkdir()
        how(path, self.outside)
        return path

    def examine(self, place, how, commands):
        path = self.plant(place, how)
        before = contents(self.outside)
        for words in commands:
            self.tried += 1
            found = []
            try:
                ended = self.call(words)
                if ended.returncode != 65 or str(path) not in ended.stderr:
                    found.append(f"ended with {ended.returncode}: {ended.stderr}")
            except subprocess.TimeoutExpired:
                found.append("did not end")
            if contents(self.outside) != before or (self.folder / "nothing").exists():
                found.append("wrote outside of the run")
            for complaint in found:
                print(f"FAILED {words[0]}, {how.__name__} at {place}: {complaint}", flush=True)
            self.failures += bool(found)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("dataset")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cnnctl-strangers-") as folder:
        bench = Bench(os.path.realpath(arguments.program), os.path.realpath(arguments.dataset),
                      pathlib.Path(os.path.realpath(folder)))
        commands = list(bench.commands())
        for place in bench.places():
            bench.examine(place, link, commands)
            bench.examine(place, dangling, commands)
            if not (bench.run / place).is_dir():
                bench.examine(place, pipe, commands)
        for place in GROWING:
            bench.examine(pathlib.Path(place), second_name, commands[:1])
        print(f"{bench.tried} commands on run folders with something planted, "
              f"{bench.failures} failures")
        sys.exit(1 if bench.failures else 0)


if __name__ == "__main__":
    main()
