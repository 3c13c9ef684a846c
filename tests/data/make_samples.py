#!/usr/bin/env python3
"""Makes tests/data/samples: small files as NumPy, Pillow and ONNX write them, and what Pillow makes
of the pictures (expected.npz). Run it to make them anew: build/venv/bin/python tests/data/make_samples.py

The pictures' content is drawn from a fixed seed. Every array holds -5, -4 ... 18 in
shape 2 x 3 x 4 (unsigned: modulo the type's range; bool: whether the number is above 0).
"""

import os
import pathlib
import struct
import zlib

import numpy as np
import onnx.numpy_helper
from PIL import Image

FOLDER = pathlib.Path(__file__).parent / "samples"
WIDTH, HEIGHT = 16, 12


def smooth(rng, channels):
    """A gradient with some noise: something that a JPEG keeps."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    planes = [(x * (3 + c) + y * (9 - 2 * c)) % 256 + rng.integers(0, 60, x.shape) for c in range(channels)]
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def write_interlaced_png(path, gray):
    """Pillow writes no interlaced PNG; its seven passes (PNG specification, 8.2) are simple enough."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b"".join(b"\0" + row.tobytes() for x, y, dx, dy in passes for row in gray[y::dy, x::dx] if row.size)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 1)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def make_pictures():
    rng = np.random.default_rng(1)
    rgb, gray, four = smooth(rng, 3), smooth(rng, 1)[..., 0], smooth(rng, 4)
    picture = Image.fromarray(rgb)
    picture.save(FOLDER / "rgb.png")
    picture.save(FOLDER / "rgb.jpg", quality=90)  # chroma at half the resolution
    picture.save(FOLDER / "progressive.jpg", quality=90, progressive=True)
    Image.fromarray(gray).save(FOLDER / "gray.png")
    Image.fromarray(gray).save(FOLDER / "gray.jpg", quality=90)
    Image.fromarray(four).save(FOLDER / "rgba.png")
    Image.fromarray(four[..., :2].copy()).save(FOLDER / "gray_alpha.png")
    Image.fromarray(four, "CMYK").save(FOLDER / "cmyk.jpg", quality=90)
    palette = picture.quantize(7)
    palette.save(FOLDER / "palette.png", bits=4, transparency=2)
    Image.fromarray(gray > 40).save(FOLDER / "one_bit.png")
    write_interlaced_png(FOLDER / "interlaced.png", gray)
    deep = gray.astype(np.uint16) * 256 + 200
    Image.fromarray(deep).save(FOLDER / "gray16.png")

    expected = {}
    for name in sorted(os.listdir(FOLDER)):
        if name.endswith((".png", ".jpg")):
            image = Image.open(FOLDER / name)
            expected[name + " rgb"] = np.asarray(image.convert("RGB"))
    # Pillow clips 16 bits; zeropoint takes the upper 8.
    expected["gray16.png rgb"] = np.repeat(gray[..., None], 3, -1)
    expected["rgb.png gray"] = np.asarray(picture.convert("L"))
    for width, height in ((7, 5), (32, 31), (16, 5), (9, 12), (1, 1), (40, 3)):
        resized = picture.resize((width, height), Image.BILINEAR)
        expected[f"rgb.png {width}x{height}"] = np.asarray(resized)
    np.savez_compressed(FOLDER / "expected.npz", **expected)


def make_arrays():
    values = np.arange(24).reshape(2, 3, 4) - 5
    for code in ("<f4", ">f4", "<f8", ">f8", "<f2", ">f2", "i1", "u1", "<i2", ">u2", "<i4", "<u4", ">i8", "<u8"):
        array = values.astype(np.dtype(code))
        name = code.replace("<", "little_").replace(">", "big_")
        np.save(FOLDER / f"{name}.npy", array)
    np.save(FOLDER / "bool.npy", values > 0)
    np.save(FOLDER / "fortran.npy", np.asfortranarray(values.astype(np.float32)))
    np.save(FOLDER / "scalar.npy", np.float32(2.5))
    for version in (2, 3):
        with open(FOLDER / f"version{version}.npy", "wb") as file:
            np.lib.format.write_array(file, values.astype(np.float32), version=(version, 0))
    np.save(FOLDER / "complex.npy", values.astype(np.complex64))
    np.save(FOLDER / "text.npy", np.array(["a", "bc"]))
    np.save(FOLDER / "records.npy", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
    arrays = {"a": values.astype(np.float32), "b": values.astype(np.int64), "labels": np.array(["x", "y"])}
    np.savez(FOLDER / "stored.npz", **arrays)
    np.savez_compressed(FOLDER / "deflated.npz", **arrays)
    folder = FOLDER / "test_data_set_0"
    folder.mkdir(exist_ok=True)
    for kind, number, name, array in (
        ("input", 0, "a", arrays["a"]),
        ("input", 1, "b", arrays["b"]),
        ("output", 0, "y", arrays["a"]),
    ):
        proto = onnx.numpy_helper.from_array(array, name)
        (folder / f"{kind}_{number}.pb").write_bytes(proto.SerializeToString())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    make_pictures()
    make_arrays()
