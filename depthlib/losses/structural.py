"""Losses of the depth map's shape: differences between neighbouring pixels.

A difference counts only where every pixel it touches is valid, so neither
the border of the image nor a hole in the depth makes an edge.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from depthlib.checks import check_tensors
from depthlib.kernels.precision import without_autocast
from depthlib.losses.masking import check_pair, log_residual, widen
from depthlib.losses.regression import level

__all__ = ["eigen_grad", "gradient_loss"]


def eigen_grad(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    *,
    weight: float = 0.5,
    gradient: str = "forward",
) -> Tensor:
    """Scale-invariant log error plus squared gradients of it. Table 1, row 4.

    (1/N) sum d^2 - (weight / N^2) (sum d)^2
    + (1/N) sum [(grad_x d)^2 + (grad_y d)^2] for each image, N its valid
    pixels, then the mean over images; d = ln y - ln y_hat.

    Carvalho et al. (2018) print lambda / 2N^2 in this row and lambda / N^2 in
    the row above, lambda undefined. `weight` is the whole coefficient times
    N^2: 1/2 agrees with Eigen and Fergus (2015), the origin of the loss;
    0.25 is the other reading (lambda = 1/2 and the printed 2).

    The paper leaves the gradient open. "forward": y[i+1] - y[i] on pairs of
    valid neighbours. "sobel": the 3x3 Sobel filter, not normalised (eight
    times the slope on a ramp), on windows that are valid throughout; the
    released code has this filter, but pads with zeros at the border, and
    divides the second term by N^2 once more.

    Args:
        prediction: ``(B, 1, H, W)``, metres, above 0.
        target: ``(B, 1, H, W)``, metres, above 0 where valid.
        mask: bool ``(B, 1, H, W)`` or None.
        weight: coefficient of the squared mean, 0 to 1.
        gradient: "forward" or "sobel".

    Returns:
        Scalar tensor without unit.

    Raises:
        ValueError: as in `scale_invariant`; another name for the gradient;
            tensors that are not four-dimensional.
    """
    _check_maps(target)
    d, count = log_residual(prediction, target, mask)
    slopes = [s.square().flatten(1).sum(1) for s in _slopes(d, mask, gradient)]
    return level(d, count, weight) + (sum(slopes) / count).mean()


def gradient_loss(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    *,
    gradient: str = "forward",
) -> Tensor:
    """Mean absolute error of the image gradients, L_grad of DenseDepth.

    (1/N) sum |grad_x l| + |grad_y l| with l = y - y_hat, N all valid pixels
    of the batch (Alhashim and Wonka 2018, loss section, there on reciprocal
    depth). The released code takes forward differences that are 0 in the
    last row and column, which is "forward" here.

    Args:
        prediction: ``(B, 1, H, W)``.
        target: ``(B, 1, H, W)``, same unit.
        mask: bool ``(B, 1, H, W)`` or None.
        gradient: "forward" or "sobel" (see `eigen_grad`).

    Returns:
        Scalar tensor in the unit of the input (per pixel).

    Raises:
        ValueError: as in `l1`; another name for the gradient; tensors that
            are not four-dimensional.
    """
    _check_maps(target)
    mask = check_pair(prediction, target, mask)
    prediction, target = widen(prediction), widen(target)
    count = target.numel()
    if mask is not None:
        # Out before the subtraction: an unknown NaN must not spread.
        prediction = torch.where(mask, prediction, 0.0)
        target = torch.where(mask, target, 0.0)
        count = mask.sum()
    along_x, along_y = _slopes(target - prediction, mask, gradient)
    return (along_x.abs().sum() + along_y.abs().sum()) / count


def _slopes(
    values: Tensor, mask: Tensor | None, gradient: str
) -> tuple[Tensor, Tensor]:
    """Gradients along x and y, 0 where a pixel under them is invalid."""
    if gradient == "forward":
        pairs = values.diff(dim=-1), values.diff(dim=-2)
        if mask is None:
            return pairs
        known_x = mask[..., :, 1:] & mask[..., :, :-1]
        known_y = mask[..., 1:, :] & mask[..., :-1, :]
        return pairs[0] * known_x, pairs[1] * known_y
    if gradient == "sobel":
        return _sobel(values, mask)
    raise ValueError(
        f'gradient is {gradient!r}; give "forward" (differences of '
        'neighbours) or "sobel" (3x3 filter).'
    )


def _sobel(values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Sobel gradients of the windows that lie inside the image."""
    if min(values.shape[-2:]) < 3:
        raise ValueError(
            f"target is {tuple(values.shape)}; the Sobel gradient needs at "
            "least 3x3 pixels."
        )
    kernel = values.new_tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    kernels = torch.stack([kernel, kernel.T]).unsqueeze(1)
    with without_autocast(values):
        slopes = F.conv2d(values, kernels)
    if mask is not None:
        holes = F.max_pool2d((~mask).to(values.dtype), 3, stride=1)
        slopes = slopes * (holes == 0)
    return slopes[:, :1], slopes[:, 1:]


def _check_maps(target: Tensor) -> None:
    check_tensors(target=target)
    if target.dim() != 4 or target.shape[1] != 1:
        raise ValueError(
            f"target has shape {tuple(target.shape)}; losses of gradients "
            "need maps of shape (B, 1, H, W)."
        )
