"""The weights that come with the package, their record and their card."""

import hashlib
import json

import numpy as np
import pytest
import torch

from depthlib.data import rooms
from depthlib.experiments.shipped import STAGES
from depthlib.experiments.weights import load_weights
from depthlib.metrics import PROTOCOLS
from depthlib.predict import WEIGHTS
from tools.model_card import COMPARED, card
from tools.weights import CARD, PROBE, RECORD, differences


@pytest.fixture(scope="module")
def record():
    return json.loads(RECORD.read_text())


@pytest.fixture(scope="module")
def trained():
    return load_weights(WEIGHTS)


def test_the_card_is_what_the_record_says(record):
    assert CARD.read_text() == card(record)


def test_the_record_is_of_this_file_and_of_this_recipe(record, trained):
    content = WEIGHTS.read_bytes()
    assert record["sha256"] == hashlib.sha256(content).hexdigest()
    assert record["bytes"] == len(content) <= 20 * 10**6
    assert record["stages"] == trained.about["stages"]
    told = [json.dumps(s["config"], sort_keys=True) for s in record["stages"]]
    assert len(set(told)) == len(STAGES)
    for stage, config in zip(record["stages"], STAGES, strict=True):
        assert type(config).from_plain(stage["config"]) == config
        # A commit without changes beside it.
        assert len(stage["commit"]) == 12 and "+" not in stage["commit"]
    assert trained.config == STAGES[-1]
    assert "+" not in record["commit"]


def test_the_weights_are_finite_and_of_the_numbered_size(record, trained):
    parameters = list(trained.model.parameters())
    assert all(p.isfinite().all() for p in parameters)
    assert sum(p.numel() for p in parameters) == record["parameters"]


def test_todays_code_scores_drawn_rooms_as_the_record_does(record, trained):
    """The same file, rendering, network and metric, on any machine."""
    data = rooms(PROBE, split="test", size=trained.config.size, cached=False)
    samples = [data[i] for i in range(PROBE)]
    image, depth, mask = (
        torch.stack([s[name] for s in samples])
        for name in ("image", "depth", "mask")
    )
    protocol = PROTOCOLS["rooms"]
    prediction = protocol.predict(trained.model, image)
    found = protocol.evaluate(prediction, depth, mask, average="none")
    known = record["rooms"]["a"]["probe"]
    assert np.allclose(found["abs_rel"], known, rtol=1e-3)


def test_means_and_intervals_follow_from_the_images(record):
    nyu = record["nyu"]
    for name, values in nyu["per_image"].items():
        for metric in COMPARED:
            assert len(values[metric]) == nyu["n"] == 654
            mean = nyu["metrics"][name][metric]
            assert np.mean(values[metric]) == pytest.approx(mean, rel=1e-3)
    assert differences(nyu["per_image"]) == nyu["difference"]
    for metric, found in nyu["difference"].items():
        ours, theirs = (
            np.array(nyu["per_image"][name][metric])
            for name in ("network", "pixel_median")
        )
        change = ours - theirs
        assert change.mean() == pytest.approx(found["mean"], abs=1e-5)
        # With so many images the bootstrap is close to the normal interval.
        half = 1.96 * change.std(ddof=1) / len(change) ** 0.5
        for end, sign in (("low", -1), ("high", 1)):
            right = change.mean() + sign * half
            assert found[end] == pytest.approx(right, abs=0.15 * half)


def test_the_network_looks_at_the_image(record):
    """It beats the median of each pixel, the interval excluding 0."""
    difference = record["nyu"]["difference"]
    assert difference["abs_rel"]["high"] < 0
    assert difference["rmse"]["high"] < 0
    assert difference["delta1"]["low"] > 0
    # As plain NumPy finds them from the files of the set.
    guess = record["nyu"]["metrics"]["pixel_median"]
    known = {"abs_rel": 0.37083, "rmse": 1.09175, "delta1": 0.43086}
    for name, value in known.items():
        assert guess[name] == pytest.approx(value, abs=1e-4)
