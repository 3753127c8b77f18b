"""Answers images with PyTorch and compares with what cnnctl answered, image by image.

The model file is read with the package safetensors, its network is built from the architecture in
its metadata, pictures are decoded and resized by Pillow: nothing but the file is shared with cnnctl.

usage: compare_with_torch.py MODEL ANSWERS... [--tta none|flip] [--tolerance X] [--limit N]
       compare_with_torch.py MODEL --decode-fully COPY

ANSWERS: test/predictions.csv of a run or of `cnnctl evaluate --out`, or the lines of
`cnnctl predict --format ndjson`. --tta: as the answers were given; without it as the model says.
--tolerance: the greatest difference of a probability (1e-3). --decode-fully writes a copy of the
model that reads JPEGs at full size, to tell what decoding them smaller changes.
Needs numpy, pillow, safetensors, torch. Exit status 0 where all labels and probabilities agree.
"""
import argparse
import csv
import hashlib
import json
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from safetensors import safe_open

# Everything is computed in double precision: the differences are those of cnnctl's arithmetic.
REAL = torch.float64


class Model:
    """A model file: metadata and tensors, those stored in 16 or 8 bits widened."""

    def __init__(self, path):
        with safe_open(path, "np") as file:
            self.metadata = file.metadata()
            stored = {name: file.get_tensor(name) for name in file.keys()}
        self.tensors = {}
        for name, values in stored.items():
            if name == "__sha256__" or name.endswith(".scale") and name[:-6] in stored:
                continue
            values = values.astype(np.float64)
            # An 8-bit tensor has a factor for each index of its last dimension, or one for all.
            if stored[name].dtype == np.int8:
                values = values * stored[name + ".scale"].astype(np.float64)
            self.tensors[name] = torch.from_numpy(values)
        self.layers = json.loads(self.metadata["architecture"])["layers"]
        self.classes = json.loads(self.metadata["classes"])
        self.images = json.loads(self.metadata["preprocessing"])
        self.temperature = float(self.metadata.get("temperature", 1))
        self.tta = self.metadata.get("tta", "none")

    def logits(self, x):
        """x: images x channels x rows x columns."""
        return self.run(self.layers, "layers", x)

    def run(self, layers, path, x):
        for index, layer in enumerate(layers):
            x = getattr(self, layer["kind"])(layer, f"{path}.{index}", x)
        return x

    def conv2D(self, layer, path, x):
        size, stride = layer.get("kernelSize", 3), layer.get("stride", 1)
        x = F.pad(x, padding(layer, x, size, stride))
        filters = self.tensors[path + ".filters"].permute(3, 2, 0, 1)
        return F.conv2d(
            x, filters, self.tensors.get(path + ".bias"), stride, groups=layer.get("groups", 1))

    def batchNorm(self, layer, path, x):
        t = self.tensors
        return F.batch_norm(
            x, t[path + ".runningMean"], t[path + ".runningVariance"], t[path + ".scale"],
            t[path + ".shift"], eps=layer.get("epsilon", 1e-5))

    def relu(self, layer, path, x):
        return F.relu(x)

    def activation(self, layer, path, x):
        return {"relu6": F.relu6, "silu": F.silu, "hardSwish": F.hardswish,
                "hardSigmoid": F.hardsigmoid, "sigmoid": torch.sigmoid}[layer["function"]](x)

    def gate(self, layer, path, x):
        # The body ends in 1x1 maps: the average keeps them.
        return x * self.run(layer["body"], path + ".body", x).reshape(*x.shape[:2], 1, 1)

    def maxPool2D(self, layer, path, x):
        size, stride = pool(layer)
        # Places around the map never win.
        x = F.pad(x, padding(layer, x, size, stride), value=-torch.inf)
        return F.max_pool2d(x, size, stride)

    def averagePool2D(self, layer, path, x):
        size, stride = pool(layer)
        around = padding(layer, x, size, stride)
        # The mean is over the places inside the map alone.
        inside = F.avg_pool2d(F.pad(torch.ones_like(x[:1, :1]), around), size, stride)
        return F.avg_pool2d(F.pad(x, around), size, stride) / inside

    def globalAveragePool2D(self, layer, path, x):
        return x.mean((2, 3), keepdim=True)

    def residual(self, layer, path, x):
        body = self.run(layer["body"], path + ".body", x)
        total = body + self.run(layer.get("shortcut", []), path + ".shortcut", x)
        return F.relu(total) if layer.get("rectifies", True) else total

    def dropout(self, layer, path, x):
        return x

    def flatten(self, layer, path, x):
        # Memory order is row, column, channel.
        return x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x

    def dense(self, layer, path, x):
        x = self.flatten(layer, path, x) @ self.tensors[path + ".weights"]
        bias = self.tensors.get(path + ".bias")
        return x if bias is None else x + bias

    def tensor(self, path):
        """The network's input for an image file."""
        p = self.images
        with Image.open(path) as image:
            if p["exif"] == "apply":
                image = ImageOps.exif_transpose(image)
            image = image.convert("RGB")
        filters = {"nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR,
                   "bicubic": Image.Resampling.BICUBIC, "area": Image.Resampling.BOX}
        size, kind = (p["width"], p["height"]), filters[p["filter"]]
        if p["resize"] == "crop":
            share = p.get("cropShare", 1)
            if share == 1:
                image = ImageOps.fit(image, size, kind)
            else:
                # torchvision's Resize and CenterCrop: the longer side is rounded down.
                side, (width, height) = round(size[0] / share), image.size
                short = min(width, height)
                image = image.resize(
                    tuple(side if length == short else side * length // short
                          for length in image.size), kind)
                left, top = (round((whole - part) / 2) for whole, part in zip(image.size, size))
                image = image.crop((left, top, left + size[0], top + size[1]))
        elif p["resize"] == "pad":
            image = ImageOps.pad(image, size, kind)
        else:
            image = image.resize(size, kind)
        pixels = torch.from_numpy(np.array(image)).to(REAL)
        values = (pixels - torch.tensor(p["mean"], dtype=REAL)) / torch.tensor(
            p["deviation"], dtype=REAL)
        return values.permute(2, 0, 1)

    def probabilities(self, paths, tta):
        x = torch.stack([self.tensor(path) for path in paths])
        logits = self.logits(x)
        if tta == "flip":
            logits = (logits + self.logits(x.flip(3))) / 2
        logits = logits / self.temperature
        if logits.shape[1] == 1:
            logits = torch.cat([torch.zeros_like(logits), logits], 1)
        return torch.softmax(logits, 1).numpy()

    def shrink(self, path):
        """The divisor at which cnnctl decodes an image file; Pillow's `draft` is not used."""
        margin, p = self.images.get("shrinkMargin", 0), self.images
        with Image.open(path) as image:
            if image.format != "JPEG" or margin == 0 or p["filter"] == "nearest":
                return 1
            turned = p["exif"] == "apply" and image.getexif().get(0x112, 1) >= 5
            width, height = image.size[::-1] if turned else image.size
        scales = (width / p["width"], height / p["height"])
        # Cropped or padded, both sides have one scale.
        scale = max(scales) if p["resize"] == "pad" else min(scales)
        return next((d for d in (8, 4, 2) if scale >= margin * d), 1)


