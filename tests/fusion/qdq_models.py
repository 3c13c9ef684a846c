"""Small quantized graphs, many of them side by side in one model.

Each case of CASES puts a few nodes between QuantizeLinear and DequantizeLinear; `random_graph` puts
some at random. What a runtime makes of them is looked up by the nodes' names, which begin with the
name of the case.
"""
import random

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CODES = {"u8": np.uint8, "s8": np.int8, "u16": np.uint16, "s16": np.int16, "s32": np.int32}
SCALE, WEIGHT_SCALE = 0.05, 0.01


class Graph:
    """Nodes, initializers, inputs and outputs as they come; `case` begins every name."""

    def __init__(self):
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []
        self.count, self.case = 0, ""
        self.random = np.random.default_rng(0)

    def name(self, what):
        self.count += 1
        return f"{self.case}/{what}.{self.count}"

    def constant(self, values):
        name = self.name("constant")
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def floats(self, *shape):
        return self.constant(self.random.normal(size=shape).astype(np.float32))

    def input(self, *shape, kind=TensorProto.FLOAT):
        name = self.name("input")
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, value):
        self.outputs.append(value)

    def op(self, op_type, *inputs, outputs=1, name=None, **attributes):
        name = f"{self.case}/{name}" if name else self.name(op_type)
        made = [f"{name}:{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op_type, list(inputs), made, name=name, **attributes))
        return made[0] if outputs == 1 else made

    def _with_parameters(self, op_type, value, scale, zero_point, kind, axis):
        inputs = [value, self.constant(np.asarray(scale, np.float32))]
        if zero_point is not None:
            inputs.append(self.constant(np.full(np.shape(scale), zero_point, CODES[kind])))
        return self.op(op_type, *inputs, **({} if axis is None else {"axis": axis}))

    def quantize(self, value, scale=SCALE, zero_point=128, kind="u8", axis=None):
        return self._with_parameters("QuantizeLinear", value, scale, zero_point, kind, axis)

    def dequantize(self, value, scale=SCALE, zero_point=128, kind="u8", axis=None):
        return self._with_parameters("DequantizeLinear", value, scale, zero_point, kind, axis)

    def pair(self, value, scale=SCALE, zero_point=128, kind="u8", axis=None):
        codes = self.quantize(value, scale, zero_point, kind, axis)
        return self.dequantize(codes, scale, zero_point, kind, axis)

    def weight(self, shape, kind="s8", axis=None, zero_point=0, scale=WEIGHT_SCALE):
        limits = np.iinfo(CODES[kind])
        codes = self.random.integers(max(limits.min, -100), min(limits.max, 100), shape)
        if axis is not None:
            scale = np.full(shape[axis], scale)
        return self.dequantize(self.constant(codes.astype(CODES[kind])), scale, zero_point, kind,
                               axis)

    def bias(self, size, scale=SCALE * WEIGHT_SCALE, zero_point=0):
        codes = self.random.integers(-1000, 1000, size).astype(np.int32)
        return self.dequantize(self.constant(codes), np.full(size, scale), zero_point, "s32", 0)

    def model(self, opset=17):
        declared = [helper.make_empty_tensor_value_info(name) for name in self.outputs]
        graph = helper.make_graph(self.nodes, "cases", self.inputs, declared, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)],
                                  ir_version=8 if opset < 21 else 10)
        known = onnx.shape_inference.infer_shapes(model).graph.output
        del model.graph.output[:]
        model.graph.output.extend(known)
        onnx.checker.check_model(model)
        return model


# Cases: functions of a Graph. What they name "node" (or "other") is what the case is about.


