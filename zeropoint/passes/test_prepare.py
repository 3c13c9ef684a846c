"""A prepared model computes what the model computed, as ONNX Runtime runs both without optimizing."""

import os
import pathlib
import subprocess

import numpy as np
import onnx
import onnxruntime as ort
import pytest

ROOT = pathlib.Path(__file__).parents[2]
SHARED = pathlib.Path(os.environ.get("ZEROPOINT_SHARED", ROOT.parent / "shared"))
MODELS = sorted((SHARED / "models").glob("*.onnx"))
TOOL = pathlib.Path(os.environ.get("ZP_BIN_DIR", ROOT / "build" / "release" / "bin")) / "passes_tool"

# What to put for the dynamic dimensions of the shared models.
DIMS = {"batch": 1, "N": 2, "length": 38, "sequence": 512, "B": 1, "T": 12, "H": 24, "W": 20,
        "batch_size": 2}


def session(path):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feeds(inputs):
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
def test_outputs_stay(model, min_opset, tmp_path):
    if model is None:
        pytest.skip("no ../shared beside the project (or $ZEROPOINT_SHARED): no real models")
    prepared = tmp_path / "prepared.onnx"
    subprocess.run([TOOL, model, prepared, str(min_opset)], check=True, capture_output=True)
    onnx.checker.check_model(onnx.load(prepared), full_check=True)
    before, after = session(model), session(prepared)
    assert signature(after.get_inputs()) == signature(before.get_inputs())
    assert signature(after.get_outputs()) == signature(before.get_outputs())
    fed = feeds(before.get_inputs())
    for old, new in zip(before.run(None, fed), after.run(None, fed)):
        assert np.abs(new - old).max() <= 1e-5 * np.abs(old).max()
