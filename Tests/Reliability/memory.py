#!/usr/bin/env python3
"""The memory that a run says it needs, against the most that it held.

    memory.py PROGRAM DATASET [LEAST MOST]

Trains configurations for a step or a few, some on drawn images of many classes or many files, reads
the estimate from the first event and the peak from the system, and fails where the estimate is not
LEAST to MOST percent above it (0 to 25), or by a few megabytes. Then predicts under falling limits of the address space:
every one is answered, or refused with 69, and none below one that was refused.
"""

import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import zlib

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
PLAIN = ["--no-plots"]
# What is also run with its charts, as all drawn images are.
CHARTED = ["seed", "quick", "default", "from the box, frozen"]


# Name, classes, training and test images a class, arguments; images have 8 pixels a side.
DRAWN = [
    ("300 classes", 300, 8, 2, ["--recipe", "seed", "--size", "16"]),
    ("800 classes", 800, 4, 1, ["--recipe", "seed", "--size", "16"]),
    ("20,000 files", 2, 9000, 1000, ["--recipe", "seed", "--size", "16", "--cache", "off"]),
    ("20,000 files, on the disk", 2, 9000, 1000,
     ["--recipe", "seed", "--size", "16", "--cache", "disk"]),
]

# Bytes that the estimate of a small run may be too high: what all runs take is rounded up.
SLACK = 35e6

# Kilobytes of addresses.
LIMITS = [400000, 300000, 250000, 200000, 150000, 125000, 100000, 80000, 60000, 40000]


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def draw(path, number, label):
    """A picture whose colour tells its class, and a few pixels its number."""
    rows = bytearray()
    for y in range(8):
        rows.append(0)
        for x in range(8):
            bit = number >> (y * 8 + x) % 24 & 1
            rows += bytes([label * 37 % 256, label * 91 % 256, 200 if bit else 40])
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
                   + chunk(b"IDAT", zlib.compress(bytes(rows), 1)) + chunk(b"IEND", b""))


def draw_dataset(folder, classes, training, test):
    for split, count, first in [("train", training, 0), ("test", test, 1 << 20)]:
        for label in range(classes):
            place = f"{folder}/{split}/class{label:04}"
            os.makedirs(place)
            for number in range(count):
                draw(f"{place}/{number}.png", first + number, label)


def limits(program, images):
    """How predict ends under each limit; the number of those that are wrong."""
    wrong = 0
    is_refused = False
    for limit in LIMITS:
        bound = limit * 1024
        done = subprocess.run(
            [program, "predict", "--model", "cats-dogs", "-r", images],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (bound, bound)),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        is_right = done.returncode == 69 or done.returncode == 0 and not is_refused
        is_refused = is_refused or done.returncode == 69
        wrong += not is_right
        print(f"predict within {limit / 1000:g} MB of addresses: exit code {done.returncode}"
              f"{'' if is_right else '  <- wrong'}", flush=True)
    return wrong


def run(program, dataset, share, arguments, folder):
    command = [program, "train", dataset, "--json", "--epochs", "3",
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
    kinds = [(name, None, share, arguments + PLAIN) for name, share, arguments in CONFIGURATIONS]
    kinds += [(name, shape, 1.0, arguments + PLAIN) for name, *shape, arguments in DRAWN]
    kinds += [(name + ", charts", None, share, arguments)
              for name, share, arguments in CONFIGURATIONS if name in CHARTED]
    kinds += [(name + ", charts", shape, 1.0, arguments) for name, *shape, arguments in DRAWN]
    for name, shape, share, arguments in kinds:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["XDG_CACHE_HOME"] = folder + "/cache"
            images = dataset
            if shape:
                images = folder + "/images"
                draw_dataset(images, *shape)
            estimate, peak = run(program, images, share, arguments, folder + "/run")
        above = 100 * (estimate / peak - 1)
        is_right = least <= above and (above <= most or estimate - peak < SLACK)
        failures += not is_right
        print(f"{name:30} estimate {estimate / 1e6:7.1f} MB, peak {peak / 1e6:7.1f} MB, "
              f"{above:+5.1f} %{'' if is_right else '  <- wrong'}", flush=True)
    print(f"{len(kinds) - failures} of {len(kinds)} "
          f"are {least:g} to {most:g} % above the peak")
    with tempfile.TemporaryDirectory() as folder:
        draw_dataset(folder, 2, 40, 1)
        failures += limits(program, folder)
    sys.exit(failures > 0)


main()
