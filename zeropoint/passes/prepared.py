"""What the Python tests of the passes share: prepare a model, run it before and after."""

import os
import pathlib
import subprocess

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(os.environ.get("ZP_BIN_DIR", ROOT / "build" / "release" / "bin"))
FLOAT = onnx.TensorProto.FLOAT


def session(path):
    """The model as it is written: ONNX Runtime without its own folding and fusing."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def prepare(models, folder, min_opset=13):
    """Prepares {name: ModelProto}; {name: (path before, path after)}. One process does all."""
    paths = {}
    for i, (name, model) in enumerate(models.items()):
        paths[name] = (folder / f"{i}.onnx", folder / f"{i}.prepared.onnx")
        onnx.save(model, paths[name][0])
    run_tool([str(min_opset), *(path for pair in paths.values() for path in pair)])
    return paths


def prepare_in_steps(path, folder, min_opset):
    """Prepares the file; the result's path and that of the model after each step."""
    (folder / "steps").mkdir()
    out = folder / "prepared.onnx"
    run_tool([str(min_opset), path, out, "--steps", folder / "steps"])
    return out, sorted((folder / "steps").iterdir())


def run_tool(arguments):
    done = subprocess.run([BIN / "passes_tool", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def model_of(nodes, inputs, outputs, constants, opset=13, ir=8, **extra):
    """A model of float inputs and outputs {name: shape} and constants {name: array}."""
    def values(named):
        return [v if isinstance(v, onnx.ValueInfoProto)
                else helper.make_tensor_value_info(name, FLOAT, v) for name, v in named.items()]
    graph = helper.make_graph(
        nodes, "graph", values(inputs), values(outputs),
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)],
                             ir_version=ir, **extra)


def op_types(path):
    return [node.op_type for node in onnx.load(path).graph.node]


def worst_difference(before, after, feeds):
    """The largest difference of an output element, relative to the output's largest element."""
    worst = 0
    for old, new in zip(session(before).run(None, feeds), session(after).run(None, feeds),
                        strict=True):
        assert old.shape == new.shape and old.dtype == new.dtype
        if old.size:
            scale = max(np.abs(old).max(), 1e-30)
            worst = max(worst, np.abs(new.astype(np.float64) - old).max() / scale)
    return worst
