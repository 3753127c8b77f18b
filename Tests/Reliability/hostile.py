#!/usr/bin/env python3
"""Shows hostile models to `cnnctl predict`, weights to `cnnctl import`, and watches what it does.

A model that is not right must end the program with 65 and a message, and neither it nor a right one
may make it open anything but the model, the picture and what is listed below, run a program, or
connect to anything. The same holds of weights, of which those that are right are of no network.

    hostile.py CNNCTL MODEL IMAGE

MODEL is a right model file with weights of 32 bits. Needs strace. Ends with 1 if anything is not as
it should be.
"""

import argparse
import hashlib
import io
import json
import os
import pathlib
import pickle
import re
import struct
import subprocess
import sys
import tempfile
import zipfile

WATCHED = "open,openat,openat2,execve,execveat,connect,socket,fork,vfork,clone,clone3"
LIBRARY = r"[\w./+-]*\.so[.\d]*"
# What the loader reads before the program begins, and what the program asks the system of itself.
ALLOWED = (
    rf"/etc/ld\.so\.(cache|preload)|(/usr)?/lib(64)?/{LIBRARY}"
    r"|/proc/self/(cgroup|statm|maps)|/proc/meminfo|/sys/fs/cgroup/[\w./-]*"
    r"|/sys/devices/system/cpu/(possible|online)")


class Model:
    """A safetensors file taken apart."""

    def __init__(self, data):
        length = struct.unpack("<Q", data[:8])[0]
        self.header = json.loads(data[8:8 + length])
        self.data = data[8 + length:-32]

    def bytes(self):
        header = json.dumps(self.header, separators=(",", ":")).encode()
        return seal(header, self.data)

    @property
    def metadata(self):
        return self.header["__metadata__"]

    def first(self):
        return next(name for name in self.header if not name.startswith("__"))


def seal(header, data):
    """A file of this header and data with the digest that fits."""
    body = struct.pack("<Q", len(header)) + header + data
    return body + hashlib.sha256(body).digest()


def architecture(change):
    def apply(model):
        tree = json.loads(model.metadata["architecture"])
        change(tree)
        model.metadata["architecture"] = json.dumps(tree)
    return apply


def with_path(model):
    model.header[model.first()]["path"] = "/etc/passwd"


def climb(model):
    name = model.first()
    model.header = {("../../etc/passwd" if key == name else key): value
                    for key, value in model.header.items()}


def overflow(model):
    model.header[model.first()]["shape"] = [1 << 62, 1 << 62]


def not_finite(model):
    begin, _ = model.header[model.first()]["data_offsets"]
    model.data = model.data[:begin] + struct.pack("<f", float("nan")) + model.data[begin + 4:]


def metadata(key, value):
    return lambda model: model.metadata.update({key: value})


# Changed parts; length and digest are set right behind them.
PARTS = {
    "a lambda layer": architecture(lambda tree: tree["layers"].insert(
        0, {"kind": "lambda", "function": "os.system('touch /tmp/x')"})),
    "a layer with a path": architecture(lambda tree: tree["layers"][0].update(path="/etc/passwd")),
    "a description by URL": metadata("architecture", "https://localhost/architecture.json"),
    "65,536 depthwise channels": architecture(lambda tree: tree["layers"].__setitem__(
        slice(0, 0), [{"kind": "conv2D", "filters": 65536, "kernelSize": 1},
                      {"kind": "conv2D", "filters": 65536, "groups": 65536, "kernelSize": 64,
                       "padding": "same"}])),
    "groups that divide nothing": architecture(lambda tree: tree["layers"].insert(
        0, {"kind": "conv2D", "filters": 7, "groups": 2})),
    "a gate that squeezes to nothing": architecture(lambda tree: tree["layers"].insert(
        0, {"kind": "gate", "body": [{"kind": "globalAveragePool2D"},
                                     {"kind": "conv2D", "filters": 0, "kernelSize": 1},
                                     {"kind": "conv2D", "filters": 3, "kernelSize": 1}]})),
    "a huge layer": architecture(lambda tree: tree["layers"].insert(
        0, {"kind": "conv2D", "filters": 65536, "kernelSize": 64, "padding": "same"})),
    "blocks a thousand deep": metadata("architecture", '{"body":[' * 1000 + "]}" * 1000),
    "a key that nobody knows": metadata("code", "import os"),
    "another format": metadata("format_version", "2"),
    "a broken card": metadata("card", "[]"),
    "classes that steer terminals": metadata("classes", '["\\u001b[2J","a"]'),
    "classes that turn text around": metadata("classes", '["\\u202ea","b"]'),
    "a recipe that fills the screen": metadata("recipe", "recipe " * 40000),
    "a version of two lines": metadata("tool_version", "1\n2"),
    "external data": with_path,
    "a name that climbs": climb,
    "a shape that overflows": overflow,
    "a weight that is no number": not_finite,
}


