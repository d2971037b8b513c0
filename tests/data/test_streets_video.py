"""Triples of drawn streets: what moves between frames is what is stated."""

import numpy as np
import pytest
import torch
from torch.nn.functional import grid_sample

from depthlib.data import catalogue, streets, streets_video
from depthlib.data.check import check
from depthlib.data.streets import render_triple, scene
from depthlib.data.streets.video import FACTORS, FARTHEST, SHAKE, moments
from depthlib.data.video import displacements
from depthlib.kernels.render import casting

SMALL = (32, 64)
FINE = (128, 256)


def moving(count, style="a", fastest=12.0):
    """Numbers of the first streets whose camera moves, not too far."""
    found = []
    for index in range(100):
        speed = scene(style, "test", 0, index).layout.speed
        if 3 < speed < fastest:
            found.append(index)
        if len(found) == count:
            return found


def distances(indices, every=2, speed="known"):
    """How far cameras stand from their reference frame, ``(n, 2)``."""
    rows = []
    for index in indices:
        street = scene("a", "train", 0, index)
        here = np.linalg.inv(street.pose())
        there = moments(street, every, speed)
        rows.append(
            [np.linalg.norm((pose @ here)[:3, 3]) for _, pose in there]
        )
    return np.round(rows, 9)


def test_item_keeps_the_contract():
    data = streets_video(3, size=SMALL)
    item = data[1]
    assert item["adjacent"].shape == (2, 3, *SMALL)
    assert item["adjacent"].dtype == torch.float32
    assert item["adjacent"].min() >= 0 and item["adjacent"].max() <= 1
    assert item["motion"].shape == (2, 4, 4)
    assert item["motion"].dtype == torch.float32
    assert item["index"] == 1 and len(data) == 3
    assert data.name == "streets-video-a/train"
    turn = item["motion"][:, :3, :3].double()
    assert torch.allclose(turn @ turn.mT, torch.eye(3).double(), atol=1e-6)


@pytest.mark.parametrize("speed", ["known", "random"])
@pytest.mark.parametrize("lidar", [True, False])
def test_the_reference_frame_is_the_still_image(speed, lidar):
    options = {"size": SMALL, "lidar": lidar, "split": "test", "cached": False}
    video = streets_video(2, speed=speed, style="b", **options)
    still = streets(2, style="b", **options)
    for name, value in still[1].items():
        assert torch.equal(
            torch.as_tensor(video[1][name]),
            torch.tensor(value) if name == "index" else value,
        )


def test_a_triple_depends_on_its_number_alone():
    """Not on order, set size, caching or who asks."""
    whole = streets_video(4, size=SMALL, split="val")
    part = streets_video(2, size=SMALL, split="val")
    alone = streets_video(4, size=SMALL, split="val", cached=False)
    for i in (1, 0):
        for name, value in whole[i].items():
            if name != "index":
                assert torch.equal(value, part[i][name])
                assert torch.equal(value, alone[i][name])


def test_a_larger_set_starts_with_the_smaller_one(monkeypatch):
    small = streets_video(2, size=SMALL, seed=7)
    kept = [small[i]["motion"] for i in range(2)]
    large = streets_video(3, size=SMALL, seed=7)
    assert all(torch.equal(large[i]["motion"], kept[i]) for i in range(2))
    assert not torch.equal(large[2]["motion"], kept[0])


# --------------------------------------------------------------- geometry


def neighbour_depth(street, every, size):
    """What each adjacent camera measures, ``(2, H, W)``, cast anew."""
    depths = []
    for t, pose in moments(street, every):
        matrix = street.intrinsics(size)
        depths.append(casting.cast(street.solids(t), pose, matrix, size)[0])
    return torch.from_numpy(np.stack(depths))


def standing(street, size):
    """(H, W) bool: pixels of what does not move by itself."""
    matrix = street.intrinsics(size)
    ids = casting.cast(street.solids(), street.pose(), matrix, size)[1]
    still = (street.layout.velocity == 0).all(1)
    return torch.from_numpy((ids >= 0) & still[np.maximum(ids, 0)])


def looked_up(maps, shift):
    """Values of maps (2, C, H, W) where each pixel's shift leads."""
    height, width = shift.shape[-2:]
    v = torch.arange(height).view(-1, 1) + 0.5 + shift[:, 0]
    u = torch.arange(width) + 0.5 + shift[:, 1]
    grid = torch.stack([2 * u / width - 1, 2 * v / height - 1], -1)
    inside = (grid.abs() < 1).all(-1)
    grid = grid.nan_to_num(2.0)
    return grid_sample(maps, grid, align_corners=False), grid, inside


