"""Runs of SC-GAN: what each field changes, and a record from end to end."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from depthlib.experiments import (
    SCGANRun,
    fingerprint,
    grid,
    is_current,
    load,
    run,
)
from depthlib.experiments.records import read_record, record_path
from depthlib.experiments.setup import evaluation_set
from depthlib.experiments.video_scores import (
    DIRECTIONS,
    Still,
    attention_weights,
    of_attention,
)
from depthlib.kernels import (
    random_offsets,
    smolyak_offsets,
    strided_offsets,
    uniform_offsets,
)
from depthlib.metrics import PROTOCOLS
from depthlib.training.evaluate import predict_all

BASE = SCGANRun(experiment="demo")
TINY = SCGANRun(
    experiment="tiny",
    profile="smoke",
    size=(32, 64),
    width=0.0625,
    level=3,
    radius=4,
    critic_width=4,
    samples=8,
    n_train=4,
    n_test=3,
    curve_points=1,
)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, tmp_path_factory, monkeypatch):
    # One rendering of the toy streets serves all tests of this file.
    cache = tmp_path_factory.getbasetemp() / "video-cache"
    monkeypatch.setenv("DEPTHLIB_CACHE", str(cache))
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))


def test_sampling_is_an_axis_at_equal_cost():
    expected = {
        "chebyshev": smolyak_offsets(6, 12),
        "uniform": smolyak_offsets(6, 12, "uniform"),
        "every": uniform_offsets(2, 12),
        "random": random_offsets(193, 12, 5),
        "strided": strided_offsets(193, 12),
    }
    for found in grid(BASE, sampling=list(expected), seed=[5]):
        assert torch.equal(found.offsets(), expected[found.sampling])
    assert len(expected["chebyshev"]) == 193


@pytest.mark.parametrize(
    "removed, kinds",
    [
        ("none", ("pairs", "DirectionAttention", "Refinement")),
        ("correspondence", ("none", "NoneType", "Refinement")),
        ("attention", ("pairs", "NoneType", "Refinement")),
        ("refinement", ("pairs", "DirectionAttention", "CoarseHead")),
        ("adversary", ("pairs", "DirectionAttention", "Refinement")),
    ],
)
def test_modules_are_removed_one_by_one(removed, kinds):
    model = replace(TINY, removed=removed).build_model()
    parts = model.attention, model.refine
    assert model.correspondence == kinds[0]
    assert tuple(type(m).__name__ for m in parts) == kinds[1:]


@pytest.mark.parametrize(
    "changes, other",
    [
        ({"frames": 1}, set()),
        ({"removed": "attention"}, set()),
        ({"removed": "correspondence"}, set()),
        ({"attention": "static"}, set()),
        ({"attention": "blind"}, set()),
        ({"attention": "sigmoid"}, set()),
        ({"sampling": "strided"}, set()),
        ({"refinement": "blind"}, set()),
        (
            {"removed": "refinement"},
            {
                "refine.mix4.weight",
                "attention.first.weight",
                "attention.second.weight",
            },
        ),
    ],
)
def test_arms_of_one_seed_start_equal(changes, other):
    """Whatever is in both networks; only what is named is drawn anew."""
    base = dict(TINY.build_model().named_parameters())
    arm = replace(TINY, **changes).build_model().named_parameters()
    both = [
        (name, base[name], p)
        for name, p in arm
        if name in base and base[name].shape == p.shape
    ]
    assert len(both) > 20
    assert {name for name, a, b in both if not torch.equal(a, b)} == other


def test_one_frame_is_compared_with_itself_at_equal_size():
    def count(model):
        return sum(p.numel() for p in model.parameters())

    one, three = (replace(TINY, frames=n).build_model() for n in (1, 3))
    assert one.correspondence == "self" and three.correspondence == "pairs"
    assert count(one) == count(three)


@pytest.mark.parametrize(
    "changes",
    [
        {"level": 2},
        {"sampling": "strided"},
        {"removed": "attention"},
        {"frames": 1},
        {"attention": "static"},
        {"refinement": "blind"},
        {"similarity": "cosine"},
        {"borders": "valid"},
        {"leak": True},
        {"saturating": True},
        {"weight": 1.0},
        {"field": 16},
    ],
)
def test_the_fingerprint_feels_every_formula(changes):
    usual = fingerprint(replace(TINY, removed="none"))
    assert fingerprint(replace(TINY, **changes)) != usual


def test_the_removed_adversary_is_weight_zero():
    one = fingerprint(replace(TINY, removed="adversary"))
    two = fingerprint(replace(TINY, weight=0.0))
    assert one == two != fingerprint(TINY)


def test_training_sees_sparse_truth_and_the_test_dense_truth():
    train, (test, protocol) = TINY.training_set(), evaluation_set(TINY)
    assert protocol == PROTOCOLS["streets"]
    shares = [
        np.mean([data[i]["mask"].float().mean() for i in range(len(data))])
        for data in (train, test)
    ]
    assert shares[0] < 0.15 < shares[1]
    for data in (train, test):
        assert data[0]["adjacent"].shape == (2, 3, 32, 64)
        assert data.speed == "known"


def test_speed_and_spacing_reach_the_data():
    fast = replace(TINY, speed="random", every=1)
    test, _ = evaluation_set(fast, cached=False)
    assert (test.speed, test.every) == ("random", 1)
    assert fast.training_set(cached=False).speed == "random"


def test_a_run_from_end_to_end():
    table = run([TINY, replace(TINY, frames=1)], progress=False)
    # A row for each reading: own, other speed, other style; as is, scaled.
    assert len(table) == 2 * 7
    motion = table[table["frames"] == 3]
    assert np.isfinite(motion["abs_rel"]).all()
    first = ["still_abs_rel", "still_rmse"]
    first += ["attention_spread", "attention_change", "attention_alive"]
    assert (motion[first].iloc[0] > 0).all()
    own = motion.iloc[0]
    gain = own["still_abs_rel"] / own["abs_rel"] - 1
    assert np.allclose(motion["motion_gain"].astype(float), gain)
    assert table.loc[table["frames"] == 1, "motion_gain"].isna().all()
    looks = [f"importance_{name}" for name in DIRECTIONS]
    heads = table[table["reading"] == 0]
    assert np.isfinite(heads[looks].to_numpy(dtype=float)).all()
    for curve in heads["curve"]:  # too dear while training goes on
        assert "attention_spread" in curve and not set(looks) & set(curve)
    read = motion[motion["test_style"].notna()]
    cells = read[["test_style", "test_speed", "scaled"]]
    assert sorted(map(tuple, cells.to_numpy().tolist())) == [
        ("a", "known", False),
        ("a", "known", True),
        ("a", "random", False),
        ("a", "random", True),
        ("b", "known", False),
        ("b", "known", True),
    ]
    # Guesses are from what was trained on, scored where the network was.
    train = TINY.training_set()
    known = torch.cat([s["depth"][s["mask"]] for s in train])
    for row in read.to_dict("records"):
        test, protocol = evaluation_set(
            replace(TINY, style=row["test_style"], speed=row["test_speed"])
        )
        scaled = {"scaling": "median"} if row["scaled"] else {}
        depth, mask = (
            torch.stack([s[name] for s in test]) for name in ("depth", "mask")
        )
        guess = known.quantile(0.5).expand_as(depth)
        expected = replace(protocol, **scaled).evaluate(guess, depth, mask)
        assert row["trivial"]["global_median"] == pytest.approx(
            expected, rel=1e-4
        )
    records = load("tiny", "smoke")
    assert len(records) == 2 and all(is_current(r) for r in records)
    alone = read_record(record_path(replace(TINY, frames=1)))
    assert "still_abs_rel" not in alone["metrics"]["quality"]


def test_a_diverged_training_is_current_evidence():
    """It has no further readings, and must not vanish from the count."""
    table = run([replace(TINY, lr=1e12)], progress=False)
    assert table["collapse"].tolist()[0].startswith("diverged: ")
    (record,) = load("tiny", "smoke")
    assert "readings" not in record and is_current(record)
    # A sound record without its readings is not what today's code makes.
    assert not is_current(record | {"collapse": ""})


def test_readings_of_real_sets_have_no_style():
    base = replace(BASE, data="kitti-video", elsewhere=("kitti-drive",))
    found = [(r.columns["test_data"], r.test) for r in base.readings()]
    assert found[::2] == [
        ("kitti-video", {}),
        ("kitti-drive", {"data": "kitti-drive"}),
    ]
    assert {r.columns["test_style"] for r in base.readings()} == {""}
    drawn = replace(BASE, elsewhere=("b", "kitti-drive")).readings()
    assert len(drawn) == 2 * 4
    assert drawn[-1].protocol == {"scaling": "median"}


def test_nothing_moves_in_a_still_set():
    data, _ = evaluation_set(TINY)
    still, moving = Still(data)[1], data[1]
    for frame in still["adjacent"]:
        assert torch.equal(frame, moving["image"])
    assert not torch.equal(still["adjacent"], moving["adjacent"])
    assert torch.equal(still["depth"], moving["depth"])
    # A network that looks at one frame has it as the neighbours, too.
    model = TINY.build_model()
    alone = replace(TINY, frames=1).build_model()
    alone.load_state_dict(model.state_dict())
    found = predict_all(model, Still(data), PROTOCOLS["streets"])[0]
    expected = predict_all(alone, data, PROTOCOLS["streets"])[0]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_weights_of_the_attention_come_one_row_a_pair():
    data, _ = evaluation_set(TINY)
    model = TINY.build_model().train()
    weights = attention_weights(model, data)
    assert model.training
    assert weights.shape == (3 * 2, len(TINY.offsets()))
    sample = data[1]
    with torch.no_grad():
        one = model.eval().weights(
            sample["image"][None], sample["adjacent"][None]
        )
    torch.testing.assert_close(weights[2:4], one[0])


def test_hidden_units_that_no_image_switches_on_are_dead():
    data, _ = evaluation_set(TINY)
    model = TINY.build_model()
    first = model.attention.first.weight
    with torch.no_grad():
        first.copy_(first.abs())  # features are not negative: all alive
        assert of_attention(model, data)["attention_alive"] == 1
        first[: len(first) // 2].neg_()
        dead = len(first) // 2 / len(first)
    alive = of_attention(model, data)["attention_alive"]
    assert alive == pytest.approx(1 - dead)
    assert not model.attention.second._forward_pre_hooks
    static = replace(TINY, attention="static").build_model()
    assert "attention_alive" not in of_attention(static, data)


@pytest.mark.parametrize(
    "changes",
    [{"sampling": "spiral"}, {"removed": "dba"}, {"frames": 2}],
)
def test_a_bad_run_is_refused(changes):
    (name,) = changes
    with pytest.raises(ValueError, match=f"{name} is .*; choose one of"):
        replace(BASE, **changes)
