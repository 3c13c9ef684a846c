"""`zeropoint compare` on small models whose errors are known, and on the digits beside ONNX Runtime."""
import json
import math
import os
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

PROGRAM = Path(os.environ.get("ZP_BIN_DIR", "build/release/bin")).resolve() / "zeropoint"
DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits"
pytestmark = pytest.mark.skipif(
    not PROGRAM.exists() or "compare" not in subprocess.run(
        [PROGRAM, "--help"], capture_output=True, text=True).stdout,
    reason=f"{PROGRAM} is not built, or without ONNX")


def run(*arguments, cwd=None):
    return subprocess.run([PROGRAM, "compare", *map(str, arguments)],
                          capture_output=True, text=True, cwd=cwd)


def compare(*arguments):
    done = run(*arguments, "--json", "--no-latency")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def error(*arguments, status=1):
    done = run(*arguments, "--no-latency")
    assert done.returncode == status and done.stdout == ""
    assert done.stderr.startswith("zeropoint: ") and done.stderr.count("\n") == 1
    return done.stderr.removeprefix("zeropoint: ").strip()


def model(path, nodes, inputs=None, outputs=None, initializers=()):
    inputs = inputs or {"x": ["N", 6]}
    outputs = outputs or {"y": ["N", 6]}
    value = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    graph = helper.make_graph(
        [helper.make_node(*node[:3], **(node[3] if len(node) > 3 else {})) for node in nodes], "g",
        [value(*item) for item in inputs.items()], [value(*item) for item in outputs.items()],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in initializers])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
              path)
    return path


@pytest.fixture
def scores(tmp_path):
    """Six classes, 40 samples."""
    samples = np.random.default_rng(7).normal(size=(40, 6)).astype(np.float32)
    np.save(tmp_path / "samples.npy", samples)
    return samples


@pytest.fixture
def two(tmp_path, scores):
    """y = 2x, and the same with t = x rounded to whole numbers."""
    factor = [("two", np.float32(2))]
    reference = model(tmp_path / "float.onnx",
                      [("Neg", ["x"], ["t"]), ("Neg", ["t"], ["u"]), ("Mul", ["u", "two"], ["y"])],
                      initializers=factor)
    quantized = model(
        tmp_path / "int8.onnx",
        [("Neg", ["x"], ["v"]), ("QuantizeLinear", ["v", "s", "z"], ["q"]),
         ("DequantizeLinear", ["q", "s", "z"], ["t_dequantized"]),
         ("Neg", ["t_dequantized"], ["u"]), ("Mul", ["u", "two"], ["y"])],
        initializers=[*factor, ("s", np.float32(1)), ("z", np.int8(0))])
    return reference, quantized


def decibels(x, y):
    x, y = x.astype(float), y.astype(float)
    return 10 * math.log10((x**2).sum() / ((x - y)**2).sum())


def test_errors_of_outputs_and_inner_tensors(two, scores, tmp_path):
    result = compare(*two, "--data", tmp_path / "samples.npy", "--rows", "--tensors")
    rounded = np.round(scores)
    by_sample = [decibels(x, y) for x, y in zip(scores, rounded)]
    worst = int(np.argmin(by_sample))
    assert result["samples"] == 40 and result["skipped"] == []
    [output] = result["outputs"]
    assert output["name"] == "y" and output["elements"] == 240
    assert output["sqnr_db"] == pytest.approx(decibels(scores, rounded), abs=1e-3)
    assert output["max_abs_difference"] == pytest.approx(2 * np.abs(scores - rounded).max())
    cosine = (scores * rounded).sum() / np.sqrt((scores**2).sum() * (rounded**2).sum())
    assert output["cosine"] == pytest.approx(cosine)
    assert output["worst_sample"] == {"name": f"samples.npy[{worst}]", "index": worst,
                                      "sqnr_db": pytest.approx(by_sample[worst], abs=1e-3)}
    tensors = result["tensors"]
    assert [(t["name"], t["quantized_name"], t["op_type"]) for t in tensors["list"]] == [
        ("t", "t_dequantized", "Neg"), ("u", "u", "Neg")]
    for tensor in tensors["list"]:
        assert tensor["sqnr_db"] == pytest.approx(output["sqnr_db"], abs=1e-3)
    assert result["classification"] is None and result["latency"] is None


