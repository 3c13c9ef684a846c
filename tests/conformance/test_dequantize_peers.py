"""DequantizeLinear against ONNX Runtime and ONNX's reference evaluator."""

import numpy as np
import pytest
from peers import (
    FLOAT8,
    INTEGERS,
    NUMPY,
    all_codes,
    assert_same,
    code_range,
    model,
    number,
    onnx_runtime,
    ours,
    reference,
)

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore::RuntimeWarning")]

SCALES = [0.037, 1.0, 3.7e-5, 123.4]


def zero_point(rng, name):
    if name not in INTEGERS:
        return np.zeros((), NUMPY[name])
    low, high = code_range(name)
    return rng.integers(low, high + 1, ()).astype(NUMPY[name])


@pytest.mark.parametrize("scale_type", ["float", "float16"])
@pytest.mark.parametrize("name", INTEGERS + FLOAT8)
def test_every_code_is_that_of_both_peers(name, scale_type, tmp_path):
    rng = np.random.default_rng(1)
    x = all_codes(name)
    for scale in SCALES:
        arrays = [x, np.array(scale).astype(NUMPY[scale_type]), zero_point(rng, name)]
        built = model("DequantizeLinear", arrays, [scale_type])
        y = ours(built, tmp_path)[0]
        assert_same(y, onnx_runtime(built)[0], x)
        assert_same(y, reference(built)[0], x)


@pytest.mark.parametrize("name", [*INTEGERS, *FLOAT8, "float4e2m1"])
def test_the_types_that_onnx_runtime_has_not_are_those_of_the_reference(name, tmp_path):
    rng = np.random.default_rng(2)
    x = all_codes(name)
    for scale_type, output in (("bfloat16", "bfloat16"), ("bfloat16", "float"),
                               ("float", "bfloat16"), ("float", "float16")):
        arrays = [x, np.array(0.037).astype(NUMPY[scale_type]), zero_point(rng, name)]
        built = model("DequantizeLinear", arrays, [output], output_dtype=number(output))
        assert_same(ours(built, tmp_path)[0], reference(built)[0], x)


@pytest.mark.parametrize("name", ["int8", "uint4", "float4e2m1", "float8e4m3fn"])
def test_powers_of_two_as_scales_are_those_of_the_reference(name, tmp_path):
    x = all_codes(name)
    arrays = [x, np.array(0.25).astype(NUMPY["float8e8m0"])]
    built = model("DequantizeLinear", arrays, ["float"], output_dtype=number("float"))
    assert_same(ours(built, tmp_path)[0], reference(built)[0], x)


def test_int32_is_that_of_both_peers(tmp_path):
    rng = np.random.default_rng(3)
    x = (rng.integers(-(2**31), 2**31, 8000) >> rng.integers(0, 31, 8000)).astype(np.int32)
    for scale_type in ("float", "float16"):
        arrays = [x, np.array(0.037).astype(NUMPY[scale_type])]
        built = model("DequantizeLinear", arrays, [scale_type])
        y = ours(built, tmp_path)[0]
        assert_same(y, onnx_runtime(built)[0], x)
        assert_same(y, reference(built)[0], x)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("name", INTEGERS + FLOAT8)
def test_per_axis_and_per_block_are_those_of_both_peers(name, axis, tmp_path):
    rng = np.random.default_rng(axis + 10)
    shape = (4, 6, 8)
    x = rng.choice(all_codes(name), shape)
    blocked = list(shape)
    blocked[axis] //= 2
    for scale_shape, block_size in (((shape[axis],), 0), (tuple(blocked), 2)):
        scale = rng.uniform(0.01, 1, scale_shape).astype(np.float32)
        points = np.zeros(scale_shape, NUMPY[name])
        if name in INTEGERS:
            points = rng.choice(all_codes(name), scale_shape)
        attributes = {"axis": axis, "block_size": block_size}
        built = model("DequantizeLinear", [x, scale, points], ["float"], **attributes)
        y = ours(built, tmp_path)[0]
        assert_same(y, onnx_runtime(built)[0], x)
        assert_same(y, reference(built)[0], x)


def test_a_zero_point_of_int32_is_refused_here_and_subtracted_by_both_peers(tmp_path):
    """ONNX: "there's no zero point (zero point is supposed to be 0)"."""
    arrays = [np.array([7], np.int32), np.float32(1), np.array(5, np.int32)]
    built = model("DequantizeLinear", arrays, ["float"])
    with pytest.raises(RuntimeError, match="zero point 5 at index 0: expected 0"):
        ours(built, tmp_path)
    assert onnx_runtime(built)[0].tolist() == reference(built)[0].tolist() == [2]
