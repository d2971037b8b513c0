"""One process, several, a cluster, a kill: the same records."""

import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from depthlib.data.cache import cache_dir
from depthlib.experiments import D3NetRun, grid, is_current, run, single
from depthlib.experiments.records import read_record, record_path
from depthlib.training.checkpoint import load_checkpoint

# Killed with no warning, as soon as the first checkpoint is written: no clock
# decides when, however slow the machine is.
KILLED = """
import os, signal, sys
from pathlib import Path
from depthlib.experiments import D3NetRun, run
import depthlib.experiments.single as single
import depthlib.training.loop as loop
from depthlib.training import fit

def save_and_die(path, state):
    save(path, state)
    os.kill(os.getpid(), signal.SIGKILL)

save, loop.save_checkpoint = loop.save_checkpoint, save_and_die
single.fit = lambda *a, **k: fit(*a, checkpoint_seconds=0.0, **k)
run([D3NetRun(**{config!r})], results=Path(sys.argv[1]), progress=False)
"""

VARYING = ("seconds", "date", "peak_memory_mb", "commit", "threads")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    # One rendering of the toy rooms serves all tests of this file.
    cache = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("DEPTHLIB_CACHE", str(cache))


def toy(**changes):
    values = {
        "experiment": "toy",
        "profile": "smoke",
        "n_train": 8,
        "n_test": 4,
        "size": (32, 64),
        "blocks": (1, 1, 1, 1),
        "samples": 24,
        "curve_points": 2,
    }
    return D3NetRun(**(values | changes))


def content(path):
    record = read_record(path)
    return {k: v for k, v in record.items() if k not in VARYING}


def test_a_record_says_all_about_its_run(tmp_path):
    config = toy()
    table = run([config], results=tmp_path, progress=False)
    record = read_record(record_path(config, tmp_path))
    assert len(table) == 1
    assert 0 < table["abs_rel"][0] < 10
    assert record["config"]["n_train"] == 8
    assert len(record["per_image"]["abs_rel"]) == 4
    assert record["curve"]["samples"] == [16, 24]
    assert set(record["trivial"]) == {"global_median", "pixel_median"}
    assert record["protocol"] and record["device"] and record["date"]
    assert is_current(record)


def test_a_changed_formula_retires_the_record(tmp_path):
    config = toy()
    run([config], results=tmp_path, progress=False)
    record = read_record(record_path(config, tmp_path))
    moved = [value * 1.001 for value in record["fingerprint"]]
    assert not is_current(record | {"fingerprint": moved})
    # Scores may move more than losses, since Adam enlarges rounding.
    for share, current in ((1e-3, True), (1e-2, False)):
        *losses, a, b = record["fingerprint"]
        scores = [a * (1 + share), b * (1 + share)]
        found = is_current(record | {"fingerprint": [*losses, *scores]})
        assert found is current
    gone = record["config"] | {"no_longer": 1}
    assert not is_current(record | {"config": gone})


def test_finished_runs_are_not_trained_again(tmp_path):
    config = toy()
    run([config], results=tmp_path, progress=False)
    path = record_path(config, tmp_path)
    before = path.stat().st_mtime_ns
    run([config], results=tmp_path, progress=False)
    assert path.stat().st_mtime_ns == before


def test_processes_and_cluster_agree_bit_for_bit(tmp_path):
    runs = grid(toy(samples=16), loss=["l1", "lsgan"], seed=[0, 1])
    ways = {
        "one": {"workers": 1},
        "four": {"workers": 4},
        "dask": {"workers": 2, "backend": "dask"},
    }
    pytest.importorskip("distributed")
    for name, options in ways.items():
        run(runs, results=tmp_path / name, progress=False, **options)
    for config in runs:
        one, four, dask = (
            content(record_path(config, tmp_path / name)) for name in ways
        )
        assert one == four == dask


def test_a_killed_run_ends_with_the_same_record(tmp_path):
    config = toy(samples=64, batch_size=1, loss="lsgan", seed=0)
    run([config], results=tmp_path / "calm", progress=False)

    script = tmp_path / "script.py"
    script.write_text(KILLED.format(config=vars(config)))
    died = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "killed")]
    )
    assert died.returncode == -signal.SIGKILL
    assert not record_path(config, tmp_path / "killed").exists()
    checkpoints = cache_dir() / "checkpoints"
    (left,) = checkpoints.glob(f"*{config.key}/*.pt")
    assert 0 < load_checkpoint(left)["steps_done"] < config.steps
    run([config], results=tmp_path / "killed", progress=False)

    calm, killed = (
        content(record_path(config, tmp_path / name))
        for name in ("calm", "killed")
    )
    assert calm == killed
    assert not list(checkpoints.glob(f"*{config.key}"))


def test_other_code_does_not_go_on_where_another_stopped(
    tmp_path, monkeypatch
):
    found = []

    def stop(*args, checkpoint, **kwargs):
        found.append(checkpoint)
        raise RuntimeError("seen enough")

    monkeypatch.setattr(single, "fit", stop)
    for mark in (1.0, 1.0, 2.0):
        monkeypatch.setattr(single, "fingerprint", lambda _, m=mark: [m])
        with pytest.raises(RuntimeError, match="seen enough"):
            single.run_one(toy(seed=1), tmp_path)
    assert found[0] == found[1] != found[2]


def test_a_failed_run_is_named_and_the_others_are_kept(tmp_path):
    good, bad = toy(), toy(loss="l3")
    with pytest.raises(RuntimeError, match=rf"1 of 2.*\n.*{bad.key}.*'l3'"):
        run([bad, good], results=tmp_path, progress=False)
    assert record_path(good, tmp_path).exists()
    assert not record_path(bad, tmp_path).exists()


def test_a_gpu_profile_without_a_gpu_stops_before_it_prepares_anything(
    tmp_path, monkeypatch
):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    config = replace(toy(), profile="gpu")
    monkeypatch.setattr(D3NetRun, "training_set", None)
    monkeypatch.setattr(single, "fingerprint", None)
    with pytest.raises(RuntimeError, match="needs a CUDA GPU.*quick"):
        run([config], results=tmp_path, progress=False)


def test_an_empty_grid_and_an_unknown_backend_are_refused(tmp_path):
    with pytest.raises(ValueError, match="empty"):
        run([], results=tmp_path)
    with pytest.raises(ValueError, match="'ray'.*dask"):
        run([toy()], results=tmp_path, backend="ray")
