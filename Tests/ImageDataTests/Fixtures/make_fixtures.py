"""Makes the small pictures beside this script, with what Pillow, NumPy and PyTorch make of them.

usage: python make_fixtures.py [PNGSUITE_FOLDER]
Needs pillow, numpy and torch; versions.txt says which were used. `NAME.rgb` is the expected
picture of NAME: two 32-bit little-endian numbers (width, height), then three bytes a pixel.
Floats are 32-bit little-endian. Given the folder of PngSuite's files, also writes
pngsuite.txt: the SHA-256 of each valid file's pixels.
"""
import hashlib, io, os, struct, sys, zlib
import numpy as np, PIL, torch, torch.nn.functional as F
from PIL import Image, ImageOps, features

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = np.random.default_rng(7)


def scene(w, h):
    """A smooth picture with an edge, a disc and some noise."""
    y, x = np.mgrid[0:h, 0:w].astype(float)
    r = 127 + 120 * np.sin(x / w * 5 + y / h * 2)
    g = 255 * y / max(1, h - 1)
    b = np.where((x - w * .6) ** 2 + (y - h * .4) ** 2 < (min(w, h) * .3) ** 2, 230, 40)
    p = np.stack([r, g, b], -1)
    p[:, : w // 4] = 255 - p[:, : w // 4]
    return np.clip(p + rng.normal(0, 6, p.shape), 0, 255).round().astype(np.uint8)


def golden(name, array):
    array = np.ascontiguousarray(array, dtype=np.uint8)
    h, w, _ = array.shape
    open(name + ".rgb", "wb").write(struct.pack("<II", w, h) + array.tobytes())


def save(name, image, **options):
    image.save(name, **options)
    golden(name, np.asarray(Image.open(name).convert("RGB")))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, colour, interlaced=False):
    """A PNG of samples (h, w, channels) of 8 or 16 bits, without filters."""
    depth = 16 if samples.dtype == np.uint16 else 8
    h, w = samples.shape[:2]
    big = samples.astype(">u2" if depth == 16 else "u1")
    passes = [big[y0::dy, x0::dx] for x0, y0, dx, dy in ADAM7] if interlaced else [big]
    raw = b"".join(b"\0" + row.tobytes() for p in passes if p.size for row in p)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, interlaced))
            + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def scale16(v):
    return np.round(v.astype(np.float64) * 255 / 65535).astype(np.uint8)


