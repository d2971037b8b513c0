"""Which displacements a spatial correlation looks at: SC-GAN's sampling.

Wu et al. (2019) compare a pixel with others up to 24 rows and columns away.
All 2,401 offsets of that square are many; sparse grids keep some hundreds.
Every set here is an ``(N, 2)`` int64 tensor of distinct (dy, dx), in reading
order, within the square of side 2 radius + 1 around (0, 0).
"""

import math
from collections.abc import Iterable
from itertools import pairwise
from numbers import Integral

import torch
from torch import Tensor

__all__ = [
    "mean_gap",
    "printed_offsets",
    "random_offsets",
    "smolyak_offsets",
    "strided_offsets",
    "uniform_offsets",
]

KINDS = ("chebyshev", "uniform")
LEVEL_ZERO = ("ends", "centre")
# The points of one axis double with each level; the square is full long
# before.
MAX_LEVEL = 16


def smolyak_offsets(
    level: int, radius: int = 24, kind: str = "chebyshev"
) -> Tensor:
    """The Smolyak sparse grid that has the counts of the paper's Table 1.

    The union over a + b <= level of T_a x T_b, where T_0 = {0} and, for
    a > 0, T_a holds 2^a + 1 points in [-1, 1]: cos(j pi / 2^a) for
    "chebyshev", -1 + 2 j / 2^a for "uniform". Points are multiplied by the
    radius and rounded to the nearest integer, halves away from 0, so that
    the grid stays symmetric.

    With radius 24 and levels 5 to 8 that makes 129, 261, 441, 669 offsets,
    or 145, 289, 481, 737. The recipe as printed makes other numbers: see
    `printed_offsets`.

    Args:
        level: 0 (the centre alone) to 16.
        radius: of the square, in pixels of the feature map, at least 1.
        kind: "chebyshev" or "uniform".

    Returns:
        ``(N, 2)`` int64, (dy, dx).

    Raises:
        ValueError: an argument is not among those above.

    Example:
        >>> smolyak_offsets(1, radius=3).tolist()
        [[-3, 0], [0, -3], [0, 0], [0, 3], [3, 0]]
        >>> len(smolyak_offsets(7))
        441
    """
    _check_level(level)
    _check_radius(radius)
    _check_kind(kind)
    points = _extrema if kind == "chebyshev" else _equidistant
    axes = [[0.0]] + [points(2**a) for a in range(1, level + 1)]
    return _sparse_grid(axes, radius)


def printed_offsets(
    level: int,
    radius: int = 24,
    kind: str = "chebyshev",
    level_zero: str = "ends",
) -> Tensor:
    """The sparse grid by the paper's words, which misses its own counts.

    Section 3.2 takes the roots of the Chebyshev polynomial of the *first*
    kind, cos((n - 1/2) pi / m) for n = 1..m with m = 2^a - 1, and both ends.
    T_a is then no part of T_(a + 1), and levels 5 to 8 make 185, 333, 505,
    793 offsets. The roots of the *second* kind with both ends are the points
    of `smolyak_offsets`.

    Args:
        level: as for `smolyak_offsets`.
        radius: as for `smolyak_offsets`.
        kind: as for `smolyak_offsets`.
        level_zero: what T_0 holds. "ends", by the printed count of 2^a + 1
            points, is {-1, 1}; "centre" is {0}.

    Returns:
        ``(N, 2)`` int64, (dy, dx).

    Raises:
        ValueError: an argument is not among those above.
    """
    _check_level(level)
    _check_radius(radius)
    _check_kind(kind)
    if level_zero not in LEVEL_ZERO:
        raise ValueError(
            f"level_zero is {level_zero!r}; choose one of "
            f"{', '.join(LEVEL_ZERO)}"
        )
    points = _first_kind_roots if kind == "chebyshev" else _equidistant
    zero = [0.0] if level_zero == "centre" else [-1.0, 1.0]
    axes = [zero] + [points(2**a) for a in range(1, level + 1)]
    return _sparse_grid(axes, radius)


