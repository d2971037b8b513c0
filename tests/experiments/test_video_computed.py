"""Runs that train nothing: they run, keep, and know what they measure."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from depthlib.data import displacements, streets_video
from depthlib.experiments import (
    VIDEO_STUDY,
    CorrelationTimeRun,
    MatchingRun,
    TriangulationRun,
    fingerprint,
    is_current,
    load,
    profile,
    run,
)
from depthlib.metrics import PROTOCOLS

METRICS = {
    "video-displacement": ["displacement_error", "displacement_gap"],
    "video-time": ["seconds", "offsets"],
    "video-step": ["seconds", "offsets"],
    "video-pose-noise": ["abs_rel", "rmse", "moving"],
}
STREETS = PROTOCOLS["streets"]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, tmp_path_factory, monkeypatch):
    # One rendering of the toy streets serves all tests of this file.
    cache = tmp_path_factory.getbasetemp() / "video-computed-cache"
    monkeypatch.setenv("DEPTHLIB_CACHE", str(cache))
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))


@pytest.fixture(scope="module")
def streets():
    return streets_video(
        6, split="test", size=(32, 64), cached=False, lidar=False
    )


@pytest.mark.parametrize("experiment", METRICS)
def test_every_arm_runs(experiment):
    table = run(VIDEO_STUDY[experiment](profile("smoke")), progress=False)
    assert np.isfinite(table[METRICS[experiment]]).all(axis=None)
    assert table.groupby("seed").size().nunique() == 1
    assert all(is_current(r) for r in load(experiment, "smoke"))


def test_equally_many_offsets_where_that_is_the_point():
    runs = VIDEO_STUDY["video-displacement"](profile("study"))
    table = {}
    for r in runs:
        if r.sampling in ("chebyshev", "random", "strided"):
            table.setdefault(r.level, set()).add(len(r.offsets()))
    few = {0: {1}, 4: {61}, 5: {117}}
    assert table == few | {6: {193}, 7: {281}, 8: {389}}


def test_level_0_says_that_nothing_moves(streets):
    """Its error is the mean length of the displacements in reach."""
    runs = VIDEO_STUDY["video-displacement"](profile("smoke"))
    nothing = next(r for r in runs if r.level == 0 and r.seed == 1)
    found = nothing.compute(streets, STREETS)["quality"]
    lengths = []
    for i in range(nothing.images, 2 * nothing.images):
        y, x = displacements(streets[i], 4).unbind(1)
        row, column = torch.arange(8)[:, None] + 0.5, torch.arange(16) + 0.5
        inside = (row + y >= 0) & (row + y < 8)
        inside &= (column + x >= 0) & (column + x < 16)
        inside &= (y.abs() <= nothing.radius) & (x.abs() <= nothing.radius)
        lengths.append(torch.hypot(y, x)[inside])
    wanted = torch.cat(lengths).mean().item()
    assert found["displacement_error"] == pytest.approx(wanted, rel=1e-5)
    assert found["offsets"] == 1


def test_a_perfect_matcher_errs_by_the_gap(streets, monkeypatch):
    """With the true displacement, rounded to the nearest offset, found."""
    from depthlib.experiments import matching

    small = MatchingRun(experiment="x", images=4, radius=6, level=4)
    samples = iter([streets[i] for i in range(4)])

    def nearest(one, two, offsets):
        true = displacements(next(samples), 4)
        flat = true.permute(0, 2, 3, 1).nan_to_num()
        best = torch.cdist(flat.flatten(0, 2), offsets.float()).argmin(1)
        return offsets[best].view(flat.shape).permute(0, 3, 1, 2)

    monkeypatch.setattr(matching, "best_offsets", nearest)
    found = small.compute(streets, STREETS)["quality"]
    gap = found["displacement_gap"]
    assert found["displacement_error"] == pytest.approx(gap, rel=1e-5)
    assert 0 < found["in_reach"] < 1


def test_time_is_of_what_the_definition_gives():
    """The signature: volume and gradients, by autograd through a gather."""
    timed = CorrelationTimeRun(
        experiment="x", level=3, radius=3, channels=4, cells=(6, 9)
    )
    timed = replace(timed, backend="torch")
    maps, weight = timed._features()
    rows, columns = torch.meshgrid(
        torch.arange(6), torch.arange(9), indexing="ij"
    )
    total = []
    for dy, dx in timed.offsets().tolist():
        inside = (rows + dy >= 0) & (rows + dy < 6)
        inside &= (columns + dx >= 0) & (columns + dx < 9)
        there = maps[1][
            ..., (rows + dy).clamp(0, 5), (columns + dx).clamp(0, 8)
        ]
        total.append((maps[0] * there).sum(1) / 2 * inside)
    volume = torch.stack(total, 1)
    slopes = torch.autograd.grad(volume, maps, weight)
    wanted = [x.square().mean().item() for x in (volume, *slopes)]
    assert timed.signature(None, None) == pytest.approx(wanted, rel=1e-5)
    found = timed.compute(None, None)["quality"]
    assert found["offsets"] == len(timed.offsets())
    assert 0 < found["seconds"] < 5


def test_timings_have_one_fingerprint():
    timed = CorrelationTimeRun(experiment="x", level=3)
    fingerprint.__globals__["_measure"].cache_clear()
    first = fingerprint(timed)
    fingerprint.__globals__["_measure"].cache_clear()
    assert fingerprint(timed) == first
    assert fingerprint(replace(timed, level=4)) != first


def test_more_noise_less_depth(streets):
    scores = [
        TriangulationRun(experiment="x", images=6, pose_noise=noise).compute(
            streets, STREETS
        )["image"]["abs_rel"]
        for noise in (0.0, 0.01, 0.1)
    ]
    assert scores[0] < 1e-3 < 0.03 < scores[1] < scores[2] / 2


def test_who_stands_sees_no_depth(streets):
    still = [
        streets[i] | {"motion": torch.eye(4).expand(2, 4, 4)} for i in range(2)
    ]
    with pytest.raises(ValueError, match="camera stands in all triples"):
        TriangulationRun(experiment="x", images=2).compute(still, STREETS)
