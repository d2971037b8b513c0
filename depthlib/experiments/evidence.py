"""The records that may carry a figure or a verdict."""

from pathlib import Path

from depthlib.experiments.fingerprint import is_current
from depthlib.experiments.records import frame, load


def evidence(*experiments: str, profile="study", root: Path | None = None):
    """Current records of some experiments, as one table.

    Args:
        experiments: their names.
        profile: one profile; profiles are never pooled.
        root: as in ``records.load``.

    Returns:
        DataFrame as of ``frame``, without rows where there are no records.
        ``attrs["retired"]`` counts the records that were left out because
        today's code or data no longer make them.
    """
    records = [r for name in experiments for r in load(name, profile, root)]
    current = [r for r in records if is_current(r)]
    table = frame(current)
    table.attrs["retired"] = len(records) - len(current)
    return table
