"""Compares imported networks with torchvision's and timm's own, by random weights and real photos.

usage: check_torchvision.py CNNCTL PHOTOS [COUNT [NETWORK...]]
(needs torch, torchvision, timm, safetensors and pillow)
For each network: weights drawn at random, statistics settled on photos, saved with safetensors and with
torch.save in both formats, imported; then the logits of COUNT photos (50) up to a constant,
torchvision's transforms against the program from the file on; the weights exported again with PyTorch's
names, which must be the original's to the bit, loaded by the library that has these names and by the
module that comes with them; and imported once more, which must give the same bytes. Exit status 0 where
all of it holds.
"""
import importlib.util
import pathlib
import random
import subprocess
import sys
import tempfile

import timm
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

NETWORKS = {
    name: (name, lambda name=name: getattr(torchvision.models, name)())
    for name in ("resnet18", "resnet34", "resnet50", "mobilenet_v2", "mobilenet_v3_small",
                 "mobilenet_v3_large", "efficientnet_b0")
} | {
    f"timm {name}": (preset, lambda name=name: timm.create_model(name))
    for name, preset in (
        ("resnet50", "resnet50"), ("mobilenetv2_100", "mobilenet_v2"),
        ("mobilenetv3_small_100", "mobilenet_v3_small"),
        ("mobilenetv3_large_100", "mobilenet_v3_large"), ("efficientnet_b0", "efficientnet_b0"),
        ("tf_efficientnet_b0", "tf_efficientnet_b0"))
}


def prepared(bicubic):
    prepare = transforms.Compose([
        transforms.Resize(256, transforms.InterpolationMode.BICUBIC if bicubic
                          else transforms.InterpolationMode.BILINEAR),
        transforms.CenterCrop(224), transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
    return torch.stack([prepare(Image.open(path).convert("RGB")) for path in paths])


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


def settled(make, seed):
    """The network with random weights and statistics of the photos."""
    torch.manual_seed(seed)
    model = make().train()
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
    for seed, name in enumerate(sys.argv[4:] or NETWORKS):
        preset, make = NETWORKS[name]
        images = prepared(preset.endswith("efficientnet_b0"))
        model = settled(make, seed)
        weights, imported = folder / f"{name}.safetensors", folder / name
        save_file(model.state_dict(), weights)
        run("import", weights, "--arch", preset, "-o", imported)
        for is_new in (False, True):
            saved, other = folder / f"{name}-{is_new}.pth", folder / f"{name}-{is_new}"
            torch.save(model.state_dict(), saved, _use_new_zipfile_serialization=is_new)
            run("import", saved, "--arch", preset, "-o", other)
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
        library = make()
        if again.keys() != original.keys():
            # timm's network with torchvision's layers has torchvision's names.
            library = getattr(torchvision.models, preset)()
        else:
            same = all(torch.equal(again[key], original[key])
                       for key in again if "num_batches" not in key)
            check("  tensors that differ from the original's", 0 if same else 1, 0)
        library.load_state_dict(again, strict=True)
        with torch.inference_mode():
            answers = library.eval()(images)
        check("  the library's logits from the exported weights", (answers - logits).abs().max().item(),
              1e-5)
        spec = importlib.util.spec_from_file_location("net", module)
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        net = loaded.load(str(exported))
        inputs = torch.cat([loaded.prepare(Image.open(path)) for path in paths])
        check("  its module's images against torchvision's", (inputs - images).abs().max().item(), 1e-5)
        answers = loaded.probabilities(net, inputs).double()
        check("  its module's probabilities", (answers - probabilities(imported)).abs().max().item(), 1e-5)
        second = folder / f"{name}-second"
        run("import", exported, "--arch", preset, "-o", second)
        check("  bytes that differ after a round trip",
              0 if second.read_bytes() == imported.read_bytes() else 1, 0)
sys.exit(1 if failures else 0)
