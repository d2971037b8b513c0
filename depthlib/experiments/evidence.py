"""The records that may carry a figure or a verdict."""

from pathlib import Path

from depthlib.experiments.fingerprint import is_current
from depthlib.experiments.profiles import profile as by_name
from depthlib.experiments.records import frame, load
from depthlib.experiments.studies import STUDIES


def evidence(*experiments: str, profile="study", root: Path | None = None):
    """Current records of some experiments, as one table.

    Args:
        experiments: their names.
        profile: one profile; profiles are never pooled.
        root: as in ``records.load``.

    Returns:
        DataFrame as of ``frame``, without rows where there are no records.
        ``attrs["retired"]`` counts the records that were left out because
        today's code or data no longer make them, or today's plan does not
        ask for them: at another learning rate, say.
    """
    records = [r for name in experiments for r in load(name, profile, root)]
    kept = counting(records)
    table = frame(kept)
    table.attrs["retired"] = len(records) - len(kept)
    return table


def counting(records: list[dict]) -> list[dict]:
    """Those that today's code makes and that today's plan asks for.

    An experiment that no study knows has no plan, and all of its records.
    """
    grids = {(r["experiment"], r["profile"]) for r in records}
    keys = {
        (name, profile): {run.key for run in STUDIES[name](by_name(profile))}
        for name, profile in grids
        if name in STUDIES
    }
    return [
        r
        for r in records
        if r["key"] in keys.get((r["experiment"], r["profile"]), [r["key"]])
        and is_current(r)
    ]
