"""The view loss of AVCL: prediction and truth compared from elsewhere."""

from collections.abc import Callable

import torch
from torch import Tensor

from depthlib.kernels.warp import warp_depth
from depthlib.losses.masking import check_pair
from depthlib.losses.regression import l1

__all__ = ["view_consistency"]


def view_consistency(
    prediction: Tensor,
    target: Tensor,
    intrinsics: Tensor,
    pose: Tensor,
    mask: Tensor | None = None,
    *,
    loss: Callable = l1,
    warp: Callable = warp_depth,
) -> Tensor:
    """L_warp: the loss of two depth maps after one and the same motion.

    Liu, Wang and Wang (2019), section 3: both maps are warped to the pose
    and compared where both have a surface. A mean over those pixels, not a
    sum: a sum would reward an adversary for a larger overlap rather than for
    a harder view.

    Args:
        prediction: ``(B, 1, H, W)``, metres.
        target: ``(B, 1, H, W)``, metres.
        intrinsics: ``(B, 3, 3)`` or ``(3, 3)``, pixels.
        pose: ``(B, 4, 4)`` or ``(4, 4)``, X_t = R X_s + t.
        mask: bool ``(B, 1, H, W)``, True where the truth is known. Unknown
            pixels are taken out of both maps, so that a prediction cannot
            hide a surface behind what nobody has measured.
        loss: ``f(prediction, target, mask) -> scalar``.
        warp: ``warp_depth``, or ``splat_depth``, with a gradient for all of
            the pose.

    Returns:
        Scalar tensor, metres for L1. A prediction that is not finite where
        it counts has no view: its loss is that of the source view, NaN or
        infinite, where training stops.

    Raises:
        ValueError: shapes do not fit, or no pixel sees both maps.
    """
    mask = check_pair(prediction, target, mask)
    if mask is not None:
        prediction, target = (
            torch.where(mask, x, 0.0) for x in (prediction, target)
        )
    if not prediction.isfinite().all():
        counts = torch.ones_like(target, dtype=torch.bool)
        return loss(prediction, target, counts if mask is None else mask)
    seen, there = warp(prediction, intrinsics, pose)
    truth, known = warp(target, intrinsics, pose)
    both = there & known
    if not both.any():
        raise ValueError(
            "no pixel sees both maps from this pose; keep rotations and "
            "shifts small enough for views to overlap"
        )
    return loss(seen, truth, both)
