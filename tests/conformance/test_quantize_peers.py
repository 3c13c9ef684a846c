"""QuantizeLinear against ONNX Runtime and ONNX's reference evaluator, disagreements included."""

import ml_dtypes
import numpy as np
import pytest
from peers import (
    FLOAT8,
    INTEGERS,
    NUMPY,
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

SCALES = [0.037, 0.5, 1.0, 3.7e-5, 1234.5]


def zero_points(rng, name, shape):
    if name not in INTEGERS:
        return np.zeros(shape, NUMPY[name])
    low, high = code_range(name)
    return rng.integers(low, high + 1, shape).astype(NUMPY[name])


def within_int32(x, scale):
    """Where x / scale is a number that int32 holds, with room for a zero point."""
    with np.errstate(all="ignore"):
        return np.abs(x.astype(np.float64) / float(scale)) < 2**30


def quantized(x, scale, name, folder, zero_point=None, **attributes):
    arrays = [x, scale] if zero_point is None else [x, scale, zero_point]
    built = model("QuantizeLinear", arrays, [name], **attributes)
    return ours(built, folder)[0], built


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", INTEGERS + FLOAT8)
def test_float32_is_that_of_onnx_runtime(name, scale, tmp_path):
    rng = np.random.default_rng(number(name))
    x = floats(rng, scale)
    if name in ("int2", "uint2", "int4", "uint4"):
        # Beyond int32 see test_onnx_runtime_wraps_beyond_int32_below_8_bits.
        x = x[within_int32(x, scale)]
    y, built = quantized(x, np.float32(scale), name, tmp_path, zero_points(rng, name, ()))
    assert_same(y, onnx_runtime(built)[0], x)


@pytest.mark.parametrize("name", FLOAT8)
def test_without_saturate_float8_is_that_of_onnx_runtime(name, tmp_path):
    x = floats(np.random.default_rng(1), 0.25)
    x = x[~overflows_oddly(x / np.float32(0.25), name)]
    zero_point = np.zeros((), NUMPY[name])
    y, built = quantized(x, np.float32(0.25), name, tmp_path, zero_point, saturate=0)
    assert_same(y, onnx_runtime(built)[0], x)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("name", INTEGERS + FLOAT8)
def test_per_axis_and_per_block_are_those_of_both_peers(name, axis, tmp_path):
    rng = np.random.default_rng(axis + 10)
    shape = (4, 6, 8)
    x = (rng.standard_normal(shape) * 10).astype(np.float32)
    blocked = list(shape)
    blocked[axis] //= 2
    for scale_shape, block_size in (((shape[axis],), 0), (tuple(blocked), 2)):
        scale = rng.uniform(0.01, 1, scale_shape).astype(np.float32)
        zero_point = zero_points(rng, name, scale_shape)
        attributes = {"axis": axis, "block_size": block_size}
        y, built = quantized(x, scale, name, tmp_path, zero_point, **attributes)
        assert_same(y, onnx_runtime(built)[0], x)
        assert_same(y, reference(built)[0], x)


@pytest.mark.parametrize("data", ["float", "float16"])
@pytest.mark.parametrize("name", INTEGERS)
def test_float32_scales_are_those_of_the_reference_within_int32(name, data, tmp_path):
    rng = np.random.default_rng(3)
    x = floats(rng, 0.037)
    with np.errstate(all="ignore"):
        x = x[within_int32(x, 0.037)].astype(NUMPY[data])
    x = x[np.isfinite(x)]
    y, built = quantized(x, np.float32(0.037), name, tmp_path, zero_points(rng, name, ()))
    assert_same(y, reference(built)[0], x)


@pytest.mark.parametrize("data", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", [*INTEGERS, *FLOAT8, "float4e2m1"])
def test_half_precision_divides_as_the_reference_does(name, data, tmp_path):
    rng = np.random.default_rng(4)
    x = floats(rng, 0.037)
    scale = np.array(0.037).astype(NUMPY[data])
    with np.errstate(all="ignore"):
        x = x.astype(NUMPY[data])
        # In float16 the quotient overflows to infinity, which the reference makes an int32 of.
        quotient = (x / scale).astype(np.float64)
        x = x[np.isfinite(quotient) & (np.abs(quotient) < 2**30)]
    y, built = quantized(x, scale, name, tmp_path, zero_points(rng, name, ()))
    assert_same(y, reference(built)[0], x)


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("scale", ["float8e8m0", "int32"])
def test_powers_of_two_and_integers_as_scales_are_those_of_the_reference(scale, name, tmp_path):
    rng = np.random.default_rng(5)
    x = floats(rng, 4)
    x = x[within_int32(x, 4)]
    built_scale = np.array(4).astype(NUMPY[scale])
    y, built = quantized(x, built_scale, name, tmp_path, zero_points(rng, name, ()))
    assert_same(y, reference(built)[0], x)


@pytest.mark.parametrize("name", INTEGERS)
def test_int32_data_divides_in_float32(name, tmp_path):
    """Neither peer is of use: ONNX Runtime has no such kernel, numpy divides in double."""
    rng = np.random.default_rng(6)
    x = (rng.integers(-(2**31), 2**31, 8000) >> rng.integers(0, 31, 8000)).astype(np.int32)
    scale = np.float32(0.37)
    y, _ = quantized(x, scale, name, tmp_path, np.zeros((), NUMPY[name]))
    codes = np.clip(np.rint(x.astype(np.float32) / scale).astype(np.float64), *code_range(name))
    assert_same(y, codes.astype(np.int32).astype(NUMPY[name]), x)


@pytest.mark.parametrize("precision", ["float16", "bfloat16", "float"])
@pytest.mark.parametrize("name", ["uint8", "int16"])
def test_precision_is_that_of_the_reference(name, precision, tmp_path):
    x = np.random.default_rng(7).uniform(-900, 900, 8000).astype(np.float32)
    attributes = {"precision": number(precision)}
    zero_point = np.zeros((), NUMPY[name])
    y, built = quantized(x, np.float32(0.37), name, tmp_path, zero_point, **attributes)
    assert_same(y, reference(built)[0], x)


# --- Known disagreements. Each asserts what both sides do, so that a change of either is noticed.


def test_the_reference_wraps_beyond_int32(tmp_path):
    """It converts the quotient to int32: 3e9 becomes -2^31 and then 0. Here 255, as in ONNX Runtime."""
    x = np.array([3e9, -3e9, np.inf, -np.inf], np.float32)
    y, built = quantized(x, np.float32(1), "uint8", tmp_path, np.zeros((), np.uint8))
    assert y.tolist() == onnx_runtime(built)[0].tolist() == [255, 0, 255, 0]
    assert reference(built)[0].tolist() == [0, 0, 0, 0]


def test_onnx_runtime_wraps_beyond_int32_below_8_bits(tmp_path):
    """Its 2-bit kernels throughout, its 4-bit kernels for the last element of an odd number."""
    x = np.array([3e9, 3e9, 3e9], np.float32)
    for name, theirs in (("uint2", [0, 0, 0]), ("uint4", [15, 15, 0])):
        y, built = quantized(x, np.float32(1), name, tmp_path, np.zeros((), NUMPY[name]))
        assert y.astype(int).tolist() == [code_range(name)[1]] * 3
        assert onnx_runtime(built)[0].astype(int).tolist() == theirs


@pytest.mark.parametrize("name", ["uint8", "int8", "uint16", "float8e4m3fn"])
def test_onnx_runtime_divides_float16_in_float32(name, tmp_path):
    """ONNX: the type of y_scale determines the precision of the division."""
    x = np.random.default_rng(8).uniform(-80, 80, 8000).astype(np.float16)
    scale, zero_point = np.float16(0.037), np.zeros((), NUMPY[name])
    y, built = quantized(x, scale, name, tmp_path, zero_point)
    theirs = onnx_runtime(built)[0]
    assert differing(y, theirs).any()
    in_float, _ = quantized(x, scale, name, tmp_path, zero_point, precision=number("float"))
    assert_same(in_float, theirs, x)


def test_onnx_runtime_ignores_precision(tmp_path):
    x = np.random.default_rng(9).uniform(-900, 900, 8000).astype(np.float32)
    zero_point, attributes = np.zeros((), np.int16), {"precision": number("float16")}
    y, built = quantized(x, np.float32(0.037), "int16", tmp_path, zero_point, **attributes)
    plain, _ = quantized(x, np.float32(0.037), "int16", tmp_path, zero_point)
    assert_same(onnx_runtime(built)[0], plain, x)
    assert differing(y, plain).any()


@pytest.mark.parametrize("scale_type", ["float16", "bfloat16"])
def test_the_reference_divides_in_the_wider_of_two_types(scale_type, tmp_path):
    """numpy promotes float32 / float16 to float32. ONNX: the precision is that of y_scale."""
    x = np.random.default_rng(10).uniform(-900, 900, 8000).astype(np.float32)
    scale, zero_point = np.array(0.037).astype(NUMPY[scale_type]), np.zeros((), np.int16)
    y, built = quantized(x, scale, "int16", tmp_path, zero_point)
    assert differing(y, reference(built)[0]).any()
    attributes = {"precision": number(scale_type)}
    asked, with_precision = quantized(x, scale, "int16", tmp_path, zero_point, **attributes)
    assert_same(y, asked, x)
    assert_same(y, reference(with_precision)[0], x)


def test_onnx_runtime_cannot_mix_float_types(tmp_path):
    built = model(
        "QuantizeLinear", [np.ones(3, np.float32), np.float16(1), np.zeros((), np.uint8)], ["uint8"]
    )
    assert ours(built, tmp_path)[0].tolist() == [1, 1, 1]
    with pytest.raises(Exception, match="QuantizeLinear"):
        onnx_runtime(built)


def test_the_reference_gives_negative_nan_a_positive_zero_in_float4(tmp_path):
    """ONNX's page on float4 says 6 for NaN, its node tests -0; ml_dtypes turns the sign around."""
    x = np.array([np.nan, np.nan], np.float32)
    x.view(np.uint32)[:] = 0x7FC00000, 0xFFC00000
    y, built = quantized(x, np.float32(1), "float4e2m1", tmp_path, output_dtype=number("float4e2m1"))
    assert y.view(np.uint8).tolist() == [8, 8]
    assert reference(built)[0].view(np.uint8).tolist() == [8, 0]


@pytest.mark.parametrize("scale", [0.0, -1.0, np.inf, np.nan])
def test_scales_without_meaning_are_refused_here_and_used_by_onnx_runtime(scale, tmp_path):
    built = model(
        "QuantizeLinear", [np.ones(2, np.float32), np.float32(scale), np.uint8(0)], ["uint8"]
    )
    with pytest.raises(RuntimeError, match="expected one that is positive and finite"):
        ours(built, tmp_path)
    assert onnx_runtime(built)[0].shape == (2,)


def test_a_shorter_last_block_is_refused_here_and_taken_by_both_peers(tmp_path):
    scale = np.ones((1, 2), np.float32)
    built = model(
        "QuantizeLinear",
        [np.ones((1, 3), np.float32), scale, np.zeros((1, 2), np.uint8)],
        ["uint8"],
        axis=1,
        block_size=2,
    )
    with pytest.raises(RuntimeError, match="block size 2"):
        ours(built, tmp_path)
    assert onnx_runtime(built)[0].tolist() == reference(built)[0].tolist() == [[1, 1, 1]]


def test_a_zero_point_of_float8_is_refused_here_and_ignored_by_both_peers(tmp_path):
    two = np.array(2, ml_dtypes.float8_e4m3fn)
    built = model("QuantizeLinear", [np.ones(2, np.float32), np.float32(1), two], ["float8e4m3fn"])
    with pytest.raises(RuntimeError, match="zero point 2 at index 0: expected 0"):
        ours(built, tmp_path)
    for peer in (onnx_runtime, reference):
        assert peer(built)[0].astype(float).tolist() == [1, 1]