def test_right_answers(two, scores, tmp_path):
    labels = np.random.default_rng(8).integers(0, 6, 40)
    (tmp_path / "labels.txt").write_text("\n".join(map(str, labels)) + "\n")
    result = compare(*two, "--data", tmp_path / "samples.npy", "--rows", "--labels",
                     tmp_path / "labels.txt", "--as-written")["classification"]
    rounded = np.round(scores)
    # Of equal scores the lower class comes first: a stable sort of the negated scores.
    order = lambda values: np.argsort(-values, axis=1, kind="stable")
    right = {name: order(values)[:, 0] == labels
             for name, values in [("float", scores), ("quantized", rounded)]}
    for name, values in [("float", scores), ("quantized", rounded)]:
        assert result[name]["top1"] == right[name].mean()
        top5 = (order(values)[:, :5] == labels[:, None]).any(axis=1).mean()
        assert result[name]["top5"] == top5
    assert result["agreement"] == (order(scores)[:, 0] == order(rounded)[:, 0]).mean()
    lost = int((right["float"] & ~right["quantized"]).sum())
    won = int((~right["float"] & right["quantized"]).sum())
    assert (result["only_float_right"], result["only_quantized_right"]) == (lost, won)
    # Bonett and Price's interval.
    p, q = (lost + 1) / 42, (won + 1) / 42
    half = 1.959963984540054 * math.sqrt((p + q - (q - p)**2) / 42)
    assert result["interval_95"] == pytest.approx([q - p - half, q - p + half])
    assert result["difference"] == pytest.approx((won - lost) / 40)


def test_right_answers_of_a_fixed_batch(tmp_path, scores):
    nodes, shape = [("Neg", ["x"], ["t"]), ("Neg", ["t"], ["y"])], {"x": [4, 6]}
    reference = model(tmp_path / "float.onnx", nodes, shape, {"y": [4, 6]})
    # Swaps the classes 0 and 5.
    swapped = model(tmp_path / "other.onnx", [("Gather", ["x", "order"], ["y"], {"axis": 1})],
                    shape, {"y": [4, 6]}, [("order", np.array([5, 1, 2, 3, 4, 0]))])
    labels = scores.argmax(axis=1)
    (tmp_path / "labels.txt").write_text("\n".join(map(str, labels)))
    result = compare(reference, swapped, "--data", tmp_path / "samples.npy", "--rows", "--labels",
                     tmp_path / "labels.txt")
    assert result["samples"] == 10  # runs of 4
    classes = result["classification"]
    assert classes["samples"] == 40 and classes["float"]["top1"] == 1
    assert classes["quantized"]["top1"] == np.isin(labels, [1, 2, 3, 4]).mean()


def test_the_same_for_any_number_of_threads_and_a_choice_of_samples(two, tmp_path, scores):
    arguments = [*two, "--data", tmp_path / "samples.npy", "--rows", "--samples", 11, "--tensors"]
    one = compare(*arguments, "--threads", 1)
    assert compare(*arguments, "--threads", 2) == one
    assert one["samples"] == 11


def test_samples_of_several_shapes(tmp_path):
    reference = model(tmp_path / "float.onnx", [("Neg", ["x"], ["y"])], {"x": ["N", "L"]},
                      {"y": ["N", "L"]})
    other = model(tmp_path / "other.onnx", [("Mul", ["x", "m"], ["y"])], {"x": ["N", "L"]},
                  {"y": ["N", "L"]}, [("m", np.float32(-1.1))])
    folder = tmp_path / "samples"
    folder.mkdir()
    for length in (3, 5, 4):
        np.save(folder / f"{length}.npy", np.ones((1, length), np.float32))
    result = compare(reference, other, "--data", folder)
    # 10 log10(1 / 0.1^2) = 20 dB.
    assert result["outputs"][0]["sqnr_db"] == pytest.approx(20, abs=1e-4)
    assert result["outputs"][0]["elements"] == 12
    assert result["notes"] == [f"{other} holds nothing quantized"]
    assert result["as_written"] is None


def test_text_and_latency(two, tmp_path, scores):
    done = run(*two, "--data", tmp_path / "samples.npy", "--rows", "--samples", 3)
    assert done.returncode == 0
    for part in ("signal to noise", "worst sample", " dB ", "latency", " ms", "one thread",
                 "This processor has"):
        assert part in done.stdout
    result = json.loads(run(*two, "--data", tmp_path / "samples.npy", "--rows", "--json",
                            "--samples", 3).stdout)
    assert result["latency"]["float_ms"]["median"] > 0
    assert result["latency"]["turns"] >= 7
    assert result["float"]["bytes"] == two[0].stat().st_size


