"""Writes Tests/InterchangeTests/Fixtures/torch: small files as torch.save writes them.

usage: make_torch_files.py FOLDER      (Tests/InterchangeTests/Fixtures/torch; needs torch)
Each file holds the tensors of `state` below, whose numbers the tests make by the same formula: number
i of the tensor with key k is (37 i + 11 k) mod 101 - 50, in eighths. VERSIONS says what wrote them.
"""
import collections
import io
import os
import platform
import sys
import zipfile

import torch


def values(key, shape):
    count = 1
    for extent in shape:
        count *= extent
    numbers = [((37 * i + 11 * key) % 101 - 50) / 8 for i in range(count)]
    return torch.tensor(numbers, dtype=torch.float64).reshape(shape)


base = values(9, (4, 6)).float()
state = collections.OrderedDict([
    ("conv.weight", values(1, (2, 3, 2, 2)).float()),
    ("conv.double", values(2, (5,))),
    ("conv.half", values(3, (3, 2)).half()),
    ("conv.brain", values(4, (2, 2)).bfloat16()),
    ("bn.num_batches_tracked", torch.tensor(7)),
    ("one", torch.nn.Parameter(values(5, (1,)).float())),
    # Views of one storage: turned, cut, a column.
    ("turned", base.t()),
    ("cut", base[1:3, 2:5]),
    ("column", base[:, 4]),
    ("last", values(6, (2, 3, 4)).float().to(memory_format=torch.contiguous_format).permute(0, 2, 1)),
])
state._metadata = collections.OrderedDict([("", {"version": 1}), ("conv", {"version": 2})])

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def path(name):
    return os.path.join(folder, name)


for protocol in (2, 3, 4, 5):
    torch.save(state, path(f"old-{protocol}.pth"), pickle_protocol=protocol,
               _use_new_zipfile_serialization=False)
    torch.save(state, path(f"zip-{protocol}.pth"), pickle_protocol=protocol)
wrapped = {
    "epoch": 3, "lr": 0.1, "best": None, "note": "ema last",
    "optimizer": {"state": {}, "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "params": [0]}]},
    "state_dict": {"module." + name: value + 1 for name, value in state.items()},
    "model_ema": {"n_averaged": torch.tensor(5),
                  **{"module.model." + name: value for name, value in state.items()}},
}
torch.save(wrapped, path("wrapped.pt"))
torch.save(wrapped, path("wrapped-old.pt"), _use_new_zipfile_serialization=False)
torch.save({"epoch": 3, "loss": 0.4, "optimizer_state_dict": wrapped["optimizer"],
            "model_state_dict": {"_orig_mod." + name: value for name, value in state.items()}},
           path("training.pt"))
torch.save({"net": {"module._orig_mod." + name: value for name, value in state.items()},
            "acc": 91.5, "epoch": 3}, path("net.pth"))
for name, method in (("stored.whl", zipfile.ZIP_STORED), ("packed.zip", zipfile.ZIP_DEFLATED)):
    inner = "old-2.pth" if name == "stored.whl" else "zip-2.pth"
    with zipfile.ZipFile(path(name), "w", method) as archive:
        for entry, content in (("net/__init__.py", b"pass\n"),
                               ("net/weights.pth", open(path(inner), "rb").read())):
            info = zipfile.ZipInfo(entry, (2020, 1, 1, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, content)


class Streamed(io.RawIOBase):
    """A file that cannot be sought in, so that sums and sizes follow the bytes."""

    def __init__(self):
        self.content = b""

    def writable(self):
        return True

    def write(self, piece):
        self.content += bytes(piece)
        return len(piece)


stream = Streamed()
with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
    info = zipfile.ZipInfo("weights.pt", (2020, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(info, "w", force_zip64=True) as entry:
        entry.write(open(path("old-4.pth"), "rb").read())
with open(path("streamed.zip"), "wb") as out:
    out.write(stream.content)
with open(path("VERSIONS"), "w") as out:
    out.write(f"python {platform.python_version()}\ntorch {torch.__version__}\n")
