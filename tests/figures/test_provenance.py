"""The caption line that leads from a figure to its records."""

import pandas as pd
import pytest

from depthlib.figures import trace


def record(seed=0, date="2026-11-20T10:00:00", **changes):
    return {
        "experiment": "losses-size",
        "profile": "study",
        "config": {"seed": seed, "loss": "l1"},
        "date": date,
        "commit": "0123456789abcdef",
        "device": "cpu",
    } | changes


def test_one_line_says_it_all():
    records = [record(s, f"2026-11-2{s}T01:02:03") for s in (0, 1, 2)]
    assert trace(records) == (
        "Profile `study`: 3 runs; seeds 0-2; "
        "2026-11-20 to 2026-11-22; commit `0123456`; cpu. "
        "Re-make: `depthlib reproduce losses-size --profile study`"
    )


def test_one_run():
    line = trace([record(4)])
    assert ": 1 run; seed 4; 2026-11-20; " in line


def test_gaps_in_seeds_and_several_sources():
    records = [
        record(0),
        record(5, experiment="losses-nyu", device="H200", commit="f" * 40),
    ]
    line = trace(records)
    assert "seeds 0, 5" in line
    assert "commits `0123456`, `fffffff`" in line
    assert "cpu, H200" in line
    assert line.endswith(
        "`depthlib reproduce losses-size losses-nyu --profile study`"
    )


def test_many_commits_are_counted():
    records = [record(i, commit=f"{i}" * 40) for i in range(5)]
    assert "`2222222` and 2 more" in trace(records)


def test_the_table_of_records_works_too():
    config = {"experiment": "losses-nyu", "profile": "gpu", "seed": 1}
    rows = [record() | {"config": config, "experiment": "losses-nyu"}]
    rows[0]["profile"] = "gpu"
    from depthlib.experiments import frame

    rows[0]["metrics"] = {"image": {}, "pixel": {}, "quality": {}}
    table = frame(rows)
    assert isinstance(table, pd.DataFrame)
    assert trace(table) == trace(rows)


def test_of_several_tables_a_run_counts_once():
    a, b = (record(s, key=f"r{s}") for s in (0, 1))
    readings = pd.DataFrame([a, a, b])
    assert trace(readings) == trace([a, b])
    assert trace([a], readings.iloc[:0], pd.DataFrame(), readings) == trace(
        [a, b]
    )


def test_profiles_are_never_pooled():
    with pytest.raises(ValueError, match="mix the profiles gpu, study"):
        trace([record(), record(profile="gpu")])


def test_no_records_no_source():
    with pytest.raises(ValueError, match="records is empty"):
        trace([])
    with pytest.raises(ValueError, match="names no experiment"):
        trace([{"seed": 0}])
