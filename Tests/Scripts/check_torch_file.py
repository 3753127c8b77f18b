"""Compares weights by PyTorch's names with the model that they were exported from, without PyTorch.

usage: check_torch_file.py MODEL.safetensors WEIGHTS.safetensors NET.py   (needs numpy, safetensors)
Every tensor of the model must be in the weights once, its numbers in whatever order and its outputs
first, beside the counts of batches alone; the module must be Python. check_torch_names.py, which
needs PyTorch, says whether the order is right. Exit status 0 where all of it holds, 1 otherwise.
"""
import ast
import sys

import numpy as np
from safetensors import safe_open


def read(path):
    with safe_open(path, "np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}


model, weights = read(sys.argv[1]), read(sys.argv[2])
model.pop("__sha256__")
counts = [name for name in weights if name.endswith("num_batches_tracked")]
normalizations = [name for name in model if name.endswith("runningMean")]
problems = []
if len(counts) != len(normalizations) or any(weights.pop(name).shape != () for name in counts):
    problems.append(f"{len(counts)} counts of batches for {len(normalizations)} normalizations")


def key(tensor, outputs):
    # Adding a zero makes one of the two, which no sorting tells apart.
    return outputs, np.sort(tensor + np.float32(0), axis=None).tobytes()


own = sorted(key(tensor, tensor.shape[-1]) for tensor in model.values())
theirs = sorted(key(tensor, tensor.shape[0]) for tensor in weights.values())
if own != theirs:
    problems.append("the weights are not the model's")
names = {node.name for node in ast.parse(open(sys.argv[3]).read()).body
         if isinstance(node, ast.FunctionDef)}
if not {"network", "load", "prepare", "probabilities"} <= names:
    problems.append(f"the module has only {sorted(names)}")
for problem in problems:
    print(f"{sys.argv[2]}: {problem}", file=sys.stderr)
print(f"{sys.argv[2]}: {len(weights)} tensors, {'' if not problems else 'NOT '}the model's")
sys.exit(1 if problems else 0)
