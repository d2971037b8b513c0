"""Sharpness measures against SciPy, brute force and known maps."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import depthlib.metrics.inputs as inputs
from depthlib.metrics import (
    edge_f1,
    edge_f1_ranges,
    edge_scores,
    gradient_ratio,
    high_frequency_ratio,
    spectral_slope,
)


def maps(seed, batch=3, height=9, width=11, dtype=np.float64):
    """Piecewise constant maps with a little noise, and a mask with holes."""
    rng = np.random.default_rng(seed)
    shape = (batch, 1, height, width)
    coarse = rng.choice([1.0, 1.2, 3.0], (batch, 1, 3, 4))
    y = coarse.repeat(3, 2).repeat(3, 3)[..., :width]
    p = y + rng.normal(0, 0.1, shape)
    mask = rng.random(shape) < 0.95
    mask[..., :3, :3] = True
    return p.astype(dtype), y.astype(dtype), mask


def sobel(image):
    return np.hypot(ndimage.sobel(image, 0), ndimage.sobel(image, 1))


def counted(mask):
    return ndimage.minimum_filter(mask, 3, mode="constant", cval=True)


@given(st.integers(0, 2**31), st.booleans())
def test_edges_agree_with_scipy(seed, masked):
    p, y, mask = maps(seed)
    f1, precision, recall, ratio = [], [], [], []
    for i in range(len(p)):
        keep = counted(mask[i, 0]) if masked else np.ones((9, 11), bool)
        found, true = sobel(p[i, 0])[keep], sobel(y[i, 0])[keep]
        ratio.append(found.mean() / true.mean() if true.any() else None)
        found, true = found > 0.5, true > 0.5
        both = (found & true).sum()
        empty = 1.0 if not found.any() and not true.any() else 0.0
        precision.append(both / found.sum() if found.any() else empty)
        recall.append(both / true.sum() if true.any() else empty)
        total = precision[-1] + recall[-1]
        f1.append(2 * precision[-1] * recall[-1] / total if total else 0.0)
    mask = mask if masked else None
    rows = edge_scores(p, y, mask, average="none")
    np.testing.assert_allclose(rows["f1"], f1, rtol=1e-12)
    np.testing.assert_allclose(rows["precision"], precision, rtol=1e-12)
    np.testing.assert_allclose(rows["recall"], recall, rtol=1e-12)
    assert edge_f1(p, y, mask) == pytest.approx(np.mean(f1))
    if None in ratio:
        with pytest.raises(ValueError, match=f"image {ratio.index(None)} "):
            gradient_ratio(p, y, mask)
    else:
        assert gradient_ratio(p, y, mask) == pytest.approx(np.mean(ratio))


@given(st.integers(0, 2**31), st.booleans())
def test_edges_by_range_agree_with_scipy(seed, masked):
    p, y, mask = maps(seed)
    mask = mask if masked else np.ones_like(mask)
    expected = []
    for i in range(len(p)):
        keep = counted(mask[i, 0])
        front = ndimage.minimum_filter(y[i, 0], 3, mode="nearest")
        low, high = np.quantile(front[keep], [1 / 3, 2 / 3])
        for third in (
            front <= low,
            (front > low) & (front <= high),
            front > high,
        ):
            found, true = (sobel(x[i, 0]) > 0.5 for x in (p, y))
            found, true = (x & keep & third for x in (found, true))
            total = found.sum() + true.sum()
            both = (found & true).sum()
            expected.append(2 * both / total if total else 1.0)
    rows = edge_f1_ranges(p, y, mask, average="none")
    assert list(rows) == ["near", "middle", "far"]
    found = np.stack(list(rows.values()), 1).ravel()
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    means = edge_f1_ranges(p, y, mask)
    assert means["far"] == pytest.approx(np.mean(expected[2::3]))


def test_a_lost_outline_is_missed_where_its_front_surface_is():
    """A box 2 m away before a wall at 6 m and a floor between."""
    y = torch.full((1, 1, 12, 12), 6.0)
    y[..., 8:, :] = 4
    y[..., 2:6, 2:6] = 2
    lost = y.clone()
    lost[..., 2:6, 2:6] = 6
    scores = edge_f1_ranges(lost, y)
    assert scores["near"] < 0.7 and scores["far"] == 1
    assert edge_f1_ranges(y, y) == {"near": 1.0, "middle": 1.0, "far": 1.0}


def test_equal_maps_and_flat_maps_agree():
    _, y, _ = maps(1)
    flat = np.full_like(y, 4.0)
    assert edge_f1(y, y) == 1.0 and edge_f1(flat, flat) == 1.0
    lost = edge_scores(flat, y)
    assert lost == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    made_up = edge_scores(y, flat)
    assert made_up == {"precision": 0.0, "recall": 0.0, "f1": 0.0}


def test_the_sobel_filter_is_in_metres_and_not_normalised():
    """A step of h metres has magnitude 4 h: seen from 0.125 m on."""
    step = torch.ones(1, 1, 5, 6, dtype=torch.float64)
    step[..., 3:] += 0.125
    assert edge_f1(step, torch.ones_like(step)) == 1.0  # 0.5 is not above
    assert edge_f1(step + (step > 1) * 1e-6, torch.ones_like(step)) == 0.0
    assert edge_f1(step, torch.ones_like(step), threshold=0.4) == 0.0


def test_an_edge_one_pixel_aside_counts_only_where_bands_overlap():
    y = torch.ones(1, 1, 6, 12)
    y[..., 6:] = 2
    p = y.roll(1, -1)
    p[..., 0] = 1
    # Bands of two columns that share one.
    assert edge_scores(p, y) == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert gradient_ratio(p, y) == 1.0


def test_a_hole_is_not_an_edge():
    y = torch.full((1, 1, 8, 8), 3.0)
    holed, mask = y.clone(), torch.ones_like(y, dtype=torch.bool)
    holed[0, 0, 4, 4], mask[0, 0, 4, 4] = 0, False
    assert edge_f1(y, holed) == 0.0
    assert edge_f1(y, holed, mask) == 1.0
    holed[0, 0, 4, 4] = float("nan")
    assert edge_f1(y, holed, mask) == 1.0


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_gradient_ratio_is_the_scale_of_the_relief(factor):
    p, _, _ = maps(2)
    assert gradient_ratio(factor * p + 7, p) == pytest.approx(factor)
    assert gradient_ratio(np.ones_like(p), p) == 0.0


def test_blur_lowers_and_noise_raises_sharpness():
    rng = np.random.default_rng(0)
    y = ndimage.gaussian_filter(rng.normal(0, 1, (1, 1, 32, 40)), (0, 0, 1, 1))
    blurred = ndimage.gaussian_filter(y, (0, 0, 2, 2))
    rough = y + rng.normal(0, 0.2, y.shape)
    for measure in (gradient_ratio, high_frequency_ratio):
        assert measure(blurred, y) < 0.7
        assert measure(y, y) == pytest.approx(1.0)
        assert measure(rough, y) > 1.1


def test_high_frequency_ratio_by_brute_force():
    p, y = np.random.default_rng(4).uniform(1, 9, (2, 2, 1, 8, 9))

    def share(image):
        taper = np.outer(np.hanning(len(image)), np.hanning(image.shape[1]))
        image = (image - (image * taper).sum() / taper.sum()) * taper
        v, u = np.indices(image.shape)
        fine = total = 0.0
        for a, b in np.ndindex(*image.shape):
            wave = np.exp(-2j * np.pi * (a * v / 8 + b * u / 9))
            power = abs((image * wave).sum()) ** 2
            f = np.hypot(min(a, 8 - a) / 8, min(b, 9 - b) / 9)
            total += power
            fine += power * (f > 0.2)
        return fine / total

    expected = [share(p[i, 0]) / share(y[i, 0]) for i in range(2)]
    found = high_frequency_ratio(p, y, 0.2, average="none")
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0, 3.5])
def test_the_spectral_slope_of_noise_that_was_made_with_it(power):
    rng = np.random.default_rng(1)
    shape = (64, 64)
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(64), np.fft.fftfreq(64)))
    f[0, 0] = 1
    noise = np.fft.fft2(rng.normal(size=(20, 1, *shape)))
    made = np.fft.ifft2(noise * f ** (-power / 2)).real
    assert spectral_slope(made).shape == (20,)
    assert spectral_slope(made).mean().item() == pytest.approx(
        -power, abs=0.25
    )
    assert torch.allclose(spectral_slope(5 * made + 3), spectral_slope(made))


def test_blur_makes_the_slope_steeper():
    p = np.random.default_rng(3).normal(size=(3, 1, 16, 24))
    soft = ndimage.gaussian_filter(p, (0, 0, 1, 1))
    assert (spectral_slope(soft) < spectral_slope(p) - 0.5).all()
    with pytest.raises(ValueError, match="constant map"):
        spectral_slope(np.ones((1, 1, 8, 8)))
    with pytest.raises(ValueError, match="at least 8 x 8"):
        spectral_slope(p[..., :4])


def test_high_frequency_ratio_ignores_scale_and_mean():
    p, y, _ = maps(5)
    assert high_frequency_ratio(3 * p + 1, y) == pytest.approx(
        high_frequency_ratio(p, y)
    )
    assert high_frequency_ratio(np.ones_like(y), y) < 1e-9


def test_chunks_do_not_change_the_values(monkeypatch):
    p, y, mask = maps(6, batch=5)
    measures = (
        lambda: edge_f1(p, y, mask, average="none"),
        lambda: gradient_ratio(p, y, mask, average="none"),
        lambda: high_frequency_ratio(p, y, average="none"),
    )
    before = [m() for m in measures]
    monkeypatch.setattr(inputs, "CHUNK_PIXELS", 2 * 99)
    for m, values in zip(measures, before, strict=True):
        torch.testing.assert_close(m(), values, rtol=1e-12, atol=0)


def test_bad_input():
    p, y, mask = maps(7)
    with pytest.raises(ValueError, match="prediction has shape"):
        edge_f1(p[:2], y)
    broken = p.copy()
    broken[1, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="prediction 1 holds NaN"):
        edge_f1(broken, y)
    with pytest.raises(ValueError, match="target 1 holds NaN"):
        gradient_ratio(p, broken)
    sparse = mask.copy()
    sparse[2, :, ::2] = False
    with pytest.raises(ValueError, match="image 2 has no pixel whose 3 x 3"):
        edge_f1(p, y, sparse)
    flat = np.ones_like(y)
    with pytest.raises(ValueError, match="image 0 has no gradient"):
        gradient_ratio(p, flat)
    with pytest.raises(ValueError, match="image 0 has no fine detail"):
        high_frequency_ratio(p, flat)
    with pytest.raises(ValueError, match="average is 'pixel'"):
        edge_f1(p, y, average="pixel")
