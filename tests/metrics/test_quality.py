"""Normals and residuals against closed forms and brute force."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage

import depthlib.metrics.inputs as inputs
from depthlib.geometry import normals, unproject
from depthlib.metrics import mssim, normal_error, residual_share

K = torch.tensor([[80.0, 0, 10], [0, 80, 8], [0, 0, 1]], dtype=torch.float64)


def wall(angle, dtype=torch.float64):
    """A wall 3 m away, turned about the vertical axis; 16 x 20 pixels."""
    rays = unproject(torch.ones(1, 1, 16, 20, dtype=torch.float64), K)
    turn = math.radians(angle)
    along = rays[:, :1] * math.sin(turn) + rays[:, 2:] * math.cos(turn)
    return (3 * math.cos(turn) / along).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("angle", [0.0, 1.0, 30.0, 60.0])
def test_two_walls_differ_by_their_angle(angle, dtype):
    found = normal_error(wall(angle - 20, dtype), wall(-20, dtype), K)
    tolerance = 1e-9 if dtype == torch.float64 else 0.01
    assert found["degrees"] == pytest.approx(angle, abs=tolerance)
    expected = 1 - math.cos(math.radians(angle))
    assert found["cosine"] == pytest.approx(expected, abs=tolerance / 50)


def test_scale_does_not_turn_surfaces():
    y = torch.rand(2, 1, 16, 20, dtype=torch.float64) + 2
    found = normal_error(1.7 * y, y, K)
    assert found["degrees"] < 1e-6 and found["cosine"] < 1e-12


def test_normal_error_by_brute_force():
    y = torch.rand(2, 1, 16, 20, dtype=torch.float64) * 0.1 + 2
    p = y + 0.05 * torch.rand_like(y)
    mask = torch.rand_like(y) < 0.95
    y[0, 0, 3, 3] = 0.0  # unknown, whatever the mask says
    degrees, cosine = [], []
    for i in range(2):
        known = (mask[i, 0] & (y[i, 0] > 0)).numpy()
        keep = ndimage.minimum_filter(known, 3, mode="constant", cval=True)
        dot = (normals(p[i : i + 1], K) * normals(y[i : i + 1], K)).sum(1)
        dot = dot[0].numpy()[keep]
        degrees.append(np.degrees(np.arccos(dot)).mean())
        cosine.append((1 - dot).mean())
    rows = normal_error(p, y, K, mask, average="none")
    np.testing.assert_allclose(rows["degrees"], degrees, atol=1e-6)
    np.testing.assert_allclose(rows["cosine"], cosine, atol=1e-12)
    whole = normal_error(p, y, K, mask)
    assert whole["degrees"] == pytest.approx(np.mean(degrees))


def test_each_image_has_its_own_camera(monkeypatch):
    y = torch.rand(3, 1, 16, 20, dtype=torch.float64) * 0.1 + 2
    p = y + 0.05 * torch.rand_like(y)
    cameras = torch.stack([K, 2 * K, 3 * K])
    cameras[:, 2, 2] = 1
    together = normal_error(p, y, cameras, average="none")["degrees"]
    for i in range(3):
        alone = normal_error(p[i], y[i], cameras[i])["degrees"]
        assert together[i] == pytest.approx(alone)
    monkeypatch.setattr(inputs, "CHUNK_PIXELS", 1)
    one_by_one = normal_error(p, y, cameras, average="none")["degrees"]
    torch.testing.assert_close(one_by_one, together)


def test_normal_error_refuses_what_is_no_surface():
    y = torch.full((2, 1, 16, 20), 2.0)
    p = y.clone()
    p[1, 0, 5, 5] = 0.0
    with pytest.raises(ValueError, match="prediction 1 is not above 0"):
        normal_error(p, y, K)
    p[1, 0, 5, 5] = math.nan
    with pytest.raises(ValueError, match="prediction 1 holds NaN"):
        normal_error(p, y, K)
    with pytest.raises(ValueError, match="image 0 has no pixel whose 3 x 3"):
        normal_error(y, 0 * y, K)
    with pytest.raises(ValueError, match="one camera for each image"):
        normal_error(y, y, K.expand(3, 3, 3))


def test_residual_share_counts_small_errors():
    y = torch.ones(2, 1, 1, 4, dtype=torch.float64)
    y[1] = 2
    p = y.clone()
    p[0, 0, 0] += torch.tensor([0.0, 0.125, -0.1, 5.0])
    p[1, 0, 0, 0] = 9.0
    rows = residual_share(p, y, None, 0.125, average="none")
    assert rows.tolist() == [0.5, 0.75]
    assert residual_share(p, y, None, 0.125) == 0.625
    mask = torch.ones_like(y, dtype=torch.bool)
    mask[0, ..., 1:] = False
    assert residual_share(p, y, mask, 0.125) == 0.875


def test_residual_share_skips_unknown_truth_and_names_bad_input():
    y = torch.tensor([[1.0, 0.0, math.nan, 1.0]])
    p = torch.tensor([[1.0, 0.0, 0.0, 2.0]])
    assert residual_share(p, y) == 0.5
    with pytest.raises(ValueError, match="epsilon is 0"):
        residual_share(p, y, epsilon=0.0)
    with pytest.raises(ValueError, match="image 0 has no valid pixel"):
        residual_share(p, 0 * p)
    with pytest.raises(ValueError, match="prediction 0 holds NaN"):
        residual_share(math.nan * p, y)


def test_mssim_is_that_of_grey_pictures_in_scikit_image():
    from skimage.metrics import structural_similarity

    rng = np.random.default_rng(0)
    y = ndimage.gaussian_filter(rng.uniform(0.5, 12, (3, 24, 30)), (0, 2, 2))
    p = y * rng.uniform(0.8, 1.2, y.shape) + 0.3
    grey = [255 * (1 - np.clip(x, 0, 10) / 10) for x in (p, y)]
    expected = [
        structural_similarity(
            a,
            b,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for a, b in zip(*grey, strict=True)
    ]
    found = mssim(p, y, max_depth=10.0, average="none")
    assert found.tolist() == pytest.approx(expected, abs=1e-9)
    mean = mssim(p, y, max_depth=10.0)
    assert mean == pytest.approx(np.mean(expected))


def test_mssim_wants_whole_maps():
    y = torch.rand(1, 1, 16, 20) + 2
    hole = y.clone()
    hole[0, 0, 3, 4] = 0
    with pytest.raises(ValueError, match="1 pixels of the truth"):
        mssim(y, hole, max_depth=10.0)
    with pytest.raises(ValueError, match="above 0"):
        mssim(y, y, max_depth=0)
    with pytest.raises(ValueError, match="NaN"):
        mssim(y * math.nan, y, max_depth=10.0)
