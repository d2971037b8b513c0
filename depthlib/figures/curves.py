"""Curves of the studies: a metric against size, or any other setting.

Seeds are always shown as points; a line joins their means; an interval
(Student t over seeds, 95 %) is drawn from five seeds on, never before.
"""

import math

from depthlib.figures.style import (
    FAINT,
    LOSSES,
    SEEDS_FOR_INTERVAL,
    STYLE,
    arm,
    canvas,
    metric_label,
    styled,
)

SMALL = STYLE["xtick.labelsize"]
AXES = {
    "n_train": "training images",
    "samples": "images seen in training",
    "weight": "weight of L1",
    "threshold": "threshold c (m)",
    "lr": "learning rate",
    "seed": "seed",
}


def curve_plot(
    runs, metric="abs_rel", *, x="n_train", by="loss", baselines=None
):
    """A metric against ``x``, one line per arm, seeds as points.

    Args:
        runs: table with one row a run, as `depthlib.experiments.frame` gives.
        metric: column to draw.
        x: column; positive numbers are placed by their logarithm.
        by: column that names the arms.
        baselines: dict of name to value, drawn as dashed lines.

    Returns:
        The matplotlib figure.

    Raises:
        ValueError: a column that is not there, or a table without rows.
    """
    check_columns(runs, x, by, metric)
    fig, axis = canvas(height=4.4)
    places = _places(runs[x])
    names = ordered(runs[by].unique())
    step = 0.18 / max(len(names), 8)
    with styled():
        for i, name in enumerate(names):
            shift = step * (i - (len(names) - 1) / 2)
            part = runs[runs[by] == name]
            _draw_arm(axis, part, metric, x, places, arm(name, i), shift)
        _baselines(axis, baselines)
        _ticks(axis, places)
        axis.set_xlabel(AXES.get(x, x))
        axis.set_ylabel(metric_label(metric))
        fig.legend(loc="outside lower center", ncols=2)
    return fig


def ordered(names) -> list:
    """Arms in the order of the loss study; others after them, sorted."""
    rank = {name: i for i, name in enumerate(LOSSES)}
    return sorted(names, key=lambda n: (rank.get(n, len(rank)), str(n)))


def count(value) -> str:
    """A number for a tick: 100, 1k, 230k, 0.05; words stay words."""
    if isinstance(value, str):
        return value
    if abs(value) >= 1e6:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if abs(value) >= 1e3 else f"{value:g}"


def _draw_arm(axis, part, metric, x, places, look, shift):
    """Points of all seeds, line of means, interval from five seeds on."""
    from depthlib.experiments.statistics import t_interval

    groups = [(places[v] + shift, g[metric]) for v, g in part.groupby(x)]
    groups.sort(key=lambda group: group[0])
    axis.plot(
        [at for at, _ in groups],
        [values.mean() for _, values in groups],
        color=look.colour,
        marker=look.marker,
        label=look.label,
        zorder=3,
    )
    for at, values in groups:
        axis.plot(
            [at] * len(values),
            values,
            linestyle="",
            marker="o",
            markersize=4,
            color=look.colour,
            alpha=0.4,
            markeredgewidth=0,
            zorder=2,
        )
        if len(values) >= SEEDS_FOR_INTERVAL:
            interval = t_interval(values.to_numpy())
            axis.vlines(
                at,
                interval.low,
                interval.high,
                color=look.colour,
                linewidth=6,
                alpha=0.3,
                zorder=1,
            )


def _places(values):
    """Where each value stands: by logarithm, else evenly in order."""
    values = sorted(values.unique(), key=lambda v: (isinstance(v, str), v))
    if all(not isinstance(v, str) and v > 0 for v in values):
        return {v: math.log10(v) for v in values}
    return {v: float(i) for i, v in enumerate(values)}


def _ticks(axis, places):
    """A tick at every value of the study and nowhere else."""
    axis.set_xticks(list(places.values()), [count(v) for v in places])
    low, high = min(places.values()), max(places.values())
    margin = 0.08 * (high - low) + (0.2 if high - low < 2.5 else 0.1)
    axis.set_xlim(low - margin, high + margin)


def _baselines(axis, baselines):
    """Dashed lines of predictors that do not look at the image."""
    for name, value in (baselines or {}).items():
        axis.axhline(value, color=FAINT, linestyle=(0, (5, 3)), linewidth=1.2)
        axis.annotate(
            arm(name).label,
            (1.0, value),
            xycoords=axis.get_yaxis_transform(),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            fontsize=9,
            color="#666666",
        )


def check_columns(runs, *columns):
    """A table with rows and these columns, or a ValueError."""
    missing = [c for c in columns if c not in runs.columns]
    if missing:
        raise ValueError(
            f"runs has no column {', '.join(missing)}; it has "
            f"{', '.join(map(str, runs.columns))}"
        )
    if runs.empty:
        raise ValueError(
            "runs is empty; run the experiment first "
            "(depthlib reproduce EXPERIMENT)"
        )