def variants(data):
    """Names, bytes, and how the program must end."""
    yield "the model itself", data, 0
    for name, change in PARTS.items():
        model = Model(data)
        change(model)
        yield name, model.bytes(), 65
    header = json.dumps(Model(data).header).encode()
    twice = b'{"a":{},"a":{},' + header[1:]
    yield "a key twice", seal(twice, Model(data).data), 65
    yield "a pickle", b"\x80\x02cos\nsystem\n(S'touch /tmp/x'\ntR.", 65
    yield "a zip archive", b"PK\x03\x04" + data, 65
    yield "HDF5", b"\x89HDF\r\n\x1a\n" + data, 65
    yield "a script", b"#!/bin/sh\ntouch /tmp/x\n", 65
    yield "a header of petabytes", struct.pack("<Q", 1 << 50) + data[8:], 65
    yield "half of it", data[:len(data) // 2], 65
    yield "a flipped bit", data[:-40] + bytes([data[-40] ^ 1]) + data[-39:], 65
    yield "nothing", b"", 65


class Command:
    def __reduce__(self):
        return os.system, ("touch /tmp/x",)


def archive(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as out:
        for name, data in files.items():
            out.writestr(name, data)
    return content.getvalue()


def weights():
    """Names and bytes of files for `import`."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        command = pickle.dumps({"conv1.weight": Command()}, protocol)
        yield f"a command, protocol {protocol}", command
        yield f"the same in an archive of torch.save, {protocol}", archive(
            **{"net/data.pkl": command, "net/byteorder": b"little"})
        yield f"the same in a wheel, {protocol}", archive(**{"net/w.pth": command})
    yield "a path out of the archive", archive(**{"../../tmp/x.pth": command})
    torch = pathlib.Path(__file__).parent.parent / "InterchangeTests/Fixtures/torch"
    for file in sorted(torch.iterdir()):
        yield file.name, file.read_bytes()


def complaints(trace, allowed):
    """What the program did that it must not do; its own start is the first line."""
    for line in trace.read_text(errors="replace").splitlines()[1:]:
        match = re.match(r"\d+\s+(\w+)\((.*)", line)
        if not match:
            continue
        call, rest = match.groups()
        if call.startswith("open"):
            path = re.search(r'"([^"]*)"', rest)
            if not path or not re.fullmatch(allowed, path[1]):
                yield line
        elif not (call.startswith("clone") and "CLONE_THREAD" in rest):
            yield line


def examine(program, words, folder, data, expected):
    """Runs the program on one file, named after the words, and gives what is wrong."""
    model, trace = folder / "m.safetensors", folder / "trace"
    model.write_bytes(data)
    result = subprocess.run(
        ["strace", "-f", "-qq", "-s", "4096", "-e", "trace=" + WATCHED, "-e", "signal=none", "-o",
         str(trace), program, *words, str(model)],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={"PATH": os.environ["PATH"], "SWIFT_BACKTRACE": "enable=no"})
    own = re.escape(os.path.dirname(program)) + "/" + LIBRARY
    allowed = "|".join([ALLOWED, own, re.escape(str(model)), *map(re.escape, words)])
    found = list(complaints(trace, allowed))
    if result.returncode != expected:
        found.append(f"ended with {result.returncode}: {result.stderr}")
    lines = result.stderr.splitlines()
    if expected and not (1 <= len(lines) <= 4 and str(model) in lines[0] and not result.stdout):
        found.append(f"said {result.stdout}{result.stderr}")
    if not result.stderr.replace("\n", "").isprintable():
        found.append("said what cannot be printed")
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("image")
    arguments = parser.parse_args()
    program = os.path.realpath(arguments.program)
    image = os.path.realpath(arguments.image)
    data = pathlib.Path(arguments.model).read_bytes()
    tried = failures = 0
    with tempfile.TemporaryDirectory(prefix="cnnctl-hostile-") as folder:
        predict = ["predict", image, "--model"]
        shown = [(predict, *variant) for variant in variants(data)]
        shown += [(["import", "-o", "out"], *file, 65) for file in weights()]
        for words, name, variant, expected in shown:
            tried += 1
            found = examine(program, words, pathlib.Path(folder), variant, expected)
            for complaint in found:
                print(f"FAILED {name}: {complaint}", flush=True)
            failures += bool(found)
    print(f"{tried} files shown, {failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
