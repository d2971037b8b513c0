"""From a config to its record: the whole journey of one run."""

import hashlib
import json
import platform
import resource
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

import depthlib
from depthlib.data.cache import cache_dir
from depthlib.experiments.collapse import collapse
from depthlib.experiments.config import RunConfig
from depthlib.experiments.fingerprint import fingerprint
from depthlib.experiments.records import (
    plain,
    read_record,
    record_path,
    write_record,
)
from depthlib.experiments.setup import (
    evaluation_set,
    guesses_from,
    manifest_hash,
    require_data,
    trivial_scores,
)
from depthlib.metrics import METRICS
from depthlib.training import TrainingDivergedError, fit
from depthlib.training.evaluate import predict_all, score
from depthlib.writing import whole

KEPT_IMAGES = 200
KEPT_MAPS, KEPT_PIXELS = 6, 6 * 96 * 128  # at most, but two maps
CURVE_IMAGES = 50
CURVE_METRICS = ("abs_rel", "rmse", "delta1")


def run_one(config: RunConfig, results: Path | None = None) -> dict:
    """Train and score one run, write its record, and return it.

    A record that exists is returned as it is. Two processes that ask for
    one run wait for each other: the second finds the record.
    """
    from filelock import FileLock

    path = record_path(config, results)
    name = f"{config.profile}-{config.experiment}-{config.key}"
    lock = cache_dir() / "locks" / f"{name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock), one_thread():
        if not path.exists():
            checkpoints = cache_dir() / "checkpoints" / name
            if config.TRAINS:
                record = _train_and_score(config, checkpoints, path)
            else:
                record = _compute(config)
            write_record(path, record)
            shutil.rmtree(checkpoints, ignore_errors=True)
    return read_record(path)


def _train_and_score(config, checkpoints, path) -> dict:
    fabric = make_fabric(config)  # first: without its GPU nothing is prepared
    require_data(config)
    mark = fingerprint(config)  # a recipe that fails costs seconds
    train, (test, protocol) = config.training_set(), evaluation_set(config)
    data = {"train": manifest_hash(train), "test": manifest_hash(test)}
    # Other code or data than a checkpoint was made with begin anew.
    basis = json.dumps([mark, data]).encode()
    checkpoint = checkpoints / f"{hashlib.sha256(basis).hexdigest()[:16]}.pt"
    model = config.build_model()
    curve_data = torch.utils.data.Subset(
        test, range(min(CURVE_IMAGES, len(test)))
    )

    def on_curve(model):
        prediction, truth = predict_all(model, curve_data, protocol)
        scores = protocol.evaluate(prediction, truth["depth"], truth["mask"])
        scores = {name: scores[name] for name in CURVE_METRICS}
        scores |= config.curve_scores(model, curve_data)
        return {name: round(value, 5) for name, value in scores.items()}

    try:
        history = fit(
            model,
            train,
            config,
            evaluate=on_curve,
            checkpoint=checkpoint,
            step=config.step_class(),
            fabric=fabric,
        )
    except TrainingDivergedError as error:
        if not config.MAY_DIVERGE:
            raise
        history, scores = error.history, _no_scores(error)
        began = time.perf_counter()
    else:
        began = time.perf_counter()
        scores = _scores(config, model, train, test, protocol, path)
    columns = history.curve[0] if history.curve else {"samples": None}
    return {
        **_heading(config, protocol),
        **scores,
        "curve": {
            name: [point[name] for point in history.curve] for name in columns
        },
        "fingerprint": mark,
        "data": data,
        "seconds": round(history.seconds + time.perf_counter() - began, 2),
        **provenance(fabric.device),
    }


def _heading(config, protocol) -> dict:
    """What a record is of."""
    return {
        "experiment": config.experiment,
        "profile": config.profile,
        "key": config.key,
        "kind": type(config).__name__,
        "config": plain(config),
        "protocol": protocol.describe(),
    }


