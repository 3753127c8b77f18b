#!/usr/bin/env python3
"""Kills, fails and stops a training run, or a sort, wherever it can be, and resumes it.

Whatever happens, the run that is resumed to its end must have the weights, bit for bit, and the
metrics of one that nobody touched. A sort must lose no photo and have none twice, continue to the
same end, and be undone to the byte.

    interrupt.py CNNCTL DATASET calls  [--every N]   killed before each system call that changes a file
    interrupt.py CNNCTL DATASET errors [--every N]   each such call fails once, with each of five errors
    interrupt.py CNNCTL DATASET kills  [--count N]   SIGKILL at random moments
    interrupt.py CNNCTL DATASET signals [--count N]  SIGINT, SIGTERM, SIGHUP at random moments
    interrupt.py CNNCTL DATASET long    [--count N]  SIGKILL in a run of N thousand short epochs, whose
                                                     checkpoints must not grow
    interrupt.py CNNCTL DATASET kinds [--count N]    both, each of runs that freeze, step back, wait
                                                     in vain, got more epochs or too little time
    interrupt.py CNNCTL DATASET sort [--every N]     sort killed before each system call that changes a
                                                     file, and each such call failed once: by copies,
                                                     links and moves, also into another file system

Needs strace for the first two and the last. Ends with 1 if anything is not as it should be.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CHANGING = ("write,pwrite64,fsync,rename,renameat,link,linkat,unlink,unlinkat,ftruncate,mkdir,mkdirat,"
            "symlink,openat,close").split(",")
SORTING = ("write,pwrite64,fsync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,ftruncate,"
           "mkdir,mkdirat,openat,fchmod,utimensat").split(",")
ERRORS = ["ENOSPC", "EIO", "EDQUOT", "EROFS", "EFBIG"]
SETTINGS = "--batch-size 8 --augment seed --ema 0.9 --threads 1 --no-plots --cache ram -q".split()
# What config.json does not say.
REPEATED = "--threads 1 --no-plots --cache ram -q".split()
# What is traced is to be short; what is killed at random is to have written several checkpoints.
TRACED = "--arch seed --size 16 --epochs 2".split()
FEW = {"training_set": 24, "test_set": 4}
LONG = "--arch seed-bn --size 32 --epochs 12".split()
# Epochs of one step on a network of few numbers: more of them than a header could hold.
SHORT = "--arch seed --size 16 --val-split 0 --schedule constant".split()
SHORT_EPOCHS = 1000


# Runs whose future depends on more than weights: how each is begun, and what becomes of it later.
QUICK = "--arch r10h --size 32 --start-size 16 --train-size 32 --epochs 6".split()
KINDS = {
    "freezing": QUICK + "--freeze-epochs 2 --optimizer adam".split(),
    "features": QUICK + "--freeze backbone".split(),
    "patience": QUICK + "--patience 2 --optimizer sgd --lr 0.000001 --schedule plateau".split(),
    # At the whole rate it diverges in the third epoch, at half of it no more.
    "rollback": "--arch seed --size 32 --epochs 8 --optimizer sgd --lr 0.2 --weight-decay 10 "
                "--schedule one-cycle --on-nan rollback".split(),
    "extension": QUICK + "--schedule one-cycle".split(),
    "time": QUICK + "--schedule one-cycle".split(),
}


class Bench:
    def __init__(self, program, dataset, folder, settings):
        self.program = os.path.abspath(program)
        self.begin = ["train", os.path.abspath(dataset)] + SETTINGS + settings
        self.folder = pathlib.Path(folder)
        self.environment = dict(
            os.environ, SWIFT_BACKTRACE="enable=no", HOME=str(self.folder), XDG_CACHE_HOME="")
        self.failures = []
        self.tried = 0
        # A run that time ended goes on when it is resumed once more, as it should.
        self.resumes_ended = True

    def command(self, run, resume):
        if resume:
            return [self.program, "train", f"--resume={run}", "--threads", "2", "--no-plots", "-q"]
        return [self.program] + self.begin + ["--out", str(run)]

    def run(self, command, **options):
        return subprocess.run(
            command, env=self.environment, cwd=self.folder, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, **options)

    def outcome(self, run):
        """What must not depend on interruptions: weights, and metrics without times."""
        lines = (run / "metrics.csv").read_text().splitlines()
        rows = [",".join(line.split(",")[:-2]) for line in lines]
        digests = [
            hashlib.sha256((run / "weights" / name).read_bytes()).hexdigest()
            for name in ("best.safetensors", "last.safetensors")]
        return rows + digests

    def whole(self):
        run = self.folder / "whole"
        start = time.monotonic()
        result = self.run(self.command(run, False))
        if result.returncode != 0:
            sys.exit(f"the run that nobody touches failed: {result.stderr}")
        self.seconds = time.monotonic() - start
        self.expected = self.outcome(run)

    def is_over(self, run):
        """Whether a run came to an end that it is not to be resumed from."""
        record = run / "run.json"
        return (not self.resumes_ended and record.exists()
                and json.loads(record.read_text())["status"] == "done")

    def finish(self, run, what):
        """Resumes until the run is over, and compares."""
        self.tried += 1
        for _ in range(0 if self.is_over(run) else 3):
            exists = (run / "config.json").exists()
            if not exists:
                shutil.rmtree(run, ignore_errors=True)
            result = self.run(self.command(run, exists))
            if result.returncode == 0:
                break
        if not self.is_over(run) and result.returncode != 0:
            self.fail(what, f"cannot be resumed ({result.returncode}): {result.stderr}")
        elif self.outcome(run) != self.expected:
            self.fail(what, "other weights or metrics")
        shutil.rmtree(run, ignore_errors=True)

    def fail(self, what, why):
        self.failures.append(f"{what}: {why}")
        print(f"FAILED {what}: {why}", flush=True)

    changing = CHANGING

    def prepare(self, run):
        """Makes what a run needs to be there."""

    def touches(self, run, call):
        return str(run) in call

    def calls(self):
        """For each kind of call, which of its invocations touch the run's folder."""
        run, trace = self.folder / "traced", self.folder / "trace"
        self.prepare(run)
        self.run(
            ["strace", "-f", "-y", "-qq", "-s", "4096", "-e", "trace=" + ",".join(self.changing), "-o",
             str(trace)] + self.command(run, False))
        counts, found = {}, {}
        for line in trace.read_text(errors="replace").splitlines():
            match = re.match(r"(\d+)\s+(\w+)\((.*)", line)
            if not match:
                continue
            thread, call, rest = match.groups()
            # strace counts invocations a thread and kind of call; the main thread writes.
            if thread != (first := counts.setdefault("thread", thread)):
                continue
            counts[call] = counts.get(call, 0) + 1
            # What goes to the terminal is no file of the run.
            if self.touches(run, line):
                found.setdefault(call, []).append(counts[call])
        shutil.rmtree(run, ignore_errors=True)
        return found

    def inject(self, run, call, how, number):
        """Also which calls it met, as strace shows them."""
        trace = self.folder / "injected"
        self.prepare(run)
        result = self.run(
            ["strace", "-qq", "-y", "-s", "4096", "-o", str(trace), "-e", "trace=" + call, "-e",
             f"inject={call}:{how}:when={number}"] + self.command(run, False))
        lines = trace.read_text(errors="replace").splitlines()
        return result, [line for line in lines if "(INJECTED)" in line]

    def inject_in_folder(self, run, call, how, number):
        """None where the call is never one that touches the run's folder.

        Checkpoints are written when it is time, so on a busy machine a number may be that of
        another call, such as the opening of a picture.
        """
        for _ in range(5):
            result, met = self.inject(run, call, how, number)
            if any(str(run) in line for line in met):
                return result
            shutil.rmtree(run, ignore_errors=True)
        return None


