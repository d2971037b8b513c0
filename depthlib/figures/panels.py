"""One panel each: a photograph, a depth map, an error map, a colour bar.

Near is bright and far is dark (``magma_r``): the map is perceptually uniform,
so equal steps of depth look equal, and it still reads in grey. Unknown pixels
let the hatched ground of the panel through. Errors diverge around zero: blue
is too near, red is too far.
"""

import numpy as np

from depthlib.figures.style import FAINT, STYLE, canvas, styled

DEPTH_MAP = "magma_r"
ERROR_MAP = "RdBu_r"
UNKNOWN = "#d6d6d6"


BAR = 0.62  # inches that a colour bar with its label takes


def panel_grid(rows: int, columns: int, size, width: float, titled: int):
    """A grid of panels whose height follows the maps' shape.

    Args:
        rows, columns: panels.
        size: (H, W) of the maps.
        width: inches of the whole figure.
        titled: how many of the rows carry titles.

    Returns:
        The figure, with room for colour bars, and (rows, columns) axes.
    """
    tall = (width - 0.06 * columns) / columns * size[0] / size[1]
    height = rows * (tall + 0.06) + titled * 0.22 + BAR
    fig, axes = canvas(
        rows, columns, width=width, height=height, squeeze=False
    )
    fig.get_layout_engine().set(w_pad=0.03, h_pad=0.03, hspace=0.02)
    for axis in axes.flat:
        axis.set_axis_off()
    return fig, axes


def draw_image(axis, image, title: str = "") -> None:
    """A photograph (H, W, 3)."""
    axis.imshow(image, interpolation="nearest")
    _name(axis, title)


def draw_depth(axis, values, title: str, limits):
    """One depth map (H, W), NaN unknown; returns the drawn image."""
    return _draw(axis, values, title, DEPTH_MAP, *limits)


def draw_error(axis, values, title: str, limit: float):
    """One signed error map on [-limit, limit]; returns the drawn image."""
    return _draw(axis, values, title, ERROR_MAP, -limit, limit)


def _draw(axis, values, title, colours, low, high):
    """A masked map over a hatched ground."""
    from matplotlib.patches import Rectangle

    height, width = values.shape
    if not np.isfinite(values).all():
        axis.add_patch(
            Rectangle(
                (-0.5, -0.5),
                width,
                height,
                facecolor=UNKNOWN,
                edgecolor="#9a9a9a",
                hatch="/////",
                linewidth=0,
                zorder=0,
            )
        )
    drawn = axis.imshow(
        np.ma.masked_invalid(values),
        cmap=colours,
        vmin=low,
        vmax=high,
        interpolation="nearest",
    )
    _name(axis, title)
    return drawn


def _name(axis, title):
    """A panel's title; the axes themselves stay hidden."""
    if title:
        size = STYLE["xtick.labelsize"]
        axis.set_title(title, fontsize=size, pad=3, loc="left")


def depth_bar(fig, drawn, axes, maps, limits) -> None:
    """A colour bar in metres, with a word on unknown pixels if any."""
    low, high = limits
    known = [m[np.isfinite(m)] for m in maps]
    below = any((k < low - 1e-9).any() for k in known)
    above = any((k > high + 1e-9).any() for k in known)
    label = "depth (m), near is bright"
    if not all(np.isfinite(m).all() for m in maps):
        label += ", hatched: unknown"
    _bar(fig, drawn, axes, label, _ends(below, above))


def error_bar(fig, drawn, axes, errors, limit: float, kind: str) -> None:
    """A colour bar around zero that says which side is which."""
    known = [e[np.isfinite(e)] for e in errors]
    below = any((k < -limit).any() for k in known)
    above = any((k > limit).any() for k in known)
    if kind == "metres":
        label = "error (m): blue too near, red too far"
    else:
        label = "log2 ratio: blue too near, red too far"
    _bar(fig, drawn, axes, label, _ends(below, above))


def _ends(below, above):
    """matplotlib's word for the arrows at the ends of a colour bar."""
    return {
        (False, False): "neither",
        (True, False): "min",
        (False, True): "max",
        (True, True): "both",
    }[bool(below), bool(above)]


def _bar(fig, drawn, axes, label, extend):
    """A slim horizontal colour bar under the axes."""
    width, height = fig.get_size_inches()
    columns = drawn.axes.get_gridspec().ncols
    share = np.shape(axes)[-1] / columns if np.ndim(axes) == 2 else 1
    with styled():
        bar = fig.colorbar(
            drawn,
            ax=list(np.ravel(axes)),
            location="bottom",
            extend=extend,
            aspect=width * share / 0.12,
            fraction=0.2 / height,
            pad=0.01,
        )
        bar.set_label(label, fontsize=STYLE["xtick.labelsize"])
        bar.outline.set_visible(False)
        bar.ax.tick_params(color=FAINT, length=3)
