"""Does today's code still do what a record says was done?

A record carries the losses of its recipe in a training of three toy steps,
and the score of the toy network. Refactoring leaves these numbers alone; a
changed formula, layer, update or metric does not. That the *data* are still
the same is said by the hashes of their manifests.
"""

import functools
import math
from dataclasses import replace

import torch
from torch.utils.data import Dataset

from depthlib.experiments.config import RunConfig
from depthlib.experiments.setup import (
    DRAWN,
    evaluation_set,
    manifest_hash,
)
from depthlib.experiments.studies import config_of

TOLERANCE = 1e-4  # of losses
# Of scores: Adam's first steps have the size of the rate whatever that of the
# gradient, so that where it is zero rounding alone decides their sign.
LOOSE = 2e-3


class _Toys(Dataset):
    """Eight noise images whose depth is a smooth function of them.

    As video, all of the scene moves sideways at one speed.
    """

    def __init__(self, size, holes=True):
        self.least = 0.05 if holes else -1
        rng = torch.Generator().manual_seed(0)
        self.images = torch.rand(8, 3, *size, generator=rng)
        height, width = size
        self.intrinsics = torch.tensor(
            [[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]]
        )
        self.motion = torch.eye(4).repeat(2, 1, 1)
        self.motion[:, 0, 3] = torch.tensor([-6.0, 6.0]) / width

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        image = self.images[i]
        rows = torch.linspace(0, 2, image.shape[1])[None, :, None]
        depth = 1 + rows + 2 * image[:1]
        return {
            "image": image,
            "adjacent": torch.stack([image.roll(-2, -1), image.roll(2, -1)]),
            "depth": depth,
            "mask": image[1:2] > self.least,
            "intrinsics": self.intrinsics,
            "motion": self.motion,
            "index": i,
        }


def fingerprint(config: RunConfig) -> list[float]:
    """Losses of three toy steps, then abs_rel and rmse of the toy images.

    Only what ``RunConfig.recipe`` keeps of ``config`` matters. Of a recipe
    that diverges even so, the finite losses alone.
    """
    return list(_measure(config.recipe()))


@functools.cache
def _measure(recipe: RunConfig) -> tuple[float, ...]:
    from depthlib.metrics import PROTOCOLS
    from depthlib.training import TrainingDivergedError, fit
    from depthlib.training.evaluate import predict_all

    threads, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    protocol = PROTOCOLS["rooms"]
    try:
        data = _Toys(recipe.size, holes=not recipe.WHOLE_MAPS)
        if not recipe.TRAINS:
            values = recipe.signature(data, protocol)
            return tuple(float(f"{v:.7g}") for v in values)
        model = recipe.build_model()
        try:
            history = fit(model, data, recipe, step=recipe.step_class())
        except TrainingDivergedError as error:
            if not recipe.MAY_DIVERGE:
                raise
            return tuple(float(f"{v:.7g}") for v in error.history.losses)
        prediction, truth = predict_all(model, data, protocol)
        scores = protocol.evaluate(prediction, truth["depth"], truth["mask"])
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(state)
    values = [*history.losses, scores["abs_rel"], scores["rmse"]]
    return tuple(float(f"{v:.7g}") for v in values)


def is_current(record: dict) -> bool:
    """True while today's code and data are those of the record.

    Real data sets are not looked for: their hash is for readers.
    """
    try:
        config = config_of(record)
    except TypeError:
        # The config has a field that today's code does not know.
        return False
    then, now = record["fingerprint"], fingerprint(config)
    losses = config.recipe().steps if config.TRAINS else len(now)
    same_code = len(now) == len(then) and all(
        math.isclose(a, b, rel_tol=TOLERANCE if k < losses else LOOSE)
        for k, (a, b) in enumerate(zip(now, then, strict=True))
    )
    return same_code and _same_data(config, record)


def _same_data(config: RunConfig, record: dict) -> bool:
    """True while all drawn sets of the record, readings' too, are today's."""
    if config.data in DRAWN and record["data"] != {
        "train": _train_hash(_sets_of(config)),
        "test": _test_hash(_sets_of(config)),
    }:
        return False
    if str(record.get("collapse") or "").startswith("diverged"):
        return True  # what diverged was not read any further
    now, then = config.readings(), record.get("readings", [])
    if len(now) != len(then):
        return False
    tests = [replace(config, **reading.test) for reading in now]
    return all(
        test.data not in DRAWN or _test_hash(_sets_of(test)) == old["test"]
        for test, old in zip(tests, then, strict=True)
    )


def _sets_of(config: RunConfig) -> RunConfig:
    """A config with the same data and nothing else of its own."""
    values = {name: getattr(config, name) for name in config.DATA}
    return replace(type(config)(experiment="data"), **values)


@functools.cache
def _train_hash(config: RunConfig) -> str:
    return manifest_hash(config.training_set(False))


@functools.cache
def _test_hash(config: RunConfig) -> str:
    return manifest_hash(evaluation_set(config, False)[0])