def kill_before_calls(bench, every):
    total = missed = 0
    for call, numbers in bench.calls().items():
        for index, number in enumerate(numbers):
            if index % every:
                continue
            run = bench.folder / f"{call}-{number}"
            result, _ = bench.inject(run, call, "signal=KILL", number)
            if result.returncode == 0:
                # As in `inject_in_folder`: this time there were fewer of them.
                missed += 1
                shutil.rmtree(run, ignore_errors=True)
                continue
            total += 1
            if result.returncode not in (-9, 137):
                bench.fail(f"{call} {number}", f"was not killed: {result.returncode}")
            bench.finish(run, f"killed before {call} {number}")
    print(f"killed before {total} system calls; {missed} others were not made again")


def fail_calls(bench, every):
    total = outlived = missed = 0
    for call, numbers in bench.calls().items():
        for index, number in enumerate(numbers):
            for place, error in enumerate(ERRORS):
                if (index + place) % every:
                    continue
                run = bench.folder / f"{call}-{number}-{error}"
                result = bench.inject_in_folder(run, call, f"error={error}", number)
                if result is None:
                    missed += 1
                    continue
                total += 1
                what = f"{call} {number} failed with {error}"
                if result.returncode == 0:
                    outlived += 1
                    if bench.outcome(run) != bench.expected:
                        bench.fail(what, "other weights or metrics at once")
                elif result.returncode < 0 or result.returncode > 128 or not result.stderr:
                    bench.fail(what, f"ended with {result.returncode}: {result.stderr}")
                bench.finish(run, what)
        print(f"{call}: {total} so far, {outlived} outlived, {missed} never met", flush=True)
    print(f"failed {total} system calls, of which the run outlived {outlived}")


