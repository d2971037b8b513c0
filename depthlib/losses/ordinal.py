"""Ordinal regression of depth levels (DORN, Fu et al. 2018).

The loss that Liu, Wang and Wang (2019) build on without printing it. Depth
is cut into levels by thresholds t_0 < ... < t_K (``sid_thresholds``), and the
network answers K questions per pixel: is the level above k, k = 0..K-1?
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from depthlib.losses.masking import check_pair, mean_valid, widen

__all__ = ["depth_levels", "ordinal_loss"]


def ordinal_loss(
    logits: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    *,
    thresholds: Tensor,
) -> Tensor:
    """Mean over pixels of - sum_{k<l} ln P_k - sum_{k>=l} ln(1 - P_k).

    P_k = sigmoid(logit_k) is the probability that the level is above k, and
    l the true level. Written with softplus: no logarithm of zero.

    Args:
        logits: ``(B, K, H, W)``.
        target: ``(B, 1, H, W)``, metres; where it counts and is NaN or
            infinite, so that it has no level, the loss is NaN.
        mask: bool ``(B, 1, H, W)``, True = counts; None: all pixels count.
        thresholds: ``(K + 1,)``, metres, increasing.

    Returns:
        Scalar tensor: a sum over K levels, so it grows with K.

    Raises:
        ValueError: shapes do not fit, an argument is not floating point, mask
            is not bool or has no pixel.
    """
    levels = depth_levels(target, thresholds)
    bins = len(thresholds) - 1
    if logits.ndim != 4 or logits.shape[1] != bins:
        raise ValueError(
            f"logits has shape {tuple(logits.shape)}; expected (B, {bins}, "
            "H, W), one for each of the levels between the thresholds"
        )
    logits = widen(logits)
    mask = check_pair(logits[:, :1], target, mask)
    k = torch.arange(bins, device=logits.device).view(1, -1, 1, 1)
    # -ln P = softplus(-x) where the level is above k, -ln(1 - P) elsewhere.
    signs = torch.where(levels > k, -1.0, 1.0).to(logits)
    each = F.softplus(signs * logits).sum(1, keepdim=True)
    return mean_valid(torch.where(target.isfinite(), each, torch.nan), mask)


def depth_levels(depth: Tensor, thresholds: Tensor) -> Tensor:
    """The level l of each depth, t_l <= depth < t_{l+1}.

    Depths outside the range get the first or the last level; NaN the last.

    Args:
        depth: any shape and type, metres.
        thresholds: ``(K + 1,)``, metres, increasing.

    Returns:
        int64 of the depth's shape, 0 to K - 1.

    Raises:
        ValueError: thresholds are not at least two increasing numbers.

    Example:
        >>> edges = torch.tensor([1.0, 2.0, 4.0, 8.0])
        >>> depth_levels(torch.tensor([0.5, 1.0, 2.0, 3.9, 9.0]), edges)
        tensor([0, 0, 1, 1, 2])
    """
    if thresholds.ndim != 1 or len(thresholds) < 2:
        raise ValueError(
            f"thresholds has shape {tuple(thresholds.shape)}; expected "
            "(K + 1,), the edges of K levels"
        )
    if not (thresholds.diff() > 0).all():
        raise ValueError("thresholds do not increase; sort the edges")
    wide = torch.promote_types(depth.dtype, thresholds.dtype)
    inner = thresholds[1:-1].to(depth.device, wide).contiguous()
    return torch.bucketize(depth.to(wide), inner, right=True)
