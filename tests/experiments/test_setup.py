"""What a config's data mean, where they are triples of frames."""

from dataclasses import replace

import pytest
import torch

from depthlib.data import KittiVideo, SevenScenes
from depthlib.data.files import DataError
from depthlib.data.streets import StreetsVideo
from depthlib.experiments import D3NetRun, VideoConfig, setup
from depthlib.experiments.setup import (
    evaluation_set,
    require_data,
    training_set,
)

BASE = VideoConfig(experiment="demo", n_train=3, n_test=2, size=(32, 64))


def test_drawn_video_comes_as_the_config_says():
    config = replace(BASE, every=2, speed="random", truth="lidar", style="b")
    train = training_set(config, cached=False)
    test, protocol = evaluation_set(config, cached=False)
    assert isinstance(train, StreetsVideo) and protocol.name == "streets"
    shown = [(d.every, d.speed, d.style, len(d)) for d in (train, test)]
    assert shown == [(2, "random", "b", 3), (2, "random", "b", 2)]
    # Only training makes do with what a sensor measures.
    assert train.lidar and not test.lidar
    assert not training_set(BASE, cached=False).lidar


def test_what_triples_depend_on_tells_records_apart():
    for change in ({"every": 1}, {"speed": "random"}, {"truth": "lidar"}):
        assert replace(BASE, **change).key != BASE.key
        assert set(change) <= set(BASE.DATA)


def test_single_frames_have_no_triples():
    plain = D3NetRun(experiment="demo", data="streets-video")
    with pytest.raises(ValueError, match="streets-video.*D3NetRun takes"):
        training_set(plain)
    with pytest.raises(ValueError, match='choose "dense" or "lidar"'):
        replace(BASE, truth="sparse")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kitti-video", "eigen_test_files.txt"),
        ("kitti-drive", "raw_2011_09_26_video holds no KITTI"),
        ("seven-scenes", "holds no scene"),
    ],
)
def test_real_video_is_asked_for_before_a_training(
    name, words, tmp_path, monkeypatch
):
    monkeypatch.setenv("DEPTHLIB_DATA", str(tmp_path))
    with pytest.raises(DataError, match=words):
        require_data(replace(BASE, data=name))


def test_a_drive_is_to_test_on():
    with pytest.raises(ValueError, match="kitti-drive.*to test on"):
        training_set(replace(BASE, data="kitti-drive"))


def test_real_video_comes_as_the_config_says(tmp_path, monkeypatch):
    """Where the real sets lie; every set under its protocol."""
    from depthlib.data import data_root

    config = replace(BASE, every=5, size=(64, 128))
    if not (data_root() / "seven_scenes_red_kitchen").is_dir():
        pytest.skip(f"no 7-Scenes in {data_root()} (DEPTHLIB_DATA)")
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path))
    data, protocol = evaluation_set(replace(config, data="seven-scenes"))
    assert isinstance(data, SevenScenes) and data.split == "test"
    assert len(data) == 40 and protocol.name == "seven_scenes"
    data, protocol = evaluation_set(replace(config, data="kitti-drive"))
    assert isinstance(data, KittiVideo) and len(data) == 40
    assert protocol.name == "kitti_garg"
    data.cached = False
    assert torch.isfinite(data[0]["adjacent"]).all()


def test_every_real_set_has_a_title_a_reader_and_a_protocol():
    assert set(setup.REAL).isdisjoint(setup.DRAWN)
    for title, read, protocol in setup.REAL.values():
        assert title and callable(read) and protocol.min_depth > 0


def test_real_sets_have_no_images_to_choose_by():
    """A search of rates would look at the test."""
    config = D3NetRun(experiment="t", data="nyu", test_split="val")
    with pytest.raises(ValueError, match="'val', but NYU Depth v2"):
        setup.evaluation_set(config)
