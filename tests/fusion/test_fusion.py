"""What `zeropoint inspect` predicts of each node, against what the runtimes execute."""
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import executed
import qdq_models

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("ZP_BIN_DIR", ROOT / "build/release/bin")) / "zeropoint"
SHARED = Path(os.environ.get("ZEROPOINT_SHARED", ROOT.parent / "shared"))
pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built")
onnxruntime.set_default_logger_severity(4)


def predicted(path, runtime):
    result = subprocess.run([PROGRAM, "inspect", path, "--runtime", runtime, "--json"],
                            capture_output=True, text=True, check=True)
    return json.loads(result.stdout)["nodes"]


def named(model):
    """Every node needs a name to be found again."""
    for i, node in enumerate(model.graph.node):
        node.name = node.name or f"unnamed{i}"
    return model


def disagreements_with_onnxruntime(model, path):
    real = executed.in_onnxruntime(model)
    wrong = []
    agreed = Counter()
    for node in predicted(path, "onnxruntime"):
        said = node["execution"]
        found = real.get(node["name"])
        if found is None:
            # What is gone went into another node, or was merged with an equal one or its like.
            gone = said in ("absorbed", "constant", "float") or node["op_type"] in executed.LAYOUT
            gone |= node["as"] == "QGemm" and node["op_type"] == "Add"
            gone |= node["op_type"] == "Gather"
            if not gone:
                wrong.append((node["name"], said, "gone"))
        elif (said, node["as"] if said != "float" else "") != (
                found[0], found[1] if found[0] != "float" else ""):
            wrong.append((node["name"], said, node["as"], node["reason"], found))
        agreed[said] += 1
    return wrong, agreed


def disagreements_with_openvino(model, path, processor, only=None):
    run = subprocess.run([sys.executable, executed.__file__, path], capture_output=True, text=True,
                         env={**os.environ, **processor})
    assert run.returncode == 0, run.stderr[-500:]
    real = json.loads(run.stdout)
    wrong = []
    agreed = Counter()
    for node in predicted(path, "openvino"):
        said = node["execution"]
        found = real.get(node["name"])
        if found is None or (only and node["op_type"] not in only):
            continue
        fused = found == "elementwise" and said in ("float", "absorbed")
        # One by itself is executed by itself.
        alone = found == "float" and said == "elementwise"
        if found != said and not fused and not alone:
            wrong.append((node["name"], said, node["reason"], found))
        agreed[said] += 1
    return wrong, agreed


@pytest.fixture
def saved(tmp_path):
    def save(model):
        path = tmp_path / "model.onnx"
        onnx.save(model, path)
        return path
    return save


@pytest.mark.parametrize("opset", [13, 17, 21])
def test_onnxruntime_executes_the_cases_as_predicted(saved, opset):
    # Before opset 14 there is no HardSwish, and from 18 on axes are inputs. From 21 on ONNX Runtime
    # does not load what it moves signed quantizers over.
    without = {13: {"HardSwish"}, 17: set(),
               21: {"ReduceMean", "ReduceMax", "MaxPool_s8", "Split"}}[opset]
    g = qdq_models.Graph()
    for case, (function, arguments) in qdq_models.CASES.items():
        if case in without:
            continue
        g.case = case
        if opset >= 18 and function is qdq_models.unary and arguments["op"] == "Split":
            arguments = {**arguments, "num_outputs": 2}
        function(g, **arguments)
    model = g.model(opset)
    wrong, agreed = disagreements_with_onnxruntime(model, saved(model))
    assert wrong == []
    assert agreed["int8"] > 60 and agreed["float"] > 60 and agreed["absorbed"] > 5


@pytest.mark.parametrize("processor", [
    pytest.param({}, id="this"),
    pytest.param({"ONEDNN_MAX_CPU_ISA": "AVX2"}, id="avx2", marks=pytest.mark.long)])
