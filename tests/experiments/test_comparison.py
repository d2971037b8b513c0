"""Tables of runs side by side: pairs of seeds, means, kept maps."""

import numpy as np
import pandas as pd
import pytest
import torch

from depthlib.experiments.comparison import (
    arm_means,
    best_guess,
    changes_of,
    kept_maps,
    moved,
    no_image_rows,
    relative_change,
    relative_changes,
    run_counts,
    scored,
    told,
)
from depthlib.experiments.single import save_maps
from depthlib.experiments.statistics import t_interval


def arm(**scores):
    """One run a seed, from abs_rel by seed (``s0=0.2``)."""
    return pd.DataFrame(
        {
            "seed": [int(name[1:]) for name in scores],
            "abs_rel": list(scores.values()),
        }
    )


def test_changes_are_paired_by_seed_and_not_by_row():
    ours = arm(s2=0.3, s0=0.1, s7=9.0)
    change = relative_change(ours, arm(s0=0.2, s2=0.2, s5=1.0), "abs_rel")
    assert change.points == pytest.approx((-0.5, 0.5))
    assert change.mean == pytest.approx(0)
    assert change.n == 2


def test_interval_is_students():
    # t(4 degrees, 97.5 %) = 2.776445; deviation of 1..5 is sqrt(2.5).
    ours = arm(**{f"s{k}": 1.01 + 0.01 * k for k in range(5)})
    ones = arm(**{f"s{k}": 1.0 for k in range(5)})
    change = relative_change(ours, ones, "abs_rel")
    half = 2.776445 * 0.01 * np.sqrt(2.5) / np.sqrt(5)
    assert change.mean == pytest.approx(0.03)
    assert change.high - change.mean == pytest.approx(half, rel=1e-5)


@pytest.mark.parametrize(
    "ours",
    [
        arm(s1=0.1),
        arm(s0=np.nan),
        arm(s0=0.1).drop(columns="abs_rel"),
        pd.DataFrame(),
    ],
    ids=["other seed", "diverged", "not scored", "no runs"],
)
def test_nothing_to_compare(ours):
    assert relative_change(ours, arm(s0=0.2), "abs_rel") is None
    found = relative_changes(
        {"a": ours, "b": arm(s0=0.1)}, arm(s0=0.2), "abs_rel"
    )
    assert list(found) == ["b"]


def test_an_arm_may_have_a_rival_of_its_own():
    pairs = {
        "half": (arm(s0=0.1), arm(s0=0.2)),
        "double": (arm(s0=0.4), arm(s0=0.2)),
        "no rival": (arm(s0=0.4), arm()),
    }
    found = changes_of(pairs, "abs_rel")
    assert {name: e.mean for name, e in found.items()} == pytest.approx(
        {"half": -0.5, "double": 1.0}
    )


def test_usual_scores_are_those_of_one_reading_that_did_not_diverge():
    runs = pd.concat([arm(s0=0.1, s1=np.nan), arm(s0=0.3), arm(s0=0.2)])
    runs["reading"], runs["frames"] = [0, 0, 1, 0], [3, 3, 3, 1]
    assert list(scored(runs, frames=3)["abs_rel"]) == [0.1]
    assert list(scored(runs)["abs_rel"]) == [0.1, 0.2]
    assert scored(runs, frames=2).empty
    assert scored(pd.DataFrame(), frames=3).empty


def test_a_run_with_two_readings_is_one_run():
    runs = pd.DataFrame(
        {"key": ["a", "a", "b"], "collapse": [None, None, "x"]}
    )
    timed = pd.DataFrame({"key": ["c"]})
    for table, retired in ((runs, 2), (timed, 0)):
        table.attrs["retired"] = retired
    empty = pd.DataFrame()
    empty.attrs["retired"] = 1
    counts = run_counts(
        {"one": [0, 1, 2], "two": [0], "three": [0]},
        {"one": runs, "two": timed, "three": empty},
    )
    assert counts.loc["one"].tolist() == [3, 2, 2, 1]
    assert counts.loc["two"].tolist() == [1, 1, 0, 0]
    assert counts.loc["three"].tolist() == [1, 0, 1, 0]


def test_a_guess_stands_for_each_run():
    runs = arm(s0=0.1, s1=0.2)
    runs["trivial"] = [
        {"median": {"abs_rel": 0.5}, "map": {"abs_rel": 0.4}},
        {"median": {"abs_rel": 0.3}, "map": {"abs_rel": 0.6}},
    ]
    assert list(best_guess(runs)["abs_rel"]) == [0.4, 0.3]
    assert list(runs["abs_rel"]) == [0.1, 0.2]
    assert best_guess(runs.iloc[:0]).empty and best_guess(pd.DataFrame()).empty


def test_a_table_of_two_arms_is_refused():
    both = pd.concat([arm(s3=0.1), arm(s3=0.2)])
    with pytest.raises(ValueError, match="abs_rel: seed 3 comes twice"):
        relative_change(both, arm(s3=0.1), "abs_rel")


def test_means_stand_below_what_looks_at_no_image():
    runs = pd.concat([arm(s0=0.2, s1=0.4), arm(s0=0.1)])
    runs["size"], runs["loss"] = [9, 9, 100], ["b", "b", "a"]
    runs["rmse"] = 1.0
    trivial = {"mean_map": {"abs_rel": 0.5, "delta1": 0.1}}
    runs["trivial"] = [None, trivial, None]
    table, lead = arm_means(runs, ["size", "loss"], ["abs_rel", "rmse"])
    assert lead == 1
    assert list(table.index) == ["mean map (no image)", "9 · b", "100 · a"]
    assert table["abs_rel"].tolist() == pytest.approx([0.5, 0.3, 0.1])
    assert np.isnan(table.loc["mean map (no image)", "rmse"])
    assert list(no_image_rows(runs).columns) == ["abs_rel", "delta1"]


def test_maps_are_those_of_seed_0(tmp_path):
    runs = arm(s1=0.1, s0=0.2).assign(
        profile="study", experiment="e", key=["one", "zero"], size=[(2, 3)] * 2
    )
    assert kept_maps(runs, tmp_path) is None
    maps = torch.arange(12.0).reshape(2, 1, 2, 3)
    save_maps(maps.clone(), tmp_path / "study" / "e" / "zero.png")
    assert np.array_equal(kept_maps(runs, tmp_path), maps[:, 0].numpy())
    assert kept_maps(runs[runs["seed"] == 1], tmp_path) is None
    assert kept_maps(pd.DataFrame(), tmp_path) is None


def test_changes_are_told_by_what_their_intervals_say():
    up, none, few = (
        t_interval(points)
        for points in ([0.1, 0.11, 0.12, 0.1, 0.11], [0.1, -0.1, 0.1, -0.1, 0],
                       [0.1, 0.2])
    )  # fmt: skip
    changes = {"A": up, "B": none, "C": few}
    rise, rest, short = moved(changes, "fell", "rose")
    assert rise.startswith("A: +10.8%") and rise.endswith(", rose.")
    assert rest == "No change that can be told: B."
    assert short == "Too few seeds for an interval: C (+10.0%, +20.0%)."
    assert told(changes)[0] == f"A: {up.error_words()}."
