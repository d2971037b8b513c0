"""Where the error of a depth map lies: in its scale, near, or far."""

import itertools

import torch
from torch import Tensor

from depthlib.metrics.inputs import as_pair, valid_pixels

__all__ = ["bin_errors", "bin_spread", "scale_share"]


def scale_share(prediction, target, mask=None) -> float:
    """Share of the squared log error that one factor per image explains.

    With d = ln prediction - ln target, the mean of d over an image is the
    factor by which the whole map is off, and
    sum(mean(d)^2) / sum(mean(d^2)) over images is between 0 (no map is off
    as a whole) and 1 (every map is the truth times a number).

    Args:
        prediction: ``(B, 1, H, W)``, metres, above 0 where valid.
        target: same shape, metres.
        mask: bool, same shape, or None; pixels whose target is not finite
            or not above 0 never count.

    Raises:
        ValueError: shapes differ; a valid prediction is not above 0; an
            image has no valid pixel.

    Example:
        >>> truth = torch.tensor([[1.0, 2.0, 4.0]])
        >>> scale_share(1.3 * truth, truth)
        1.0
    """
    prediction, target, valid = _checked(prediction, target, mask)
    known = valid.double()
    count = known.flatten(1).sum(1)
    if (count == 0).any():
        raise ValueError(
            f"image {int((count == 0).nonzero()[0])} has no valid pixel; "
            "check its mask and the unit of its depth (metres)"
        )
    d = torch.where(valid, prediction.log() - target.log(), 0).flatten(1)
    mean, square = d.sum(1) / count, d.square().sum(1) / count
    total = float(square.sum())
    return float(mean.square().sum()) / total if total > 0 else 0.0


def bin_errors(
    prediction, target, mask=None, *, edges=(0.4, 1, 2, 4, 10)
) -> list[float]:
    """Mean relative error of the pixels of each range of true depth.

    Args:
        prediction: ``(B, 1, H, W)``, metres, above 0 where valid.
        target: same shape, metres.
        mask: bool, same shape, or None.
        edges: limits of the ranges in metres, rising; each range includes
            its lower limit.

    Returns:
        abs_rel over all pixels of a range, one number for each; NaN for a
        range without a pixel.

    Raises:
        ValueError: shapes differ; a valid prediction is not above 0; edges
            do not rise.
    """
    if any(b <= a for a, b in itertools.pairwise(edges)):
        raise ValueError(f"edges are {edges}; give rising depths in metres")
    prediction, target, valid = _checked(prediction, target, mask)
    relative = ((prediction - target).abs() / target)[valid]
    depth = target[valid]
    found = []
    for low, high in itertools.pairwise(edges):
        found.append(float(relative[(depth >= low) & (depth < high)].mean()))
    return found


def bin_spread(
    prediction, target, mask=None, *, edges=(0.4, 1, 2, 4, 10)
) -> float:
    """Largest of `bin_errors` over the smallest: 1 is an even error.

    Ranges without a pixel are left out.

    Raises:
        ValueError: as `bin_errors`; no range holds a pixel; a range without
            any error, beside which no ratio exists.
    """
    errors = [
        e
        for e in bin_errors(prediction, target, mask, edges=edges)
        if e == e  # not NaN
    ]
    if not errors or min(errors) <= 0:
        raise ValueError(
            f"the errors of the depth ranges are {errors}; a ratio needs a "
            "pixel in some range and an error above 0 in each"
        )
    return max(errors) / min(errors)


def _checked(prediction, target, mask) -> tuple[Tensor, Tensor, Tensor]:
    prediction, target, mask = as_pair(prediction, target, mask)
    valid = valid_pixels(target, mask)
    prediction, target = prediction.double(), target.double()
    if not (prediction[valid] > 0).all():
        raise ValueError(
            "prediction is not above 0 at every valid pixel; clip it to the "
            "range of the protocol first"
        )
    return (
        torch.where(valid, prediction, 1.0),
        torch.where(valid, target, 1.0),
        valid,
    )
