"""Reads a model with the Python package safetensors and checks what its file promises.

usage: check_safetensors.py MODEL.safetensors  (needs numpy and safetensors)
Exit status 0 where every tensor, the metadata and the digest are right, 1 otherwise.
"""
import hashlib
import json
import struct
import sys

import numpy as np
from safetensors import safe_open

KEYS = {"architecture", "classes", "dataset_fingerprint", "format_version", "preprocessing",
        "recipe", "temperature", "tool_version", "training_images", "tta"}

path = sys.argv[1]
data = open(path, "rb").read()
problems = []


def check(condition, problem):
    if not condition:
        problems.append(problem)


with safe_open(path, "np") as file:
    metadata = file.metadata()
    tensors = {name: file.get_tensor(name) for name in file.keys()}
check(set(metadata) == KEYS, f"metadata: {sorted(metadata)}")
check(len(json.loads(metadata["classes"])) >= 2, "classes")
json.loads(metadata["architecture"])
json.loads(metadata["preprocessing"])
check(0.01 <= float(metadata["temperature"]) <= 100, "temperature")
check(metadata["tta"] in ("none", "flip"), "tta")
digest = tensors.pop("__sha256__")
check(digest.tobytes() == hashlib.sha256(data[:-32]).digest() == data[-32:], "digest")
check(len(tensors) > 0, "no tensors")
for name, values in tensors.items():
    check(values.dtype == np.float32 and np.isfinite(values).all(), name)
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + length])
check(length % 8 == 0, "the header's length")
names = [name for name in header if not name.startswith("__")]
check(names == sorted(names, key=lambda name: name.encode()), "the order of names")

for problem in problems:
    print(f"{path}: {problem}", file=sys.stderr)
print(f"{path}: {len(tensors)} tensors, {sum(t.size for t in tensors.values())} numbers, "
      f"{'as promised' if not problems else 'NOT as promised'}")
sys.exit(1 if problems else 0)