def test_openvino_executes_the_cases_as_predicted(saved, processor):
    # Without AVX-512 OpenVINO takes other kernels, not other nodes. It can be made to believe that it
    # has none; weights alone then get a kernel that does not work.
    without = {name for name in qdq_models.CASES if processor and "weights" in name}
    model = qdq_models.all_cases(without)
    wrong, agreed = disagreements_with_openvino(model, saved(model), processor)
    assert wrong == []
    assert agreed["int8"] > 50 and agreed["elementwise"] > 20 and agreed["float"] > 10


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_onnxruntime_executes_random_graphs_as_predicted(saved, signed):
    model = qdq_models.random_graphs(range(60), signed)
    wrong, agreed = disagreements_with_onnxruntime(model, saved(model))
    assert wrong == []
    assert agreed["int8"] > 50


def test_openvino_executes_random_graphs_as_predicted(saved):
    model = qdq_models.random_graphs(range(40), signed=False)
    wrong, _ = disagreements_with_openvino(model, saved(model), {})
    assert wrong == []


@pytest.mark.long
@pytest.mark.parametrize("first", range(100, 900, 100))
def test_onnxruntime_executes_many_random_graphs_as_predicted(saved, first):
    model = qdq_models.random_graphs(range(first, first + 100), first % 200 == 0)
    wrong, _ = disagreements_with_onnxruntime(model, saved(model))
    assert wrong == []


# What a model refuses is refused as a whole, so each of these has its own.
def per_channel_add(g):
    scale = np.full(8, 0.05)
    x = g.pair(g.input(1, 8, 8, 8), scale, 128, axis=1)
    g.output(g.pair(g.op("Add", x, g.pair(g.input(1, 8, 8, 8)), name="node")))


def per_channel_sigmoid(g):
    x = g.pair(g.input(1, 8, 8, 8), np.full(8, 0.05), 128, axis=1)
    g.output(g.pair(g.op("Sigmoid", x, name="node")))


def weights_along_inputs(g):
    x = g.pair(g.input(1, 8, 8, 8))
    g.output(g.pair(g.op("Conv", x, g.weight((16, 8, 3, 3), axis=1), name="node")))


def matmul_along_k(g):
    x = g.pair(g.input(2, 4, 16))
    g.output(g.pair(g.op("MatMul", x, g.weight((16, 10), axis=0), name="node")))


def per_channel_output(g):
    x = g.pair(g.input(1, 8, 8, 8))
    y = g.op("Conv", x, g.weight((8, 8, 3, 3), axis=0), name="node")
    g.output(g.pair(y, np.full(8, 0.05), 128, axis=1))


@pytest.mark.parametrize("build", [per_channel_add, per_channel_sigmoid, weights_along_inputs,
                                   matmul_along_k, per_channel_output], ids=lambda f: f.__name__)
def test_onnxruntime_refuses_what_is_said_to_be_refused(saved, build):
    g = qdq_models.Graph()
    build(g)
    model = g.model()
    nodes = predicted(saved(model), "onnxruntime")
    assert [node["execution"] for node in nodes] == ["refused"]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    with pytest.raises(Exception):
        session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                               providers=["CPUExecutionProvider"])
        session.run(None, {i.name: np.zeros(i.shape, np.float32) for i in session.get_inputs()})


@pytest.mark.parametrize("zero_point, between", [(128, "Relu"), (128, "Mul"), (128, None),
                                                 (128, "Mul by less than 0"), (0, "Relu"),
                                                 (128, "Sigmoid")])
def test_openvino_crashes_where_it_is_said_to(saved, zero_point, between):
    g = qdq_models.Graph()
    x = g.op("Concat", g.pair(g.input(1, 8, 8, 8)), g.pair(g.input(1, 8, 8, 8)), axis=1)
    x = g.pair(x, 0.06, zero_point)
    factors = {"Mul": 0.5, "Mul by less than 0": -0.5}
    if between in factors:
        x = g.op("Mul", x, g.constant(np.full((16, 1, 1), factors[between], np.float32)))
    elif between:
        x = g.op(between, x)
    g.output(g.pair(x, 0.05, 0))
    path = saved(g.model())
    refused = any(node["execution"] == "refused" for node in predicted(path, "openvino"))
    run = subprocess.run([sys.executable, executed.__file__, path], capture_output=True)
    assert refused == (run.returncode != 0)


