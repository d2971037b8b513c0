"""Transforms keep image, depth and camera together, and are repeatable."""

import pytest
import torch
from torch.utils.data import DataLoader

from depthlib.data import rooms
from depthlib.data.resize import shrink
from depthlib.data.transforms import (
    Augmented,
    ChannelShuffle,
    ColourJitter,
    Compose,
    Mirror,
    RandomCrop,
    RandomZoom,
    crop,
    generator,
    mirror,
    resize,
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


def test_draws_follow_their_probabilities(sample):
    counts = {"mirror": 0, "shuffle": 0}
    for i in range(400):
        turned = Mirror(0.3)(sample, generator(0, i))
        counts["mirror"] += not torch.equal(turned["depth"], sample["depth"])
        shuffled = ChannelShuffle(0.25)(sample, generator(1, i))
        same = torch.equal(shuffled["image"], sample["image"])
        counts["shuffle"] += not same
        channels = {tuple(c.flatten().tolist()) for c in shuffled["image"]}
        assert len(channels) == 3
    # Three standard deviations of a binomial: 27 and 26.
    assert abs(counts["mirror"] - 120) < 27
    assert abs(counts["shuffle"] - 100) < 26


def test_jitter_changes_colours_alone(sample):
    changed = ColourJitter(0.4, 0.4, 0.4)(sample, generator(3))
    assert not torch.equal(changed["image"], sample["image"])
    assert changed["image"].min() >= 0 and changed["image"].max() <= 1
    assert changed["depth"] is sample["depth"]
    still = ColourJitter(0, 0, 0)(sample, generator(3))
    assert torch.allclose(still["image"], sample["image"], atol=1e-6)
    grey = sample | {"image": sample["image"][:1].expand(3, -1, -1)}
    image = ColourJitter(0, 0, 1)(grey, generator(3))["image"]
    assert torch.allclose(image, grey["image"], atol=1e-6)


def test_zoom_grows_the_focal_length(sample):
    zoomed = RandomZoom(2.0)(sample, generator(5))
    assert zoomed["image"].shape == sample["image"].shape
    factor = zoomed["intrinsics"][0, 0] / sample["intrinsics"][0, 0]
    assert 1 < factor <= 2.3  # windows are whole pixels
    assert set(zoomed["depth"].flatten().tolist()) <= set(
        sample["depth"].flatten().tolist()
    )


def test_crops_reach_every_place(sample):
    seen = {
        RandomCrop((11, 14))(sample, generator(i))["depth"][0, 0, 0].item()
        for i in range(200)
    }
    expected = sample["depth"][0, :2, :3].flatten().tolist()
    assert seen == set(expected)
    with pytest.raises(ValueError, match="does not fit"):
        RandomCrop((13, 16))(sample, generator(0))


def test_items_do_not_depend_on_workers_or_order():
    transform = Compose(Mirror(), RandomCrop((16, 24)), ColourJitter())
    data = Augmented(rooms(4, size=(24, 32)), transform, seed=7)
    alone = [data[i] for i in (3, 1, 0, 2)]
    for workers in (0, 2):
        batch = next(iter(DataLoader(data, 4, num_workers=workers)))
        for item in alone:
            i = item["index"]
            for name in ("image", "depth", "mask", "intrinsics"):
                assert torch.equal(batch[name][i], item[name])
    assert data.size == (16, 24) and data.name == "rooms-a/train"


def test_epochs_and_seeds_draw_anew():
    transform = Compose(Mirror(), ColourJitter())
    plain = rooms(2, size=(24, 32))
    data = Augmented(plain, transform, seed=1)
    first = data[0]["image"]
    data.set_epoch(1)
    assert not torch.equal(data[0]["image"], first)
    data.set_epoch(0)
    assert torch.equal(data[0]["image"], first)
    other = Augmented(plain, transform, seed=2)
    assert not torch.equal(other[0]["image"], first)
    assert data.manifest() != other.manifest()
    assert "Mirror(p=0.5)" in data.manifest()["augment"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Mirror(1.5),
        lambda: ChannelShuffle(-0.1),
        lambda: ColourJitter(brightness=2),
        lambda: RandomZoom(0.5),
    ],
)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        wrong()
