"""The records in the repository are still what today's code makes."""

from pathlib import Path

import pytest

from depthlib.experiments import is_current, load

RESULTS = Path(__file__).resolve().parents[2] / "data" / "results"
EXPERIMENTS = sorted(path.name for path in (RESULTS / "study").iterdir())


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_change_of_code_retires_no_record_unnoticed(experiment):
    """Pages would say no more than that there are no current records.

    The first record and the last stand for all. Who means to retire them
    makes them anew, or deletes them.
    """
    records = load(experiment, "study", RESULTS)
    assert [r["key"] for r in records]
    for record in {records[0]["key"]: records[0],
                   records[-1]["key"]: records[-1]}.values():  # fmt: skip
        assert is_current(record), record["key"]