@pytest.mark.parametrize("style", ["a", "b"])
def test_motion_takes_points_to_what_the_neighbour_measures(style):
    """Except where something hides them: then it sees what is nearer."""
    for index in moving(3, style):
        street = scene(style, "test", 0, index)
        arrays = render_triple(style, "test", 0, index, SMALL)
        _, depth, matrix, _, motion = map(torch.from_numpy, arrays)
        sample = {"depth": depth[None], "intrinsics": matrix, "motion": motion}
        shift = displacements(sample)
        # The neighbour's depth eight times finer, as it is looked up.
        fine = neighbour_depth(street, 3, (8 * SMALL[0], 8 * SMALL[1]))
        _, grid, inside = looked_up(torch.zeros(2, 1, *SMALL), shift)
        seen = grid_sample(
            fine[:, None], grid, mode="nearest", align_corners=False
        )[:, 0]
        points = depth * torch.stack(
            [
                (torch.arange(SMALL[1]) + 0.5 - matrix[0, 2]).expand(SMALL)
                / matrix[0, 0],
                (torch.arange(SMALL[0]) + 0.5 - matrix[1, 2])[:, None].expand(
                    SMALL
                )
                / matrix[1, 1],
                torch.ones(SMALL),
            ]
        )
        z = torch.einsum("kj,jhw->khw", motion[:, 2, :3], points)
        z = z + motion[:, 2, 3, None, None]
        good = inside & standing(street, SMALL) & (depth > 0)
        ratio = (seen / z)[good]
        assert good.float().mean() > 0.3
        agrees = ((ratio - 1).abs() < 0.02).float().mean()
        assert agrees > 0.85
        # Nothing is seen through: leaves and thin posts are the exception.
        assert (ratio > 1.02).float().mean() < 0.04
        wrong = displacements(sample | {"motion": motion.flip(0)})
        _, grid, _ = looked_up(torch.zeros(2, 1, *SMALL), wrong)
        seen = grid_sample(
            fine[:, None], grid, mode="nearest", align_corners=False
        )[:, 0]
        swapped = (((seen / z)[good] - 1).abs() < 0.02).float().mean()
        assert swapped < 0.6 * agrees


def test_warped_photographs_agree():
    """Brought back along the displacements, neighbours look alike."""
    warped, plain = [], []
    for index in moving(4):
        street = scene("a", "test", 0, index)
        arrays = render_triple("a", "test", 0, index, FINE)
        image, depth, matrix, adjacent, motion = map(torch.from_numpy, arrays)
        sample = {"depth": depth[None], "intrinsics": matrix, "motion": motion}
        shift = displacements(sample)
        frames = adjacent.float() / 255
        back, _, inside = looked_up(frames, shift)
        good = (inside & standing(street, FINE) & (depth > 0))[:, None]
        good = good.expand(-1, 3, -1, -1)
        gap = (back - image / 255).abs()
        warped.append(gap[good].median())
        plain.append((frames - image / 255).abs()[good].median())
    assert sum(warped) < 0.6 * sum(plain)


def test_the_camera_drives_as_its_street_says():
    indices = range(40)
    found = distances(indices)
    speeds = [scene("a", "train", 0, i).layout.speed for i in indices]
    for row, speed in zip(found, speeds, strict=True):
        # 0.2 s, along the chord of an arc, shaken by centimetres.
        assert row == pytest.approx([0.2 * speed] * 2, abs=0.12)
        assert (row == 0).all() == (speed == 0)
    assert min(speeds) == 0
    np.testing.assert_allclose(
        distances([1], every=4), 2 * distances([1]), atol=0.2
    )


def test_shaking_has_the_stated_spread():
    turns = []
    for index in range(60):
        street = scene("a", "train", 0, index)
        if street.layout.speed:
            for t, pose in moments(street, 2):
                # What is left of the pose besides driving.
                turns.append(pose @ np.linalg.inv(street.pose(t)))
    turns = np.array(turns)
    angles = turns[:, [2, 0, 1], [1, 2, 0]]
    found = [*angles.std(0), *turns[:, :2, 3].std(0)]
    np.testing.assert_allclose(found, SHAKE[:5], rtol=0.25)
    assert np.abs(turns[:, 2, 3]).max() < 1e-12


