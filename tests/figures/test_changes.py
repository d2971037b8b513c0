"""What arms change: plot, words and source from one table."""

import re

import pandas as pd

from depthlib.figures import changes, changes_figure

WORDS = {"of": "error, relative to one", "alt": "Two.", "name": "video-cards"}


def arm(name, *scores):
    """One run a seed, with abs_rel and twice that as rmse."""
    about = {"experiment": "video-cards", "profile": "study"}
    return pd.DataFrame(
        [
            {"seed": s, "key": f"{name}{s}", "abs_rel": v, "rmse": 2 * v}
            | about
            for s, v in enumerate(scores)
        ]
    )


def shown(monkeypatch, pairs, *metrics, **words):
    """What would be drawn and written on the page."""
    seen = {}
    monkeypatch.setattr(
        changes, "forest_plot", lambda rows, **kw: seen.update(rows=rows)
    )
    monkeypatch.setattr(
        changes, "figure", lambda fig, **kw: seen.update(kw, drawn=True)
    )
    monkeypatch.setattr(
        changes, "say", lambda *lines: seen.update(said=" ".join(lines))
    )
    changes_figure(pairs, *metrics, **(WORDS | words))
    return seen


def test_each_arm_has_its_own_rival_and_each_metric_its_label(monkeypatch):
    pairs = {
        "half": (arm("a", 0.1, 0.2), arm("b", 0.2, 0.4)),
        "same": (arm("a", 0.1, 0.2), arm("c", 0.1, 0.2)),
    }
    rows = shown(monkeypatch, pairs, "abs_rel", "rmse")["rows"]
    assert {label: e.mean for label, e in rows.items()} == {
        "half, abs_rel": -0.5,
        "same, abs_rel": 0.0,
        "half, rmse": -0.5,
        "same, rmse": 0.0,
    }
    assert list(shown(monkeypatch, pairs)["rows"]) == ["half", "same"]


def test_the_caption_counts_shared_runs_once(monkeypatch):
    ours, theirs = arm("a", 0.1), arm("b", 0.2)
    pairs = {
        "one": (ours, theirs),
        "two": (ours, ours),
        "none": (ours, arm("c")),
    }
    seen = shown(monkeypatch, pairs)
    assert "2 runs" in seen["caption"]
    assert "depthlib reproduce video-cards" in seen["caption"]
    assert "one: " in seen["alt"] and "none" not in seen["alt"]


def test_words_below_say_what_the_intervals_allow(monkeypatch):
    one, two = (arm(name, *[0.1] * 5) for name in "ab")
    two["abs_rel"] = [0.2, 0.21, 0.2, 0.19, 0.2]
    said = shown(monkeypatch, {"two": (two, one), "half": (one, two)})["said"]
    assert re.search(r"two: \+100.*more error\. half: .*less error\.", said)


def test_without_records_a_sentence_says_whose(monkeypatch, capsys):
    pairs = {"one": (arm("a"), arm("b", 0.1))}
    assert not shown(monkeypatch, pairs)
    assert "records of video-cards" in capsys.readouterr().out
    assert not shown(monkeypatch, pairs, experiment="video-frames")
    assert "records of video-frames" in capsys.readouterr().out
