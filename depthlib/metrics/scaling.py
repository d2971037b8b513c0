"""Median scaling: scores for predictions whose scale is unknown."""

import torch
from torch import Tensor

from depthlib.metrics.inputs import as_pair, valid_pixels

__all__ = ["median", "median_scale"]


def median_scale(prediction, target, mask=None) -> Tensor:
    """Predictions scaled to the median of their truth, each image alone.

    ``prediction * median(target) / median(prediction)``, medians over the
    mask; with an even count the mean of the two middle values. The scale of
    a single view is thereby given away: say so beside the numbers.

    Args:
        prediction: ``(B, 1, H, W)``, metres or any unit above 0.
        target: same shape, metres.
        mask: bool, same shape, or None; pixels whose target is not finite
            or not above 0 never count.

    Returns:
        ``(B, 1, H, W)`` in the prediction's dtype.

    Raises:
        ValueError: shapes differ, depths are stored numbers, an image has no
            such pixel, or the median of a prediction is not above 0.

    Example:
        >>> median_scale(torch.ones(1, 3), torch.tensor([[2.0, 4, 9]]))
        tensor([[[[4., 4., 4.]]]])
    """
    prediction, target, mask = as_pair(prediction, target, mask)
    mask = valid_pixels(target, mask)
    scaled = torch.empty_like(prediction)
    for i, (p, y, valid) in enumerate(
        zip(prediction, target, mask, strict=True)
    ):
        if not valid.any():
            raise ValueError(
                f"image {i} has no valid pixel to take a median of; check "
                "its mask, the crop and the unit of its depth (metres)"
            )
        middle = median(p[valid].double())
        if not middle > 0:
            raise ValueError(
                f"the median of prediction {i} is {float(middle)}; expected "
                "depths above 0"
            )
        scaled[i] = p * (median(y[valid].double()) / middle)
    return scaled


def median(values: Tensor) -> Tensor:
    """Median of a flat tensor, the mean of the middle two if even.

    torch.median returns the lower of the two; the upper is the lower of the
    negated values.
    """
    return (values.median() - (-values).median()) / 2
