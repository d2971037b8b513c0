"""The weights that come with the package: ``python -m tools.weights``.

Trains them by the recipe of ``depthlib.experiments.shipped`` (or takes the
training that lies in the cache, complete or begun), scores the file that
readers get, the way they use it, and writes file, record and card into
``depthlib/weights``. Needs NYU Depth v2, labelled, under ``DEPTHLIB_DATA``.
"""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import torch

from depthlib.data import NYUv2
from depthlib.data.cache import cache_dir
from depthlib.experiments.records import write_record
from depthlib.experiments.setup import (
    evaluation_set,
    guesses_from,
    trivial_scores,
)
from depthlib.experiments.shipped import STAGES, train_stages
from depthlib.experiments.single import one_thread, provenance
from depthlib.experiments.statistics import percentile_bootstrap
from depthlib.experiments.weights import load_weights, save_weights
from depthlib.metrics import PROTOCOLS, trivial_predictors
from depthlib.pointcloud import training_focal
from depthlib.predict import WEIGHTS, predict_photo
from depthlib.training.evaluate import predict_all, score
from tools.model_card import COMPARED, card

RECORD, CARD = WEIGHTS.with_suffix(".json"), WEIGHTS.with_name("README.md")
RESAMPLES = 10_000
PROBE = 8  # drawn rooms whose scores tell on any machine if weights are these


def make() -> None:
    """Train, keep, score, and write the card."""
    trained = load_weights(train_stages())
    about = trained.about | {
        "focal": training_focal(STAGES[-1].training_set())
    }
    # Into the package when all is done: until then its checkout is clean.
    path = cache_dir() / "shipped" / WEIGHTS.name
    save_weights(path, trained.model, trained.config, about, half=True)
    with one_thread():
        record = measure(path)
    WEIGHTS.parent.mkdir(exist_ok=True)
    shutil.copyfile(path, WEIGHTS)
    write_record(RECORD, record)
    CARD.write_text(card(record), encoding="utf-8")
    print(f"wrote {WEIGHTS}, its record and its card")


def measure(path: Path) -> dict:
    """Everything that the card says of the file, in plain values."""
    content, trained = path.read_bytes(), load_weights(path)
    weights = trained.model.parameters()
    return {
        "file": path.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "parameters": sum(p.numel() for p in weights),
        "stages": trained.about["stages"],
        "focal": trained.about["focal"],
        "range": trained.config.depth_range(),
        "nyu": on_photos(trained),
        "rooms": {style: on_rooms(trained, style) for style in "ab"},
        **provenance(torch.device("cpu")),
    }


def on_photos(trained, train=None, test=None) -> dict:
    """Scores on whole photos of 640 x 480, as ``depthlib predict`` gives.

    Beside the network, what looks at nothing: the median of all depths, and
    that of each pixel, over the training maps at full size.
    """
    train, test = train or NYUv2(split="train"), test or NYUv2(split="test")
    protocol = PROTOCOLS["nyu_eigen"]
    ways = {
        "network": protocol,
        "network_scaled": replace(protocol, scaling="median"),
        "pixel_median": protocol,
        "global_median": protocol,
    }
    guesses = trivial_predictors(torch.stack([s["depth"] for s in train]))
    tallies = {name: way.tally() for name, way in ways.items()}
    for sample in test:
        image, depth = sample["image"][None], sample["depth"][None]
        seen = predict_photo(trained.model, image, trained.config.size)
        for name, tally in tallies.items():
            guess = guesses.get(name)
            guess = seen if guess is None else guess.expand_as(depth)
            tally.add(guess, depth, sample["mask"][None])
    per_image = {
        name: {
            metric: [float(f"{v:.4g}") for v in tally.result("none")[metric]]
            for metric in COMPARED
        }
        for name, tally in tallies.items()
        if name in ("network", "pixel_median")
    }
    return {
        "n": len(test),
        "protocol": protocol.describe(),
        "data": {"train": train.manifest(), "test": test.manifest()},
        "metrics": {
            name: _rounded(tally.result("image"))
            for name, tally in tallies.items()
        },
        "per_image": per_image,
        "difference": differences(per_image),
        "resamples": RESAMPLES,
    }


def differences(per_image: dict) -> dict:
    """Network minus median of each pixel, image by image, with intervals.

    There is one network, so the interval is over images: a percentile
    bootstrap of the mean of the paired differences.
    """
    found = {}
    for metric in COMPARED:
        ours, theirs = (
            torch.tensor(per_image[name][metric], dtype=torch.float64)
            for name in ("network", "pixel_median")
        )
        interval = percentile_bootstrap(ours - theirs, resamples=RESAMPLES)
        found[metric] = _rounded(
            {name: getattr(interval, name) for name in ("mean", "low", "high")}
        ) | {"level": interval.level}
    return found


def on_rooms(trained, style: str) -> dict:
    """Scores on drawn rooms, as ``depthlib evaluate`` gives them."""
    stage = replace(STAGES["ab".index(style)], size=trained.config.size)
    test, protocol = evaluation_set(stage)
    prediction, truth = predict_all(trained.model, test, protocol)
    result = score(prediction, truth, protocol)
    guesses, _ = guesses_from(stage.training_set())
    trivial = trivial_scores(guesses, truth, protocol)
    return {
        "n": len(test),
        "protocol": protocol.describe(),
        "data": test.manifest(),
        "metrics": {"network": _rounded(result.image), **trivial},
        "probe": result.per_image["abs_rel"][:PROBE].tolist(),
    }


def _rounded(values: dict) -> dict:
    return {name: float(f"{v:.6g}") for name, v in values.items()}


if __name__ == "__main__":
    make()
