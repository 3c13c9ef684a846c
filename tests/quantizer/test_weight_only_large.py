"""A model above 2 GB: never in memory as a whole, neither here nor in one message."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from weights import quantize, run_ort, sqnr, value


GB = 1 << 30


def large_model(folder, rows, width, hidden, pairs):
    """A table of rows x width, then `pairs` times width x hidden and hidden x width; the weights in
    one file beside the model."""
    block = np.random.default_rng(3).standard_normal(1 << 16).astype(np.float32) / width**0.5
    shapes = {"table": (rows, width)}
    nodes = [helper.make_node("Gather", ["table", "ids"], ["x0"])]
    for i in range(2 * pairs):
        shapes[f"w{i}"] = (width, hidden) if i % 2 == 0 else (hidden, width)
        nodes.append(helper.make_node("MatMul", [f"x{i}", f"w{i}"], [f"x{i + 1}"]))
    tensors = []
    with open(folder / "large.data", "wb") as data:
        for name, shape in shapes.items():
            tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
            tensor.data_location = TensorProto.EXTERNAL
            size = 4 * shape[0] * shape[1]
            for key, text in ("location", "large.data"), ("offset", data.tell()), ("length", size):
                tensor.external_data.add(key=key, value=str(text))
            for part in range(size // block.nbytes):
                data.write(np.roll(block, 977 * part + len(tensors)))
            tensors.append(tensor)
    graph = helper.make_graph(
        nodes, "g", [value("ids", [1, 2], np.int64)], [value(f"x{2 * pairs}", [1, 2, width])],
        tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    path = folder / "large.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture(scope="module")
def three_gb(tmp_path_factory):
    folder = tmp_path_factory.mktemp("three_gb")
    yield large_model(folder, rows=1 << 17, width=2048, hidden=1 << 15, pairs=4)
    (folder / "large.data").unlink()


@pytest.mark.long
@pytest.mark.parametrize("options", [
    {"bits": 8, "prepare": "yes"}, {"bits": 4, "block": 32, "prepare": "yes"},
    {"bits": 4, "block": 32, "form": "nbits"},
])
def test_3_gb_take_at_most_500_mb_of_memory(options, three_gb, tmp_path):
    assert three_gb.with_suffix(".data").stat().st_size == 3 * GB
    _, report = quantize(three_gb, tmp_path, load=False, **options)
    assert len(report["quantized"]) == 9
    assert report["peak_rss_kb"] < 500 << 10
    written = tmp_path / "quantized.onnx.data"
    assert written.stat().st_size < 3 * GB / (3.9 if options["bits"] == 8 else 6)
    written.unlink()


def test_a_model_with_weights_beside_it_gives_the_outputs_of_one_without(tmp_path):
    path = large_model(tmp_path, rows=512, width=256, hidden=1024, pairs=2)
    feeds = {"ids": np.array([[7, 300]])}
    expected = run_ort(path, feeds)[0]
    quantized, _ = quantize(path, tmp_path, bits=8, prepare="yes")
    assert (tmp_path / "quantized.onnx.data").exists()
    got = run_ort(tmp_path / "quantized.onnx", feeds)[0]
    assert sqnr(expected, got) > 30
    inline = tmp_path / "inline"
    inline.mkdir()
    whole = onnx.load(path)
    other, _ = quantize(whole, inline, bits=8)
    np.testing.assert_array_equal(got, run_ort(other, feeds)[0])
