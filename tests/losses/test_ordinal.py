"""The ordinal loss against its definition, level by level."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from depthlib.geometry import sid_thresholds
from depthlib.losses import depth_levels, ordinal_loss

EDGES = sid_thresholds(5, 0.5, 10.0)


def maps(seed=0):
    g = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(2, 5, 3, 4, generator=g, dtype=torch.float64)
    depth = 12 * torch.rand(2, 1, 3, 4, generator=g, dtype=torch.float64)
    mask = torch.rand(2, 1, 3, 4, generator=g) > 0.3
    return logits, depth, mask


def by_hand(logits, depth, mask):
    values = []
    for b in range(2):
        for i in range(3):
            for j in range(4):
                if not mask[b, 0, i, j]:
                    continue
                d = depth[b, 0, i, j].item()
                level = sum(d >= t for t in EDGES[1:-1].tolist())
                total = 0.0
                for k in range(5):
                    p = 1 / (1 + math.exp(-logits[b, k, i, j].item()))
                    total -= math.log(p) if k < level else math.log(1 - p)
                values.append(total)
    return sum(values) / len(values)


@pytest.mark.parametrize("seed", range(3))
def test_the_definition(seed):
    logits, depth, mask = maps(seed)
    found = ordinal_loss(logits, depth, mask, thresholds=EDGES)
    assert found.item() == pytest.approx(by_hand(logits, depth, mask))


def test_gradients_and_unknown_truth():
    logits, depth, mask = maps()
    depth[~mask] = math.nan
    logits.requires_grad_(True)
    assert gradcheck(
        lambda x: ordinal_loss(x, depth, mask, thresholds=EDGES), (logits,)
    )
    ordinal_loss(logits, depth, mask, thresholds=EDGES).backward()
    outside = ~mask.expand_as(logits)
    assert (logits.grad[outside] == 0).all()
    assert logits.grad.isfinite().all()


def test_certainty_costs_nothing_and_overflows_nowhere():
    _, depth, _ = maps()
    levels = depth_levels(depth, EDGES)
    k = torch.arange(5).view(1, -1, 1, 1)
    sure = torch.where(levels > k, 1e4, -1e4)
    assert ordinal_loss(sure, depth, thresholds=EDGES) == 0
    wrong = ordinal_loss(-sure, depth, thresholds=EDGES)
    assert wrong.item() == pytest.approx(5e4)


def test_levels_are_half_open():
    edges = sid_thresholds(3, 1.0, 8.0)
    depth = torch.tensor([0.0, 1.0, 1.999, 2.0, 4.0, 8.0, 99.0])
    assert depth_levels(depth, edges).tolist() == [0, 0, 0, 1, 2, 2, 2]


def test_bad_input_is_named():
    logits, depth, mask = maps()
    with pytest.raises(ValueError, match=r"\(B, 5, H, W\)"):
        ordinal_loss(logits[:, :4], depth, mask, thresholds=EDGES)
    with pytest.raises(ValueError, match="do not increase"):
        ordinal_loss(logits, depth, mask, thresholds=EDGES.flip(0))
    with pytest.raises(ValueError, match="no pixel is left"):
        ordinal_loss(logits, depth, mask & False, thresholds=EDGES)


def test_depths_of_whole_metres_keep_their_levels():
    edges = torch.tensor([1.0, 3.3, 3.9, 5.0])
    whole = torch.tensor([1, 3, 4])
    assert depth_levels(whole, edges).tolist() == [0, 0, 2]
    assert torch.equal(
        depth_levels(whole, edges), depth_levels(whole.float(), edges)
    )
    logits, target = torch.zeros(1, 3, 1, 1), torch.full((1, 1, 1, 1), 3)
    with pytest.raises(ValueError, match="target is torch.int64"):  # as all
        ordinal_loss(logits, target, thresholds=edges)


@pytest.mark.parametrize("unknown", [math.nan, math.inf])
def test_a_depth_without_a_level_surfaces_unless_it_is_masked(unknown):
    logits, depth, mask = maps()
    depth, mask = depth.clone(), mask.clone()
    depth[0, 0, 1, 1], mask[0, 0, 1, 1] = unknown, True
    logits.requires_grad_(True)
    loss = ordinal_loss(logits, depth, mask, thresholds=EDGES)
    assert loss.isnan()
    mask[0, 0, 1, 1] = False
    loss = ordinal_loss(logits, depth, mask, thresholds=EDGES)
    (slope,) = torch.autograd.grad(loss, logits)
    assert loss.isfinite() and slope.isfinite().all()
    assert not slope[0, :, 1, 1].any()
