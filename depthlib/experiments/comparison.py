"""Tables of runs side by side, as the study chapters show them.

The tables are those of ``evidence``: one row a run, and one for each further
reading of its network. Verdicts are not made here (see ``verdicts``).
"""

from pathlib import Path

import numpy as np

from depthlib.experiments.claim_runs import matching
from depthlib.experiments.records import results_dir
from depthlib.experiments.single import load_maps
from depthlib.experiments.statistics import (
    MIN_SEEDS,
    Interval,
    t_interval,
)


def scored(runs, **fields):
    """The runs with these fields, each as it is usually scored.

    Further readings of the same networks are left out, and runs that
    diverged.
    """
    found = matching(runs, fields | {"reading": 0})
    return found.dropna(subset=["abs_rel"]) if len(found) else found


def run_counts(plan: dict, runs: dict):
    """What has been run of a study, one row an experiment.

    Args:
        plan: the planned runs of each experiment.
        runs: its table, as of ``evidence``.

    Returns:
        Table with the columns ``planned``; ``made``; ``left out``, records
        that do not count; ``collapsed``, runs whose maps are constant, or
        one for all images.
    """
    import pandas as pd

    made = {
        n: r.drop_duplicates("key") if len(r) else r for n, r in runs.items()
    }
    return pd.DataFrame(
        {
            "planned": {n: len(grid) for n, grid in plan.items()},
            "made": {n: len(r) for n, r in made.items()},
            "left out": {n: r.attrs["retired"] for n, r in runs.items()},
            "collapsed": {
                n: int(r["collapse"].fillna("").ne("").sum())
                if "collapse" in r
                else 0
                for n, r in made.items()
            },
        }
    )


def relative_change(runs, reference, metric: str) -> Interval | None:
    """How much a metric changes, as a share of the reference, seed by seed.

    Args:
        runs: one arm, at most one row a seed.
        reference: the arm it is compared with, likewise.
        metric: a column; rows without a value are left out.

    Returns:
        The mean of ``runs / reference - 1`` over the seeds that both have,
        with its interval; None where they share no seed.

    Raises:
        ValueError: a seed comes twice, so that the table holds several arms.
    """
    ours, theirs = _by_seed(runs, metric), _by_seed(reference, metric)
    shared = sorted(s for s in ours.keys() & theirs.keys() if theirs[s])
    if not shared:
        return None
    return t_interval([ours[s] / theirs[s] - 1 for s in shared])


def relative_changes(arms: dict, reference, metric: str) -> dict:
    """``relative_change`` of several arms, by name; those without one go."""
    pairs = {name: (runs, reference) for name, runs in arms.items()}
    return changes_of(pairs, metric)


def changes_of(pairs: dict, metric: str) -> dict:
    """The same where each arm has a rival of its own: ``(runs, rival)``."""
    found = {n: relative_change(*pair, metric) for n, pair in pairs.items()}
    return {name: change for name, change in found.items() if change}


def told(changes: dict) -> list[str]:
    """Sentences on changes of an error, by what changed."""
    return [f"{what}: {e.error_words()}." for what, e in changes.items()]


def moved(changes: dict, lower: str, higher: str) -> list[str]:
    """Sentences: what changed by its interval, and what cannot be told.

    Of what has too few seeds for an interval, each seed's change.

    Args:
        changes: intervals by what changed.
        lower: what it means that a measure fell.
        higher: what it means that it rose.
    """
    lines = [
        f"{what}: {e.words()}, {higher if e.side > 0 else lower}."
        for what, e in changes.items()
        if e.side
    ]
    for title, names in {
        "No change that can be told": [
            what
            for what, e in changes.items()
            if e.n >= MIN_SEEDS and not e.side
        ],
        "Too few seeds for an interval": [
            f"{what} ({e.words()})"
            for what, e in changes.items()
            if e.n < MIN_SEEDS
        ],
    }.items():
        if names:
            lines.append(f"{title}: {'; '.join(names)}.")
    return lines


def no_image_rows(runs, columns=None):
    """Scores of predictors that look at no image, one row each.

    Taken from the last record that has them; of all its metrics, or of
    ``columns``, which are empty where a metric was not scored.
    """
    import pandas as pd

    known = [t for t in runs["trivial"] if isinstance(t, dict)]
    rows = pd.DataFrame(known[-1] if known else {}).T
    rows.index = [f"{n.replace('_', ' ')} (no image)" for n in rows.index]
    return rows if columns is None else rows.reindex(columns=columns)


def best_guess(runs):
    """The same runs, with the best abs_rel without an image for theirs.

    That of the better of two guesses, on the test images of each run.
    """
    guesses = runs.get("trivial", ())
    best = [min(s["abs_rel"] for s in g.values()) for g in guesses]
    return runs.assign(abs_rel=best)


def arm_means(runs, by, columns):
    """Means over seeds, one row an arm, below ``no_image_rows``.

    Args:
        runs: the arms' runs.
        by: column, or list of columns, that names an arm; of several the
            names are joined.
        columns: metrics.

    Returns:
        The table, and how many of its first rows look at no image.
    """
    import pandas as pd

    means = runs.groupby(by, sort=False)[list(columns)].mean()
    if isinstance(means.index, pd.MultiIndex):
        means.index = [" · ".join(map(str, i)) for i in means.index]
    top = no_image_rows(runs, columns)
    return pd.concat([top, means]), len(top)


def kept_maps(runs, root: Path | None = None) -> np.ndarray | None:
    """Maps ``(n, H, W)`` in metres that seed 0 of an arm left behind.

    They lie beside its record. None where there is no such file.
    """
    if runs.empty or 0 not in set(runs["seed"]):
        return None
    run = runs[runs["seed"] == 0].iloc[0]
    folder = (root or results_dir(run["profile"])) / run["profile"]
    path = folder / run["experiment"] / f"{run['key']}.png"
    return load_maps(path, run["size"][0]) if path.exists() else None


def _by_seed(runs, metric) -> dict[int, float]:
    if runs.empty or metric not in runs:
        return {}
    known = runs[["seed", metric]].dropna()
    twice = sorted(set(known["seed"][known["seed"].duplicated()]))
    if twice:
        raise ValueError(
            f"{metric}: seed {twice[0]} comes twice; choose one arm and one "
            "reading"
        )
    return dict(zip(known["seed"], known[metric].astype(float), strict=True))