def uniform_offsets(stride: int, radius: int = 24) -> Tensor:
    """Every ``stride``-th row and column: ceil((2 radius + 1) / stride)^2.

    Stride 1 is the full search. Where the stride leaves a margin, the grid
    lies in the middle, up to half a pixel.

    Args:
        stride: at least 1.
        radius: as for `smolyak_offsets`.

    Returns:
        ``(N, 2)`` int64, (dy, dx).

    Raises:
        ValueError: stride or radius is not a whole number of at least 1.

    Example:
        >>> [len(uniform_offsets(stride)) for stride in (1, 2, 3, 4)]
        [2401, 625, 289, 169]
    """
    _check_whole("stride", stride)
    _check_radius(radius)
    margin = 2 * radius % stride
    axis = range(margin // 2 - radius, radius + 1, stride)
    return _offsets((y, x) for y in axis for x in axis)


def strided_offsets(count: int, radius: int = 24) -> Tensor:
    """Exactly ``count`` offsets, spread over the square as evenly as rows go.

    Ours: the control that costs as much as a sparse grid of ``count``
    offsets and prefers no direction. The square is cut into about
    sqrt(count) bands of equal height; each gets count / bands offsets, one
    more or less where that is no whole number, at the centres of equal
    cells, rounded to the grid. A square number makes a plain lattice. The
    set is its own mirror image through (0, 0), and holds (0, 0) if the count
    is odd, as the counts of sparse grids are.

    Args:
        count: 1 to (2 radius + 1)^2.
        radius: as for `smolyak_offsets`.

    Returns:
        ``(count, 2)`` int64, (dy, dx).

    Raises:
        ValueError: count or radius is not among those above.

    Example:
        >>> strided_offsets(9, radius=4)[:, 1].tolist()
        [-3, 0, 3, -3, 0, 3, -3, 0, 3]
    """
    _check_radius(radius)
    _check_count(count, radius)
    # An odd count needs a row in the middle: rows above mirror those below.
    near = math.isqrt(count)
    rows = near | 1 if count % 2 else near + (count > near * (near + 1))
    ends = [(2 * i * count + rows) // (2 * rows) for i in range(rows // 2 + 1)]
    above = [stop - start for start, stop in pairwise(ends)]
    middle = [count - 2 * sum(above)] if rows % 2 else []
    lengths = above + middle + above[::-1]
    return _offsets(
        (y, x)
        for y, length in zip(_spread(rows, radius), lengths, strict=True)
        for x in _spread(length, radius)
    )


def random_offsets(count: int, radius: int = 24, seed: int = 0) -> Tensor:
    """``count`` offsets of the square, drawn without replacement.

    Args:
        count: 1 to (2 radius + 1)^2.
        radius: as for `smolyak_offsets`.
        seed: of the draw; the same seed gives the same set.

    Returns:
        ``(count, 2)`` int64, (dy, dx).

    Raises:
        ValueError: count or radius is not among those above.
    """
    _check_radius(radius)
    _check_count(count, radius)
    generator = torch.Generator().manual_seed(seed)
    square = uniform_offsets(1, radius)
    drawn = torch.randperm(len(square), generator=generator)[:count]
    return square[drawn.sort().values]


def mean_gap(offsets: Tensor, radius: int = 24) -> float:
    """How far a displacement is from the nearest one that is looked at.

    Args:
        offsets: ``(N, 2)`` integers, at least one.
        radius: the mean goes over all (2 radius + 1)^2 offsets of this
            square, which may be smaller than the square of ``offsets``.

    Returns:
        The mean Euclidean distance in pixels; 0 for a full search.

    Raises:
        ValueError: offsets have another shape, or none; a bad radius.

    Example:
        The corners of a 3 x 3 square: their distance is 0, the sides' 1 and
        the centre's sqrt(2).

        >>> round(mean_gap(uniform_offsets(2, radius=1), radius=1), 3)
        0.602
    """
    if offsets.ndim != 2 or offsets.shape[1] != 2 or not len(offsets):
        raise ValueError(
            f"offsets have shape {tuple(offsets.shape)}; expected (N, 2) "
            "with at least one"
        )
    square = uniform_offsets(1, radius).double()
    # Distances by a matrix product would be off in the seventh digit.
    distances = torch.cdist(
        square,
        offsets.to(square),
        compute_mode="donot_use_mm_for_euclid_dist",
    )
    return distances.min(1).values.mean().item()


def _extrema(m: int) -> list[float]:
    """Of the first-kind polynomial of degree m: its ends, and the roots of
    the second-kind polynomial of degree m - 1."""
    return [math.cos(j * math.pi / m) for j in range(m + 1)]


def _equidistant(m: int) -> list[float]:
    return [-1 + 2 * j / m for j in range(m + 1)]


def _first_kind_roots(m: int) -> list[float]:
    """Of degree m - 1, and both ends."""
    roots = [math.cos((n - 0.5) * math.pi / (m - 1)) for n in range(1, m)]
    return [-1.0, *roots, 1.0]


def _sparse_grid(axes: list[list[float]], radius: int) -> Tensor:
    """The union of axes[a] x axes[b] over a + b < len(axes)."""
    rounded = [{_nearest(radius * x) for x in axis} for axis in axes]
    return _offsets(
        (y, x)
        for a, rows in enumerate(rounded)
        for columns in rounded[: len(axes) - a]
        for y in rows
        for x in columns
    )


def _nearest(x: float) -> int:
    """Halves away from 0. Python's round is symmetric too, but makes 1.5
    and 2.5 one point."""
    return int(math.copysign(math.floor(abs(x) + 0.5), x))


def _spread(count: int, radius: int) -> list[int]:
    """Centres of ``count`` equal parts of the axis, as `_nearest` has them."""
    side = 2 * radius + 1
    twice = ((2 * j + 1 - count) * side for j in range(count))
    # Whole numbers throughout: a centre at a half must not depend on float
    # rounding.
    return [
        (1 if t > 0 else -1) * ((abs(t) + count) // (2 * count)) for t in twice
    ]


def _offsets(pairs: Iterable[tuple[int, int]]) -> Tensor:
    """Duplicates removed, in reading order."""
    return torch.tensor(sorted(set(pairs)), dtype=torch.int64)


def _check_whole(name: str, value: int) -> None:
    if not _is_whole(value) or value < 1:
        raise ValueError(
            f"{name} is {value!r}; expected a whole number of at least 1"
        )


def _is_whole(value) -> bool:
    """Of Python or of NumPy."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def _check_radius(radius: int) -> None:
    _check_whole("radius", radius)


def _check_level(level: int) -> None:
    if not _is_whole(level) or not 0 <= level <= MAX_LEVEL:
        raise ValueError(
            f"level is {level!r}; expected a whole number from 0 to "
            f"{MAX_LEVEL}"
        )


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; choose one of {', '.join(KINDS)}")


def _check_count(count: int, radius: int) -> None:
    _check_whole("count", count)
    most = (2 * radius + 1) ** 2
    if count > most:
        raise ValueError(
            f"count is {count}, but a square of radius {radius} has {most} "
            "offsets; give a smaller count or a larger radius"
        )