def test_random_speeds_are_log_uniform_and_tell_no_scale():
    indices = range(80)
    known, drawn = distances(indices), distances(indices, speed="random")
    moves = known[:, 0] > 0
    assert (drawn[~moves] == 0).all()
    ratio = np.log(drawn[moves] / known[moves])[:, 0]
    low, high = np.log(FACTORS)
    assert low - 0.1 < ratio.min() and ratio.max() < high + 0.1
    assert drawn.max() < FARTHEST + 0.1
    # Slow cameras are never held back by the end of the street.
    free = ratio[FACTORS[1] * known[moves][:, 0] < FARTHEST]
    places = np.sort((free - low) / (high - low))
    even = (np.arange(len(places)) + 0.5) / len(places)
    assert np.abs(places - even).max() < 1.63 / np.sqrt(len(places))
    # What was a narrow range of distances is a wide one.
    spread = [np.log(d[moves][:, 0]).std() for d in (known, drawn)]
    assert spread[1] > 1.3 * spread[0]


@pytest.mark.parametrize(("style", "least"), [("a", 0.12), ("b", 0.04)])
def test_displacements_reach_into_the_search_radius(style, least):
    """At 128 x 256 and a quarter of it, for a radius of 12 cells."""
    cells = []
    for index in range(40):
        street = scene(style, "train", 0, index)
        matrix, here = street.intrinsics(SMALL), street.pose()
        depth = casting.cast(street.solids(), here, matrix, SMALL)[0]
        depth = np.where((depth >= 1) & (depth <= 80), depth, 0)
        motion = [p @ np.linalg.inv(here) for _, p in moments(street, 3)]
        shift = displacements(
            {
                "depth": torch.from_numpy(depth)[None],
                "intrinsics": torch.from_numpy(matrix),
                "motion": torch.from_numpy(np.stack(motion)),
            }
        )
        _, _, inside = looked_up(torch.zeros(2, 1, *SMALL), shift)
        cells.append(shift.abs().amax(1)[inside])
    cells = torch.cat(cells)
    assert ((cells >= 6) & (cells <= 12)).float().mean() > least
    assert (cells > 12).float().mean() < 0.1
    assert cells.median() < 4


# ------------------------------------------------------------------ leaks


def test_splits_share_no_scene_and_no_motion():
    keys = [
        ("a", "train", 0, 1),
        ("a", "train", 0, 2),
        ("a", "train", 1, 1),
        ("a", "val", 0, 1),
        ("a", "test", 0, 1),
        ("b", "train", 0, 1),
    ]
    seen = set()
    for key in keys:
        street = scene(*key)
        for _, pose in [(0, street.pose()), *moments(street, 2)]:
            seen.add(pose.tobytes())
    assert len(seen) == 3 * len(keys)


def test_frames_of_a_standing_camera_have_their_own_noise():
    """Equal noise would tell a network that nothing moved."""
    index = next(
        i for i in range(50) if not scene("a", "train", 0, i).layout.speed
    )
    image, _, _, adjacent, motion = render_triple(
        "a", "train", 0, index, SMALL
    )
    np.testing.assert_allclose(motion, [np.eye(4)] * 2, atol=1e-7)
    frames = np.stack([image, *adjacent]).astype(float)
    for one, two in ((0, 1), (0, 2), (1, 2)):
        gap = np.abs(frames[one] - frames[two])
        assert 0.1 < np.median(gap) + gap.mean() < 25
        assert (gap > 0).mean() > 0.2


# ---------------------------------------------------------------- the set


def test_manifest_tells_speeds_and_spacings_apart():
    options = {"size": SMALL, "cached": False}
    one = streets_video(1, **options).manifest()
    assert one == streets_video(1, **options).manifest()
    assert one["video"] >= 1 and one["every"] == 3 and one["n"] == 1
    others = [{"every": 1}, {"speed": "random"}]
    marks = [streets_video(1, **options, **o).manifest() for o in others]
    assert len({m["checksum"] for m in [one, *marks]}) == 3


def test_each_set_counts_its_own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path))
    streets_video(1, size=SMALL)
    assert "1 sets made" in catalogue.entry("streets-video").status()
    assert "0 sets made" in catalogue.entry("streets").status()


def test_check_finds_nothing_wrong():
    assert check("streets-video").pairs == 8


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"style": "c"}, "style"),
        ({"every": 0}, "every is 0"),
        ({"every": 5}, "at most 4"),
        ({"speed": "fast"}, "speed is 'fast'"),
        ({"n": 0}, "n is 0"),
    ],
)
def test_bad_input(change, word):
    given = {"n": 1, "size": SMALL, "cached": False} | change
    with pytest.raises(ValueError, match=word):
        streets_video(**given)
