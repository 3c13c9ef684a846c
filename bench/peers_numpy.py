"""numpy, for scale: each operation in the vector form that a Python user writes, with temporaries
that are made once."""

import numpy as np
from peers_common import SCALE, ZERO_POINT, aligned, zeros

VERSION = np.__version__

LIMITS = {np.uint8: (0, 255), np.int8: (-128, 127), np.uint16: (0, 65535)}


def _round_half_away(x, out):
    np.add(x, np.copysign(np.float32(0.5), x), out=out)
    np.trunc(out, out=out)


def _quantize_into(x, temporary, codes, round_into):
    np.divide(x, np.float32(SCALE), out=temporary)
    round_into(temporary, temporary)
    temporary += np.float32(ZERO_POINT)
    np.clip(temporary, *LIMITS[codes.dtype.type], out=temporary)
    np.copyto(codes, temporary, casting="unsafe")


def _dequantize_into(codes, values):
    np.subtract(codes, np.float32(ZERO_POINT), out=values, dtype=np.float32)
    values *= np.float32(SCALE)


def _quantize(code, round_into=np.rint):
    def make(data):
        temporary, codes = zeros(data.n, np.float32), zeros(data.n, code)
        return lambda: _quantize_into(data.normal, temporary, codes, round_into)

    return make, 1


def _dequantize(code):
    def make(data):
        codes, values = data.codes.view(code)[: data.n], zeros(data.n, np.float32)
        return lambda: _dequantize_into(codes, values)

    return make, 1


def _fake_quantize(data):
    values, codes = zeros(data.n, np.float32), zeros(data.n, np.uint8)

    def call():
        _quantize_into(data.normal, values, codes, np.rint)
        _dequantize_into(codes, values)

    return call


def _requantize(data):
    accumulators = data.codes.view(np.int32)
    temporary, codes = zeros(data.n, np.float32), zeros(data.n, np.uint8)

    def call():
        np.multiply(accumulators, np.float32(SCALE), out=temporary, casting="same_kind",
                    dtype=np.float32)
        np.rint(temporary, out=temporary)
        np.add(temporary, np.float32(ZERO_POINT), out=temporary)
        np.clip(temporary, 0, 255, out=temporary)
        np.copyto(codes, temporary, casting="unsafe")

    return call


def _histogram(change):
    def make(data):
        keys = aligned(change(data.normal)).view(np.uint32)
        return lambda: np.bincount(keys >> 16, minlength=1 << 16)

    return make, 1


def _pack(data):
    codes = aligned(data.codes & 15)
    even, odd, packed = codes[0::2], codes[1::2], zeros(codes.size // 2, np.uint8)

    def call():
        np.left_shift(odd, 4, out=packed)
        np.bitwise_or(packed, even, out=packed)

    return call


def _unpack(data):
    packed, codes = data.codes[: data.codes.size // 2], zeros(data.codes.size, np.uint8)

    def call():
        np.bitwise_and(packed, 15, out=codes[0::2])
        np.right_shift(packed, 4, out=codes[1::2])

    return call


CASES = {
    "quantize_u8": _quantize(np.uint8),
    "quantize_s8": _quantize(np.int8),
    "quantize_u16": _quantize(np.uint16),
    "quantize_u8_half_away": _quantize(np.uint8, _round_half_away),
    "dequantize_u8": _dequantize(np.uint8),
    "dequantize_s8": _dequantize(np.int8),
    "dequantize_u16": _dequantize(np.uint16),
    "fake_quantize_u8": (_fake_quantize, 1),
    "requantize_u8": (_requantize, 1),
    "min_max": (lambda data: lambda: (data.normal.min(), data.normal.max()), 1),
    "moments": (lambda data: lambda: (data.normal.mean(), data.normal.var()), 1),
    "histogram": _histogram(lambda x: x),
    "histogram_relu": _histogram(lambda x: np.maximum(x, 0)),
    "histogram_constant": _histogram(np.ones_like),
    # 4n codes, so that the wider side has 4n bytes as everywhere else.
    "pack_u4": (_pack, 4),
    "unpack_u4": (_unpack, 4),
}
