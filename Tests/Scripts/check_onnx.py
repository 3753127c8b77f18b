"""Exports a model as ONNX and checks it with the Python packages onnx and onnxruntime.

usage: check_onnx.py CNNCTL MODEL PHOTOS [COUNT]  (needs numpy, pillow, onnx and onnxruntime)
CNNCTL is the program, PHOTOS a folder with photos below it, of which COUNT (200) are taken, evenly
spread. Exit status 0 where onnx's whole check is content and ONNX Runtime's probabilities are
cnnctl's: within 1e-5 of the same numbers with --raw, and from pixels within 2e-2 with the same label
on all but one of 200. How far they are for the photos' own files is printed alone: cnnctl decodes large
JPEGs at a part of their size, a graph that is given pixels cannot.
"""
import json
import pathlib
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from PIL import Image, ImageOps

from answers import Checks, Program, photos

program = Program(sys.argv[1], sys.argv[2])
wanted = int(sys.argv[4]) if len(sys.argv) > 4 else 200
files = photos(sys.argv[3], wanted)
check = Checks()


def exported(folder, *options):
    """An export's bytes after onnx's check, and a session on it."""
    path = folder / ("-".join(["model", *options]) + ".onnx")
    program.export(path, "--format", "onnx", *options)
    proto = onnx.load(path)
    onnx.checker.check_model(proto, full_check=True)
    check(proto.ir_version == 8 and [o.version for o in proto.opset_import] == [17], "versions")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"])
    return proto, session


def run(session, tensors):
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(["probabilities"], {name: t})[0] for t in tensors])


def compare(title, found, expected, tolerance, others=0, judged=True):
    difference = np.abs(found - expected).max(axis=1)
    flips = int((found.argmax(axis=1) != expected.argmax(axis=1)).sum())
    far = int((difference > tolerance).sum())
    print(f"{title}: {len(found)} photos, largest difference {difference.max():.1e}, "
          f"mean {difference.mean():.1e}, {flips} other labels, {far} beyond {tolerance:g}; "
          f"probabilities from {expected.min():.3f} to {expected.max():.3f}")
    check(not judged or flips <= others and far <= others, title)
    check(np.ptp(expected[:, 0]) > 0.01, f"{title}: all answers are the same")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    proto, whole = exported(folder)
    facts = {entry.key: entry.value for entry in proto.metadata_props}
    classes = json.loads(facts["classes"])
    preparation = json.loads(facts["preprocessing"])
    size = (preparation["width"], preparation["height"])
    mean = np.array(preparation["mean"], np.float32)
    deviation = np.array(preparation["deviation"], np.float32)
    turns = preparation["exif"] == "apply"

    pictures = []
    for file in files:
        with Image.open(file) as picture:
            upright = ImageOps.exif_transpose(picture) if turns else picture
            pictures.append(upright.convert("RGB"))
    # In a file without loss and at the network's size both programs see the same pixels.
    small, full = [], []
    for index, picture in enumerate(pictures):
        small.append(folder / f"small{index:03}.png")
        picture.resize(size, Image.Resampling.BICUBIC).save(small[-1])
        full.append(folder / f"full{index:03}.png")
        picture.save(full[-1], compress_level=1)
    expected = program.predict(small, classes)
    pixels = np.stack([np.asarray(Image.open(path)) for path in small]).astype(np.float32)
    tensor = (pixels * (1 / deviation.astype(np.float64)).astype(np.float32)
              + (-mean.astype(np.float64) / deviation).astype(np.float32)).transpose(0, 3, 1, 2)
    batches = [np.ascontiguousarray(tensor[i:i + 32]) for i in range(0, len(tensor), 32)]
    for options in [["--raw"], ["--raw", "--fold"]]:
        _, session = exported(folder, *options)
        compare(" ".join(options), run(session, batches), expected, 1e-5)
        check(np.abs(run(session, [tensor[:1]]) - expected[:1]).max() <= 1e-5, "one image")
    singles = [np.asarray(picture)[None] for picture in pictures]
    answers = run(whole, singles)
    compare("pixels", answers, program.predict(full, classes), 2e-2, others=len(files) // 200)
    compare("files", answers, program.predict(files, classes), 2e-2, judged=False)

for problem in check.problems:
    print(f"{program.model}: {problem} NOT as promised", file=sys.stderr)
sys.exit(1 if check.problems else 0)
