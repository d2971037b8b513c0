"""The learning rate that the arms of a study have earned."""

from dataclasses import replace

from depthlib.experiments.config import RunConfig
from depthlib.experiments.records import load


def tuned(run: RunConfig, experiment: str, *fields: str) -> RunConfig:
    """``run`` at the rate with the best delta1 on validation images.

    delta1 is a metric that no loss optimises. Where nothing has been tried,
    the run keeps the rate it has.

    Args:
        run: at the profile whose trials count.
        experiment: that tried the rates.
        fields: of the config in which a trial has to agree with the run.
    """
    tried = _tried(run, experiment, fields)
    if not tried:
        return run
    best = max(tried, key=_score)
    return replace(run, lr=best["config"]["lr"])


def shared(
    run: RunConfig, experiment: str, kind: str, *fields: str
) -> RunConfig:
    """``run`` at the rate with the best delta1 on average over some kinds.

    One rate for all kinds, so that none wins by a rate of its own. Only rates
    count that each kind has tried and borne.

    Args:
        run: as in ``tuned``.
        experiment: as in ``tuned``.
        kind: field of the config in which the trials differ.
        fields: as in ``tuned``.
    """
    scores = {}
    for record in _tried(run, experiment, fields):
        one = scores.setdefault(record["config"]["lr"], {})
        one[record["config"][kind]] = _score(record)
    kinds = set().union(*scores.values())
    means = {
        rate: sum(one.values()) / len(one)
        for rate, one in scores.items()
        if set(one) == kinds
    }
    return replace(run, lr=max(means, key=means.get)) if means else run


def _tried(run, experiment, fields) -> list[dict]:
    return [
        record
        for record in load(experiment, run.profile)
        if all(record["config"][f] == getattr(run, f) for f in fields)
        # A training that diverged has no score.
        and _score(record) is not None
    ]


def _score(record: dict):
    return record["metrics"]["image"]["delta1"]
