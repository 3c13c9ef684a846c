"""zeropoint quantize with samples: the same bytes however it is run, and models that runtimes load."""

import json
import os
import pathlib
import subprocess

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples/digits"
COMMAND = pathlib.Path(os.environ.get("ZP_BIN_DIR", ROOT / "build/release/bin")) / "zeropoint"
ort.set_default_logger_severity(3)


def zeropoint(*arguments, status=0):
    run = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True)
    assert run.returncode == status, run.stderr
    return run.stdout if status == 0 else run.stderr


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """48 images of the digits, one a file, in two folders and in one."""
    root = tmp_path_factory.mktemp("samples")
    images = np.load(DIGITS / "calibration/digits.npy")[:48]
    for i, image in enumerate(images):
        for folder in ("all", "one" if i % 3 else "two"):
            (root / folder).mkdir(exist_ok=True)
            np.save(root / folder / f"{i:03}.npy", image[None])
    return root


def quantize(output, *arguments):
    zeropoint("quantize", DIGITS / "digits.onnx", *arguments, "-o", output)
    return output.read_bytes()


def test_threads_shards_statistics_and_plan_give_the_same_bytes(samples, tmp_path):
    model = DIGITS / "digits.onnx"
    one = quantize(tmp_path / "1.onnx", "--calibration", samples / "all", "--threads", "1")
    two = quantize(tmp_path / "2.onnx", "--calibration", samples / "all", "--threads", "2")
    assert one == two
    for part in ("one", "two"):
        zeropoint("calibrate", model, "--calibration", samples / part, "-o", tmp_path / part)
    zeropoint("merge", tmp_path / "two", tmp_path / "one", "-o", tmp_path / "merged")
    zeropoint("calibrate", model, "--calibration", samples / "all", "-o", tmp_path / "all")
    assert (tmp_path / "merged").read_bytes() == (tmp_path / "all").read_bytes()
    merged = ["--statistics", tmp_path / "merged"]
    with_samples = [*merged, "--calibration", samples / "all"]
    assert quantize(tmp_path / "3.onnx", *with_samples) == one
    zeropoint("plan", model, *with_samples, "-o", tmp_path / "plan.json")
    assert quantize(tmp_path / "4.onnx", "--plan", tmp_path / "plan.json") == one
    # The recipe that needs no samples beyond the statistics.
    fast = quantize(tmp_path / "5.onnx", "--calibration", samples / "all", "--recipe", "fast")
    assert quantize(tmp_path / "6.onnx", *merged, "--recipe", "fast") == fast


def test_statistics_serve_codes_of_other_widths(samples, tmp_path):
    model = DIGITS / "digits.onnx"
    zeropoint("calibrate", model, "--calibration", samples / "all", "-o", tmp_path / "statistics")
    for options in (["--activations", "uint16"], ["--weights", "int4"]):
        options = [*options, "--recipe", "fast"]
        from_samples = quantize(tmp_path / "1.onnx", "--calibration", samples / "all", *options)
        from_file = quantize(tmp_path / "2.onnx", "--statistics", tmp_path / "statistics", *options)
        assert from_samples == from_file


def test_a_shard_counts_once(samples, tmp_path):
    zeropoint("calibrate", DIGITS / "digits.onnx", "--calibration", samples / "one",
              "-o", tmp_path / "one")
    message = zeropoint("merge", tmp_path / "one", tmp_path / "one", "-o", tmp_path / "o", status=1)
    assert "may be merged only once" in message
    assert not (tmp_path / "o").exists()


def test_an_edited_plan_is_what_is_written(samples, tmp_path):
    zeropoint("plan", DIGITS / "digits.onnx", "--calibration", samples / "all",
              "-o", tmp_path / "plan.json")
    plan = json.loads((tmp_path / "plan.json").read_text())
    activation = plan["activations"][0]
    activation["scale"] = 0.015625
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    quantize(tmp_path / "q.onnx", "--plan", tmp_path / "plan.json")
    constants = {t.name: numpy_helper.to_array(t)
                 for t in onnx.load(tmp_path / "q.onnx").graph.initializer}
    assert constants[activation["tensor"] + "_scale"] == np.float32(0.015625)


