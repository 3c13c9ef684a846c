"""The digits example's files fit together and say what their README says."""

import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = Path(os.environ.get("ZP_BIN_DIR", ROOT / "build/release/bin")) / "zeropoint"
CALIBRATION = np.load(HERE / "calibration" / "digits.npy")
EVALUATION = np.load(HERE / "evaluation" / "digits.npy")
LABELS = np.array([int(line) for line in (HERE / "labels.txt").read_text().split()])


def test_the_model_is_valid_and_keeps_what_a_quantizer_has_to_fold():
    model = onnx.load(HERE / "digits.onnx")
    onnx.checker.check_model(model, full_check=True)
    operations = Counter(node.op_type for node in model.graph.node)
    assert operations == {"Conv": 9, "BatchNormalization": 9, "Clip": 5, "Relu": 3, "Add": 2,
                          "GlobalAveragePool": 1, "Flatten": 1, "Gemm": 1}
    groups = [attribute.i for node in model.graph.node for attribute in node.attribute
              if attribute.name == "group"]
    assert sorted(groups)[-2:] == [16, 64]  # two depthwise convolutions
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"


def test_samples_are_images_of_the_set_and_no_image_is_in_both_parts():
    for images, count in ((CALIBRATION, 200), (EVALUATION, 400)):
        assert images.shape == (count, 1, 8, 8)
        assert images.dtype == np.float32
        assert np.array_equal(images * 16, np.clip(np.round(images * 16), 0, 16))
    both = {image.tobytes() for image in CALIBRATION} & {image.tobytes() for image in EVALUATION}
    assert not both


def test_the_model_finds_394_of_400_evaluation_digits():
    assert set(LABELS) == set(range(10))
    session = onnxruntime.InferenceSession(HERE / "digits.onnx", providers=["CPUExecutionProvider"])
    [logits] = session.run(["logits"], {"image": EVALUATION})
    assert (logits.argmax(1) == LABELS).sum() == 394  # as train.py printed, from JAX: 98.50 %


def test_quantized_as_the_quickstart_does_it_decides_as_before(tmp_path):
    def zeropoint(*arguments):
        done = subprocess.run([PROGRAM, *arguments, "--json"], check=True, capture_output=True)
        return json.loads(done.stdout)

    model, quantized = HERE / "digits.onnx", tmp_path / "digits.int8.onnx"
    report = zeropoint("quantize", model, "--calibration", HERE / "calibration", "--rows",
                       "-o", quantized)
    assert report["int8_share"] == 1
    compared = zeropoint("compare", model, quantized, "--data", HERE / "evaluation", "--rows",
                         "--labels", HERE / "labels.txt", "--no-latency")["classification"]
    assert compared["float"]["top1"] == 394 / 400
    # One digit of 400 may change sides, where a machine's engine rounds otherwise.
    assert compared["agreement"] >= 0.9975
    assert abs(compared["quantized"]["top1"] - 394 / 400) <= 0.0025