# Real models, quantized by ONNX Runtime's own tool.

FEW = ["mlperf_resnet8_cifar10", "mnist-net_256x4"]
MANY = ["espcn_x3_y", "mlperf_ad01_autoencoder", "mlperf_vww_mobilenetv1_96", "mobilenet_v1_0.25_224",
        "resnet20_cifar10", "squeezenet1.1_fp32", "stories260K", "ultraface_version-RFB-320",
        "vit_ibp_3_3_8", "yolox_nano_coco_416", "yunet_n_640_640", "SINet", "nnsplit_en"]
# Where OpenVINO moves Reshape and Gather behind floats, in ways that are not predicted: only what
# multiplies is compared. The quantized SINet crashes it, as predicted.
PRODUCTS_ONLY = {"stories260K", "nnsplit_en"}
CRASHES = {"SINet"}


def quantized(name, activations, per_channel):
    from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType,
                                          quant_pre_process, quantize_static)
    model = onnx.load(SHARED / "models" / f"{name}.onnx")
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    model.ir_version = max(model.ir_version, 8)
    if next(o.version for o in model.opset_import if not o.domain) < 13:
        model = onnx.version_converter.convert_version(model, 13)

    numbers = np.random.default_rng(0)
    feeds = {}
    for value in inputs:
        shape = [dim.dim_value or (16 if k else 1)
                 for k, dim in enumerate(value.type.tensor_type.shape.dim)]
        kind = helper_type(value)
        feeds[value.name] = (numbers.normal(size=shape).astype(kind) if kind == np.float32
                             else numbers.integers(0, 50, shape).astype(kind))

    class Samples(CalibrationDataReader):
        left = [feeds]

        def get_next(self):
            return self.left.pop() if self.left else None

    logging.disable(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory() as folder:
            prepared, output = f"{folder}/prepared.onnx", f"{folder}/quantized.onnx"
            onnx.save(model, f"{folder}/model.onnx")
            quant_pre_process(f"{folder}/model.onnx", prepared, skip_symbolic_shape=True)
            quantize_static(prepared, output, Samples(), quant_format=QuantFormat.QDQ,
                            per_channel=per_channel, activation_type=activations,
                            weight_type=QuantType.QInt8)
            return named(onnx.load(output))
    finally:
        logging.disable(logging.NOTSET)


def helper_type(value):
    return onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type).type


def check_real_model(saved, name, activations, per_channel):
    if not (SHARED / "models").exists():
        pytest.skip(f"no {SHARED}/models: no real models")
    model = quantized(name, activations, per_channel)
    path = saved(model)
    wrong, agreed = disagreements_with_onnxruntime(model, path)
    assert wrong == []
    assert agreed["int8"] > 0
    if name in CRASHES:
        assert any(node["execution"] == "refused" for node in predicted(path, "openvino"))
        return
    only = executed.PRODUCTS if name in PRODUCTS_ONLY else None
    wrong, agreed = disagreements_with_openvino(model, path, {}, only)
    assert wrong == []


@pytest.mark.parametrize("name", FEW)
def test_real_models_are_executed_as_predicted(saved, name):
    from onnxruntime.quantization import QuantType
    check_real_model(saved, name, QuantType.QUInt8, True)


@pytest.mark.long
@pytest.mark.parametrize("activations", ["QUInt8", "QInt8"])
@pytest.mark.parametrize("name", MANY)
def test_more_real_models_are_executed_as_predicted(saved, name, activations):
    from onnxruntime.quantization import QuantType
    check_real_model(saved, name, QuantType[activations], activations == "QUInt8")
