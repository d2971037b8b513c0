"""One function per kind of test: from records to effects per seed.

Each returns a list of comparisons, all of which the claim asserts. Effects
are signed so that positive is as claimed. A ``test`` block names arms by
the config that makes them, e.g. ``arms: [{loss: lsgan}]``,
``references: [{loss: l1}]``, ``at: {n_train: 10000}``. Arms are paired by
seed; everything that the block does not name must be the same on both
sides, except the learning rate, which is tuned per arm.
"""

import itertools
from dataclasses import replace

import numpy as np

from depthlib.experiments.claim_runs import (
    Comparison,
    NotEnoughError,
    Runs,
    by_seed,
    gains,
    versus,
    words,
)
from depthlib.experiments.curves import (
    kendall_tau,
    spread_p_value,
    spread_ratio,
)


def pairs(test: dict) -> list:
    """Arm and reference of each comparison that a block asserts."""
    if "pairs" in test:
        return [tuple(pair) for pair in test["pairs"]]
    return list(itertools.product(test["arms"], test["references"]))


def difference(runs: Runs, relative: bool = False) -> list[Comparison]:
    """Every arm against every reference, in units of the metric."""
    return [
        by_seed(
            gains(runs, arm, reference, relative),
            versus(arm, reference),
        )
        for arm, reference in pairs(runs.claim.test)
    ]


def ratio(runs: Runs) -> list[Comparison]:
    """As ``difference``, as a fraction of the reference."""
    return difference(runs, relative=True)


def level(runs: Runs) -> list[Comparison]:
    """A metric of each arm against a fixed number."""
    test, sign = runs.claim.test, runs.claim.sign
    return [
        by_seed(sign * (runs.values(arm) - test["value"]), words(arm))
        for arm in test["arms"]
    ]


def monotone(runs: Runs) -> list[Comparison]:
    """Every step along an axis, as a fraction of the value before it."""
    test = runs.claim.test
    axis = test["along"]
    found = []
    for arm in test["arms"]:
        for low, high in itertools.pairwise(test["values"]):
            before, after = arm | {axis: low}, arm | {axis: high}
            name = f"{words(arm)} from {axis} {low} to {high}"
            found.append(by_seed(gains(runs, after, before, True), name))
    return found


def interaction(runs: Runs) -> list[Comparison]:
    """By how much a relative gain grows from one end of an axis."""
    test = runs.claim.test
    axis = test["along"]
    found = []
    for arm, reference in pairs(test):
        first, last = (
            gains(runs, arm | {axis: end}, reference | {axis: end}, True)
            for end in (test["from"], test["to"])
        )
        name = (
            f"gain of {words(arm)} over {words(reference)} from {axis} "
            f"{test['from']} to {test['to']}"
        )
        found.append(by_seed((last - first).dropna(), name))
    return found


def rank(runs: Runs) -> list[Comparison]:
    """Mean rank of the other arms minus that of each named arm."""
    test, lower = runs.claim.test, runs.claim.sign < 0
    column, axis = test["column"], test["along"]
    ranks = []
    for value in test["values"]:
        table = _table(runs, column, test["among"], {axis: value})
        ranks.append(table.rank(axis=1, ascending=lower))
    mean = (sum(ranks) / len(ranks)).dropna()
    rest = [arm for arm in test["among"] if arm not in test["named"]]
    others = mean[rest].mean(axis=1)
    return [
        by_seed(others - mean[arm], f"{arm} against {', '.join(rest)}")
        for arm in test["named"]
    ]


def correlation(runs: Runs) -> list[Comparison]:
    """Kendall's tau, per seed, of the ranking of arms in two settings."""
    test = runs.claim.test
    ((axis, (one, two)),) = test["between"].items()
    first, second = (
        _table(runs, test["column"], test["among"], {axis: value})
        for value in (one, two)
    )
    seeds = first.index.intersection(second.index)
    taus = [kendall_tau(first.loc[s], second.loc[s]) for s in seeds]
    return [by_seed(taus, f"ranking with {one} against {two}")]


def spread(runs: Runs) -> list[Comparison]:
    """Halvings of the relative spread over seeds, reference to arm."""
    found = []
    for arm, reference in pairs(runs.claim.test):
        narrow = np.log(runs.values(arm).to_numpy())
        wide = np.log(runs.values(reference).to_numpy())
        runs.same(arm, reference)
        try:
            interval = spread_ratio(wide, narrow)
        except ValueError as error:
            raise NotEnoughError(str(error)) from error
        found.append(
            Comparison(
                versus(arm, reference),
                interval,
                lambda v, w=wide, n=narrow: spread_p_value(w, n, v),
            )
        )
    return found


def sweep(runs: Runs) -> list[Comparison]:
    """Slope of the metric per tenfold of a parameter, seed by seed."""
    test, axis = runs.claim.test, runs.claim.test["along"]
    found = []
    for arm in test["arms"]:
        arm = dict(arm)
        sign = arm.pop("sign", 1) * runs.claim.sign
        kept = arm | {axis: test["values"]}
        table = runs.values(kept, [axis]).unstack(axis).dropna()
        if missing := set(test["values"]) - set(table.columns):
            raise NotEnoughError(
                f"{words(arm)} lacks {axis} {sorted(missing)}"
            )
        x = np.log10(table.columns.to_numpy(dtype=float))
        slopes = np.polyfit(x, table.to_numpy().T, 1)[0]
        found.append(by_seed(sign * slopes, f"{words(arm)} along {axis}"))
    return found


def pattern(runs: Runs) -> list[Comparison]:
    """How far seeds agree on where an arm gains over a reference.

    Per seed, the correlation of its gains in several metrics with the mean
    of the other seeds' gains. Of each of the test's ``groups`` of metrics
    the mean is taken off: only metrics of one group are compared. Chance
    agrees no better than 0.
    """
    import pandas as pd

    test, found = runs.claim.test, []
    for arm, reference in pairs(test):
        groups = []
        for names in test["groups"]:
            columns = {}
            for name in names:
                one = Runs(runs.frame, replace(runs.claim, metric=name))
                columns[name] = gains(one, arm, reference, False)
                runs.used += one.used
            table = pd.DataFrame(columns).dropna()
            groups.append(table.sub(table.mean(axis=1), axis=0))
        shapes = pd.concat(groups, axis=1).dropna().to_numpy()
        name = versus(arm, reference)
        if len(shapes) == 1:
            raise NotEnoughError(f"{name} have one seed, with none to agree")
        found.append(by_seed(_agreement(shapes), name))
    return found


def _agreement(shapes) -> list[float]:
    """Correlation of each row of mean 0 with the sum of the others."""
    rest = shapes.sum(0) - shapes
    sizes = np.linalg.norm(shapes, axis=1) * np.linalg.norm(rest, axis=1)
    # What is flat agrees with nothing.
    return list((shapes * rest).sum(1) / np.where(sizes > 0, sizes, np.inf))


def _table(runs: Runs, column: str, among: list, cell: dict):
    """Metric by seed (rows) and arm (columns) in one cell of a grid."""
    import pandas as pd

    arms = {arm: {column: arm} | cell for arm in among}
    scores = {name: runs.values(arm) for name, arm in arms.items()}
    for other in among[1:]:
        runs.same(arms[among[0]], arms[other])
    return pd.DataFrame(scores).dropna()


TESTS = {
    "difference": difference,
    "ratio": ratio,
    "level": level,
    "monotone": monotone,
    "interaction": interaction,
    "rank": rank,
    "correlation": correlation,
    "spread": spread,
    "sweep": sweep,
    "pattern": pattern,
}
