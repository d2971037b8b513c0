"""The learning rate that an arm of a study has earned."""

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
    tried = [
        record
        for record in load(experiment, run.profile)
        if all(record["config"][f] == getattr(run, f) for f in fields)
        # A training that diverged has no score.
        and record["metrics"]["image"]["delta1"] is not None
    ]
    if not tried:
        return run
    best = max(tried, key=lambda r: r["metrics"]["image"]["delta1"])
    return replace(run, lr=best["config"]["lr"])
