"""Bounds: never wrong on real rows, never silent on impossible ones."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from depthlib.metrics import BOUNDS, METRICS, check_bounds, depth_metrics

LOW, HIGH = 0.5, 10.0
LIMITS = {"min_depth": LOW, "max_depth": HIGH, "largest_ratio": HIGH / LOW}


def random_maps(seed):
    """Predictions of every kind of wrongness, three images."""
    rng = np.random.default_rng(seed)
    shape = (3, 1, 3, 4)
    y = LOW * (HIGH / LOW) ** rng.uniform(0.001, 0.999, shape)
    if rng.random() < 0.2:
        y[:] = rng.choice([0.5001, 2.0, 9.999])  # where bounds are sharp
    spread = rng.choice([0.0, 0.01, 0.3, 1.5, 5.0], (3, 1, 1, 1))
    shift = rng.choice([-3, -0.223143551, 0, 0.223143551, 3], (3, 1, 1, 1))
    log_error = rng.normal(0, 1, shape) * spread + shift
    kind = rng.integers(4)
    if kind == 1:
        log_error = -np.abs(log_error)  # under-estimates only
    elif kind == 2:
        log_error[rng.random(shape) < 0.8] = 0  # few outliers
    elif kind == 3:
        # All errors on the thresholds.
        log_error = np.round(log_error / np.log(1.25)) * np.log(1.25)
    return torch.from_numpy(y * np.exp(log_error)), torch.from_numpy(y)


@given(st.integers(0, 2**31))
@settings(max_examples=1500)
def test_every_computed_row_passes(seed):
    p, y = random_maps(seed)
    for averaging in ("image", "pixel"):
        row = depth_metrics(
            p, y, min_depth=LOW, max_depth=HIGH, average=averaging
        )
        assert check_bounds(row, averaging, **LIMITS) == []
        # As a paper would print it.
        printed = {
            k: round(v, 2 if k == "silog" else 3) for k, v in row.items()
        }
        half = dict.fromkeys(METRICS, 0.0005) | {"silog": 0.005}
        assert check_bounds(printed, averaging, **LIMITS, half_unit=half) == []


def test_each_bound_is_reached_or_broken_by_some_row():
    """A corrupted row for each bound: none of them is dead."""
    good = {
        "abs_rel": 0.12, "sq_rel": 0.08, "rmse": 0.5, "rmse_log": 0.17,
        "log10": 0.05, "silog": 15.0,
        "delta1": 0.85, "delta2": 0.96, "delta3": 0.99,
    }  # fmt: skip
    assert check_bounds(good, "pixel", **LIMITS) == []
    corrupted = {
        "B0": {"delta1": 0.97},
        "B1": {"abs_rel": 0.03},
        "B2": {"log10": 0.01},
        "B3p": {"rmse_log": 0.11, "silog": 1.0},
        "B3i": {"rmse_log": 0.04, "silog": 1.0},
        "B4": {"log10": 0.08},
        "B5p": {"abs_rel": 0.1},
        "B6": {"abs_rel": 0.03},
        "B7": {"sq_rel": 0.02},
        "B8p": {"sq_rel": 0.6},
        "B9p": {"sq_rel": 0.8},
        "B10": {"sq_rel": 0.005},
        "B11": {"rmse": 0.05},
        "silog": {"silog": 18.0},
    }
    assert set(corrupted) == {bound.name for bound in BOUNDS}
    for name, change in corrupted.items():
        broken = check_bounds({**good, **change}, "pixel", **LIMITS)
        assert name in {v.name for v in broken}, name
        assert all(v.left > v.right for v in broken)


def test_percent_for_shares_is_noticed():
    row = {"delta1": 85.0, "delta2": 96.0, "delta3": 99.0}
    assert [v.statement for v in check_bounds(row)] == ["delta3 <= 1"]


# --- published rows ----------------------------------------------------------

# Chen et al. (2018), Table 3, their own U-Net on KITTI.
UNET_KITTI = {
    "abs_rel": 0.097, "rmse_log": 0.158,
    "delta1": 0.626, "delta2": 0.832, "delta3": 0.902,
}  # fmt: skip
# Liu et al. (2019), Table 4, baseline.
AVCL_BASELINE = {
    "abs_rel": 0.119, "log10": 0.062, "rmse": 0.523, "rmse_log": 0.185,
    "delta1": 0.817, "delta2": 0.951, "delta3": 0.987,
}  # fmt: skip


def test_the_kitti_unet_row_is_impossible_under_any_averaging():
    image = check_bounds(UNET_KITTI, "image", half_unit=0.0005)
    pixel = check_bounds(UNET_KITTI, "pixel", half_unit=0.0005)
    assert [v.name for v in image] == ["B1"]
    assert [v.name for v in pixel] == ["B1", "B3p"]
    assert image[0].left == pytest.approx(0.114224)
    assert image[0].right == 0.097
    assert "0.114224 exceeds 0.097" in str(image[0])
    assert pixel[1].left == pytest.approx(0.261, abs=5e-4)


def test_the_avcl_baseline_is_impossible_only_if_pixels_are_pooled():
    pixel = check_bounds(AVCL_BASELINE, "pixel", half_unit=0.0005)
    assert [v.name for v in pixel] == ["B5p"]
    assert check_bounds(AVCL_BASELINE, "image", half_unit=0.0005) == []


def test_rounding_is_given_the_benefit_of_the_doubt():
    row = {"abs_rel": 0.10, "delta1": 0.475, "delta2": 1.0, "delta3": 1.0}
    assert [v.name for v in check_bounds(row)] == ["B1"]
    assert check_bounds(row, half_unit={"abs_rel": 0.005}) == []
    assert check_bounds(row, half_unit={"delta1": 0.025}) == []
    assert [v.name for v in check_bounds(row, half_unit=0.001)] == ["B1"]


# --- why some bounds are for pooled pixels only ------------------------------


def mean_over_images(p, y):
    p, y = (
        torch.tensor(x, dtype=torch.float64).view(-1, 1, 1, 2) for x in (p, y)
    )
    return depth_metrics(p, y, min_depth=1.0, max_depth=100.0)


@pytest.mark.parametrize("name", ["B3p", "B5p", "B8p", "B9p"])
def test_means_over_images_do_break_the_pooled_bounds(name):
    """One bad image among good ones: the marks are needed."""
    y = [[8.0, 8.0]] * 10 if name == "B5p" else [[1.01, 1.01]] * 10
    p = [list(row) for row in y]
    p[0] = [1.0, 1.0] if name == "B5p" else [2.02, 2.02]
    row = mean_over_images(p, y)
    limits = {"min_depth": 1.0, "max_depth": 100.0, "largest_ratio": 2.1}
    if name == "B5p":
        limits["largest_ratio"] = 100.0
    broken = check_bounds(row, "pixel", **limits)
    assert name in {v.name for v in broken}
    assert check_bounds(row, "image", **limits) == []


# --- incomplete rows and bad options -----------------------------------------


def test_missing_entries_and_limits_skip_their_bounds():
    assert check_bounds({}) == []
    row = {"abs_rel": 0.05, "delta1": 0.5, "delta2": None, "delta3": 0.9}
    assert check_bounds(row) == []
    assert check_bounds({**row, "delta2": float("nan")}) == []
    assert check_bounds({"abs_rel": 0.5, "rmse": 0.01}) == []
    broken = check_bounds({"abs_rel": 0.5, "rmse": 0.01}, min_depth=0.5)
    assert [v.name for v in broken] == ["B11"]


def test_bad_options():
    with pytest.raises(ValueError, match="averaging is 'none'"):
        check_bounds({}, "none")
    with pytest.raises(ValueError, match="largest_ratio is 1"):
        check_bounds({}, largest_ratio=1.0)
