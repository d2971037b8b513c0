"""Has a training come to nothing? What a record says about it."""

import torch
from torch import Tensor

LEAST = 0.02  # of the truth's variation, below which there is none


def collapse(prediction: Tensor, truth: dict) -> str:
    """What kind of collapse predictions show, or an empty text.

    Args:
        prediction: ``(n, 1, H, W)`` metres.
        truth: with ``depth`` and ``mask`` of that shape.

    Returns:
        ``"constant maps"`` where the spread within maps is below 2 % of the
        truth's; ``"one map for all"`` where the maps vary but do not depend
        on the image; ``""`` for a sound network.
    """
    mask = truth["mask"]
    if _within(prediction, mask) < LEAST * _within(truth["depth"], mask):
        return "constant maps"
    if _between(prediction, mask) < LEAST * _between(truth["depth"], mask):
        return "one map for all"
    return ""


def _within(maps, mask) -> float:
    """Mean over images of the standard deviation over known pixels."""
    spreads = [m[k].std() for m, k in zip(maps, mask, strict=True)]
    return float(torch.stack(spreads).nanmean())


def _between(maps, mask) -> float:
    """Mean over pixels of the standard deviation over images."""
    known = mask.float()
    count = known.sum(0).clamp(min=1)
    mean = (maps * known).sum(0) / count
    variance = ((maps - mean).square() * known).sum(0) / count
    return float(variance.sqrt().mean())
