"""The loss of DenseDepth against scikit-image, loops and finite steps."""

import math

import numpy as np
import pytest
import torch

from depthlib.losses import (
    LOSSES,
    densedepth_loss,
    densedepth_parts,
    gradient_loss,
    l1,
    ssim_loss,
)

RANGE = {"data_range": 25.0}


def maps(shape=(2, 1, 24, 31), dtype=torch.float64, holes=6):
    """Smooth reciprocal depth, a noisy guess, and a mask with few holes."""
    rows = torch.linspace(0, 3, shape[2], dtype=torch.float64)[:, None]
    columns = torch.linspace(0, 4, shape[3], dtype=torch.float64)
    target = 9 + 5 * torch.sin(rows) + 3 * torch.cos(columns)
    target = target + torch.rand(shape[0], 1, 1, 1)
    prediction = target + 0.7 * torch.randn(shape, dtype=torch.float64)
    mask = torch.ones(shape, dtype=torch.bool)
    # Near the left border, so that windows on the right stay whole.
    for image in mask:
        y = torch.randint(shape[2], (holes,))
        image[0, y, torch.randint(shape[3] // 3, (holes,))] = False
    return prediction.to(dtype), target.to(dtype), mask


def similarity(prediction, target, window=11, sigma=1.5):
    """SSIM of the windows inside one image, by scikit-image."""
    from skimage.metrics import structural_similarity

    side = (window - 1) // 2
    assert int(3.5 * sigma + 0.5) == side, "scikit-image's own rule"
    full = structural_similarity(
        prediction.double().numpy(),
        target.double().numpy(),
        data_range=25.0,
        gaussian_weights=True,
        sigma=sigma,
        use_sample_covariance=False,
        full=True,
    )[1]
    return full[side:-side, side:-side]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_agrees_with_scikit_image(dtype):
    prediction, target, _ = maps(dtype=dtype)
    pairs = zip(prediction, target, strict=True)
    expected = np.mean([similarity(p[0], t[0]) for p, t in pairs])
    found = ssim_loss(prediction, target, **RANGE).item()
    assert 0.01 < found < 0.5
    assert found == pytest.approx((1 - expected) / 2, abs=1e-5)


@pytest.mark.parametrize(("window", "sigma"), [(11, 1.5), (5, 0.6)])
def test_only_whole_windows_count(window, sigma):
    """A loop over windows chooses among those of scikit-image."""
    prediction, target, mask = maps()
    kept = []
    for p, t, m in zip(prediction, target, mask, strict=True):
        windows = similarity(p[0], t[0], window, sigma)
        known = m[0].numpy()
        for y, x in np.ndindex(windows.shape):
            if known[y : y + window, x : x + window].all():
                kept.append(windows[y, x])
    assert 0 < len(kept) < 2 * windows.size
    options = {"window": window, "sigma": sigma, **RANGE}
    found = ssim_loss(prediction, target, mask, **options)
    assert found.item() == pytest.approx((1 - np.mean(kept)) / 2, abs=1e-5)


def test_two_ends():
    _, target, mask = maps()
    assert ssim_loss(target, target, **RANGE).item() == 0
    assert ssim_loss(target, target, mask, **RANGE).item() == 0
    # A chessboard and its negative: no mean, opposite structure.
    board = (-1.0) ** (torch.arange(20)[:, None] + torch.arange(20))
    board = board.double()[None, None]
    assert 0.99 < ssim_loss(-board, board, data_range=1.0).item() <= 1


@pytest.mark.parametrize("masked", [False, True])
def test_gradcheck(masked):
    prediction, target, mask = maps((1, 1, 9, 10), holes=2)
    prediction.requires_grad_(True)
    target.requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda p, t: ssim_loss(
            p, t, mask if masked else None, window=5, **RANGE
        ),
        (prediction, target),
    )


def test_gradcheck_of_the_sum():
    prediction, target, mask = maps((1, 1, 12, 19), holes=2)
    prediction.requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda p: densedepth_loss(p, target, mask), prediction
    )


def test_the_parts_and_their_sum():
    prediction, target, mask = maps()
    parts = densedepth_parts(prediction, target, mask, weight=0.3)
    assert list(parts) == ["depth", "gradient", "ssim"]
    expected = [
        0.3 * l1(prediction, target, mask),
        gradient_loss(prediction, target, mask),
        ssim_loss(prediction, target, mask, **RANGE),
    ]
    torch.testing.assert_close(list(parts.values()), expected)
    total = densedepth_loss(prediction, target, mask, weight=0.3)
    torch.testing.assert_close(total, sum(expected))


