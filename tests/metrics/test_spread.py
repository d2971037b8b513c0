"""Where an error lies: against sums written out by hand."""

import math

import numpy as np
import pytest
import torch

from depthlib.metrics import bin_errors, bin_spread, scale_share


@pytest.fixture
def maps():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.5, 9, (3, 1, 7, 5))
    guess = truth * np.exp(rng.normal(0.2, 0.3, truth.shape))
    mask = rng.uniform(size=truth.shape) < 0.8
    return guess, truth, mask


def test_scale_share_is_the_squared_mean_over_the_mean_square(maps):
    guess, truth, mask = maps
    above = below = 0.0
    for g, t, m in zip(guess, truth, mask, strict=True):
        d = np.log(g[m]) - np.log(t[m])
        above += d.mean() ** 2
        below += (d**2).mean()
    assert scale_share(guess, truth, mask) == pytest.approx(above / below)


def test_a_factor_is_all_scale_and_a_balanced_error_none():
    truth = torch.tensor([[1.0, 2, 3, 4]])
    assert scale_share(truth * 0.7, truth) == pytest.approx(1)
    wave = torch.tensor([[1.1, 1 / 1.1, 1.1, 1 / 1.1]])
    assert scale_share(truth * wave, truth) == pytest.approx(0, abs=1e-12)
    assert scale_share(truth, truth) == 0


def test_bins_hold_the_pixels_of_their_range(maps):
    guess, truth, mask = maps
    edges = (0.5, 2, 5, 9, 12)
    found = bin_errors(guess, truth, mask, edges=edges)
    for k in range(3):
        inside = mask & (truth >= edges[k]) & (truth < edges[k + 1])
        relative = np.abs(guess - truth)[inside] / truth[inside]
        assert found[k] == pytest.approx(relative.mean())
    assert math.isnan(found[3])
    kept = found[:3]
    spread = bin_spread(guess, truth, mask, edges=edges)
    assert spread == pytest.approx(max(kept) / min(kept))


def test_unknown_pixels_are_harmless(maps):
    guess, truth, mask = maps
    dirty = np.where(mask, truth, np.nan), np.where(mask, guess, -1)
    assert scale_share(dirty[1], dirty[0], mask) == pytest.approx(
        scale_share(guess, truth, mask)
    )
    assert bin_spread(dirty[1], dirty[0], mask) == pytest.approx(
        bin_spread(guess, truth, mask)
    )


def test_what_cannot_be_measured_is_said():
    truth = torch.ones(1, 4)
    with pytest.raises(ValueError, match="not above 0"):
        scale_share(truth - 1, truth)
    with pytest.raises(ValueError, match="image 0 has no valid pixel"):
        scale_share(truth, truth * 0)
    with pytest.raises(ValueError, match="rising"):
        bin_errors(truth, truth, edges=(2, 1))
    with pytest.raises(ValueError, match="ratio"):
        bin_spread(truth, truth)
