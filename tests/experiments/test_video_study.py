"""The video study: its grids run, its claims find their arms."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import torch

from depthlib.experiments import (
    VIDEO_STUDY,
    is_current,
    load,
    profile,
    run,
)
from depthlib.experiments.profiles import PROFILES
from depthlib.experiments.verdicts import verdicts
from depthlib.experiments.video_scores import (
    DIRECTIONS,
    of_directions,
    without_directions,
)
from depthlib.experiments.video_study import HEADLINES, TUNED
from depthlib.kernels import smolyak_offsets
from depthlib.metrics import PROTOCOLS
from depthlib.published import claims

SCORES = ("abs_rel", "rmse", "delta1")
SCORES += tuple(f"importance_{name}" for name in DIRECTIONS)
SCORES += ("displacement_error", "seconds")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, tmp_path_factory, monkeypatch):
    # One rendering of the toy streets serves all tests of this file.
    cache = tmp_path_factory.getbasetemp() / "video-study-cache"
    monkeypatch.setenv("DEPTHLIB_CACHE", str(cache))
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("experiment", VIDEO_STUDY)
def test_every_grid_exists_at_every_profile(experiment, name):
    runs = VIDEO_STUDY[experiment](profile(name))
    assert runs
    assert {r.experiment for r in runs} == {experiment}
    assert len({r.key for r in runs}) == len(runs)


@pytest.mark.parametrize(
    "experiment",
    ["video-frames", "video-cards", "video-sampling", "video-modules"],
)
def test_every_arm_runs(experiment):
    table = run(VIDEO_STUDY[experiment](profile("smoke")), progress=False)
    assert np.isfinite(table["abs_rel"]).all()
    assert all(is_current(r) for r in load(experiment, "smoke"))


def test_sampled_arms_have_equally_many_offsets():
    p = profile("study")
    base = VIDEO_STUDY["video-cards"](p)
    runs = VIDEO_STUDY["video-sampling"](p)
    runs += [r for r in base if r.frames == 3 and r.similarity == "normed"]
    count = {
        (r.sampling, r.level): len(r.offsets())
        for r in runs
        if r.sampling != "every" and r.seed == 0
    }
    for level, expected in enumerate((61, 117, 193, 281, 389), 4):
        assert count["chebyshev", level] == expected
    for level in HEADLINES[12]:
        for kind in ("random", "strided"):
            assert count[kind, level] == count["chebyshev", level]
    dense = [r for r in runs if r.sampling == "every" and r.seed == 0]
    assert [len(r.offsets()) for r in dense] == [169, 625, 81, 49]


@pytest.fixture
def study():
    """A row for each run of the study and each reading, random scores."""
    rng = np.random.default_rng(0)
    rows = []
    for make in VIDEO_STUDY.values():
        for c in make(PROFILES["study"]):
            readings = [{}, *(r.columns for r in c.readings())]
            for k, columns in enumerate(readings):
                row = asdict(c) | {"reading": k, "trivial": None} | columns
                rows.append(row | {n: rng.uniform(0.3, 0.4) for n in SCORES})
    return pd.DataFrame(rows)


def test_every_claim_of_the_study_finds_its_arms(study):
    """No claim asks for an arm that the grids do not make."""
    named = [c for c in claims("video") if c.experiment in VIDEO_STUDY]
    table = verdicts([c.id for c in named], records=study)
    assert len(table) >= 13
    assert (table["seeds"] == 5).all(), table[["claim", "reason"]].to_string()
    assert table["low"].notna().all()


def test_who_cannot_learn_cards_stops_no_claim_about_others(study):
    """Without motion cards are a guess: by design, and no failed training."""
    study["trivial"] = [{"global_median": {"abs_rel": 0.45}}] * len(study)
    lost = study["frames"].eq(1) | study["removed"].eq("correspondence")
    study.loc[study["data"].eq("cards") & lost, "abs_rel"] += 0.2
    named = [c.id for c in claims("video") if c.experiment in VIDEO_STUDY]
    reasons = verdicts(named, records=study).set_index("claim")["reason"]
    assert not reasons.str.contains("ntrained").any(), reasons.to_string()


def test_a_direction_is_an_eighth_of_the_circle():
    offsets = torch.tensor([[0, 5], [3, 3], [5, 0], [-4, 1], [1, -1], [0, 0]])
    masks = without_directions(offsets)
    assert masks.shape == (8, 6)
    gone = [(1 - m).nonzero().flatten().tolist() for m in masks]
    assert gone == [[0], [1], [2], [], [], [], [3], []]
    assert [DIRECTIONS[k] for k in (0, 2, 4, 6)] == [
        "right", "down", "left", "up"
    ]  # fmt: skip
    whole = 1 - without_directions(smolyak_offsets(6, 12))
    assert (whole.sum(0) <= 1).all() and (whole.sum(1) > 10).all()


@pytest.mark.parametrize("kind", ["chebyshev", "uniform"])
def test_quarter_turns_have_equally_many_offsets(kind):
    """So that SC-C7 compares directions of one size."""
    for level in (3, 6, 7):
        gone = 1 - without_directions(smolyak_offsets(level, 12, kind))
        counts = gone.sum(1)
        assert (counts[0::2] == counts[0]).all()
        assert (counts[1::2] == counts[1]).all()


def test_directions_that_are_not_used_have_no_importance():
    """By hand: a network that looks at what comes from the right."""

    class RightHanded(torch.nn.Module):
        inputs = ("image",)

        def __init__(self):
            super().__init__()
            self.offsets = torch.tensor([[0, 3], [0, -3], [3, 0], [-3, 0]])
            self.scale = torch.nn.Parameter(torch.tensor(4.0))

        def correlate(self, image):
            half = image[:, 0] / 2  # of what it should add
            return torch.stack([half] + 3 * [0 * half], 1)

        def forward(self, image):
            return self.scale + self.correlate(image).sum(1, keepdim=True)

    rng = torch.Generator().manual_seed(0)
    images = torch.rand(4, 3, 8, 8, generator=rng)
    data = [
        {
            "image": image,
            "depth": 4 + image[:1],
            "mask": torch.ones(1, 8, 8, dtype=torch.bool),
            "intrinsics": torch.eye(3),
        }
        for image in images
    ]
    model = RightHanded()
    found = of_directions(model, data, PROTOCOLS["rooms"])
    # Without it the network answers 4 m everywhere.
    error = [float((s["image"][:1] / s["depth"]).mean()) for s in data]
    flat = [torch.full((1, 1, 8, 8), 4.0)] * len(data)
    truth = torch.stack([s["depth"] for s in data])
    masks = torch.stack([s["mask"] for s in data])
    alone = PROTOCOLS["rooms"].evaluate(torch.cat(flat), truth, masks)
    assert alone["abs_rel"] == pytest.approx(sum(error) / 4, rel=1e-4)
    whole = 0.5 * sum(error) / 4
    assert list(found) == [f"importance_{name}" for name in DIRECTIONS]
    assert found.pop("importance_right") == pytest.approx(
        alone["abs_rel"] / whole - 1, rel=1e-3
    )
    assert set(found.values()) == {0.0}
    assert "correlate" not in vars(model)


def test_an_arm_has_its_own_rate_or_the_base_s(monkeypatch):
    """Trials count for what they agree with; other data take the streets'."""
    trials = [
        r
        for r in VIDEO_STUDY["video-rate"](profile("study"))
        if r.lr in (0.003, 0.01)
    ]
    best = {"streets-video": 0.01, "cards": 0.003}
    records = [
        {
            "config": asdict(r),
            "metrics": {"image": {"delta1": float(
                (r.lr == best[r.data]) != (r.attention == "static")
            )}},
        }
        for r in trials
    ]  # fmt: skip
    monkeypatch.setattr("depthlib.experiments.tuning.load", lambda *_: records)
    p = profile("study")
    rates = {}
    names = "frames cards attention modules real kitchen details adversary"
    for name in names.split():
        for r in VIDEO_STUDY[f"video-{name}"](p):
            rates.setdefault((r.data, r.attention), set()).add(r.lr)
    assert rates == {
        ("cards", "dba"): {0.003},
        ("cards", "static"): {0.01},
        ("cards", "blind"): {0.003},
        ("cards", "sigmoid"): {0.003},
        ("streets-video", "dba"): {0.01},
        ("seven-scenes", "dba"): {0.01},
    }


def test_rivals_of_a_claim_have_searches_of_their_own():
    """All that a claim compares, but for other offsets, was tried alike."""
    p = profile("study")
    tried = {
        tuple(getattr(r, field) for field in TUNED)
        for r in VIDEO_STUDY["video-rate"](p)
    }
    for name in ("frames", "cards", "attention", "modules", "speed", "real"):
        for r in VIDEO_STUDY[f"video-{name}"](p):
            assert tuple(getattr(r, field) for field in TUNED) in tried
