"""A prepared model computes what the model computed, by ONNX Runtime without its optimizations."""

import os
import pathlib

import numpy as np
import onnx
import pytest
from prepared import ROOT, prepare_in_steps, session, worst_difference

SHARED = pathlib.Path(os.environ.get("ZEROPOINT_SHARED", ROOT.parent / "shared"))
MODELS = sorted((SHARED / "models").glob("*.onnx"))

# What to put for the dynamic dimensions of the shared models.
DIMS = {"batch": 1, "N": 2, "length": 38, "sequence": 512, "B": 1, "T": 12, "H": 24, "W": 20,
        "batch_size": 2}


def feeds_for(inputs):
    random = np.random.default_rng(0)
    made = {}
    for value in inputs:
        shape = [DIMS[dim] if isinstance(dim, str) else dim for dim in value.shape]
        if value.type == "tensor(float)":
            made[value.name] = random.standard_normal(shape).astype(np.float32)
        elif value.name == "sr":  # silero's sample rate
            made[value.name] = np.array(16000, np.int64)
        else:
            dtype = {"tensor(uint8)": np.uint8, "tensor(int64)": np.int64}[value.type]
            made[value.name] = random.integers(0, 100, shape).astype(dtype)
    return made


def signature(values):
    return [(value.name, value.type, value.shape) for value in values]


@pytest.mark.parametrize("min_opset", [13, 21])
@pytest.mark.parametrize("model", MODELS or [None], ids=lambda m: m.stem if m else "none")
def test_outputs_stay_after_each_step(model, min_opset, tmp_path):
    if model is None:
        pytest.skip("no ../shared beside the project (or $ZEROPOINT_SHARED): no real models")
    prepared, steps = prepare_in_steps(model, tmp_path, min_opset)
    before, after = session(model), session(prepared)
    assert signature(after.get_inputs()) == signature(before.get_inputs())
    assert signature(after.get_outputs()) == signature(before.get_outputs())
    feeds = feeds_for(before.get_inputs())
    last = None
    for step in [*steps, prepared]:
        content = step.read_bytes()
        if content == last:  # the step found nothing to do
            continue
        last = content
        onnx.checker.check_model(onnx.load(step), full_check=True)
        assert worst_difference(model, step, feeds) <= 1e-5, step.name