def pool(layer):
    size = layer.get("size", 2)
    return size, layer.get("stride", size)


def padding(layer, x, size, stride):
    """Places (left, right, above, below) around a map."""
    kind = layer.get("padding", "valid")
    if kind == "valid":
        return (0, 0, 0, 0)
    if kind != "same":
        return (kind,) * 4
    around = []
    for length in (x.shape[3], x.shape[2]):
        # As many windows as the stride steps over the map; an odd place more is behind.
        total = max(0, ((length - 1) // stride) * stride + size - length)
        around += [total // 2, total - total // 2]
    return tuple(around)


def answers(path):
    """Path, label and class probabilities (by name, those that the file has) of each image."""
    with open(path, newline="") as file:
        if path.endswith(".csv"):
            for row in csv.DictReader(file):
                shares = {name[2:]: float(p) for name, p in row.items() if name.startswith("p_")}
                shares.setdefault(row["pred"], float(row["probability"]))
                assert shares[row["pred"]] == float(row["probability"]), row["path"]
                yield row["path"], row["pred"], shares
            return
        for line in file:
            answer = json.loads(line)
            if answer["error"] is None:
                shares = {top["label"]: top["probability"] for top in answer["top"]}
                assert shares[answer["label"]] == answer["probability"], answer["path"]
                yield answer["path"], answer["label"], shares


def compare(model, path, tta, tolerance, limit):
    rows = list(answers(path))[:limit]
    differences, flips, shrunk = [], [], 0
    for start in range(0, len(rows), 20):
        part = rows[start:start + 20]
        for row, shares in zip(part, model.probabilities([row[0] for row in part], tta)):
            own = dict(zip(model.classes, shares))
            label = model.classes[int(shares.argmax())]
            difference = max(abs(own[name] - value) for name, value in row[2].items())
            shrink = model.shrink(row[0])
            shrunk += shrink > 1
            differences.append(difference)
            if label != row[1]:
                flips.append((row[0], row[1], label, own[row[1]], row[2][row[1]], shrink))
    if not differences:
        print(f"{path}: no answers")
        return False
    print(f"{path}: {len(rows)} images (tta {tta}, temperature {model.temperature}, {shrunk} "
          f"decoded smaller): probabilities differ by at most {max(differences):.3g}, "
          f"{np.mean(differences):.3g} on average; {len(flips)} labels differ")
    for name, label, other, own, found, shrink in flips:
        print(f"  {name}: cnnctl {label} {found:.4f}, torch {other} {1 - own:.4f} (at 1/{shrink})")
    return not flips and max(differences) <= tolerance


def write_fully_decoding(path, copy):
    """The same model with a margin of 0 in its preprocessing, and the digest that fits."""
    data = open(path, "rb").read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    images = json.loads(header["__metadata__"]["preprocessing"])
    images["shrinkMargin"] = 0
    header["__metadata__"]["preprocessing"] = json.dumps(images, separators=(",", ":"))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    body = struct.pack("<Q", len(text)) + text + data[8 + length:-32]
    with open(copy, "wb") as file:
        file.write(body + hashlib.sha256(body).digest())


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model")
parser.add_argument("answers", nargs="*")
parser.add_argument("--tta", choices=["none", "flip"])
parser.add_argument("--tolerance", type=float, default=1e-3)
parser.add_argument("--limit", type=int)
parser.add_argument("--decode-fully", metavar="COPY")
arguments = parser.parse_args()
if arguments.decode_fully:
    write_fully_decoding(arguments.model, arguments.decode_fully)
    sys.exit(0)
if not arguments.answers:
    parser.error("ANSWERS are missing")
model = Model(arguments.model)
agree = [compare(model, path, arguments.tta or model.tta, arguments.tolerance, arguments.limit)
         for path in arguments.answers]
sys.exit(0 if all(agree) else 1)
