"""Streets teach depth by monocular cues, and by nothing cheaper.

The bars are those of the rooms, with one difference. Out of doors the row
tells much about depth by itself: the road is a plane, and the camera's
height above it is known. That is a cue of the real world (KITTI's rows tell
as much) and no leak. It is a part of the predictors that look at no image,
which know every pixel's usual depth, so the bar for a probe of the row is
theirs: alone it must not beat them. How much it beats one constant for all
pixels is printed by hand, at full size::

    PYTHONPATH=.:tests python tests/data/test_streets_leaks.py 6000 5000
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

from depthlib.data.streets import render_street

SIZE = (24, 80)
TRAIN, TEST, STEPS = 1000, 200, 900
LEVEL = 2.7  # log of 15 m, where the network starts


def pairs(split, count, style="a"):
    """Images (N, 3, H, W) and dense depths (N, 1, H, W), 0 in the sky."""
    made = [render_street(style, split, 0, i, SIZE) for i in range(count)]
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
    net = trained(images, depths, STEPS, LEVEL)
    error = abs_rel(predicted(net, test_images), test_depths)
    assert error <= 0.7 * best


def test_shuffled_pairs_teach_nothing(data):
    (images, depths), (test_images, test_depths), best = data
    order = torch.randperm(len(depths))
    net = trained(images, depths[order], STEPS // 4, LEVEL)
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
        test_images, truth = pairs("test", 400, style)
        seen = depths[depths > 0]
        print(f"style {style}: depth {seen.mean():.2f} m mean,", end=" ")
        print(f"{seen.std():.2f} m standard deviation")
        best = best_trivial(depths, truth)
        flat = abs_rel(seen.median(), truth)
        print(f"one constant: abs_rel {flat:.3f}; best trivial: {best:.3f}")
        for name, features in (("brightness", brightness), ("row", row)):
            guess = linear_probe(
                features(images), depths, features(test_images)
            )
            error = abs_rel(guess[:, None], truth)
            print(f"{name} alone: {error / best:.3f} of the best trivial,")
            print(f"  {error / flat:.3f} of one constant")
        for name, targets in (
            ("network", depths),
            ("network, shuffled pairs", depths[torch.randperm(count)]),
        ):
            net = trained(images, targets, steps, LEVEL)
            error = abs_rel(predicted(net, test_images), truth)
            print(f"{name}: {error:.3f}, {error / best:.3f} of it", flush=True)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