def test_the_papers_weights():
    """From the printed formulas, forward differences that end in 0."""
    prediction, target, _ = maps()
    error = (target - prediction).numpy()
    n = error.size
    across = np.abs(np.diff(error, axis=3)).sum() / n
    down = np.abs(np.diff(error, axis=2)).sum() / n
    pairs = zip(prediction, target, strict=True)
    like = np.mean([similarity(p[0], t[0]) for p, t in pairs])
    expected = 0.1 * np.abs(error).mean() + across + down + (1 - like) / 2
    found = densedepth_loss(prediction, target)
    assert found.item() == pytest.approx(expected, abs=1e-5)


def test_the_range_changes_the_structural_part_alone():
    prediction, target, _ = maps()
    wide = densedepth_parts(prediction, target)
    narrow = densedepth_parts(prediction, target, data_range=1.0)
    assert narrow["ssim"] > wide["ssim"]
    for name in ("depth", "gradient"):
        assert torch.equal(narrow[name], wide[name])


@pytest.mark.parametrize("unknown", [math.nan, math.inf, 0.0, -1e30])
@pytest.mark.parametrize("loss", [densedepth_loss, ssim_loss])
def test_unknown_pixels_are_harmless(unknown, loss):
    prediction, target, mask = maps(dtype=torch.float32)
    options = RANGE if loss is ssim_loss else {}
    values, slopes = [], []
    for filling in (1.0, unknown):
        p = torch.where(mask, prediction, filling).requires_grad_(True)
        t = torch.where(mask, target, filling)
        value = loss(p, t, mask, **options)
        value.backward()
        values.append(value.detach())
        slopes.append(p.grad)
    assert torch.equal(*values) and torch.equal(*slopes)
    assert values[0].isfinite() and slopes[0].isfinite().all()
    assert slopes[1][mask].any() and not slopes[1][~mask].any()


def test_a_nan_prediction_gives_a_nan_loss():
    """Training loops stop at a NaN loss: it must not be swallowed."""
    prediction, target, mask = maps()
    prediction[0, 0, 12, 25] = math.nan
    assert densedepth_loss(prediction, target, mask).isnan()
    assert ssim_loss(prediction, target, mask, **RANGE).isnan()


@pytest.mark.parametrize("height, width", [(32, 48), (11, 11)])
def test_small_maps(height, width):
    prediction, target, _ = maps((2, 1, height, width))
    assert densedepth_loss(prediction, target).isfinite()


def test_half_precision_is_widened():
    prediction, target, mask = maps(dtype=torch.bfloat16)
    found = densedepth_loss(prediction, target, mask)
    expected = densedepth_loss(prediction.float(), target.float(), mask)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_autocast_changes_nothing():
    prediction, target, mask = maps(dtype=torch.float32)
    expected = densedepth_loss(prediction, target, mask)
    with torch.autocast("cpu", torch.bfloat16):
        found = densedepth_loss(prediction, target, mask)
    assert torch.equal(found, expected)


def test_it_is_no_loss_of_metres():
    """Experiments choose from LOSSES by name and compare metres."""
    assert not {ssim_loss, densedepth_loss} & set(LOSSES.values())


BOTH = pytest.mark.parametrize(
    "loss",
    [densedepth_loss, lambda *maps: ssim_loss(*maps, **RANGE)],
    ids=["densedepth_loss", "ssim_loss"],
)


@BOTH
class TestBadInput:
    def test_empty_mask(self, loss):
        prediction, target, mask = maps()
        with pytest.raises(ValueError, match="mask is False everywhere"):
            loss(prediction, target, torch.zeros_like(mask))

    def test_no_whole_window(self, loss):
        prediction, target, mask = maps()
        mask[..., ::5, ::5] = False
        with pytest.raises(ValueError, match="no window of 11 x 11"):
            loss(prediction, target, mask)

    def test_shapes(self, loss):
        prediction, target, _ = maps()
        with pytest.raises(ValueError, match="same shape"):
            loss(prediction[..., :-1], target)

    def test_mask_type(self, loss):
        prediction, target, mask = maps()
        with pytest.raises(ValueError, match="give a bool"):
            loss(prediction, target, mask.float())

    def test_maps_are_needed(self, loss):
        flat = torch.ones(20, 20)
        with pytest.raises(ValueError, match=r"\(B, (1|C), H, W\)"):
            loss(flat, flat)

    def test_smaller_than_a_window(self, loss):
        prediction, target, _ = maps((1, 1, 10, 30))
        with pytest.raises(ValueError, match="window is 11 for an image"):
            loss(prediction, target)


@pytest.mark.parametrize("weight", [-0.1, math.nan])
def test_weight_must_not_be_negative(weight):
    prediction, target, _ = maps()
    for loss in (densedepth_loss, densedepth_parts):
        with pytest.raises(ValueError, match="weight is"):
            loss(prediction, target, weight=weight)


@pytest.mark.parametrize("value", [0, -25.0, math.nan])
def test_range_must_be_positive(value):
    prediction, target, _ = maps()
    for loss in (densedepth_loss, ssim_loss):
        with pytest.raises(ValueError, match="data_range is"):
            loss(prediction, target, data_range=value)
