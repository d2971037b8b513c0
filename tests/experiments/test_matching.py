"""Matching and triangulation against what is known by construction."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from depthlib.data import streets_video
from depthlib.experiments.matching import (
    best_offsets,
    descriptors,
    gap_at,
    in_reach,
    matched,
    triangulate,
    wrong_motion,
)
from depthlib.geometry import pose_matrix
from depthlib.kernels import smolyak_offsets, uniform_offsets


@pytest.fixture(scope="module")
def triple():
    """A small triple whose camera moves."""
    data = streets_video(
        6, split="val", size=(32, 64), cached=False, lidar=False
    )
    moving = (data[i] for i in range(6))
    return next(s for s in moving if s["motion"][0, :3, 3].norm() > 0.5)


def test_a_descriptor_counts_the_directions_of_its_edges():
    """A ramp to the right has one slope everywhere, of direction 0."""
    ramp = torch.linspace(0, 1, 32).expand(1, 3, 32, 32)
    found = descriptors(ramp, bins=4, block=3)
    assert found.shape == (1, 36, 8, 8)
    inner = found[0, :, 3, 3].view(4, 9)
    assert torch.allclose(inner[0], inner[0, :1].expand(9))
    assert inner[0, 0] > 0.3 and inner[1:].abs().max() < 1e-6
    # Twice the contrast, the same direction: nearly the same descriptor.
    again = descriptors(ramp / 2, bins=4, block=3)[0, :, 3, 3]
    assert torch.cosine_similarity(again, inner.flatten(), 0) > 0.9999


def test_a_shifted_picture_is_found_where_it_went():
    """By whole cells; away from the borders, where the picture wraps."""
    rng = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, 64, 96, generator=rng)
    there = image.roll((8, -12), (2, 3))  # 2 cells down, 3 to the left
    one, two = descriptors(image), descriptors(there)
    found = best_offsets(one, two, uniform_offsets(1, radius=4))
    inner = found[0, :, 5:-5, 6:-6].flatten(1)
    assert (inner == torch.tensor([[2], [-3]])).all()


def test_what_is_in_reach():
    shift = torch.zeros(1, 2, 4, 6)
    shift[0, 1, 0, 0] = -0.4  # stays inside the map: starts at 0.5
    shift[0, 1, 1, 0] = -0.6  # leaves it
    shift[0, 0, 3, 5] = 0.49  # stays
    shift[0, 0, 2, 5] = 1.6  # leaves below
    shift[0, 0, 0, 3] = 3.4  # stays, but is too far for radius 3
    shift[0, 1, 1, 3] = torch.nan
    found = in_reach(shift, radius=3)[0]
    assert (~found).nonzero().tolist() == [[0, 3], [1, 0], [1, 3], [2, 5]]


def test_gaps_are_those_of_a_tree():
    rng = torch.Generator().manual_seed(0)
    shifts = 24 * torch.rand(200, 2, generator=rng) - 12
    offsets = smolyak_offsets(5, 12)
    wanted = cKDTree(offsets.numpy()).query(shifts.numpy())[0]
    found = gap_at(shifts, offsets).numpy()
    assert np.allclose(found, wanted, atol=1e-5)


def test_more_offsets_can_only_come_nearer(triple):
    """Full search errs by what it confuses; its gap is that of rounding."""
    found = matched(triple, uniform_offsets(1, 6), radius=6)
    near = found["near"]
    assert near.any() and found["error"].shape == (2, 8, 16)
    shifts = found["true"].permute(0, 2, 3, 1)[near]
    gaps = gap_at(shifts, uniform_offsets(1, 6))
    assert gaps.max() <= 0.5**0.5 + 1e-5
    assert (found["error"][near] >= gaps - 1e-5).all()


def test_triangles_close_on_the_true_depth(triple):
    from depthlib.data import displacements

    depth = triangulate(
        displacements(triple), triple["intrinsics"], triple["motion"]
    )
    known = displacements(triple).isfinite().all(1).all(0)[None, None]
    assert known.float().mean() > 0.5
    error = depth / triple["depth"][None] - 1
    assert error[known].abs().max() < 1e-3


def test_triangles_by_hand():
    """A step of 1 m to the right moves a point at 4 m by f / 4 pixels."""
    matrix = torch.tensor([[8.0, 0, 2], [0, 8.0, 2], [0, 0, 1]])
    motion = pose_matrix(torch.tensor([[0, 0, 0, -1.0, 0, 0]]))
    shift = torch.zeros(1, 2, 4, 4)
    shift[:, 1] = -2.0
    shift[0, 1, 0, 0] = 2.0  # the wrong way: rays meet behind the camera
    shift[0, 1, 0, 1] = 0.0  # as far as can be
    depth = triangulate(shift, matrix, motion)[0, 0]
    assert depth[0, :2].isinf().all()
    assert torch.allclose(depth.flatten()[2:], torch.tensor(4.0).double())


def test_errors_of_a_motion_are_of_their_size():
    motion = pose_matrix(torch.tensor([0.1, 0.2, -0.1, 3.0, 0.0, 4.0]))
    many = motion.expand(4000, 4, 4)
    rng = torch.Generator().manual_seed(0)
    wrong = wrong_motion(many, 0.01, rng)
    error = (wrong @ torch.linalg.inv(motion.double())).numpy()
    angles = Rotation.from_matrix(error[:, :3, :3]).as_rotvec()
    assert np.allclose(angles.std(0), 0.01, rtol=0.05)
    # The length is 5 m; turning the 5 m by the angles adds to it.
    turned = np.einsum("nij,j->ni", error[:, :3, :3], motion[:3, 3].numpy())
    added = wrong[:, :3, 3].numpy() - turned
    assert np.allclose(added.std(0), 0.05, rtol=0.05)
    assert torch.equal(wrong_motion(many[:1], 0.0, rng), many[:1].double())
