"""The numbers of `zeropoint explain --json`, derived again with exact fractions.

The convention onnx rounds to double in a few places and to float32 in two; here every formula is
evaluated exactly, and rounded only where the convention rounds.
"""
import json
import os
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

PROGRAM = Path(os.environ.get("ZP_BIN_DIR", "build/release/bin")) / "zeropoint"
pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built")


def explain(*arguments):
    command = [PROGRAM, "explain", *map(str, arguments), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def half_even(number: Fraction) -> int:
    return round(number)  # of a Fraction: to the nearest whole number, ties to even


def float32_quotient(x, scale) -> Fraction:
    """x / scale as float32 rounds it."""
    return Fraction(float(np.float32(x) / np.float32(scale)))


def affine(minimum, maximum, qmin, qmax):
    """Scale and zero point of the affine scheme, without rounding."""
    minimum, maximum = min(Fraction(minimum), 0), max(Fraction(maximum), 0)
    scale = (maximum - minimum) / (qmax - qmin)
    return scale, qmin - minimum / scale


# The worked examples: arguments, scale, zero point, {value: code}.
WORKED = [
    ("0:1000 uint8 --scheme one-sided", Fraction(1000, 255), 0, {0: 0, 500: 128, 1000: 255}),
    ("-20:1000 uint8", Fraction(4), 5, {-20: 0, 0: 5, 1000: 255}),
    ("-20:1000 int8", Fraction(4), -123, {-20: -128, 0: -123, 1000: 127}),
    ("40:1000 uint8", Fraction(1000, 255), 0, {40: 10}),
    ("-1000:1000 uint8 --scheme symmetric --narrow --zero-point 128", Fraction(2000, 254), 128,
     {39.215686: 133, 1000: 255, -1000: 1}),
    ("-1000:1000 uint8 --convention tensorflow", Fraction(2000, 255), 128,
     {39.215686: 133, 1000: 255, -1000: 1}),
    ("-1:2 uint2", Fraction(1), 1, {-1: 0, 0: 1, 1: 2, 2: 3}),
    ("-1:1 int3", Fraction(2, 7), 0, {0: 0}),
    ("-1:1 int3 --scheme symmetric --narrow", Fraction(2, 6), 0, {-1: -3, 0: 0, 1: 3}),
]


@pytest.mark.parametrize("arguments, scale, zero_point, codes", WORKED)
def test_worked_examples(arguments, scale, zero_point, codes):
    limits, kind, *rest = arguments.split()
    values = [word for value in codes for word in ("--value", value)]
    result = explain("--range", limits, "--type", kind, *rest, *values)
    assert np.float32(result["scale"]) == np.float32(float(scale))
    assert result["scale_bits"] == f"0x{np.float32(float(scale)).view(np.uint32):08x}"
    assert result["zero_point"] == zero_point
    assert [value["code"] for value in result["values"]] == list(codes.values())


def test_the_skewed_range_wastes_ten_steps_of_255():
    wasted = explain("--range", "40:1000", "--type", "uint8")["wasted"]
    assert wasted == {"below": 10, "above": 0, "total": 255, "fraction": 10 / 255}


def test_older_tensorflow_form_cuts_1000_to_996():
    result = explain("--range", "-1000:1000", "--type", "uint8", "--convention", "tensorflow",
                     "--value", 1000)
    assert result["values"][0]["dequantized"] == pytest.approx(127 * 2000 / 255)


def test_an_exact_value_comes_back_bit_for_bit():
    result = explain("--range", "-1.5:2.7", "--type", "int8", "--exact", -1, "--value", -1)
    steps = result["values"][0]["code"] - result["zero_point"]
    assert np.float32(steps) * np.float32(result["scale"]) == np.float32(-1)
    assert result["values"][0]["error"] == 0


TYPES = {"uint8": (0, 255), "int8": (-128, 127), "uint4": (0, 15), "int4": (-8, 7),
         "uint2": (0, 3), "int16": (-32768, 32767), "uint16": (0, 65535), "int5": (-16, 15)}
REALS = st.floats(-1e6, 1e6, width=32).filter(lambda x: x == 0 or abs(x) > 1e-6)


@settings(max_examples=60, deadline=None)
@given(st.tuples(REALS, REALS).map(sorted).filter(lambda r: r[0] < r[1]),
       st.sampled_from(sorted(TYPES)), st.lists(REALS, max_size=4))
def test_affine_onnx(limits, kind, values):
    minimum, maximum = limits
    qmin, qmax = TYPES[kind]
    result = explain(f"--range={minimum!r}:{maximum!r}", "--type", kind,
                     *(f"--value={value!r}" for value in values))

    scale, zero_point = affine(minimum, maximum, qmin, qmax)
    # The double computation is within a few units in the last place of the exact one.
    assert abs(Fraction(result["unrounded_scale"]) / scale - 1) < Fraction(1, 2**50)
    assert np.float32(result["scale"]) == np.float32(result["unrounded_scale"])
    assert abs(result["zero_point"] - zero_point) <= Fraction(1, 2) + Fraction(1, 2**20)
    assert (result["qmin"], result["qmax"]) == (qmin, qmax)

    def code_of(x):
        code = half_even(float32_quotient(x, result["scale"])) + result["zero_point"]
        return min(max(code, qmin), qmax)

    for x, value in zip(values, result["values"]):
        assert value["code"] == code_of(x)
        back = np.float32(value["code"] - result["zero_point"]) * np.float32(result["scale"])
        assert np.float32(value["dequantized"]) == back
        assert value["error"] == pytest.approx(float(back) - x, rel=1e-6, abs=1e-30)
    below, above = code_of(minimum) - qmin, qmax - code_of(maximum)
    assert result["wasted"] == {"below": below, "above": above, "total": qmax - qmin,
                                "fraction": (below + above) / (qmax - qmin)}
