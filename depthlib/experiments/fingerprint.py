"""Does today's code still do what a record says was done?

A record carries the first losses of its recipe at toy size, and the score
of the toy network. Refactoring leaves these numbers alone; a changed
formula, layer or update does not.
"""

import functools
import math

import torch

TOLERANCE = 1e-4


def fingerprint(config) -> list[float]:
    """Losses of three toy steps, then abs_rel and rmse of two toy images.

    Args:
        config: a ``RunConfig``; only what ``RunConfig.recipe`` keeps of it
            matters.
    """
    return list(_measure(config.recipe()))


@functools.cache
def _measure(recipe) -> tuple[float, ...]:
    from depthlib.experiments.setup import build
    from depthlib.training import evaluate, fit

    threads, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    try:
        model, train, test, protocol = build(recipe)
        losses = fit(model, train, recipe).losses
        scores = evaluate(model, test, protocol).image
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(state)
    values = [*losses, scores["abs_rel"], scores["rmse"]]
    return tuple(float(f"{v:.7g}") for v in values)


def is_current(record: dict) -> bool:
    """True while today's code reproduces the record's fingerprint (1e-4)."""
    from depthlib.experiments.config import RunConfig

    config = dict(record["config"])
    for name in ("betas", "size", "blocks"):
        if config[name] is not None:
            config[name] = tuple(config[name])
    try:
        now = fingerprint(RunConfig(**config))
    except TypeError:
        # The config has a field that today's code does not know.
        return False
    return len(now) == len(record["fingerprint"]) and all(
        math.isclose(a, b, rel_tol=TOLERANCE)
        for a, b in zip(now, record["fingerprint"], strict=True)
    )
