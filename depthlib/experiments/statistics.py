"""Statistics for few seeds: intervals, corrections, bootstraps.

What counts is the number of seeds. Two arms that share a seed share initial
weights and the order of images, so they are compared seed by seed: take the
mean over images, then the difference, then Student's t over seeds. How many
images a run was scored on changes nothing in the number of seeds.
"""

from dataclasses import dataclass

import numpy as np

MIN_SEEDS_BOOTSTRAP = 10
MIN_SEEDS = 5  # for an interval; with fewer, words name each seed instead


@dataclass(frozen=True)
class Interval:
    """An estimate with the interval that covers the truth at ``level``.

    Attributes:
        mean: the estimate.
        low: lower end; NaN where there is no interval (one seed).
        high: upper end; NaN likewise.
        n: number of seeds.
        level: nominal coverage, e.g. 0.95.
        points: one value per seed, for figures.
    """

    mean: float
    low: float
    high: float
    n: int
    level: float = 0.95
    points: tuple[float, ...] = ()

    def words(self, spec: str = "+.1%") -> str:
        """The mean and its interval; of few seeds the value of each.

        Args:
            spec: format of a number, as for ``format``.
        """
        if self.n < MIN_SEEDS:
            said = ", ".join(f"{p:{spec}}" for p in self.points)
        else:
            ends = f"[{self.low:{spec}}, {self.high:{spec}}]"
            said = f"{self.mean:{spec}} {ends}"
        return said.replace("-", "\N{MINUS SIGN}")

    @property
    def side(self) -> int:
        """1 or -1 where the interval lies above or below zero, else 0."""
        if self.n < MIN_SEEDS:
            return 0
        return int(self.low > 0) - int(self.high < 0)

    def error_words(self) -> str:
        """``words``, and what they say when this is the change of an error."""
        if self.n < MIN_SEEDS:
            end = f"{self.n} seed{'s' * (self.n > 1)}, no interval"
        else:
            ends = ("no change that can be told", "more error", "less error")
            end = ends[self.side]
        return f"{self.words()}, {end}"