@pytest.mark.parametrize("options", [
    [], ["--target", "openvino"], ["--target", "tensorrt"], ["--target", "qnn"],
    ["--target", "tflite"], ["--activations", "int8"], ["--activations", "uint16"],
    ["--weights", "uint8"], ["--per-tensor"], ["--cpu", "vnni"],
    ["--ranges", "percentile:99.99"], ["--ranges", "mse"], ["--ranges", "entropy"],
], ids=lambda options: "_".join(options) or "defaults")
def test_every_setting_gives_a_valid_model_that_keeps_the_digits(options, samples, tmp_path):
    quantize(tmp_path / "q.onnx", "--calibration", samples / "all", *options)
    model = onnx.load(tmp_path / "q.onnx")
    onnx.checker.check_model(model, full_check=True)
    images = np.load(DIGITS / "evaluation/digits.npy")
    expected = ort.InferenceSession(DIGITS / "digits.onnx").run(None, {"image": images})[0]
    got = ort.InferenceSession(tmp_path / "q.onnx").run(None, {"image": images})[0]
    assert (expected.argmax(1) == got.argmax(1)).mean() > 0.97
    noise = ((expected - got) ** 2).sum()
    assert 10 * np.log10((expected**2).sum() / noise) > 18


def test_tensorrt_has_no_zero_point_and_float_biases(samples, tmp_path):
    quantize(tmp_path / "q.onnx", "--calibration", samples / "all", "--target", "tensorrt")
    graph = onnx.load(tmp_path / "q.onnx").graph
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    quantizers = [n for n in graph.node if n.op_type in ("QuantizeLinear", "DequantizeLinear")]
    assert quantizers
    for node in quantizers:
        assert constants[node.input[2]].dtype == np.int8
        assert not constants[node.input[2]].any()
    assert not any(a.dtype == np.int32 for a in constants.values())


# vpmaddubsw adds two products of 8 bits in 16: 255 * (a + b) must stay below 2^15.
def test_no_pair_of_weights_can_saturate(samples, tmp_path):
    quantize(tmp_path / "q.onnx", "--calibration", samples / "all")
    graph = onnx.load(tmp_path / "q.onnx").graph
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    makers = {n.output[0]: n for n in graph.node}
    seen = 0
    for node in graph.node:
        if node.op_type != "Conv" or constants[makers[node.input[1]].input[0]].shape[1] == 1:
            continue
        codes = constants[makers[node.input[1]].input[0]].astype(int)
        flat = np.moveaxis(codes, 1, -1).reshape(len(codes), -1)
        flat = flat[:, :flat.shape[1] // 2 * 2]
        for sign in (1, -1):
            sums = np.maximum(sign * flat[:, ::2], 0) + np.maximum(sign * flat[:, 1::2], 0)
            assert sums.max() <= 128
        seen += 1
    assert seen


def convolution_and_average(tmp_path, offset):
    """Conv -> AveragePool -> Conv on values around `offset`."""
    rng = np.random.default_rng(1)
    weights = {"w1": rng.normal(size=(8, 3, 1, 1)), "w2": rng.normal(size=(4, 8, 1, 1)),
               "b1": np.full(8, offset)}
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w1", "b1"], ["a"], name="first"),
         helper.make_node("AveragePool", ["a"], ["p"], kernel_shape=[2, 2], name="average"),
         helper.make_node("Conv", ["p", "w2"], ["y"], name="second")],
        "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a.astype(np.float32), n) for n, a in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
              tmp_path / "m.onnx")
    (tmp_path / "x").mkdir(exist_ok=True)
    for i in range(8):
        np.save(tmp_path / "x" / f"{i}.npy", rng.normal(size=(1, 3, 8, 8)).astype(np.float32))
    zeropoint("plan", tmp_path / "m.onnx", "--calibration", tmp_path / "x", "-o", tmp_path / "p")
    nodes = json.loads((tmp_path / "p").read_text())["nodes"]
    return next(n for n in nodes if n["node"] == "average")


