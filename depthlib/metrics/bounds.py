"""Inequalities that tie the metrics of one row together.

A row of a results table is a handful of averages over the same pixels, and
some combinations cannot occur: whoever has 37 % of the pixels off by more
than a factor 1.25 cannot have a relative error of 9 %. The inequalities hold
whatever the data and the network, so they test a program (this package runs
them on each result) as well as a printed table.

Averages of roots are the delicate part. The mean over images of a per-image
rmse lies below the rmse of all pixels pooled, so an inequality that uses a
root as an upper limit holds for pooled pixels only; those are marked.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["BOUNDS", "Bound", "Violation", "check_bounds"]

LN10 = math.log(10)
LN125 = math.log(1.25)


@dataclass(frozen=True)
class Bound:
    """One inequality, left <= right.

    Attributes:
        name: "B0" to "B11", or "silog".
        statement: the inequality in words a table would use; f_i is
            1 - delta_i.
        metrics: entries of the row that it needs.
        sides: maps (row, limits) to (left, right).
        pooled_only: does not hold for means over images.
        limits: which of min_depth, max_depth, largest_ratio it needs.
    """

    name: str
    statement: str
    metrics: tuple[str, ...]
    sides: Callable[[Mapping, Mapping], tuple[float, float]]
    pooled_only: bool = False
    limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Violation:
    """A bound that a row breaks: left should not exceed right."""

    name: str
    statement: str
    left: float
    right: float

    def __str__(self) -> str:
        return (
            f"{self.name}, {self.statement}: {self.left:.6g} exceeds "
            f"{self.right:.6g}"
        )


DELTAS = ("delta1", "delta2", "delta3")


def _failed(row, weights) -> float:
    """Weighted sum of the shares of pixels beyond each threshold."""
    return sum(w * (1 - row[d]) for w, d in zip(weights, DELTAS, strict=True))


# A pixel beyond 1.25^i has a relative error of at least 1 - 1.25^-i (all of
# it under-estimated) and a log error of at least i ln 1.25; the weights of
# B1 are the steps of the former, those of B3 the steps of i^2.
BOUNDS = (
    Bound(
        "B0",
        "delta1 <= delta2",
        DELTAS[:2],
        lambda r, _: (r["delta1"], r["delta2"]),
    ),
    Bound(
        "B0",
        "delta2 <= delta3",
        DELTAS[1:],
        lambda r, _: (r["delta2"], r["delta3"]),
    ),
    Bound("B0", "delta3 <= 1", DELTAS[2:], lambda r, _: (r["delta3"], 1.0)),
    Bound(
        "B1",
        "0.2 f1 + 0.16 f2 + 0.128 f3 <= abs_rel",
        ("abs_rel", *DELTAS),
        lambda r, _: (_failed(r, (0.2, 0.16, 0.128)), r["abs_rel"]),
    ),
    Bound(
        "B2",
        "log10(1.25) (f1 + f2 + f3) <= log10",
        ("log10", *DELTAS),
        lambda r, _: (LN125 / LN10 * _failed(r, (1, 1, 1)), r["log10"]),
    ),
    Bound(
        "B3p",
        "ln(1.25) sqrt(f1 + 3 f2 + 5 f3) <= rmse_log",
        ("rmse_log", *DELTAS),
        lambda r, _: (
            LN125 * math.sqrt(max(0.0, _failed(r, (1, 3, 5)))),
            r["rmse_log"],
        ),
        pooled_only=True,
    ),
    Bound(
        "B3i",
        "ln(1.25) (f1 + f2 + f3) <= rmse_log",
        ("rmse_log", *DELTAS),
        lambda r, _: (LN125 * _failed(r, (1, 1, 1)), r["rmse_log"]),
    ),
    Bound(
        "B4",
        "ln(10) log10 <= rmse_log",
        ("log10", "rmse_log"),
        lambda r, _: (LN10 * r["log10"], r["rmse_log"]),
    ),
    Bound(
        "B5p",
        "ln(10) log10 - rmse_log^2 / 2 <= abs_rel",
        ("abs_rel", "log10", "rmse_log"),
        lambda r, _: (
            LN10 * r["log10"] - r["rmse_log"] ** 2 / 2,
            r["abs_rel"],
        ),
        pooled_only=True,
    ),
    Bound(
        "B6",
        "ln(10) log10 (1 - 1/R) / ln(R) <= abs_rel, R the largest ratio",
        ("abs_rel", "log10"),
        lambda r, at: (
            LN10
            * r["log10"]
            * (1 - 1 / at["largest_ratio"])
            / math.log(at["largest_ratio"]),
            r["abs_rel"],
        ),
        limits=("largest_ratio",),
    ),
    Bound(
        "B7",
        "rmse^2 / max_depth <= sq_rel",
        ("sq_rel", "rmse"),
        lambda r, at: (r["rmse"] ** 2 / at["max_depth"], r["sq_rel"]),
        limits=("max_depth",),
    ),
    Bound(
        "B8p",
        "sq_rel <= rmse^2 / min_depth",
        ("sq_rel", "rmse"),
        lambda r, at: (r["sq_rel"], r["rmse"] ** 2 / at["min_depth"]),
        pooled_only=True,
        limits=("min_depth",),
    ),
    Bound(
        "B9p",
        "sq_rel^2 <= (R - 1) abs_rel rmse^2, R the largest ratio",
        ("abs_rel", "sq_rel", "rmse"),
        lambda r, at: (
            r["sq_rel"] ** 2,
            (at["largest_ratio"] - 1) * r["abs_rel"] * r["rmse"] ** 2,
        ),
        pooled_only=True,
        limits=("largest_ratio",),
    ),
    Bound(
        "B10",
        "min_depth abs_rel^2 <= sq_rel",
        ("abs_rel", "sq_rel"),
        lambda r, at: (at["min_depth"] * r["abs_rel"] ** 2, r["sq_rel"]),
        limits=("min_depth",),
    ),
    Bound(
        "B11",
        "min_depth abs_rel <= rmse",
        ("abs_rel", "rmse"),
        lambda r, at: (at["min_depth"] * r["abs_rel"], r["rmse"]),
        limits=("min_depth",),
    ),
    Bound(
        "silog",
        "silog <= 100 rmse_log",
        ("silog", "rmse_log"),
        lambda r, _: (r["silog"], 100 * r["rmse_log"]),
    ),
)


def check_bounds(
    row: Mapping[str, float],
    averaging: str = "image",
    *,
    min_depth: float | None = None,
    max_depth: float | None = None,
    largest_ratio: float | None = None,
    half_unit: float | Mapping[str, float] = 0.0,
    tolerance: float = 1e-9,
) -> list[Violation]:
    """Bounds that a row of metrics breaks; none for a row that can be.

    A bound is skipped when the row lacks one of its metrics or its limit is
    not given. For a table that does not say how it averages use "image":
    those bounds hold for pooled pixels as well.

    Args:
        row: metric name -> value; other entries are ignored.
        averaging: "image" (mean over images) or "pixel" (pooled).
        min_depth: smallest true depth, metres.
        max_depth: largest true depth, metres.
        largest_ratio: of prediction to truth or the other way round; known
            only where predictions were clipped (max_depth / min_depth).
        half_unit: half a unit of the last printed digit, one number or one
            for each metric. A bound counts as broken only if no choice of
            unrounded values satisfies it.
        tolerance: relative, for the rounding of the arithmetic.

    Returns:
        The violations, with both sides at the values given.

    Raises:
        ValueError: another name of an average, a ratio not above 1.

    Example:
        The U-Net row of a published KITTI table: so many pixels are beyond
        the thresholds that a relative error of 0.097 is out of reach.

        >>> row = {"abs_rel": 0.097, "delta1": 0.626, "delta2": 0.832,
        ...        "delta3": 0.902}
        >>> [str(v) for v in check_bounds(row, half_unit=0.0005)]
        ['B1, 0.2 f1 + 0.16 f2 + 0.128 f3 <= abs_rel: 0.114224 exceeds 0.097']
    """
    if averaging not in ("image", "pixel"):
        raise ValueError(
            f'averaging is {averaging!r}; choose "image" or "pixel" ("image" '
            "where it is not known)"
        )
    if largest_ratio is not None and not largest_ratio > 1:
        raise ValueError(
            f"largest_ratio is {largest_ratio}; expected more than 1"
        )
    limits = {
        "min_depth": min_depth,
        "max_depth": max_depth,
        "largest_ratio": largest_ratio,
    }
    violations = []
    for bound in BOUNDS:
        if bound.pooled_only and averaging == "image":
            continue
        if any(_absent(row.get(name)) for name in bound.metrics):
            continue
        if any(limits[name] is None for name in bound.limits):
            continue
        left, right = bound.sides(row, limits)
        if left <= right or _holds(bound, row, limits, half_unit, tolerance):
            continue
        violations.append(Violation(bound.name, bound.statement, left, right))
    return violations


def _absent(value) -> bool:
    """None, or the NaN that stands for it in a data frame."""
    return value is None or value != value


def _holds(bound, row, limits, half_unit, tolerance) -> bool:
    """Whether some values that round to the row satisfy the bound.

    Each bound is monotone in each metric, so the corners of the box of
    unrounded values decide.
    """
    if not isinstance(half_unit, Mapping):
        half_unit = dict.fromkeys(bound.metrics, half_unit)
    ranges = []
    for name in bound.metrics:
        half = half_unit.get(name, 0.0)
        ranges.append({max(0.0, row[name] - half), row[name] + half})
    for corner in itertools.product(*ranges):
        values = dict(zip(bound.metrics, corner, strict=True))
        left, right = bound.sides(values, limits)
        if left <= right + tolerance * max(abs(left), abs(right), 1e-3):
            return True
    return False
