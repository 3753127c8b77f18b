"""Makes the small files beside this script, BMP, GIF, WebP, HEIC and AVIF, with what Pillow makes of
them.

usage: python make_formats.py
Needs pillow, pillow-heif and numpy; versions.txt says which were used. `NAME.rgb` is the expected
picture of NAME, upright: two 32-bit little-endian numbers (width, height), then three bytes a pixel.
All pictures are drawn here.
"""
import os, struct, sys
import numpy as np, PIL, pillow_heif
from PIL import Image, ImageOps, features

pillow_heif.register_heif_opener()
os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = np.random.default_rng(27)


def scene(w, h, noise=4):
    """A smooth picture with an edge, a disc and some noise."""
    y, x = np.mgrid[0:h, 0:w].astype(float)
    r = 127 + 110 * np.sin(x / w * 5 + y / h * 2)
    g = 255 * y / max(1, h - 1)
    b = np.where((x - w * .6) ** 2 + (y - h * .4) ** 2 < (min(w, h) * .3) ** 2, 230, 40)
    p = np.stack([r, g, b], -1)
    p[:, : w // 4] = 255 - p[:, : w // 4]
    return np.clip(p + rng.normal(0, noise, p.shape), 0, 255).round().astype(np.uint8)


def golden(name):
    image = Image.open(name)
    image.seek(0) if not name.endswith((".heic", ".avif")) else None
    array = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    open(name + ".rgb", "wb").write(struct.pack("<II", array.shape[1], array.shape[0]) + array.tobytes())


def put(name, data):
    open(name, "wb").write(data)
    golden(name)


def save(name, image, **options):
    image.save(name, **options)
    golden(name)


W, H = 21, 13
picture = Image.fromarray(scene(W, H))
indices = picture.quantize(16)
index = np.asarray(indices).astype(np.uint8)
colours = np.array(indices.getpalette("RGB")[:48], np.uint8).reshape(-1, 3)
colours = np.concatenate([colours, np.zeros((16 - len(colours), 3), np.uint8)])

# ---- BMP, written by hand.


def packed(values, bits):
    """Rows of numbers of so many bits, from below, each filled up to four bytes."""
    rows = []
    for row in values[::-1]:
        if bits == 1: body = np.packbits(row).tobytes()
        elif bits == 4: body = bytes(int(a) << 4 | int(b) for a, b in zip(row[::2], np.append(row[1::2], 0)))
        else: body = b"".join(int(v).to_bytes(bits // 8, "little") for v in row)
        rows.append(body + b"\0" * (-len(body) % 4))
    return b"".join(rows)


def bmp(bits, pixels, table=b"", compression=0, masks=b"", height=H, length=40, used=0, width=W):
    if length == 12:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        header = struct.pack("<IiiHHIIiiII", length, width, height, 1, bits, compression, len(pixels), 2835,
                             2835, used, 0)
        header += masks if length > 40 else b""
        header += b"\0" * (length - len(header))
        header += masks if length == 40 else b""
    start = 14 + len(header) + len(table)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + header + table + pixels


def quads(entries): return b"".join(bytes([b, g, r, 0]) for r, g, b in entries)


rgb = np.asarray(picture).astype(np.uint32)
number = rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
wide = rng.integers(0, 65536, (H, W))
put("bits1.bmp", bmp(1, packed((index > 7).astype(np.uint8), 1), quads([(200, 30, 40), (20, 220, 90)])))
put("bits4.bmp", bmp(4, packed(index, 4), quads(colours)))
put("bits8.bmp", bmp(8, packed(index, 8), quads(colours), used=16))
put("grey8.bmp", bmp(8, packed(rgb[..., 1], 8), quads([(i, i, i) for i in range(256)])))
put("short8.bmp", bmp(8, packed(index, 8), quads(colours[:9]), used=9))
put("bits16.bmp", bmp(16, packed(wide, 16)))
put("fields565.bmp", bmp(16, packed(wide, 16), compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)))
put("bits24.bmp", bmp(24, packed(number, 24)))
put("above24.bmp", bmp(24, packed(number[::-1], 24), height=-H))
put("bits32.bmp", bmp(32, packed(number | 0x55000000, 32)))
put("fields32.bmp", bmp(32, packed(number << 8 | 0x7F, 32), compression=3, length=56,
                        masks=struct.pack("<IIII", 0xFF000000, 0xFF0000, 0xFF00, 0xFF)))
put("version5.bmp", bmp(32, packed(number | 0x80000000, 32), compression=3, length=124,
                        masks=struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)))
put("os2-8.bmp", bmp(8, packed(index, 8), b"".join(bytes([b, g, r]) for r, g, b in np.resize(colours, (256, 3))),
                     length=12))
put("os2-24.bmp", bmp(24, packed(number, 24), length=12))


def runs(values, bits, steps):
    """Rows in runs, some pixels one by one, the last of a row perhaps left to the end of the line."""
    out = bytearray()
    for y, row in enumerate(values[::-1]):
        x = 0
        while x < len(row):
            n = 1
            while x + n < len(row) and row[x + n] == row[x] and n < 255: n += 1
            single = min(5, len(row) - x)
            if n < 3 and single >= 3:
                part = [int(v) for v in row[x : x + single]]
                body = bytes(part) if bits == 8 else bytes(
                    a << 4 | b for a, b in zip(part[::2], part[1::2] + [0] * (len(part) % 2)))
                out += bytes([0, single]) + body + b"\0" * (len(body) % 2)
                x += single
            else:
                value = int(row[x])
                out += bytes([n, value if bits == 8 else value << 4 | value])
                x += n
        out += b"\0\0"
        if steps and y == 3: out += bytes([0, 2, 4, 1])
        if steps and y == 5: out += b"\0\0"
    return bytes(out)


assert (len(bmp(8, b"")) % 2) == 0
put("rle8.bmp", bmp(8, runs(index, 8, False) + b"\0\1", quads(colours), 1, used=16))
put("rle4.bmp", bmp(4, runs(index, 4, False) + b"\0\1", quads(colours), 2))
put("rle8-steps.bmp", bmp(8, runs(index, 8, True) + b"\0\1", quads(colours), 1, used=16))

# ---- GIF.
many = picture.quantize(200)
save("plain.gif", many)
save("interlaced.gif", many.resize((21, 18)), interlace=1)  # Pillow interlaces none below 16
save("four.gif", picture.quantize(4), interlace=False)
save("grey.gif", picture.convert("L"))
transparent = indices.copy()
save("transparent.gif", transparent, transparency=3)
save("moving.gif", many, save_all=True, append_images=[Image.fromarray(scene(W, H)).quantize(30)])
noise = Image.fromarray(rng.integers(0, 256, (60, 90), dtype=np.uint8))
save("noise.gif", noise)  # fills the table of codes


def placed(name, source, left, top, width, height):
    """A GIF whose screen is larger than its first picture."""
    data = bytearray(open(source, "rb").read())
    data[6:10] = struct.pack("<HH", width, height)
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 128 else 0)
    while data[at] == 0x21:
        at += 2
        while data[at]: at += data[at] + 1
        at += 1
    assert data[at] == 0x2C
    data[at + 1 : at + 5] = struct.pack("<HH", left, top)
    put(name, bytes(data))


