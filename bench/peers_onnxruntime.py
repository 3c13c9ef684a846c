"""ONNX Runtime's operators: models of one or two nodes, one thread, input and output bound to
buffers that stay."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from peers_common import SCALE, ZERO_POINT, zeros

VERSION = onnxruntime.__version__

TYPES = {
    "f32": (TensorProto.FLOAT, np.float32),
    "u8": (TensorProto.UINT8, np.uint8),
    "s8": (TensorProto.INT8, np.int8),
    "u16": (TensorProto.UINT16, np.uint16),
}


def _session(nodes, from_type, to_type, outputs, code):
    parameters = [helper.make_tensor("scale", TensorProto.FLOAT, [], [SCALE])]
    if code:
        parameters.append(helper.make_tensor("zero_point", TYPES[code][0], [], [ZERO_POINT]))
    graph = helper.make_graph(
        nodes, "peer",
        [helper.make_tensor_value_info("x", TYPES[from_type][0], ["n"])],
        [helper.make_tensor_value_info(y, TYPES[to_type][0], None) for y in outputs],
        parameters if code else [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options,
                                        providers=["CPUExecutionProvider"])


def _bound(session, x, outputs):
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(x))
    for name, y in outputs.items():
        binding.bind_ortvalue_output(name, onnxruntime.OrtValue.ortvalue_from_numpy(y))
    return lambda: session.run_with_iobinding(binding)


def _input(data, type_name):
    return data.normal if type_name == "f32" else data.codes.view(TYPES[type_name][1])[: data.n]


def _elementwise(op_types, from_type, to_type, code):
    def make(data):
        names = ["x", *(f"t{i}" for i in range(len(op_types) - 1)), "y"]
        nodes = [
            helper.make_node(op, [names[i], "scale", "zero_point"], [names[i + 1]])
            for i, op in enumerate(op_types)
        ]
        session = _session(nodes, from_type, to_type, ["y"], code)
        return _bound(session, _input(data, from_type), {"y": zeros(data.n, TYPES[to_type][1])})

    return make, 1


def _min_max(data):
    nodes = [helper.make_node(op, ["x"], [y], keepdims=0)
             for op, y in (("ReduceMin", "low"), ("ReduceMax", "high"))]
    session = _session(nodes, "f32", "f32", ["low", "high"], None)
    return _bound(session, data.normal, {y: np.zeros((), np.float32) for y in ("low", "high")})


CASES = {
    **{f"quantize_{code}": _elementwise(["QuantizeLinear"], "f32", code, code)
       for code in ("u8", "s8", "u16")},
    **{f"dequantize_{code}": _elementwise(["DequantizeLinear"], code, "f32", code)
       for code in ("u8", "s8", "u16")},
    "fake_quantize_u8": _elementwise(["QuantizeLinear", "DequantizeLinear"], "f32", "f32", "u8"),
    "min_max": (_min_max, 1),
}
