"""Curves along an axis and rankings, against closed forms."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from depthlib.experiments.curves import (
    area_under_curve,
    crossing_point,
    kendall_tau,
    mean_rank,
    monotone_steps,
    rank_table,
    spread_p_value,
    spread_ratio,
)

SIZES = [100, 1000, 10_000]


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


def test_monotone_names_its_weakest_step():
    values = [[1.0, 0.5, 0.45], [2.0, 1.0, 0.9], [1.0, 0.5, 0.45]]
    steps = monotone_steps(SIZES, values)
    assert [s.mean for s in steps.steps] == pytest.approx([0.5, 0.1])
    assert steps.weakest.mean == pytest.approx(0.1)
    worse = monotone_steps(SIZES, values, lower_is_better=False)
    assert worse.weakest.mean == pytest.approx(-0.5)


def test_crossing_of_two_lines():
    """Equal at 1000 by construction; the interval holds it."""
    rng = np.random.default_rng(0)
    flat = np.ones((5, 3))
    falling = np.array([1.2, 1.0, 0.8]) + 0.01 * rng.normal(size=(5, 3))
    crossing = crossing_point(SIZES, falling, flat)
    assert crossing.low < 1000 < crossing.high
    assert crossing.mean == pytest.approx(1000, rel=0.1)
    assert crossing.low > 800 and crossing.high < 1250
    assert crossing.n == 5


def test_crossing_outside_the_sizes_is_none():
    apart = crossing_point(SIZES, np.ones((5, 3)) + 1, np.ones((5, 3)))
    assert np.isnan([apart.mean, apart.low, apart.high]).all()


def test_crossing_that_the_seeds_do_not_bound():
    noise = np.random.default_rng(1).normal(size=(5, 3))
    vague = crossing_point(SIZES, noise, -noise)
    assert vague.low == -np.inf and vague.high == np.inf


def test_crossing_interval_covers():
    """Its 95 % interval holds the true crossing about 95 % of the time."""
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(150):
        line = np.array([0.2, 0.0, -0.2]) + 0.1 * rng.normal(size=(5, 3))
        found = crossing_point(SIZES, line, np.zeros((5, 3)))
        hits += found.low <= 1000 <= found.high
    assert 0.9 <= hits / 150 <= 0.99


def test_axis_and_values_must_fit():
    with pytest.raises(ValueError, match="values has shape"):
        monotone_steps([1, 2], np.ones((3, 3)))


def test_kendall():
    assert kendall_tau([1, 2, 3], [10, 20, 30]) == 1
    assert kendall_tau([1, 2, 3], [3, 2, 1]) == -1
    assert kendall_tau([1, 2, 3], [2, 1, 3]) == pytest.approx(1 / 3)
    assert kendall_tau([1, 1, 1], [1, 2, 3]) == 0


@pytest.fixture
def runs():
    rows = [
        {"loss": loss, "n_train": n, "seed": seed, "rmse": base + 0.01 * seed}
        for loss, base in {"l1": 1.0, "l2": 2.0, "gan": 1.5}.items()
        for n in (100, 1000)
        for seed in range(3)
    ]
    return pd.DataFrame(rows)


def test_rank_table_ranks_within_each_cell(runs):
    table = rank_table(runs, "rmse")
    assert table.shape == (6, 3)
    assert (table["l1"] == 1).all() and (table["l2"] == 3).all()
    reverse = rank_table(runs, "rmse", lower_is_better=False)
    assert (reverse["l2"] == 1).all()


def test_rank_table_leaves_out_incomplete_cells(runs):
    fewer = runs[~((runs["loss"] == "l2") & (runs["seed"] == 2))]
    assert len(rank_table(fewer, "rmse")) == 4


def test_rank_table_refuses_two_runs_of_one_arm(runs):
    with pytest.raises(ValueError, match="two runs of one loss"):
        rank_table(pd.concat([runs, runs.head(1)]), "rmse")


def test_mean_rank_has_one_value_per_seed(runs):
    runs.loc[(runs["loss"] == "gan") & (runs["seed"] == 0), "rmse"] = 0.5
    ranks = mean_rank(rank_table(runs, "rmse"))
    assert ranks["l1"].points == (2, 1, 1)
    assert ranks["l2"].mean == 3


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
