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


def normal(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def positive(*shape):
    return RANDOM.uniform(0.5, 2, shape).astype(np.float32)


def batch_normalization(value, to, channels):
    node = NODE("BatchNormalization", [value, "scale", "offset", "mean", "variance"], [to],
                epsilon=1e-3)
    return node, {"scale": normal(channels), "offset": normal(channels), "mean": normal(channels),
                  "variance": positive(channels)}


def linear(kind, bias=True):
    """The nodes, constants and shapes of a layer from x (4 or 6 channels) to y (6 channels)."""
    name, *detail = kind.split("-")
    b = {"b": normal(CHANNELS)} if bias else {}
    names = ["x", "w", *b]
    if name == "conv":
        groups = int(detail[0])
        spatial = int(detail[1])
        pads = int(detail[2]) if len(detail) > 2 else 0
        inputs = CHANNELS
        node = NODE("Conv", names, ["y"], group=groups, pads=[pads] * 2 * spatial)
        shape = [2, inputs] + [7] * spatial
        return node, {"w": normal(CHANNELS, inputs // groups, *[3] * spatial), **b}, shape
    if name == "transpose":
        groups = int(detail[0])
        node = NODE("ConvTranspose", names, ["y"], group=groups, strides=[2, 2])
        return node, {"w": normal(CHANNELS, CHANNELS // groups, 3, 3), **b}, [2, CHANNELS, 5, 5]
    if name == "gemm":
        transposed = detail[0] == "t"
        node = NODE("Gemm", names, ["y"], transB=int(transposed), alpha=0.5, beta=2.0)
        w = normal(CHANNELS, 4) if transposed else normal(4, CHANNELS)
        return node, {"w": w, **b}, [3, 4]
    node = NODE("MatMul", ["x", "w"], ["y"])
    return node, {"w": normal(4, CHANNELS)}, [2, 5, 4] if detail == ["3"] else [3, 4]


KINDS = ["conv-1-2", "conv-2-2-1", "conv-6-2-1", "conv-3-1", "conv-1-3-1", "transpose-1",
         "transpose-3", "gemm-n", "gemm-t", "matmul-2", "matmul-3"]


def channel_shape(kind, value):
    rank = len(value)
    axis = rank - 1 if kind.startswith(("gemm", "matmul")) else 1
    return [CHANNELS if i == axis else 1 for i in range(axis, rank)]


def output_shape(shape):
    return [None] * len(shape)


OPERATIONS = ["Add", "Add-left", "Sub", "Sub-left", "Mul", "Div", "Mul-scalar",
              "BatchNormalization"]
# The channels of a BatchNormalization are axis 1, which no column of the last matrix stands for.
PAIRS = [pair for pair in itertools.product(KINDS, OPERATIONS)
         if pair != ("matmul-3", "BatchNormalization")]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind,operation", PAIRS)
def test_affine_behind_a_layer(kind, operation, bias, tmp_path):
    node, constants, shape = linear(kind, bias)
    if operation == "BatchNormalization":
        after, more = batch_normalization("y", "z", CHANNELS)
    else:
        name, *how = operation.split("-")
        more = {"c": positive(1) if how == ["scalar"] else positive(*channel_shape(kind, shape))}
        after = NODE(name, ["c", "y"] if how == ["left"] else ["y", "c"], ["z"])
    model = model_of([node, after], {"x": shape}, {"z": output_shape(shape)}, {**constants, **more})
    prepared = prepare(model, tmp_path)
    assert worst_difference(tmp_path / "model.onnx", prepared, {"x": normal(*shape)}) < 1e-6
    needs_bias = operation.split("-")[0] in ("Add", "Sub", "BatchNormalization")
    if kind == "matmul-3" and needs_bias:
        assert op_types(prepared) == ["MatMul", operation.split("-")[0]]
    elif kind == "matmul-2" and needs_bias:
        assert op_types(prepared) == ["Gemm"]
    else:
        assert op_types(prepared) == [node.op_type]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_batch_normalization_in_front_of_a_layer(kind, bias, tmp_path):
    node, constants, shape = linear(kind, bias)
    first, more = batch_normalization("t", "x", shape[1])
    model = model_of([first, node], {"t": shape}, {"y": output_shape(shape)}, {**constants, **more})
    prepared = prepare(model, tmp_path)
    assert worst_difference(tmp_path / "model.onnx", prepared, {"t": normal(*shape)}) < 1e-6
    padded = kind.startswith("conv") and kind.count("-") == 3
    if padded or kind.startswith("transpose") or kind == "matmul-3":
        assert "BatchNormalization" in op_types(prepared)
    else:
        assert op_types(prepared) == ["Gemm" if kind == "matmul-2" else node.op_type]


@pytest.mark.parametrize("kind", ["conv-2-2-1", "transpose-3", "matmul-2"])
def test_batch_normalization_without_shift_passes_padding(kind, tmp_path):
    node, constants, shape = linear(kind)
    first, more = batch_normalization("t", "x", shape[1])
    more["offset"] = np.zeros_like(more["offset"])
    more["mean"] = np.zeros_like(more["mean"])
    model = model_of([first, node], {"t": shape}, {"y": output_shape(shape)}, {**constants, **more})
    prepared = prepare(model, tmp_path)
    assert op_types(prepared) == [node.op_type]
    assert worst_difference(tmp_path / "model.onnx", prepared, {"t": normal(*shape)}) < 1e-6


def test_one_normalization_goes_into_all_its_readers_whose_weights_are_shared(tmp_path):
    first, more = batch_normalization("t", "x", 4)
    nodes = [first, NODE("MatMul", ["x", "w"], ["y"]), NODE("Gemm", ["x", "w"], ["z"]),
             NODE("Relu", ["t"], ["r"]), NODE("MatMul", ["r", "w"], ["u"])]
    model = model_of(nodes, {"t": [3, 4]}, {"y": [3, 5], "z": [3, 5], "u": [3, 5]},
                     {"w": normal(4, 5), **more})
    prepared = prepare(model, tmp_path)
    assert sorted(op_types(prepared)) == ["Gemm", "Gemm", "MatMul", "Relu"]
    assert worst_difference(tmp_path / "model.onnx", prepared, {"t": normal(3, 4)}) < 1e-6


WINDOWS = [
    ("Conv", {}),
    ("AveragePool", {}),
    ("AveragePool", {"count_include_pad": 1}),
    ("AveragePool", {"ceil_mode": 1, "strides": [2, 2]}),
    ("MaxPool", {}),
    ("MaxPool", {"strides": [2, 2]}),
]


@pytest.mark.parametrize("own", [0, 1])
@pytest.mark.parametrize("opset,op,attributes", [
    (opset, op, attributes) for opset in [10, 13, 18] for op, attributes in WINDOWS
    if opset > 10 or "ceil_mode" not in attributes])  # ONNX Runtime's has a fault there
@pytest.mark.parametrize("relu", [False, True])
def test_pad_in_front_of_a_window(op, attributes, own, opset, relu, tmp_path):
    pads = [0, 0, 1, 0, 0, 0, 1, 1]
    pad = (NODE("Pad", ["r"], ["p"], pads=pads) if opset < 11
           else NODE("Pad", ["r", "pads", "zero"], ["p"]))
    names = ["p", "w"] if op == "Conv" else ["p"]
    nodes = [NODE("Relu" if relu else "Neg", ["x"], ["r"]), pad,
             NODE(op, names, ["y"], kernel_shape=[3, 3], pads=[own] * 4, **attributes)]
    constants = {"pads": np.array(pads), "zero": np.zeros((), np.float32)} if opset >= 11 else {}
    if op == "Conv":
        constants["w"] = normal(4, 3, 3, 3)
    model = model_of(nodes, {"x": [1, 3, 8, 8]}, {"y": [None] * 4}, constants, opset)
    prepared = prepare(model, tmp_path)
    assert worst_difference(tmp_path / "model.onnx", prepared, {"x": normal(1, 3, 8, 8)}) < 1e-6
    folds = {"Conv": True,
             "MaxPool": relu,
             "AveragePool": "ceil_mode" not in attributes
                            and (own == 0 or "count_include_pad" in attributes)}[op]
    assert ("Pad" not in op_types(prepared)) == folds


def test_pad_that_is_not_zeros_around_an_image_stays(tmp_path):
    for i, (pads, value, mode) in enumerate([
            ([0, 1, 1, 1, 0, 0, 1, 1], 0, "constant"),    # channels
            ([0, 0, 1, 1, 0, 0, -1, 1], 0, "constant"),   # removes
            ([0, 0, 1, 1, 0, 0, 1, 1], 1, "constant"),
            ([0, 0, 1, 1, 0, 0, 1, 1], 0, "reflect")]):
        nodes = [NODE("Pad", ["x", "pads", "value"], ["p"], mode=mode),
                 NODE("Conv", ["p", "w"], ["y"])]
        model = model_of(nodes, {"x": [1, 3, 8, 8]}, {"y": [None] * 4},
                         {"pads": np.array(pads), "value": np.float32(value),
                          "w": normal(2, 3 + pads[1], 3, 3)})
        folder = tmp_path / str(i)
        folder.mkdir()
        prepared = prepare(model, folder)
        assert op_types(prepared) == ["Pad", "Conv"]
        assert worst_difference(folder / "model.onnx", prepared, {"x": normal(1, 3, 8, 8)}) == 0


# Each: an expression over constants, as nodes that end in "c", and the constants. Its result is
# added to x of its own shape, so that ONNX Runtime computes what the fold replaces.
def constant_expressions():
    a = normal(3, 4, 5)
    i64 = lambda *values: np.array(values, np.int64)  # noqa: E731
    yield "transpose", [NODE("Transpose", ["a"], ["c"], perm=[2, 0, 1])], {"a": a}
    yield "transpose-reversed", [NODE("Transpose", ["a"], ["c"])], {"a": a}
    yield "reshape", [NODE("Reshape", ["a", "s"], ["c"])], {"a": a, "s": i64(0, -1, 2, 2)}
    yield "flatten", [NODE("Flatten", ["a"], ["c"], axis=-1)], {"a": a}
    yield "flatten-0", [NODE("Flatten", ["a"], ["c"], axis=0)], {"a": a}
    yield "unsqueeze", [NODE("Unsqueeze", ["a", "s"], ["c"])], {"a": a, "s": i64(-1, 1)}
    yield "squeeze", [NODE("Squeeze", ["a"], ["c"])], {"a": normal(1, 3, 1, 2)}
    yield "squeeze-one", [NODE("Squeeze", ["a", "s"], ["c"])], {"a": normal(1, 3, 1), "s": i64(-1)}
    yield "concat", [NODE("Concat", ["a", "b", "a"], ["c"], axis=-2)], {"a": a, "b": normal(3, 2, 5)}
    yield "gather", [NODE("Gather", ["a", "s"], ["c"], axis=1)], {"a": a, "s": i64(-1, 0, 2, 2)}
    yield "gather-scalar", [NODE("Gather", ["a", "s"], ["c"], axis=2)], {"a": a, "s": np.int64(-2)}
    yield "expand", [NODE("Expand", ["a", "s"], ["c"])], {"a": normal(3, 1), "s": i64(2, 1, 4)}
    for name, starts, ends, axes, steps in [
            ("plain", [1], [3], [1], [1]), ("all", [0, 0], [2**63 - 1] * 2, [2, 0], [2, 1]),
            ("back", [-1], [-(2**63)], [1], [-1]), ("back-2", [10, 3], [0, -100], [2, 1], [-3, -2]),
            ("negative", [-3], [-1], [-1], [1]), ("empty", [3], [1], [0], [1])]:
        yield f"slice-{name}", [NODE("Slice", ["a", "st", "en", "ax", "sp"], ["c"])], {
            "a": a, "st": i64(*starts), "en": i64(*ends), "ax": i64(*axes), "sp": i64(*steps)}
    for op in ["Add", "Sub", "Mul", "Div"]:
        yield op, [NODE(op, ["a", "b"], ["c"])], {"a": a, "b": normal(4, 1)}
    for op in ["Sqrt", "Reciprocal", "Neg", "Abs"]:
        yield op, [NODE(op, ["a"], ["c"])], {"a": positive(2, 7)}
    yield "where", [NODE("Equal", ["i", "j"], ["k"]), NODE("Where", ["k", "a", "b"], ["c"])], {
        "i": i64(1, 2, 3, 4), "j": i64(4, 2, 3, 1), "a": normal(3, 1), "b": normal(4)}
    yield "cast", [NODE("Cast", ["a"], ["c"], to=1)], {"a": a.astype(np.float16)}
    yield "cast-int", [NODE("Cast", ["a"], ["i"], to=7), NODE("Cast", ["i"], ["c"], to=1)], {"a": 9 * a}
    yield "range", [NODE("Range", ["i", "j", "k"], ["r"]), NODE("Cast", ["r"], ["c"], to=1)], {
        "i": np.int64(10), "j": np.int64(-3), "k": np.int64(-4)}
    yield "constant-of-shape", [NODE("ConstantOfShape", ["s"], ["c"], value=helper.make_tensor(
        "", 1, [1], [2.5]))], {"s": i64(2, 3)}
    yield "integer-division", [NODE("Div", ["i", "j"], ["k"]), NODE("Mul", ["k", "j"], ["m"]),
                               NODE("Cast", ["m"], ["c"], to=1)], {"i": i64(-7, 7, -8), "j": i64(2, -2, 3)}


EXPRESSIONS = {name: (nodes, constants) for name, nodes, constants in constant_expressions()}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_folded_constants_are_what_onnx_runtime_computes(name, tmp_path):
    nodes, constants = EXPRESSIONS[name]
    nodes = [*nodes, NODE("Add", ["c", "x"], ["y"])]
    model = model_of(nodes, {"x": []}, {"y": None}, constants)
    prepared = prepare(model, tmp_path)
    assert op_types(prepared) == ["Add"]
    assert worst_difference(tmp_path / "model.onnx", prepared, {"x": np.zeros((), np.float32)}) == 0


def test_shapes_that_are_known_are_folded_and_others_stay(tmp_path):
    nodes = [NODE("Shape", ["x"], ["s"]), NODE("Gather", ["s", "one"], ["d"]),
             NODE("Concat", ["d", "rest"], ["t"], axis=0), NODE("Reshape", ["x", "t"], ["y"])]
    constants = {"one": np.array([1]), "rest": np.array([-1])}
    for batch, expected in [(2, ["Reshape"]), ("N", ["Shape", "Gather", "Concat", "Reshape"])]:
        folder = tmp_path / str(batch)
        folder.mkdir()
        model = model_of(nodes, {"x": [batch, 3, 4]}, {"y": [None, None]}, constants)
        prepared = prepare(model, folder)
        assert op_types(prepared) == expected
        assert worst_difference(folder / "model.onnx", prepared, {"x": normal(2, 3, 4)}) == 0


# Models of old operator sets, whose meaning differs from today's.
def old_models():
    x = {"x": [2, 3, 4, 5]}
    y = {"y": [None] * 4}
    for axis, shape in [(1, [3]), (1, [3, 4]), (0, [2, 3]), (2, [4, 5]), (3, [5])]:
        for op in ["Add", "Mul", "Sub", "Div"]:
            yield (f"{op}-6-axis-{axis}-{len(shape)}", 6,
                   [NODE(op, ["x", "c"], ["y"], broadcast=1, axis=axis)], x, y,
                   {"c": positive(*shape)})
    for opset, scales in itertools.product([8, 9, 10], [(2.0, 2.0), (1.5, 3.0), (0.6, 0.5)]):
        if opset < 10 and min(scales) < 1:
            continue
        for mode in ["nearest", "linear"]:
            sizes = np.array([1, 1, *scales], np.float32)
            if opset == 8:
                node = NODE("Upsample", ["x"], ["y"], mode=mode, scales=sizes)
                yield f"upsample-8-{mode}-{scales[0]}", 8, [node], x, y, {}
            else:
                op = "Upsample" if opset == 9 else "Resize"
                node = NODE(op, ["x", "s"], ["y"], mode=mode)
                yield f"{op}-{opset}-{mode}-{scales[0]}", opset, [node], x, y, {"s": sizes}
    for op, axis in itertools.product(["Softmax", "LogSoftmax"], [1, 2, 3, -1]):
        yield f"{op}-11-{axis}", 11, [NODE(op, ["x"], ["y"], axis=axis)], x, y, {}
    yield "clip-6", 6, [NODE("Clip", ["x"], ["y"], min=-0.5, max=0.25)], x, y, {}
    yield "clip-10-max", 10, [NODE("Clip", ["x"], ["y"], max=0.25)], x, y, {}
    yield "slice-9", 9, [NODE("Slice", ["x"], ["y"], starts=[1, -3], ends=[9, -1], axes=[1, 3])], x, y, {}
    yield "reduce-12", 12, [NODE("ReduceSum", ["x"], ["y"], axes=[1], keepdims=1)], x, y, {}
    yield "prelu-6", 6, [NODE("PRelu", ["x", "s"], ["y"])], x, y, {"s": positive(3)}
    yield "split-11", 11, [NODE("Split", ["x"], ["a", "b"], axis=3, split=[2, 3]),
                           NODE("Concat", ["b", "a"], ["y"], axis=3)], x, y, {}
    yield "dropout-9", 9, [NODE("Dropout", ["x"], ["y"], ratio=0.3)], x, y, {}


OLD = {name: rest for name, *rest in old_models()}


@pytest.mark.parametrize("name", OLD)
def test_old_operators_keep_their_meaning(name, tmp_path):
    opset, nodes, inputs, outputs, constants = OLD[name]
    model = model_of(nodes, inputs, outputs, constants, opset, ir=4)
    prepared = prepare(model, tmp_path)
    x = normal(2, 3, 4, 5)
    assert onnx.load(prepared).opset_import[0].version == 13
    if opset >= 7:
        assert worst_difference(tmp_path / "model.onnx", prepared, {"x": x}) <= 1e-6
        return
    # ONNX Runtime begins with 7.
    node = nodes[0]
    if node.op_type == "PRelu":
        expected = np.where(x < 0, x * constants["s"].reshape(3, 1, 1), x)
    elif node.op_type == "Clip":
        expected = np.clip(x, -0.5, 0.25)
    else:
        axis = next(a.i for a in node.attribute if a.name == "axis")
        c = constants["c"].reshape(constants["c"].shape + (1,) * (4 - axis - constants["c"].ndim))
        expected = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply,
                    "Div": np.divide}[node.op_type](x, c)
    np.testing.assert_array_equal(session(prepared).run(None, {"x": x})[0], expected)
