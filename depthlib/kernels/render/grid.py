"""Which groups of solids can matter to a place: look-up in a grid.

A street has a hundred groups, and a place is near to, or in the shadow of, a
few. Groups are entered in the cells of a plane that their boxes reach, once
an image, and each place asks its own cell only.
"""

import numpy as np
from numba import njit

from depthlib.kernels.compiling import INNER

CELLS = 72  # along each side of the grid


@njit(**INNER)
def cell_of(value, start, size):
    """The cell of a coordinate; what lies outside counts to the rim."""
    return int(min(max((value - start) / size, 0.0), CELLS - 1.0))


@njit(**INNER)
def grid(spans, start_u, start_v, size):
    """Enters groups in cells.

    Args:
        spans: (G, 4) from and to of each group in u and in v.
        start_u, start_v: where the first cell begins.
        size: side of a cell, in metres.

    Returns:
        first (CELLS^2 + 1,): where the list of each cell begins; members:
        the groups, cell after cell.
    """
    first = np.zeros(CELLS * CELLS + 2, np.int64)
    for g in range(spans.shape[0]):
        for i in range(
            cell_of(spans[g, 0], start_u, size),
            cell_of(spans[g, 1], start_u, size) + 1,
        ):
            for j in range(
                cell_of(spans[g, 2], start_v, size),
                cell_of(spans[g, 3], start_v, size) + 1,
            ):
                first[i * CELLS + j + 2] += 1
    for c in range(1, first.shape[0]):
        first[c] += first[c - 1]
    members = np.empty(first[-1], np.int64)
    for g in range(spans.shape[0]):
        for i in range(
            cell_of(spans[g, 0], start_u, size),
            cell_of(spans[g, 1], start_u, size) + 1,
        ):
            for j in range(
                cell_of(spans[g, 2], start_v, size),
                cell_of(spans[g, 3], start_v, size) + 1,
            ):
                members[first[i * CELLS + j + 1]] = g
                first[i * CELLS + j + 1] += 1
    return first, members


@njit(**INNER)
def shadow_axes(dx, dy, dz, axes):
    """Two directions (2, 3) that span the plane across a direction."""
    flat = max(np.sqrt(dx * dx + dy * dy), 1e-9)
    axes[0, 0], axes[0, 1], axes[0, 2] = -dy / flat, dx / flat, 0.0
    axes[1, 0], axes[1, 1] = -dz * dx / flat, -dz * dy / flat
    axes[1, 2] = flat


@njit(**INNER)
def spans_along(bounds, axes, margin):
    """From and to of boxes (G, 8) along two axes (2, 3), as (G, 4)."""
    spans = np.empty((bounds.shape[0], 4))
    for g in range(bounds.shape[0]):
        for a in range(2):
            middle, reach = 0.0, margin
            for k in range(3):
                low, high = bounds[g, 2 + k], bounds[g, 5 + k]
                middle += 0.5 * (low + high) * axes[a, k]
                reach += 0.5 * (high - low) * abs(axes[a, k])
            spans[g, 2 * a] = middle - reach
            spans[g, 2 * a + 1] = middle + reach
    return spans
