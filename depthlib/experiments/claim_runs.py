"""The records that one claim's test may see, and comparisons per seed."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from depthlib.experiments.curves import area_under_curve
from depthlib.experiments.statistics import Interval, t_interval, t_p_value

SAME = (
    "data",
    "style",
    "n_train",
    "n_test",
    "test_split",
    "size",
    "encoder",
    "width",
    "blocks",
    "samples",
    "batch_size",
    "flip",
    "precision",
    "weight",
    "threshold",
    "discriminator",
    "phase",
    "loss",
    "target",
    "truth",
    "swap",
    "bridge",
    "skips",
    "decoder",
    "stride",
    "pretrained",
    "betas",
    "generator",
    "adversary",
    "field",
    "critic_width",
    "unary",
    "patch",
    "superpixels",
    "decay",
    "beta_rate",
    "strategy",
    "penalty",
    "route",
    "rotation",
    "translation",
    "component",
    "bins",
    "saturating",
    "terms",
    "updates",
    "removed",
    "levels",
    "norm",
    "dropout",
    "squeeze",
    "every",
    "speed",
    "sampling",
    "level",
    "pitch",
    "radius",
    "frames",
    "attention",
    "refinement",
    "similarity",
    "borders",
    "stages",
    "leak",
)

# Columns of the further readings of one trained network.
READINGS = (
    "scaled",
    "flip_test",
    "test_data",
    "test_style",
    "test_speed",
    "reach",
)


class NotEnoughError(Exception):
    """The records cannot answer; the message says what is missing."""


@dataclass(frozen=True)
class Comparison:
    """One effect that a claim asserts.

    Attributes:
        name: the arms in words.
        interval: effect per seed; positive is as claimed.
        p_value: two-sided p of "the effect is v", as a function of v.
    """

    name: str
    interval: Interval
    p_value: Callable[[float], float]


@dataclass
class Runs:
    """The records of one claim, and which of them its test has used."""

    frame: object
    claim: object
    used: list = field(default_factory=list)

    def __post_init__(self):
        fixed = self.claim.test.get("at", {})
        self.frame = headlines(matching(self.frame, fixed), self.claim.test)

    def values(self, arm: dict, match=()):
        """The metric of one arm, indexed by (seed, *match)."""
        rows = matching(self.frame, arm)
        if rows.empty:
            raise NotEnoughError(f"no runs of {words(arm)}")
        index = ["seed", *match]
        if rows.duplicated(index).any():
            differ = [c for c in SAME if c in rows and _count(rows[c]) > 1]
            differ = [c for c in differ if c not in index]
            raise NotEnoughError(
                f"{words(arm)} names several runs of one seed; they differ "
                f"in {', '.join(differ) or 'nothing but their experiment'}"
            )
        self.used.append((arm, rows))
        values = metric_values(rows.set_index(index), self.claim.metric)
        if not np.isfinite(values).all():
            raise NotEnoughError(f"a run of {words(arm)} has no finite score")
        return values

    def same(self, arm: dict, reference: dict, match=()) -> None:
        """Raise if two arms differ in more than what defines them."""
        free = self.claim.test.get("may_differ", [])
        named = {*arm, *reference, *match, *free}
        first, second = (matching(self.frame, a) for a in (arm, reference))
        for name in SAME:
            if name in named or name not in first:
                continue
            one, two = (set(map(str, r[name])) for r in (first, second))
            if one != two:
                raise NotEnoughError(
                    f"{words(arm)} and {words(reference)} differ in {name} "
                    "too, so the comparison would not be fair"
                )


def experiments(claim) -> list[str]:
    """Experiments whose records a claim's test reads."""
    names = [claim.experiment, *claim.test.get("also", [])]
    return [name for name in names if name]


def matching(frame, wanted: dict):
    """Rows whose columns have the wanted value, or one of a list."""
    keep = np.ones(len(frame), dtype=bool)
    for name, value in wanted.items():
        if name not in frame:
            return frame.iloc[:0]
        choices = value if isinstance(value, list) else [value]
        hit = frame[name].isin([c for c in choices if c is not None])
        if None in choices:
            hit |= frame[name].isna()
        keep &= hit.to_numpy()
    return frame[keep]


def headlines(frame, test: dict):
    """One row a run, unless the test asks how the network was scored."""
    asked = {*test.get("at", {})}
    for arm in [*test.get("arms", []), *test.get("references", [])]:
        asked |= set(arm)
    if "reading" not in frame or asked & set(READINGS):
        return frame
    return frame[frame["reading"] == 0]


def words(arm: dict) -> str:
    """A filter as readers see it: ``loss lsgan, with adversary``."""
    return ", ".join(_word(k, v) for k, v in arm.items()) or "all runs"


def _word(name: str, value) -> str:
    if isinstance(value, bool):
        return f"{'with' if value else 'without'} {name}"
    return f"{name} {value}"


def versus(arm: dict, reference: dict) -> str:
    """Two filters as readers see them; what both say is said once, at the end.

    ``with adversary against without adversary (data rooms)``.
    """
    both = {
        name: value
        for name, value in arm.items()
        if name in reference and reference[name] == value
    }
    one, other = (
        {name: value for name, value in side.items() if name not in both}
        for side in (arm, reference)
    )
    if not (one and other):  # a side without words would seem to be all runs
        return f"{words(arm)} against {words(reference)}"
    context = f" ({words(both)})" if both else ""
    return f"{words(one)} against {words(other)}{context}"


def metric_values(rows, metric: str):
    """A metric column; ``area_x`` is the area under the curve of x."""
    if metric.startswith("area_") and metric not in rows:
        name = metric.removeprefix("area_")
        return rows["curve"].map(
            lambda curve: area_under_curve(curve["samples"], curve[name])
        )
    if metric not in rows:
        raise NotEnoughError(f"the records have no metric {metric}")
    return rows[metric].astype(float)


def gains(runs: Runs, arm: dict, reference: dict, relative: bool):
    """Improvement of arm over reference, indexed by seed.

    Cells named by ``match`` (e.g. several losses) are averaged; a seed that
    lacks one of them is left out.
    """
    match = runs.claim.test.get("match", [])
    new, old = runs.values(arm, match), runs.values(reference, match)
    runs.same(arm, reference, match)
    both = new.index.intersection(old.index)
    gain = runs.claim.sign * (new[both] - old[both])
    if relative:
        gain = gain / old[both].abs()
    return gain.unstack(match).dropna().mean(axis=1) if match else gain


def by_seed(values, name: str) -> Comparison:
    """A comparison whose interval is Student's t over seeds."""
    values = np.asarray(values, dtype=float)
    if not values.size:
        raise NotEnoughError(f"{name} have no seed in common")
    return Comparison(name, t_interval(values), lambda v: t_p_value(values, v))


def _count(column) -> int:
    return len(set(map(str, column)))
