"""Intervals, corrections and bootstraps against closed forms and scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from depthlib.experiments.statistics import (
    coverage,
    hierarchical_bootstrap,
    holm,
    paired_difference,
    per_seed,
    percentile_bootstrap,
    probability_of_improvement,
    seeds_needed,
    t_interval,
    t_p_value,
)

VALUES = [0.1, 0.3, 0.2, 0.5, 0.4]
samples = st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=8)


def test_t_interval_agrees_with_scipy():
    ours = t_interval(VALUES, level=0.9)
    low, high = stats.ttest_1samp(VALUES, 0).confidence_interval(0.9)
    assert (ours.low, ours.high) == pytest.approx((low, high))
    assert (ours.mean, ours.n) == (pytest.approx(0.3), 5)
    assert ours.points == pytest.approx(VALUES)


def test_few_seeds_are_named_one_by_one():
    few = t_interval([-0.1, 0.02])
    assert few.words() == "\N{MINUS SIGN}10.0%, +2.0%"
    assert few.words(".2f") == "\N{MINUS SIGN}0.10, 0.02"
    assert t_interval(VALUES).words() == "+30.0% [+10.4%, +49.6%]"


@pytest.mark.parametrize(
    ("values", "side", "end"),
    [
        (VALUES, 1, "], more error"),
        ([-v for v in VALUES], -1, "], less error"),
        ([-0.1, 0.3, -0.2, 0.1, 0.0], 0, "], no change that can be told"),
        ([0.1, 0.11], 0, "+11.0%, 2 seeds, no interval"),
        ([-0.1], 0, "10.0%, 1 seed, no interval"),
    ],
)
def test_what_a_change_of_an_error_says(values, side, end):
    change = t_interval(values)
    assert change.side == side
    assert change.error_words().startswith(change.words())
    assert change.error_words().endswith(end)


def test_images_are_averaged_before_seeds_are_counted():
    """Two hundred images of three seeds are three values, not 600."""
    images = np.random.default_rng(0).normal(size=(3, 200))
    assert t_interval(images) == t_interval(images.mean(axis=1))
    assert t_interval(images).n == 3


def test_one_seed_has_no_interval():
    one = t_interval([0.4])
    assert one.mean == 0.4
    assert np.isnan([one.low, one.high]).all()
    assert t_p_value([0.4]) == 1


def test_p_value_agrees_with_scipy():
    ours = t_p_value(VALUES, against=0.1)
    assert ours == pytest.approx(stats.ttest_1samp(VALUES, 0.1).pvalue)


@given(samples, st.floats(-1, 1))
def test_p_value_and_interval_say_the_same(values, against):
    """p < 0.05 exactly where the 95 % interval excludes the value."""
    interval = t_interval(values)
    edge = min(abs(interval.low - against), abs(interval.high - against))
    if edge > 1e-6:
        outside = not interval.low <= against <= interval.high
        assert (t_p_value(values, against) < 0.05) == outside


def test_no_spread_between_seeds():
    assert t_p_value([0.2, 0.2, 0.2], 0.2) == 1
    assert t_p_value([0.2, 0.2, 0.2], 0.1) == 0


def test_pairing_takes_common_seeds_and_means_over_images():
    arm = {0: [1.0, 3.0], 1: [2.0, 2.0], 7: [9.0, 9.0]}
    reference = {1: [1.0, 1.5], 0: [1.0, 1.0], 8: [0.0, 0.0]}
    interval, p = paired_difference(arm, reference)
    assert interval.points == (1.0, 0.75)
    assert p == pytest.approx(stats.ttest_1samp([1.0, 0.75], 0).pvalue)


def test_pairing_removes_what_seeds_share():
    """A common shift per seed widens each arm, not their difference."""
    shift = np.array([0.0, 5.0, -3.0, 2.0, 8.0])
    arm = dict(enumerate(shift + np.array([1, 1.1, 0.9, 1, 1])))
    interval, p = paired_difference(arm, dict(enumerate(shift)))
    assert interval.low > 0.9 and interval.high < 1.1
    assert p < 1e-4
    assert t_interval(list(arm.values())).low < 0


def test_pairing_needs_a_common_seed():
    with pytest.raises(ValueError, match="at least one in common"):
        paired_difference({0: 1.0}, {1: 1.0})


def test_holm_by_hand():
    """Smallest times 4, next times 3, ..., never decreasing."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx(
        [0.03, 0.06, 0.06, 0.02]
    )
    assert holm([0.9, 0.8]).tolist() == [1, 1]
    assert holm([]).size == 0
    assert holm([0.03]) == pytest.approx([0.03])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_raw_and_bonferroni(p):
    adjusted = holm(p)
    p = np.array(p)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(p * len(p), 1) + 1e-12).all()
    order = np.argsort(p)
    assert (np.diff(adjusted[order]) >= 0).all()


