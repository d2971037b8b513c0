"""What a config means: its network, its data and its protocol."""

import hashlib
import json

import torch

from depthlib.experiments.config import RunConfig
from depthlib.metrics import PROTOCOLS, trivial_predictors

TRIVIAL_MAPS = 1000


def build_model(config: RunConfig):
    """The network of one run, with the initial weights of its seed.

    Two runs that differ only in their loss start from the same network.
    """
    from depthlib.models import D3Net

    torch.manual_seed(config.seed)
    return D3Net(
        encoder=config.encoder, width=config.width, blocks=config.blocks
    )


def build_data(config: RunConfig, cached: bool = True):
    """Training set, test set and protocol of one run.

    Args:
        config: the run.
        cached: keep generated images on disk; for a glance at a few, don't.
    """
    if config.data == "rooms":
        from depthlib.data import rooms

        options = {
            "style": config.style,
            "size": config.size,
            "cached": cached,
        }
        train = rooms(config.n_train, split="train", **options)
        test = rooms(config.n_test, split=config.test_split, **options)
        return train, test, PROTOCOLS["rooms"]
    if config.data == "nyu":
        return _nyu(config)
    raise ValueError(f'data is {config.data!r}; choose "rooms" or "nyu"')


def _nyu(config):
    from depthlib.data import NYUv2

    train = NYUv2(split="train", size=config.size)
    test = NYUv2(split="test", size=config.size)
    if config.n_train != len(train):
        raise ValueError(
            f"n_train is {config.n_train}, but NYU Depth v2 has "
            f"{len(train)} labelled training pairs; give that number"
        )
    return train, test, PROTOCOLS["nyu_eigen"]


def trivial_scores(train, truth: dict, protocol) -> dict:
    """Scores of predictors that look at no image, from the training set.

    The medians come from the first 1000 training maps.
    """
    maps = [train[i] for i in range(min(len(train), TRIVIAL_MAPS))]
    predictors = trivial_predictors(
        torch.stack([s["depth"] for s in maps]),
        torch.stack([s["mask"] for s in maps]),
    )
    depth = truth["depth"]
    scores = {}
    for name, value in predictors.items():
        prediction = torch.as_tensor(value).expand_as(depth)
        result = protocol.evaluate(prediction, depth, truth["mask"])
        scores[name] = {k: float(f"{v:.6g}") for k, v in result.items()}
    return scores


def manifest_hash(data) -> str:
    """Sixteen hex digits that identify a data set by its manifest."""
    text = json.dumps(data.manifest(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
