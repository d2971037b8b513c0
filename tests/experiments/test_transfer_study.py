"""The transfer study: its grids run, its claims find their arms."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import torch

from depthlib.data import DataError
from depthlib.experiments import (
    LOSS_STUDY,
    TRANSFER_STUDY,
    is_current,
    load,
    profile,
    remake,
    run,
)
from depthlib.experiments.profiles import PROFILES
from depthlib.experiments.setup import require_data
from depthlib.experiments.transfer_study import config
from depthlib.experiments.verdicts import verdicts
from depthlib.published import claims
from depthlib.training.densedepth import target_loss, validation_loss

SCORES = (
    "abs_rel",
    "rmse",
    "delta1",
    "edge_f1",
    "validation_loss",
    "bin_spread",
    "scale_share",
)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, tmp_path_factory, monkeypatch):
    # One rendering of the toy rooms serves all tests of this file.
    cache = tmp_path_factory.getbasetemp() / "transfer-cache"
    monkeypatch.setenv("DEPTHLIB_CACHE", str(cache))
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("experiment", TRANSFER_STUDY)
def test_every_grid_exists_at_every_profile(experiment, name):
    runs = TRANSFER_STUDY[experiment](profile(name))
    assert runs
    assert {r.experiment for r in runs} == {experiment}
    assert len({r.key for r in runs}) == len(runs)


@pytest.mark.parametrize(
    "experiment", sorted(set(TRANSFER_STUDY) - {"transfer-rate"})
)
def test_every_arm_trains(experiment):
    table = run(TRANSFER_STUDY[experiment](profile("smoke")), progress=False)
    assert np.isfinite(table.loc[table["reading"] == 0, "abs_rel"]).all()
    assert all(is_current(r) for r in load(experiment, "smoke"))


def test_one_training_is_scored_in_five_ways():
    table = run(TRANSFER_STUDY["transfer-loss"](profile("smoke"))[:1])
    assert list(table["reading"]) == [0, 1, 2, 3, 4, 5]
    head, usual, scaled, flipped, other, _ = table.to_dict("records")
    assert head["rmse"] == usual["rmse"] and head["key"] == other["key"]
    assert scaled["scaled"] and scaled["rmse"] != usual["rmse"]
    assert flipped["flip_test"] and "mirror" in flipped["protocol"]
    assert other["test_style"] == "b" and other["rmse"] != usual["rmse"]


def test_changed_images_of_a_reading_retire_the_record():
    run(TRANSFER_STUDY["transfer-loss"](profile("smoke"))[:1])
    (record,) = load("transfer-loss", "smoke")
    assert is_current(record)
    *rest, last = record["readings"]
    other = last | {"test": "0" * 16}
    assert not is_current(record | {"readings": [*rest, other]})
    assert not is_current(record | {"readings": rest})


def test_the_validation_loss_is_the_training_loss():
    """On the first batch, before any step, with running statistics."""
    c = config(profile("smoke"), "x", samples=4, batch_size=4)
    model, data = c.build_model(), c.training_set()
    criterion = target_loss(c, model)
    sample = data[0]
    with torch.no_grad():
        raw = model.eval().network(sample["image"][None])
        loss = criterion(raw, sample["depth"][None], sample["mask"][None])
    only = torch.utils.data.Subset(data, [0])
    assert validation_loss(model, only, c) == pytest.approx(float(loss))
    assert model.training is False


def test_pretrained_weights_are_those_of_the_encoder():
    c = config(profile("smoke"), "x", pretrained=True)
    plain = config(profile("smoke"), "x").build_model()
    one, two = c.build_model(), c.build_model()
    mine, other = (m.network.state_dict() for m in (one, plain))
    changed = {
        name.split(".")[0]
        for name in mine
        if not torch.equal(mine[name], other[name])
    }
    assert changed == {"encoder"}
    for name, tensor in two.network.state_dict().items():
        assert torch.equal(tensor, mine[name])


def test_kitti_knows_no_dense_truth():
    with pytest.raises(ValueError, match="KITTI has nowhere"):
        config(profile("study"), "x", data="kitti").training_set()


def test_kitti_is_asked_for_before_a_training(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_DATA", str(tmp_path))
    real = TRANSFER_STUDY["transfer-kitti"](profile("study"))[0]
    with pytest.raises(DataError, match="kitti"):
        require_data(real)


@pytest.fixture
def study():
    """A row for every run and reading of the study, with random scores."""
    rng = np.random.default_rng(0)
    rows = []
    for make in TRANSFER_STUDY.values():
        for c in make(PROFILES["study"]):
            for k, columns in enumerate(
                [{}, *(r.columns for r in c.readings())]
            ):
                row = asdict(c) | columns | {"reading": k}
                row |= {name: rng.uniform(0.3, 0.4) for name in SCORES}
                row["trivial"] = None
                rows.append(row)
    return pd.DataFrame(rows)


def test_every_claim_of_the_study_finds_its_arms(study):
    """No claim asks for an arm that the grids do not make."""
    table = verdicts([c.id for c in claims("transfer")], records=study)
    ran = table[table["basis"] == "records"]
    assert (ran["seeds"] == 5).all(), ran[["claim", "reason"]].to_string()
    assert ran["low"].notna().all()
    named = {c.experiment for c in claims("transfer") if c.experiment}
    assert named <= set(TRANSFER_STUDY)


def test_small_profiles_remake_what_is_named_and_skip_absent_data(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("DEPTHLIB_DATA", str(tmp_path / "nowhere"))
    p = profile("smoke")
    tables = remake(TRANSFER_STUDY, p, "transfer-skips", workers=1)
    assert list(tables) == ["transfer-skips"]
    assert len(tables["transfer-skips"]) == 6
    assert remake(LOSS_STUDY, profile("quick"), "losses-nyu") == {}
    assert "losses-nyu is skipped: " in capsys.readouterr().out
