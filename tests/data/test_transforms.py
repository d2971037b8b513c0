"""Transforms keep image, depth and camera together, and are repeatable."""

import pytest
import torch

from depthlib.data.resize import shrink
from depthlib.data.transforms import (
    COLOUR_ORDERS,
    crop,
    mirror,
    resize,
    swap_colours,
)
from depthlib.geometry import project, unproject


@pytest.fixture
def sample():
    """Each pixel's depth names its place; colours are random."""
    height, width = 12, 16
    rows = torch.arange(height).view(-1, 1).expand(height, width)
    columns = torch.arange(width).expand(height, width)
    depth = 1 + rows + columns / 100
    intrinsics = torch.tensor([[20.0, 0, 7.0], [0, 21.0, 6.5], [0, 0, 1]])
    return {
        "image": torch.rand(3, height, width),
        "depth": depth[None],
        "mask": (depth[None] * 100).round().int() % 7 > 0,
        "intrinsics": intrinsics,
        "index": 4,
    }


def points(sample):
    """Camera coordinates of all pixels, ``(3, H, W)``."""
    return unproject(sample["depth"][None], sample["intrinsics"][None])[0]


def test_mirror_turns_the_scene_and_back(sample):
    turned = mirror(sample)
    again = mirror(turned)
    for name in ("image", "depth", "mask", "intrinsics"):
        assert torch.equal(again[name], sample[name])
    # In space a mirror changes the sign of x, and of nothing else.
    there = points(turned).flip(-1)
    expected = points(sample) * torch.tensor([-1.0, 1, 1]).view(3, 1, 1)
    assert torch.allclose(there, expected, atol=1e-5)


def test_a_crop_sees_the_same_points(sample):
    window = crop(sample, 3, 5, (6, 8))
    expected = points(sample)[:, 3:9, 5:13]
    assert torch.allclose(points(window), expected, atol=1e-5)
    assert torch.equal(window["mask"], sample["mask"][:, 3:9, 5:13])
    with pytest.raises(ValueError, match="does not fit"):
        crop(sample, 8, 0, (6, 8))


def test_resizing_keeps_directions(sample):
    small = resize(sample, (6, 8))
    assert small["image"].shape == (3, 6, 8)
    # A point projects to half the pixel coordinates.
    point = torch.tensor([0.3, -0.2, 2.0]).view(1, 3, 1, 1)
    where = [project(point, s["intrinsics"][None])[0] for s in (sample, small)]
    assert torch.allclose(where[0] / 2, where[1])
    mean = sample["image"].view(3, 6, 2, 8, 2).mean((2, 4))
    assert torch.allclose(small["image"], mean, atol=1e-6)
    # Depths and masks are samples: each pair existed before.
    pairs = set(
        zip(
            sample["depth"].flatten().tolist(),
            sample["mask"].flatten().tolist(),
            strict=True,
        )
    )
    assert (
        set(
            zip(
                small["depth"].flatten().tolist(),
                small["mask"].flatten().tolist(),
                strict=True,
            )
        )
        <= pairs
    )


@pytest.mark.parametrize("size", [(5, 7), (12, 5), (4, 16), (1, 1)])
def test_area_means_conserve_the_mean(size):
    image = torch.rand(3, 12, 16, dtype=torch.float64)
    small = shrink(image, size)
    assert torch.allclose(small.mean((1, 2)), image.mean((1, 2)))
    flat = torch.full((3, 12, 16), 0.3)
    assert torch.allclose(shrink(flat, size), torch.tensor(0.3))


def test_area_means_count_parts_in_part():
    image = torch.tensor([0.0, 1.0, 5.0]).view(1, 1, 3)
    # Two pixels of width 1.5: (0 + 0.5) / 1.5 and (0.5 + 5) / 1.5.
    expected = torch.tensor([0.5 / 1.5, 5.5 / 1.5])
    assert torch.allclose(shrink(image, (1, 2))[0, 0], expected)


def test_swapped_colours_are_the_same_colours(sample):
    seen = set()
    for order in COLOUR_ORDERS:
        changed = swap_colours(sample, order)
        assert torch.equal(changed["depth"], sample["depth"])
        assert torch.equal(changed["image"][0], sample["image"][order[0]])
        assert sorted(order) == [0, 1, 2] != list(order)
        seen.add(order)
    assert len(seen) == 5
