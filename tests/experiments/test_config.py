"""Configs, grids, profiles and the grids of the loss study."""

from dataclasses import replace

import pytest

from depthlib.experiments import LOSS_STUDY, D3NetRun, grid, profile
from depthlib.experiments.loss_study import config
from depthlib.experiments.profiles import PROFILES
from depthlib.experiments.records import record_path, write_record
from depthlib.experiments.tuning import leading, tuned

BASE = D3NetRun(experiment="demo")


def test_a_grid_is_the_product_of_its_axes():
    runs = grid(BASE, loss=["l1", "l2"], n_train=[10, 20], seed=range(3))
    assert len(runs) == len({r.key for r in runs}) == 12
    assert runs[1] == replace(BASE, loss="l1", n_train=10, seed=1)


def test_an_unknown_axis_is_named():
    with pytest.raises(ValueError, match="'colour'.*n_train"):
        grid(BASE, colour=["red"])


def test_the_key_is_stable_and_feels_every_field():
    assert BASE.key == D3NetRun(experiment="demo").key
    for change in ({"lr": 2e-3}, {"profile": "gpu"}, {"experiment": "x"}):
        assert replace(BASE, **change).key != BASE.key


def test_the_recipe_forgets_scale_and_keeps_the_formula():
    big = replace(BASE, n_train=9999, size=(256, 320), width=1.0, seed=4)
    assert big.recipe() == BASE.recipe()
    for change in (
        {"loss": "l2"},
        {"lr": 1e-2},
        {"threshold": 0.2},
        {"encoder": "resnet50"},
        {"discriminator": "image"},
    ):
        assert replace(BASE, **change).recipe() != BASE.recipe()


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("experiment", LOSS_STUDY)
def test_every_grid_exists_at_every_profile(
    experiment, name, monkeypatch, tmp_path
):
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))
    runs = LOSS_STUDY[experiment](profile(name))
    assert runs
    assert {r.experiment for r in runs} == {experiment}
    assert {r.profile for r in runs} == {name}
    assert len({r.key for r in runs}) == len(runs)


def test_the_study_gives_every_arm_the_same_samples(monkeypatch, tmp_path):
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))
    p = profile("study")
    runs = LOSS_STUDY["losses-size"](p)
    assert {r.samples for r in runs} == {10_000}
    assert max(r.n_train for r in runs) <= 10_000
    seeds = {}
    for r in runs:
        seeds.setdefault(r.loss, set()).add(r.seed)
    assert {len(seeds[x]) for x in ("l1", "scale_invariant", "lsgan")} == {5}
    assert {len(s) for s in seeds.values()} == {3, 5}


def test_the_tuned_rate_is_the_best_on_validation(monkeypatch, tmp_path):
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))
    p = profile("study")
    run = config(p, "x", loss="l2")
    assert tuned(run, "losses-rate", by=("loss",)) == run
    assert leading(run, "losses-rate", by=("loss",), count=2) == [run.lr]
    rates = grid(
        config(p, "losses-rate", test_split="val"),
        loss=["l2"],
        lr=[3e-4, 1e-3, 3e-3],
    )
    for trial, delta1 in zip(rates, (0.5, None, 0.6), strict=True):
        record = {
            "config": {"loss": "l2", "lr": trial.lr, "seed": 0},
            "metrics": {"image": {"delta1": delta1}},
        }
        write_record(record_path(trial), record)
    assert tuned(run, "losses-rate", by=("loss",)) == replace(run, lr=3e-3)
    other = replace(run, loss="l1")
    assert tuned(other, "losses-rate", by=("loss",)) == other


def test_the_best_rates_with_one_seed_are_tried_with_more(monkeypatch):
    """The winner of one seed may fail the next; the mean then decides."""
    scores = {
        "first": {(0, 1e-3): 0.4, (0, 3e-3): 0.5, (0, 1e-2): 0.6,
                  (0, 3e-2): None},
        "again": {(1, 3e-3): 0.5, (1, 1e-2): 0.2},
    }  # fmt: skip
    records = {
        name: [
            {
                "config": {"loss": "l2", "seed": seed, "lr": rate},
                "metrics": {"image": {"delta1": score}},
            }
            for (seed, rate), score in trials.items()
        ]
        for name, trials in scores.items()
    }
    monkeypatch.setattr(
        "depthlib.experiments.tuning.load", lambda name, _: records[name]
    )
    run, by = config(profile("study"), "x", loss="l2"), ("loss",)
    assert leading(run, "first", by=by, count=2) == [3e-3, 1e-2]
    assert tuned(run, "first", by=by).lr == 1e-2
    assert tuned(run, "first", "again", by=by).lr == 3e-3


def test_a_shared_rate_is_the_best_on_average(monkeypatch):
    """Of those that all kinds have tried and borne."""
    scores = {
        ("a", 3e-4): 0.5, ("b", 3e-4): 0.5,
        ("a", 1e-3): 0.4, ("b", 1e-3): 0.8,  # not best for "a"
        ("a", 3e-3): 0.9, ("b", 3e-3): None,
        ("a", 1e-2): 0.9,
    }  # fmt: skip
    records = [
        {
            "config": {"loss": "l2", "style": kind, "lr": rate},
            "metrics": {"image": {"delta1": score}},
        }
        for (kind, rate), score in scores.items()
    ]
    monkeypatch.setattr("depthlib.experiments.tuning.load", lambda *_: records)
    run = config(profile("study"), "x", loss="l2")
    how = {"by": ("loss",), "over": "style"}
    found = tuned(run, "losses-rate", **how)
    assert found == replace(run, lr=1e-3)
    other = replace(run, loss="l1")
    assert tuned(other, "losses-rate", **how) == other


def test_an_unknown_profile_is_named():
    with pytest.raises(ValueError, match="'big'.*study"):
        profile("big")