def per_seed(values) -> np.ndarray:
    """One number per seed: the mean over images of ``(seeds, images)``.

    Raises:
        ValueError: no values, more than two axes, or values that are not
            finite.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim == 2:
        values = values.mean(axis=1)
    if values.ndim != 1 or not values.size:
        raise ValueError(
            f"values has shape {values.shape}; give (seeds,) or "
            "(seeds, images) with at least one seed"
        )
    if not np.isfinite(values).all():
        raise ValueError(
            "values holds NaN or infinity; leave out runs that diverged "
            "and say so"
        )
    return values


def t_interval(values, level: float = 0.95) -> Interval:
    """Student-t interval of the mean over seeds.

    Args:
        values: ``(seeds,)``, or ``(seeds, images)`` whose images are
            averaged first.
        level: nominal coverage.
    """
    from scipy.stats import t

    values = per_seed(values)
    n, mean = len(values), float(values.mean())
    half = np.nan
    if n > 1:
        error = values.std(ddof=1) / np.sqrt(n)
        half = float(t.ppf((1 + level) / 2, n - 1) * error)
    return Interval(
        mean, mean - half, mean + half, n, level, tuple(values.tolist())
    )


def t_p_value(values, against: float = 0.0) -> float:
    """Two-sided p-value of "the mean over seeds is ``against``".

    It is below 0.05 exactly when the 95 % interval excludes ``against``.
    One seed says nothing: 1.
    """
    from scipy.stats import t

    values = per_seed(values)
    if len(values) < 2:
        return 1.0
    if np.ptp(values) == 0:
        return float(values[0] == against)
    distance = abs(values.mean() - against)
    error = values.std(ddof=1) / np.sqrt(len(values))
    return float(2 * t.sf(distance / error, len(values) - 1))


def paired_difference(arm, reference, level: float = 0.95):
    """Difference of two arms, paired by seed.

    Args:
        arm: dict of seed to one number, or to one number per image.
        reference: likewise; images in the same order.
        level: nominal coverage.

    Returns:
        ``(Interval, p)`` of arm - reference over the seeds that both have.

    Raises:
        ValueError: no seed in common.
    """
    seeds = sorted(set(arm) & set(reference))
    if not seeds:
        raise ValueError(
            f"arm has seeds {sorted(arm)}, reference {sorted(reference)}; "
            "they need at least one in common"
        )
    values = [np.mean(arm[s]) - np.mean(reference[s]) for s in seeds]
    return t_interval(values, level), t_p_value(values)


def holm(p_values) -> np.ndarray:
    """Holm's step-down correction; the order is kept.

    Rejecting where the result is below 0.05 keeps the chance of any false
    rejection in the family below 5 %, whatever the dependence.
    """
    p = np.asarray(p_values, dtype=float)
    if p.size == 0:
        return p
    order = np.argsort(p)
    stepped = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1)
    return adjusted


def probability_of_improvement(differences, level: float = 0.95) -> Interval:
    """Share of seeds whose difference is positive, ties counting half.

    The interval is Wilson's, which stays inside [0, 1] and does not
    collapse when all seeds agree: five of five gives [0.57, 1].
    """
    from scipy.stats import norm

    values = per_seed(differences)
    n = len(values)
    share = float(np.mean(values > 0) + np.mean(values == 0) / 2)
    z = norm.ppf((1 + level) / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    spread = np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    half = z * spread / (1 + z**2 / n)
    return Interval(
        share,
        float(max(centre - half, 0)),
        float(min(centre + half, 1)),
        n,
        level,
    )


def seeds_needed(
    spread: float, distance: float, alpha: float = 0.05, most: int = 1000
) -> int | None:
    """Seeds at which a t interval of this spread is narrower than needed.

    Args:
        spread: standard deviation between seeds.
        distance: from the estimate to the value it must exclude.
        alpha: 1 - level of the interval.
        most: where to give up.

    Returns:
        The smallest number of seeds, at least 5, or None above ``most``.
    """
    from scipy.stats import t

    n = np.arange(MIN_SEEDS, most + 1)
    half = t.ppf(1 - alpha / 2, n - 1) * spread / np.sqrt(n)
    enough = np.flatnonzero(half < abs(distance))
    return int(n[enough[0]]) if enough.size else None


def percentile_bootstrap(
    values, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """Percentile bootstrap of the mean: over images, or to be taught.

    Over a few seeds it is too narrow (see ``coverage``); use ``t_interval``.
    """
    values = per_seed(values)
    rng = np.random.default_rng(seed)
    picks = rng.integers(len(values), size=(resamples, len(values)))
    return _percentiles(values[picks].mean(axis=1), values, level)


def hierarchical_bootstrap(
    values, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Interval:
    """Bootstrap over seeds, then over images within each drawn seed.

    Images are drawn anew for every seed, as if each seed had images of its
    own. Where all seeds share one test set, most of the variance between
    images is thereby averaged away and the interval is too short.

    Args:
        values: ``(seeds, images)``, e.g. paired differences.
        level: nominal coverage.
        resamples: number of draws.
        seed: of the draws.

    Raises:
        ValueError: fewer than 10 seeds, where it covers too little.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 2:
        raise ValueError(
            f"values has shape {values.shape}; give (seeds, images)"
        )
    seeds, images = values.shape
    if seeds < MIN_SEEDS_BOOTSTRAP:
        raise ValueError(
            f"values has {seeds} seeds; the hierarchical bootstrap covers "
            f"too little below {MIN_SEEDS_BOOTSTRAP}, use t_interval"
        )
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    for i in range(resamples):
        drawn = rng.integers(seeds, size=(seeds, 1))
        pictures = rng.integers(images, size=(seeds, images))
        means[i] = values[drawn, pictures].mean()
    return _percentiles(means, values.mean(axis=1), level)


def coverage(
    method=t_interval, seeds: int = 5, trials: int = 1000, seed: int = 0
) -> float:
    """How often an interval holds the truth, by simulation.

    Draws ``seeds`` normal values of mean 0, ``trials`` times.

    Args:
        method: takes the values, returns an ``Interval``.
        seeds: values per trial.
        trials: simulated experiments.
        seed: of the simulation.

    Returns:
        The share of trials whose interval holds 0; the nominal one is 0.95.
    """
    rng = np.random.default_rng(seed)
    intervals = (method(rng.normal(size=seeds)) for _ in range(trials))
    return float(np.mean([i.low <= 0 <= i.high for i in intervals]))


def _percentiles(means, values, level) -> Interval:
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(
        float(values.mean()),
        float(low),
        float(high),
        len(values),
        level,
        tuple(values.tolist()),
    )
