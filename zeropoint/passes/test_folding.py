"""Small models in every variant that a pass folds, or must leave: the outputs stay, and where the
fold is exact the node is gone."""

import itertools

import numpy as np
import onnx
import pytest
from onnx import helper
from prepared import model_of, op_types, prepare, session, worst_difference

RANDOM = np.random.default_rng(1)
CHANNELS = 6
NODE = helper.make_node

# Every model of this file: name -> (model, the operators it must have afterwards, inputs, the
# difference that is allowed). Filled below, prepared in one go.
CASES = {}


def normal(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def positive(*shape):
    return RANDOM.uniform(0.5, 2, shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def case(name, nodes, x_shape, rank, constants, expected, *, opset=13, tolerance=1e-6, x=None):
    """One input x and one output y of this rank."""
    outputs = {"y": None if rank is None else [None] * rank}
    model = model_of(nodes, {"x": x_shape}, outputs, constants, opset)
    assert name not in CASES
    CASES[name] = (model, expected, {"x": normal(*x_shape) if x is None else x}, tolerance)


# A layer from x to y: what a model of it needs.
class Layer:
    def __init__(self, kind, bias):
        self.kind = kind
        name, *detail = kind.split("-")
        self.constants = {"b": normal(CHANNELS)} if bias else {}
        self.names = ["x", "w", *self.constants]
        self.attributes = {}
        self.exact_shift = True  # a summand at every input element is one at every output element
        if name == "conv":
            groups, spatial, pads = int(detail[0]), int(detail[1]), int(detail[2])
            self.op = "Conv"
            self.attributes = {"group": groups, "pads": [pads] * 2 * spatial}
            weights = normal(CHANNELS, CHANNELS // groups, *[3] * spatial)
            self.shape = [2, CHANNELS] + [7] * spatial
            self.exact_shift = pads == 0
        elif name == "transpose":
            self.op = "ConvTranspose"
            self.attributes = {"group": int(detail[0]), "strides": [2, 2]}
            weights = normal(CHANNELS, CHANNELS // int(detail[0]), 3, 3)
            self.shape = [2, CHANNELS, 5, 5]
            self.exact_shift = False
        elif name == "gemm":
            self.op = "Gemm"
            transposed = detail[0] == "t"
            self.attributes = {"transB": int(transposed), "alpha": 0.5, "beta": 2.0}
            weights = normal(CHANNELS, 4) if transposed else normal(4, CHANNELS)
            self.shape = [3, 4]
        else:
            self.op = "MatMul"
            self.constants, self.names = {}, ["x", "w"]
            weights = normal(4, CHANNELS)
            self.shape = [2, 5, 4] if detail[0] == "3" else [3, 4]
        self.constants["w"] = weights

    def node(self, x, y):
        return NODE(self.op, [x, *self.names[1:]], [y], **self.attributes)

    def channel_shape(self):
        rank = len(self.shape)
        axis = 1 if self.op.startswith("Conv") else rank - 1
        return [CHANNELS if i == axis else 1 for i in range(axis, rank)]


def batch_normalization(x, y, channels, *, shifts=True):
    node = NODE("BatchNormalization", [x, "scale", "offset", "mean", "variance"], [y], epsilon=1e-3)
    by = 1 if shifts else 0
    return node, {"scale": normal(channels), "offset": by * normal(channels),
                  "mean": by * normal(channels), "variance": positive(channels)}


KINDS = ["conv-1-2-0", "conv-2-2-1", "conv-6-2-1", "conv-3-1-0", "conv-1-3-1", "transpose-1",
         "transpose-3", "gemm-n", "gemm-t", "matmul-2", "matmul-3"]


def add_affine_behind_layers():
    operations = ["Add", "Add-left", "Sub", "Sub-left", "Mul", "Div", "Mul-scalar",
                  "BatchNormalization"]
    for kind, operation, bias in itertools.product(KINDS, operations, [True, False]):
        layer = Layer(kind, bias)
        name, *how = operation.split("-")
        if name == "BatchNormalization":
            if kind == "matmul-3":  # its channels are axis 1, no column of the matrix is one
                continue
            after, more = batch_normalization("t", "y", CHANNELS)
        else:
            shape = [1] if how == ["scalar"] else layer.channel_shape()
            more = {"c": positive(*shape)}
            after = NODE(name, ["c", "t"] if how == ["left"] else ["t", "c"], ["y"])
        needs_bias = name in ("Add", "Sub", "BatchNormalization")
        if kind == "matmul-3" and needs_bias:
            expected = ["MatMul", name]
        elif kind == "matmul-2" and needs_bias:
            expected = ["Gemm"]
        else:
            expected = [layer.op]
        case(f"{operation} behind {kind} bias {bias}", [layer.node("x", "t"), after], layer.shape,
             len(layer.shape), {**layer.constants, **more}, expected)


def add_normalization_before_layers():
    for kind, bias, shifts in itertools.product(KINDS, [True, False], [True, False]):
        layer = Layer(kind, bias)
        first, more = batch_normalization("x", "t", layer.shape[1], shifts=shifts)
        if kind == "matmul-3" or (shifts and not layer.exact_shift):
            expected = ["BatchNormalization", layer.op]
        else:
            expected = ["Gemm" if kind == "matmul-2" and shifts else layer.op]
        case(f"normalization shifts {shifts} before {kind} bias {bias}",
             [first, layer.node("t", "y")], layer.shape, len(layer.shape),
             {**layer.constants, **more}, expected)
    first, more = batch_normalization("x", "t", 4)
    nodes = [first, NODE("MatMul", ["t", "w"], ["a"]), NODE("Gemm", ["t", "w"], ["b"]),
             NODE("Relu", ["x"], ["r"]), NODE("MatMul", ["r", "w"], ["c"]),
             NODE("Sum", ["a", "b", "c"], ["y"])]
    case("normalization before several layers of shared weights", nodes, [3, 4], 2,
         {"w": normal(4, 5), **more}, ["Gemm", "Gemm", "Relu", "MatMul", "Sum"])


def add_pads():
    windows = [
        ("Conv", {}),
        ("AveragePool", {}),
        ("AveragePool", {"count_include_pad": 1}),
        ("AveragePool", {"ceil_mode": 1, "strides": [2, 2]}),
        ("MaxPool", {}),
        ("MaxPool", {"strides": [2, 2]}),
    ]
    pads = [0, 0, 1, 0, 0, 0, 1, 1]
    for (op, attributes), own, opset, first in itertools.product(
            windows, [0, 1], [10, 13, 18], ["Relu", "Neg"]):
        if opset == 10 and "ceil_mode" in attributes:  # ONNX Runtime's has a fault there
            continue
        pad = (NODE("Pad", ["r"], ["p"], pads=pads) if opset < 11
               else NODE("Pad", ["r", "pads", "zero"], ["p"]))
        constants = {"pads": ints(*pads), "zero": np.float32(0)} if opset >= 11 else {}
        names = ["p", "w"] if op == "Conv" else ["p"]
        if op == "Conv":
            constants["w"] = normal(4, 3, 3, 3)
        nodes = [NODE(first, ["x"], ["r"]), pad,
                 NODE(op, names, ["y"], kernel_shape=[3, 3], pads=[own] * 4, **attributes)]
        folds = {"Conv": True,
                 "MaxPool": first == "Relu",
                 "AveragePool": "ceil_mode" not in attributes
                                and (own == 0 or "count_include_pad" in attributes)}[op]
        case(f"pad before {op} {attributes} own {own} opset {opset} {first}", nodes, [1, 3, 8, 8],
             4, constants, [first, op] if folds else [first, "Pad", op], opset=opset)
    for name, pads, value, mode in [
            ("channels", [0, 1, 1, 1, 0, 0, 1, 1], 0, "constant"),
            ("removes", [0, 0, 1, 1, 0, 0, -1, 1], 0, "constant"),
            ("ones", [0, 0, 1, 1, 0, 0, 1, 1], 1, "constant"),
            ("reflects", [0, 0, 1, 1, 0, 0, 1, 1], 0, "reflect")]:
        nodes = [NODE("Pad", ["x", "pads", "value"], ["p"], mode=mode),
                 NODE("Conv", ["p", "w"], ["y"])]
        case(f"pad that stays {name}", nodes, [1, 3, 8, 8], 4,
             {"pads": ints(*pads), "value": np.float32(value), "w": normal(2, 3 + pads[1], 3, 3)},
             ["Pad", "Conv"], tolerance=0)


def add_constant_expressions():
    """Nodes that end in c; c + 0 is what ONNX Runtime makes of what was folded."""
    a = normal(3, 4, 5)

    def expression(name, nodes, constants):
        case(f"constant {name}", [*nodes, NODE("Add", ["c", "x"], ["y"])], [], None, constants,
             ["Add"], tolerance=0, x=np.zeros((), np.float32))

    expression("transpose", [NODE("Transpose", ["a"], ["c"], perm=[2, 0, 1])], {"a": a})
    expression("transpose reversed", [NODE("Transpose", ["a"], ["c"])], {"a": a})
    expression("reshape", [NODE("Reshape", ["a", "s"], ["c"])], {"a": a, "s": ints(0, -1, 2, 2)})
    for axis in [-1, 0, 3]:
        expression(f"flatten {axis}", [NODE("Flatten", ["a"], ["c"], axis=axis)], {"a": a})
    expression("unsqueeze", [NODE("Unsqueeze", ["a", "s"], ["c"])], {"a": a, "s": ints(-1, 1)})
    expression("squeeze", [NODE("Squeeze", ["a"], ["c"])], {"a": normal(1, 3, 1, 2)})
    expression("squeeze one", [NODE("Squeeze", ["a", "s"], ["c"])],
               {"a": normal(1, 3, 1), "s": ints(-1)})
    expression("concat", [NODE("Concat", ["a", "b", "a"], ["c"], axis=-2)],
               {"a": a, "b": normal(3, 2, 5)})
    expression("gather", [NODE("Gather", ["a", "s"], ["c"], axis=1)],
               {"a": a, "s": ints(-1, 0, 2, 2)})
    expression("gather scalar", [NODE("Gather", ["a", "s"], ["c"], axis=2)],
               {"a": a, "s": np.int64(-2)})
    expression("expand", [NODE("Expand", ["a", "s"], ["c"])],
               {"a": normal(3, 1), "s": ints(2, 1, 4)})
    for name, starts, ends, axes, steps in [
            ("plain", [1], [3], [1], [1]), ("all", [0, 0], [2**63 - 1] * 2, [2, 0], [2, 1]),
            ("back", [-1], [-(2**63)], [1], [-1]),
            ("back by 2", [10, 3], [0, -100], [2, 1], [-3, -2]),
            ("negative", [-3], [-1], [-1], [1]), ("empty", [3], [1], [0], [1])]:
        expression(f"slice {name}", [NODE("Slice", ["a", "st", "en", "ax", "sp"], ["c"])], {
            "a": a, "st": ints(*starts), "en": ints(*ends), "ax": ints(*axes), "sp": ints(*steps)})
    for op in ["Add", "Sub", "Mul", "Div"]:
        expression(op, [NODE(op, ["a", "b"], ["c"])], {"a": a, "b": normal(4, 1)})
    for op in ["Sqrt", "Reciprocal", "Neg", "Abs"]:
        expression(op, [NODE(op, ["a"], ["c"])], {"a": positive(2, 7)})
    expression("where", [NODE("Equal", ["i", "j"], ["k"]), NODE("Where", ["k", "a", "b"], ["c"])],
               {"i": ints(1, 2, 3, 4), "j": ints(4, 2, 3, 1), "a": normal(3, 1), "b": normal(4)})
    expression("cast of halves", [NODE("Cast", ["a"], ["c"], to=1)], {"a": a.astype(np.float16)})
    expression("cast to integers", [NODE("Cast", ["a"], ["i"], to=7),
                                    NODE("Cast", ["i"], ["c"], to=1)], {"a": 9 * a})
    expression("range", [NODE("Range", ["i", "j", "k"], ["r"]), NODE("Cast", ["r"], ["c"], to=1)],
               {"i": np.int64(10), "j": np.int64(-3), "k": np.int64(-4)})
    expression("constant of shape", [NODE("ConstantOfShape", ["s"], ["c"], value=helper.make_tensor(
        "", 1, [1], [2.5]))], {"s": ints(2, 3)})
    expression("integer division", [NODE("Div", ["i", "j"], ["k"]), NODE("Mul", ["k", "j"], ["m"]),
                                    NODE("Cast", ["m"], ["c"], to=1)],
               {"i": ints(-7, 7, -8), "j": ints(2, -2, 3)})


def add_shapes():
    nodes = [NODE("Shape", ["x"], ["s"]), NODE("Gather", ["s", "one"], ["d"]),
             NODE("Concat", ["d", "rest"], ["t"], axis=0), NODE("Reshape", ["x", "t"], ["y"])]
    constants = {"one": ints(1), "rest": ints(-1)}
    for batch, expected in [(2, ["Reshape"]), ("N", ["Shape", "Gather", "Concat", "Reshape"])]:
        case(f"shape of batch {batch}", nodes, [batch, 3, 4], 2, constants, expected, tolerance=0,
             x=normal(2, 3, 4))


def add_old_operators():
    """Operators of old sets that mean something else today; ONNX Runtime begins with set 7."""
    shape = [2, 3, 4, 5]

    def old(opset, name, nodes, constants=None):
        case(f"opset {opset} {name}", nodes, shape, 4, constants or {}, None, opset=opset)

    for opset, scales, mode in itertools.product(
            [8, 9, 10], [(2.0, 2.0), (1.5, 3.0), (0.6, 0.5)], ["nearest", "linear"]):
        if opset < 10 and min(scales) < 1:
            continue
        sizes = np.array([1, 1, *scales], np.float32)
        name = f"resize {mode} {scales}"
        if opset == 8:
            old(8, name, [NODE("Upsample", ["x"], ["y"], mode=mode, scales=sizes)])
        else:
            op = "Upsample" if opset == 9 else "Resize"
            old(opset, name, [NODE(op, ["x", "s"], ["y"], mode=mode)], {"s": sizes})
    for op, axis in itertools.product(["Softmax", "LogSoftmax"], [1, 2, 3, -1]):
        old(11, f"{op} {axis}", [NODE(op, ["x"], ["y"], axis=axis)])
    old(10, "Clip", [NODE("Clip", ["x"], ["y"], max=0.25)])
    old(9, "Slice", [NODE("Slice", ["x"], ["y"], starts=[1, -3], ends=[9, -1], axes=[1, 3])])
    old(12, "ReduceSum", [NODE("ReduceSum", ["x"], ["y"], axes=[1], keepdims=1)])
    old(11, "Split", [NODE("Split", ["x"], ["a", "b"], axis=3, split=[2, 3]),
                      NODE("Concat", ["b", "a"], ["y"], axis=3)])
    old(9, "Dropout", [NODE("Dropout", ["x"], ["d"], ratio=0.3), NODE("Neg", ["d"], ["y"])])


add_affine_behind_layers()
add_normalization_before_layers()
add_pads()
add_constant_expressions()
add_shapes()
add_old_operators()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return prepare({name: entry[0] for name, entry in CASES.items()},
                   tmp_path_factory.mktemp("folding"))


@pytest.mark.parametrize("name", CASES)
def test_outputs_stay_and_nodes_go(name, prepared):
    _, expected, feeds, tolerance = CASES[name]
    before, after = prepared[name]
    assert onnx.load(after).opset_import[0].version == max(
        13, onnx.load(before).opset_import[0].version)
    if expected is not None:
        assert op_types(after) == expected
    assert worst_difference(before, after, feeds) <= tolerance


# Set 6 aligned the second input at an axis of the first; numpy tells what that gives.
def axis_cases():
    x = normal(2, 3, 4, 5)
    numpy_ops = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}
    for (axis, shape), op in itertools.product(
            [(1, [3]), (1, [3, 4]), (0, [2, 3]), (2, [4, 5]), (3, [5])], numpy_ops):
        c = positive(*shape)
        aligned = c.reshape(c.shape + (1,) * (4 - axis - c.ndim))
        yield (f"{op} {axis} {shape}", [NODE(op, ["x", "c"], ["y"], broadcast=1, axis=axis)],
               {"c": c}, x, numpy_ops[op](x, aligned))
    slope = positive(3)
    yield ("PRelu", [NODE("PRelu", ["x", "s"], ["y"])], {"s": slope}, x,
           np.where(x < 0, x * slope.reshape(3, 1, 1), x))
    yield ("Clip", [NODE("Clip", ["x"], ["y"], min=-0.5, max=0.25)], {}, x, np.clip(x, -0.5, 0.25))


AXIS_CASES = {name: rest for name, *rest in axis_cases()}


@pytest.fixture(scope="module")
def prepared_axes(tmp_path_factory):
    return prepare({name: model_of(nodes, {"x": x.shape}, {"y": [None] * 4}, constants, 6)
                    for name, (nodes, constants, x, _) in AXIS_CASES.items()},
                   tmp_path_factory.mktemp("axes"))


@pytest.mark.parametrize("name", AXIS_CASES)
def test_operators_of_set_6_keep_their_meaning(name, prepared_axes):
    *_, x, expected = AXIS_CASES[name]
    after = prepared_axes[name][1]
    assert onnx.load(after).opset_import[0].version == 13
    np.testing.assert_array_equal(session(after).run(None, {"x": x})[0], expected)