def few(dataset, folder, counts=FEW):
    """A copy of the first photos of each class: a run opens them all, and each opening is traced."""
    for part, count in counts.items():
        for kind in sorted((pathlib.Path(dataset) / part).iterdir()):
            target = folder / "few" / part / kind.name
            target.mkdir(parents=True)
            for photo in sorted(kind.glob("*.*g"))[:count]:
                shutil.copy(photo, target)
    return folder / "few"


def interrupt(bench, count, signals, expected):
    """Each run is interrupted once to four times before it may come to its end."""
    draw = random.Random(1)
    sent = 0
    for number in range(count):
        run = bench.folder / f"run-{number}"
        for _ in range(draw.randint(1, 4)):
            if bench.is_over(run):
                break
            process = subprocess.Popen(
                bench.command(run, (run / "config.json").exists()), env=bench.environment,
                cwd=bench.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                process.communicate(timeout=draw.uniform(0, bench.seconds))
                break
            except subprocess.TimeoutExpired:
                kind = draw.choice(signals)
                process.send_signal(kind)
                sent += 1
                start = time.monotonic()
                _, message = process.communicate()
                if process.returncode not in expected(kind) | {0}:
                    bench.fail(
                        f"{kind.name} {number}", f"ended with {process.returncode}: {message}")
                if time.monotonic() - start > 10:
                    bench.fail(f"{kind.name} {number}", "took more than 10 s to stop")
            if not (run / "config.json").exists():
                shutil.rmtree(run, ignore_errors=True)
        bench.finish(run, f"run {number}")
    print(f"{sent} signals at random moments of {count} runs")


def long_history(bench, thousands):
    """Kills a run of thousands of epochs now and then; what is kept of it must not grow."""
    run = bench.folder / "long"
    kills = 0
    sizes = []
    # The last is left alone: a busy machine may not reach a checkpoint in the others' time.
    for time_limit in [max(0.2, bench.seconds / 4)] * 3 + [None]:
        exists = (run / "config.json").exists()
        process = subprocess.Popen(
            bench.command(run, exists), env=bench.environment, cwd=bench.folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _, message = process.communicate(timeout=time_limit)
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            sizes += [
                file.stat().st_size for file in (run / "checkpoint").glob("step-*[0-9].safetensors")]
    bench.tried += 1
    if process.returncode != 0:
        bench.fail("long", f"cannot be resumed ({process.returncode}): {message.decode()}")
    elif bench.outcome(run) != bench.expected:
        bench.fail("long", "other weights or metrics")
    if sizes and max(sizes) > min(sizes) + 1024:
        bench.fail("long", f"checkpoints grow from {min(sizes)} to {max(sizes)} bytes")
    # The run that nobody touched: seconds of its first tenth and of its last.
    rows = (bench.folder / "whole" / "metrics.csv").read_text().splitlines()[1:]
    seconds = [float(row.split(",")[-2]) for row in rows]
    part = len(seconds) // 10
    first, last = sorted(seconds[:part])[part // 2], sorted(seconds[-part:])[part // 2]
    print(
        f"{thousands * SHORT_EPOCHS} epochs, killed {kills} times; an epoch took {first:.6f} s at "
        f"first and {last:.6f} s at last; checkpoints of {min(sizes, default=0)} to "
        f"{max(sizes, default=0)} bytes")


def plan(bench, kind):
    """Gives the run that is repeated a change of its length, and says how it is begun again."""
    run = bench.folder / "plan"
    words = bench.command(run, False)
    if kind == "time":
        # About half of what it would take, so that time decides.
        words += ["--max-time", f"{bench.seconds / 2:.1f}s"]
    result = bench.run(words)
    if kind == "extension" and result.returncode == 0:
        result = bench.run(bench.command(run, True) + ["--epochs", "9"])
    if result.returncode != 0:
        sys.exit(f"the run that is to be repeated failed: {result.stderr}")
    changes = json.loads((run / "config.json").read_text())["training"].get("changes", [])
    print(f"{kind}: plan {changes}")
    if kind == "extension" and not changes:
        bench.fail(kind, "its config.json tells of no change")
    bench.begin = ["train", "--config", str(run / "config.json")] + REPEATED
    before = bench.outcome(run)
    shutil.rmtree(bench.folder / "whole")
    bench.whole()
    if bench.expected != before:
        bench.fail(kind, "its config.json does not repeat it")
    verified = bench.run([bench.program, "verify", str(run), "--steps", "64"])
    if verified.returncode != 0:
        bench.fail(kind, f"is not verified: {verified.stdout}")


def interrupt_kinds(program, dataset, count):
    """Runs of each kind, killed and stopped at random moments."""
    failures = 0
    for kind, settings in KINDS.items():
        with tempfile.TemporaryDirectory(prefix="cnnctl-interrupt-") as folder:
            images = few(dataset, pathlib.Path(folder))
            bench = Bench(program, images, folder, settings)
            if kind in ("freezing", "features"):
                origin = pathlib.Path(folder) / "origin"
                bench.run([bench.program, "train", str(images)] + SETTINGS + QUICK
                          + ["--out", str(origin)])
                bench.begin += ["--from", str(origin)]
                at = bench.begin.index("--arch")
                del bench.begin[at:at + 2]
            bench.whole()
            log = (bench.folder / "whole" / "log.txt").read_text()
            if (kind == "rollback") != ("training diverged" in log):
                bench.fail(kind, "diverges where it should not, or does not where it should")
            if kind in ("extension", "time"):
                plan(bench, kind)
            bench.resumes_ended = kind != "time"
            interrupt(
                bench, count, [signal.SIGKILL, signal.SIGTERM],
                lambda signal_: {-9} if signal_ == signal.SIGKILL else {128 + signal_, -signal_})
            print(f"{kind}: {bench.tried} runs resumed to the end", flush=True)
            failures += len(bench.failures)
    return failures


class SortBench(Bench):
    """A sort of a few photos by one method; the folder of a run holds what is sorted."""

    changing = SORTING

    def __init__(self, program, photos, folder, model, method, elsewhere):
        super().__init__(program, photos, folder, [])
        self.photos, self.model = photos, model
        self.method, self.elsewhere = method, elsewhere
        run = self.folder / "whole"
        self.prepare(run)
        self.before = self.tree(run)
        result = self.run(self.command(run, False))
        if result.returncode != 0:
            sys.exit(f"the sort that nobody touches failed: {result.stderr}")
        self.expected = self.tree(run)
        for kind in ("cats", "dogs", "unsure", "none-of-these"):
            if not any(place.startswith(f"sorted/{kind}/") for place in self.expected):
                sys.exit(f"the sort that nobody touches puts nothing into {kind}")
        self.remove(run)

    def target(self, run):
        return (self.elsewhere or run) / f"{run.name}-sorted"

    def command(self, run, _):
        return [self.program, "sort", "-r", str(run / "photos"), "--into", str(self.target(run)),
                "--" + self.method, "--threads", "1", "-q", "--model", str(self.model),
                "--abstain-below", "0.9", "--reject-above", "0.8"]

    def prepare(self, run):
        self.remove(run)
        shutil.copytree(self.photos, run / "photos")

    def remove(self, run):
        shutil.rmtree(run, ignore_errors=True)
        shutil.rmtree(self.target(run), ignore_errors=True)
        shutil.rmtree(self.staging(run), ignore_errors=True)

    def staging(self, run):
        target = self.target(run)
        return target.parent / f".{target.name}.cnnctl-sort"

    def touches(self, run, call):
        if "openat(" in call and "O_CREAT" not in call:
            return False
        return str(run) in call or str(self.target(run)) in call or str(self.staging(run)) in call

    def tree(self, run):
        """Every file with its bytes, time and permissions, and every folder, but for journals."""
        found = {}
        for name, root in (("photos", run / "photos"), ("sorted", self.target(run)),
                           ("staging", self.staging(run))):
            for path in [root, *root.rglob("*")] if root.exists() else []:
                place = f"{name}/{path.relative_to(root)}"
                if ".cnnctl-sort/" in place:
                    continue
                found[place] = None if path.is_dir() else (
                    hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns,
                    path.stat().st_mode)
        return found

    def check_photos(self, run, what):
        """No photo is lost, and none is there twice where it is moved in one step."""
        def counts(tree):
            return collections.Counter(file[0] for file in tree.values() if file)

        now = counts(self.tree(run))
        limit = 1 if self.method == "move" and not self.elsewhere else 2
        for digest, count in counts(self.before).items():
            if not count <= now[digest] <= limit * count:
                self.fail(what, f"a photo is there {now[digest]} times, and was {count} times")

    def undo(self, run, what):
        # What was ended before anything was made is not known to `--undo`.
        if self.target(run).exists() or self.staging(run).exists():
            result = self.run([self.program, "sort", "--undo", str(self.target(run)), "-q"])
            if result.returncode != 0:
                self.fail(what, f"is not undone ({result.returncode}): {result.stderr}")
        if self.tree(run) != self.before:
            self.fail(what, "another tree after --undo")

    def finish(self, run, what, continues):
        self.tried += 1
        self.check_photos(run, what)
        if continues:
            result = self.run(self.command(run, True))
            if result.returncode != 0:
                self.fail(what, f"is not continued ({result.returncode}): {result.stderr}")
            elif self.tree(run) != self.expected:
                self.fail(what, "another end than without the interruption")
        self.undo(run, what)
        self.remove(run)


def interrupt_sorts(program, dataset, every):
    """Kills and fails sorts by every method."""
    failures = 0
    with tempfile.TemporaryDirectory(prefix="cnnctl-interrupt-") as folder, \
            tempfile.TemporaryDirectory(prefix="cnnctl-interrupt-", dir="/dev/shm") as other:
        photos = few(dataset, pathlib.Path(folder), {"training_set": 4, "test_set": 4}) / "test_set"
        # Two names that are taken: one by other bytes, one by the same.
        first = sorted(photos.glob("*/*"))
        model = pathlib.Path(folder) / "model"
        trained = subprocess.run(
            [program, "train", photos.parent, "--out", model]
            + "--recipe instant --from cats-dogs --threads 1 --no-plots -q".split(),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if trained.returncode != 0:
            sys.exit(f"the model for the sorts cannot be trained: {trained.stderr}")
        (photos / "more").mkdir()
        shutil.copy(first[1], photos / "more" / first[0].name)
        shutil.copy(first[2], photos / "more" / first[2].name)
        elsewhere = pathlib.Path(other) if os.stat(other).st_dev != os.stat(folder).st_dev else None
        for method, place in [("copy", None), ("link", None), ("move", None), ("link", elsewhere),
                              ("move", elsewhere)][:5 if elsewhere else 3]:
            bench = SortBench(program, photos, folder, model, method, place)
            name = method + (" across file systems" if place else "")
            calls = [(call, number) for call, numbers in bench.calls().items() for number in numbers]
            bench.remove(bench.folder / "traced")
            run = bench.folder / "run"
            kills = errors = 0
            for index, (call, number) in enumerate(calls):
                if index % every:
                    continue
                for continues in (True, False):
                    result, _ = bench.inject(run, call, "signal=KILL", number)
                    what = f"{name}: killed before {call} {number}"
                    if result.returncode not in (-9, 137):
                        bench.fail(what, f"was not killed: {result.returncode}")
                    kills += 1
                    bench.finish(run, what, continues)
                error = ERRORS[index % len(ERRORS)]
                result, _ = bench.inject(run, call, f"error={error}", number)
                what = f"{name}: {call} {number} failed with {error}"
                if result.returncode < 0 or result.returncode > 128:
                    bench.fail(what, f"ended with {result.returncode}: {result.stderr}")
                errors += 1
                bench.finish(run, what, result.returncode != 0 or index % 2 == 0)
            print(
                f"{name}: {len(calls)} calls; killed {kills} times, {errors} calls failed; "
                f"{bench.tried} trees compared, {len(bench.failures)} failures", flush=True)
            failures += len(bench.failures)
    return failures


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("dataset")
    parser.add_argument(
        "what", choices=["calls", "errors", "kills", "signals", "long", "kinds", "sort"])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--count", type=int)
    arguments = parser.parse_args()
    if arguments.what == "kinds":
        failures = interrupt_kinds(arguments.program, arguments.dataset, arguments.count or 20)
        print(f"{failures} failures")
        sys.exit(1 if failures else 0)
    if arguments.what == "sort":
        failures = interrupt_sorts(arguments.program, arguments.dataset, arguments.every)
        print(f"{failures} failures")
        sys.exit(1 if failures else 0)
    with tempfile.TemporaryDirectory(prefix="cnnctl-interrupt-") as folder:
        traced = arguments.what in ("calls", "errors")
        count = arguments.count or (4 if arguments.what == "long" else 200)
        dataset, settings = arguments.dataset, LONG
        if traced:
            dataset, settings = few(dataset, pathlib.Path(folder)), TRACED
        elif arguments.what == "long":
            dataset = few(dataset, pathlib.Path(folder), {"training_set": 4})
            settings = SHORT + ["--epochs", str(count * SHORT_EPOCHS)]
        bench = Bench(arguments.program, dataset, folder, settings)
        bench.whole()
        if arguments.what == "calls":
            kill_before_calls(bench, arguments.every)
        elif arguments.what == "errors":
            fail_calls(bench, arguments.every)
        elif arguments.what == "kills":
            interrupt(bench, count, [signal.SIGKILL], lambda kind: {-9})
        elif arguments.what == "long":
            long_history(bench, count)
        else:
            # Before the first step nothing is lost by giving up.
            interrupt(
                bench, count, [signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
                lambda kind: {128 + kind, -kind})
        print(f"{bench.tried} runs resumed to the end, {len(bench.failures)} failures")
        sys.exit(1 if bench.failures else 0)


if __name__ == "__main__":
    main()
