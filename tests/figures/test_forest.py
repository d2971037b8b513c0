"""Forest plots: intervals, seeds and the numbers beside them."""

import pandas as pd
import pytest

from depthlib.experiments.statistics import Interval, t_interval
from depthlib.figures import forest_plot
from depthlib.figures.style import INK

ROWS = {
    "sure": t_interval([0.02, 0.021, 0.019, 0.022, 0.02]),
    "open": t_interval([-0.02, 0.021, -0.019, 0.022, 0.0]),
    "few": t_interval([0.01, 0.02, 0.03]),
    "one": t_interval([0.01]),
}


def drawn(fig):
    axis = fig.axes[0]
    marks = [
        line
        for line in axis.lines
        if line.get_marker() in ("s", "D") and len(line.get_xdata()) == 1
    ]
    ranges = [
        line
        for line in axis.lines
        if line.get_color() == INK and len(line.get_xdata()) == 2
    ]
    return marks, ranges


def test_only_five_seeds_give_an_interval():
    _, ranges = drawn(forest_plot(ROWS))
    spans = [tuple(line.get_xdata()) for line in ranges]
    names = ("sure", "open")
    assert spans == [(ROWS[n].low, ROWS[n].high) for n in names]


def test_filled_means_that_the_interval_excludes_zero():
    marks, _ = drawn(forest_plot(ROWS))
    faces = [mark.get_markerfacecolor() for mark in marks]
    assert faces == [INK, "white", "white", "white"]


def test_numbers_beside_the_plot():
    texts = [t.get_text() for t in forest_plot(ROWS).axes[1].texts]
    assert texts[0] == "+0.0204 [+0.0190, +0.0218]"
    assert texts[1] == "5 seeds"
    assert texts[5] == "3 seeds" and texts[7] == "1 seed"
    assert not any("nan" in text for text in texts)


def test_a_table_gives_the_same_as_intervals():
    table = pd.DataFrame(
        [
            {"label": k, "mean": v.mean, "low": v.low, "high": v.high}
            | {"n": v.n, "points": v.points}
            for k, v in ROWS.items()
        ]
    )
    first, second = forest_plot(ROWS), forest_plot(table)
    for a, b in zip(first.axes[0].lines, second.axes[0].lines, strict=True):
        assert list(a.get_xdata()) == list(b.get_xdata())


def test_sides_and_margin():
    fig = forest_plot(ROWS, sides=("A wins", "B wins"), margin=0.01)
    texts = [t.get_text() for t in fig.axes[0].texts]
    assert texts == ["← A wins", "B wins →"]
    band = fig.axes[0].patches[0]
    assert band.get_x() == -0.01 and band.get_width() == pytest.approx(0.02)


def test_bad_rows():
    with pytest.raises(ValueError, match="rows is empty"):
        forest_plot({})
    with pytest.raises(ValueError, match="no column high, n"):
        forest_plot(pd.DataFrame({"label": [1], "mean": [1], "low": [0]}))
    assert Interval(0.0, -1.0, 1.0, 5).n == 5