def _scores(config, model, train, test, protocol, path) -> dict:
    """Everything that a record says about a trained network."""
    prediction, truth = predict_all(model, test, protocol)
    result = score(prediction, truth, protocol)
    extra = config.extra_scores(model, test)
    guesses, _ = guesses_from(train)
    # A search of rates, on validation images, has nothing to show.
    if config.seed == 0 and config.test_split == "test":
        few = max(2, min(KEPT_MAPS, KEPT_PIXELS // prediction[0].numel()))
        save_maps(prediction[:few], path.with_suffix(".png"))
    return {
        "metrics": {
            "image": _rounded(result.image),
            "pixel": _rounded(result.pixel),
            "quality": _rounded(result.quality | extra),
        },
        "collapse": collapse(prediction, truth),
        **_readings(config, model, guesses),
        "per_image": {
            name: [
                float(f"{v:.4g}") for v in result.per_image[name][:KEPT_IMAGES]
            ]
            for name in CURVE_METRICS
        },
        "trivial": trivial_scores(guesses, truth, protocol),
    }


def _no_scores(error) -> dict:
    """The same of a network that diverged: it has none, and says why."""
    return {
        "metrics": {
            "image": dict.fromkeys(METRICS),
            "pixel": {},
            "quality": {},
        },
        "collapse": f"diverged: {error}",
        "per_image": {},
        "trivial": None,
    }


def _compute(config) -> dict:
    """The record of a run that trains nothing."""
    device = torch.device("cpu")
    if config.ON_DEVICE:
        device = make_fabric(config).device
    began = time.perf_counter()
    test, protocol = evaluation_set(config)
    metrics = config.compute(test, protocol)
    return {
        **_heading(config, protocol),
        "metrics": {part: _rounded(v) for part, v in metrics.items()},
        "collapse": "",
        "curve": {},
        "per_image": {},
        "trivial": None,
        "fingerprint": fingerprint(config),
        "data": {
            "train": manifest_hash(config.training_set()),
            "test": manifest_hash(test),
        },
        "seconds": round(time.perf_counter() - began, 2),
        **provenance(device),
    }


def _readings(config, model, guesses) -> dict:
    """The further scores of a run, or nothing where it has none.

    Beside each those of the guesses: elsewhere they are worth something else.
    """
    found = []
    for reading in config.readings():
        test, protocol = evaluation_set(replace(config, **reading.test))
        protocol = replace(protocol, **reading.protocol)
        prediction, truth = predict_all(model, test, protocol)
        result = score(prediction, truth, protocol)
        found.append(
            reading.columns
            | {"protocol": protocol.describe(), "test": manifest_hash(test)}
            | _rounded(result.image | result.quality)
            | {"trivial": trivial_scores(guesses, truth, protocol)}
        )
    return {"readings": found} if found else {}


def make_fabric(config):
    """Fabric for one process: a GPU at ``gpu`` and ``paper``, else the CPU.

    Raises:
        RuntimeError: the profile asks for a GPU and there is none; falling
            back silently would train for days.
    """
    from lightning.fabric import Fabric

    on_gpu = config.profile in ("gpu", "paper")
    if on_gpu and not torch.cuda.is_available():
        raise RuntimeError(
            f"profile {config.profile!r} needs a CUDA GPU and none is "
            "visible; run it on a machine with one, or choose the profile "
            '"quick" or "study"'
        )
    return Fabric(
        accelerator="cuda" if on_gpu else "cpu",
        devices=1,
        precision=config.precision,
    )


def provenance(device) -> dict:
    """Where and with what a record was made."""
    name = _cpu_name()
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak /= 2**20 if sys.platform == "darwin" else 2**10
    return {
        "depthlib": depthlib.__version__,
        "commit": _commit(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": name,
        "threads": torch.get_num_threads(),
        "peak_memory_mb": round(peak),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def save_maps(prediction, path: Path) -> None:
    """Depth maps ``(n, 1, H, W)`` as one 16-bit PNG in millimetres.

    The maps stand below each other; ``load_maps`` takes them apart.
    """
    from PIL import Image

    stack = prediction[:, 0].numpy() * 1000
    # In place: a photo of 100 million pixels is 400 MB.
    np.clip(np.rint(stack, out=stack), 0, 65535, out=stack)
    stack = stack.astype(np.uint16)
    picture = Image.fromarray(stack.reshape(-1, stack.shape[-1]))
    with whole(path) as temporary:
        picture.save(temporary, format="PNG")


def load_maps(path: Path, height: int) -> np.ndarray:
    """Metres ``(n, H, W)`` from a file that ``save_maps`` wrote."""
    from PIL import Image

    stack = np.asarray(Image.open(path), dtype=np.float32) / 1000
    return stack.reshape(-1, height, stack.shape[-1])


@contextmanager
def one_thread():
    """One torch thread: sums then add up in one order on every machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _rounded(values: dict) -> dict:
    return {name: float(f"{v:.6g}") for name, v in values.items()}


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return f"CPU, {line.split(':', 1)[1].strip()}"
    return f"CPU, {platform.machine()}"


def _commit() -> str:
    """The checkout's commit, with a plus where depthlib differs from it."""
    root = Path(__file__).resolve().parents[2]

    def git(*arguments):
        return subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    try:
        head = git("rev-parse", "--short=12", "HEAD")
        changed = git("status", "--porcelain", "--", "depthlib")
        return f"{head}+" if changed else head
    except (OSError, subprocess.CalledProcessError):
        return "no checkout"
