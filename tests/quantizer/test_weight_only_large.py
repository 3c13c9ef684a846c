"""A model above 2 GB: never in memory as a whole, neither here nor in one message."""

import numpy as np
import onnx
import pytest
from large_model import GB, large_model
from weights import quantize, run_ort, sqnr


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
