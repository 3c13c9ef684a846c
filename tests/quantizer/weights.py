"""Small models with weights in every place, the library's weight-only form of them, and runtimes."""

import copy
import json
import os
import pathlib
import subprocess

import numpy as np
import onnx
import onnx.numpy_helper as numpy_helper
import onnxruntime
import openvino
from onnx import helper

onnxruntime.set_default_logger_severity(4)

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(os.environ.get("ZP_BIN_DIR", ROOT / "build/release/bin"))
SHARED = pathlib.Path(os.environ.get("ZEROPOINT_SHARED", ROOT.parent / "shared"))


def value(name, shape, dtype=np.float32):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)


def make(nodes, inputs, outputs, weights=(), opset=21, ir=10):
    """weights: a dict of arrays."""
    graph = helper.make_graph(
        nodes, "g", inputs, outputs, [numpy_helper.from_array(a, n) for n, a in dict(weights).items()]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)


def quantize(model, folder, load=True, **options):
    """The quantized model (None without `load`) and the report; RuntimeError with the message where
    the model, a ModelProto or a path, is refused."""
    source, out = folder / "float.onnx", folder / "quantized.onnx"
    if isinstance(model, onnx.ModelProto):
        onnx.save(model, source)
    else:
        source = model
    arguments = []
    for key, setting in options.items():
        for each in setting if isinstance(setting, list) else [setting]:
            arguments.append(f"{key}={each}")
    run = subprocess.run(
        [BIN / "quantize_weights", source, out, *arguments],
        capture_output=True, text=True, check=False,
    )
    if run.returncode != 0:
        raise RuntimeError(run.stderr.strip())
    onnx.checker.check_model(str(out), full_check=True)
    return onnx.load(out) if load else None, json.loads(run.stdout)


def run_ort(model, feeds, optimize=False):
    options = onnxruntime.SessionOptions()
    if not optimize:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    source = model if isinstance(model, (str, pathlib.Path)) else model.SerializeToString()
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def optimized_ops(model, folder):
    """The operators that ONNX Runtime makes of it."""
    path = folder / "optimized.onnx"
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return ops(onnx.load(path))


def run_openvino(model, feeds):
    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(model.SerializeToString()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    return [np.array(x) for x in compiled(feeds).values()]


def sqnr(reference, got):
    """Signal to noise in dB."""
    reference = np.asarray(reference, np.float64)
    noise = np.sum((reference - np.asarray(got, np.float64)) ** 2)
    return np.inf if noise == 0 else 10 * np.log10(np.sum(reference**2) / noise)


def rounded(weight, bits, axis, scheme="symmetric", block=0, nbits=False):
    """The weight after quantization, by the definitions: per index of `axis`, or for each block along
    it. nbits: what MatMulNBits holds, unsigned codes whose symmetric zero point is the middle one."""
    moved = np.moveaxis(weight.astype(np.float64), axis, 0)
    if block:
        count = -(-moved.shape[0] // block)
        slices = np.zeros((count * block, *moved.shape[1:]))
        slices[: moved.shape[0]] = moved
        slices = slices.reshape(count, block, *moved.shape[1:])
        reduced = (1,)
    else:
        slices, reduced = moved, tuple(range(1, moved.ndim))
    low = np.minimum(slices.min(reduced, keepdims=True), 0)
    high = np.maximum(slices.max(reduced, keepdims=True), 0)
    steps = 2**bits - 1
    if scheme == "symmetric":
        narrow = bits == 8 and not nbits
        qmin, qmax = -(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1
        exact = 2 * np.maximum(-low, high) / (steps - narrow)
        zero_point = np.zeros_like(exact)
    else:
        qmin, qmax = 0, steps
        exact = (high - low) / steps
        zero_point = np.round(-low / np.where(exact == 0, 1, exact))
    scale = np.where(exact == 0, 1, exact)
    if weight.dtype == np.float16:
        up = scale.astype(np.float16)
        up = np.where(up.astype(np.float64) < scale, np.nextafter(up, np.float16(np.inf)), up)
        scale = up.astype(np.float64)
        if scheme != "symmetric":
            zero_point = np.round(-low / scale)
    scale = scale.astype(np.float32)
    ratio = slices.astype(np.float32) / scale
    codes = np.clip(np.round(ratio) + zero_point, qmin, qmax)
    result = (codes - zero_point).astype(np.float32) * scale
    result = result.reshape(-1, *moved.shape[1:])[: moved.shape[0]]
    return np.moveaxis(result, 0, axis).astype(weight.dtype)


def with_weights(model, **weights):
    """A copy of the float model with these constants replaced, wherever they stand."""
    model = copy.deepcopy(model)
    replaced = set()

    def visit(graph):
        for tensor in graph.initializer:
            if tensor.name in weights:
                replaced.add(tensor.name)
                tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name], tensor.name))
        for node in graph.node:
            if node.op_type == "Constant" and node.output[0] in weights:
                replaced.add(node.output[0])
                node.attribute[0].t.CopyFrom(numpy_helper.from_array(weights[node.output[0]]))
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    visit(attribute.g)

    visit(model.graph)
    assert replaced == set(weights)
    return model


