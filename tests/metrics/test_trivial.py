"""Predictors that see nothing, against NumPy's medians."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import depthlib.metrics.trivial as trivial
from depthlib.metrics import depth_metrics, trivial_predictors


def training_set(seed, count, height=4, width=5):
    rng = np.random.default_rng(seed)
    shape = (count, 1, height, width)
    depths = rng.uniform(0.5, 9, shape)
    depths[rng.random(shape) < 0.2] = 0
    depths[rng.random(shape) < 0.05] = np.nan
    depths[0, 0, 0, 0] = 2.0
    return depths, rng.random(shape) < 0.8


@given(st.integers(0, 2**31), st.integers(1, 8), st.booleans())
def test_medians_are_numpys(seed, count, masked):
    depths, masks = training_set(seed, count)
    masks[0, 0, 0, 0] = True
    valid = np.isfinite(depths) & (depths > 0)
    valid &= masks if masked else True
    best = trivial_predictors(depths, masks if masked else None)
    middle = np.median(depths[valid])
    assert best["global_median"].ndim == 0
    assert float(best["global_median"]) == pytest.approx(middle)
    assert best["pixel_median"].shape == (1, 4, 5)
    for v, u in np.ndindex(4, 5):
        own = depths[:, 0, v, u][valid[:, 0, v, u]]
        expected = np.median(own) if len(own) else middle
        assert float(best["pixel_median"][0, v, u]) == pytest.approx(expected)


def test_rows_in_chunks_give_the_same(monkeypatch):
    depths, masks = training_set(3, 7)
    before = trivial_predictors(depths, masks)["pixel_median"]
    monkeypatch.setattr(trivial, "CHUNK_VALUES", 1)
    after = trivial_predictors(depths, masks)["pixel_median"]
    assert torch.equal(before, after)


def test_no_constant_has_a_smaller_absolute_error():
    depths = torch.rand(9, 1, 4, 5) * 8 + 1
    best = trivial_predictors(depths)
    error = (depths - best["global_median"]).abs().mean()
    for other in torch.linspace(1, 9, 30):
        assert error <= (depths - other).abs().mean() + 1e-6
    per_pixel = (depths - best["pixel_median"]).abs().mean()
    assert per_pixel < error


def test_both_can_be_scored_like_a_network():
    depths = torch.rand(6, 1, 4, 5) * 8 + 1
    for value in trivial_predictors(depths).values():
        scores = depth_metrics(value.expand_as(depths), depths)
        assert 0 < scores["abs_rel"] < 2


def test_bad_training_sets():
    with pytest.raises(ValueError, match="holds no known depth"):
        trivial_predictors(torch.zeros(2, 1, 3, 3))
    with pytest.raises(ValueError, match="mask is torch.bool of shape"):
        trivial_predictors(torch.ones(2, 1, 3, 3), torch.ones(3, 3) > 0)
    with pytest.raises(ValueError, match="train_depths is torch.uint16"):
        trivial_predictors(np.ones((2, 3, 3), np.uint16))
    with pytest.raises(ValueError, match="train_depths has shape"):
        trivial_predictors(torch.ones(2, 3, 3, 3))
