"""The learning rate that the arms of a study have earned.

Scores are delta1 on validation images, a metric that no loss optimises.
"""

from dataclasses import replace

from depthlib.experiments.config import RunConfig
from depthlib.experiments.records import load


def tuned(
    run: RunConfig, *experiments: str, by: tuple[str, ...], over: str = "seed"
) -> RunConfig:
    """``run`` at the rate that scores best, on average over some kinds.

    Only rates count that each kind has tried and borne. Where nothing has
    been tried, the run keeps the rate it has.

    Args:
        run: at the profile whose trials count.
        experiments: that tried the rates.
        by: fields of the config in which a trial has to agree with the run.
        over: field of the config whose values are the kinds: the seed; or
            what arms differ in, so that none wins by a rate of its own.
    """
    scores = {}
    for trial in _trials(run, experiments, by):
        one = scores.setdefault(trial["config"]["lr"], {})
        one[trial["config"][over]] = _score(trial)
    kinds = set().union(*scores.values())
    means = {
        rate: sum(one.values()) / len(one)
        for rate, one in scores.items()
        if set(one) == kinds
    }
    return replace(run, lr=max(means, key=means.get)) if means else run


def leading(
    run: RunConfig, experiment: str, *, by: tuple[str, ...], count: int
) -> list[float]:
    """The rates that score best with the run's seed, in rising order.

    Args:
        run: as in ``tuned``; where nothing has been tried, its own rate is
            all there is.
        experiment: that tried the rates.
        by: as in ``tuned``.
        count: of rates.
    """
    trials = _trials(run, [experiment], (*by, "seed"))
    best = sorted(trials, key=_score, reverse=True)[:count]
    return sorted(t["config"]["lr"] for t in best) or [run.lr]


def _trials(run, experiments, by) -> list[dict]:
    return [
        record
        for experiment in experiments
        for record in load(experiment, run.profile)
        if all(record["config"][f] == getattr(run, f) for f in by)
        # A training that diverged has no score.
        and _score(record) is not None
    ]


def _score(record: dict):
    return record["metrics"]["image"]["delta1"]