def ops(model):
    """The operator types, bodies included, in order."""
    found = []

    def visit(graph):
        for node in graph.node:
            found.append(node.op_type)
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    visit(attribute.g)

    visit(model.graph)
    return found


def names(model):
    """Of all initializers, bodies included."""
    found = []

    def visit(graph):
        found.extend(tensor.name for tensor in graph.initializer)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    visit(attribute.g)

    visit(model.graph)
    return found


def ordinary_inputs(model):
    """Small numbers of the model's input shapes; the batch is 1, what else is open 512. A scalar is a
    rate of 16 kHz."""
    rng = np.random.default_rng(5)
    weights = {tensor.name for tensor in model.graph.initializer}
    feeds = {}
    for given in model.graph.input:
        if given.name in weights:
            continue
        tensor = given.type.tensor_type
        shape = [
            d.dim_value or (1 if i == 0 or d.dim_param == "batch" else 512)
            for i, d in enumerate(tensor.shape.dim)
        ]
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        integers = np.issubdtype(dtype, np.integer)
        feeds[given.name] = (rng.integers(0, 100, shape) if integers and shape
                             else np.array(16000) if integers
                             else rng.standard_normal(shape)).astype(dtype)
    return feeds


RNG = np.random.default_rng(7)


def normal(*shape, dtype=np.float32):
    return RNG.standard_normal(shape).astype(dtype)


def weight(model, name="w"):
    return next(numpy_helper.to_array(t) for t in model.graph.initializer if t.name == name)


def assert_outputs(quantized, expected, feeds, tolerance=2e-6):
    for got, want in zip(run_ort(quantized, feeds), run_ort(expected, feeds)):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=0, atol=tolerance * np.abs(want).max())


def constants(model):
    found = {}

    def visit(graph):
        for tensor in graph.initializer:
            found[tensor.name] = numpy_helper.to_array(tensor)
        for node in graph.node:
            if node.op_type == "Constant":
                found[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    visit(attribute.g)

    visit(model.graph)
    return found


def matmul(k=64, n=32, dtype=np.float32, opset=21):
    return make(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="mm")],
        [value("x", [3, k], dtype)], [value("y", [3, n], dtype)], {"w": normal(k, n, dtype=dtype)},
        opset,
    )


def tied(transposed=True):
    """An embedding table whose transpose is the last layer."""
    nodes = [
        helper.make_node("Gather", ["w", "i"], ["e"], name="lookup"),
        helper.make_node("Transpose", ["w"], ["wt"], name="tr", perm=[1, 0]),
        helper.make_node("MatMul", ["e", "wt"], ["y"], name="head"),
    ]
    return make(nodes, [value("i", [2, 3], np.int64)], [value("y", [2, 3, 50])],
                {"w": normal(50, 32)})
