"""Draws pages of text, as samples for the text detector that the README quantizes.

    build/venv/bin/python examples/text_pages.py FOLDER [--count 24] [--seed 0]

Each page is a picture of the licence's words in several sizes, colours and places; other seeds give
other pages.
"""

import argparse
import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WORDS = (Path(__file__).resolve().parent.parent / "LICENSE").read_text().split()


def page(rng):
    paper = tuple(rng.randint(150, 255) for _ in range(3))
    image = Image.new("RGB", (rng.randint(600, 1000), rng.randint(600, 1000)), paper)
    draw = ImageDraw.Draw(image)
    top = 10
    while top < image.height - 50:
        size, start = rng.randint(14, 48), rng.randrange(len(WORDS) - 8)
        ink = tuple(rng.randint(0, 110) for _ in range(3))
        draw.text((rng.randint(5, 120), top), " ".join(WORDS[start:start + rng.randint(2, 8)]),
                  font=ImageFont.load_default(size), fill=ink)
        top += int(size * rng.uniform(1.2, 2.5))
    return image


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for i in range(arguments.count):
        page(rng).save(arguments.folder / f"{i:03}.png")


if __name__ == "__main__":
    main()
