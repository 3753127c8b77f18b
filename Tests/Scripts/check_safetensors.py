"""Reads a model with the Python package safetensors and checks what its file promises.

usage: check_safetensors.py MODEL.safetensors [ORIGINAL.safetensors]  (needs numpy and safetensors)
With the ORIGINAL that MODEL was exported from, every weight must be that one's, rounded as MODEL's
types say. Exit status 0 where every tensor, the metadata and the digest are right, 1 otherwise.
"""
import hashlib
import json
import struct
import sys

import numpy as np
from safetensors import safe_open

OPTIONAL = {"card"}
CARD = {"description", "data", "test_data", "test_images", "accuracy", "accuracy_low",
        "accuracy_high", "accuracy_plain", "limits", "licence"}
KEYS = {"architecture", "classes", "dataset_fingerprint", "format_version", "preprocessing",
        "recipe", "temperature", "tool_version", "training_images", "tta"}

path = sys.argv[1]
data = open(path, "rb").read()
problems = []


def check(condition, problem):
    if not condition:
        problems.append(problem)


def read(path):
    with safe_open(path, "np") as file:
        return file.metadata(), {name: file.get_tensor(name) for name in file.keys()}


def floats(tensors):
    """The tensors as numbers: bytes times their channel's factor."""
    values = {}
    for name, tensor in tensors.items():
        if tensor.dtype == np.int8:
            values[name] = tensor.astype(np.float32) * tensors[name + ".scale"]
        elif tensors.get(name.removesuffix(".scale"), tensor).dtype != np.int8:
            values[name] = tensor.astype(np.float32)
    return values


metadata, tensors = read(path)
check(set(metadata) - OPTIONAL == KEYS, f"metadata: {sorted(metadata)}")
check(len(json.loads(metadata["classes"])) >= 2, "classes")
json.loads(metadata["architecture"])
json.loads(metadata["preprocessing"])
check(set(json.loads(metadata.get("card", "{}"))) <= CARD, "card")
check(0.01 <= float(metadata["temperature"]) <= 100, "temperature")
check(metadata["tta"] in ("none", "flip"), "tta")
digest = tensors.pop("__sha256__")
check(digest.tobytes() == hashlib.sha256(data[:-32]).digest() == data[-32:], "digest")
known = tensors.pop("__training_images__", None)
if known is not None:
    rows = [row.tobytes() for row in known]
    check(known.dtype == np.uint8 and known.shape[1:] == (8,), "digests of training images")
    check(rows == sorted(set(rows)), "digests of training images are not sorted")
check(len(tensors) > 0, "no tensors")
for name, values in tensors.items():
    check(values.dtype in (np.float32, np.float16, np.int8) and np.isfinite(values).all(), name)
    check(values.dtype == np.float32 or values.ndim > 1, f"{name}: {values.dtype} {values.shape}")
    if values.dtype == np.int8:
        scale = tensors.get(name + ".scale")
        check(scale is not None and scale.dtype == np.float32
              and scale.shape == values.shape[-1:] and (scale > 0).all(), f"{name}.scale")
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + length])
check(length % 8 == 0, "the header's length")
names = [name for name in header if not name.startswith("__")]
check(names == sorted(names, key=lambda name: (-tensors[name].itemsize, name.encode())),
      "the order of names")

if len(sys.argv) > 2:
    _, original = read(sys.argv[2])
    original.pop("__sha256__")
    original.pop("__training_images__", None)
    found = floats(tensors)
    check(found.keys() == original.keys(), "other tensors than the original's")
    for name in found.keys() & original.keys():
        exact = original[name]
        if tensors[name].dtype == np.int8:
            half = tensors[name + ".scale"] / 2
            right = (np.abs(found[name] - exact) <= half * (1 + 1e-5)).all()
        else:
            right = (found[name] == exact.astype(tensors[name].dtype)).all()
        check(right, f"{name} is not the original's")

for problem in problems:
    print(f"{path}: {problem}", file=sys.stderr)
print(f"{path}: {len(tensors)} tensors, {sum(t.size for t in tensors.values())} numbers, "
      f"{'as promised' if not problems else 'NOT as promised'}")
sys.exit(1 if problems else 0)
