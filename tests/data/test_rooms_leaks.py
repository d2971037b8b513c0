"""Rooms teach depth by monocular cues, and by nothing cheaper.

A network of 90,000 weights learns depth far better than predictors that look
at no image, at brightness alone or at the row alone; trained on images that
were shuffled against their depths it learns nothing. By hand, at full size::

    PYTHONPATH=.:tests python tests/data/test_rooms_leaks.py 8000 6000
"""

import sys

import pytest
import torch
from probes import (
    abs_rel,
    best_trivial,
    brightness,
    linear_probe,
    predicted,
    row,
    trained,
)

from depthlib.data.rooms import render_room

SIZE = (32, 48)
TRAIN, TEST, STEPS = 2000, 300, 1600


def pairs(split, count, style="a"):
    """Images (N, 3, H, W) and depths (N, 1, H, W)."""
    made = [render_room(style, split, 0, i, SIZE) for i in range(count)]
    images = torch.stack([torch.from_numpy(m[0].copy()) for m in made])
    depths = torch.stack([torch.from_numpy(m[1]) for m in made])
    return images.float() / 255, depths[:, None]


@pytest.fixture(scope="module")
def data():
    """Training and test pairs, and the best predictor without an image."""
    train, test = pairs("train", TRAIN), pairs("test", TEST)
    return train, test, best_trivial(train[1], test[1])


def test_a_small_network_learns_depth(data):
    (images, depths), (test_images, test_depths), best = data
    net = trained(images, depths, STEPS)
    error = abs_rel(predicted(net, test_images), test_depths)
    assert error <= 0.7 * best


def test_shuffled_pairs_teach_nothing(data):
    (images, depths), (test_images, test_depths), best = data
    order = torch.randperm(len(depths))
    net = trained(images, depths[order], STEPS // 4)
    error = abs_rel(predicted(net, test_images), test_depths)
    assert error >= 0.95 * best


@pytest.mark.parametrize("features", [brightness, row])
def test_brightness_or_row_alone_do_not_tell(data, features):
    (images, depths), (test_images, test_depths), best = data
    guess = linear_probe(features(images), depths, features(test_images))
    assert abs_rel(guess[:, None], test_depths) >= 0.9 * best


def main(count, steps):
    """The same with more images and steps, printed."""
    for style in "ab":
        images, depths = pairs("train", count, style)
        test_images, truth = pairs("test", 500, style)
        print(f"style {style}: depth {depths.mean():.2f} m mean,", end=" ")
        print(f"{depths.std():.2f} m standard deviation")
        best = best_trivial(depths, truth)
        print(f"best trivial predictor: abs_rel {best:.3f}")
        for name, features in (("brightness", brightness), ("row", row)):
            guess = linear_probe(
                features(images), depths, features(test_images)
            )
            error = abs_rel(guess[:, None], truth)
            print(f"{name} alone: {error / best:.3f} of it")
        for name, targets in (
            ("network", depths),
            ("network, shuffled pairs", depths[torch.randperm(count)]),
        ):
            net = trained(images, targets, steps)
            error = abs_rel(predicted(net, test_images), truth)
            print(f"{name}: {error:.3f}, {error / best:.3f} of it", flush=True)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
