"""Writes mobile.golden: the layers of mobile networks, forward and backward, with PyTorch.

usage: make_mobile_goldens.py FOLDER        (Tests/CNNTests/Fixtures)
Format, layout and arithmetic are those of make_goldens.py beside this file.
"""
import sys

import torch
import torch.nn as nn

from make_goldens import Writer, initialize, nhwc, rounded

ACTIVATIONS = {
    "relu6": nn.ReLU6, "silu": nn.SiLU, "hardSwish": nn.Hardswish, "hardSigmoid": nn.Hardsigmoid,
    "sigmoid": nn.Sigmoid,
}


class Squeeze(nn.Module):
    """Squeeze-and-excitation as torchvision's SqueezeExcitation computes it."""

    def __init__(self, channels, squeezed, activation, gate):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)
        self.activation, self.gate = activation(), gate()

    def forward(self, x):
        scale = x.mean((2, 3), keepdim=True)
        return x * self.gate(self.fc2(self.activation(self.fc1(scale))))


def main(folder):
    writer, generator = Writer(), torch.Generator().manual_seed(31)

    def record(name, x, module):
        x = x.clone().requires_grad_()
        y = module(x)
        dy = rounded(*y.shape, generator=generator)
        y.backward(dy)
        for key, value in (("x", x), ("y", y), ("dy", dy), ("dx", x.grad)):
            writer.add(f"{name}.{key}", nhwc(value))

    def record_filters(name, filters, module):
        writer.add(f"{name}.{filters}filters", module.weight.permute(2, 3, 1, 0))
        writer.add(f"{name}.{filters}bias", module.bias)
        writer.add(f"{name}.{filters}dFilters", module.weight.grad.permute(2, 3, 1, 0))
        writer.add(f"{name}.{filters}dBias", module.bias.grad)

    for number, (n, h, w, i, o, groups, k, stride) in enumerate((
            (2, 9, 7, 16, 16, 16, 3, 1), (2, 8, 8, 24, 24, 24, 3, 2), (1, 9, 12, 33, 33, 33, 5, 1),
            (2, 11, 10, 40, 40, 40, 5, 2), (1, 9, 9, 20, 20, 20, 7, 1), (3, 6, 7, 12, 18, 6, 3, 1),
            (2, 7, 6, 8, 16, 8, 3, 2), (2, 5, 5, 32, 64, 4, 1, 1))):
        name = f"conv{number}"
        module = nn.Conv2d(i, o, k, stride, k // 2, groups=groups).double()
        initialize(module, generator)
        record(name, rounded(n, i, h, w, generator=generator), module)
        writer.add(name + ".geometry", (k, stride, groups))
        record_filters(name, "", module)
    for name, module in ACTIVATIONS.items():
        record(name, rounded(2, 5, 6, 7, generator=generator, scale=3.0), module())
    for number, (activation, gate) in enumerate(
            ((nn.ReLU, nn.Hardsigmoid), (nn.SiLU, nn.Sigmoid))):
        name = f"gate{number}"
        module = Squeeze(24, 6, activation, gate).double()
        initialize(module, generator)
        record(name, rounded(3, 24, 7, 5, generator=generator), module)
        record_filters(name, "body.1.", module.fc1)
        record_filters(name, "body.3.", module.fc2)
    writer.save(folder + "/mobile.golden")


main(sys.argv[1])
