"""The forward warp against a loop over pixels, and its gradients."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

from depthlib.geometry import pose_matrix
from depthlib.kernels import nearest_sources, splat_depth, warp_depth
from depthlib.kernels.warp import _index

K = torch.tensor([[20.0, 0.5, 9.3], [0, 22, 6.1], [0, 0, 1]]).double()
BACKENDS = ["torch", "numba"]


def scene(batch=1, height=12, width=19, seed=0):
    """Two flat surfaces and noise: there is something to hide behind."""
    g = torch.Generator().manual_seed(seed)
    depth = 3 + torch.rand(batch, 1, height, width, generator=g)
    depth[:, :, 3:8, 5:12] -= 1.5
    return depth.double()


def poses(batch=1, seed=0, size=0.2):
    g = torch.Generator().manual_seed(seed)
    return pose_matrix(size * (2 * torch.rand(batch, 6, generator=g) - 1))


def by_loop(depth, pose, matrix=K):
    """The definition, one point after another, in plain floats."""
    depth, pose, matrix = (x.tolist() for x in (depth, pose, matrix))
    height, width = len(depth), len(depth[0])
    (fx, skew, cx), (_, fy, cy), _ = matrix
    best = np.zeros((height, width))
    source = np.full((height, width), -1)
    for i in range(height):
        for j in range(width):
            d = depth[i][j]
            if not (d > 0 and math.isfinite(d)):
                continue
            y = (i + 0.5 - cy) / fy
            x = (j + 0.5 - cx - skew * y) / fx
            point = (d * x, d * y, d, 1.0)
            a, b, z = (
                sum(m * p for m, p in zip(row, point, strict=True))
                for row in pose[:3]
            )
            if z <= 0:
                continue
            u = math.floor(fx * (a / z) + skew * (b / z) + cx)
            v = math.floor(fy * (b / z) + cy)
            if not (0 <= u < width and 0 <= v < height):
                continue
            if source[v, u] < 0 or z < best[v, u]:
                best[v, u], source[v, u] = z, i * width + j
    return best, source


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    size=st.sampled_from([0.02, 0.3, 1.5, 4.0]),
    height=st.integers(1, 9),
    width=st.integers(1, 13),
)
def test_equals_a_loop_over_points(backend, seed, size, height, width):
    """Non-square maps, holes, and poses that put points behind the camera."""
    depth = scene(2, height, width, seed)
    depth[0, 0, 0, 0] = [0.0, -1.0, math.nan, math.inf][seed % 4]
    pose = poses(2, seed, size).double()
    warped, valid = warp_depth(depth, K, pose, backend)
    winner = nearest_sources(depth, K, pose, backend)
    for b in range(2):
        best, source = by_loop(depth[b, 0], pose[b])
        # Where round-off could decide about a pixel, the two may differ.
        same = winner[b, 0].numpy() == source
        assert same.mean() > 0.98
        error = np.abs(warped[b, 0].numpy() - best)[same]
        assert error.max(initial=0) < 1e-12
        assert (valid[b, 0].numpy() == (source >= 0))[same].all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_identity_returns_its_input(backend, dtype):
    g = torch.Generator().manual_seed(1)
    for height, width in ((1, 1), (7, 40), (33, 5), (60, 80)):
        depth = torch.rand(3, 1, height, width, generator=g).to(dtype) + 0.01
        depth[0, 0, 0, 0] = 0
        warped, valid = warp_depth(depth, K, torch.eye(4), backend)
        assert torch.equal(warped, depth)
        assert torch.equal(valid, depth > 0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_backends_agree_bit_for_bit(dtype, seed):
    depth = scene(4, 30, 41, seed).to(dtype)
    pose = poses(4, seed)
    one, two = (nearest_sources(depth, K, pose, b) for b in BACKENDS)
    assert torch.equal(one, two)


@pytest.mark.parametrize("backend", BACKENDS)
def test_of_equal_depths_the_first_wins(backend):
    """All pixels of a plane fall into one, far below: reading order."""
    depth = torch.full((1, 1, 4, 5), 2.0, dtype=torch.float64)
    matrix = torch.tensor([[1e-6, 0, 2.5], [0, 1e-6, 1.5], [0, 0, 1]])
    turn = pose_matrix(torch.zeros(6))
    shrunk = turn.clone()
    shrunk[0, 0] = shrunk[1, 1] = 0  # no motion: squeezes all onto the axis
    winner = nearest_sources(depth, matrix, shrunk, backend)
    assert winner[0, 0, 1, 2] == 0
    assert (winner >= 0).sum() == 1


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "shift, column",
    [(0.0, 0), (-0.6, None), (2.4, 2), (2.5, None), (-0.5, 0)],
)
def test_borders_are_half_open(backend, shift, column):
    """u in (-1, 0) is outside, and so is u = W exactly."""
    depth = torch.zeros(1, 1, 1, 3, dtype=torch.float64)
    depth[0, 0, 0, 0] = 1.0
    matrix = torch.tensor([[1.0, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]).double()
    pose = pose_matrix(torch.tensor([0, 0, 0, shift, 0, 0]).double())
    _, valid = warp_depth(depth, matrix, pose, backend)
    expected = [] if column is None else [column]
    assert valid[0, 0, 0].nonzero().flatten().tolist() == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_far_points_do_not_wrap_around(backend):
    depth = torch.full((1, 1, 3, 4), 1e-3, dtype=torch.float64)
    pose = pose_matrix(torch.tensor([0, 0, 0, 1e18, 0, 0]).double())
    _, valid = warp_depth(depth, K, pose, backend)
    assert not valid.any()


def interior(depth, pose, step=1e-5):
    """Whether no point lies within ``step`` pixels of a pixel's border."""
    from depthlib.geometry import project
    from depthlib.kernels.warp import _moved

    pixels = project(_moved(depth, K, pose), K)[0]
    return bool(((pixels - pixels.round()).abs() > step).all())


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_away_from_borders(backend):
    depth, pose = scene(2, 5, 6, 3), poses(2, 3).double()
    assert interior(depth, pose)
    depth.requires_grad_(True)
    pose.requires_grad_(True)
    assert gradcheck(
        lambda d, p: warp_depth(d, K, p, backend)[0],
        (depth, pose),
        eps=1e-8,
        atol=1e-5,
    )


