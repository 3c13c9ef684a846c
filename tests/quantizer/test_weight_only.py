"""Weight-only quantization: outputs are those of the float model with its weights rounded."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from weights import (
    SHARED, make, names, ops, optimized_ops, ordinary_inputs, quantize, rounded, run_openvino, run_ort, sqnr, value,
    with_weights,
)

RNG = np.random.default_rng(7)


def normal(*shape, dtype=np.float32):
    return RNG.standard_normal(shape).astype(dtype)


def matmul(k=64, n=32, dtype=np.float32, opset=21):
    return make(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="mm")],
        [value("x", [3, k], dtype)], [value("y", [3, n], dtype)], {"w": normal(k, n, dtype=dtype)},
        opset,
    )


def weight(model, name="w"):
    return next(numpy_helper.to_array(t) for t in model.graph.initializer if t.name == name)


def assert_outputs(quantized, expected, feeds, tolerance=2e-6):
    for got, want in zip(run_ort(quantized, feeds), run_ort(expected, feeds)):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=0, atol=tolerance * np.abs(want).max())


# node, weight shape, channel axis, axis that is summed over, input shape
SITES = {
    "matmul": (dict(op_type="MatMul"), (64, 32), 1, 0, (3, 64)),
    "matmul_batched": (dict(op_type="MatMul"), (2, 64, 32), 2, 1, (2, 3, 64)),
    "gemm": (dict(op_type="Gemm"), (64, 32), 1, 0, (3, 64)),
    "gemm_transB": (dict(op_type="Gemm", transB=1, alpha=0.5), (32, 64), 0, 1, (3, 64)),
    "conv": (dict(op_type="Conv", pads=[1, 1, 1, 1]), (16, 32, 3, 3), 0, 1, (1, 32, 5, 5)),
    "conv_grouped": (dict(op_type="Conv", group=32), (32, 1, 3, 3), 0, None, (1, 32, 5, 5)),
    "conv_transpose": (dict(op_type="ConvTranspose"), (32, 16, 3, 3), 1, 0, (1, 32, 5, 5)),
}


def site(name):
    attributes, shape, channel, block, x_shape = SITES[name]
    node = helper.make_node(inputs=["x", "w"], outputs=["y"], name="n", **attributes)
    model = make([node], [value("x", x_shape)], [value("y", None)], {"w": normal(*shape)})
    # The checker wants a shape, or none at all.
    inferred = onnx.shape_inference.infer_shapes(model)
    model.graph.output[0].CopyFrom(inferred.graph.output[0])
    return model, channel, block, {"x": normal(*x_shape)}


@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("name", SITES)
def test_one_scale_a_channel(name, bits, scheme, tmp_path):
    model, channel, _, feeds = site(name)
    quantized, report = quantize(model, tmp_path, bits=bits, scheme=scheme, min=1)
    assert report["required_opset"] == (13 if bits == 8 else 21)
    assert sorted(ops(quantized)) == sorted([*ops(model), "DequantizeLinear"])
    assert "w" not in names(quantized)
    expected = with_weights(model, w=rounded(weight(model), bits, channel, scheme))
    assert_outputs(quantized, expected, feeds)
    got, want = run_openvino(quantized, feeds)[0], run_ort(model, feeds)[0]
    assert sqnr(want, got) > (35 if bits == 8 else 12)


@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("name", [name for name in SITES if SITES[name][3] is not None])
def test_one_scale_a_block(name, bits, scheme, tmp_path):
    model, _, axis, feeds = site(name)
    quantized, report = quantize(model, tmp_path, bits=bits, scheme=scheme, block=16, min=1)
    assert report["required_opset"] == 21
    assert report["quantized"][0]["note"] == ""
    expected = with_weights(model, w=rounded(weight(model), bits, axis, scheme, block=16))
    assert_outputs(quantized, expected, feeds)
    got, want = run_openvino(quantized, feeds)[0], run_ort(model, feeds)[0]
    assert sqnr(want, got) > (35 if bits == 8 else 12)


@pytest.mark.parametrize("options, axis", [
    ({"bits": 8}, 0), ({"bits": 4}, 0), ({"bits": 4, "block": 16, "scheme": "affine"}, 1),
])
@pytest.mark.parametrize("op", ["Gemm", "MatMul"])
def test_channels_in_rows_are_written_in_columns_which_onnx_runtime_computes_at_once(
        op, options, axis, tmp_path):
    gemm = op == "Gemm"
    nodes = [helper.make_node(op, ["x", "w" if gemm else "wt"], ["y"], **({"transB": 1} if gemm else {}))]
    if not gemm:
        nodes.insert(0, helper.make_node("Transpose", ["w"], ["wt"]))
    model = make(nodes, [value("x", [3, 64])], [value("y", [3, 33])], {"w": normal(33, 64)})
    quantized, _ = quantize(model, tmp_path, **options)
    assert ops(quantized) == ["DequantizeLinear", op]
    block = options.get("block", 0)
    scheme = options.get("scheme", "symmetric")
    w = rounded(weight(model), options["bits"], axis, scheme, block=block)
    feeds = {"x": normal(3, 64)}
    assert_outputs(quantized, with_weights(model, w=w), feeds)
    assert sqnr(run_ort(quantized, feeds)[0], run_openvino(quantized, feeds)[0]) > 35
    assert optimized_ops(quantized, tmp_path) == ["MatMulNBits"]


def test_a_weight_on_the_left_has_its_channels_in_rows(tmp_path):
    model = make(
        [helper.make_node("MatMul", ["w", "x"], ["y"])], [value("x", [64, 3])],
        [value("y", [32, 3])], {"w": normal(32, 64)},
    )
    feeds = {"x": normal(64, 3)}
    for options, axis in (({}, 0), ({"block": 16}, 1)):
        quantized, _ = quantize(model, tmp_path, bits=4, min=1, **options)
        w = rounded(weight(model), 4, axis, **options)
        assert_outputs(quantized, with_weights(model, w=w), feeds)


@pytest.mark.parametrize("k, block, note", [
    (80, 16, "blocks of 16: 32 does not divide 80"),
    (48, 16, "blocks of 16: 32 does not divide 48"),
    (75, 25, "blocks of 25: 32 does not divide 75"),
    (37, 0, "one scale a channel: no block of 16 to 32 divides 37"),
])
def test_blocks_that_do_not_divide_the_weight_become_smaller_or_channels(k, block, note, tmp_path):
    # ONNX's text allows a shorter last block and ONNX Runtime takes it; OpenVINO refuses it.
    model = matmul(k=k)
    feeds = {"x": normal(3, k)}
    quantized, report = quantize(model, tmp_path, bits=4, block=32, min=1)
    assert report["quantized"][0]["note"] == note
    w = rounded(weight(model), 4, 0 if block else 1, block=block)
    assert_outputs(quantized, with_weights(model, w=w), feeds)
    run_openvino(quantized, feeds)


@pytest.mark.parametrize("dtype, opset", [(np.float16, 19), (np.float64, 13)])
def test_half_and_double_models_keep_their_type(dtype, opset, tmp_path):
    model = matmul(dtype=dtype)
    feeds = {"x": normal(3, 64, dtype=dtype)}
    quantized, report = quantize(model, tmp_path, bits=8)
    assert report["required_opset"] == opset
    expected = with_weights(model, w=rounded(weight(model), 8, 1))
    assert_outputs(quantized, expected, feeds, 1e-3 if dtype == np.float16 else 1e-6)


def lstm(op="LSTM", gates=4):
    nodes = [helper.make_node(op, ["x", "w", "r"], ["y"], hidden_size=16, direction="bidirectional")]
    weights = {"w": normal(2, gates * 16, 32) * 0.2, "r": normal(2, gates * 16, 16) * 0.2}
    return make(nodes, [value("x", [5, 1, 32])], [value("y", [5, 2, 1, 16])], weights)


@pytest.mark.parametrize("op, gates", [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("block", [0, 16])
def test_recurrent_weights(op, gates, block, tmp_path):
    model = lstm(op, gates)
    quantized, _ = quantize(model, tmp_path, bits=4, block=block, min=1)
    axis = 2 if block else 1
    expected = with_weights(
        model, **{n: rounded(weight(model, n), 4, axis, block=block) for n in ("w", "r")}
    )
    assert_outputs(quantized, expected, {"x": normal(5, 1, 32)}, 1e-5)


def embedding(d=32, dtype=np.float32):
    return make(
        [helper.make_node("Gather", ["w", "i"], ["y"], name="lookup")],
        [value("i", [2, 3], np.int64)], [value("y", [2, 3, d], dtype)],
        {"w": normal(50, d, dtype=dtype)},
    )


IDS = {"i": np.array([[0, 49, 7], [-1, 3, 3]])}


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.float64])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("block", [0, 16])
def test_tables_of_8_bits_are_looked_up_as_codes(block, scheme, dtype, tmp_path):
    model = embedding(dtype=dtype)
    quantized, _ = quantize(model, tmp_path, bits=8, block=block, scheme=scheme)
    last = quantized.graph.node[-1]
    assert "DequantizeLinear" not in ops(quantized) or block
    assert last.output[0] == "y"
    expected = with_weights(
        model, w=rounded(weight(model), 8, 1 if block else 0, scheme, block=block))
    assert_outputs(quantized, expected, IDS, 1e-3 if dtype == np.float16 else 2e-7)
    if dtype == np.float32:
        np.testing.assert_allclose(
            run_openvino(quantized, IDS)[0], run_ort(expected, IDS)[0], rtol=0, atol=1e-6)


def test_tables_of_4_bits(tmp_path):
    model = embedding()
    quantized, _ = quantize(model, tmp_path, bits=4, block=32)
    assert_outputs(quantized, with_weights(model, w=rounded(weight(model), 4, 1, block=32)), IDS)


def test_tables_of_higher_rank_and_other_axes(tmp_path):
    model = make(
        [helper.make_node("Gather", ["w", "i"], ["y"]),
         helper.make_node("Gather", ["v", "i"], ["z"], axis=1)],
        [value("i", [2], np.int64)], [value("y", [2, 6, 8]), value("z", [6, 2])],
        {"w": normal(50, 6, 8), "v": normal(6, 50)},
    )
    quantized, _ = quantize(model, tmp_path, bits=8, min=1)
    expected = with_weights(
        model, w=rounded(weight(model), 8, 0), v=rounded(weight(model, "v"), 8, 1))
    assert_outputs(quantized, expected, {"i": np.array([4, 49])})


def tied(transposed=True):
    """An embedding table whose transpose is the last layer."""
    nodes = [
        helper.make_node("Gather", ["w", "i"], ["e"], name="lookup"),
        helper.make_node("Transpose", ["w"], ["wt"], name="tr", perm=[1, 0]),
        helper.make_node("MatMul", ["e", "wt"], ["y"], name="head"),
    ]
    return make(nodes, [value("i", [2, 3], np.int64)], [value("y", [2, 3, 50])],
                {"w": normal(50, 32)})


@pytest.mark.parametrize("options", [
    {"bits": 8}, {"bits": 4}, {"bits": 4, "block": 16}, {"bits": 8, "block": 32},
])
def test_tied_weights_are_quantized_once(options, tmp_path):
    model = tied()
    quantized, report = quantize(model, tmp_path, **options)
    assert len(report["quantized"]) == 1
    assert [n for n in names(quantized) if n.endswith("_quantized")] == ["w_quantized"]
    block = options.get("block", 0)
    w = rounded(weight(model), options["bits"], 1 if block else 0, block=block)
    assert_outputs(quantized, with_weights(model, w=w), IDS)
    run_openvino(quantized, IDS)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
def test_tied_weights_share_the_codes_of_matmul_n_bits(scheme, bits, tmp_path):
    model = tied()
    quantized, _ = quantize(
        model, tmp_path, bits=bits, block=16, form="nbits", compute="float", scheme=scheme)
    assert sorted(ops(quantized)) == ["GatherBlockQuantized", "MatMulNBits", "Reshape"]
    expected = with_weights(
        model, w=rounded(weight(model), bits, 1, scheme, block=16, nbits=True))
    assert_outputs(quantized, expected, IDS)
    run_ort(quantized, IDS, optimize=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("k, block", [(64, 16), (64, 32), (100, 32), (37, 16), (40, 128)])
def test_matmul_n_bits(k, block, bits, scheme, dtype, tmp_path):
    model = matmul(k=k, n=33, dtype=dtype)
    feeds = {"x": normal(3, k, dtype=dtype)}
    quantized, report = quantize(
        model, tmp_path, bits=bits, block=block, scheme=scheme, form="nbits", compute="float")
    assert ops(quantized) == ["MatMulNBits"]
    assert report["required_opset"] == 0
    w = rounded(weight(model), bits, 0, scheme, block=block, nbits=True)
    assert_outputs(
        quantized, with_weights(model, w=w), feeds, 3e-3 if dtype == np.float16 else 3e-6)
    if dtype == np.float32:
        got = run_openvino(quantized, feeds)[0]
        assert sqnr(run_ort(with_weights(model, w=w), feeds)[0], got) > 35
    fast, _ = quantize(model, tmp_path, bits=bits, block=block, scheme=scheme, form="nbits")
    assert sqnr(run_ort(with_weights(model, w=w), feeds)[0], run_ort(fast, feeds)[0]) > 35


@pytest.mark.parametrize("trans", [0, 1])
@pytest.mark.parametrize("bias_shape", [None, (33,), (1, 33), (3, 1), ()])
def test_gemm_becomes_matmul_n_bits_and_an_add(bias_shape, trans, tmp_path):
    weights = {"w": normal(33, 50) if trans else normal(50, 33)}
    inputs = ["x", "w"]
    if bias_shape is not None:
        weights["b"] = normal(*bias_shape) if bias_shape else np.array(1.5, np.float32)
        inputs.append("b")
    model = make([helper.make_node("Gemm", inputs, ["y"], transB=trans)], [value("x", [3, 50])],
                 [value("y", [3, 33])], weights)
    feeds = {"x": normal(3, 50)}
    quantized, _ = quantize(model, tmp_path, bits=4, block=32, form="nbits", compute="float")
    assert ops(quantized) == ["MatMulNBits"] + ["Add"] * (bias_shape is not None)
    w = rounded(weight(model), 4, 1 if trans else 0, block=32, nbits=True)
    assert_outputs(quantized, with_weights(model, w=w), feeds)


def test_what_matmul_n_bits_cannot_say_is_dequantized(tmp_path):
    model = make(
        [helper.make_node("Gemm", ["x", "w"], ["y"], alpha=0.5),
         helper.make_node("MatMul", ["v", "y"], ["z"])],
        [value("x", [3, 64])], [value("z", [32, 48])], {"w": normal(64, 48), "v": normal(32, 3)},
    )
    quantized, report = quantize(model, tmp_path, bits=4, block=32, form="nbits", min=96)
    notes = {w["name"]: w["note"] for w in report["quantized"]}
    assert notes["w"].startswith("DequantizeLinear: Gemm node that makes \"y\" scales")
    assert "no block of 16 to 32 divides 3" in notes["v"]
    assert report["required_opset"] == 21
    assert ops(quantized).count("DequantizeLinear") == 2


def branches(k=64, n=32):
    """If whose branches use a weight of their own, a Constant node and one from outside."""
    def branch(name, nodes, weights=()):
        return helper.make_graph(nodes, name, [], [value(name, [3, n])],
                                 [numpy_helper.from_array(a, n) for n, a in dict(weights).items()])

    constant = helper.make_node(
        "Constant", [], ["c"], value=numpy_helper.from_array(normal(k, n)))
    then = branch("t", [helper.make_node("MatMul", ["x", "own"], ["t0"], name="own_mm"),
                        helper.make_node("MatMul", ["x", "outer"], ["t1"], name="outer_mm"),
                        helper.make_node("Add", ["t0", "t1"], ["t"])], {"own": normal(k, n)})
    other = branch("e", [constant, helper.make_node("MatMul", ["x", "c"], ["e"], name="c_mm")])
    nodes = [helper.make_node("If", ["flag"], ["y"], then_branch=then, else_branch=other)]
    return make(nodes, [value("x", [3, k]), value("flag", [], bool)], [value("y", [3, n])],
                {"outer": normal(k, n)})


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


@pytest.mark.parametrize("form", ["dequantize", "nbits"])
def test_weights_in_branches(form, tmp_path):
    model = branches()
    quantized, report = quantize(
        model, tmp_path, bits=4, block=32, form=form, compute="float")
    assert {w["name"] for w in report["quantized"]} == {"outer", "own", "c"}
    assert "Constant" not in ops(quantized)
    weights = {
        name: rounded(w, 4, 0, block=32, nbits=form == "nbits")
        for name, w in constants(model).items()
    }
    expected = with_weights(model, **weights)
    for flag in (True, False):
        feeds = {"x": normal(3, 64), "flag": np.array(flag)}
        assert_outputs(quantized, expected, feeds)
        if form == "dequantize":
            run_openvino(quantized, feeds)


@pytest.mark.parametrize("form", ["dequantize", "nbits"])
def test_weights_in_a_loop(form, tmp_path):
    body = helper.make_graph(
        [helper.make_node("MatMul", ["state", "own"], ["s0"]),
         helper.make_node("MatMul", ["s0", "outer"], ["next"]),
         helper.make_node("Identity", ["cond"], ["cond_out"])],
        "body", [value("n", [], np.int64), value("cond", [], bool), value("state", [3, 32])],
        [value("cond_out", [], bool), value("next", [3, 32])],
        [numpy_helper.from_array(normal(32, 32), "own")],
    )
    model = make(
        [helper.make_node("Loop", ["count", "", "x"], ["y"], body=body)],
        [value("x", [3, 32])], [value("y", [3, 32])],
        {"count": np.array(3), "outer": normal(32, 32)},
    )
    quantized, _ = quantize(model, tmp_path, bits=8, block=32, form=form, compute="float")
    weights = {
        name: rounded(constants(model)[name], 8, 0, block=32, nbits=form == "nbits")
        for name in ("own", "outer")
    }
    assert_outputs(quantized, with_weights(model, **weights), {"x": normal(3, 32)}, 1e-5)


def test_a_body_that_hides_an_outer_name_keeps_its_own_weight(tmp_path):
    def branch(name):
        return helper.make_graph(
            [helper.make_node("MatMul", ["x", "w"], [name])], name, [], [value(name, [3, 32])],
            [numpy_helper.from_array(normal(64, 32), "w")])

    model = make(
        [helper.make_node("If", ["flag"], ["y0"], then_branch=branch("t"), else_branch=branch("e")),
         helper.make_node("MatMul", ["x", "w"], ["y1"]), helper.make_node("Add", ["y0", "y1"], ["y"])],
        [value("x", [3, 64]), value("flag", [], bool)], [value("y", [3, 32])],
        {"w": normal(64, 32)},
    )
    quantized, report = quantize(model, tmp_path, bits=8)
    assert len(report["quantized"]) == 3
    for flag in (True, False):
        feeds = {"x": normal(3, 64), "flag": np.array(flag)}
        assert sqnr(run_ort(model, feeds)[0], run_ort(quantized, feeds)[0]) > 35


def two_readers():
    return make(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="first"),
         helper.make_node("MatMul", ["x", "w"], ["z"], name="second")],
        [value("x", [3, 64])], [value("y", [3, 32]), value("z", [3, 32])], {"w": normal(64, 32)},
    )


@pytest.mark.parametrize("choice", [{"include": "first"}, {"exclude": "sec*"}])
def test_readers_that_are_not_selected_keep_the_float_weight(choice, tmp_path):
    model = two_readers()
    feeds = {"x": normal(3, 64)}
    quantized, report = quantize(model, tmp_path, bits=8, **choice)
    assert report["quantized"][0]["nodes"] == ['MatMul node "first"']
    y, z = run_ort(quantized, feeds)
    expected = run_ort(with_weights(model, w=rounded(weight(model), 8, 1)), feeds)[0]
    np.testing.assert_allclose(y, expected, atol=1e-5)
    np.testing.assert_array_equal(z, run_ort(model, feeds)[1])
    _, report = quantize(model, tmp_path, exclude="op:Mat*")
    assert report["left"] == {"w": "no node that reads it is selected"}


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match='exclude pattern "frist" .* "first"'):
        quantize(two_readers(), tmp_path, exclude="frist")


def test_outputs_overridable_inputs_and_small_weights_stay(tmp_path):
    model = make(
        [helper.make_node("MatMul", ["x", "a"], ["ya"]), helper.make_node("MatMul", ["x", "b"], ["yb"]),
         helper.make_node("MatMul", ["x", "c"], ["yc"])],
        [value("x", [3, 64]), value("b", [64, 32])],
        [value("ya", [3, 32]), value("yb", [3, 32]), value("yc", [3, 2]), value("a", [64, 32])],
        {"a": normal(64, 32), "b": normal(64, 32), "c": normal(64, 2)},
    )
    quantized, report = quantize(model, tmp_path, bits=8)
    assert report["quantized"] == []
    assert report["left"] == {"c": "128 elements are fewer than 1024"}
    assert quantized.graph == model.graph


def test_nan_is_an_error_that_names_the_weight_and_the_element(tmp_path):
    model = matmul()
    w = weight(model).copy()
    w[5, 7] = np.nan
    with pytest.raises(RuntimeError, match=r'tensor "w": element \[5, 7\] is NaN'):
        quantize(with_weights(model, w=w), tmp_path)


def test_a_model_below_the_operator_set_stays_float_until_it_is_prepared(tmp_path):
    model = matmul(opset=12)
    _, report = quantize(model, tmp_path, bits=4)
    assert report["quantized"] == []
    assert "needs version 21 of the operator set" in report["left"]["w"]
    quantized, report = quantize(model, tmp_path, bits=4, prepare="yes")
    assert len(report["quantized"]) == 1
    feeds = {"x": normal(3, 64)}
    assert_outputs(quantized, with_weights(model, w=rounded(weight(model), 4, 1)), feeds)


def test_options_without_meaning_are_errors(tmp_path):
    for options, message in [
        ({"bits": 4, "form": "nbits"}, "MatMulNBits takes 16, 32, 64, 128 or 256"),
        ({"bits": 5}, "weights of 5 bits; expected 4 or 8"),
        ({"block": -1}, "block size -1"),
        ({"scheme": "one-sided"}, "not one-sided"),
    ]:
        with pytest.raises(RuntimeError, match=message):
            quantize(matmul(), tmp_path, **options)


REAL = sorted((SHARED / "models").glob("*.onnx"))


@pytest.mark.long
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
@pytest.mark.skipif(not REAL, reason="no ../shared beside the project: no real models")
def test_real_models_of_8_bits_run_in_both_runtimes(path, tmp_path):
    model = onnx.load(path)
    feeds = ordinary_inputs(model)
    quantized, report = quantize(model, tmp_path, bits=8, prepare="yes")
    before = sum(weight["bytes_before"] for weight in report["quantized"])
    after = sum(weight["bytes_after"] for weight in report["quantized"])
    assert after < 0.3 * before
    expected = run_ort(model, feeds, optimize=True)
    for got in (run_ort(quantized, feeds, optimize=True), run_openvino(quantized, feeds)):
        for left, right in zip(expected, got):
            assert left.shape == right.shape and left.dtype == right.dtype
            assert np.isfinite(right).all()


def test_input_and_output_types_and_other_nodes_stay(tmp_path):
    model = tied()
    quantized, _ = quantize(model, tmp_path, bits=8)
    assert quantized.graph.input == model.graph.input
    assert quantized.graph.output == model.graph.output
    assert [n.name for n in quantized.graph.node if n.name in ("lookup", "head")] == [
        "lookup", "head"]
