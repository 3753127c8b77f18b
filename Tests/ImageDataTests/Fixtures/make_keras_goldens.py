"""Writes keras-affine.f32: what Keras's apply_affine_transform makes of sample-source.rgb.

Needs keras, scipy and a backend; run after make_fixtures.py. Six pictures of 24 x 24 x 3 floats,
with the parameters that AugmentationTests.swift names.
"""
import os, struct
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import keras, numpy as np, scipy
from keras.src.legacy.preprocessing.image import apply_affine_transform

os.chdir(os.path.dirname(os.path.abspath(__file__)))
data = open("sample-source.rgb", "rb").read()
w, h = struct.unpack("<II", data[:8])
x = np.frombuffer(data[8:], np.uint8).reshape(h, w, 3).astype(np.float32)
out = []
for theta, tx, ty, shear, zx, zy, flip in (
        (0, 0, 0, 0, .85, 1.17, False), (0, 0, 0, .2, 1.1, .9, True), (0, 0, 0, 15, 1, 1, False),
        (20, 0, 0, 0, 1, 1, False), (0, 3, -2.5, 0, 1, 1, True), (-12, 1.5, 2, 8, .9, 1.2, True)):
    y = apply_affine_transform(x, theta=theta, tx=tx, ty=ty, shear=shear, zx=zx, zy=zy,
                               row_axis=0, col_axis=1, channel_axis=2, fill_mode="nearest")
    out.append(y[:, ::-1] if flip else y)
np.stack(out).astype("<f4").tofile("keras-affine.f32")
open("versions-keras.txt", "w").write(f"keras {keras.__version__}\nnumpy {np.__version__}\nscipy {scipy.__version__}\n")
