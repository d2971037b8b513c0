"""The study of the CNN-CRF: its grids run, its claims find their arms."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from depthlib.data import rooms
from depthlib.experiments import (
    CRF_STUDY,
    STUDIES,
    OracleRun,
    is_current,
    load,
    profile,
    run,
)
from depthlib.experiments.crf_study import ARMS, COUNTS
from depthlib.experiments.profiles import PROFILES
from depthlib.experiments.studies import joined
from depthlib.experiments.verdicts import verdicts
from depthlib.metrics import PROTOCOLS
from depthlib.models.superpixels import oracle_depth, slic

CLAIMS = ("CH-C13", "CH-C16", "CH-C17", "CH-C18")
SCORES = ("abs_rel", "rmse", "delta1", "delta2", "delta3")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, tmp_path_factory, monkeypatch):
    # One rendering of the toy rooms serves all tests of this file.
    cache = tmp_path_factory.getbasetemp() / "crf-cache"
    monkeypatch.setenv("DEPTHLIB_CACHE", str(cache))
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("experiment", CRF_STUDY)
def test_every_grid_exists_at_every_profile(experiment, name):
    runs = CRF_STUDY[experiment](profile(name))
    assert runs
    assert {r.experiment for r in runs} == {experiment}
    assert len({r.key for r in runs}) == len(runs)


@pytest.mark.parametrize(
    "experiment",
    sorted(
        set(CRF_STUDY)
        - {"adversarial-crf-rate", "adversarial-superpixels-nyu"}
    ),
)
def test_every_arm_runs(experiment):
    table = run(CRF_STUDY[experiment](profile("smoke")), progress=False)
    assert np.isfinite(table["abs_rel"]).all()
    assert all(is_current(r) for r in load(experiment, "smoke"))
    if experiment == "adversarial-crf":
        check_extra_scores(table)


def check_extra_scores(table):
    """The CRF's own unary, its weights, and the floor of superpixels."""
    alone = table[table["generator"] == "unary"].iloc[0]
    assert alone["unary_rmse"] == pytest.approx(alone["rmse"], rel=1e-4)
    assert alone["beta_intensity"] == alone["beta_histogram"] == 0
    others = table[table["generator"] == "crf"]
    assert (others["beta_intensity"] > 0).all()
    assert (others["unary_rmse"] != others["rmse"]).all()
    assert table["oracle_rmse"].nunique() == 1
    assert (table["oracle_rmse"] < table["rmse"]).all()
    assert {"unary_abs_rel", "beta_histogram"} <= set(table["curve"].iloc[0])


def test_arms_differ_in_what_their_names_say():
    runs = CRF_STUDY["adversarial-crf"](profile("study"))
    assert len(runs) == len(ARMS) * 5
    plain = asdict(next(r for r in runs if r.generator == "unary"))
    for other in runs:
        differ = {k for k, v in asdict(other).items() if v != plain[k]}
        assert differ <= {"generator", "loss", "adversary", "seed", "lr"}


def test_an_oracle_scores_averaged_truth_of_its_own_images():
    c = OracleRun(
        experiment="x",
        size=(32, 64),
        images=2,
        n_test=10,
        superpixels=20,
        seed=3,
    )
    data = rooms(10, split="test", size=(32, 64), cached=False)
    found = c.compute(data, PROTOCOLS["rooms"])
    errors = []
    for i in (6, 7):
        sample = data[i]
        labels = slic(sample["image"][None], 20)
        _, rmse = oracle_depth(
            sample["depth"][None], sample["mask"][None], labels
        )
        errors.append(float(rmse))
    assert found["image"]["rmse"] == pytest.approx(np.mean(errors), rel=1e-4)
    assert found["quality"]["superpixels_found"] > 4


def test_studies_that_share_an_experiment_are_joined():
    both = joined(
        {"a": lambda p: [1], "b": lambda p: [2]}, {"a": lambda p: [3]}
    )
    assert both["a"](None) == [1, 3] and both["b"](None) == [2]
    p = profile("smoke")
    for name, make in CRF_STUDY.items():
        kept = [r.key for r in STUDIES[name](p)]
        assert {r.key for r in make(p)} <= set(kept)


def test_every_claim_of_the_study_finds_its_arms():
    """No claim asks for an arm that the grids do not make."""
    rng = np.random.default_rng(0)
    rows = []
    for make in CRF_STUDY.values():
        for c in make(PROFILES["study"]):
            row = asdict(c) | {"reading": 0, "trivial": None}
            rows.append(row | {name: rng.uniform(0.3, 0.4) for name in SCORES})
    table = verdicts(list(CLAIMS), records=pd.DataFrame(rows))
    assert (table["seeds"] == 5).all(), table[["claim", "reason"]].to_string()
    assert table["low"].notna().all()
    assert 300 in COUNTS
