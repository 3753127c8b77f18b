"""Writes the golden tensors of Tests/CNNTests/Fixtures with PyTorch.

usage: make_goldens.py FOLDER        (Tests/CNNTests/Fixtures)
Made with the versions in FOLDER/VERSIONS, which this script writes; needs torch and numpy.

All arithmetic is in float64 from values rounded to float32, so what is stored is the true result
to float32's precision; VERSIONS also says how far PyTorch's own float32 is from it. Layout is the
product's: activations NHWC, filters [row][column][input][output], dense weights [input][output]
with the inputs of a flattened tensor in the order row, column, channel.

Format of a file, little-endian: `GOLDEN01`, uint32 count; a tensor is uint32 name length, name,
uint32 rank, uint32 extents, float32 values.
"""
import os
import platform
import struct
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
STEPS, BATCH = 10, 6


def f32(value):
    """A number that float32 holds exactly, for hyper-parameters."""
    return float(np.float32(value))


class Writer:
    def __init__(self):
        self.tensors = {}

    def add(self, name, value):
        assert name not in self.tensors, name
        value = value.detach().numpy() if torch.is_tensor(value) else np.asarray(value)
        self.tensors[name] = np.ascontiguousarray(value, dtype="<f4")

    def save(self, path):
        with open(path, "wb") as out:
            out.write(b"GOLDEN01" + struct.pack("<I", len(self.tensors)))
            for name, value in self.tensors.items():
                key = name.encode()
                out.write(struct.pack("<I", len(key)) + key + struct.pack("<I", value.ndim))
                out.write(struct.pack(f"<{value.ndim}I", *value.shape) + value.tobytes())


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def rounded(*shape, generator, scale=1.0):
    """Normal numbers that float32 holds exactly, in float64."""
    return (torch.randn(*shape, generator=generator, dtype=torch.float64) * scale).float().double()


# --- Networks -----------------------------------------------------------------------------------


class Residual(nn.Module):
    """relu(body(x) + shortcut(x)); an empty shortcut is the identity."""

    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = nn.Sequential(*body), nn.Sequential(*shortcut)

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


class GlobalAverage(nn.Module):
    """A vector of features from a map; one layer, so that layers have the product's numbers."""

    def forward(self, x):
        return x.mean((2, 3))


def conv(i, o, k=3, stride=1, padding=0, bias=False):
    return nn.Conv2d(i, o, k, stride, padding, bias=bias)


def seed(normalized, filters=12, units=32):
    """Keras's seed network, without dropout; normalization by Keras's numbers. 23x23 images."""
    layers, i = [], 3
    for _ in range(2):
        norm = [nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01)] if normalized else []
        layers += [conv(i, filters, bias=True), *norm, nn.ReLU(), nn.MaxPool2d(2)]
        i = filters
    layers += [nn.Flatten(), nn.Linear(4 * 4 * filters, units), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(units, 1))


def block(i, o, stride):
    body = [conv(i, o, 3, stride, 1), nn.BatchNorm2d(o), nn.ReLU(), conv(o, o, 3, 1, 1),
            nn.BatchNorm2d(o)]
    pool = [nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False)] if stride > 1 else []
    same = i == o and stride == 1
    return Residual(body, [] if same else [*pool, conv(i, o, 1), nn.BatchNorm2d(o)])


def r18h(width=4, outputs=3):
    layers, half = [], width // 2
    for i, o, stride in ((3, half, 2), (half, half, 1), (half, width, 1)):
        layers += [conv(i, o, 3, stride, 1), nn.BatchNorm2d(o), nn.ReLU()]
    layers += [nn.MaxPool2d(2)]
    i = width
    for stage in range(4):
        for b in range(2):
            o = width << stage
            layers.append(block(i, o, 2 if stage and b == 0 else 1))
            i = o
    return nn.Sequential(*layers, GlobalAverage(), nn.Linear(i, outputs))



