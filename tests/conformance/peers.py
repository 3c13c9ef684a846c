"""One-node models run by this project, by ONNX Runtime and by ONNX's reference evaluator."""

import ctypes
import os
import pathlib
import subprocess

import ml_dtypes
import numpy as np
import onnx
import onnx.numpy_helper as numpy_helper
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(4)

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(os.environ.get("ZP_BIN_DIR", ROOT / "build/release/bin"))

NUMPY = {
    "float": np.float32,
    "double": np.float64,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "float8e4m3fn": ml_dtypes.float8_e4m3fn,
    "float8e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "float8e5m2": ml_dtypes.float8_e5m2,
    "float8e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
    "float8e8m0": ml_dtypes.float8_e8m0fnu,
    "float4e2m1": ml_dtypes.float4_e2m1fn,
    "int2": ml_dtypes.int2,
    "uint2": ml_dtypes.uint2,
    "int4": ml_dtypes.int4,
    "uint4": ml_dtypes.uint4,
    "int8": np.int8,
    "uint8": np.uint8,
    "int16": np.int16,
    "uint16": np.uint16,
    "int32": np.int32,
}
INTEGERS = ["int2", "uint2", "int4", "uint4", "int8", "uint8", "int16", "uint16"]
FLOAT8 = ["float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"]


def number(name):
    """The TensorProto.DataType of a type's name."""
    return getattr(TensorProto, name.upper())


def bits(name):
    return 1 if name == "bool" else int("".join(c for c in name.split("e")[0] if c.isdigit()) or 32)


def code_range(name):
    info = ml_dtypes.iinfo(NUMPY[name])
    return int(info.min), int(info.max)


def model(op, arrays, outputs, opset=25, **attributes):
    """A model of one node whose inputs are initializers. outputs: the names of their types."""
    arrays = [np.asarray(array) for array in arrays]
    inputs = [f"in{i}" for i in range(len(arrays))]
    results = [f"out{i}" for i in range(len(outputs))]
    graph = helper.make_graph(
        [helper.make_node(op, inputs, results, **attributes)],
        op,
        [],
        [helper.make_tensor_value_info(n, number(t), None) for n, t in zip(results, outputs)],
        [numpy_helper.from_array(array, name) for name, array in zip(inputs, arrays)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=11)


def ours(built, folder):
    """The outputs as arrays; RuntimeError with the message where the model is refused."""
    path = folder / "model.onnx"
    onnx.save(built, path)
    run = subprocess.run(
        [BIN / "onnx_node", path, folder / "out"], capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise RuntimeError(run.stderr)
    count = len(built.graph.output)
    return [numpy_helper.to_array(onnx.load_tensor(folder / f"out{i}.pb")) for i in range(count)]


def onnx_runtime(built):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        built.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    binding = session.io_binding()
    for output in built.graph.output:
        binding.bind_output(output.name, "cpu")
    session.run_with_iobinding(binding)
    # The bytes are read out by address: numpy() does not know the 2-, 4- and 8-bit types.
    arrays = []
    for output, value in zip(built.graph.output, binding.get_outputs()):
        tensor = TensorProto(data_type=output.type.tensor_type.elem_type, dims=value.shape())
        tensor.raw_data = ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes())
        arrays.append(numpy_helper.to_array(tensor))
    return arrays


def reference(built):
    with np.errstate(all="ignore"):
        return [np.asarray(array) for array in ReferenceEvaluator(built).run(None, {})]


def codes(array):
    return np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}")


def differing(left, right):
    """A mask of elements whose bits differ; NaN equals NaN."""
    assert left.dtype == right.dtype and left.shape == right.shape, (left, right)
    both_nan = np.zeros(left.shape, bool)
    if not np.issubdtype(left.dtype, np.integer) and "int" not in left.dtype.name:
        with np.errstate(invalid="ignore"):  # signalling NaN
            both_nan = np.isnan(left.astype(np.float64)) & np.isnan(right.astype(np.float64))
    return (codes(left) != codes(right)) & ~both_nan


def assert_same(left, right, inputs=None):
    mask = differing(left, right)
    if mask.any():
        at = tuple(index[0] for index in np.nonzero(mask))
        shown = "" if inputs is None else f" for {inputs[at]!r}"
        raise AssertionError(
            f"{mask.sum()} of {mask.size} differ, first at {at}{shown}: {left[at]!r} {right[at]!r}"
        )


def floats(rng, scale=1.0, count=4096):
    """Floats that find mistakes: any bits, ties of `scale` with neighbours, ordinary data."""
    steps = rng.integers(-70000, 70000, count).astype(np.float64)
    ties = ((steps + 0.5) * float(scale)).astype(np.float32)
    small_ties = ((np.arange(-300, 300) + 0.5) * float(scale)).astype(np.float32)
    ties = np.concatenate([ties, small_ties])
    infinity = np.float32(np.inf)
    tiny = np.float32(1e-45)
    top = np.finfo(np.float32).max
    with np.errstate(all="ignore"):
        return np.concatenate([
            rng.integers(0, 2**32, count, dtype=np.uint32).view(np.float32),
            ties,
            np.nextafter(ties, infinity),
            np.nextafter(ties, -infinity),
            (rng.standard_normal(count) * 40 * scale).astype(np.float32),
            np.array([0, -0.0, tiny, -tiny, top, -top, infinity, -infinity, np.nan, -np.nan,
                      3e9, -3e9, 2**31, -(2**31), 2147483520], np.float32),
        ])


def all_codes(name):
    """Every value of a type of up to 16 bits, in the order of its codes."""
    width = {"float16": 16, "bfloat16": 16}.get(name, bits(name))
    tensor = TensorProto(data_type=number(name), dims=[2**width])
    order = np.arange(2**width, dtype=np.uint32)
    if width >= 8:
        tensor.raw_data = order.astype(f"<u{width // 8}").tobytes()
    else:
        each = 8 // width
        packed = sum(order[i::each] << (width * i) for i in range(each))
        tensor.raw_data = packed.astype(np.uint8).tobytes()
    return numpy_helper.to_array(tensor)


def overflows_oddly(values, target):
    """Where ONNX Runtime has its own idea of overflow to float8 without saturate: see
    test_onnx_runtime_overflows_float8_oddly."""
    low, high = {"float8e4m3fn": (480, 496), "float8e5m2": (61440, 65536)}.get(target, (1, 0))
    size = np.abs(values.astype(np.float64))
    return (low <= size) & (size < high)
