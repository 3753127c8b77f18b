"""Exports a model for Core ML and checks it with the Python package coremltools.

usage: check_coreml.py CNNCTL MODEL PHOTOS [COUNT]  (needs numpy, pillow and coremltools)
CNNCTL is the program, PHOTOS a folder with photos below it, of which COUNT (20) are taken, evenly
spread. Core ML itself runs on Apple's systems alone: here its layers are computed in numpy by what
NeuralNetwork.proto says of them. Exit status 0 where coremltools takes the file and the probabilities
are cnnctl's within 1e-5.
"""
import json
import logging
import pathlib
import sys
import tempfile

import numpy as np
from PIL import Image

from answers import Checks, Program, photos

# On Linux the package says that it cannot run models, several times.
logging.disable(logging.WARNING)
import coremltools  # noqa: E402

program = Program(sys.argv[1], sys.argv[2])
files = photos(sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 20)
check = Checks()


def weights(parameters):
    if len(parameters.float16Value):
        return np.frombuffer(parameters.float16Value, np.float16).astype(np.float64)
    return np.array(parameters.floatValue, np.float64)


def padded(x, valid, value):
    amounts = [(e.startEdgeSize, e.endEdgeSize) for e in valid.paddingAmounts.borderAmounts]
    return np.pad(x, [(0, 0), (0, 0), *(amounts or [(0, 0), (0, 0)])], constant_values=value)


def windows(x, size, stride):
    view = np.lib.stride_tricks.sliding_window_view(x, tuple(size), axis=(2, 3))
    return view[:, :, ::stride[0], ::stride[1]]


def convolution(p, x):
    kernels = weights(p.weights).reshape(
        p.outputChannels, p.kernelChannels, p.kernelSize[0], p.kernelSize[1])
    check(list(p.dilationFactor) == [1, 1] and p.nGroups == 1, "groups or dilation")
    y = np.einsum("nchwij,ocij->nohw", windows(padded(x, p.valid, 0), p.kernelSize, p.stride),
                  kernels, optimize=True)
    return y + weights(p.bias)[:, None, None] if p.hasBias else y


def pooling(p, x):
    if p.globalPooling:
        return x.mean(axis=(2, 3), keepdims=True)
    area = windows(padded(x, p.valid, np.nan), p.kernelSize, p.stride)
    return np.nanmean(area, axis=(4, 5)) if p.type == 1 else np.nanmax(area, axis=(4, 5))


def activation(p, x):
    kind = p.WhichOneof("NonlinearityType")
    if kind == "linear":
        return p.linear.alpha * x + p.linear.beta
    check(kind == "ReLU", kind)
    return np.maximum(x, 0)


def inner_product(p, x):
    matrix = weights(p.weights).reshape(p.outputChannels, p.inputChannels)
    y = x.reshape(len(x), -1) @ matrix.T
    y = y + weights(p.bias) if p.hasBias else y
    return y.reshape(len(x), -1, 1, 1)


def batchnorm(p, x):
    gamma, beta, mean, variance = (
        weights(w)[:, None, None] for w in (p.gamma, p.beta, p.mean, p.variance))
    return gamma * (x - mean) / np.sqrt(variance + p.epsilon) + beta


def scale(p, x):
    check(list(p.shapeScale) == [3] and list(p.shapeBias) == [3], "the scale's shape")
    return x * weights(p.scale)[:, None, None] + weights(p.bias)[:, None, None]


def flatten(p, x):
    check(p.mode == 1, "the order of a flattened map")
    return x.transpose(0, 2, 3, 1).reshape(len(x), -1, 1, 1)


def softmax(p, x):
    powers = np.exp(x - x.max(axis=p.axis, keepdims=True))
    return powers / powers.sum(axis=p.axis, keepdims=True)


LAYERS = {
    "convolution": convolution, "pooling": pooling, "activation": activation,
    "innerProduct": inner_product, "batchnorm": batchnorm, "scale": scale, "flatten": flatten,
    "softmaxND": softmax,
    "addBroadcastable": lambda p, x, y: x + y,
    "reverse": lambda p, x: np.flip(x, [i for i, turned in enumerate(p.reverseDim) if turned]),
    "concatND": lambda p, x, y: np.concatenate([x, y], axis=p.axis),
    "flattenTo2D": lambda p, x: x.reshape(int(np.prod(x.shape[:p.axis])), -1),
    "reduceMean": lambda p, x: x.mean(axis=tuple(p.axes), keepdims=p.keepDims),
}


def run(spec, pixels):
    """The probabilities for one image, uint8 [rows, columns, 3]."""
    network = spec.neuralNetworkClassifier
    values = {"image": pixels.transpose(2, 0, 1)[None].astype(np.float64)}
    for layer in network.layers:
        kind = layer.WhichOneof("layer")
        inputs = [values[name] for name in layer.input]
        values[layer.output[0]] = LAYERS[kind](getattr(layer, kind), *inputs)
    return values[network.labelProbabilityLayerName][0]


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    for options in [[], ["--fold"]]:
        path = folder / ("-".join(["model", *options]) + ".mlmodel")
        program.export(path, "--format", "coreml", *options)
        spec = coremltools.utils.load_spec(str(path))
        coremltools.models.MLModel(spec, skip_model_load=True)
        check(spec.specificationVersion == 4, "specification version")
        facts = dict(spec.description.metadata.userDefined)
        classes = json.loads(facts["classes"])
        check(list(spec.neuralNetworkClassifier.stringClassLabels.vector) == classes, "classes")
        image = spec.description.input[0].type.imageType
        side = (image.width, image.height)
        small, pixels = [], []
        for index, file in enumerate(files):
            small.append(folder / f"small{index:03}.png")
            with Image.open(file) as picture:
                picture.convert("RGB").resize(side, Image.Resampling.BICUBIC).save(small[-1])
            pixels.append(np.asarray(Image.open(small[-1])))
        found = np.array([run(spec, picture) for picture in pixels])
        difference = np.abs(found - program.predict(small, classes)).max()
        print(f"coreml {' '.join(options)}: {len(files)} photos, largest difference {difference:.1e}")
        check(difference <= 1e-5, " ".join(["coreml", *options]))

for problem in check.problems:
    print(f"{program.model}: {problem} NOT as promised", file=sys.stderr)
sys.exit(1 if check.problems else 0)
