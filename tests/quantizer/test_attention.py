"""A decoder's layer with a causal mask of -infinity, quantized for each target and run in the runtimes."""

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
COMMAND = pathlib.Path(os.environ.get("ZP_BIN_DIR", ROOT / "build/release/bin")) / "zeropoint"
TOKENS, LENGTH, WIDTH = 300, 64, 32
ort.set_default_logger_severity(3)


def decoder(masked):
    random = np.random.default_rng(0)
    mask = np.triu(np.full((LENGTH, LENGTH), masked, np.float32), 1)
    constants = {"table": random.standard_normal((TOKENS, WIDTH)), "mask": mask, "scale": 0.2}
    constants |= {name: random.standard_normal((WIDTH, WIDTH)) / 5 for name in "qkvo"}
    node = helper.make_node
    nodes = [node("Gather", ["table", "ids"], ["x"], name="embed")]
    for name in "qkv":
        nodes.append(node("MatMul", ["x", name], [f"{name}_x"], name=f"{name}_of"))
    nodes += [
        node("Transpose", ["k_x"], ["k_t"], name="turn", perm=[0, 2, 1]),
        node("MatMul", ["q_x", "k_t"], ["products"], name="scores"),
        node("Mul", ["products", "scale"], ["scaled"], name="scale_scores"),
        node("Shape", ["ids"], ["shape"], name="shape_of"),
        node("Slice", ["shape", "one", "two"], ["length"], name="length_of"),
        node("Concat", ["length", "length"], ["square"], name="square_of", axis=0),
        node("Slice", ["mask", "corner", "square"], ["rows"], name="mask_of"),
        node("Add", ["scaled", "rows"], ["masked"], name="mask_scores"),
        node("Softmax", ["masked"], ["weights"], name="softmax"),
        node("MatMul", ["weights", "v_x"], ["mixed"], name="mix"),
        node("MatMul", ["mixed", "o"], ["y"], name="out"),
    ]
    initializers = [numpy_helper.from_array(np.asarray(value, np.float32), name)
                    for name, value in constants.items()]
    initializers += [numpy_helper.from_array(np.array([value], np.int64), name)
                     for name, value in [("one", 1), ("two", 2)]]
    initializers.append(numpy_helper.from_array(np.zeros(2, np.int64), "corner"))
    graph = helper.make_graph(
        nodes, "decoder",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "length"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, "length", WIDTH])], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


@pytest.fixture(scope="module", params=[-np.inf, -1e9, np.finfo(np.float32).min],
                ids=["infinity", "1e9", "lowest"])
def place(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("decoder")
    onnx.save(decoder(request.param), folder / "decoder.onnx")
    (folder / "samples").mkdir()
    random = np.random.default_rng(1)
    for i in range(12):
        np.save(folder / f"samples/{i:02}.npy", random.integers(0, TOKENS, (1, LENGTH)))
    zeropoint("calibrate", folder / "decoder.onnx", "--calibration", folder / "samples",
              "-o", folder / "statistics")
    return folder


def zeropoint(*arguments):
    run = subprocess.run([COMMAND, *arguments], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run


def quantize(folder, *arguments):
    output = folder / "decoder.int8.onnx"
    run = zeropoint("quantize", folder / "decoder.onnx", "--statistics", folder / "statistics",
                    "-o", output, "--json", *arguments)
    onnx.checker.check_model(onnx.load(output), full_check=True)
    return output, json.loads(run.stdout)


def run_onnxruntime(path, ids):
    return ort.InferenceSession(path).run(None, {"ids": ids})[0]


def sqnr_db(expected, got):
    return 10 * np.log10((expected**2).sum() / ((expected - got) ** 2).sum())


@pytest.mark.parametrize("arguments", [
    [], ["--include", "*"], ["--target", "openvino"], ["--target", "openvino", "--include", "*"],
    ["--target", "tensorrt"], ["--target", "qnn"], ["--target", "tflite"],
    ["--target", "qnn", "--ranges", "mse"],
], ids=lambda arguments: "_".join(arguments).replace("--", "").replace("*", "all") or "defaults")
def test_masks_neither_leak_nor_cost_codes(arguments, place):
    output, _ = quantize(place, *arguments)
    random = np.random.default_rng(2)
    ids = random.integers(0, TOKENS, (1, LENGTH))
    expected = run_onnxruntime(place / "decoder.onnx", ids)
    got = run_onnxruntime(output, ids)
    assert sqnr_db(expected, got) > 25
    # What comes later is masked.
    ids[0, LENGTH // 2:] = random.integers(0, TOKENS, LENGTH // 2)
    later = run_onnxruntime(output, ids)
    assert np.abs(later - got)[0, :LENGTH // 2].max() <= 1e-6 * np.abs(got).max()
    assert np.abs(later - got)[0, LENGTH // 2:].max() > 0.1
    # A shorter text reads less of the mask.
    half = run_onnxruntime(output, ids[:, :LENGTH // 2])
    assert np.abs(half - got[:, :LENGTH // 2]).max() <= 0.05 * np.abs(got).max()


@pytest.mark.parametrize("target", ["onnxruntime", "openvino"])
def test_openvino_computes_the_same(target, place):
    ov = pytest.importorskip("openvino")
    output, _ = quantize(place, "--target", target, "--include", "*")
    ids = np.random.default_rng(2).integers(0, TOKENS, (1, LENGTH))
    expected = run_onnxruntime(place / "decoder.onnx", ids)
    core = ov.Core()
    got = core.compile_model(core.read_model(output), "CPU")({"ids": ids})[0]
    assert sqnr_db(expected, got) > 25


def executed(path, tmp_path):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    ort.InferenceSession(path, options)
    return onnx.load(tmp_path / "optimized.onnx").graph


def test_tables_stay_codes_and_products_fuse_on_request(place, tmp_path):
    output, report = quantize(place)
    graph = executed(output, tmp_path)
    types = {t.name: t.data_type for t in graph.initializer}
    for op, table in ("Gather", "table"), ("Slice", "mask"):
        reads = [types.get(n.input[0]) for n in graph.node if n.op_type == op]
        assert TensorProto.UINT8 in reads, table
    operators = [n.op_type for n in graph.node]
    assert operators.count("MatMulIntegerToFloat") == 4  # against weights
    assert {"scores", "mix"} <= {n["node"] for n in report["in_float"]}
    assert report["not_in_integers"] == []

    output, report = quantize(place, "--include", "*")
    operators = [n.op_type for n in executed(output, tmp_path).node]
    assert "MatMul" not in operators
    assert operators.count("MatMulIntegerToFloat") + operators.count("QLinearMatMul") == 6
    assert report["not_in_integers"] == []


def test_the_plan_predicts_what_runs(place):
    plan = json.loads(zeropoint("plan", place / "decoder.onnx", "--statistics",
                                place / "statistics").stdout)
    nodes = {node["node"]: node for node in plan["nodes"]}
    assert nodes["q_of"]["runs"] == {"execution": "int8", "as": "MatMulIntegerToFloat"}
    assert nodes["embed"]["runs"] == {"execution": "int8", "as": "Gather"}
    assert nodes["softmax"]["runs"]["execution"] == "float"
    assert "runs" not in nodes["shape_of"]
