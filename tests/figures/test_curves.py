"""Curves: seeds always visible, intervals only from five seeds on."""

import numpy as np
import pandas as pd
import pytest

from depthlib.experiments.statistics import t_interval
from depthlib.figures import convergence_plot, curve_plot
from depthlib.figures.curves import count, ordered
from depthlib.figures.style import LOSSES

SAMPLES = [0, 100, 200]


@pytest.fixture
def runs():
    rng = np.random.default_rng(0)
    rows = [
        {
            "loss": loss,
            "n_train": n,
            "seed": seed,
            "abs_rel": 0.3 + 0.1 * rng.random(),
            "curve": {"samples": SAMPLES, "abs_rel": list(rng.random(3))},
        }
        for loss, seeds in (("lsgan", 5), ("l1", 5), ("berhu", 3))
        for n in (100, 1000)
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows)


def lines(axis, colour):
    return [line for line in axis.lines if line.get_color() == colour]


def test_means_seeds_and_intervals(runs):
    axis = curve_plot(runs).axes[0]
    at = runs[(runs.loss == "l1") & (runs.n_train == 100)].abs_rel.to_numpy()
    mean, *points = lines(axis, LOSSES["l1"].colour)
    assert mean.get_ydata()[0] == pytest.approx(at.mean())
    np.testing.assert_allclose(points[0].get_ydata(), at)
    ranges = [segments.get_segments()[0] for segments in axis.collections]
    assert len(ranges) == 4, "two arms with five seeds at two sizes"
    expected = t_interval(at)
    low_high = [expected.low, expected.high]
    assert any(np.allclose(r[:, 1], low_high) for r in ranges)


def test_sizes_stand_at_their_logarithms(runs):
    axis = curve_plot(runs).axes[0]
    np.testing.assert_allclose(axis.get_xticks(), [2, 3])
    assert [t.get_text() for t in axis.get_xticklabels()] == ["100", "1k"]
    assert axis.get_ylabel() == "abs_rel ↓"
    assert axis.get_xlabel() == "training images"


def test_a_zero_among_the_values_is_placed_evenly(runs):
    runs["weight"] = runs["n_train"].map({100: 0.0, 1000: 10.0})
    axis = curve_plot(runs, x="weight").axes[0]
    np.testing.assert_allclose(axis.get_xticks(), [0, 1])


def test_legend_in_the_order_of_the_study(runs):
    labels = [t.get_text() for t in curve_plot(runs).legends[0].get_texts()]
    assert labels == ["L1", "berHu", "LSGAN + L1"]
    assert ordered(["b", "lsgan", "a", "l1"]) == ["l1", "lsgan", "a", "b"]


def test_baselines_are_drawn_and_named(runs):
    axis = curve_plot(runs, baselines={"global_median": 0.44}).axes[0]
    assert axis.lines[-1].get_ydata() == pytest.approx([0.44, 0.44])
    assert [t.get_text() for t in axis.texts] == ["global median"]


def test_convergence_draws_every_seed_and_the_mean(runs):
    part = runs[runs.n_train == 100]
    axis = convergence_plot(part).axes[0]
    drawn = lines(axis, LOSSES["berhu"].colour)
    assert len(drawn) == 4
    curves = [c["abs_rel"] for c in part[part.loss == "berhu"].curve]
    np.testing.assert_allclose(drawn[-1].get_ydata(), np.mean(curves, axis=0))


def test_convergence_averages_where_all_seeds_have_a_point(runs):
    part = runs[(runs.n_train == 100) & (runs.loss == "berhu")].copy()
    first = {"samples": [0, 200], "abs_rel": [1.0, 0.0]}
    part["curve"] = [first, *part["curve"].iloc[1:]]
    axis = convergence_plot(part).axes[0]
    assert list(axis.lines[-1].get_xdata()) == [0, 200]


def test_convergence_panels(runs):
    fig = convergence_plot(runs, panels="n_train")
    titles = [axis.get_title(loc="left") for axis in fig.axes]
    assert titles == ["100 training images", "1k training images"]


def test_convergence_takes_the_order_of_a_categorical(runs):
    part = runs[runs.n_train == 100].copy()
    order = ["lsgan", "l1", "berhu"]
    part["loss"] = pd.Categorical(part["loss"], order)
    fig = convergence_plot(part)
    shown = [text.get_text() for text in fig.legends[0].get_texts()]
    assert shown == [LOSSES[name].label for name in order]


def test_numbers_on_ticks():
    values = [100, 1000, 230_000, 2e6, 0.05, "patch"]
    words = ["100", "1k", "230k", "2M", "0.05", "patch"]
    assert [count(v) for v in values] == words


def test_bad_tables(runs):
    with pytest.raises(ValueError, match="no column rmse"):
        curve_plot(runs, "rmse")
    with pytest.raises(ValueError, match="run the experiment first"):
        curve_plot(runs[:0])
    with pytest.raises(ValueError, match="not 'delta1'"):
        convergence_plot(runs, "delta1")