def test_depth_gets_a_gradient_where_it_wins_and_nowhere_else():
    depth = scene(1, 8, 9).requires_grad_(True)
    pose = poses(1, 2, 0.3).double()
    warped, _ = warp_depth(depth, K, pose)
    warped.sum().backward()
    winner = nearest_sources(depth.detach(), K, pose)
    won = torch.zeros(8 * 9, dtype=torch.bool)
    won[winner[winner >= 0]] = True
    assert torch.equal(depth.grad.flatten() != 0, won)


def test_the_pose_gets_a_gradient_in_its_third_row_only():
    """What the paper's miner of poses can feel, and what not."""
    depth = scene(2, 9, 10)
    vector = 0.1 * torch.randn(
        2, 6, generator=torch.Generator().manual_seed(0)
    )
    vector = vector.double().requires_grad_(True)
    pose = pose_matrix(vector)
    pose.retain_grad()
    true = warp_depth(depth, K, pose)[0]
    guess = warp_depth(depth * 1.1, K, pose)[0]
    (true - guess).abs().mean().backward()
    assert pose.grad[:, [0, 1, 3]].abs().max() == 0
    assert (pose.grad[:, 2, :3].abs() > 0).all()
    # roll, t_x and t_y have no part in the third row
    assert vector.grad[:, [2, 3, 4]].abs().max() == 0
    assert (vector.grad[:, :2].abs() > 0).all()


def test_equal_validity_leaves_no_gradient_for_the_advance():
    """t_z moves prediction and truth alike: their difference stays."""
    depth = scene(1, 9, 10)
    vector = torch.zeros(1, 6).double().requires_grad_(True)
    pose = pose_matrix(vector)
    true = warp_depth(depth, K, pose)[0]
    guess = warp_depth(depth * 1.1, K, pose)[0]
    (true - guess).abs().sum().backward()
    assert vector.grad[0, 5].abs() < 1e-12


