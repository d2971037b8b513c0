"""Areas, rankings and spreads against closed forms."""

import numpy as np
import pytest
from scipy import stats

from depthlib.experiments.curves import (
    area_under_curve,
    kendall_tau,
    spread_p_value,
    spread_ratio,
)


def test_area_is_the_mean_height():
    assert area_under_curve([0, 10], [2, 2]) == 2
    assert area_under_curve([0, 1, 3], [0, 1, 1]) == pytest.approx(2.5 / 3)


def test_area_weighs_long_stretches_more():
    fast = area_under_curve([0, 1, 10], [1, 0, 0])
    slow = area_under_curve([0, 9, 10], [1, 0, 0])
    assert fast < slow


@pytest.mark.parametrize("x", [[1], [1, 1], [2, 1]])
def test_area_needs_an_increasing_axis(x):
    with pytest.raises(ValueError, match="increasing x"):
        area_under_curve(x, [1.0] * len(x))


def test_kendall():
    assert kendall_tau([1, 2, 3], [10, 20, 30]) == 1
    assert kendall_tau([1, 2, 3], [3, 2, 1]) == -1
    assert kendall_tau([1, 2, 3], [2, 1, 3]) == pytest.approx(1 / 3)
    assert kendall_tau([1, 1, 1], [1, 2, 3]) == 0


def test_spread_is_the_f_interval():
    rng = np.random.default_rng(0)
    wide, narrow = 4 * rng.normal(size=8), rng.normal(size=6)
    found = spread_ratio(wide, narrow)
    ratio = wide.var(ddof=1) / narrow.var(ddof=1)
    bounds = stats.f.ppf([0.975, 0.025], 7, 5)
    assert found.mean == pytest.approx(np.log2(ratio) / 2)
    assert [found.low, found.high] == pytest.approx(
        np.log2(ratio / bounds) / 2
    )
    assert found.n == 6


def test_spread_p_value_matches_its_interval():
    rng = np.random.default_rng(0)
    wide, narrow = 4 * rng.normal(size=8), rng.normal(size=6)
    found = spread_ratio(wide, narrow)
    assert spread_p_value(wide, narrow, found.low) == pytest.approx(0.05)
    assert spread_p_value(wide, narrow, found.high) == pytest.approx(0.05)


def test_spread_needs_spread():
    with pytest.raises(ValueError, match="two or more different seeds"):
        spread_ratio([1.0, 1.0], [1.0, 2.0])
