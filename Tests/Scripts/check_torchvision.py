"""Compares imported networks with torchvision's own, by random weights and real photos.

usage: check_torchvision.py CNNCTL PHOTOS [COUNT]     (needs torch, torchvision, safetensors, pillow)
For resnet18 and resnet34: weights drawn at random, statistics settled on photos, saved with
safetensors and with torch.save in both formats, imported; then the logits of COUNT photos (50) up to a
constant, torchvision's transforms against the program from the file on; the weights exported again with
PyTorch's names, which must be the original's to the bit, loaded by the module that comes with them; and
imported once more, which must give the same bytes. Exit status 0 where all of it holds.
"""
import importlib.util
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file, save_file
from torchvision import transforms

program, photos = sys.argv[1], pathlib.Path(sys.argv[2])
count = int(sys.argv[3]) if len(sys.argv) > 3 else 50
paths = sorted(p for p in photos.rglob("*") if p.suffix.lower() in (".jpg", ".png"))
random.Random(1).shuffle(paths)
paths = paths[:count]
failures = 0

prepare = transforms.Compose([
    transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
images = torch.stack([prepare(Image.open(path).convert("RGB")) for path in paths])


def run(*words):
    result = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def check(name, value, limit):
    global failures
    failures += not value <= limit
    print(f"{name}: {value:.3g}, at most {limit:g}{'' if value <= limit else '  FAILED'}", flush=True)


def probabilities(model):
    """The program's answers in the order of `paths`."""
    import csv
    import io
    rows = csv.DictReader(io.StringIO(
        run("predict", *paths, "--model", model, "--format", "csv", "-q")))
    columns = [name for name in rows.fieldnames if name.startswith("p_")]
    return torch.tensor([[float(row[name]) for name in columns] for row in rows],
                        dtype=torch.float64)


def settled(name, seed):
    """The network with random weights and statistics of the photos."""
    torch.manual_seed(seed)
    model = getattr(torchvision.models, name)().train()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.5
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.3, 0.3)
    with torch.inference_mode():
        for _ in range(4):
            model(images[:16])
    return model.eval()


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    for seed, name in enumerate(("resnet18", "resnet34")):
        model = settled(name, seed)
        weights, imported = folder / f"{name}.safetensors", folder / name
        save_file(model.state_dict(), weights)
        run("import", weights, "--arch", name, "-o", imported)
        for is_new in (False, True):
            saved, other = folder / f"{name}-{is_new}.pth", folder / f"{name}-{is_new}"
            torch.save(model.state_dict(), saved, _use_new_zipfile_serialization=is_new)
            run("import", saved, "-o", other)
            check(f"  bytes that differ from {'the zip' if is_new else 'the old'} format of torch.save",
                  0 if other.read_bytes() == imported.read_bytes() else 1, 0)
        with torch.inference_mode():
            exact = model.double()(images.double())
            logits = model.float()(images)
        centred = exact - exact.mean(1, keepdim=True)
        found = probabilities(imported).log()
        found -= found.mean(1, keepdim=True)
        scale = centred.abs().max().item()
        print(f"{name}: {len(paths)} photos, the largest centred logit is {scale:.3g}")
        check("  logits against torchvision in 64 bits", (found - centred).abs().max().item(), 1e-4)
        own = (logits - logits.mean(1, keepdim=True) - centred).abs().max().item()
        print(f"  torchvision in 32 bits: {own:.3g}")

        exported = folder / f"{name}-again.safetensors"
        module = folder / f"{name}.py"
        module.write_text(run("export", imported, "--names", "torch", "-o", exported))
        again, original = load_file(exported), load_file(weights)
        same = again.keys() == original.keys() and all(
            torch.equal(again[key], original[key]) for key in again if "num_batches" not in key)
        check("  tensors that differ from the original's", 0 if same else 1, 0)
        getattr(torchvision.models, name)().load_state_dict(again)
        spec = importlib.util.spec_from_file_location(name, module)
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        net = loaded.load(str(exported))
        inputs = torch.cat([loaded.prepare(Image.open(path)) for path in paths])
        check("  its module's images against torchvision's", (inputs - images).abs().max().item(), 1e-5)
        answers = loaded.probabilities(net, inputs).double()
        check("  its module's probabilities", (answers - probabilities(imported)).abs().max().item(), 1e-5)
        second = folder / f"{name}-second"
        run("import", exported, "--arch", name, "-o", second)
        check("  bytes that differ after a round trip",
              0 if second.read_bytes() == imported.read_bytes() else 1, 0)
sys.exit(1 if failures else 0)