def test_bad_samples(two, scores, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for i in range(4):
        np.save(folder / f"{i}.npy", scores[i])
    (folder / "2.npy").write_bytes((folder / "2.npy").read_bytes()[:-5])
    assert "2.npy" in error(*two, "--data", folder)
    result = compare(*two, "--data", folder, "--skip-bad")
    assert result["samples"] == 3
    assert len(result["skipped"]) == 1 and "2.npy" in result["skipped"][0]


def test_models_that_do_not_belong_together(two, tmp_path, scores):
    data = ["--data", tmp_path / "samples.npy", "--rows"]
    other = model(tmp_path / "other.onnx", [("Neg", ["x"], ["z"])], outputs={"z": ["N", 6]})
    assert error(two[0], other, *data) == (
        'output "y" of the float model is not in the quantized one, which has "z": they are not two '
        "forms of one model")
    assert "missing.onnx" in error(two[0], tmp_path / "missing.onnx", *data)
    (tmp_path / "text.onnx").write_text("once upon a time")
    assert "text.onnx" in error(two[0], tmp_path / "text.onnx", *data)


def test_labels_that_do_not_fit(two, tmp_path, scores):
    data = ["--data", tmp_path / "samples.npy", "--rows", "--labels", tmp_path / "labels.txt"]
    (tmp_path / "labels.txt").write_text("1\n2\n")
    message = error(*two, *data)
    assert "labels.txt" in message and "2 labels for 40 samples" in message
    (tmp_path / "labels.txt").write_text("1\n" * 39 + "two\n")
    assert "line 40" in error(*two, *data)
    (tmp_path / "labels.txt").write_text("1\n" * 3 + "6\n" + "2\n" * 36)
    assert error(*two, *data) == (
        'samples.npy[3]: output "y": label 6 is no class: it has 6, from 0 to 5')
    assert error(*two, *data, "--scores", "z") == 'no output of the models is called "z"'


def test_arguments_without_a_meaning():
    assert error(status=2).startswith("expected two models")
    assert error("a.onnx", "b.onnx", status=2).startswith("--data is missing")
    data = ["a.onnx", "b.onnx", "--data", "c"]
    assert error(*data, "--samples", "0", status=2) == (
        '--samples "0": expected a whole number from 1 up')
    assert error(*data, "--resize", "big", status=2).startswith('--resize "big": expected')
    assert "--input-shape" in error(*data, "--input-shape", "x", status=2)
    assert error(*data, "--scores", "y", status=2).startswith("--scores names the output")
    assert "--threads" in error(*data, "--threads", "-1", status=2)


def test_digits_beside_onnx_runtime(tmp_path):
    ort = pytest.importorskip("onnxruntime")
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            images = np.load(DIGITS / "calibration" / "digits.npy")[:50]
            self.images = iter([{"image": image[None]} for image in images])

        def get_next(self):
            return next(self.images, None)

    quantized = tmp_path / "digits.int8.onnx"
    quantize_static(DIGITS / "digits.onnx", quantized, Reader(), quant_format=QuantFormat.QDQ,
                    per_channel=True)
    images = np.load(DIGITS / "evaluation" / "digits.npy")
    labels = np.loadtxt(DIGITS / "labels.txt", dtype=int)
    logits = [ort.InferenceSession(path).run(None, {"image": images})[0]
              for path in (DIGITS / "digits.onnx", quantized)]

    arguments = [DIGITS / "digits.onnx", quantized, "--data", DIGITS / "evaluation", "--rows",
                 "--labels", DIGITS / "labels.txt"]
    for mode in ([], ["--as-written"]):
        result = compare(*arguments, "--tensors", *mode)
        assert result["execution"] == ("as_written" if mode else "int8")
        assert result["classification"]["float"]["top1"] == 0.985  # examples/digits/README.md
        right = (logits[1].argmax(axis=1) == labels).mean()
        assert result["classification"]["quantized"]["top1"] == pytest.approx(right, abs=0.01)
        # The two runtimes differ in how they round, by much less than quantization costs.
        assert result["outputs"][0]["sqnr_db"] == pytest.approx(decibels(*logits), abs=1)
        sqnrs = [tensor["sqnr_db"] for tensor in result["tensors"]["list"]]
        assert len(sqnrs) > 15 and min(sqnrs) > 15
        assert result["as_written"] == "simulated"

    # Batches of two sizes: models of dynamic shape, of which OpenVINO's own mode computes this one
    # wrongly.
    batches = tmp_path / "batches"
    batches.mkdir()
    np.save(batches / "a.npy", images[:150])
    np.save(batches / "b.npy", images[150:])
    result = compare(*arguments[:2], "--data", batches, "--as-written")
    assert result["samples"] == 2
    assert result["outputs"][0]["sqnr_db"] == pytest.approx(decibels(*logits), abs=1)
