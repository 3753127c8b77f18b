"""Writes Tests/CNNTests/Fixtures/gradcam.golden: Grad-CAM of the networks of make_goldens.py.

usage: make_gradcam_goldens.py FOLDER        (Tests/CNNTests/Fixtures)
Made with the versions in FOLDER/VERSIONS-gradcam, which this script writes; needs torch and numpy.

The networks, their weights and images are those of seed.golden, seed-bn.golden and r18h.golden,
made again from the same random seeds. In float64 and evaluation mode, after Selvaraju et al. 2017:
A are the maps that layer L gives, y the logit of a class (with one logit: it for class 1, its
negative for class 0), the weight of a map the mean of dy/dA over its pixels, and the heat
relu(sum of weight times map). A tensor `NETWORK.LAYER.CLASS` has an image a row.
"""
import os
import platform
import sys

import numpy as np
import torch
import torch.nn.functional as F

from make_goldens import BATCH, Writer, initialize, r18h, rounded, seed

IMAGES = 3


def network(build, size, classes, random_seed):
    """The model and images of make_goldens.golden_network: the same draws in the same order."""
    generator = torch.Generator().manual_seed(random_seed)
    images = rounded(2 * BATCH, 3, size, size, generator=generator)
    torch.randint(classes, (2 * BATCH,), generator=generator)
    model = build().double()
    initialize(model, generator)
    return model.eval(), images[:IMAGES]


def heat(model, images, layer, label):
    maps = model[: layer + 1](images).detach().requires_grad_()
    logits = model[layer + 1 :](maps)
    score = logits[:, label] if logits.shape[1] > 1 else logits[:, 0] * (1 if label else -1)
    (gradient,) = torch.autograd.grad(score.sum(), maps)
    weights = gradient.mean((2, 3), keepdim=True)
    return F.relu((weights * maps).sum(1)).detach()


def main():
    folder = sys.argv[1]
    writer = Writer()
    notes = [f"Written by Tests/Scripts/make_gradcam_goldens.py with Python "
             f"{platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}.",
             "PyTorch's own float32 against its float64, of the greatest heat:"]
    for name, build, size, classes, random_seed, layers in (
        ("seed", lambda: seed(False), 23, 2, 1, (1, 4)),
        ("seed-bn", lambda: seed(True), 23, 2, 2, (0, 6)),
        ("r18h", r18h, 36, 3, 17, (3, 8, 13, 17)),
    ):
        for layer in layers:
            for label in range(classes):
                model, images = network(build, size, classes, random_seed)
                exact = heat(model, images, layer, label)
                single = heat(model.float(), images.float(), layer, label)
                writer.add(f"{name}.{layer}.{label}", exact)
                apart = (single.double() - exact).abs().max() / exact.max().clamp(min=1e-30)
                notes.append(f"  {name}, layer {layer}, class {label}: {apart.item():.1e}, "
                             f"greatest {exact.max().item():.3e}, "
                             f"zero {(exact == 0).double().mean().item():.0%}")
    writer.save(os.path.join(folder, "gradcam.golden"))
    with open(os.path.join(folder, "VERSIONS-gradcam"), "w") as out:
        out.write("\n".join(notes) + "\n")


if __name__ == "__main__":
    main()
