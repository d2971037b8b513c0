"""The loop: it learns, resumes bit for bit, and stops when it must."""

import math

import pytest
import torch
from toys import Scenes, Tiny, config

from depthlib.training import TrainingDivergedError, fit
from depthlib.training import learning_rate as rate_at
from depthlib.training.checkpoint import load_checkpoint, save_checkpoint


class Killed(Exception):
    pass


def killer(after):
    def on_step(seen):
        if seen >= after:
            raise Killed

    return on_step


def test_the_rate_is_constant_then_falls_to_zero():
    c = config(samples=400)
    assert rate_at(0, c) == rate_at(50, c) == c.lr
    assert rate_at(75, c) == pytest.approx(c.lr / 2)
    assert rate_at(100, c) == 0


def test_training_lowers_the_loss():
    losses = fit(Tiny(), Scenes(16), config(samples=400)).losses
    assert len(losses) == 100
    assert sum(losses[-10:]) < 0.3 * sum(losses[:10])


@pytest.mark.parametrize("loss", ["l1", "lsgan"])
def test_a_killed_training_ends_with_the_same_weights(tmp_path, loss):
    data, c = Scenes(10), config(loss=loss)
    undisturbed = Tiny(dropout=0.2)
    torch.manual_seed(1)
    whole = fit(undisturbed, data, c, evaluate=lambda m: {"x": 1.0})

    path = tmp_path / "run.pt"
    resumed = {"checkpoint": path, "checkpoint_seconds": 0.0}
    model = Tiny(dropout=0.2)
    torch.manual_seed(1)
    with pytest.raises(Killed):
        fit(model, data, c, on_step=killer(48), **resumed)
    model = Tiny(dropout=0.2)
    torch.manual_seed(99)  # a new process starts from another state
    history = fit(model, data, c, evaluate=lambda m: {"x": 1.0}, **resumed)

    assert history.losses == whole.losses
    for a, b in zip(model.parameters(), undisturbed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_workers_do_not_change_the_result():
    losses = [
        fit(Tiny(), Scenes(10), config(samples=24), workers=w).losses
        for w in (0, 2)
    ]
    assert losses[0] == losses[1]


def test_the_curve_has_the_asked_number_of_points():
    curve = fit(
        Tiny(), Scenes(8), config(curve_points=3), evaluate=lambda m: {"a": 1}
    ).curve
    assert [point["samples"] for point in curve] == [32, 64, 96]


def test_a_loss_that_is_no_number_stops_the_training():
    model = Tiny()
    with torch.no_grad():
        model.net[0].weight.fill_(math.nan)
    with pytest.raises(TrainingDivergedError, match="step 1 of 24"):
        fit(model, Scenes(8), config())


def test_an_unknown_loss_is_named():
    with pytest.raises(ValueError, match="'l3'.*berhu"):
        fit(Tiny(), Scenes(8), config(loss="l3"))


@pytest.mark.parametrize(
    "changes",
    [{"samples": 0}, {"lr": -1.0}, {"phase": "three"}, {"discriminator": "x"}],
)
def test_a_bad_recipe_is_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        config(**changes)


def test_two_phases_start_without_the_adversary():
    parts = []

    class Probe(Tiny):
        pass

    from depthlib.training import loop

    real = loop.AdversarialStep.__call__

    def spy(self, *arguments):
        result = real(self, *arguments)
        parts.append(set(result))
        return result

    loop.AdversarialStep.__call__ = spy
    try:
        fit(Probe(), Scenes(8), config(loss="lsgan", phase="two"))
    finally:
        loop.AdversarialStep.__call__ = real
    assert parts[:12] == [{"loss", "l1"}] * 12
    assert parts[12:] == [{"loss", "l1", "d", "g"}] * 12


def test_a_checkpoint_is_whole_or_absent(tmp_path):
    path = tmp_path / "a.pt"
    assert load_checkpoint(path) is None
    save_checkpoint(path, {"steps_done": 1})
    with pytest.raises(TypeError):
        save_checkpoint(path, {"x": (i for i in "ab")})
    assert load_checkpoint(path) == {"steps_done": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.pt"]
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(ValueError, match=r"a\.pt.*delete it"):
        load_checkpoint(path)


def test_masked_pixels_teach_nothing():
    class Holes(Scenes):
        def __getitem__(self, i):
            sample = super().__getitem__(i)
            hole = torch.zeros_like(sample["mask"])
            hole[..., :10] = True
            filler = torch.where(hole, self.filler, sample["depth"])
            return sample | {"mask": ~hole, "depth": filler}

    results = []
    for filler in (0.5, 9.0):
        data = Holes(8)
        data.filler = torch.tensor(filler)
        for loss in ("l1", "lsgan"):
            results.append(fit(Tiny(), data, config(loss=loss)).losses)
    assert results[0] == results[2]
    assert results[1] == results[3]
