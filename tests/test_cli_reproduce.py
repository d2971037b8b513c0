"""Experiments from the command line: records, tables, counts."""

import json
from pathlib import Path

import pytest
from cli_calls import call, refused

from depthlib.cli import _summary, _varying
from depthlib.experiments import STUDIES, run
from depthlib.experiments.profiles import profile


def test_reproduce_writes_records_that_status_counts(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path / "results"))
    words = ("losses-weight", "--profile", "smoke", "--workers", 1)
    status, out, _ = call("reproduce", *words)
    assert status == 0 and "abs_rel" in out and "seeds" in out
    paths = sorted((tmp_path / "results").rglob("*.json"))
    records = [json.loads(path.read_text()) for path in paths]
    assert records and {r["experiment"] for r in records} == {"losses-weight"}
    status, out, _ = call("status", "--profile", "smoke")
    row = next(
        line.split() for line in out.splitlines() if "losses-weight" in line
    )
    assert status == 0
    # wanted, there, current, others
    assert row[1:] == [*[str(len(records))] * 3, "0"]
    # A second call trains nothing: no record changes.
    before = {path: path.stat().st_mtime_ns for path in paths}
    assert call("reproduce", *words)[0] == 0
    assert {path: path.stat().st_mtime_ns for path in paths} == before


def test_reproduce_takes_several_experiments(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path / "results"))
    names = ("viewpoint-equal", "viewpoint-gradient")
    status, out, _ = call("reproduce", *names, "--profile", "smoke")
    assert status == 0 and out.count("seeds") == 2
    made = {path.parent.name for path in tmp_path.rglob("*.json")}
    assert made == set(names)


@pytest.mark.parametrize(
    "name", ["adversarial-unet", "adversarial-size", "video-time"]
)
def test_a_summary_has_all_arms_under_their_own_protocol(name, monkeypatch):
    """Fields that are None, runs of two kinds, and what is no score."""
    root = Path(__file__).resolve().parents[1] / "data" / "results"
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(root))
    grid = STUDIES[name](profile("study"))
    table = run(grid, progress=False)  # all records are there
    said = _summary(grid, table)
    arms = {tuple(getattr(c, f, None) for f in _varying(grid)) for c in grid}
    rows = [line for line in said.splitlines() if line[-1:].isdigit()]
    assert len(rows) == len(arms)
    assert all(f"{p}\n" in said for p in table["protocol"].unique())
    assert ("seconds" in said) == (name == "video-time")


def test_reproduce_names_the_experiments_there_are():
    err = refused("reproduce", "losses-none", "--profile", "smoke")
    assert "losses-size" in err and "losses-nyu" in err