def conv(g, data="u8", weight="s8", out="u8", data_zero=128, weight_zero=0, out_zero=128, axis=0,
         bias="int32", then=None, limits=(0, 6), quantized=True, op="Conv", dims=2, weight_q=False,
         also_output=False, out_scale=SCALE, bias_scale=SCALE * WEIGHT_SCALE, group=1):
    x = g.pair(g.input(1, 8, *[8] * dims), SCALE, data_zero, data)
    kernel = (16, 8 // group) if op == "Conv" else (8, 16 // group)
    kernel += (3,) * dims
    if weight == "float":
        w = g.floats(*kernel)
    elif weight_q:
        w = g.pair(g.floats(*kernel), WEIGHT_SCALE, 0, weight)
    else:
        w = g.weight(kernel, weight, axis, weight_zero)
    biases = {"int32": lambda: [g.bias(16, bias_scale)], "float": lambda: [g.floats(16)],
              None: lambda: []}
    y = g.op(op, x, w, *biases[bias](), name="node", group=group)
    if also_output:
        g.output(y)
    if then == "Clip":
        y = g.op("Clip", y, *(g.constant(np.float32(limit)) for limit in limits), name="other")
    elif then:
        y = g.op(then, y, name="other")
    g.output(g.pair(y, out_scale, out_zero, out) if quantized else g.op("Exp", y))


def unary(g, op, kind="u8", zero=128, out_scale=SCALE, out_zero=None, more=(), quantized=True,
          outputs=1, **attributes):
    x = g.pair(g.input(1, 8, 8, 8), SCALE, zero, kind)
    made = g.op(op, x, *(value if isinstance(value, str) else g.constant(value) for value in more),
                outputs=outputs, name="node", **attributes)
    for y in made if outputs > 1 else [made]:
        y = g.pair(y, out_scale, zero if out_zero is None else out_zero, kind) if quantized else y
        g.output(g.op("Exp", y))


def gemm(g, data="u8", weight="s8", out="u8", data_zero=128, weight_zero=0, out_zero=128,
         bias="int32", axis=None, transposed=0, then=None, quantized=True, **attributes):
    x = g.pair(g.input(2, 16), SCALE, data_zero, data)
    w = g.weight((10, 16) if transposed else (16, 10), weight, axis, weight_zero)
    biases = {"int32": lambda: [g.bias(10)], "float": lambda: [g.floats(10)], None: lambda: []}
    y = g.op("Gemm", x, w, *biases[bias](), name="node", transB=transposed, **attributes)
    if then:
        y = g.op(then, y, name="other")
    g.output(g.pair(y, SCALE, out_zero, out) if quantized else g.op("Exp", y))


def matmul(g, data="u8", weight="s8", data_zero=128, weight_zero=0, axis=None, bias=None, then=None,
           quantized=True, out_zero=128, shape=(2, 4, 16), activations=False):
    x = g.pair(g.input(*shape), SCALE, data_zero, data)
    w = (g.pair(g.input(shape[0], 16, 10), 0.04, weight_zero, weight) if activations
         else g.weight((16, 10), weight, axis, weight_zero))
    y = g.op("MatMul", x, w, name="node")
    biases = {"float": lambda: g.floats(10), "row": lambda: g.floats(1, 10),
              "int32": lambda: g.bias(10)}
    if bias:
        y = g.op("Add", y, biases[bias](), name="other")
    if then:
        y = g.op(then, y, name="other")
    g.output(g.op("Exp", g.pair(y, SCALE, out_zero, data) if quantized else y))


def weight_only(g, op, kind="s8", axis=None, scale=WEIGHT_SCALE):
    w = g.weight((16, 10), kind, axis, 0 if kind == "s8" else 128, scale)
    g.output(g.op("Exp", g.op(op, g.input(4, 16), w, name="node")))


def binary(g, op, kinds=("u8", "u8", "u8"), zeros=(128, 128, 128), second="value", then=None,
           quantized=True):
    x = g.pair(g.input(1, 8, 8, 8), SCALE, zeros[0], kinds[0])
    seconds = {"value": lambda: g.pair(g.input(1, 8, 8, 8), 0.04, zeros[1], kinds[1]),
               "float": lambda: g.input(1, 8, 8, 8),
               "codes": lambda: g.weight((8, 1, 1), kinds[1], None, zeros[1]),
               "floats": lambda: g.floats(8, 1, 1)}
    y = g.op(op, x, seconds[second](), name="node")
    if then:
        y = g.op(then, y, name="other")
    g.output(g.op("Exp", g.pair(y, SCALE, zeros[2], kinds[2]) if quantized else y))


def concat(g, scales=(SCALE, SCALE, SCALE), kind="u8", zero=128, quantized=True, second="value"):
    x = g.pair(g.input(1, 8, 8, 8), scales[0], zero, kind)
    y = g.input(1, 8, 8, 8)
    y = g.op("Concat", x, y if second == "float" else g.pair(y, scales[1], zero, kind), axis=1,
             name="node")
    g.output(g.op("Exp", g.pair(y, scales[2], zero, kind) if quantized else y))


def before_conv(g, op, more=(), zero=128, **attributes):
    """A node without quantizers of its own between a DequantizeLinear and a Conv."""
    x = g.pair(g.input(1, 8, 8, 8), SCALE, zero)
    x = g.op(op, x, *(g.constant(value) for value in more), name="other", **attributes)
    y = g.op("Conv", x, g.weight((16, 8, 3, 3), axis=0), g.bias(16), name="node")
    g.output(g.op("Exp", g.pair(y)))


def behind_conv(g, *ops):
    """Nodes between a Conv and its QuantizeLinear."""
    x = g.pair(g.input(1, 8, 8, 8))
    y = g.op("Conv", x, g.weight((16, 8, 3, 3), axis=0), g.bias(16), name="node")
    for i, (op, more, attributes) in enumerate(ops):
        y = g.op(op, y, *(g.constant(value) for value in more), name=f"other{i}", **attributes)
    g.output(g.op("Exp", g.pair(y, SCALE, 0)))


def two_readers(g, kind, zero):
    """A residual: two nodes read the same codes."""
    x = g.pair(g.input(1, 8, 8, 8), SCALE, zero, kind)
    y = g.op("Conv", x, g.weight((8, 8, 3, 3), axis=0), name="node", pads=[1, 1, 1, 1])
    y = g.pair(y, SCALE, zero, kind)
    y = g.op("Add", y, x, name="other")
    g.output(g.op("Exp", g.pair(y, SCALE, zero, kind)))


def silu(g, quantized):
    x = g.pair(g.input(1, 8, 8, 8))
    s = g.op("Sigmoid", x, name="node")
    y = g.op("Mul", x, g.pair(s, 1 / 256, 0) if quantized else s, name="other")
    g.output(g.op("Exp", g.pair(y)))


def where(g, constant):
    condition = g.input(1, 8, 8, 8, kind=TensorProto.BOOL)
    x = g.pair(g.input(1, 8, 8, 8))
    y = g.constant(np.float32(-3)) if constant else g.pair(g.input(1, 8, 8, 8))
    g.output(g.op("Exp", g.pair(g.op("Where", condition, x, y, name="node"))))


def table(g, axis):
    """An embedding."""
    index = g.input(2, 3, kind=TensorProto.INT64)
    g.output(g.op("Exp", g.op("Gather", g.weight((100, 16), axis=axis), index, name="node")))


def _calls(function, **cases):
    return {name: (function, arguments) for name, arguments in cases.items()}


def _ints(*values):
    return np.array(values, np.int64)


S8 = {"data": "s8", "out": "s8", "data_zero": 0, "out_zero": 0}
UNARY = {op: {"op": op, **attributes} for op, attributes in {
    "AveragePool": {"kernel_shape": [2, 2]}, "GlobalAveragePool": {}, "LeakyRelu": {},
    "Sigmoid": {}, "Softmax": {"axis": -1}, "Tanh": {}, "Relu": {}, "HardSigmoid": {},
    "HardSwish": {}, "Sqrt": {}, "Elu": {}, "Flatten": {}, "Transpose": {"perm": [0, 2, 3, 1]},
    "DepthToSpace": {"blocksize": 2}, "SpaceToDepth": {"blocksize": 2},
    "MaxPool": {"kernel_shape": [2, 2]}, "GlobalMaxPool": {}, "ReduceMean": {"axes": [2, 3]},
    "ReduceMax": {"axes": [2, 3]}, "LogSoftmax": {"axis": -1},
    "Reshape": {"more": [_ints(1, 8, 64)]}, "Squeeze": {"more": [_ints(0)]},
    "Unsqueeze": {"more": [_ints(0)]}, "Expand": {"more": [_ints(2, 8, 8, 8)]},
    "Tile": {"more": [_ints(2, 1, 1, 1)]}, "Gather": {"more": [_ints(1, 2)], "axis": 1},
    "Slice": {"more": [_ints(1), _ints(4), _ints(2)]},
    "Pad": {"more": [_ints(0, 0, 1, 1, 0, 0, 1, 1)]}, "Split": {"outputs": 2, "axis": 1},
    "Clip": {"more": [np.float32(0), np.float32(6)]},
    "PRelu": {"more": [np.ones((8, 1, 1), np.float32)]},
}.items()}
RESIZE = ["", np.array([1, 1, 2, 2], np.float32)]

CASES = {
    **_calls(conv, conv={}, conv_float_bias={"bias": "float"}, conv_no_bias={"bias": None},
             conv_float_out={"quantized": False}, conv_s8=S8,
             conv_s8_u8_weights={**S8, "weight": "u8", "weight_zero": 128},
             conv_u8_weights={"weight": "u8", "weight_zero": 128},
             conv_u8_to_s8={"out": "s8", "out_zero": 0},
             conv_relu={"then": "Relu", "out_zero": 0}, conv_relu_blocked={"then": "Relu"},
             conv_clip={"then": "Clip", "out_zero": 0, "out_scale": 6 / 255},
             conv_clip_blocked={"then": "Clip", "out_zero": 0},
             conv_sigmoid={"then": "Sigmoid"}, conv_leaky={"then": "LeakyRelu"},
             conv_output_too={"also_output": True}, conv_float_weight={"weight": "float"},
             conv_weight_pair={"weight_q": True, "axis": None}, conv_1d={"dims": 1},
             conv_groups={"group": 2}, conv_bias_scale={"bias_scale": SCALE * WEIGHT_SCALE * 1.1},
             conv_transpose={"op": "ConvTranspose", "axis": 1},
             conv_transpose_zero_0={"op": "ConvTranspose", "axis": 1, "data_zero": 0},
             conv_transpose_groups={"op": "ConvTranspose", "axis": None, "data_zero": 0, "group": 2}),
    **_calls(unary, **UNARY),
    **_calls(unary, **{f"{op}_other_scale": {**UNARY[op], "out_scale": 0.07} for op in (
        "Flatten", "MaxPool", "Reshape", "Squeeze", "Split", "Transpose", "Unsqueeze")}),
    **_calls(unary, **{f"{op}_float_out": {**UNARY[op], "quantized": False} for op in (
        "GlobalAveragePool", "MaxPool", "Reshape", "Softmax", "Transpose")}),
    **_calls(unary, **{f"{op}_s8": {**UNARY[op], "kind": "s8", "zero": 0} for op in (
        "MaxPool", "Sigmoid")}),
    **_calls(unary, Pad_zero_0={**UNARY["Pad"], "zero": 0},
             Resize_nearest={"op": "Resize", "more": RESIZE, "mode": "nearest"},
             Resize_linear={"op": "Resize", "more": RESIZE, "mode": "linear"}),
    **_calls(gemm, gemm={}, gemm_per_channel={"axis": 1},
             gemm_per_channel_transposed={"axis": 0, "transposed": 1},
             gemm_float_out={"quantized": False}, gemm_no_bias={"bias": None},
             gemm_float_bias={"bias": "float"},
             gemm_float_bias_out={"bias": "float", "quantized": False},
             gemm_beta={"beta": 2.0}, gemm_alpha={"alpha": 2.0}, gemm_s8=S8,
             gemm_u8_to_s8={"out": "s8", "out_zero": 0}, gemm_relu={"then": "Relu", "out_zero": 0},
             gemm_relu_blocked={"then": "Relu"},
             gemm_u8_weights={"weight": "u8", "weight_zero": 128}),
    **_calls(matmul, matmul={}, matmul_float_out={"quantized": False}, matmul_per_channel={"axis": 1},
             matmul_activations={"activations": True, "weight": "u8", "weight_zero": 128},
             matmul_activations_s8={"activations": True, "data": "s8", "data_zero": 0,
                                    "out_zero": 0},
             matmul_activations_zero_0={"activations": True, "data_zero": 0},
             matmul_s8={"data": "s8", "data_zero": 0, "out_zero": 0},
             matmul_float_bias={"bias": "float"},
             matmul_float_bias_out={"bias": "float", "quantized": False},
             matmul_row_bias_out={"bias": "row", "quantized": False},
             matmul_int32_bias_out={"bias": "int32", "quantized": False},
             matmul_2d_bias={"bias": "float", "shape": (4, 16)},
             matmul_relu={"then": "Relu", "out_zero": 0}, matmul_relu_blocked={"then": "Relu"}),
    **_calls(weight_only, weights_matmul={"op": "MatMul", "scale": 0.011},
             weights_u8={"op": "MatMul", "kind": "u8", "scale": 0.012},
             weights_per_channel={"op": "MatMul", "axis": 1},
             weights_gemm={"op": "Gemm", "scale": 0.013}, weights_shared_scale={"op": "MatMul"}),
    **_calls(binary, **{op: {"op": op} for op in ("Add", "Mul", "Sub", "Div", "Max")},
             add_s8={"op": "Add", "kinds": ("s8",) * 3, "zeros": (0, 0, 0)},
             add_constant={"op": "Add", "second": "codes"},
             add_constant_s8={"op": "Add", "second": "codes", "kinds": ("u8", "s8", "u8"),
                              "zeros": (128, 0, 128)},
             add_floats={"op": "Add", "second": "floats"}, mul_floats={"op": "Mul", "second": "floats"},
             add_one_float={"op": "Add", "second": "float"},
             add_float_out={"op": "Add", "quantized": False},
             add_relu={"op": "Add", "then": "Relu", "zeros": (128, 128, 0)},
             add_relu_blocked={"op": "Add", "then": "Relu"}),
    **_calls(concat, concat={}, concat_scales={"scales": (0.05, 0.04, 0.06)},
             concat_float_out={"quantized": False}, concat_one_float={"second": "float"},
             concat_s8={"kind": "s8", "zero": 0}),
    **_calls(before_conv, before_transpose={"op": "Transpose", "perm": [0, 1, 3, 2]},
             before_max_pool={"op": "MaxPool", "kernel_shape": [2, 2]},
             before_average_pool={"op": "AveragePool", "kernel_shape": [2, 2]},
             before_relu={"op": "Relu"}, before_relu_zero_0={"op": "Relu", "zero": 0},
             before_softmax={"op": "Softmax"}),
    "behind_max_pool": (lambda g: behind_conv(g, ("MaxPool", [], {"kernel_shape": [2, 2]})), {}),
    "behind_relu_reshape": (lambda g: behind_conv(g, ("Relu", [], {}),
                                                  ("Reshape", [_ints(1, -1)], {})), {}),
    **_calls(two_readers, two_readers={"kind": "u8", "zero": 100},
             two_readers_s8={"kind": "s8", "zero": 5}),
    **_calls(silu, silu={"quantized": True}, silu_float={"quantized": False}),
    **_calls(where, where={"constant": False}, where_constant={"constant": True}),
    **_calls(table, table={"axis": None}, table_per_row={"axis": 0}),
}


def all_cases(without=()):
    g = Graph()
    for case, (function, arguments) in CASES.items():
        if case in without:
            continue
        g.case = case
        function(g, **arguments)
    return g.model()


class RandomGraph:
    """Up to nine nodes, most of them between quantizers."""

    OPS4 = ("conv conv conv depthwise relu clip add mul max_pool global_pool average_pool concat "
            "reshape transpose sigmoid silu resize slice split leaky flatten conv_transpose "
            "identity add_constant pad prelu depth_to_space").split()
    OPS2 = "gemm matmul biased relu add softmax concat sub transpose norm".split()

    def __init__(self, g, seed, signed):
        self.g, self.pick = g, random.Random(seed)
        self.g.random = np.random.default_rng(seed)
        self.kind = "s8" if signed and self.pick.random() < 0.5 else "u8"

    def build(self):
        values = [self.quantized(self.g.input(1, 8, 8, 8))]
        shapes, read, made, done = [(1, 8, 8, 8)], set(), [], set()
        for _ in range(self.pick.randint(2, 9)):
            i = self.pick.randrange(max(0, len(values) - 3), len(values))
            op = self.pick.choice(self.OPS4 if len(shapes[i]) == 4 else self.OPS2)
            # Equal nodes are merged by ONNX Runtime, which is not predicted.
            if (op, i) in done:
                continue
            done.add((op, i))
            same = [k for k, shape in enumerate(shapes) if shape == shapes[i]]
            other = self.pick.choice(same)
            result = getattr(self, op)(values[i], shapes[i], values[other])
            if result is None:
                continue
            read |= {values[i], values[other]}
            value, shape = result
            if self.pick.random() < 0.06:
                made.append(value)
            values.append(self.quantized(value))
            shapes.append(shape)
            made.append(values[-1])
        ends = [value for value in made if value not in read] or [values[-1]]
        for value in dict.fromkeys(ends):
            self.g.output(self.g.op("Exp", value))

    def quantized(self, value):
        if self.pick.random() < 0.12:
            return value
        zero = self.pick.choice((128, 0, 100) if self.kind == "u8" else (0, -128, 5))
        scale = self.pick.choice((SCALE, SCALE, SCALE, 0.04, 0.06))
        return self.g.pair(value, scale, zero, self.kind)

    def weights(self, shape, axis):
        kind = self.pick.random()
        if kind < 0.07:
            return self.g.floats(*shape)
        if kind < 0.12:
            return self.g.pair(self.g.floats(*shape), WEIGHT_SCALE, 0, "s8")
        return self.g.weight(shape, "s8", axis if self.pick.random() < 0.7 else None)

    def biases(self, size):
        kind = self.pick.random()
        return [] if kind < 0.3 else [self.g.floats(size) if kind < 0.6 else self.g.bias(size)]

    def node(self, op, *inputs, **attributes):
        return self.g.op(op, *inputs, **attributes)

    def conv(self, x, shape, _):
        out = self.pick.choice((8, 16))
        y = self.node("Conv", x, self.weights((out, shape[1], 3, 3), 0), *self.biases(out),
                      pads=[1, 1, 1, 1])
        return y, (1, out) + shape[2:]

    def depthwise(self, x, shape, _):
        y = self.node("Conv", x, self.weights((shape[1], 1, 3, 3), 0), *self.biases(shape[1]),
                      pads=[1, 1, 1, 1], group=shape[1])
        return y, shape

    def conv_transpose(self, x, shape, _):
        y = self.node("ConvTranspose", x, self.weights((shape[1], 8, 2, 2), 1), strides=[2, 2])
        return y, (1, 8, shape[2] * 2, shape[3] * 2)

    def relu(self, x, shape, _):
        return self.node("Relu", x), shape

    def clip(self, x, shape, _):
        high = self.g.constant(np.float32(self.pick.choice((6, 20))))
        return self.node("Clip", x, self.g.constant(np.float32(0)), high), shape

    def leaky(self, x, shape, _):
        return self.node("LeakyRelu", x), shape

    def prelu(self, x, shape, _):
        return self.node("PRelu", x, self.g.floats(shape[1], 1, 1)), shape

    def sigmoid(self, x, shape, _):
        return self.node("Sigmoid", x), shape

    def silu(self, x, shape, _):
        return self.node("Mul", x, self.quantized(self.node("Sigmoid", x))), shape

    def softmax(self, x, shape, _):
        return self.node("Softmax", x), shape

    def identity(self, x, shape, _):
        return self.node("Identity", x), shape

    def norm(self, x, shape, _):
        return self.node("LayerNormalization", x, self.g.floats(shape[-1])), shape

    def add(self, x, shape, other):
        return self.node("Add", x, other), shape

    def mul(self, x, shape, other):
        return self.node("Mul", x, other), shape

    def sub(self, x, shape, other):
        return self.node("Sub", x, other), shape

    def add_constant(self, x, shape, _):
        codes = self.pick.random() < 0.5
        size = (shape[1], 1, 1)
        constant = self.g.weight(size, "u8", None, 128) if codes else self.g.floats(*size)
        return self.node("Add", x, constant), shape

    def concat(self, x, shape, other):
        if x == other:
            return None
        return self.node("Concat", x, other, axis=1), (shape[0], shape[1] * 2) + shape[2:]

    def max_pool(self, x, shape, _):
        if shape[2] < 2:
            return None
        y = self.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        return y, shape[:2] + (shape[2] // 2, shape[3] // 2)

    def average_pool(self, x, shape, _):
        if shape[2] < 2:
            return None
        y = self.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
        return y, shape[:2] + (shape[2] // 2, shape[3] // 2)

    def global_pool(self, x, shape, _):
        return self.node("GlobalAveragePool", x), shape[:2] + (1, 1)

    def reshape(self, x, shape, _):
        size = int(np.prod(shape))
        return self.node("Reshape", x, self.g.constant(_ints(1, size))), (1, size)

    def flatten(self, x, shape, _):
        return self.node("Flatten", x), (1, int(np.prod(shape)))

    def transpose(self, x, shape, _):
        order = [0, 1, 3, 2] if len(shape) == 4 else list(range(len(shape)))[::-1]
        return self.node("Transpose", x, perm=order), tuple(shape[i] for i in order)

    def resize(self, x, shape, _):
        mode = self.pick.choice(("nearest", "linear"))
        y = self.node("Resize", x, "", self.g.constant(RESIZE[1]), mode=mode)
        return y, shape[:2] + (shape[2] * 2, shape[3] * 2)

    def slice(self, x, shape, _):
        if shape[1] < 2:
            return None
        y = self.node("Slice", x, *(self.g.constant(_ints(v)) for v in (0, shape[1] // 2, 1)))
        return y, (1, shape[1] // 2) + shape[2:]

    def split(self, x, shape, _):
        if shape[1] % 2:
            return None
        first, second = self.node("Split", x, outputs=2, axis=1)
        self.g.output(self.g.op("Exp", self.quantized(second)))
        return first, (1, shape[1] // 2) + shape[2:]

    def pad(self, x, shape, _):
        y = self.node("Pad", x, self.g.constant(_ints(0, 0, 1, 1, 0, 0, 1, 1)))
        return y, shape[:2] + (shape[2] + 2, shape[3] + 2)

    def depth_to_space(self, x, shape, _):
        if shape[1] % 4:
            return None
        y = self.node("DepthToSpace", x, blocksize=2)
        return y, (1, shape[1] // 4, shape[2] * 2, shape[3] * 2)

    def gemm(self, x, shape, _):
        if len(shape) != 2:
            return None
        size = (shape[-1], 10)
        return self.node("Gemm", x, self.weights(size, 1), *self.biases(10)), (shape[0], 10)

    def matmul(self, x, shape, _):
        return self.node("MatMul", x, self.weights((shape[-1], 12), 1)), shape[:-1] + (12,)

    def biased(self, x, shape, _):
        y = self.node("MatMul", x, self.weights((shape[-1], 12), 1))
        bias = self.pick.choice((lambda: self.g.floats(12), lambda: self.g.bias(12),
                                 lambda: self.g.floats(1, 12)))()
        return self.node("Add", y, bias), shape[:-1] + (12,)


def random_graphs(seeds, signed):
    g = Graph()
    for seed in seeds:
        g.case = f"seed{seed}"
        RandomGraph(g, seed, signed).build()
    return g.model()
