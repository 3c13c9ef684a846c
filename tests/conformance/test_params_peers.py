"""choose_params in the onnx convention against the parameters of ONNX Runtime's quantizer."""

import subprocess

import numpy as np
import pytest
from onnxruntime.quantization.quant_utils import compute_scale_zp, get_qmin_qmax_for_qType
from peers import BIN, number

pytestmark = pytest.mark.long

TYPES = ["int4", "uint4", "int8", "uint8", "int16", "uint16"]


def ours(ranges, type_name, scheme, narrow):
    lines = [f"{float(low)!r} {float(high)!r} {type_name} {scheme} {narrow}" for low, high in ranges]
    run = subprocess.run(
        [BIN / "onnx_params"], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    return [(float.fromhex(s), int(z)) for s, z in (line.split() for line in run.stdout.splitlines())]


def theirs(ranges, type_name, symmetric):
    qmin, qmax = get_qmin_qmax_for_qType(number(type_name), symmetric=symmetric)
    parameters = []
    with np.errstate(over="ignore"):
        for low, high in ranges:
            zero_point, scale = compute_scale_zp(low, high, qmin, qmax, symmetric)
            parameters.append((float(scale), int(zero_point)))
    return parameters


def random_ranges(seed, count=3000):
    """Ranges at every magnitude, to one side of zero and around it, and near zero point ties."""
    rng = np.random.default_rng(seed)
    width = 10.0 ** rng.uniform(-36, 38, count)
    ends = (rng.uniform(-1, 1, (count, 2)) * width[:, None]).astype(np.float32)
    ties = np.stack([-(rng.integers(0, 255, count) + 0.5), np.full(count, 255.0)], axis=1)
    ties[:, 1] += ties[:, 0]
    extreme = np.float32([[-3.4028235e38, 3.4028235e38], [-1, 3.4028235e38], [-1e-37, 1e-37]])
    return np.concatenate([np.sort(ends, axis=1), np.sort(ties, axis=1).astype(np.float32), extreme])


@pytest.mark.parametrize("type_name", TYPES)
def test_affine_parameters_are_those_of_onnx_runtime(type_name):
    ranges = random_ranges(1)
    assert ours(ranges, type_name, "affine", 0) == theirs(ranges, type_name, symmetric=False)


@pytest.mark.parametrize("type_name", TYPES)
def test_symmetric_parameters_are_those_of_onnx_runtime(type_name):
    """int8 and int16 have the narrow range there, the others all codes."""
    ranges = [each for each in random_ranges(2) if np.abs(each).max() > 1e-30]
    narrow = 1 if type_name in ("int8", "int16") else 0
    assert ours(ranges, type_name, "symmetric", narrow) == theirs(ranges, type_name, symmetric=True)


def test_a_range_too_small_for_a_scale_keeps_the_schemes_zero_point_here_and_has_0_there():
    """The scale is 1 in both; other unsigned symmetric channels have the middle code there, too."""
    small = np.float32([[0, 0], [-1e-40, 1e-40]])
    assert ours(small, "uint8", "symmetric", 0) == [(1, 128)] * 2
    assert theirs(small, "uint8", symmetric=True) == [(1, 0)] * 2
    for type_name in TYPES:
        assert ours(small, type_name, "affine", 0) == theirs(small, type_name, symmetric=False)
