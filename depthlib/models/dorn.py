"""Depth as ordered levels: the head of DORN and its decoders.

Fu et al. (2018). The released network has two channels per question and a
softmax over each pair; a softmax of two is a sigmoid of their difference, so
one channel per question is the same model.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depthlib.geometry import sid_thresholds

__all__ = ["OrdinalHead", "ordinal_depth", "soft_ordinal_depth"]

STEEPNESS = 100.0  # of the soft level, as Liu et al. (2019) print it


class OrdinalHead(nn.Module):
    """Features to K logits a pixel, with the thresholds they speak about.

    Args:
        in_channels: of the features.
        bins: K, the number of levels.
        alpha: nearest depth, metres.
        beta: farthest depth, metres.
        shift: as in ``sid_thresholds``.

    Raises:
        ValueError: see ``sid_thresholds``.
    """

    def __init__(
        self,
        in_channels: int,
        bins: int = 80,
        alpha: float = 0.5,
        beta: float = 10.0,
        shift: float = 0.0,
    ):
        super().__init__()
        edges = sid_thresholds(bins, alpha, beta, shift)
        self.register_buffer("thresholds", edges, persistent=False)
        self.convolution = nn.Conv2d(in_channels, bins, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Logits ``(B, K, h, w)`` of features ``(B, C, h, w)``."""
        return self.convolution(features)


def ordinal_depth(
    logits: Tensor, thresholds: Tensor, at: str = "middle"
) -> Tensor:
    """Metres from logits, as at test time: level = number of P_k >= 1/2.

    Args:
        logits: ``(B, K, H, W)``.
        thresholds: ``(K + 1,)``, metres.
        at: "middle" of the level's interval, as printed; "threshold", its
            nearer end, as released code has it.

    Returns:
        ``(B, 1, H, W)``, NaN where a logit is; no gradient, since a count
        has none. At least of the type of the thresholds.

    Raises:
        ValueError: shapes do not fit, or another ``at``.
    """
    _check(logits, thresholds)
    if at not in ("middle", "threshold"):
        raise ValueError(f'at is {at!r}; choose "middle" or "threshold"')
    edges = _edges(logits, thresholds)
    # K times yes would be a level beyond the last.
    level = (logits >= 0).sum(1, keepdim=True).clamp(max=logits.shape[1] - 1)
    places = (edges[:-1] + edges[1:]) / 2 if at == "middle" else edges
    unknown = logits.isnan().any(1, keepdim=True)
    return torch.where(unknown, torch.nan, places[level])


def soft_ordinal_depth(
    logits: Tensor, thresholds: Tensor, steepness: float = STEEPNESS
) -> Tensor:
    """Metres with a gradient, for a warp: sum_k sigmoid(s (P_k - 1/2)).

    That sum is the soft level of Liu et al. (2019). A level is no length:
    it is turned into metres by going linearly from the middle of one
    interval to the middle of the next. Where every P_k is far from 1/2 this
    equals ``ordinal_depth``.

    Args:
        logits: ``(B, K, H, W)``.
        thresholds: ``(K + 1,)``, metres.
        steepness: s, 100 as printed.

    Returns:
        ``(B, 1, H, W)``, metres, between the first and the last middle; NaN
        where a logit is. At least of the type of the thresholds.
    """
    _check(logits, thresholds)
    edges = _edges(logits, thresholds)
    logits = logits.to(edges.dtype)
    soft = torch.sigmoid(steepness * (torch.sigmoid(logits) - 0.5))
    middles = (edges[:-1] + edges[1:]) / 2
    last = len(middles) - 1
    level = soft.sum(1, keepdim=True).clamp(max=last)
    # NaN is no index; the share carries it on.
    below = level.detach().nan_to_num(0.0).floor().long()
    below = below.clamp(max=max(last - 1, 0))
    above = (below + 1).clamp(max=last)
    share = level - below
    return middles[below] * (1 - share) + middles[above] * share


def _edges(logits: Tensor, thresholds: Tensor) -> Tensor:
    """Thresholds beside the logits; half precision would blur levels."""
    wide = torch.promote_types(logits.dtype, thresholds.dtype)
    return thresholds.to(logits.device, wide)


def _check(logits: Tensor, thresholds: Tensor) -> None:
    if logits.ndim != 4 or logits.shape[1] != len(thresholds) - 1:
        raise ValueError(
            f"logits has shape {tuple(logits.shape)}; expected (B, "
            f"{len(thresholds) - 1}, H, W), one less than thresholds"
        )


def upsampled(values: Tensor, size) -> Tensor:
    """Bilinear, to the size of the image."""
    return F.interpolate(
        values, size=tuple(size), mode="bilinear", align_corners=False
    )
