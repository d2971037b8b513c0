"""The view loss: what it compares, and whom it tells."""

import pytest
import torch

from depthlib.geometry import pose_matrix
from depthlib.kernels import splat_depth, warp_depth
from depthlib.losses import berhu, l1, view_consistency

K = torch.tensor([[20.0, 0, 8], [0, 20, 6], [0, 0, 1]])


def scene(seed=0):
    g = torch.Generator().manual_seed(seed)
    depth = 2 + torch.rand(2, 1, 12, 16, generator=g)
    vectors = 0.2 * (2 * torch.rand(2, 6, generator=g) - 1)
    return depth, 1.1 * depth + 0.1, pose_matrix(vectors)


@pytest.mark.parametrize("loss", [l1, berhu])
def test_compares_two_warped_maps_where_both_have_a_surface(loss):
    target, prediction, pose = scene()
    (seen, a), (truth, b) = (
        warp_depth(x, K, pose) for x in (prediction, target)
    )
    found = view_consistency(prediction, target, K, pose, loss=loss)
    assert found == loss(seen, truth, a & b)
    assert not (a & b).all()


def test_at_the_identity_it_is_the_plain_loss():
    target, prediction, _ = scene()
    mask = torch.rand(target.shape) > 0.2
    found = view_consistency(prediction, target, K, torch.eye(4), mask)
    assert found.item() == pytest.approx(l1(prediction, target, mask).item())


def test_a_perfect_prediction_costs_nothing_from_anywhere():
    target, _, pose = scene()
    for warp in (warp_depth, splat_depth):
        assert view_consistency(target, target, K, pose, warp=warp) == 0


def test_unknown_truth_hides_nothing():
    """A prediction is not judged, and occludes nothing, where no one looked.

    Whatever it says there, value and gradient are the same.
    """
    target, prediction, pose = scene()
    mask = torch.rand(target.shape, generator=torch.manual_seed(0)) > 0.3
    values, slopes = [], []
    for wild in (0.5, 9.0):
        guess = torch.where(mask, prediction, wild).requires_grad_(True)
        value = view_consistency(guess, target, K, pose, mask)
        value.backward()
        values.append(value.item())
        slopes.append(guess.grad)
    assert values[0] == values[1]
    assert torch.equal(*slopes)
    assert (slopes[0][~mask] == 0).all()


def test_a_pose_that_sees_nothing_is_an_error():
    target, prediction, _ = scene()
    away = pose_matrix(torch.tensor([0, 3.1, 0, 0, 0, 0]))
    with pytest.raises(ValueError, match="no pixel sees both maps"):
        view_consistency(prediction, target, K, away)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_prediction_that_is_not_finite_surfaces(value):
    target, prediction, pose = scene()
    broken = prediction.clone()
    broken[0, 0, 2, 3] = value
    assert not view_consistency(broken, target, K, pose).isfinite()
    mask = torch.ones_like(target, dtype=torch.bool)
    mask[0, 0, 2, 3] = False
    assert view_consistency(broken, target, K, pose, mask).isfinite()
    nothing = torch.full_like(target, value)
    assert not view_consistency(nothing, target, K, pose).isfinite()
