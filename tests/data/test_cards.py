"""Cards: what a picture tells, and what only the motion does."""

import math

import pytest
import torch
from torch.nn.functional import grid_sample

from depthlib.data import cards, displacements
from depthlib.data.cards import FAR, LONGEST, NEAR, TILT, UNITS
from depthlib.data.check import check
from depthlib.experiments import VIDEO_STUDY, profile
from depthlib.experiments.setup import training_set

SMALL = (32, 64)


def drawn(n=4, **options):
    """A set that leaves nothing on disk."""
    return cards(n, **{"size": SMALL, "cached": False} | options)


def test_item_keeps_the_contract():
    item = drawn()[1]
    assert item["image"].shape == (3, *SMALL)
    assert item["adjacent"].shape == (2, 3, *SMALL)
    assert item["motion"].shape == (2, 4, 4)
    assert item["depth"].dtype == torch.float32 and item["mask"].all()
    assert item["depth"].min() >= NEAR and item["depth"].max() < FAR
    area = (LONGEST * SMALL[1] / UNITS) ** 2  # of the largest card, pixels
    counts = item["depth"].unique(return_counts=True)[1]
    assert len(counts) > 8 and counts.max() <= 1.2 * area
    assert check("cards").pairs == 8


def test_a_triple_depends_on_its_number_alone():
    whole, part = cards(4, size=SMALL, split="val"), drawn(2, split="val")
    for name, value in whole[1].items():
        assert torch.equal(torch.as_tensor(value), torch.tensor(part[1][name])
                           if name == "index" else part[1][name])  # fmt: skip
    assert not torch.equal(drawn()[0]["image"], part[0]["image"])
    assert not torch.equal(drawn(seed=1)[0]["image"], drawn()[0]["image"])


def test_size_is_only_how_finely_it_is_sampled():
    small, large = drawn(size=(32, 64))[2], drawn(size=(96, 192))[2]
    # The middle of a coarse pixel is the middle of one of its nine.
    for name in ("image", "depth", "adjacent"):
        middle = large[name][..., 1::3, 1::3]
        assert torch.allclose(small[name], middle, atol=0.005), name
    assert torch.equal(small["motion"], large["motion"])


@pytest.mark.parametrize("frame", [0, 1])
def test_the_stated_motion_brings_the_frames_together(frame):
    """What the stated motion says is elsewhere is there, if not covered."""
    for item in drawn(size=(96, 192)):
        shift = displacements(item)[frame]
        height, width = item["depth"].shape[-2:]
        rows, columns = torch.arange(height) + 0.5, torch.arange(width) + 0.5
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        at = torch.stack([(x + shift[1]) / width, (y + shift[0]) / height], -1)
        there = grid_sample(
            item["adjacent"][frame][None], 2 * at[None] - 1,
            align_corners=False,
        )[0]  # fmt: skip
        inside = ((at > 0) & (at < 1)).all(-1)
        wrong = (there - item["image"]).abs().amax(0)[inside]
        still = (item["adjacent"][frame] - item["image"]).abs().amax(0)
        assert wrong.median() < 0.02 < 0.1 < still[inside].median()
        assert (wrong < 0.05).float().mean() > 0.6


def test_shifts_are_nearly_horizontal_and_fill_the_radius():
    longest, steepest = [], math.tan(TILT)
    for item in drawn(20, size=(128, 256)):
        dy, dx = displacements(item, stride=4)[1]
        assert (dy.abs() <= dx.abs() * steepest + 1e-4).all()
        longest.append(torch.hypot(dy, dx).max())
    assert 9 < max(longest) <= 256 / NEAR / 4 + 1e-4


def test_the_picture_does_not_know_its_depths():
    """Colour and brightness of a card say nothing of how far it is."""
    values = torch.cat(
        [
            torch.stack([d["image"][c].flatten() for c in range(3)]
                        + [d["depth"].log().flatten()])
            for d in drawn(200)
        ],
        1,
    )  # fmt: skip
    assert torch.corrcoef(values)[3, :3].abs().max() < 0.1


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="split is 'dev'"):
        cards(2, split="dev")
    with pytest.raises(ValueError, match="style is 'c'"):
        cards(2, style="c")
    with pytest.raises(ValueError, match="speed is 'fast'"):
        cards(2, speed="fast")
    run = VIDEO_STUDY["video-cards"](profile("smoke"))[0]
    assert training_set(run, cached=False).name == "cards-a/train"
    wrong = run.from_plain(vars(run) | {"truth": "lidar"})
    with pytest.raises(ValueError, match="truth is 'lidar'.*dense"):
        training_set(wrong)


def test_a_random_speed_changes_the_neighbours_alone():
    lengths = []
    for known, other in zip(drawn(40), drawn(40, speed="random"), strict=True):
        for name in ("image", "depth"):
            assert torch.equal(known[name], other[name])
        a, b = (t["motion"][0, :3, 3] for t in (known, other))
        lengths.append((b.norm() / a.norm()).item())
        assert torch.allclose(b, a * lengths[-1], atol=1e-6)  # one direction
        assert (other["adjacent"].amax(1) > 0).all()  # nothing is unpainted
    assert 0.5 <= min(lengths) < 0.7 and 1.4 < max(lengths) <= 2.0


def test_in_style_b_the_tint_tells_the_direction():
    upright = []
    for item in drawn(60, style="b"):
        dx, dy = item["motion"][1, :2, 3].abs().tolist()
        red, _, blue = item["image"].mean((1, 2))
        upright.append(dy > dx)
        assert (blue > red) == upright[-1]
        assert min(dx, dy) <= math.tan(TILT) * max(dx, dy) + 1e-6
    assert 15 < sum(upright) < 45
    names = {drawn(style=s).name for s in "ab"}
    assert names == {"cards-a/train", "cards-b/train"}