def translate(model, value_of, statistics=True):
    """(product's name, tensor in product's layout) of every parameter and statistic, in order.

    `value_of(tensor)` picks what is stored, the tensor itself or its gradient.
    """
    previous_channels = 0
    for path, module in model.named_modules():
        name = "layers." + path + "."
        if isinstance(module, nn.Conv2d):
            yield name + "filters", value_of(module.weight).permute(2, 3, 1, 0)
            if module.bias is not None:
                yield name + "bias", value_of(module.bias)
            previous_channels = module.out_channels
        elif isinstance(module, nn.BatchNorm2d):
            yield name + "scale", value_of(module.weight)
            yield name + "shift", value_of(module.bias)
            if statistics:
                yield name + "runningMean", module.running_mean
                yield name + "runningVariance", module.running_var
        elif isinstance(module, nn.Linear):
            weight, inputs = value_of(module.weight), module.in_features
            pixels = inputs // previous_channels if previous_channels else 1
            if pixels > 1:  # the first dense layer: torch flattens channel, row, column
                weight = weight.reshape(-1, previous_channels, pixels).permute(0, 2, 1)
                weight = weight.reshape(-1, inputs)
            previous_channels = 0
            yield name + "weights", weight.t()
            yield name + "bias", value_of(module.bias)


