"""Triples of frames: displacements, and transforms that keep them true."""

import pytest
import torch

from depthlib.data.transforms import COLOUR_ORDERS, crop, mirror, resize
from depthlib.data.transforms import swap_colours as swapped
from depthlib.data.video import check_every, displacements
from depthlib.geometry import pose_matrix

SIZE = (16, 24)


@pytest.fixture
def sample():
    """A wall that leans, and a camera that moves and turns."""
    height, width = SIZE
    rows = torch.arange(height).view(-1, 1).expand(height, width)
    depth = 4 + rows / 10 + torch.arange(width) / 30
    depth[2, 3] = 0
    vectors = [
        [0.02, -0.03, 0.01, 0.1, -0.05, 0.6],
        [-0.01, 0.04, 0.03, -0.2, 0.1, -0.5],
    ]
    return {
        "image": torch.rand(3, *SIZE),
        "adjacent": torch.rand(2, 3, *SIZE),
        "depth": depth[None],
        "mask": depth[None] > 0,
        "intrinsics": torch.tensor([[20.0, 0, 11], [0, 21, 7.5], [0, 0, 1]]),
        "motion": pose_matrix(torch.tensor(vectors)),
        "index": 0,
    }


def test_driving_at_a_wall_spreads_it_from_its_middle(sample):
    """A wall at z, s metres nearer: a shift of (u - c) s / (z - s)."""
    motion = torch.eye(4).repeat(2, 1, 1)
    motion[:, 2, 3] = torch.tensor([1.0, -1.0])
    wall = sample | {"depth": torch.full((1, *SIZE), 5.0), "motion": motion}
    found = displacements(wall)
    u, v = torch.arange(24) + 0.5 - 11, torch.arange(16) + 0.5 - 7.5
    for frame, s in enumerate((-1.0, 1.0)):
        along = (u * s / (5 - s)).expand(SIZE)
        down = (v * s / (5 - s))[:, None].expand(SIZE)
        assert torch.allclose(found[frame, 1], along, atol=1e-5)
        assert torch.allclose(found[frame, 0], down, atol=1e-5)


def test_displacement_is_that_of_each_point(sample):
    """One pixel after another, by homogeneous matrices."""
    found = displacements(sample)
    camera = torch.eye(4, dtype=torch.float64)
    camera[:3, :3] = sample["intrinsics"]
    for frame in range(2):
        turn = sample["motion"][frame].double()
        chain = camera @ turn @ camera.inverse()
        for row, column in ((0, 0), (9, 20), (15, 7)):
            z = sample["depth"][0, row, column].double()
            place = torch.tensor([column + 0.5, row + 0.5, 1.0])
            there = chain @ torch.tensor([*(z * place), 1.0]).double()
            there = there[:2] / there[2]
            expected = (there - place[:2]).flip(0).float()
            got = found[frame, :, row, column]
            assert torch.allclose(got, expected, atol=1e-5)


def test_unknown_depth_and_points_behind_have_no_displacement(sample):
    unknown = displacements(sample).isnan()
    assert unknown[:, :, 2, 3].all() and unknown.sum() == 4
    sample["motion"][0, 2, 3] = -7  # the camera drives past the wall
    past = displacements(sample).isnan()
    assert past[0].all() and past[1].sum() == 2


def test_cells_speak_through_their_middle_pixel(sample):
    fine, cells = displacements(sample), displacements(sample, stride=4)
    assert cells.shape == (2, 2, 4, 6)
    assert torch.equal(cells, fine[..., 2::4, 2::4] / 4)
    with pytest.raises(ValueError, match="stride is 5"):
        displacements(sample, stride=5)


def test_without_motion_there_is_nothing_to_say(sample):
    del sample["motion"]
    with pytest.raises(ValueError, match="no motion"):
        displacements(sample)


def test_a_mirror_turns_the_motion_with_the_frames(sample):
    """Shifts in the mirror are the mirrored shifts."""
    turned, again = mirror(sample), mirror(mirror(sample))
    for name in ("adjacent", "motion"):
        assert torch.equal(again[name], sample[name])
    assert torch.equal(turned["adjacent"], sample["adjacent"].flip(-1))
    sign = torch.tensor([1.0, -1.0]).view(1, 2, 1, 1)
    expected = displacements(sample).flip(-1) * sign
    found = displacements(turned)
    assert torch.allclose(found, expected, atol=1e-4, equal_nan=True)
    # Still a motion: a rotation, and no reflection.
    assert torch.allclose(turned["motion"].det(), torch.ones(2))


def test_a_crop_keeps_the_displacements_inside(sample):
    window = crop(sample, 4, 6, (8, 12))
    inside = (..., slice(4, 12), slice(6, 18))
    assert torch.equal(window["adjacent"], sample["adjacent"][inside])
    expected = displacements(sample)[inside]
    assert torch.allclose(displacements(window), expected, atol=1e-5)


def test_resizing_scales_frames_and_displacements(sample):
    small = resize(sample, (8, 12))
    frames = sample["adjacent"].view(2, 3, 8, 2, 12, 2).mean((3, 5))
    assert torch.allclose(small["adjacent"], frames, atol=1e-6)
    assert torch.equal(small["motion"], sample["motion"])
    flat = sample | {"depth": torch.full((1, *SIZE), 5.0)}
    # A cell's centre lies between its four pixels.
    whole = displacements(flat).view(2, 2, 8, 2, 12, 2).mean((3, 5)) / 2
    found = displacements(resize(flat, (8, 12)))
    assert torch.allclose(found, whole, atol=2e-3)


def test_colours_are_swapped_in_all_frames(sample):
    order = COLOUR_ORDERS[2]
    changed = swapped(sample, order)
    assert torch.equal(changed["image"][0], sample["image"][order[0]])
    first = sample["adjacent"][:, order[0]]
    assert torch.equal(changed["adjacent"][:, 0], first)


@pytest.mark.parametrize("every", [0, -1, 1.5, None])
def test_a_spacing_is_a_number_of_frames(every):
    with pytest.raises(ValueError, match="every is"):
        check_every(every)
