"""The digits example's files fit together and say what their README says."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

HERE = Path(__file__).resolve().parent
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
