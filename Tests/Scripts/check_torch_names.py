"""Compares a model's answers in PyTorch, by the module that `export --names torch` prints, with its own.

usage: check_torch_names.py CNNCTL DATASET [MODEL...]    (needs torch, safetensors and pillow)
Trains small networks for an epoch on DATASET, one of them with every layer and uneven paddings, and
takes the MODELs beside them. Each is exported, loaded by its module, and shown DATASET's test
pictures as PNG, which no program decodes smaller. Exit status 0 where every probability is the
program's to 1e-5, with weights in 32 bits.
"""
import csv
import importlib.util
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from PIL import Image

program, dataset = sys.argv[1], pathlib.Path(sys.argv[2])


def conv(filters, size=3, **more):
    return {"kind": "conv2D", "filters": filters, "kernelSize": size, **more}


RELU, NORM = {"kind": "relu"}, {"kind": "batchNorm"}
ODD = {"name": "odd \"net\"", "input": {"height": 29, "width": 29}, "layers": [
    conv(6, 4, padding="same", stride=2), RELU, conv(8, 3, padding=2, bias=False), NORM,
    {"kind": "maxPool2D", "size": 3, "stride": 2, "padding": "same"},
    {"kind": "averagePool2D", "size": 4, "stride": 3, "padding": "same"},
    {"kind": "residual", "body": [conv(8, padding="same"), NORM, RELU, conv(12, padding=1)],
     "shortcut": [conv(12, 1)]},
    {"kind": "residual", "body": [conv(12, 2, padding="same"), {"kind": "dropout", "rate": 0.1}]},
    {"kind": "averagePool2D", "size": 2, "stride": 1, "padding": 1},
    {"kind": "maxPool2D", "size": 2, "stride": 1, "padding": 1},
    {"kind": "flatten"}, NORM,
    {"kind": "residual", "body": [{"kind": "dense", "units": 300}, RELU], "shortcut": []},
    {"kind": "dense", "units": 24, "bias": False}, NORM, RELU, conv(20, 1),
    {"kind": "globalAveragePool2D"}, {"kind": "dropout", "rate": 0.3},
    {"kind": "dense", "units": 1}]}
MAP_END = {"name": "map", "input": {"height": 8, "width": 8}, "layers": [
    conv(1, 8)]}
CASES = {
    "seed": ["--recipe", "seed"], "seed-bn": ["--recipe", "seed-bn"],
    "vgg": ["--arch", "vgg", "--size", "48", "--resize", "crop"],
    "r18h": ["--arch", "r18h", "--size", "64", "--resize", "pad", "--filter", "bicubic"],
    "resnet18": ["--arch", "resnet18", "--size", "64", "--dropout", "0.2"],
    "odd": ["--arch", "odd.json", "--filter", "area"], "map": ["--arch", "map.json"],
}


def run(*words):
    result = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    assert result.returncode == 0, (words, result.stderr)
    return result.stdout


failures = 0
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    for name, network in (("odd", ODD), ("map", MAP_END)):
        (folder / f"{name}.json").write_text(json.dumps(network))
    pictures = []
    for index, path in enumerate(sorted((dataset / "test_set").rglob("*.jpg"))):
        pictures.append(folder / f"{index}.png")
        Image.open(path).convert("RGB").save(pictures[-1], compress_level=1)
    models = {}
    for name, words in CASES.items():
        words = [folder / word if word.endswith(".json") else word for word in words]
        # A step a batch is enough: what counts is that nothing stays as it began.
        run("train", dataset, *words, "--epochs", "1", "--fraction", "0.2", "-b", "16",
            "--no-plots", "--out", folder / name, "-q")
        models[name] = folder / name
    for name, model in (models | {path: path for path in sys.argv[3:]}).items():
        weights = folder / f"{pathlib.Path(name).name}.pt.safetensors"
        module = weights.with_suffix(".py")
        module.write_text(run("export", model, "--names", "torch", "-o", weights))
        spec = importlib.util.spec_from_file_location("net", module)
        net = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(net)
        loaded = net.load(str(weights))
        rows = csv.DictReader(io.StringIO(
            run("predict", *pictures, "--model", model, "--format", "csv", "-q")))
        own = torch.tensor([[float(row[f"p_{name}"]) for name in net.CLASSES] for row in rows])
        theirs = torch.cat([
            net.probabilities(loaded, net.prepare(Image.open(path))) for path in pictures])
        worst = (own - theirs).abs().max().item()
        failures += not worst <= 1e-5
        print(f"{name}: {len(pictures)} pictures, probabilities from {own.min():.3g} to "
              f"{own.max():.3g}, the largest difference {worst:.2g}", flush=True)
print("FAILED" if failures else "all within 1e-5")
sys.exit(1 if failures else 0)
