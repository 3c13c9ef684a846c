"""Trains the classifier of the digits example and writes its files anew.

    python3 -m venv build/digits-venv
    build/digits-venv/bin/pip install -r examples/digits/requirements.txt
    build/digits-venv/bin/python examples/digits/train.py

Takes about a minute. The split is fixed by a seed; the weights come out the same on the same
machine, and slightly different on another, where the sums are rounded in another order.
"""

import argparse
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from network import CLASSES, Forward, Parameters, classifier, onnx_model

SEED = 1
CALIBRATION, EVALUATION = 200, 400  # of 1,797; the rest trains
EPOCHS, BATCH = 80, 64
PEAK_RATE, WEIGHT_DECAY = 3e-3, 1e-3
SIZE, WHITE = 8, 16  # the images are SIZE x SIZE with values 0..WHITE


def load():
    """Three disjoint (images N x 1 x 8 x 8 in 0..1, labels) with the classes in equal shares."""
    digits = load_digits()
    images = (digits.images[:, None] / WHITE).astype(np.float32)
    split = partial(train_test_split, random_state=SEED)
    x, rest_x, y, rest_y = split(images, digits.target, test_size=CALIBRATION + EVALUATION,
                                 stratify=digits.target)
    cx, ex, cy, ey = split(rest_x, rest_y, test_size=EVALUATION, stratify=rest_y)
    return (x, y), (cx, cy), (ex, ey)


def shifted(rng, images):
    """Each image moved by up to one pixel in both directions, and its contrast changed."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    dy, dx = rng.integers(0, 3, (2, len(images)))
    moved = np.stack([p[:, a:a + SIZE, b:b + SIZE] for p, a, b in zip(padded, dy, dx)])
    return moved * rng.uniform(0.8, 1.0, (len(images), 1, 1, 1)).astype(np.float32)


def loss(values, images, labels):
    """Cross entropy with a tenth of the weight on all classes alike."""
    logp = jax.nn.log_softmax(classifier(Forward(values), images))
    wanted = 0.9 * jax.nn.one_hot(labels, CLASSES) + 0.1 / CLASSES
    return -(wanted * logp).sum(1).mean()


@jax.jit
def step(values, moments, time, rate, images, labels):
    """One step of AdamW."""
    gradient = jax.grad(loss)(values, images, labels)
    first, second = moments
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)

    def moved(w, m, v):
        update = m / (1 - 0.9 ** time) / (jnp.sqrt(v / (1 - 0.999 ** time)) + 1e-8)
        return w - rate * (update + (WEIGHT_DECAY * w if w.ndim > 1 else 0))

    return jax.tree.map(moved, values, first, second), (first, second)


@jax.jit
def population(values, images):
    """What the normalizations see over all images at once: their statistics at inference."""
    forward = Forward(values)
    classifier(forward, images)
    return forward.seen


def train(images, labels):
    rng = np.random.default_rng(SEED)
    drawn = Parameters(rng)
    classifier(drawn, None)
    values = drawn.values
    moments = (jax.tree.map(jnp.zeros_like, values),) * 2
    steps = len(images) // BATCH
    for epoch in range(EPOCHS):
        order = rng.permutation(len(images))
        for i in range(steps):
            chosen = order[i * BATCH:(i + 1) * BATCH]
            done = (epoch * steps + i) / (EPOCHS * steps)
            rate = PEAK_RATE * min(10 * done, 0.5 + 0.5 * np.cos(np.pi * done))
            values, moments = step(values, moments, epoch * steps + i + 1, rate,
                                   shifted(rng, images[chosen]), labels[chosen])
    return values, population(values, images)


def accuracy(values, statistics, images, labels):
    logits = classifier(Forward(values, statistics), images)
    return 100 * float((logits.argmax(1) == labels).mean())


def write(folder, model, calibration, evaluation, labels):
    for name, images in (("calibration", calibration), ("evaluation", evaluation)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        np.save(folder / name / "digits.npy", images)
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, folder / "digits.onnx")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).resolve().parent,
                        metavar="FOLDER", help="default: the example's own folder")
    arguments = parser.parse_args()

    (x, y), (calibration, _), (evaluation, labels) = load()
    values, statistics = train(x, y)
    for name, images, wanted in (("training", x, y), ("evaluation", evaluation, labels)):
        print(f"{name}: {accuracy(values, statistics, images, wanted):.2f} % of {len(images)}")
    write(arguments.output, onnx_model(values | statistics, SIZE), calibration, evaluation, labels)


if __name__ == "__main__":
    main()
