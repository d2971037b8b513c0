"""The truth of DenseDepth's step, at the size of the prediction."""

import numpy as np
import torch
import torch.nn.functional as F

from depthlib.training.densedepth import at_size


def maps(share, seed=0):
    rng = torch.Generator().manual_seed(seed)
    depth = 1 + 9 * torch.rand(2, 1, 12, 16, generator=rng)
    return depth, torch.rand(depth.shape, generator=rng) < share


def test_whole_maps_are_picked_under_the_centre():
    depth, mask = maps(2.0)
    small, known = at_size(depth, mask, (6, 8))
    picked = F.interpolate(depth, size=(6, 8), mode="nearest-exact")
    assert torch.equal(small, picked) and known.all()


def test_sparse_truth_keeps_its_returns():
    """By hand, cell by cell: the picked pixel if known, else the nearest."""
    depth, mask = maps(0.2)
    small, known = at_size(depth, mask, (6, 8))
    for b, i, j in np.ndindex(2, 6, 8):
        cell = np.s_[b, 0, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        values = depth[cell][mask[cell]]
        assert known[b, 0, i, j] == bool(len(values))
        if mask[b, 0, 2 * i + 1, 2 * j + 1]:
            assert small[b, 0, i, j] == depth[b, 0, 2 * i + 1, 2 * j + 1]
        elif len(values):
            assert small[b, 0, i, j] == values.min()
    assert torch.isfinite(small).all()


def test_the_same_size_is_left_alone():
    depth, mask = maps(0.2)
    for found, given in zip(
        at_size(depth, mask, (12, 16)), (depth, mask), strict=True
    ):
        assert found is given
