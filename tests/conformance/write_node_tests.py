"""Writes ONNX's node tests of quantization and casts as files.

    write_node_tests.py FOLDER

The installed onnx package, of the version that requirements.txt pins, makes the tests in memory.
FOLDER is replaced by one folder a test, laid out as ONNX lays them out (model.onnx,
test_data_set_0/input_0.pb, ...), and index.txt with their names. Exit status 77, after the reason,
where onnx is missing or of another version.
"""

import pathlib
import re
import shutil
import sys
import warnings

WANTED = re.compile(r"test_(dynamic)?(quantize|dequantize)linear|test_cast(like)?_")
SKIPPED = 77


def skip(reason):
    shutil.rmtree(sys.argv[1], ignore_errors=True)  # those of another version may lie there
    print(f"{pathlib.Path(__file__).name}: Skipped\n{reason}")
    sys.exit(SKIPPED)


def pinned_version():
    requirements = pathlib.Path(__file__).parents[2] / "requirements.txt"
    return re.search(r"^onnx==(.*)$", requirements.read_text(), re.MULTILINE).group(1)


try:
    import onnx
    import onnx.numpy_helper
    from onnx.backend.test.loader import load_node_model_tests
except ImportError as error:
    skip(f"{sys.executable} has no onnx ({error}); ./run-tests sets up build/venv with it")
if onnx.__version__ != pinned_version():
    skip(f"onnx {onnx.__version__} is installed, requirements.txt pins {pinned_version()}")


def serialized(value):
    """A TensorProto is kept as it is, typed fields and all; an array is written as raw_data."""
    if not isinstance(value, onnx.TensorProto):
        value = onnx.numpy_helper.from_array(value)
    return value.SerializeToString()


def write_test(folder, test):
    folder.mkdir()
    (folder / "model.onnx").write_bytes(test.model.SerializeToString())
    for number, (inputs, outputs) in enumerate(test.data_sets):
        data_set = folder / f"test_data_set_{number}"
        data_set.mkdir()
        for kind, values in (("input", inputs), ("output", outputs)):
            for position, value in enumerate(values):
                (data_set / f"{kind}_{position}.pb").write_bytes(serialized(value))


def main():
    folder = pathlib.Path(sys.argv[1])
    warnings.simplefilter("ignore", RuntimeWarning)  # the tests overflow on purpose
    tests = [test for test in load_node_model_tests() if WANTED.match(test.name)]
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for test in tests:
        write_test(partial / test.name, test)
    names = sorted(test.name for test in tests)
    (partial / "index.txt").write_text("".join(f"{name}\n" for name in names))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    print(f"{len(names)} tests of onnx {onnx.__version__}")


if __name__ == "__main__":
    main()
