#!/usr/bin/env python3
"""Trains with several processes under MPI, kills them, cuts their network, and measures them.

    ranks.py CNNCTL DATASET same    1 process against 2 and 4: losses of the first steps; same bits twice
    ranks.py CNNCTL DATASET kills   [--count N] [--ranks N]  SIGKILL for one process at a random moment
    ranks.py CNNCTL DATASET errors  what is wrong on one process ends all with one message
    ranks.py CNNCTL DATASET hosts   two network namespaces; the link is cut; the run goes on
    ranks.py CNNCTL DATASET speed   [--rounds N] 2 processes of 1 thread against 1 of 2

Needs mpirun of Open MPI, or with --mpi mpich mpiexec of MPICH; `hosts` is for Open MPI and needs
root and iproute2, and a part of `errors` root. Ends with 1 if anything is not as it should be;
`speed` only tells.
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SETTINGS = "--batch-size 32 --no-plots -q --cache ram".split()
# Small steps: at a recipe's own rate roundings grow tenfold every few steps, as they do between two
# instruction sets.
SMALL = "--epochs 4 --optimizer adam --lr 0.00001 --schedule constant".split()
NETS = {
    "seed": "--arch seed --size 64".split() + SMALL,
    "seed-bn": "--arch seed-bn --size 64".split() + SMALL,
    "r18h": "--arch r18h --size 64 --start-size 64 --train-size 64".split() + SMALL,
}
KILLED = "--arch seed-bn --size 64 --epochs 10".split()


class Bench:
    def __init__(self, program, dataset, folder, mpi):
        self.program, self.dataset = os.path.realpath(program), os.path.abspath(dataset)
        self.mpi = mpi
        self.folder = pathlib.Path(folder)
        self.environment = dict(
            os.environ, HOME=str(self.folder), XDG_CACHE_HOME="", SWIFT_BACKTRACE="enable=no",
            OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        self.failures = 0

    def fail(self, text):
        self.failures += 1
        print(f"FAILED {text}", flush=True)

    def launcher(self, ranks):
        if ranks == 1:
            return []
        words = {"openmpi": ["mpirun", "--oversubscribe"], "mpich": ["mpiexec.mpich"]}[self.mpi]
        return words + ["-n", str(ranks)]

    def train(self, ranks, words, **options):
        return subprocess.run(
            self.launcher(ranks) + [self.program, "train"] + words, env=self.environment,
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def outcome(self, run):
        lines = (run / "metrics.csv").read_text().splitlines()
        rows = [",".join(line.split(",")[:-2]) for line in lines]
        return rows + [
            hashlib.sha256((run / "weights" / name).read_bytes()).hexdigest()
            for name in ("best.safetensors", "last.safetensors")]

    def events(self, run, kind):
        lines = [json.loads(line) for line in (run / "events.ndjson").read_text().splitlines()]
        return [line for line in lines if line["event"] == kind]

    # The figures of one process.

    def same(self):
        for net, words in NETS.items():
            runs = {}
            for name, ranks in (("1", 1), ("2", 2), ("4", 4), ("2 again", 2), ("4 again", 4)):
                run = self.folder / f"{net} {name}".replace(" ", "-")
                result = self.train(
                    ranks, [self.dataset] + SETTINGS + words + ["--out", str(run)])
                if result.returncode != 0:
                    self.fail(f"{net} on {name}: {result.stderr}")
                    return
                runs[name] = run
            for name in ("2", "4"):
                if self.outcome(runs[name]) != self.outcome(runs[name + " again"]):
                    self.fail(f"{net} on {name} processes: two runs differ")
            def losses(name):
                # Of the first steps, and means of epochs.
                return [event["loss"] for kind in ("digest", "epoch")
                        for event in self.events(runs[name], kind)]

            alone = losses("1")
            steps = sum(
                event["steps_per_epoch"] * event["epochs"]
                for event in self.events(runs["1"], "start"))
            for name in ("2", "4"):
                worst = max(abs(a - b) / abs(b) for a, b in zip(losses(name), alone))
                accuracy = [
                    json.loads((runs[n] / "test/report.json").read_text())["accuracy"]
                    for n in ("1", name)]
                print(
                    f"{net}, {name} processes: losses over {steps} steps within {worst:.1e}, test accuracy {accuracy[1]:.4f}, of one process "
                    f"{accuracy[0]:.4f}", flush=True)
                if worst > 1e-4:
                    self.fail(f"{net} on {name} processes: losses differ by {worst:.1e}")

    # Processes that die.

    def processes(self, launcher):
        """The training processes that a launcher has started, itself or by others."""
        found = []
        for word in subprocess.run(
                ["pgrep", "-P", str(launcher)], stdout=subprocess.PIPE, text=True).stdout.split():
            try:
                if os.readlink(f"/proc/{word}/exe") == self.program:
                    found.append(int(word))
            except OSError:
                pass  # It has ended meanwhile.
            found += self.processes(word)
        return found

    def kills(self, count, ranks):
        whole = self.folder / "whole"
        begin = [self.dataset] + SETTINGS + KILLED
        start = time.monotonic()
        result = self.train(ranks, begin + ["--out", str(whole)])
        if result.returncode != 0:
            sys.exit(f"the run that nobody touches failed: {result.stderr}")
        seconds, expected = time.monotonic() - start, self.outcome(whole)
        draw = random.Random(7)
        done = 0
        while done < count:
            run = self.folder / "killed"
            shutil.rmtree(run, ignore_errors=True)
            for attempt in range(8):
                words = (
                    [f"--resume={run}", "--no-plots", "-q"] if (run / "config.json").exists()
                    else begin + ["--out", str(run)])
                process = subprocess.Popen(
                    self.launcher(ranks) + [self.program, "train"] + words, cwd=self.folder,
                    env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                    text=True)
                if attempt < 3 and done < count:
                    time.sleep(draw.uniform(0.3, 1) * seconds)
                    processes = self.processes(process.pid)
                    if processes:
                        try:
                            os.kill(draw.choice(processes), signal.SIGKILL)
                            done += 1
                        except ProcessLookupError:
                            pass
                try:
                    error = process.communicate(timeout=120)[1]
                except subprocess.TimeoutExpired:
                    process.kill()
                    self.fail("a killed process has not ended the others within 120 s")
                    return
                if process.returncode == 0:
                    break
            if process.returncode != 0:
                self.fail(f"cannot be resumed ({process.returncode}): {error}")
            elif self.outcome(run) != expected:
                self.fail("other weights or metrics")
        print(f"{done} of {ranks} processes at a time killed, {self.failures} failures", flush=True)

    # One message.

    def refused(self, what, code, words, program=None, meanwhile=lambda: None):
        """Starts two processes that are to end with `code` and one error."""
        start = time.monotonic()
        process = subprocess.Popen(
            self.launcher(2) + [program or self.program, "train"] + SETTINGS + words,
            cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        meanwhile()
        try:
            said = process.communicate(timeout=120)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            self.fail(f"{what}: not ended within 120 s")
            return
        errors = [line for line in said.splitlines() if line.startswith("error:")]
        seconds = time.monotonic() - start
        print(f"{what}: {process.returncode}, {errors}, {seconds:.1f} s", flush=True)
        if process.returncode != code or len(errors) != 1:
            self.fail(f"{what}: {process.returncode} for {code}: {said}")

    def errors(self):
        copy = self.folder / "copy"
        shutil.copytree(self.dataset, copy)
        photos = sorted(copy.glob("training_set/*/*.jpg"))
        without, damaged = self.folder / "without", self.folder / "damaged"
        for other in (without, damaged):
            shutil.copytree(copy, other)
        (without / photos[0].relative_to(copy)).unlink()
        for photo in photos:
            other = damaged / photo.relative_to(copy)
            other.write_bytes(bytes(other.stat().st_size))
        # The second process sees another folder under the same name.
        script = self.folder / "differing"
        script.write_text(
            "#!/bin/sh\n"
            f'cd "{self.folder}/${{OMPI_COMM_WORLD_RANK-$PMI_RANK}}" && exec "{self.program}" "$@"\n')
        script.chmod(0o755)
        for rank in (0, 1):
            (self.folder / str(rank)).mkdir()
        link = self.folder / "1/photos"
        (self.folder / "0/photos").symlink_to(copy)
        run = self.folder / "refused"
        train = ["photos"] + NETS["seed"] + ["--out", str(run)]
        for what, other in (("a photo less on one", without), ("other bytes on one", damaged)):
            link.unlink(missing_ok=True)
            link.symlink_to(other)
            self.refused(what, 65, train, str(script))
            shutil.rmtree(run, ignore_errors=True)
        self.refused("no dataset at all", 66, train)

        def begun(then):
            def wait():
                end = time.monotonic() + 60
                while time.monotonic() < end:
                    try:
                        if self.events(run, "epoch"):
                            break
                    except (OSError, ValueError):
                        pass  # Not there yet, or half a line of it.
                    time.sleep(0.01)
                then()
            return wait

        long = NETS["seed"] + ["--epochs", "200", "--cache", "off"]
        self.refused(
            "photos that vanish", 74, [str(copy)] + long + ["--out", str(run)],
            meanwhile=begun(lambda: shutil.rmtree(copy / "training_set")))
        if os.geteuid() != 0:
            print("a full disk: not tried, needs root")
            return
        shutil.rmtree(run, ignore_errors=True)
        disk = self.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90m", "cnnctl", str(disk)], check=True)
        try:
            run = disk / "run"

            def fill():
                try:
                    with open(disk / "fill", "wb", buffering=0) as file:
                        while file.write(bytes(1 << 20)):
                            pass
                except OSError:
                    pass

            words = [self.dataset] + NETS["seed"] + ["--epochs", "60"]
            self.refused("a full disk", 74, words + ["--out", str(run)], meanwhile=begun(fill))
            (disk / "fill").unlink()
            whole = self.folder / "roomy"
            for more in ([f"--resume={run}", "--no-plots", "-q"],
                         words + SETTINGS + ["--out", str(whole)]):
                result = self.train(2, more)
                if result.returncode != 0:
                    self.fail(f"a full disk: {result.stderr}")
                    return
            if self.outcome(run) != self.outcome(whole):
                self.fail("a full disk: resumed to other weights or metrics")
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    # Two hosts.

    def hosts(self):
        names = ["cnnctl-h1", "cnnctl-h2"]

        def ip(*words, check=True):
            subprocess.run(["ip", *words], check=check, stderr=subprocess.DEVNULL)

        def take_down():
            for name in names:
                ip("netns", "del", name, check=False)

        take_down()
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", "cnnctl1", "netns", names[0], "type", "veth", "peer", "name", "cnnctl2",
           "netns", names[1])
        for place, name in enumerate(names, 1):
            (self.folder / name).mkdir(exist_ok=True)
            ip("-n", name, "addr", "add", f"10.77.0.{place}/24", "dev", f"cnnctl{place}")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", f"cnnctl{place}", "up")
        agent = self.folder / "agent"
        agent.write_text(
            "#!/bin/sh\n"
            "# In place of ssh: enters the namespace that has the address.\n"
            'while [ "${1#-}" != "$1" ]; do shift; done\n'
            f'name=cnnctl-h${{1##*.}}; shift; export TMPDIR="{self.folder}/$name"\n'
            'exec ip netns exec $name unshare --uts sh -c "hostname $name; $*"\n')
        agent.chmod(0o755)
        mpi = (
            "mpirun --host 10.77.0.1:1,10.77.0.2:1 -np 2 --mca btl tcp,self "
            "--mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 "
            "--mca oob_tcp_keepalive_time 10 --mca oob_tcp_keepalive_intvl 5 "
            "--mca oob_tcp_keepalive_probes 2 --mca plm_rsh_agent").split() + [str(agent)]
        enter = ["ip", "netns", "exec", names[0], "unshare", "--uts", "sh", "-c",
                 f'hostname {names[0]}; exec "$@"', "sh"]
        environment = dict(self.environment, TMPDIR=str(self.folder / names[0]))

        def start(words):
            return subprocess.Popen(
                enter + mpi + [self.program, "train"] + words, cwd=self.folder, env=environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

        try:
            begin = [self.dataset] + SETTINGS + KILLED
            whole, cut = self.folder / "hosts", self.folder / "cut"
            began = time.monotonic()
            process = start(begin + ["--out", str(whole)])
            error = process.communicate()[1]
            if process.returncode != 0:
                self.fail(f"two hosts: {error}")
                return
            seconds = time.monotonic() - began
            process = start(begin + ["--out", str(cut)])
            time.sleep(0.7 * seconds)
            ip("-n", names[1], "link", "set", "cnnctl2", "down")
            began = time.monotonic()
            try:
                process.communicate(timeout=60)
                print(f"link cut: ended with {process.returncode} after "
                      f"{time.monotonic() - began:.0f} s", flush=True)
                if process.returncode == 0:
                    self.fail("the run did not notice that the link is cut")
            except subprocess.TimeoutExpired:
                process.kill()
                self.fail("link cut: not ended within 60 s")
            while subprocess.run(["pgrep", "-f", f"train.*{cut}"], stdout=subprocess.DEVNULL
                                 ).returncode == 0:
                if time.monotonic() - began > 60:
                    self.fail("link cut: a process is there after 60 s")
                    break
                time.sleep(1)
            ip("-n", names[1], "link", "set", "cnnctl2", "up")
            words = (
                [f"--resume={cut}", "--no-plots", "-q"] if (cut / "config.json").exists()
                else begin + ["--out", str(cut)])
            process = start(words)
            error = process.communicate()[1]
            if process.returncode != 0:
                self.fail(f"link cut: cannot be resumed: {error}")
            elif self.outcome(cut) != self.outcome(whole):
                self.fail("link cut: other weights or metrics")
            else:
                print("link cut: resumed to the bytes of the unbroken run", flush=True)
        finally:
            take_down()

    # How fast.

    def speed(self, rounds):
        # A process decodes an image when it is first dealt it, which is over after some epochs.
        jobs = {
            "r18h at 128 px, batch 32":
                "--arch r18h --size 128 --start-size 128 --train-size 128 --epochs 4 --val-split 0",
            "seed at 64 px, batch 32": "--recipe seed --epochs 8",
        }
        for what, words in jobs.items():
            ratios = []
            for number in range(rounds):
                rates = {}
                for ranks in (1, 2):
                    run = self.folder / "speed"
                    shutil.rmtree(run, ignore_errors=True)
                    result = self.train(
                        ranks, [self.dataset] + SETTINGS + words.split()
                        + f"--threads {2 // ranks} --out {run}".split())
                    if result.returncode != 0:
                        sys.exit(result.stderr)
                    epochs = self.events(run, "epoch")
                    rates[ranks] = max(epoch["images_per_second"] for epoch in epochs)
                ratios.append(rates[2] / rates[1])
                print(
                    f"{what}: 1 process of 2 threads {rates[1]:.0f} images/s, 2 of 1 thread "
                    f"{rates[2]:.0f}, {ratios[-1]:.2f} times", flush=True)
            print(f"{what}: {min(ratios):.2f} to {max(ratios):.2f} times", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("dataset")
    parser.add_argument("what", choices=["same", "kills", "errors", "hosts", "speed"])
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mpi", choices=["openmpi", "mpich"], default="openmpi")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cnnctl-ranks-") as folder:
        bench = Bench(options.program, options.dataset, folder, options.mpi)
        if options.what == "kills":
            bench.kills(options.count, options.ranks)
        elif options.what == "speed":
            bench.speed(options.rounds)
        else:
            getattr(bench, options.what)()
        sys.exit(1 if bench.failures else 0)


if __name__ == "__main__":
    main()
