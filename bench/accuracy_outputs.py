"""Holds a quantized model's outputs against the float model's.

    accuracy_outputs.py FLOAT MODEL SAMPLES ort|openvino

The float model runs in ONNX Runtime, MODEL in the runtime named. SAMPLES is a folder of .npy or .npz
files. Prints a line of JSON: the signal-to-noise ratio in dB, mean and lowest over the outputs.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime


def in_onnxruntime(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return [i.name for i in session.get_inputs()], lambda feeds: session.run(None, feeds)


def in_openvino(path):
    import openvino  # here, since it takes long to load

    core = openvino.Core()
    compiled = core.compile_model(core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(feeds):
        results = compiled(feeds)
        return [np.array(results[output]) for output in compiled.outputs]

    return [i.get_any_name() for i in compiled.inputs], run


def read(path, names):
    loaded = np.load(path)
    return {names[0]: loaded} if path.suffix == ".npy" else {name: loaded[name] for name in names}


def main():
    float_path, path, samples, engine = sys.argv[1:]
    names, reference = in_onnxruntime(float_path)
    _, run = (in_onnxruntime if engine == "ort" else in_openvino)(path)
    files = sorted(Path(samples).iterdir())
    signal = noise = 0
    for file in files:
        feeds = read(file, names)
        wanted = [np.asarray(a, np.float64) for a in reference(feeds)]
        got = [np.asarray(a, np.float64) for a in run(feeds)]
        signal += np.array([(a ** 2).sum() for a in wanted])
        noise += np.array([((a - b) ** 2).sum() for a, b in zip(wanted, got, strict=True)])
    decibels = 10 * np.log10(signal / np.maximum(noise, 1e-30))
    print(json.dumps({"n": len(files), "sqnr_db": round(float(decibels.mean()), 2),
                      "sqnr_min_db": round(float(decibels.min()), 2)}))


if __name__ == "__main__":
    main()
