"""Forest plots: differences between arms with their intervals."""

import math

from depthlib.figures.style import (
    FAINT,
    INK,
    SEEDS_FOR_INTERVAL,
    STYLE,
    WIDTH,
    styled,
)

SMALL = STYLE["xtick.labelsize"]
LETTER = 0.082  # inches, the mean width of a letter or digit at that size


def forest_plot(
    rows, *, xlabel="difference", sides=None, margin=None, width=WIDTH
):
    """Estimates with intervals, one line each, and the number beside it.

    A filled square means that the interval excludes 0. Where there is no
    interval (fewer than five seeds) the seeds stand as open rings.

    Args:
        rows: a table with the columns ``label, mean, low, high, n`` and
            optionally ``points`` (a list of one value per seed), or a dict
            of label to an object with these attributes. ``low`` and ``high``
            are None or NaN where there is none, and are not drawn with
            fewer than five seeds.
        xlabel: what differs, with its unit.
        sides: two words or phrases: what a negative and a positive
            difference mean.
        margin: half-width of a shaded band of differences too small to
            matter, as set before the runs.
        width: inches.

    Returns:
        The matplotlib figure.

    Raises:
        ValueError: no rows, or a column that is not there.
    """
    rows = _rows(rows)
    fig, axis, beside = _layout(rows, width, bool(sides))
    with styled():
        if margin:
            axis.axvspan(-margin, margin, color="#eeeeee", zorder=0)
        axis.axvline(0, color=FAINT, linewidth=1, zorder=1)
        for y, row in enumerate(rows):
            _draw_row(axis, beside, y, row)
        axis.set_yticks(range(len(rows)), [row["label"] for row in rows])
        axis.set_ylim(len(rows) - 0.5, -0.5)
        axis.grid(axis="y", visible=False)
        axis.spines["left"].set_visible(False)
        axis.tick_params(axis="y", length=0)
        axis.locator_params(axis="x", nbins=4)
        axis.set_xlabel(xlabel, fontsize=SMALL)
        axis.margins(x=0.08)
        if sides:
            _sides(axis, sides)
    return fig


def _layout(rows, width, sides):
    """A plot and, to its right, a column as wide as the numbers."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    numbers = LETTER * max(len(_words(row)[0]) for row in rows)
    labels = LETTER * max(len(row["label"]) for row in rows)
    middle = max(width - numbers - labels, 0.25 * width)
    with styled():
        height = 0.42 * len(rows) + 0.75 + 0.4 * sides
        fig = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(fig)
        axis, beside = fig.subplots(
            1, 2, sharey=True, width_ratios=[middle, numbers]
        )
        beside.set_axis_off()
    return fig, axis, beside


def _draw_row(axis, beside, y, row):
    """One estimate: interval or seeds, and its numbers in words."""
    mean, low, high = row["mean"], row["low"], row["high"]
    known = low is not None
    for point in row["points"]:
        axis.plot(point, y, "o", ms=5, mfc="none", mec=FAINT, zorder=2)
    if known:
        axis.plot([low, high], [y, y], color=INK, linewidth=2, zorder=3)
    sure = known and (low > 0 or high < 0)
    axis.plot(
        mean,
        y,
        "s" if known else "D",
        ms=7,
        mfc=INK if sure else "white",
        mec=INK,
        mew=1.5,
        zorder=4,
    )
    numbers, seeds = _words(row)
    for text, offset, colour in ((numbers, 5, INK), (seeds, -6, "#666666")):
        beside.annotate(
            text,
            (0, y),
            xycoords=beside.get_yaxis_transform(),
            xytext=(0, offset),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=colour,
        )


def _words(row):
    """The estimate with as many decimals as its interval deserves."""
    mean, low, high = row["mean"], row["low"], row["high"]
    width = abs(mean) if low is None else (high - low) / 2
    decimals = 3 if width <= 0 else 1 - math.floor(math.log10(width))
    decimals = min(max(decimals, 0), 5)
    text = f"{mean:+.{decimals}f}"
    if low is not None:
        text += f" [{low:+.{decimals}f}, {high:+.{decimals}f}]"
    seeds = f"{row['n']} seed" + "s" * (row["n"] != 1)
    return text.replace("-", "\N{MINUS SIGN}"), seeds


def _sides(axis, sides):
    """What left and right of zero mean, above the plot."""
    left, right = sides
    above = 16 if len(left) + len(right) > 20 else 4
    for x, ha, up, text in (
        (0, "left", above, f"\N{LEFTWARDS ARROW} {left}"),
        (1, "right", 4, f"{right} \N{RIGHTWARDS ARROW}"),
    ):
        axis.annotate(
            text,
            (x, 1),
            xycoords="axes fraction",
            xytext=(0, up),
            textcoords="offset points",
            ha=ha,
            fontsize=9,
            color="#555555",
        )


def _rows(rows):
    """A table or a dict of intervals as a list of dicts."""
    names = ("mean", "low", "high", "n")
    if hasattr(rows, "to_dict"):
        missing = {"label", *names} - set(rows.columns)
        if missing:
            raise ValueError(
                f"rows has no column {', '.join(sorted(missing))}; a forest "
                "plot needs label, mean, low, high and n"
            )
        rows = rows.to_dict("records")
    elif hasattr(rows, "items"):
        rows = [
            {"label": label}
            | {name: getattr(interval, name) for name in names}
            | {"points": getattr(interval, "points", ())}
            for label, interval in rows.items()
        ]
    if not rows:
        raise ValueError("rows is empty; a forest plot needs an estimate")
    return [_clean(row) for row in rows]


def _clean(row):
    """None for an interval that is not there, a list of points always."""
    bounds = [row["low"], row["high"]]
    few = int(row["n"]) < SEEDS_FOR_INTERVAL
    if few or any(b is None or not math.isfinite(b) for b in bounds):
        bounds = [None, None]
    points = row.get("points")
    points = [] if points is None or isinstance(points, float) else points
    return {
        "label": str(row["label"]),
        "mean": float(row["mean"]),
        "low": bounds[0],
        "high": bounds[1],
        "n": int(row["n"]),
        "points": [float(p) for p in points],
    }
