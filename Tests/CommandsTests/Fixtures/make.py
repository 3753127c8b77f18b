"""Writes the JPEGs beside this file. Made with Pillow 13.0.0 and libjpeg-turbo 3.2.0."""
import pathlib

from PIL import Image

here = pathlib.Path(__file__).parent
photo = Image.new("RGB", (24, 20))
photo.putdata([(200 - 5 * x, 60 + 4 * y, 40 + 3 * x) for y in range(20) for x in range(24)])
photo.save(here / "photo.jpg", quality=80)
photo.convert("L").save(here / "grey.jpg", quality=80)
photo.convert("CMYK").save(here / "cmyk.jpg", quality=80)
