"""What every metric asks of its input, and one wording for what is wrong."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

# Pixels worked on at once. Large maps go one by one (their temporaries stay
# in the cache), small ones in batches (fewer calls).
CHUNK_PIXELS = 1 << 18


def as_maps(values, name: str) -> Tensor:
    """Depth maps or masks as ``(B, 1, H, W)``, detached.

    Args:
        values: tensor or NumPy array, ``(B, 1, H, W)``, ``(B, H, W)`` or
            ``(H, W)``.
        name: of the argument, for the error.

    Raises:
        ValueError: another shape.
    """
    if isinstance(values, np.ndarray) and not values.flags.writeable:
        values = values.copy()  # torch warns about read-only memory
    maps = torch.as_tensor(values).detach()
    if maps.ndim == 2:
        maps = maps[None, None]
    elif maps.ndim == 3:
        maps = maps[:, None]
    if maps.ndim != 4 or maps.shape[1] != 1 or 0 in maps.shape:
        raise ValueError(
            f"{name} has shape {tuple(maps.shape)}; expected (B, 1, H, W), "
            "(B, H, W) or (H, W), not empty"
        )
    return maps


def as_depths(values, name: str) -> Tensor:
    """Depth maps in metres as `as_maps` gives them, floating point.

    Whole numbers of 64 bits, as one writes them by hand, are metres too; no
    file stores depth so.

    Raises:
        ValueError: another shape, or whole numbers as files have them.
    """
    maps = as_maps(values, name)
    if maps.dtype == torch.int64:
        return maps.float()
    if not maps.is_floating_point():
        raise ValueError(
            f"{name} is {maps.dtype}; are these stored numbers? Divide to "
            "metres first, such as millimetres by 1000.0"
        )
    return maps


def as_pair(
    prediction, target, mask=None, *, same_size: bool = True
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Prediction, target and mask as ``(B, 1, H, W)`` on one device.

    Args:
        prediction: see `as_depths`.
        target: see `as_depths`.
        mask: bool, shape of the target, or None.
        same_size: whether prediction and target must share H and W.

    Raises:
        ValueError: shapes, devices or the mask's dtype do not fit, or
            depths are stored numbers.
    """
    prediction = as_depths(prediction, "prediction")
    target = as_depths(target, "target")
    upto = 4 if same_size else 2
    if prediction.shape[:upto] != target.shape[:upto]:
        raise ValueError(
            f"prediction has shape {tuple(prediction.shape)} and target "
            f"{tuple(target.shape)}; expected one prediction for each "
            "target" + (", of the same size" if same_size else "")
        )
    if mask is not None:
        mask = as_maps(mask, "mask")
        if mask.dtype != torch.bool or mask.shape != target.shape:
            raise ValueError(
                f"mask is {mask.dtype} of shape {tuple(mask.shape)}; "
                f"expected torch.bool of shape {tuple(target.shape)}, True "
                "where the depth is known"
            )
    devices = {x.device for x in (prediction, target, mask) if x is not None}
    if len(devices) > 1:
        raise ValueError(
            "prediction, target and mask are on different devices ("
            + ", ".join(sorted(map(str, devices)))
            + "); move them to one"
        )
    return prediction, target, mask


def valid_pixels(
    target: Tensor,
    mask: Tensor | None = None,
    min_depth: float = 0.0,
    max_depth: float | None = None,
) -> Tensor:
    """Pixels that count: known, finite, strictly inside the range.

    The limits are compared in the target's own precision, so that a float32
    depth of exactly 0.4 is not "above 0.4".
    """
    cap = float("inf") if max_depth is None else max_depth
    valid = (target > min_depth) & (target < cap)  # False for NaN
    return valid if mask is None else valid & mask


def finite_pair(
    prediction, target, mask=None
) -> tuple[Tensor, Tensor, Tensor]:
    """The pair for a quality measure, floating, with a mask in any case.

    Raises:
        ValueError: as `as_pair`; NaN or infinity where the mask is True.
    """
    prediction, target, mask = as_pair(prediction, target, mask)
    prediction, target = (
        x if x.dtype in (torch.float32, torch.float64) else x.float()
        for x in (prediction, target)
    )
    if mask is None:
        mask = torch.ones_like(target, dtype=torch.bool)
    for name, maps in (("prediction", prediction), ("target", target)):
        bad = (mask & ~torch.isfinite(maps)).flatten(1).any(1)
        if bad.any():
            raise ValueError(
                f"{name} {int(bad.nonzero()[0])} holds NaN or infinity "
                "where the mask is True (or without a mask); mask those "
                "pixels or repair them"
            )
    return prediction, target, mask


def chunks(maps: Tensor) -> Iterator[slice]:
    """Slices of the batch that keep temporaries small."""
    size = max(1, CHUNK_PIXELS // maps[0].numel())
    for start in range(0, len(maps), size):
        yield slice(start, start + size)


def average_images(values: Tensor, average: str) -> float | Tensor:
    """Mean over images as a float, or with "none" the ``(B,)`` values."""
    if average == "none":
        return values
    if average == "image":
        return float(values.mean())
    raise ValueError(f'average is {average!r}; choose "image" or "none"')
