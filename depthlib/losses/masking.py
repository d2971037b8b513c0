"""Which pixels count: the checks and the selection that all losses share.

Pixels outside the mask are set to a harmless number *before* any formula is
applied, so that an unknown depth of 0, NaN or infinity reaches neither the
value nor the gradient of a loss. (Selecting the valid pixels by indexing does
the same, several times slower.)
"""

import torch
from torch import Tensor

from depthlib.checks import check_tensors

__all__ = ["check_pair", "log_residual", "mean_valid", "residual", "widen"]


def check_pair(
    prediction: Tensor, target: Tensor, mask: Tensor | None
) -> Tensor | None:
    """Raise an error unless the three arguments fit together.

    Args:
        prediction: floating point of any shape, usually ``(B, 1, H, W)`` in
            metres.
        target: floating point, same shape.
        mask: None (every pixel counts) or bool of the same shape.

    Returns:
        The mask, or None where every pixel counts.

    Raises:
        TypeError: an argument is no tensor.
        ValueError: shapes differ, an argument holds whole numbers, or no
            pixel counts.
    """
    check_tensors(prediction=prediction, target=target)
    if prediction.shape != target.shape:
        raise ValueError(
            f"prediction has shape {tuple(prediction.shape)} but target has "
            f"{tuple(target.shape)}; give both the same shape, "
            "usually (B, 1, H, W)."
        )
    for name, values in (("prediction", prediction), ("target", target)):
        # A difference of unsigned numbers would wrap around.
        if not values.is_floating_point():
            raise ValueError(
                f"{name} is {values.dtype}; give floating point, in metres "
                "where the loss is one of depths."
            )
    if target.numel() == 0:
        raise ValueError(
            f"prediction and target are empty, shape {tuple(target.shape)}; "
            "a loss needs at least one pixel."
        )
    if mask is None:
        return None
    check_tensors(mask=mask)
    if mask.dtype != torch.bool or mask.shape != target.shape:
        raise ValueError(
            f"mask is {mask.dtype} of shape {tuple(mask.shape)}; give a bool "
            f"tensor of the target's shape {tuple(target.shape)}."
        )
    if not mask.any():
        raise ValueError(
            "mask is False everywhere, so no pixel is left to average over; "
            "leave such batches out or check the depth range of the data."
        )
    return mask


def residual(
    prediction: Tensor, target: Tensor, mask: Tensor | None
) -> Tensor:
    """Residuals l = y - y_hat of the input's shape, 0 where invalid.

    Half-precision input is widened to float32 first.
    """
    mask = check_pair(prediction, target, mask)
    difference = widen(target) - widen(prediction)
    return difference if mask is None else torch.where(mask, difference, 0.0)


def mean_valid(values: Tensor, mask: Tensor | None) -> Tensor:
    """Mean over the valid pixels of the batch, whatever the others hold."""
    if mask is None:
        return values.mean()
    return torch.where(mask, values, 0.0).sum() / mask.sum()


def log_residual(
    prediction: Tensor, target: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Residuals d = ln y - ln y_hat, 0 where invalid, and the pixel counts.

    Nothing is added to the depths before the logarithm.

    Returns:
        d of the input's shape, and N ``(B,)``, the number of valid pixels of
        each image (an image is one entry of the first dimension).

    Raises:
        ValueError: a valid depth is 0 or negative, or an image has no valid
            pixel (its own mean would be 0 / 0).
    """
    mask = check_pair(prediction, target, mask)
    prediction, target = widen(prediction), widen(target)
    if mask is None:
        images = target.shape[0] if target.dim() else 1
        count = target.new_full((images,), target.numel() / images)
    else:
        # ln 1 = 0 stands in for the unknown pixels on both sides; the
        # gradient of torch.where is exactly 0 there.
        prediction = torch.where(mask, prediction, 1.0)
        target = torch.where(mask, target, 1.0)
        count = mask.flatten(1).sum(1).to(target.dtype)
        if (count == 0).any():
            empty = (count == 0).nonzero().flatten().tolist()
            raise ValueError(
                f"mask leaves no valid pixel in image(s) {empty} of the "
                "batch; a loss per image needs one in each, leave them out."
            )
    for name, depth in (("prediction", prediction), ("target", target)):
        # NaN passes: it must surface as a NaN loss, where training stops.
        if (depth <= 0).any():
            raise ValueError(
                f"{name} holds a valid depth of {depth.min().item():.4g} m; "
                "logarithms need depths above 0: mask such pixels of the "
                "target, or give the network a positive smallest depth."
            )
    return target.log() - prediction.log(), count


def widen(values: Tensor) -> Tensor:
    """Half precision -> float32; float32 and float64 stay as they are."""
    if values.dtype in (torch.float16, torch.bfloat16):
        return values.float()
    return values
