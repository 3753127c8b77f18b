"""Writes Tests/InterchangeTests/Fixtures/resnet.golden with torchvision's resnet18 and resnet34.

usage: make_resnet_goldens.py FOLDER     (Tests/InterchangeTests/Fixtures; needs torch, torchvision)
Weights are a formula of tensor and place, so that the tests make the same ones and no file holds
them; so are images and directions. Everything is computed in float64 from values that float32 holds.
Stored for each network: logits of inference, and of a training step of softmax cross-entropy the
logits, the loss, and of every parameter the gradient's norm and its product with a direction.
VERSIONS-resnet says what it was made with. The format is that of make_goldens.py.

Shifts are about 2, so that few activations lie near zero: where rounding puts one on the other side,
a gradient changes by far more than by rounding, and PyTorch's own in float32 are 7e-3 from those in
float64 with shifts about 0.
"""
import os
import platform
import struct
import sys

import numpy as np
import torch
import torchvision

CLASSES, SIDE, BATCH = 7, 64, 3


def uniform(count, key):
    """Numbers from -1 to 1, multiples of 2^-23: SplitMix64 of (key, place)."""
    mask = np.uint64(0xFFFFFFFFFFFFFFFF)
    with np.errstate(over="ignore"):
        z = (np.arange(count, dtype=np.uint64) + np.uint64(key << 32)) & mask
        z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1))


def weights(model):
    """Every tensor by its name, keyed by its place among the sorted names."""
    state = model.state_dict()
    names = sorted(name for name in state if not name.endswith("num_batches_tracked"))
    for key, name in enumerate(names):
        shape = state[name].shape
        values = uniform(state[name].numel(), key + 1)
        if len(shape) > 1:
            fan = state[name][0].numel()
            values = values * np.float32(np.sqrt(6 / fan))
        elif name.endswith("running_var"):
            values = values * np.float32(0.25) + np.float32(1)
        elif name.endswith("weight"):
            values = values * np.float32(0.25) + np.float32(0.75)
        elif name.endswith("running_mean") or name == "fc.bias":
            values = values * np.float32(0.25)
        else:
            values = values * np.float32(0.25) + np.float32(2)
        assert values.dtype == np.float32
        state[name] = torch.from_numpy(values.astype(np.float64).reshape(shape))
    model.double().load_state_dict(state)
    return names


tensors = {}


def add(name, value):
    tensors[name] = np.ascontiguousarray(np.asarray(value), dtype="<f4")


for network in ("resnet18", "resnet34"):
    model = getattr(torchvision.models, network)(num_classes=CLASSES)
    names = weights(model)
    # In the project's order: rows, columns, channels.
    pixels = uniform(BATCH * SIDE * SIDE * 3, 1000).reshape(BATCH, SIDE, SIDE, 3) * np.float32(2)
    images = torch.from_numpy(pixels.astype(np.float64)).permute(0, 3, 1, 2)
    with torch.no_grad():
        add(f"{network}.inference", model.eval()(images).numpy())
    model.train()
    logits = model(images)
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([4, 0, 6]))
    loss.backward()
    add(f"{network}.logits", logits.detach().numpy())
    add(f"{network}.loss", [loss.item()])
    parameters = dict(model.named_parameters())
    figures = []
    for key, name in enumerate(names):
        if name in parameters:
            gradient = parameters[name].grad.numpy().reshape(-1)
            direction = uniform(gradient.size, 2000 + key).astype(np.float64)
            figures.append((name, np.linalg.norm(gradient), gradient @ direction))
    for name, norm, product in figures:
        add(f"{network}.gradient.{name}", [norm, product])

folder = sys.argv[1]
with open(os.path.join(folder, "resnet.golden"), "wb") as out:
    out.write(b"GOLDEN01" + struct.pack("<I", len(tensors)))
    for name, value in tensors.items():
        key = name.encode()
        out.write(struct.pack("<I", len(key)) + key + struct.pack("<I", value.ndim))
        out.write(struct.pack(f"<{value.ndim}I", *value.shape) + value.tobytes())
with open(os.path.join(folder, "VERSIONS-resnet"), "w") as out:
    out.write(f"python {platform.python_version()}\ntorch {torch.__version__}\n"
              f"torchvision {torchvision.__version__}\nnumpy {np.__version__}\n")
