"""Predictors that look at no image: what any network has to beat."""

import torch
from torch import Tensor

from depthlib.metrics.inputs import as_depths, as_pair, valid_pixels
from depthlib.metrics.scaling import median

__all__ = ["trivial_predictors"]

CHUNK_VALUES = 1 << 24


def trivial_predictors(train_depths, train_masks=None) -> dict[str, Tensor]:
    """The best constant guesses of a training set, in the sense of L1.

    Args:
        train_depths: ``(N, 1, H, W)``, metres; ``(N, H, W)`` and NumPy
            arrays are taken too.
        train_masks: bool, same shape, True where the depth is known; None:
            where it is finite and above 0.

    Returns:
        ``{"global_median", "pixel_median"}``: the median of all known depths,
        a scalar tensor, and that of each pixel over the images,
        ``(1, H, W)``; a pixel that no image knows gets the global one. With
        an even count a median is the mean of the middle two.

    Raises:
        ValueError: shapes differ, depths are stored numbers, or none is
            known.

    Example:
        >>> maps = torch.tensor([[[1.0, 2.0]], [[3.0, 0.0]], [[8.0, 4.0]]])
        >>> best = trivial_predictors(maps)
        >>> best["global_median"].item(), best["pixel_median"].tolist()
        (3.0, [[[3.0, 3.0]]])
    """
    depths = as_depths(train_depths, "train_depths")
    masks = None
    if train_masks is not None:
        depths, _, masks = as_pair(depths, depths, train_masks)
    valid = valid_pixels(depths, masks)
    if not valid.any():
        raise ValueError(
            "train_depths holds no known depth; check the masks and the unit "
            "(metres)"
        )
    everything = median(depths[valid])
    return {
        "global_median": everything,
        "pixel_median": _pixel_median(depths, valid, everything),
    }


def _pixel_median(depths: Tensor, valid: Tensor, fallback: Tensor) -> Tensor:
    """Median over images of each pixel, rows in chunks to bound memory."""
    count, _, height, width = depths.shape
    step = max(1, CHUNK_VALUES // (count * width))
    rows = []
    for top in range(0, height, step):
        part = slice(top, top + step)
        known = torch.where(
            valid[:, :, part], depths[:, :, part], float("nan")
        )
        # Images last, so that each pixel's values lie side by side.
        known = known.movedim(0, -1).contiguous()
        low = known.nanmedian(-1).values
        high = -(-known).nanmedian(-1).values
        rows.append((low + high) / 2)
    middle = torch.cat(rows, dim=1)
    return torch.where(middle.isnan(), fallback, middle)
