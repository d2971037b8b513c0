"""Figures of depth: rows of maps, rows of errors, contact sheets.

All maps of a row share one scale and one colour bar; see `panels` for what
the colours mean.
"""

import numpy as np

from depthlib.figures.maps import (
    as_map,
    as_maps,
    as_picture,
    depth_limits,
    error_limit,
    error_map,
    several,
)
from depthlib.figures.panels import (
    depth_bar,
    draw_depth,
    draw_error,
    draw_image,
    error_bar,
    panel_grid,
)
from depthlib.figures.style import WIDTH, arm


def show_depth(depths, titles=None, *, image=None, limits=None, width=WIDTH):
    """A row of depth maps on one scale with a colour bar in metres.

    Args:
        depths: a list of maps (H, W) or (1, H, W), a batch (B, 1, H, W), or
            one map; metres, 0 or NaN where unknown.
        titles: one per map.
        image: optional photograph (3, H, W), shown first.
        limits: (near, far) in metres; default: all known depths.
        width: inches.

    Returns:
        The matplotlib figure.

    Raises:
        ValueError: maps or titles that do not fit.
    """
    maps = as_maps(depths)
    titles = _titles(titles, len(maps))
    first = int(image is not None)
    fig, axes = panel_grid(
        1, first + len(maps), maps[0].shape, width, first or any(titles)
    )
    axes = axes[0]
    if first:
        draw_image(axes[0], as_picture(image), "image")
    limits = limits or depth_limits(maps)
    for axis, values, title in zip(axes[first:], maps, titles, strict=True):
        drawn = draw_depth(axis, values, title, limits)
    depth_bar(fig, drawn, axes, maps, limits)
    return fig


def show_errors(
    predictions, target, titles=None, *, kind="metres", limit=None, width=WIDTH
):
    """A row of signed error maps on one scale around zero.

    Args:
        predictions: depth maps as in `show_depth`.
        target: the true map; the error is unknown where it is.
        titles: one per prediction.
        kind: "metres" for prediction - target, "log_ratio" for
            log2(prediction / target), where 1 means twice as far.
        limit: end of the scale; default: 98 % of the errors lie inside.
        width: inches.

    Returns:
        The matplotlib figure.

    Raises:
        ValueError: maps, titles or ``kind`` that do not fit.
    """
    errors = [error_map(p, target, kind) for p in several(predictions)]
    titles = _titles(titles, len(errors))
    fig, axes = panel_grid(1, len(errors), errors[0].shape, width, any(titles))
    limit = limit or error_limit(errors)
    for axis, values, title in zip(axes[0], errors, titles, strict=True):
        drawn = draw_error(axis, values, title, limit)
    error_bar(fig, drawn, axes, errors, limit, kind)
    return fig


def contact_sheet(images, depths, titles=None, *, columns=4, width=WIDTH):
    """Many pairs, each image above its depth, all depths on one scale.

    Args:
        images: (B, 3, H, W) or a list of images.
        depths: (B, 1, H, W) or a list of maps, metres.
        titles: one per pair.
        columns: pairs per line.
        width: inches.

    Returns:
        The matplotlib figure.

    Raises:
        ValueError: numbers or shapes that do not fit.
    """
    images = [as_picture(image) for image in several(images)]
    maps = as_maps(depths)
    if len(images) != len(maps):
        raise ValueError(
            f"contact_sheet got {len(images)} images and {len(maps)} depths; "
            "give as many of each"
        )
    titles = _titles(titles, len(maps))
    columns = min(columns, len(maps))
    lines = -(-len(maps) // columns)
    named = lines if any(titles) else 0
    fig, axes = panel_grid(2 * lines, columns, maps[0].shape, width, named)
    limits = depth_limits(maps)
    for i, (image, values) in enumerate(zip(images, maps, strict=True)):
        line, column = divmod(i, columns)
        draw_image(axes[2 * line, column], image, titles[i])
        below = axes[2 * line + 1, column]
        drawn = draw_depth(below, values, "", limits)
    depth_bar(fig, drawn, axes, maps, limits)
    return fig


def compare(image, target, predictions, *, kind="metres", width=WIDTH):
    """One line per method: its prediction beside its signed error.

    The first line shows the image and the truth. All depths share the scale
    of the truth (arrows on the bar mark predictions beyond it), all errors
    another.

    Args:
        image: (3, H, W).
        target: true depth (1, H, W), metres.
        predictions: dict of method or loss name to depth map.
        kind: as in `show_errors`.
        width: inches.

    Returns:
        The matplotlib figure.

    Raises:
        ValueError: no prediction, or shapes that do not fit.
    """
    if not predictions:
        raise ValueError("predictions is empty; give a dict name -> depth")
    truth = as_map(target, "target")
    maps = {name: as_map(p, str(name)) for name, p in predictions.items()}
    errors = {n: error_map(p, truth, kind) for n, p in maps.items()}
    fig, axes = panel_grid(1 + len(maps), 2, truth.shape, width, 1 + len(maps))
    limits = depth_limits([truth])
    limit = error_limit(errors.values())
    draw_image(axes[0, 0], as_picture(image), "image")
    draw_depth(axes[0, 1], truth, "truth", limits)
    for i, name in enumerate(maps):
        left, right = axes[i + 1]
        drawn = draw_depth(left, maps[name], arm(name).label, limits)
        title = _error_title(errors[name], truth, kind)
        painted = draw_error(right, errors[name], title, limit)
    shown = [truth, *maps.values()]
    depth_bar(fig, drawn, axes[:, :1], shown, limits)
    error_bar(fig, painted, axes[:, 1:], errors.values(), limit, kind)
    return fig


def _error_title(error, truth, kind):
    """Mean absolute error over known pixels, and relative to the depth."""
    size = np.nanmean(np.abs(error))
    if kind == "metres":
        relative = np.nanmean(np.abs(error) / truth)
        return f"mean error {size:.2f} m, {100 * relative:.0f} %"
    return f"mean |log2 ratio| {size:.2f}"


def _titles(titles, count):
    """One title per panel; losses by the names that readers know."""
    titles = [""] * count if titles is None else titles
    titles = [arm(title).label for title in titles]
    if len(titles) != count:
        raise ValueError(
            f"titles has {len(titles)} entries for {count} maps; give one each"
        )
    return titles
