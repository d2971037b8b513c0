"""Convergence: a test metric while training goes on."""

from depthlib.figures.curves import (
    AXES,
    SMALL,
    check_columns,
    count,
    ordered,
)
from depthlib.figures.style import WIDTH, arm, canvas, metric_label, styled


def convergence_plot(
    runs, metric="abs_rel", *, by="loss", panels=None, width=WIDTH
):
    """A test metric while training goes on: seeds thin, their mean thick.

    Args:
        runs: table with the nested ``curve`` column of the records, a dict
            of "samples" and metrics.
        metric: a metric of the curves.
        by: column that names the arms; a categorical one gives their order.
        panels: optional column with one panel per value.
        width: inches.

    Returns:
        The matplotlib figure.

    Raises:
        ValueError: a column or a curve that is not there.
    """
    check_columns(runs, "curve", by, *([panels] if panels else []))
    values = sorted(runs[panels].unique()) if panels else [None]
    fig, axes = canvas(
        1, len(values), width=width, height=4.4, sharey=True, squeeze=False
    )
    names = ordered(runs[by].unique())
    if hasattr(runs[by], "cat"):
        names = list(runs[by].cat.categories)
    looks = {name: arm(name, i) for i, name in enumerate(names)}
    with styled():
        for axis, value in zip(axes[0], values, strict=True):
            part = runs if panels is None else runs[runs[panels] == value]
            for name, look in looks.items():
                curves = part[part[by] == name]["curve"]
                _draw_curves(axis, list(curves), metric, look)
            if panels:
                title = f"{count(value)} {AXES.get(panels, panels)}"
                axis.set_title(title, fontsize=SMALL)
            axis.xaxis.set_major_formatter(lambda v, _: count(v))
            axis.xaxis.get_major_locator().set_params(nbins=5)
        axes[0, len(values) // 2].set_xlabel(AXES["samples"])
        axes[0, 0].set_ylabel(metric_label(metric))
        handles, labels = axes[0, 0].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside lower center", ncols=2)
    return fig


def _draw_curves(axis, curves, metric, look):
    """One thin line per seed, a thick one through the shared points."""
    if not curves:
        return
    for curve in curves:
        if metric not in curve:
            raise ValueError(
                f"the curves hold {', '.join(sorted(curve))}, not {metric!r}"
            )
        axis.plot(
            curve["samples"],
            curve[metric],
            color=look.colour,
            linewidth=0.8,
            alpha=0.35,
        )
    tables = [
        dict(zip(curve["samples"], curve[metric], strict=True))
        for curve in curves
    ]
    shared = sorted(set.intersection(*(set(table) for table in tables)))
    mean = [sum(t[at] for t in tables) / len(tables) for at in shared]
    axis.plot(
        shared,
        mean,
        color=look.colour,
        marker=look.marker,
        markevery=max(1, len(shared) // 6),
        label=look.label,
    )
