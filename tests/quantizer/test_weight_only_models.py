"""Weight-only quantization of models as they come: bodies, choices, what stays float, real ones."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from weights import (
    SHARED, assert_outputs, constants, make, matmul, normal, ops, ordinary_inputs, quantize,
    rounded, run_openvino, run_ort, sqnr, tied, value, weight, with_weights,
)


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
    assert report["left"] == {"c": "fewer than 1024 elements"}
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
        ({"bits": 4, "form": "nbits", "block": 48}, "MatMulNBits takes 16, 32, 64, 128 or 256"),
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
