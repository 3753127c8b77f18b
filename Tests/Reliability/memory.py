#!/usr/bin/env python3
"""The memory that a run says it needs, against the most that it held.

    memory.py PROGRAM DATASET [LEAST MOST]

Trains twenty configurations for a step or a few, reads the estimate from the first event and the
peak from the system, and fails where the estimate is not LEAST to MOST percent above it (0 to 25).
"""

import json
import os
import subprocess
import sys
import tempfile

# Name, share of DATASET, arguments.
CONFIGURATIONS = [
    ("seed", 0.10, ["--recipe", "seed"]),
    ("seed, 128 px", 0.10, ["--recipe", "seed", "--size", "128"]),
    ("seed, batch 256", 0.20, ["--recipe", "seed", "-b", "256"]),
    ("seed-bn", 0.10, ["--recipe", "seed-bn"]),
    ("seed, pictures on the disk", 0.10, ["--recipe", "seed", "--cache", "disk"]),
    ("seed, pictures nowhere", 0.05, ["--recipe", "seed", "--cache", "off"]),
    ("seed, all pictures", 1.0, ["--recipe", "seed"]),
    ("vgg, 96 px", 0.05, ["--arch", "vgg", "--size", "96", "--start-size", "96"]),
    ("vgg, 64 px, SGD", 0.05,
     ["--arch", "vgg", "--size", "64", "--start-size", "64", "--train-size", "64",
      "--optimizer", "sgd", "--ema", "0"]),
    ("quick", 0.05, ["--recipe", "quick"]),
    ("quick, batch 128", 0.20, ["--recipe", "quick", "-b", "128"]),
    ("quick, AdamW", 0.05, ["--recipe", "quick", "--optimizer", "adamw"]),
    ("default", 0.05, []),
    ("default, no validation", 0.05, ["--val-split", "0"]),
    ("default, one thread", 0.05, ["--threads", "1"]),
    ("default, four threads", 0.05, ["--threads", "4"]),
    ("default, one size", 0.05, ["--size", "128", "--start-size", "128", "--train-size", "128"]),
    ("best", 0.02, ["--recipe", "best"]),
    ("from the box", 0.05, ["--from", "cats-dogs", "--size", "128"]),
    ("from the box, frozen", 0.05, ["--from", "cats-dogs", "--freeze", "backbone"]),
]


def run(program, dataset, share, arguments, folder):
    command = [program, "train", dataset, "--json", "--no-plots", "--epochs", "3",
               "--fraction", str(share), "--out", folder, *arguments]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        events = [json.loads(line) for line in output]
    if process.returncode:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    start = next(event for event in events if event["event"] == "start")
    return start["memory_bytes"], usage.ru_maxrss * 1024


def main():
    program, dataset = sys.argv[1:3]
    least, most = map(float, sys.argv[3:5] or (0, 25))
    failures = 0
    for name, share, arguments in CONFIGURATIONS:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["XDG_CACHE_HOME"] = folder + "/cache"
            estimate, peak = run(program, dataset, share, arguments, folder + "/run")
        above = 100 * (estimate / peak - 1)
        is_right = least <= above <= most
        failures += not is_right
        print(f"{name:30} estimate {estimate / 1e6:7.1f} MB, peak {peak / 1e6:7.1f} MB, "
              f"{above:+5.1f} %{'' if is_right else '  <- wrong'}", flush=True)
    print(f"{len(CONFIGURATIONS) - failures} of {len(CONFIGURATIONS)} "
          f"are {least:g} to {most:g} % above the peak")
    sys.exit(failures > 0)


main()
