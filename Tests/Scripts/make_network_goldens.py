"""Writes Tests/InterchangeTests/Fixtures/networks.golden and networks.txt: public networks' numbers.

usage: make_network_goldens.py FOLDER     (Tests/InterchangeTests/Fixtures; needs torch, torchvision,
timm and efficientnet-lite-pytorch)
Weights, images and directions are formulas, those of make_resnet_goldens.py. networks.txt holds the
names and shapes of each network's tensors; networks.golden the logits of inference, and of a training
step of softmax cross-entropy the loss, and of every parameter the gradient's norm and its product
with a direction. Everything is computed in float64. VERSIONS-networks says what it was made with.
"""
import importlib.metadata
import os
import platform
import struct
import sys

import numpy as np
import timm
import torch
import torchvision
from efficientnet_lite_pytorch import EfficientNet

CLASSES, SIDE, BATCH = 7, 64, 3


def uniform(count, key):
    """Numbers from -1 to 1, multiples of 2^-23: SplitMix64 of (key, place)."""
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(key << 32)
        z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1))


def fill(model, head):
    """Gives every tensor its numbers; the names in order."""
    state = model.state_dict()
    names = sorted(name for name in state if not name.endswith("num_batches_tracked"))
    for key, name in enumerate(names):
        values = uniform(state[name].numel(), key + 1)
        if state[name].ndim > 1:
            values = values * np.float32(np.sqrt(6 / state[name][0].numel()))
        elif name.endswith("running_var"):
            values = values * np.float32(0.25) + np.float32(1)
        elif name.endswith("weight"):
            values = values * np.float32(0.25) + np.float32(0.75)
        elif name.endswith("running_mean") or name == head + ".bias":
            values = values * np.float32(0.25)
        else:
            values = values * np.float32(0.25) + np.float32(2)
        state[name] = torch.from_numpy(values.astype(np.float64).reshape(state[name].shape))
    model.double().load_state_dict(state)
    return names


def lite(number):
    # Its padding is fixed for one size of image.
    model = EfficientNet.from_name(
        f"efficientnet-lite{number}", num_classes=CLASSES, image_size=SIDE)
    model._dropout.p = 0
    model._global_params = model._global_params._replace(drop_connect_rate=0)
    return model


NETWORKS = {
    "mobilenet_v2 torchvision": lambda: torchvision.models.mobilenet_v2(
        num_classes=CLASSES, dropout=0),
    "mobilenet_v2 timm": lambda: timm.create_model("mobilenetv2_100", num_classes=CLASSES),
    "efficientnet_lite0 efficientnet-lite-pytorch": lambda: lite(0),
    "efficientnet_lite1 efficientnet-lite-pytorch": lambda: lite(1),
    "efficientnet_lite2 efficientnet-lite-pytorch": lambda: lite(2),
}
HEADS = {"torchvision": "classifier.1", "timm": "classifier", "efficientnet-lite-pytorch": "_fc"}

tensors, lines = {}, []
for network, make in NETWORKS.items():
    model = make()
    names = fill(model, HEADS[network.split()[1]])
    lines.append(network)
    for name, value in model.state_dict().items():
        lines.append(" ".join([name, *map(str, value.shape)]))
    lines.append("")
    # In the project's order: rows, columns, channels.
    pixels = uniform(BATCH * SIDE * SIDE * 3, 1000).reshape(BATCH, SIDE, SIDE, 3) * np.float32(2)
    images = torch.from_numpy(pixels.astype(np.float64)).permute(0, 3, 1, 2)
    with torch.no_grad():
        tensors[f"{network}.inference"] = model.eval()(images).numpy()
    model.train()
    loss = torch.nn.functional.cross_entropy(model(images), torch.tensor([4, 0, 6]))
    loss.backward()
    tensors[f"{network}.loss"] = [loss.item()]
    parameters = dict(model.named_parameters())
    for key, name in enumerate(names):
        if name in parameters:
            gradient = parameters[name].grad.numpy().reshape(-1)
            direction = uniform(gradient.size, 2000 + key).astype(np.float64)
            tensors[f"{network}.gradient.{name}"] = [
                np.linalg.norm(gradient), gradient @ direction]

folder = sys.argv[1]
with open(os.path.join(folder, "networks.golden"), "wb") as out:
    out.write(b"GOLDEN01" + struct.pack("<I", len(tensors)))
    for name, value in tensors.items():
        value = np.ascontiguousarray(np.asarray(value), dtype="<f4")
        key = name.encode()
        out.write(struct.pack("<I", len(key)) + key + struct.pack("<I", value.ndim))
        out.write(struct.pack(f"<{value.ndim}I", *value.shape) + value.tobytes())
with open(os.path.join(folder, "networks.txt"), "w") as out:
    out.write("\n".join(lines))
with open(os.path.join(folder, "VERSIONS-networks"), "w") as out:
    out.write(f"python {platform.python_version()}\ntorch {torch.__version__}\n"
              f"torchvision {torchvision.__version__}\ntimm {timm.__version__}\n"
              f"efficientnet-lite-pytorch {importlib.metadata.version('efficientnet-lite-pytorch')}\n"
              f"numpy {np.__version__}\n")
