"""DynamicQuantizeLinear against ONNX Runtime and ONNX's reference evaluator."""

import numpy as np
import pytest
from peers import assert_same, model, onnx_runtime, ours, reference

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore::RuntimeWarning")]

OUTPUTS = ["uint8", "float", "uint8"]


def built_for(x):
    return model("DynamicQuantizeLinear", [x], OUTPUTS, opset=11)


def test_random_ranges_are_those_of_both_peers(tmp_path):
    rng = np.random.default_rng(1)
    for _ in range(300):
        width = 10.0 ** rng.uniform(-30, 30)
        x = ((rng.standard_normal(257) + rng.uniform(-3, 3)) * width).astype(np.float32)
        built = built_for(x)
        for peer in (onnx_runtime, reference):
            for left, right in zip(ours(built, tmp_path), peer(built)):
                assert_same(left.reshape(right.shape), right)


@pytest.mark.parametrize("values", [[5.0, 7.5], [-5.0, -7.5], [0.0, 1.0], [-1.0, 0.0], [3.0]])
def test_ranges_at_one_side_of_zero_are_those_of_both_peers(values, tmp_path):
    built = built_for(np.array(values, np.float32))
    for peer in (onnx_runtime, reference):
        for left, right in zip(ours(built, tmp_path), peer(built)):
            assert_same(left.reshape(right.shape), right)


def test_the_scale_of_zeros_is_1_here_and_in_onnx_runtime_and_1_255th_in_the_reference(tmp_path):
    built = built_for(np.zeros(4, np.float32))
    assert ours(built, tmp_path)[1] == onnx_runtime(built)[1] == 1
    assert reference(built)[1] == np.float32(1) / np.float32(255)


def test_nan_and_infinity_are_refused_here_and_reach_the_scale_of_the_reference(tmp_path):
    for value in (np.nan, np.inf):
        built = built_for(np.array([1, value], np.float32))
        with pytest.raises(RuntimeError, match="at index 1: expected finite values"):
            ours(built, tmp_path)
        assert not np.isfinite(reference(built)[1])
