"""Reads a run's model file with the Python package safetensors and checks what stands in it."""
import hashlib
import json
import pathlib
import sys

import numpy
from safetensors import safe_open

run = pathlib.Path(sys.argv[1])
path = run / "weights" / "best.safetensors"
with safe_open(path, framework="numpy") as file:
    tensors = {name: file.get_tensor(name) for name in file.keys()}
    metadata = file.metadata()

digest = tensors.pop("__sha256__")
assert digest.dtype == numpy.uint8 and digest.shape == (32,), "the digest has 32 bytes"
data = path.read_bytes()
assert hashlib.sha256(data[:-32]).digest() == digest.tobytes(), "the digest is that of the file"

assert tensors, "the file holds tensors"
for name, tensor in tensors.items():
    assert tensor.dtype == numpy.float32, f"{name} is float32"
    assert numpy.isfinite(tensor).all(), f"{name} is finite"

classes = (run / "classes.txt").read_text().split()
assert classes == ["cats", "dogs"], "the run knows its classes"
assert any("cats" in value and "dogs" in value for value in metadata.values()), "so does the model"

done = json.loads((run / "events.ndjson").read_text().splitlines()[-1])
assert done["event"] == "done", "the last event is done"
assert done["weights_sha256"] == hashlib.sha256(data).hexdigest(), "the run names the file's digest"
count = sum(tensor.size for tensor in tensors.values())
print(f"{len(tensors)} tensors, {count} numbers, metadata: {', '.join(sorted(metadata))}")
