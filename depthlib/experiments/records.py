"""Run records: one small JSON file per run, complete or absent."""

import json
import os
from dataclasses import asdict
from pathlib import Path

from depthlib.data.cache import cache_dir, checkout
from depthlib.writing import whole

FOLDER = "data/results"
KEPT = ("study", "gpu", "paper")


def results_dir(profile: str) -> Path:
    """Where the records of a profile live.

    ``DEPTHLIB_RESULTS`` if set. Else evidence (``study``, ``gpu``,
    ``paper``) lies in the checkout, where it is committed; a reader's own
    ``smoke`` and ``quick`` runs lie in the cache and never dirty it.
    """
    if chosen := os.environ.get("DEPTHLIB_RESULTS"):
        return Path(chosen).expanduser()
    if profile in KEPT and (root := checkout()):
        return root / FOLDER
    return cache_dir() / "results"


def record_path(config, root: Path | None = None) -> Path:
    """The file of one run's record."""
    root = Path(root) if root else results_dir(config.profile)
    return root / config.profile / config.experiment / f"{config.key}.json"


def write_record(path: Path, record: dict) -> None:
    """Write a record; a kill leaves none or the old one, never half."""
    with whole(path) as temporary:
        temporary.write_text(json.dumps(record, indent=None) + "\n")


def read_record(path: Path) -> dict:
    """Read one record.

    Raises:
        ValueError: the file is no record; it names the file.
    """
    try:
        record = json.loads(path.read_text())
        record["config"], record["metrics"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is no run record ({error}); delete it and run "
            "its experiment again"
        ) from error
    return record


def load(
    experiment: str, profile: str = "study", root: Path | None = None
) -> list[dict]:
    """All records of one experiment at one profile, in order of file name.

    Records of different profiles are never mixed.
    """
    root = Path(root) if root else results_dir(profile)
    paths = sorted((root / profile / experiment).glob("*.json"))
    return [read_record(path) for path in paths]


def frame(records: list[dict]):
    """Tidy table: one row per run, columns of config and metrics.

    Metric columns hold the per-image means; pooled values are prefixed
    ``pixel_``; quality measures stand under their own names. ``curve``,
    ``per_image`` and ``trivial`` stay nested. ``collapse`` says what became
    of a training that came to nothing, else it is empty. ``reading`` is 0
    for the headline of a run; each further way in which its network was
    scored (``RunConfig.readings``) is a row of its own; of the nested ones it
    has ``trivial``, if that. ``motion_gain`` is on all rows of a run whose
    network was also shown a standing video: the share by which abs_rel was
    larger there, on its own test.
    """
    import pandas as pd

    rows = []
    for record in records:
        metrics = record["metrics"]
        pooled = {f"pixel_{k}": v for k, v in metrics["pixel"].items()}
        nested = ("curve", "per_image", "trivial", "fingerprint")
        about = ("key", "seconds", "device", "date", "commit", "protocol")
        about = (*about, "collapse")
        shared = record["config"] | {name: record.get(name) for name in about}
        if still := metrics["quality"].get("still_abs_rel"):
            gain = still / metrics["image"]["abs_rel"] - 1
            shared["motion_gain"] = gain
        rows.append(
            shared
            | {"reading": 0}
            | metrics["image"]
            | metrics["quality"]
            | pooled
            | {name: record.get(name) for name in nested}
        )
        for k, reading in enumerate(record.get("readings", ()), 1):
            rows.append(shared | {"reading": k} | reading)
    return pd.DataFrame(rows)


def plain(config) -> dict:
    """The config as JSON will give it back (tuples become lists)."""
    return json.loads(json.dumps(asdict(config)))
