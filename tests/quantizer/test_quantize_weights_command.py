"""zeropoint quantize --mode weights and --mode dynamic: the library's result, from the command."""

import os
import subprocess

import numpy as np
import onnx
import pytest
from weights import BIN, SHARED, ordinary_inputs, quantize, run_ort

REAL = SHARED / "models/nnsplit_en.onnx"
NO_SHARED = "no ../shared beside the project: no real models"


def command(*arguments):
    """The exit status, standard error and peak memory in kB of `zeropoint quantize`."""
    with subprocess.Popen([BIN / "zeropoint", "quantize", *map(str, arguments)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, errors, usage.ru_maxrss


@pytest.mark.skipif(not REAL.exists(), reason=NO_SHARED)
@pytest.mark.parametrize("arguments, options", [
    (["--mode", "weights"], {"bits": 8, "form": "nbits"}),
    (["--mode", "weights", "--target", "openvino"], {"bits": 8}),
    (["--mode", "weights", "--bits", "4", "--block", "48"], {"bits": 4, "block": 48}),
    (["--mode", "weights", "--bits", "4", "--block", "32", "--form", "dequantize"],
     {"bits": 4, "block": 32}),
    (["--mode", "weights", "--bits", "4", "--block", "32", "--form", "nbits", "--affine"],
     {"bits": 4, "block": 32, "form": "nbits", "scheme": "affine"}),
    (["--mode", "weights", "--exclude", "op:LSTM"],
     {"bits": 8, "form": "nbits", "exclude": "op:LSTM"}),
    (["--mode", "dynamic"], {"mode": "dynamic"}),
])
def test_the_command_writes_what_the_library_makes(arguments, options, tmp_path):
    out = tmp_path / "out.onnx"
    status, errors, _ = command(REAL, *arguments, "-o", out)
    assert status == 0, errors
    onnx.checker.check_model(str(out), full_check=True)
    model = onnx.load(REAL)
    expected, _ = quantize(model, tmp_path, prepare="yes", **options)
    feeds = ordinary_inputs(model)
    for left, right in zip(run_ort(expected, feeds), run_ort(out, feeds)):
        np.testing.assert_array_equal(left, right)


@pytest.mark.skipif(not REAL.exists(), reason=NO_SHARED)
@pytest.mark.parametrize("arguments, exit_status, message", [
    (["--mode", "weights", "--bits", "5"], 2, "--bits 5: expected 8 or 4"),
    (["--mode", "weights", "--exclude", "LSTN"], 1, '"LSTN" matches no node'),
])
def test_wrong_arguments_leave_the_output_as_it_was(arguments, exit_status, message, tmp_path):
    out = tmp_path / "out.onnx"
    out.write_text("old")
    status, errors, _ = command(REAL, *arguments, "-o", out)
    assert status == exit_status
    assert message in errors
    assert out.read_text() == "old"


@pytest.mark.long
def test_the_command_takes_at_most_500_mb_of_memory_for_3_gb(three_gb, tmp_path):
    out = tmp_path / "out.onnx"
    status, errors, peak = command(three_gb, "--mode", "weights", "-o", out)
    assert status == 0, errors
    assert peak < 500 << 10