def test_an_average_is_quantized_only_without_a_zero_point(tmp_path):
    assert convolution_and_average(tmp_path, offset=50)["precision"] == "integer"
    signed = convolution_and_average(tmp_path, offset=0)
    assert signed["precision"] == "float"
    assert "zero point" in signed["reason"]


def test_a_quantized_model_is_refused_and_the_old_output_stays(samples, tmp_path):
    quantize(tmp_path / "q.onnx", "--calibration", samples / "all")
    (tmp_path / "o.onnx").write_text("old")
    message = zeropoint("quantize", tmp_path / "q.onnx", "--calibration", samples / "all",
                        "-o", tmp_path / "o.onnx", status=1)
    assert "quantized already" in message
    assert (tmp_path / "o.onnx").read_text() == "old"


def test_an_exclude_pattern_that_matches_nothing_is_an_error(samples, tmp_path):
    message = zeropoint("quantize", DIGITS / "digits.onnx", "--calibration", samples / "all",
                        "--exclude", "nowhere*", "-o", tmp_path / "o.onnx", status=1)
    assert "nowhere*" in message


def test_wrong_usage_ends_with_2(tmp_path):
    zeropoint("quantize", DIGITS / "digits.onnx", "-o", tmp_path / "o.onnx", status=2)
    zeropoint("quantize", DIGITS / "digits.onnx", "--calibration", "x", "--samples", "none",
              "-o", tmp_path / "o.onnx", status=2)


def test_the_report_says_what_each_step_gained_and_bad_recipes_are_usage_errors(samples, tmp_path):
    out = tmp_path / "o.onnx"
    report = json.loads(zeropoint("quantize", DIGITS / "digits.onnx", "--calibration",
                                  samples / "all", "-o", out, "--json"))
    names = [step["step"] for step in report["steps"]]
    assert names[0] == "plain" and "weights that correct their inputs" in names
    # Each kept step starts from the last one that was kept.
    score = report["steps"][0]["score_db"]
    for step in report["steps"][1:]:
        assert step["gained_db"] == pytest.approx(step["score_db"] - score)
        assert step["kept"] == (step["gained_db"] > -0.01)
        score = step["score_db"] if step["kept"] else score
    message = zeropoint("quantize", DIGITS / "digits.onnx", "--calibration", samples / "all",
                        "-o", out, "--recipe", "slow", status=2)
    assert "fast, balanced or best" in message


def test_silu_between_integer_convolutions_is_one_node_that_both_runtimes_compute(tmp_path):
    ov = pytest.importorskip("openvino")
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(4, 4, 1, 1)).astype(np.float32) for _ in range(2)]
    nodes = [helper.make_node("Conv", ["x", "v"], ["c"], name="one"),
             helper.make_node("Sigmoid", ["c"], ["s"], name="gate"),
             helper.make_node("Mul", ["c", "s"], ["m"], name="silu"),
             helper.make_node("Conv", ["m", "w"], ["y"], name="two")]
    shape = [1, 4, 8, 8]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(value, name) for value, name in zip(weights, "vw")])
    model, out = tmp_path / "m.onnx", tmp_path / "o.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              model)
    data = tmp_path / "data"
    data.mkdir()
    inputs = [rng.normal(size=shape).astype(np.float32) for _ in range(16)]
    for i, x in enumerate(inputs):
        np.save(data / f"{i:02}.npy", x)
    zeropoint("quantize", model, "--calibration", data, "-o", out, "--recipe", "fast")
    assert "QuickGelu" in [node.op_type for node in onnx.load(out).graph.node]
    expected = np.stack([ort.InferenceSession(model).run(None, {"x": x})[0] for x in inputs])
    session = ort.InferenceSession(out)
    compiled = ov.Core().compile_model(out, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for y in (np.stack([session.run(None, {"x": x})[0] for x in inputs]),
              np.stack([compiled([x])[0].copy() for x in inputs])):
        noise = np.mean((y - expected) ** 2) / np.mean(expected ** 2)
        # Three roundings to 8 bits; without the sigmoid the noise would be as large as the signal.
        assert -10 * np.log10(noise) > 30