def initialize(model, generator):
    """Weights of He's size and everything else away from its usual start, exact in float32."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            fan_in = module.weight[0].numel()
            shape = module.weight.shape
            module.weight.data = rounded(*shape, generator=generator, scale=(2 / fan_in) ** 0.5)
            if module.bias is not None:
                module.bias.data = rounded(*module.bias.shape, generator=generator, scale=0.1)
        elif isinstance(module, nn.BatchNorm2d):
            n = module.num_features
            module.weight.data = (1 + rounded(n, generator=generator, scale=0.2)).float().double()
            module.bias.data = rounded(n, generator=generator, scale=0.2)
            module.running_mean = rounded(n, generator=generator, scale=0.2)
            module.running_var = rounded(n, generator=generator).exp().float().double()


def optimizers(model):
    """name -> (hyper-parameters as stored, optimizer); decay for weights of two or more dimensions."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]

    def groups(decay):
        return [{"params": decayed, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]

    rate, beta1, beta2, epsilon, decay = map(f32, (1e-3, 0.9, 0.999, 1e-7, 0))
    yield "adam", (rate, beta1, beta2, epsilon, decay), torch.optim.Adam(
        model.parameters(), lr=rate, betas=(beta1, beta2), eps=epsilon)
    rate, beta1, beta2, epsilon, decay = map(f32, (2e-3, 0.9, 0.99, 1e-8, 0.05))
    yield "adamw", (rate, beta1, beta2, epsilon, decay), torch.optim.AdamW(
        groups(decay), lr=rate, betas=(beta1, beta2), eps=epsilon)
    rate, momentum, decay = map(f32, (0.01, 0.9, 0.01))
    yield "sgd", (rate, momentum, decay), torch.optim.SGD(
        groups(decay), lr=rate, momentum=momentum, nesterov=True)


def loss_of(logits, targets, smoothing):
    if logits.shape[1] == 1:
        wanted = targets.to(logits.dtype) * (1 - smoothing) + smoothing / 2
        return F.binary_cross_entropy_with_logits(logits[:, 0], wanted)
    return F.cross_entropy(logits, targets, label_smoothing=smoothing)


def train(model, optimizer, images, targets, smoothing):
    """Ten steps over two batches in turn; the losses before each step."""
    model.train()
    losses = []
    for step in range(STEPS):
        at = (step % 2) * BATCH
        loss = loss_of(model(images[at:at + BATCH]), targets[at:at + BATCH], smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# The random seed of r18h is one of few for which ten steps of PyTorch's own float32, from weights
# moved by 3e-7 of themselves, stay within 2e-5 of float64: with most others a value meets the kink
# of a rectifier or a pool on the way, and every float32 computation then goes a way of its own.


def golden_network(build, size, classes, smoothing, random_seed, note):
    writer = Writer()
    generator = torch.Generator().manual_seed(random_seed)
    images = rounded(2 * BATCH, 3, size, size, generator=generator)
    targets = torch.randint(classes, (2 * BATCH,), generator=generator)
    model = build().double()
    initialize(model, generator)
    start = {k: v.clone() for k, v in model.state_dict().items()}
    writer.add("images", nhwc(images))
    writer.add("targets", targets)
    writer.add("labelSmoothing", [smoothing])
    for name, value in translate(model, lambda p: p):
        writer.add("initial." + name, value)

    model.eval()
    writer.add("inferenceLogits", model(images))
    model.train()
    logits = model(images[:BATCH])
    loss = loss_of(logits, targets[:BATCH], smoothing)
    loss.backward()
    writer.add("logits", logits)
    writer.add("loss", [loss.item()])
    single = build().float()
    single.load_state_dict(start)
    loss_of(single(images[:BATCH].float()), targets[:BATCH], smoothing).backward()
    single_gradients = dict(translate(single, lambda p: p.grad, statistics=False))
    apart = {}
    for name, value in translate(model, lambda p: p.grad, statistics=False):
        writer.add("gradient." + name, value)
        largest = value.abs().max().item()
        if largest > 1e-9:
            difference = (single_gradients[name].double() - value).abs().max().item()
            apart[name] = difference / largest
    worst = max(apart, key=apart.get)
    note(f"  gradients: float32 apart by {apart[worst]:.1e} of the largest in {worst}")

    names = [name for name, _, _ in optimizers(model)]
    for choice in names:
        results = []
        for dtype in (torch.float64, torch.float32):
            trained = build().double()
            trained.load_state_dict(start)
            trained = trained.to(dtype)
            _, numbers, optimizer = next(x for x in optimizers(trained) if x[0] == choice)
            losses = train(trained, optimizer, images.to(dtype), targets, smoothing)
            results.append((losses, dict(translate(trained, lambda p: p))))
        (losses, final), (losses32, final32) = results
        writer.add(f"{choice}.numbers", numbers)
        writer.add(f"{choice}.losses", losses)
        for name, value in final.items():
            writer.add(f"{choice}.final.{name}", value)
        apart = {k: (final32[k].double() - v).abs().max().item() for k, v in final.items()}
        worst = max(apart, key=apart.get)
        note(f"  {choice}: float32 apart by {apart[worst]:.1e} in {worst}, losses by "
             f"{max(abs(a - b) for a, b in zip(losses, losses32)):.1e}; "
             f"loss {losses[0]:.4f} to {losses[-1]:.4f}")
    return writer


# --- Single layers and losses -------------------------------------------------------------------


def golden_layers():
    """Forward and backward passes of single layers; `geometry` is kernel, stride, padding."""
    writer, generator = Writer(), torch.Generator().manual_seed(21)

    def record(name, x, module, geometry):
        x = x.clone().requires_grad_()
        y = module(x)
        dy = rounded(*y.shape, generator=generator)
        y.backward(dy)
        writer.add(name + ".geometry", geometry)
        for key, value in (("x", x), ("y", y), ("dy", dy), ("dx", x.grad)):
            writer.add(f"{name}.{key}", nhwc(value) if value.ndim == 4 else value)
        return module

    for number, (n, h, w, i, o, k, stride, padding) in enumerate((
            (2, 9, 7, 3, 5, 3, 1, 0), (2, 8, 8, 5, 16, 3, 2, 1), (1, 6, 5, 17, 31, 1, 2, 0),
            (2, 7, 7, 4, 3, 5, 1, 2), (3, 6, 6, 16, 17, 3, 1, 1), (2, 7, 8, 3, 4, 2, 3, 0))):
        name, module = f"conv{number}", conv(i, o, k, stride, padding, bias=True).double()
        initialize(module, generator)
        x = rounded(n, i, h, w, generator=generator)
        record(name, x, module, (k, stride, padding))
        writer.add(name + ".filters", module.weight.permute(2, 3, 1, 0))
        writer.add(name + ".bias", module.bias)
        writer.add(name + ".dFilters", module.weight.grad.permute(2, 3, 1, 0))
        writer.add(name + ".dBias", module.bias.grad)
    for number, (h, w, k, stride, padding) in enumerate(
            ((8, 8, 2, 2, 0), (7, 9, 3, 2, 1), (7, 7, 3, 1, 0), (9, 7, 2, 2, 0))):
        x = rounded(2, 5, h, w, generator=generator)
        record(f"maxPool{number}", x, nn.MaxPool2d(k, stride, padding), (k, stride, padding))
    for number, (h, w, k, stride) in enumerate(((8, 8, 2, 2), (7, 5, 2, 2), (6, 9, 3, 3))):
        x = rounded(2, 5, h, w, generator=generator)
        pool = nn.AvgPool2d(k, stride, ceil_mode=True, count_include_pad=False)
        record(f"averagePool{number}", x, pool, (k, stride, 0))
    record("globalAverage", rounded(2, 5, 4, 3, generator=generator), nn.AdaptiveAvgPool2d(1), ())
    dense = nn.Linear(33, 17).double()
    initialize(dense, generator)
    record("dense", rounded(5, 33, generator=generator), dense, ())
    writer.add("dense.weights", dense.weight.t())
    writer.add("dense.bias", dense.bias)
    writer.add("dense.dWeights", dense.weight.grad.t())
    writer.add("dense.dBias", dense.bias.grad)

    for number, (epsilon, rate) in enumerate(((1e-5, 0.1), (1e-3, 0.01))):
        norm = nn.BatchNorm2d(7, eps=f32(epsilon), momentum=f32(rate)).double()
        initialize(norm, generator)
        name = f"batchNorm{number}"
        writer.add(name + ".numbers", (epsilon, rate))
        for key, value in (("scale", norm.weight), ("shift", norm.bias),
                           ("runningMean", norm.running_mean),
                           ("runningVariance", norm.running_var)):
            writer.add(f"{name}.{key}", value.clone())
        x = rounded(5, 7, 4, 3, generator=generator, scale=2.0) + 1
        x = x.float().double()
        norm.eval()
        writer.add(name + ".inference", nhwc(norm(x)))
        norm.train()
        record(name, x, norm, ())
        writer.add(name + ".dScale", norm.weight.grad)
        writer.add(name + ".dShift", norm.bias.grad)
        writer.add(name + ".nextMean", norm.running_mean)
        writer.add(name + ".nextVariance", norm.running_var)
    return writer


def golden_losses():
    """Mean losses and their gradients, at logits far outside what exp can take as well."""
    writer, generator = Writer(), torch.Generator().manual_seed(22)

    def record(name, logits, targets, smoothing, weights=None):
        logits = logits.clone().requires_grad_()
        if logits.shape[1] == 1:
            loss = loss_of(logits, targets, smoothing)
        else:
            loss = F.cross_entropy(logits, targets, label_smoothing=smoothing)
        loss.backward()
        writer.add(name + ".logits", logits)
        writer.add(name + ".targets", targets)
        writer.add(name + ".labelSmoothing", [smoothing])
        writer.add(name + ".loss", [loss.item()])
        writer.add(name + ".gradient", logits.grad)

    extremes = torch.tensor([100.0, -100, 100, -100, 0, -0.0, 30, -30, 88, -104, 1e-6, 17]).double()
    labels = torch.tensor([1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0])
    for smoothing in (0.0, f32(0.1)):
        suffix = "Smoothed" if smoothing else ""
        record("binaryExtremes" + suffix, extremes[:, None], labels, smoothing)
        record("binary" + suffix, rounded(9, 1, generator=generator, scale=3),
               torch.randint(2, (9,), generator=generator), smoothing)
        record("softmax" + suffix, rounded(7, 5, generator=generator, scale=3),
               torch.randint(5, (7,), generator=generator), smoothing)
        wide = torch.tensor([[100.0, -100, 0], [-100, 100, 100], [1e3, 1e3, -1e3]]).double()
        record("softmaxExtremes" + suffix, wide, torch.tensor([1, 0, 2]), smoothing)
    return writer


def golden_mixup():
    """Mean losses of blends of two classes, by PyTorch's losses with soft targets; weighted ones as
    the sum of two losses, as the authors of mixup compute them."""
    writer, generator = Writer(), torch.Generator().manual_seed(23)

    def mixed(logits, targets, others, shares, smoothing, weights):
        if weights is None and logits.shape[1] == 1:
            wanted = shares * targets + (1 - shares) * others
            wanted = wanted * (1 - smoothing) + smoothing / 2
            return F.binary_cross_entropy_with_logits(logits[:, 0], wanted)
        if weights is None:
            wanted = (shares[:, None] * F.one_hot(targets, logits.shape[1])
                      + (1 - shares)[:, None] * F.one_hot(others, logits.shape[1]))
            return F.cross_entropy(logits, wanted, label_smoothing=smoothing)
        each = [torch.stack([loss_of(logits[i:i + 1], classes[i:i + 1], smoothing)
                             for i in range(len(classes))]) for classes in (targets, others)]
        return (shares * weights[targets] * each[0]
                + (1 - shares) * weights[others] * each[1]).mean()

    for outputs in (1, 2, 5):
        classes = max(2, outputs)
        for smoothing in (0.0, f32(0.1)):
            for weighted in (False, True):
                logits = rounded(9, outputs, generator=generator, scale=3).requires_grad_()
                targets = torch.randint(classes, (9,), generator=generator)
                others = torch.randint(classes, (9,), generator=generator)
                shares = torch.rand(9, generator=generator).double()
                shares[0], shares[1] = 1, 0
                weights = torch.arange(1, classes + 1).double() / 2 if weighted else None
                loss = mixed(logits, targets, others, shares, smoothing, weights)
                loss.backward()
                name = f"outputs{outputs}{'Smoothed' * bool(smoothing)}{'Weighted' * weighted}"
                writer.add(name + ".logits", logits)
                writer.add(name + ".targets", targets)
                writer.add(name + ".others", others)
                writer.add(name + ".shares", shares)
                writer.add(name + ".labelSmoothing", [smoothing])
                if weighted:
                    writer.add(name + ".weights", weights)
                writer.add(name + ".loss", [loss.item()])
                writer.add(name + ".gradient", logits.grad)
    return writer


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    notes = [f"Written by Tests/Scripts/make_goldens.py with Python {platform.python_version()}, "
             f"torch {torch.__version__}, numpy {np.__version__}.",
             "PyTorch's own float32 against its float64, at first and after ten steps:"]
    files = {
        "layers": golden_layers, "losses": golden_losses, "mixup": golden_mixup,
        "seed": lambda: golden_network(lambda: seed(False), 23, 2, 0.0, 1, notes.append),
        "seed-bn": lambda: golden_network(lambda: seed(True), 23, 2, 0.0, 2, notes.append),
        "r18h": lambda: golden_network(r18h, 36, 3, f32(0.05), 17, notes.append),
    }
    for name, make in files.items():
        if name not in ("layers", "losses", "mixup"):
            notes.append(name)
        make().save(os.path.join(folder, name + ".golden"))
    with open(os.path.join(folder, "VERSIONS"), "w") as out:
        out.write("\n".join(notes) + "\n")


if __name__ == "__main__":
    main()
