"""Cast between all types against ONNX Runtime and ONNX's reference evaluator."""

import functools

import numpy as np
import pytest
from peers import (
    FLOAT8,
    NUMPY,
    all_codes,
    assert_same,
    code_range,
    differing,
    floats,
    model,
    number,
    onnx_runtime,
    ours,
    overflows_oddly,
    reference,
)

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore::RuntimeWarning")]

IS_INTEGER = {name: "int" in name for name in NUMPY}
BELOW_8_BITS = ["int2", "uint2", "int4", "uint4"]
PAIRS = [(source, target) for source in NUMPY for target in NUMPY if source != target]
# ONNX Runtime has no float4e2m1 on the CPU.
RUNTIME_PAIRS = [pair for pair in PAIRS if "float4e2m1" not in pair]


def in_reference(source, target):
    """numpy lacks casts among the ml_dtypes integers and from float8e8m0 to the smallest types.
    To float8e8m0 see test_the_reference_has_other_edges_of_float8e8m0."""
    if source == "float8e8m0" and target in [*BELOW_8_BITS, "float4e2m1"]:
        return False
    return target != "float8e8m0" and not (source in BELOW_8_BITS and target in BELOW_8_BITS)


REFERENCE_PAIRS = [pair for pair in PAIRS if in_reference(*pair)]


@functools.cache
def inputs(name):
    rng = np.random.default_rng(number(name))
    if name == "float":
        return floats(rng)
    if name == "double":
        # Just off the ties of every narrower type, by more and by less than float32 can tell.
        halves = rng.integers(0, 2**16, 4000).astype(np.uint16).view(np.float16).astype(np.float64)
        off = halves * (1 + 2.0**-12) * (1 + rng.choice([0, 2.0**-40, -(2.0**-40)], 4000))
        return np.concatenate([floats(rng).astype(np.float64), off, rng.standard_normal(4000)])
    if name == "int32":
        wide = rng.integers(-(2**31), 2**31, 8000)
        return (wide >> rng.integers(0, 31, 8000)).astype(np.int32)
    return all_codes(name)


def defined(source, target):
    """Inputs whose cast ONNX defines: a float goes to an integer only within its range, and to
    float8e8m0 only when positive."""
    x = inputs(source)
    value = np.nan_to_num(x.astype(np.float64), nan=np.inf)
    if IS_INTEGER[target] and not IS_INTEGER[source]:
        low, high = code_range(target)
        return x[np.isfinite(value) & (np.trunc(value) >= low) & (np.trunc(value) <= high)]
    if target == "float8e8m0":
        return x[np.isnan(x) | (value > 0)] if not IS_INTEGER[source] else x[value > 0]
    return x


def cast(x, target, folder, **attributes):
    built = model("Cast", [x], [target], to=number(target), **attributes)
    return ours(built, folder)[0], built


@pytest.mark.parametrize(("source", "target"), RUNTIME_PAIRS)
def test_is_that_of_onnx_runtime(source, target, tmp_path):
    x = defined(source, target)
    if not IS_INTEGER[source] and target in BELOW_8_BITS:
        # Elsewhere see test_onnx_runtime_rounds_to_integers_below_8_bits.
        x = x[x.astype(np.float64) == np.trunc(x.astype(np.float64))]
    if source == "double" and target in ("float16", *FLOAT8, "float8e8m0"):
        # Otherwise see test_onnx_runtime_rounds_a_double_twice.
        x = x[np.isnan(x) | (x == x.astype(np.float32))]
    y, built = cast(x, target, tmp_path)
    assert_same(y, onnx_runtime(built)[0], x)


@pytest.mark.parametrize(("source", "target"), REFERENCE_PAIRS)
def test_is_that_of_the_reference(source, target, tmp_path):
    x = defined(source, target)
    if target == "float4e2m1":
        x = x[~np.isnan(x.astype(np.float64))]  # see test_quantize_peers.py
    if source == "double" and target in FLOAT8:
        x = x[np.isnan(x) | (x == x.astype(np.float32))]  # ml_dtypes rounds twice, too
    y, built = cast(x, target, tmp_path)
    assert_same(y, reference(built)[0], x)


@pytest.mark.parametrize("target", FLOAT8)
@pytest.mark.parametrize("source", ["float", "float16", "bfloat16"])
def test_without_saturate_float8_is_that_of_both_peers(source, target, tmp_path):
    x = inputs(source)
    y, built = cast(x, target, tmp_path, saturate=0)
    assert_same(y, reference(built)[0], x)
    x = x[~overflows_oddly(x, target)]
    y, built = cast(x, target, tmp_path, saturate=0)
    assert_same(y, onnx_runtime(built)[0], x)


