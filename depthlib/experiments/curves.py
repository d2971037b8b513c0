"""Areas under curves, agreement of rankings, spreads over seeds."""

import numpy as np

from depthlib.experiments.statistics import Interval, per_seed


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


def kendall_tau(first, second) -> float:
    """Agreement of two rankings of the same arms, from -1 to 1 (tau-b)."""
    from scipy.stats import kendalltau

    tau = kendalltau(first, second).statistic
    return 0.0 if np.isnan(tau) else float(tau)


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
