"""Guesses are scored as networks are."""

from dataclasses import replace

import pytest
import torch

from depthlib.experiments import is_current, load, profile, run
from depthlib.experiments.guess_run import GUESS_STUDY, GuessRun
from depthlib.experiments.setup import evaluation_set, training_set
from depthlib.metrics import edge_f1, trivial_predictors


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path / "cache"))


def test_medians_are_the_trivial_rows_and_noise_has_edges():
    table = run(GUESS_STUDY["guesses"](profile("smoke")), progress=False)
    table = table.set_index("guess")
    config = GUESS_STUDY["guesses"](profile("smoke"))[0]
    train, (test, protocol) = training_set(config), evaluation_set(config)
    maps, truth = (
        torch.stack([s["depth"] for s in data]) for data in (train, test)
    )
    for name, value in trivial_predictors(maps).items():
        by_hand = protocol.evaluate(value.expand_as(truth), truth)
        assert table.loc[name, "abs_rel"] == pytest.approx(
            by_hand["abs_rel"], rel=1e-5
        )
    assert table.loc["global_median", "edge_f1"] == 0
    assert table.loc["noise", "edge_f1"] > 0.2
    assert table.loc["noise", "abs_rel"] > table.loc["pixel_median", "abs_rel"]
    assert all(is_current(r) for r in load("guesses", "smoke"))


def test_noise_is_as_wide_as_depth():
    """By hand: the same noise on the same images."""
    config = replace(GUESS_STUDY["guesses"](profile("smoke"))[0], seed=3)
    config = replace(config, guess="noise")
    train, (test, protocol) = training_set(config), evaluation_set(config)
    maps, truth = (
        torch.stack([s["depth"] for s in data]) for data in (train, test)
    )
    rng = torch.Generator().manual_seed(3)
    noise = torch.randn(truth.shape, generator=rng)
    value = (maps.median() + maps.std() * noise).clamp(0.4, 10)
    found = config.compute(test, protocol)["quality"]["edge_f1"]
    assert found == pytest.approx(float(edge_f1(value, truth)), abs=5e-3)


def test_an_unknown_guess_is_refused():
    with pytest.raises(ValueError, match="pixel_median"):
        GuessRun(experiment="x", guess="luck").compute([], None)