placed("small.gif", "plain.gif", 4, 2, 30, 19)
placed("small-transparent.gif", "transparent.gif", 3, 5, 27, 20)
placed("beyond.gif", "plain.gif", 9, 1, 16, 16)
data = open("plain.gif", "rb").read()
size = 3 << ((data[10] & 7) + 1)
put("no-colours.gif", data[:10] + bytes([data[10] & 0x78]) + data[11:13] + data[13 + size :])

# ---- WebP.
save("lossy.webp", picture, quality=80)
save("lossless.webp", picture, lossless=True)
alpha = np.concatenate([np.asarray(picture), rng.integers(0, 256, (H, W, 1), dtype=np.uint8)], -1)
save("lossless-alpha.webp", Image.fromarray(alpha), lossless=True, exact=True)
save("lossy-alpha.webp", Image.fromarray(alpha), quality=70, alpha_quality=60)
save("palette.webp", indices.convert("RGB"), lossless=True)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(f"orientation{orientation}.webp", picture, lossless=True, exif=exif.tobytes())
xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description tiff:Orientation="8"/></rdf:RDF></x:xmpmeta>'
save("xmp8.webp", picture, lossless=True, xmp=xmp)
others = [Image.fromarray(scene(W, H)) for _ in range(2)]
save("moving.webp", picture, lossless=True, save_all=True, append_images=others)
save("moving-alpha.webp", Image.fromarray(alpha), quality=60, save_all=True, append_images=[Image.fromarray(alpha[::-1])])
data = bytearray(open("moving.webp", "rb").read())
at = data.index(b"ANMF") + 8
data[24:30] = (W + 9).to_bytes(3, "little") + (H + 6).to_bytes(3, "little")
data[at : at + 6] = (3).to_bytes(3, "little") + (2).to_bytes(3, "little")
put("moving-small.webp", bytes(data))

# ---- HEIC and AVIF. Sides of 64 so that nothing is cut away, and smooth, as chroma is interpolated in
# other ways from version to version.
even = Image.fromarray(scene(32, 24, 0))
save("lossless.heic", even, quality=-1, chroma=444, matrix_coefficients=0)
save("full.heic", even, quality=90, chroma=444)
grey = even.convert("L")
save("grey.heic", grey, quality=-1)
both = Image.fromarray(np.dstack([np.asarray(even), np.full((24, 32), 130, np.uint8)]))
save("alpha.heic", both, quality=-1, chroma=444, matrix_coefficients=0)
save("several.heic", even, quality=-1, chroma=444, matrix_coefficients=0, save_all=True, append_images=[even.rotate(180)])
for orientation in range(2, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(f"orientation{orientation}.heic", even, quality=-1, chroma=444, matrix_coefficients=0, exif=exif.tobytes())
deep = (np.asarray(even).astype(np.uint16) << 8) | 0x80
pillow_heif.from_bytes(mode="RGB;16", size=(32, 24), data=deep.tobytes()).save(
    "deep.heic", quality=-1, chroma=444)
golden("deep.heic")
large = Image.fromarray(scene(128, 96, 0))
save("grid.heic", large, quality=90, chroma=444, tile_size=64)
save("smooth.heic", Image.fromarray(np.dstack([np.tile(np.linspace(60, 200, 64).astype(np.uint8), (48, 1))] * 3)), quality=95)
save("full.avif", even, quality=95, subsampling="4:4:4", speed=6)
save("grey.avif", grey, quality=95)
save("alpha.avif", both, quality=95, subsampling="4:4:4")
for orientation in (3, 6, 7):
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(f"orientation{orientation}.avif", even, quality=95, subsampling="4:4:4", exif=exif.tobytes())

open("versions.txt", "w").write(
    f"python {sys.version.split()[0]}\npillow {PIL.__version__}\npillow-heif {pillow_heif.__version__}\n"
    f"libheif {pillow_heif.libheif_version()}\nlibwebp {features.version('webp')}\n"
    f"libavif {features.version('avif')}\nnumpy {np.__version__}\n")
