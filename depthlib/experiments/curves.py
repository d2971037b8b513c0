"""Curves and rankings: what an arm does along an axis, who comes first."""

from dataclasses import dataclass

import numpy as np

from depthlib.experiments.statistics import Interval, per_seed, t_interval


@dataclass(frozen=True)
class Steps:
    """Improvements from each value of an axis to the next.

    Attributes:
        axis: the values, small to large.
        steps: one interval per neighbouring pair; positive is better.
        weakest: the smallest of them.
    """

    axis: tuple[float, ...]
    steps: tuple[Interval, ...]
    weakest: Interval


def area_under_curve(x, y) -> float:
    """Mean height of a curve: its area over the length of the axis.

    Args:
        x: increasing, e.g. images seen so far.
        y: the metric at ``x``.

    Raises:
        ValueError: fewer than two points, or ``x`` does not increase.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.shape != y.shape or x.size < 2 or (np.diff(x) <= 0).any():
        raise ValueError(
            f"the curve has x {x.tolist()} and {y.size} values; give two or "
            "more points with increasing x"
        )
    area = np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)
    return float(area / (x[-1] - x[0]))


def monotone_steps(axis, values, *, lower_is_better: bool = True) -> Steps:
    """Does a metric improve with every step along an axis?

    Args:
        axis: ``(k,)`` increasing values, e.g. training-set sizes.
        values: ``(seeds, k)``.
        lower_is_better: direction of the metric.

    Returns:
        ``Steps``, as fractions of the value before each step. The claim
        "more is better" stands with its weakest step.
    """
    axis, values = _checked(axis, values)
    sign = -1 if lower_is_better else 1
    change = sign * np.diff(values, axis=1) / np.abs(values[:, :-1])
    steps = tuple(t_interval(column) for column in change.T)
    return Steps(tuple(axis.tolist()), steps, min(steps, key=lambda s: s.mean))


def crossing_point(axis, first, second, level: float = 0.95) -> Interval:
    """Where two curves over a logarithmic axis cross, with an interval.

    The paired difference is interpolated linearly in the logarithm of the
    axis. The interval holds all points at which its t interval over seeds
    contains 0. An end that reaches the end of the axis is infinite: the
    data do not bound the crossing there.

    Args:
        axis: ``(k,)`` increasing positive values, e.g. sizes.
        first: ``(seeds, k)`` values of one arm.
        second: the same seeds of the other.
        level: nominal coverage.

    Returns:
        ``Interval``; ``mean`` is NaN where the mean curves do not cross,
        both ends are NaN where no point is compatible with a crossing.
    """
    from scipy.stats import t

    axis, first = _checked(axis, first)
    difference = first - _checked(axis, second)[1]
    grid = np.linspace(np.log(axis[0]), np.log(axis[-1]), 401)
    lines = np.array([np.interp(grid, np.log(axis), r) for r in difference])
    centre = lines.mean(axis=0)
    n = len(lines)
    if n > 1:
        half = t.ppf((1 + level) / 2, n - 1) * lines.std(axis=0, ddof=1)
        inside = np.flatnonzero(np.abs(centre) <= half / np.sqrt(n))
    else:
        inside = np.arange(len(grid))
    cross = low = high = np.nan
    turns = np.flatnonzero(np.diff(np.sign(centre)) != 0)
    if turns.size:
        cross = float(np.exp(grid[turns[0] : turns[0] + 2].mean()))
    if inside.size:
        low, high = (float(np.exp(grid[inside[i]])) for i in (0, -1))
        low = -np.inf if inside[0] == 0 else low
        high = np.inf if inside[-1] == len(grid) - 1 else high
    return Interval(cross, low, high, n, level)


def kendall_tau(first, second) -> float:
    """Agreement of two rankings of the same arms, from -1 to 1 (tau-b)."""
    from scipy.stats import kendalltau

    tau = kendalltau(first, second).statistic
    return 0.0 if np.isnan(tau) else float(tau)


def rank_table(
    frame,
    metric: str,
    *,
    arm: str = "loss",
    within=("n_train", "seed"),
    lower_is_better: bool = True,
):
    """Rank of each arm (1 is best, ties share) in every cell of a grid.

    Args:
        frame: one row per run.
        metric: column to rank by.
        arm: column that names the arms.
        within: columns that make a cell.
        lower_is_better: direction of the metric.

    Returns:
        DataFrame with one row per cell and one column per arm. Cells that
        lack an arm are left out: ranks among fewer are not comparable.

    Raises:
        ValueError: two runs of one arm fall in one cell.
    """
    within = list(within)
    if frame.duplicated([*within, arm]).any():
        raise ValueError(
            f"two runs of one {arm} share {', '.join(within)}; fix another "
            "column of the config first"
        )
    table = frame.pivot(index=within, columns=arm, values=metric)
    return table.dropna().rank(axis=1, ascending=lower_is_better)


def mean_rank(ranks, seed: str = "seed") -> dict[str, Interval]:
    """Mean rank of each arm: over cells within a seed, then over seeds."""
    by_seed = ranks.groupby(level=seed).mean()
    return {name: t_interval(by_seed[name]) for name in by_seed}


def spread_ratio(first, second, level: float = 0.95) -> Interval:
    """How many times wider ``first`` spreads over seeds than ``second``.

    Halvings, log2 of the ratio of standard deviations, with the interval
    of the F distribution (exact for normal values).

    Raises:
        ValueError: fewer than two seeds on a side, or no spread at all.
    """
    from scipy.stats import f

    first, second = per_seed(first), per_seed(second)
    if min(len(first), len(second)) < 2 or not first.std() * second.std():
        raise ValueError(
            "a spread needs two or more different seeds on either side"
        )
    ratio = np.log2(first.std(ddof=1) / second.std(ddof=1))
    freedom = len(first) - 1, len(second) - 1
    tail = (1 - level) / 2
    high = ratio - np.log2(f.ppf(tail, *freedom)) / 2
    low = ratio - np.log2(f.ppf(1 - tail, *freedom)) / 2
    n = min(len(first), len(second))
    return Interval(float(ratio), float(low), float(high), n, level)


def spread_p_value(first, second, against: float = 0.0) -> float:
    """Two-sided p-value of "the spread ratio is ``against`` halvings"."""
    from scipy.stats import f

    first, second = per_seed(first), per_seed(second)
    ratio = (first.std(ddof=1) / second.std(ddof=1) / 2**against) ** 2
    freedom = len(first) - 1, len(second) - 1
    tails = f.cdf(ratio, *freedom), f.sf(ratio, *freedom)
    return float(min(2 * min(tails), 1.0))


def _checked(axis, values):
    axis = np.asarray(axis, dtype=float)
    values = np.atleast_2d(np.asarray(values, dtype=float))
    if values.shape[1] != len(axis) or (np.diff(axis) <= 0).any():
        raise ValueError(
            f"values has shape {values.shape} and axis {axis.tolist()}; "
            "give (seeds, k) for k increasing values"
        )
    return axis, values