@pytest.mark.parametrize("saturate", [0, 1])
@pytest.mark.parametrize("mode", ["up", "down", "nearest"])
@pytest.mark.parametrize("source", ["float", "float16", "bfloat16"])
def test_float8e8m0_is_that_of_onnx_runtime(source, mode, saturate, tmp_path):
    """Zero, negative values and infinity included, although ONNX leaves some of them open."""
    x = inputs(source)
    y, built = cast(x, "float8e8m0", tmp_path, saturate=saturate, round_mode=mode)
    assert_same(y, onnx_runtime(built)[0], x)


# --- Known disagreements. Each asserts what both sides do, so that a change of either is noticed.


def test_onnx_runtime_rounds_to_integers_below_8_bits(tmp_path):
    """It truncates to 8 bits and above, as ONNX does throughout."""
    x = np.array([0.5, 1.5, 0.9, 0.4], np.float32)
    for target in ("int4", "uint4", "uint2"):
        y, built = cast(x, target, tmp_path)
        assert y.astype(int).tolist() == reference(built)[0].astype(int).tolist() == [0, 1, 0, 0]
        assert onnx_runtime(built)[0].astype(int).tolist() == [1, 2, 1, 0]
    y, built = cast(x, "int8", tmp_path)
    assert onnx_runtime(built)[0].tolist() == y.tolist() == [0, 1, 0, 0]


def test_onnx_runtime_rounds_a_double_twice(tmp_path):
    """Through float32, onto the tie 1 + 2^-11 of float16, whose even side is below."""
    x = np.array([1 + 2.0**-11 + 2.0**-40])
    y, built = cast(x, "float16", tmp_path)
    assert y.tolist() == reference(built)[0].tolist() == [1 + 2.0**-10]
    assert onnx_runtime(built)[0].tolist() == [1]


def test_both_peers_round_a_double_twice_to_float8(tmp_path):
    x = np.array([0.71875 * (1 - 2.0**-40)])  # just below a tie
    y, built = cast(x, "float8e4m3fn", tmp_path)
    assert y.astype(float).tolist() == [0.6875]
    for peer in (onnx_runtime, reference):
        assert peer(built)[0].astype(float).tolist() == [0.75]


def test_the_reference_has_other_edges_of_float8e8m0(tmp_path):
    """ONNX's table: 0 and x < 2^-127 are 2^-127, infinity 2^127 when saturating, otherwise all of
    them NaN. The reference evaluator makes 2^-126 of subnormals, NaN of infinity when saturating,
    and 2^-127 of 0 when not. Above the subnormals it agrees while nothing overflows."""
    ordinary = inputs("float")
    ordinary = ordinary[(ordinary >= 2.0**-126) & (ordinary <= 2.0**127)]
    for mode in ("up", "down", "nearest"):
        y, built = cast(ordinary, "float8e8m0", tmp_path, round_mode=mode)
        assert_same(y, reference(built)[0], ordinary)
    edges = np.array([0, 1e-45, 2.0**-127, np.inf], np.float32)
    y, built = cast(edges, "float8e8m0", tmp_path, saturate=1, round_mode="up")
    assert y.view(np.uint8).tolist() == [0, 0, 0, 254]
    assert reference(built)[0].view(np.uint8).tolist() == [0, 1, 1, 255]
    y, built = cast(edges, "float8e8m0", tmp_path, saturate=0, round_mode="nearest")
    assert y.view(np.uint8).tolist() == [255, 255, 0, 255]
    assert reference(built)[0].view(np.uint8).tolist() == [0, 0, 0, 255]


@pytest.mark.parametrize(
    ("target", "values", "here", "there"),
    [
        ("float8e4m3fn", [464, 464.5, 480, 495, 496], ["448", *["nan"] * 4],
         ["448", "nan", "448", "448", "nan"]),
        ("float8e5m2", [61439, 61440, 65535, 65536], ["57344", "inf", "inf", "inf"],
         ["57344", "nan", "nan", "inf"]),
    ],
)  # fmt: skip
def test_onnx_runtime_overflows_float8_oddly(target, values, here, there, tmp_path):
    """ONNX without saturate: what rounds beyond the largest value is NaN in E4M3FN, infinity in
    E5M2. ONNX Runtime brings [480, 496) back to 448 in E4M3FN, and [61440, 65536) to NaN in E5M2."""
    y, built = cast(np.array(values, np.float32), target, tmp_path, saturate=0)
    assert [str(value) for value in y] == here
    assert [str(value) for value in onnx_runtime(built)[0]] == there


def test_infinity_is_no_integer_and_both_peers_make_different_ones_of_it(tmp_path):
    """Undefined in ONNX. Here 0, and a large value its low bits."""
    x = np.array([np.inf, -np.inf, np.nan, 2.0**40], np.float32)
    y, built = cast(x, "int32", tmp_path)
    assert y.tolist() == [0, 0, 0, 0]
    assert differing(y, onnx_runtime(built)[0]).any()
