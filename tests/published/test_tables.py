"""The tables as data: complete, and equal to what is printed."""

import pytest

from depthlib.metrics import METRICS
from depthlib.published import tables
from depthlib.published.files import read
from depthlib.published.rows import papers, row

EXTRA = {"mssim", "edge_f1", "normal_error", "offsets", "seconds"}
ROWS = read("tables.yaml")["rows"]


def test_counts():
    frame = tables()
    assert len(frame) == 168 and frame["id"].is_unique
    assert frame["kind"].value_counts().to_dict() == {
        "scores": 137,
        "architecture": 24,
        "loss_definition": 7,
    }
    assert frame["paper"].value_counts().to_dict() == {
        "C18": 47,
        "AV19": 32,
        "DD18": 42,
        "SG19": 32,
        "D318": 15,
    }


@pytest.mark.parametrize("entry", ROWS, ids=lambda e: e["id"])
def test_numbers_are_what_is_printed(entry):
    """Per cent as fractions, a dash as null, and nothing else changed."""
    assert entry.get("metrics", {}).keys() == entry.get("printed", {}).keys()
    for name, text in entry.get("printed", {}).items():
        value = entry["metrics"][name]
        if text == "-":
            assert value is None
        elif text.endswith("%"):
            assert value == pytest.approx(float(text[:-1]) / 100)
        else:
            assert value == float(text)


def test_names_are_the_projects():
    names = {n for entry in ROWS for n in entry.get("metrics", {})}
    for prefix in ("c1_", "c2_", "v1_", "v2_", "v3_", "v4_"):
        names = {n.removeprefix(prefix) for n in names}
    assert names <= set(METRICS) | EXTRA


def test_ids_say_where_a_row_stands():
    for entry in ROWS:
        paper, table, line = entry["id"].split("-")
        assert (entry["paper"], f"T{entry['table']}") == (paper, table)
        assert line.startswith("R")
        assert paper in papers()


def test_one_table():
    frame = tables("D318", 2)
    assert len(frame) == 8
    best = frame.set_index("method")["abs_rel"].idxmin()
    assert best == "Kendall and Gal [17]"
    assert "sq_rel" not in frame


def test_one_row():
    assert row("C18-T3-R10")["metrics"]["delta1"] == 0.626


def test_bad_names():
    with pytest.raises(ValueError, match="C18-T9-R99"):
        row("C18-T9-R99")
    with pytest.raises(ValueError, match="choose one of AV19"):
        tables("C17")


def test_missing_file_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("depthlib.published.files.FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match="pip install -e"):
        read("nothing.yaml")
