"""Quantizes a model with ONNX Runtime's own tool at one of its fixed settings.

    accuracy_peer.py SETTING MODEL SAMPLES OUTPUT

SAMPLES is a folder of .npy (a model of one input) or .npz files (inputs by name). Prints a line of
JSON: the seconds that the call took, with the preparation and without the imports.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import accuracy_settings
import numpy as np
import onnx
from onnx import version_converter
from onnxruntime.quantization import (CalibrationDataReader, CalibrationMethod, QuantType,
                                      quantize_dynamic, quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process

OPSET = 13  # the lowest with scales per channel


class Samples(CalibrationDataReader):
    def __init__(self, folder, model):
        graph = onnx.load(model, load_external_data=False).graph
        constant = {initializer.name for initializer in graph.initializer}
        self.names = [i.name for i in graph.input if i.name not in constant]
        self.files = iter(sorted(Path(folder).iterdir()))

    def get_next(self):
        path = next(self.files, None)
        if path is None:
            return None
        loaded = np.load(path)
        return {self.names[0]: loaded} if path.suffix == ".npy" else dict(loaded)


def prepared(model, folder):
    """What ONNX Runtime's documentation advises: its preprocessing, after a rise to opset 13 where
    scales per channel need it. Symbolic shape inference fails on some models; then without."""
    loaded = onnx.load(model)
    opset = next(o.version for o in loaded.opset_import if o.domain in ("", "ai.onnx"))
    if opset < OPSET:
        loaded = version_converter.convert_version(loaded, OPSET)
    raised, output = folder / "raised.onnx", folder / "prepared.onnx"
    onnx.save(loaded, raised)
    try:
        quant_pre_process(raised, output, auto_merge=True)
    except Exception as error:  # it raises plain Exception for "Incomplete symbolic shape inference"
        print(f"symbolic shape inference: {error}", file=sys.stderr)
        quant_pre_process(raised, output, skip_symbolic_shape=True)
    return output


def quantize(setting, model, samples, output, folder):
    options = dict(accuracy_settings.SETTINGS[setting])
    if options.pop("prepare", False):
        model = prepared(model, folder)
    for key in ("activation_type", "weight_type"):
        if key in options:
            options[key] = getattr(QuantType, options[key])
    if "calibrate_method" in options:
        options["calibrate_method"] = getattr(CalibrationMethod, options["calibrate_method"])
    if options.pop("dynamic", False):
        quantize_dynamic(model, output, **options)
    else:
        quantize_static(model, output, Samples(samples, model), **options)


def main():
    setting, model, samples, output = sys.argv[1:]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        quantize(setting, model, samples, output, Path(folder))
    print(json.dumps({"seconds": round(time.monotonic() - started, 2)}))


if __name__ == "__main__":
    main()
