"""Dynamic quantization: outputs are those that the operators' definitions give in numpy."""

import numpy as np
import onnx
import onnxruntime.quantization as ort_quantization
import pytest
from onnx import helper, numpy_helper
from weights import (
    SHARED, make, names, ops, optimized_ops, ordinary_inputs, quantize, rounded, run_openvino, run_ort, sqnr, value,
    with_weights,
)

RNG = np.random.default_rng(11)


def normal(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def fake_dynamic(x):
    """x through DynamicQuantizeLinear and back (ONNX's definition)."""
    low, high = min(x.min(), 0), max(x.max(), 0)
    scale = np.float32((high - low) / np.float32(255))
    zero_point = np.clip(np.round(-low / scale), 0, 255)
    codes = np.clip(np.round(x / scale) + zero_point, 0, 255)
    return ((codes - zero_point) * scale).astype(np.float64)


def dynamic(model, folder, **options):
    return quantize(model, folder, mode="dynamic", **options)


def initializer(model, name):
    return next(numpy_helper.to_array(t) for t in model.graph.initializer if t.name == name)


def assert_close(got, want):
    np.testing.assert_allclose(got, want, rtol=0, atol=3e-6 * np.abs(want).max())


def product(op="MatMul", k=64, n=32, trans=0, inputs=("x", "w"), weights=None, **attributes):
    if trans:
        attributes["transB"] = 1
    return make(
        [helper.make_node(op, inputs, ["y"], name="product", **attributes)], [value("x", [3, k])],
        [value("y", [3, n])], {"w": normal(*((n, k) if trans else (k, n))), **(weights or {})}, 13)


@pytest.mark.parametrize("options", [
    {"weights": "int8", "pairs": "none"}, {"weights": "uint8"},
    {"weights": "int8", "pairs": "none", "per_tensor": "yes"},
    {"weights": "uint8", "per_tensor": "yes"},
])
def test_matmul(options, tmp_path):
    model = product()
    x, w = normal(3, 64), initializer(model, "w")
    quantized, report = dynamic(model, tmp_path, **options)
    assert report["quantized"] == {'MatMul node "product"': "MatMulInteger"}
    assert sorted(ops(quantized)) == ["Cast", "DynamicQuantizeLinear", "MatMulInteger", "Mul", "Mul"]
    codes = initializer(quantized, "w_quantized")
    assert codes.dtype == options["weights"]
    if "per_tensor" in options:
        scale = np.float32(np.abs(w).max() / 127)
        weights = np.clip(np.round(w / scale), -127, 127) * scale
    else:
        weights = rounded(w, 8, 1)
    expected = fake_dynamic(x) @ weights
    assert_close(run_ort(quantized, {"x": x})[0], expected)
    assert optimized_ops(quantized, tmp_path) == ["DynamicQuantizeMatMul"]
    assert sqnr(expected, run_ort(quantized, {"x": x}, optimize=True)[0]) > 100
    assert sqnr(expected, run_openvino(quantized, {"x": x})[0]) > 60


def assert_held(codes, axis):
    """No two neighbours along the axis can exceed a 16-bit sum with inputs of 255."""
    codes = np.moveaxis(codes.astype(int), axis, 0)
    codes = codes[: len(codes) // 2 * 2]
    left, right = codes[0::2], codes[1::2]
    for sign in (1, -1):
        both = np.maximum(sign * left, 0) + np.maximum(sign * right, 0)
        assert both.max() <= 128


@pytest.mark.parametrize("per_tensor", ["no", "yes"])
@pytest.mark.parametrize("k", [64, 63])
def test_int8_codes_are_held_to_16_bit_sums(k, per_tensor, tmp_path):
    model = product(k=k)
    x, w = normal(3, k), initializer(model, "w")
    quantized, _ = dynamic(model, tmp_path, per_tensor=per_tensor)
    codes = initializer(quantized, "w_quantized")
    assert_held(codes, 0)
    scale = initializer(quantized, "y_weight_scale")
    assert scale.shape == (() if per_tensor == "yes" else (32,))
    assert_close(run_ort(quantized, {"x": x})[0], fake_dynamic(x) @ (codes * scale.astype(float)))
    # Coarser than 127 steps, but not by a whole bit.
    assert sqnr(w, codes * scale) > (35 if per_tensor == "yes" else 38)


@pytest.mark.parametrize("trans", [0, 1])
@pytest.mark.parametrize("bias_shape", [None, (32,), (3, 1), ()])
def test_gemm(bias_shape, trans, tmp_path):
    bias = None if bias_shape is None else np.asarray(RNG.standard_normal(bias_shape), np.float32)
    model = product("Gemm", trans=trans, inputs=["x", "w"] + ["b"] * (bias is not None),
                    weights={} if bias is None else {"b": bias}, alpha=-0.5)
    x, w = normal(3, 64), initializer(model, "w")
    quantized, _ = dynamic(model, tmp_path, weights="uint8")
    expected = -0.5 * fake_dynamic(x) @ rounded(w.T if trans else w, 8, 1)
    assert_close(run_ort(quantized, {"x": x})[0], expected + (0 if bias is None else bias))


def test_a_batch_of_matrices_has_uint8_codes(tmp_path):
    model = make([helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x", [2, 3, 63])],
                 [value("y", [2, 3, 16])], {"w": normal(2, 63, 16)}, 13)
    x, w = normal(2, 3, 63), initializer(model, "w")
    quantized, _ = dynamic(model, tmp_path)
    assert initializer(quantized, "w_quantized").dtype == np.uint8
    assert_close(run_ort(quantized, {"x": x})[0], fake_dynamic(x) @ rounded(w, 8, 2))


@pytest.mark.parametrize("bias", [None, "constant", "computed"])
@pytest.mark.parametrize("kernel, group", [((3, 3), 1), ((3, 3), 2), ((2,), 1)])
def test_conv(kernel, group, bias, tmp_path):
    inputs = ["x", "w"] + ["b"] * (bias is not None)
    rank = len(kernel)
    pads = [1] * rank + [0] * rank
    nodes = [helper.make_node("Conv", inputs, ["y"], group=group, pads=pads, strides=[2] * rank)]
    weights = {"w": normal(24, 16 // group, *kernel)}
    if bias == "constant":
        weights["b"] = normal(24)
    elif bias == "computed":
        weights["b0"] = normal(24)
        nodes.insert(0, helper.make_node("Neg", ["b0"], ["b"]))
    shape = [1, 16] + [9] * rank
    out = [1, 24] + [(9 + 1 - k) // 2 + 1 for k in kernel]
    model = make(nodes, [value("x", shape)], [value("y", out)], weights, 13)
    x, w = normal(*shape), weights["w"]
    quantized, report = dynamic(model, tmp_path, min=1)
    assert list(report["quantized"].values()) == ["ConvInteger"]
    assert initializer(quantized, "w_quantized").dtype == np.uint8
    exact = with_weights(model, w=rounded(w, 8, 0))
    expected = run_ort(exact, {"x": fake_dynamic(x).astype(np.float32)})[0]
    assert_close(run_ort(quantized, {"x": x})[0], expected)
    assert sqnr(expected, run_openvino(quantized, {"x": x})[0]) > 60


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("weights", ["int8", "uint8"])
@pytest.mark.parametrize("per_tensor", ["no", "yes"])
def test_lstm(per_tensor, weights, direction, tmp_path):
    dirs = 2 if direction == "bidirectional" else 1
    constants = {"w": normal(dirs, 64, 32) * 0.3, "r": normal(dirs, 64, 16) * 0.3,
                 "b": normal(dirs, 128) * 0.3, "h": normal(dirs, 1, 16)}
    node = helper.make_node("LSTM", ["x", "w", "r", "b", "", "h"], ["y", "", "c"], hidden_size=16,
                            direction=direction)
    model = make([node], [value("x", [9, 1, 32])],
                 [value("y", [9, dirs, 1, 16]), value("c", [dirs, 1, 16])], constants, 14)
    feeds = {"x": normal(9, 1, 32)}
    quantized, _ = dynamic(model, tmp_path, weights=weights, per_tensor=per_tensor)
    assert ops(quantized) == ["DynamicQuantizeLSTM"]
    held = weights == "int8"
    for name in ("w", "r"):
        codes = initializer(quantized, f"{name}_quantized")
        scale = initializer(quantized, f"{name}_scale")
        zero_point = initializer(quantized, f"{name}_zero_point")
        assert codes.dtype == zero_point.dtype == weights
        assert scale.shape == zero_point.shape == ((dirs,) if per_tensor == "yes" else (dirs, 64))
        wide = scale.reshape(dirs, 1, -1)
        real = (codes.astype(int) - zero_point.astype(int).reshape(dirs, 1, -1)) * wide
        float_weight = constants[name].transpose(0, 2, 1)
        if held:
            assert_held(codes, 1)
            assert sqnr(float_weight, real) > 33
        else:
            assert np.abs(float_weight - real).max() <= wide.max() * 0.501
    for left, right in zip(run_ort(model, feeds), run_ort(quantized, feeds)):
        assert sqnr(left, right) > 28


def test_readers_of_a_value_share_its_codes(tmp_path):
    model = make(
        [helper.make_node("MatMul", ["x", "w"], ["y"]), helper.make_node("MatMul", ["x", "v"], ["z"]),
         helper.make_node("MatMul", ["x", "w"], ["u"])],
        [value("x", [3, 64])], [value(n, [3, 32]) for n in "yzu"],
        {"w": normal(64, 32), "v": normal(64, 32)}, 13)
    quantized, report = dynamic(model, tmp_path)
    assert ops(quantized).count("DynamicQuantizeLinear") == 1
    assert names(quantized).count("w_quantized") == 1
    assert report["bytes_before"] == 2 * 64 * 32 * 4
    x = normal(3, 64)
    for left, right in zip(run_ort(model, {"x": x}), run_ort(quantized, {"x": x}, optimize=True)):
        assert sqnr(left, right) > 30


def test_a_tied_table_is_looked_up_as_codes_and_multiplied_in_integers(tmp_path):
    nodes = [
        helper.make_node("Gather", ["w", "i"], ["e"], name="lookup"),
        helper.make_node("Transpose", ["w"], ["wt"], perm=[1, 0]),
        helper.make_node("MatMul", ["e", "wt"], ["y"], name="head"),
    ]
    model = make(nodes, [value("i", [2, 3], np.int64)], [value("y", [2, 3, 50])],
                 {"w": normal(50, 32)}, 13)
    quantized, report = dynamic(model, tmp_path, weights="uint8")
    assert report["quantized"] == {'Gather node "lookup"': "Gather", 'MatMul node "head"': "MatMulInteger"}
    assert "w" not in names(quantized) and "Transpose" not in ops(quantized)
    ids = np.array([[0, 49, 7], [-1, 3, 3]])
    w = rounded(initializer(model, "w"), 8, 0)
    assert_close(run_ort(quantized, {"i": ids})[0], fake_dynamic(w[ids]) @ w.T)


def test_nodes_in_branches(tmp_path):
    def branch(name, weights, weight):
        return helper.make_graph(
            [helper.make_node("MatMul", ["x", weight], [name])], name, [], [value(name, [3, 32])],
            [numpy_helper.from_array(a, n) for n, a in weights.items()])

    model = make(
        [helper.make_node("If", ["flag"], ["y"], then_branch=branch("t", {"own": normal(64, 32)}, "own"),
                          else_branch=branch("e", {}, "outer"))],
        [value("x", [3, 64]), value("flag", [], bool)], [value("y", [3, 32])],
        {"outer": normal(64, 32)}, 13)
    quantized, report = dynamic(model, tmp_path)
    assert ops(quantized).count("MatMulInteger") == 2
    for flag in (True, False):
        feeds = {"x": normal(3, 64), "flag": np.array(flag)}
        assert sqnr(run_ort(model, feeds)[0], run_ort(quantized, feeds, optimize=True)[0]) > 30


def test_what_stays_float_is_said(tmp_path):
    nodes = [
        helper.make_node("MatMul", ["w", "x"], ["a"], name="left"),
        helper.make_node("Gemm", ["x", "w"], ["b"], name="ta", transA=1),
        helper.make_node("Gemm", ["x", "w", "c0"], ["c"], name="beta", beta=2.0),
        helper.make_node("MatMul", ["x", "small"], ["d"], name="small"),
        helper.make_node("MatMul", ["x", "w"], ["e"], name="excluded"),
        helper.make_node("MatMul", ["x", "a"], ["f"], name="two activations"),
        helper.make_node("Conv", ["image", "depth"], ["g"], name="depthwise", group=256),
        helper.make_node("ConvTranspose", ["image", "up"], ["h"], name="up"),
        helper.make_node("MatMul", ["halves", "half"], ["i"], name="half"),
        helper.make_node("GRU", ["sequence", "gw", "gr"], ["j"], name="gru", hidden_size=16),
    ]
    inputs = [value("x", [64, 64]), value("image", [1, 256, 4, 4]),
              value("halves", [2, 64], np.float16), value("sequence", [5, 1, 32])]
    outputs = [value(n, [64, 64]) for n in "abcef"] + [
        value("d", [64, 2]), value("g", [1, 256, 3, 3]), value("h", [1, 2, 5, 5]),
        value("i", [2, 64], np.float16), value("j", [5, 1, 1, 16])]
    weights = {"w": normal(64, 64), "c0": normal(64), "small": normal(64, 2),
               "depth": normal(256, 1, 2, 2), "up": normal(256, 2, 2, 2),
               "half": normal(64, 64).astype(np.float16), "gw": normal(1, 48, 32),
               "gr": normal(1, 48, 16)}
    model = make(nodes, inputs, outputs, weights, 13)
    quantized, report = dynamic(model, tmp_path, exclude="excluded")
    assert report["quantized"] == {}
    reasons = {key.split('"')[1]: reason for key, reason in report["left"].items()}
    assert reasons == {
        "left": "its weight is on the left",
        "ta": "it transposes its data",
        "beta": "it scales its bias",
        "small": "128 elements of weights are fewer than 1024",
        "excluded": "it is not selected",
        "depthwise": "a depthwise convolution is faster in float",
        "up": "there is no integer form of ConvTranspose",
        "half": "DynamicQuantizeLinear takes float32 alone",
        "gru": "there is no integer form of GRU",
    }
    assert list(quantized.graph.node) == list(model.graph.node)


def test_nan_and_old_operator_sets_are_errors(tmp_path):
    model = product()
    w = initializer(model, "w").copy()
    w[5, 7] = np.nan
    for options in ({}, {"weights": "uint8"}):
        with pytest.raises(RuntimeError, match='tensor "w": element .* is NaN'):
            dynamic(with_weights(model, w=w), tmp_path, **options)
    old = product()
    old.opset_import[0].version = 10
    with pytest.raises(RuntimeError, match="dynamic quantization needs 11"):
        dynamic(old, tmp_path)
    dynamic(old, tmp_path, prepare="yes")


REAL = ["nnsplit_en", "stories260K", "vit_ibp_3_3_8", "mnist-net_256x4", "resnet20_cifar10"]


@pytest.mark.long
@pytest.mark.skipif(not SHARED.exists(), reason="no ../shared beside the project: no real models")
@pytest.mark.parametrize("name", REAL)
def test_outputs_of_real_models_are_as_near_as_onnx_runtimes_tool_brings_them(name, tmp_path):
    path = SHARED / "models" / f"{name}.onnx"
    model = onnx.load(path)
    feeds = ordinary_inputs(model)
    expected = run_ort(model, feeds, optimize=True)

    def error(quantized):
        got = run_ort(quantized, feeds, optimize=True)
        return min(sqnr(a, b) for a, b in zip(expected, got))

    peer = tmp_path / "peer.onnx"
    ort_quantization.quantize_dynamic(path, peer, per_channel=True)
    exact, _ = dynamic(path, tmp_path, prepare="yes", pairs="none")
    held, report = dynamic(path, tmp_path, prepare="yes")
    assert report["bytes_after"] < 0.28 * report["bytes_before"]
    assert error(exact) > error(peer) - 1
    # What holding to 16-bit sums costs.
    assert error(held) > error(exact) - 6
    run_openvino(held, feeds)
