"""Writes samples for the models that zpeval has no task for.

    accuracy_samples.py NAME MODEL SHARED OUTPUT

OUTPUT/calibration and OUTPUT/evaluation get disjoint samples, one file a run of the model: real data
of ../shared in the form that each model was made for.
"""

import gzip
import sys
import wave
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

COUNT = 40  # samples of each part


def person_images(model, shared):
    """Visual wake words: RGB photographs, 96 x 96, 0..1, channels last."""
    for path in sorted((shared / "data/coco/images").glob("*.jpg"))[:2 * COUNT]:
        image = Image.open(path).convert("RGB").resize((96, 96), Image.Resampling.BILINEAR)
        yield np.asarray(image, np.float32)[None] / 255


def flat_digits(model, shared):
    """MNIST images as columns of 784 values, 0..1."""
    with gzip.open(shared / "data/mnist/t10k-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)
    for image in images[:2 * COUNT]:
        yield image.astype(np.float32)[None, :, None] / 255


def speech(shared):
    """(sample rate, samples in -1..1)"""
    with wave.open(str(shared / "data/silero_test.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return file.getframerate(), samples.astype(np.float32) / 32768


def mel_filters(rate, bins, bands):
    """bands triangles, evenly spaced and wide on the mel scale, over bins of 0..rate/2."""
    mel = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), bands + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    frequency = np.linspace(0, rate / 2, bins)[None]
    low, middle, high = (edges[i:i + bands, None] for i in range(3))
    return np.clip(np.minimum((frequency - low) / (middle - low),
                              (high - frequency) / (high - middle)), 0, None)


def sound_spectra(model, shared):
    """The anomaly detector's input: five frames of 128 mel bands in dB. The sound is speech."""
    rate, samples = speech(shared)
    size, step, frames = 1024, 512, 5
    windows = np.lib.stride_tricks.sliding_window_view(samples, size)[::step]
    power = np.abs(np.fft.rfft(windows * np.hanning(size))) ** 2
    decibels = 10 * np.log10(power @ mel_filters(rate, size // 2 + 1, 128).T + 1e-10)
    starts = np.linspace(0, len(decibels) - frames, 2 * COUNT).astype(int)
    for start in starts:
        yield decibels[start:start + frames].reshape(1, -1).astype(np.float32)


def speech_chunks(model, shared):
    """Silero's inputs while it listens: 64 samples of before and 512 new ones, and the state that
    the float model itself has reached."""
    _, samples = speech(shared)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    state = np.zeros((2, 1, 128), np.float32)
    made = []
    for start in range(64, len(samples) - 512, 512):
        feed = {"input": samples[None, start - 64:start + 512], "state": state,
                "sr": np.array(16000, np.int64)}
        made.append(feed)
        _, state = session.run(["output", "stateN"], feed)
    for i in np.linspace(0, len(made) - 1, 2 * COUNT).astype(int):
        yield made[i]


def text_windows(model, shared):
    """English text, the bytes of the licence, one piece after the other. The network halves the
    length and doubles it again, so it has to be even."""
    text = (Path(__file__).resolve().parent.parent / "LICENSE").read_bytes()
    size = len(text) // (4 * COUNT) * 2
    for i in range(2 * COUNT):
        yield np.frombuffer(text[i * size:(i + 1) * size], np.uint8)[None]


MAKERS = {
    "mlperf_vww": person_images,
    "ad01_autoencoder": sound_spectra,
    "mnist_net": flat_digits,
    "silero_vad": speech_chunks,
    "nnsplit": text_windows,
}


def main():
    name, model, shared, output = sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
    for i, sample in enumerate(MAKERS[name](model, shared)):
        # Every other one, so that both parts cover all of what the data shows.
        folder = output / ("calibration" if i % 2 == 0 else "evaluation")
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(sample, dict):
            np.savez(folder / f"{i:05}.npz", **sample)
        else:
            np.save(folder / f"{i:05}.npy", sample)


if __name__ == "__main__":
    main()
