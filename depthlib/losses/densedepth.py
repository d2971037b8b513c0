"""The loss of DenseDepth: level, slopes and structure of reciprocal depth.

Alhashim and Wonka (2018). The three terms are meant for the target m / y, not
for metres: the weight of the first and the constants inside SSIM both hang
on its range.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from depthlib.kernels.ssim import ssim_map
from depthlib.losses.masking import check_pair, mean_valid, widen
from depthlib.losses.regression import l1
from depthlib.losses.structural import gradient_loss

__all__ = ["densedepth_loss", "densedepth_parts", "ssim_loss"]


def ssim_loss(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    *,
    data_range: float,
    window: int = 11,
    sigma: float = 1.5,
) -> Tensor:
    """Structural dissimilarity, (1 - SSIM) / 2, 0 where the maps are equal.

    The mean over all windows of the batch that lie inside the image; with a
    mask, over those that are valid throughout: a window with a hole has no
    variance to compare. Gaussian window and population covariance as in
    `depthlib.kernels.ssim`.

    Args:
        prediction: ``(B, 1, H, W)``.
        target: ``(B, 1, H, W)``, same unit.
        mask: bool ``(B, 1, H, W)``, True = counts; None: all pixels count.
        data_range: largest minus smallest value that the target can take.
            Slopes that are small beside it count little.
        window: side of the window in pixels, odd, no larger than the map.
        sigma: standard deviation of the window in pixels.

    Returns:
        Scalar tensor in [0, 1].

    Raises:
        ValueError: as in `l1`; no window is valid throughout; tensors that
            are not four-dimensional; an even or too large window; data_range
            or sigma not above 0.
    """
    mask = check_pair(prediction, target, mask)
    prediction, target = widen(prediction), widen(target)
    if mask is not None:
        # Out before any product: an unknown NaN must not spread.
        prediction = torch.where(mask, prediction, 0.0)
        target = torch.where(mask, target, 0.0)
    similarity = ssim_map(
        prediction, target, data_range=data_range, window=window, sigma=sigma
    )
    return (1 - mean_valid(similarity, _whole(mask, window))) / 2


def densedepth_loss(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    *,
    weight: float = 0.1,
    data_range: float = 25.0,
) -> Tensor:
    """weight * L1 + `gradient_loss` + `ssim_loss`, on reciprocal depth.

    Args:
        prediction: ``(B, 1, H, W)``, m / y without unit, the raw output of
            the network; at least 11 pixels in H and W.
        target: ``(B, 1, H, W)``, m / y of the true depth.
        mask: bool ``(B, 1, H, W)`` or None.
        weight: lambda of the paper, on the L1 term alone.
        data_range: of the target. The paper gives none; 25 is m / 0.4 with
            m = 10 m, the nearest depth of its rooms.

    Returns:
        Scalar tensor.

    Raises:
        ValueError: as in `ssim_loss`; weight negative.
    """
    parts = densedepth_parts(
        prediction, target, mask, weight=weight, data_range=data_range
    )
    return sum(parts.values())


def densedepth_parts(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    *,
    weight: float = 0.1,
    data_range: float = 25.0,
) -> dict[str, Tensor]:
    """The three summands of `densedepth_loss`, weighted, by name.

    Arguments and errors as there.

    Returns:
        "depth" (weight times L1), "gradient" and "ssim": scalar tensors.
    """
    if not weight >= 0:
        raise ValueError(f"weight is {weight}; give 0 or more, 0.1 as stated.")
    return {
        "depth": weight * l1(prediction, target, mask),
        "gradient": gradient_loss(prediction, target, mask),
        "ssim": ssim_loss(prediction, target, mask, data_range=data_range),
    }


def _whole(mask: Tensor | None, window: int) -> Tensor | None:
    """Which windows hold valid pixels alone."""
    if mask is None:
        return None
    whole = F.max_pool2d((~mask).float(), window, stride=1) == 0
    if not whole.any():
        raise ValueError(
            f"mask leaves no window of {window} x {window} pixels without a "
            "hole; fill the holes, or take a smaller window."
        )
    return whole