def test_holm_keeps_the_family_error_below_five_percent():
    """Ten true null hypotheses: any rejection in at most 5 % of trials."""
    p = np.random.default_rng(0).uniform(size=(2000, 10))
    any_false = np.mean([holm(row).min() < 0.05 for row in p])
    assert 0.03 < any_false < 0.065
    assert np.mean(p.min(axis=1) < 0.05) > 0.35


def test_probability_of_improvement_is_wilsons():
    ours = probability_of_improvement([1.0, 2.0, -1.0, 0.5, 0.1])
    wilson = stats.binomtest(4, 5).proportion_ci(method="wilson")
    assert ours.mean == 0.8
    assert (ours.low, ours.high) == pytest.approx((wilson.low, wilson.high))


def test_all_seeds_agree_and_yet_nothing_is_certain():
    ours = probability_of_improvement([1.0] * 5)
    assert ours.mean == 1 and ours.high == 1
    assert ours.low == pytest.approx(0.5655, abs=1e-4)
    assert probability_of_improvement([0.0, 0.0]).mean == 0.5


def test_seeds_needed_is_the_smallest_that_excludes():
    """Distance and spread equal: 4.3 errors at n = 7, t(6) = 2.45."""
    n = seeds_needed(spread=1.0, distance=1.0)
    assert stats.t.ppf(0.975, n - 1) / np.sqrt(n) < 1
    assert stats.t.ppf(0.975, n - 2) / np.sqrt(n - 1) >= 1
    assert seeds_needed(1e-9, 1.0) == 5
    assert seeds_needed(1.0, 0.0) is None
    assert seeds_needed(1.0, 1.0, alpha=0.001) > n


def test_coverage_of_t_is_nominal_and_of_the_bootstrap_is_not():
    """With five seeds t holds its 95 %; the percentile bootstrap fails."""
    assert coverage(t_interval, seeds=5, trials=2000) == pytest.approx(
        0.95, abs=0.015
    )
    assert 0.74 < coverage(percentile_bootstrap, seeds=5) < 0.87
    assert 0.6 < coverage(percentile_bootstrap, seeds=3) < 0.78


def test_bootstraps_are_seeded():
    values = np.random.default_rng(0).normal(size=(10, 20))
    first = hierarchical_bootstrap(values, resamples=200, seed=3)
    assert first == hierarchical_bootstrap(values, resamples=200, seed=3)
    assert first != hierarchical_bootstrap(values, resamples=200, seed=4)
    assert first.low < first.mean < first.high
    assert first.n == 10


def test_hierarchical_bootstrap_counts_seeds_not_images():
    """Many images do not narrow what comes from ten different seeds."""
    shift = np.random.default_rng(0).normal(size=(10, 1))
    values = shift + np.zeros((10, 1000))
    width = lambda i: i.high - i.low  # noqa: E731
    seeds_only = percentile_bootstrap(shift[:, 0], resamples=2000)
    both = hierarchical_bootstrap(values, resamples=500)
    assert width(both) == pytest.approx(width(seeds_only), rel=0.15)


def test_hierarchical_bootstrap_is_refused_below_ten_seeds():
    with pytest.raises(ValueError, match="9 seeds"):
        hierarchical_bootstrap(np.zeros((9, 5)))
    with pytest.raises(ValueError, match="seeds, images"):
        hierarchical_bootstrap(np.zeros(12))


@pytest.mark.parametrize("bad", [[], [[[1.0]]], [1.0, np.nan], [np.inf]])
def test_bad_values_are_named(bad):
    with pytest.raises(ValueError, match="values"):
        per_seed(bad)
