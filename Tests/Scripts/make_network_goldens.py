"""Writes Tests/InterchangeTests/Fixtures/networks.golden and networks.txt: public networks' numbers.

usage: make_network_goldens.py FOLDER     (Tests/InterchangeTests/Fixtures; needs torch, torchvision,
timm, efficientnet-pytorch and efficientnet-lite-pytorch)
Weights, images and directions are formulas, those of make_resnet_goldens.py. networks.txt holds the
names and shapes of each network's tensors, a batch normalization's in one line with its channels;
networks.golden the logits of inference, and of a training step of softmax cross-entropy the loss and
the norms of the gradients of the first and the last layer's weights. Everything is computed in
float64. VERSIONS-networks says what it was made with.
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
from efficientnet_pytorch import EfficientNet as WholeEfficientNet

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


def unscaled(family, name):
    # Its padding is fixed for one size of image.
    model = family.from_name(name, num_classes=CLASSES, image_size=SIDE)
    model._dropout.p = 0
    model._global_params = model._global_params._replace(drop_connect_rate=0)
    return model


def torchvision_network(name, **more):
    return lambda: getattr(torchvision.models, name)(num_classes=CLASSES, **more)


def timm_network(name):
    return lambda: timm.create_model(name, num_classes=CLASSES)


# The network's makers and the names of their last layers.
NETWORKS = {
    "mobilenet_v2 torchvision": (torchvision_network("mobilenet_v2", dropout=0), "classifier.1"),
    "mobilenet_v2 timm": (timm_network("mobilenetv2_100"), "classifier"),
    "mobilenet_v3_small torchvision": (
        torchvision_network("mobilenet_v3_small", dropout=0), "classifier.3"),
    "mobilenet_v3_small timm": (timm_network("mobilenetv3_small_100"), "classifier"),
    "mobilenet_v3_large torchvision": (
        torchvision_network("mobilenet_v3_large", dropout=0), "classifier.3"),
    "mobilenet_v3_large timm": (timm_network("mobilenetv3_large_100"), "classifier"),
    "efficientnet_b0 torchvision": (
        torchvision_network("efficientnet_b0", dropout=0, stochastic_depth_prob=0), "classifier.1"),
    "efficientnet_b0 timm": (timm_network("efficientnet_b0"), "classifier"),
    "tf_efficientnet_b0 timm": (timm_network("tf_efficientnet_b0"), "classifier"),
    "tf_efficientnet_b0 efficientnet-pytorch": (
        lambda: unscaled(WholeEfficientNet, "efficientnet-b0"), "_fc"),
    "efficientnet_lite0 efficientnet-lite-pytorch": (
        lambda: unscaled(EfficientNet, "efficientnet-lite0"), "_fc"),
    "efficientnet_lite1 efficientnet-lite-pytorch": (
        lambda: unscaled(EfficientNet, "efficientnet-lite1"), "_fc"),
    "efficientnet_lite2 efficientnet-lite-pytorch": (
        lambda: unscaled(EfficientNet, "efficientnet-lite2"), "_fc"),
    "resnet50 torchvision": (torchvision_network("resnet50"), "fc"),
}

# timm's has the same names and shapes.
shapes = [{name: value.shape for name, value in make().state_dict().items()}
          for make in (NETWORKS["resnet50 torchvision"][0], timm_network("resnet50"))]
assert shapes[0] == shapes[1]

tensors, lines = {}, []
for network, (make, head) in NETWORKS.items():
    model = make()
    names = fill(model, head)
    state = model.state_dict()
    lines.append(network)
    for name, value in state.items():
        module, _, part = name.rpartition(".")
        if f"{module}.running_mean" not in state:
            lines.append(" ".join([name, *map(str, value.shape)]))
        elif part == "running_mean":
            lines.append(f"{module} normalization {value.numel()}")
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
    for name in [next(n for n, p in parameters.items() if p.ndim == 4), f"{head}.weight"]:
        tensors[f"{network}.gradient.{name}"] = [parameters[name].grad.norm().item()]
    print(f"{network}: logits {tensors[f'{network}.inference'].reshape(-1)[:3]}, "
          f"loss {loss.item():.4g}", flush=True)

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
              f"efficientnet-pytorch {importlib.metadata.version('efficientnet-pytorch')}\n"
              f"efficientnet-lite-pytorch {importlib.metadata.version('efficientnet-lite-pytorch')}\n"
              f"numpy {np.__version__}\n")
