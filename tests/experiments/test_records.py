"""Records are complete or absent, and never mixed."""

import json

import numpy as np
import pytest
import torch

from depthlib.experiments import D3NetRun
from depthlib.experiments.records import (
    frame,
    load,
    plain,
    read_record,
    record_path,
    write_record,
)
from depthlib.experiments.single import load_maps, save_maps


def record(config, abs_rel=0.2):
    return {
        "experiment": config.experiment,
        "key": config.key,
        "config": plain(config),
        "metrics": {
            "image": {"abs_rel": abs_rel},
            "pixel": {"abs_rel": abs_rel + 0.1},
            "quality": {"edge_f1": 0.5},
        },
        "curve": {"samples": [1], "abs_rel": [0.3]},
        "trivial": {},
    }


def test_profiles_are_not_pooled(tmp_path):
    for name, value in (("study", 0.2), ("gpu", 0.1)):
        config = D3NetRun(experiment="e", profile=name)
        write_record(record_path(config, tmp_path), record(config, value))
    table = frame(load("e", "study", tmp_path))
    assert list(table["abs_rel"]) == [0.2]
    assert list(table["pixel_abs_rel"]) == [pytest.approx(0.3)]
    assert table["edge_f1"][0] == 0.5
    assert table["loss"][0] == "l1"
    assert load("e", "paper", tmp_path) == []


def test_a_failed_write_leaves_the_old_record(tmp_path):
    path = tmp_path / "r.json"
    config = D3NetRun(experiment="e")
    write_record(path, record(config))
    with pytest.raises(TypeError):
        write_record(path, {"x": object()})
    assert read_record(path)["key"] == config.key
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"a": 1})])
def test_a_broken_record_is_named(tmp_path, text):
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"broken\.json"):
        read_record(path)


def test_maps_survive_the_file_to_a_millimetre(tmp_path):
    depth = torch.rand(3, 1, 8, 12) * 10
    save_maps(depth, tmp_path / "m.png")
    maps = load_maps(tmp_path / "m.png", height=8)
    assert maps.shape == (3, 8, 12)
    assert np.abs(maps - depth[:, 0].numpy()).max() <= 5.1e-4