def test_there_and_back_returns_what_stayed_in_view():
    """Up to a pixel of resampling, on a smooth surface."""
    v, u = torch.meshgrid(
        torch.arange(40.0), torch.arange(50.0), indexing="ij"
    )
    depth = (3 + 0.01 * u + 0.005 * v)[None, None].double()
    matrix = torch.tensor([[60.0, 0, 25], [0, 60, 20], [0, 0, 1]]).double()
    pose = poses(1, 4, 0.05).double()
    there, _ = warp_depth(depth, matrix, pose)
    back, valid = warp_depth(there, matrix, torch.linalg.inv(pose))
    assert valid.float().mean() > 0.6
    assert (back - depth).abs()[valid].max() < 0.04


class TestSplat:
    def test_the_identity_returns_its_input(self):
        depth = scene(2)
        warped, valid = splat_depth(depth, K, torch.eye(4))
        assert valid.all()
        assert torch.allclose(warped, depth, rtol=1e-9)

    def test_gradients_reach_all_six_components(self):
        depth = scene(1, 5, 6, 2)
        g = torch.Generator().manual_seed(3)
        vector = (0.1 * torch.randn(1, 6, generator=g)).double()
        vector.requires_grad_(True)
        depth.requires_grad_(True)
        assert gradcheck(
            lambda d, v: splat_depth(d, K, pose_matrix(v))[0],
            (depth, vector),
            eps=1e-7,
            atol=1e-4,
        )
        true = splat_depth(depth, K, pose_matrix(vector))[0]
        guess = splat_depth(depth * 1.1, K, pose_matrix(vector))[0]
        (true - guess).abs().mean().backward()
        assert (vector.grad.abs() > 1e-6).all()

    def test_near_surfaces_hide_far_ones_however_far(self):
        """Float32, 1 m before 80 m: no under- or overflow."""
        depth = torch.full((1, 1, 6, 8), 80.0)
        depth[..., 2:4, 3:5] = 1.0
        aside = pose_matrix(torch.tensor([0, 0, 0, 0.05, 0, 0.0]))
        hard, valid = warp_depth(depth, K, aside)
        soft, reached = splat_depth(depth, K, aside)
        assert soft.isfinite().all()
        both = valid & reached
        assert ((soft - hard).abs()[both] < 1e-3).all()

    def test_holes_are_no_source(self):
        depth = scene()
        depth[0, 0, 2, 2:5] = torch.tensor([0.0, math.nan, math.inf])
        warped, valid = splat_depth(depth, K, torch.eye(4))
        assert not valid[0, 0, 2, 2:5].any()
        assert warped.isfinite().all()

    def test_sharpness_must_be_above_zero(self):
        with pytest.raises(ValueError, match="sharpness is 0"):
            splat_depth(scene(), K, torch.eye(4), sharpness=0)


@pytest.mark.parametrize("warp", [warp_depth, splat_depth])
def test_nothing_in_view_is_no_error(warp):
    depth = scene().requires_grad_(True)
    behind = pose_matrix(torch.tensor([0, math.pi, 0, 0, 0, 0]).double())
    warped, valid = warp(depth, K, behind)
    assert not valid.any() and (warped == 0).all()
    warped.sum().backward()
    assert (depth.grad == 0).all()


def test_bad_arguments():
    depth = scene()
    with pytest.raises(ValueError, match=r"expected \(B, 1, H, W\)"):
        warp_depth(depth[0], K, torch.eye(4))
    with pytest.raises(ValueError, match="one for each image"):
        warp_depth(depth, K, torch.eye(4).expand(3, 4, 4))
    with pytest.raises(ValueError, match="torch.float32"):
        warp_depth(depth.half(), K, torch.eye(4))
    with pytest.raises(ValueError, match="'triton'"):
        warp_depth(depth, K, torch.eye(4), "triton")


def test_the_splat_takes_the_types_that_the_warp_takes():
    whole = torch.full((1, 1, 5, 7), 2)
    for warp in (warp_depth, splat_depth):
        with pytest.raises(ValueError, match="depth is torch.int64"):
            warp(whole, K, torch.eye(4))


def test_pixels_of_a_very_large_image_are_told_apart():
    # Row times width plus column exceeds what float32 counts by ones.
    row, column = torch.tensor([[4099.0, 4099.0, -1.0], [4098.0, 4099.0, 9.0]])
    inside = torch.tensor([True, True, False])
    found = _index(row, column, inside, 4100)
    assert found.tolist() == [4100**2 - 2, 4100**2 - 1, 0]