# Kinds of JPEG.
rgb = Image.fromarray(scene(37, 29))
save("ycc420.jpg", rgb, quality=90, subsampling="4:2:0")
save("ycc422.jpg", rgb, quality=90, subsampling="4:2:2")
save("ycc444.jpg", rgb, quality=90, subsampling="4:4:4")
save("progressive.jpg", rgb, quality=90, progressive=True)
save("rgb.jpg", rgb, quality=90, keep_rgb=True)
save("grey.jpg", rgb.convert("L"), quality=90)
cmyk = np.concatenate([255 - scene(37, 29), scene(37, 29)[..., :1] // 2], -1)
save("cmyk.jpg", Image.fromarray(cmyk, "CMYK"), quality=92)
# YCCK: the same file with the Adobe marker's colour transform set from 0 to 2.
data = bytearray(open("cmyk.jpg", "rb").read())
data[data.index(b"Adobe") + 11] = 2
open("ycck.jpg", "wb").write(data)
golden("ycck.jpg", np.asarray(Image.open("ycck.jpg").convert("RGB")))

# Kinds of PNG.
save("rgb.png", rgb)
save("grey.png", rgb.convert("L"))
save("bits1.png", rgb.convert("1"))
save("palette.png", rgb.quantize(40))
p = rgb.quantize(12)
p.info["transparency"] = bytes([0, 128, 255] * 4)
save("palette-alpha.png", p, transparency=p.info["transparency"])
rgba = np.concatenate([scene(37, 29), rng.integers(0, 256, (29, 37, 1), dtype=np.uint8)], -1)
save("rgba.png", Image.fromarray(rgba))
save("grey-alpha.png", Image.fromarray(rgba[..., 2:4], "LA"))
save("rgb-transparent.png", rgb, transparency=(255, 0, 0))
open("interlaced.png", "wb").write(png(scene(37, 29), 2, True))
golden("interlaced.png", np.asarray(Image.open("interlaced.png").convert("RGB")))
wide = rng.integers(0, 65536, (11, 13, 4), dtype=np.uint16)
open("rgb16.png", "wb").write(png(wide[..., :3], 2))
golden("rgb16.png", scale16(wide[..., :3]))
open("rgba16.png", "wb").write(png(wide, 6, True))
golden("rgba16.png", scale16(wide[..., :3]))
open("grey16.png", "wb").write(png(wide[..., :1], 0))
golden("grey16.png", scale16(np.repeat(wide[..., :1], 3, -1)))

# The eight orientations, and EXIF data that means nothing.
small = Image.fromarray(scene(14, 9))
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for ending, options in (("jpg", dict(quality=95, subsampling="4:4:4")), ("png", {})):
        name = f"orientation{orientation}.{ending}"
        small.save(name, exif=exif.tobytes(), **options)
        golden(name, np.asarray(ImageOps.exif_transpose(Image.open(name)).convert("RGB")))
bad = Image.Exif()
bad[0x0112] = 9
small.save("orientation-bad.png", exif=bad.tobytes())
golden("orientation-bad.png", np.asarray(small))

# Resizing.
source = Image.fromarray(scene(61, 47))
source.save("resize.png")
filters = dict(nearest=Image.NEAREST, bilinear=Image.BILINEAR, bicubic=Image.BICUBIC, area=Image.BOX)
for name, code in filters.items():
    for w, h in ((16, 16), (23, 31), (66, 12), (9, 52), (61, 12), (1, 1)):
        golden(f"resize-{name}-{w}x{h}", np.asarray(source.resize((w, h), code)))
    for w, h in ((16, 16), (21, 33), (40, 11)):
        golden(f"crop-{name}-{w}x{h}", np.asarray(ImageOps.fit(source, (w, h), code)))
        golden(f"pad-{name}-{w}x{h}", np.asarray(ImageOps.pad(source, (w, h), code)))

# One sampling with crop, rotation, mirroring and reflection by PyTorch, as peers do it.
square = scene(24, 24)
golden("sample-source", square)
x = torch.from_numpy(square).permute(2, 0, 1)[None].float()
out = []
for sx, sy, tx, ty, th, fl in ((.8, .7, .15, -.2, .2, -1), (1, 1, 0, 0, -.15, 1), (1, .9, 0, .1, .1, 1)):
    c, s = np.cos(th), np.sin(th)
    m = torch.tensor([[[sx * c * fl, -sy * s, tx], [sx * s * fl, sy * c, ty]]], dtype=torch.float32)
    grid = F.affine_grid(m, (1, 3, 18, 18), align_corners=False)
    y = F.grid_sample(x, grid, align_corners=False, padding_mode="reflection")
    out.append(y[0].permute(1, 2, 0).numpy())
np.stack(out).astype("<f4").tofile("sample-torch.f32")

# Shrunk while decoding, by Pillow's draft mode. Sides that no divisor divides.
rng = np.random.default_rng(8)
large = Image.fromarray(scene(75, 53))
large.save("draft420.jpg", quality=90, subsampling="4:2:0")
large.save("draft444.jpg", quality=90, subsampling="4:4:4", progressive=True)
cmyk = np.concatenate([255 - scene(75, 53), scene(75, 53)[..., :1] // 2], -1)
Image.fromarray(cmyk, "CMYK").save("draft-cmyk.jpg", quality=92)
for name in ("draft420.jpg", "draft444.jpg", "draft-cmyk.jpg"):
    for divisor in (1, 2, 4, 8):
        image = Image.open(name)
        image.draft(None, (75 // divisor, 53 // divisor))
        assert image.size == (-(-75 // divisor), -(-53 // divisor))
        golden(f"{name}.{divisor}", np.asarray(image.convert("RGB")))

# The same of a picture that is to be turned.
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    name = f"draft-orientation{orientation}.jpg"
    Image.fromarray(scene(21, 13)).save(name, exif=exif.tobytes(), quality=95)
    image = Image.open(name)
    image.draft(None, (10, 6))
    assert image.size == (11, 7)
    golden(name, np.asarray(ImageOps.exif_transpose(image).convert("RGB")))


def read_png(data):
    """Samples (h, w, channels) of a PNG of 16 bits: the reference for what Pillow clips."""
    at, body, head = 8, b"", None
    while at < len(data):
        n = struct.unpack(">I", data[at:at + 4])[0]
        kind, part = data[at + 4:at + 8], data[at + 8:at + 8 + n]
        if kind == b"IHDR": head = struct.unpack(">IIBBBBB", part)
        if kind == b"IDAT": body += part
        at += 12 + n
    w, h, depth, colour, _, _, interlaced = head
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    raw, step = zlib.decompress(body), 2 * channels
    out, at = np.zeros((h, w, channels), np.uint16), 0
    for x0, y0, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        pw, ph = -(-(w - x0) // dx), -(-(h - y0) // dy)
        if pw <= 0 or ph <= 0: continue
        above = bytearray(pw * step)
        for row in range(ph):
            kind, line = raw[at], bytearray(raw[at + 1:at + 1 + pw * step])
            at += 1 + pw * step
            for i in range(len(line)):
                a = line[i - step] if i >= step else 0
                b = above[i]
                c = above[i - step] if i >= step else 0
                q = a + b - c
                paeth = min((abs(q - a), 0, a), (abs(q - b), 1, b), (abs(q - c), 2, c))[2]
                line[i] = (line[i] + (0, a, b, (a + b) // 2, paeth)[kind]) & 255
            out[y0 + row * dy, x0::dx] = np.frombuffer(bytes(line), ">u2").reshape(pw, channels)
            above = line
    return out


if len(sys.argv) > 1:
    lines = []
    for name in sorted(os.listdir(sys.argv[1])):
        if not name.endswith(".png") or name.startswith("x"): continue
        data = open(os.path.join(sys.argv[1], name), "rb").read()
        if data[24] == 16:
            samples = scale16(read_png(data))
            pixels = samples[..., :3] if samples.shape[2] >= 3 else np.repeat(samples[..., :1], 3, -1)
        else:
            pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        lines.append(f"{name} {hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()}\n")
    open("pngsuite.txt", "w").writelines(lines)

open("versions.txt", "w").write(
    f"python {sys.version.split()[0]}\npillow {PIL.__version__}\n"
    f"libjpeg-turbo {features.version('libjpeg_turbo')}\nlibpng (zlib) {features.version('zlib')}\n"
    f"numpy {np.__version__}\ntorch {torch.__version__}\n")
