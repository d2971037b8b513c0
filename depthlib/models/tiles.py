"""Predict a large image by tiles of the size a network was trained on."""

from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor

__all__ = ["tiled_prediction"]


def tiled_prediction(
    model: Callable[[Tensor], Tensor],
    image: Tensor,
    size: int,
    margin: int = 0,
) -> Tensor:
    """Predict square tiles that overlap by half or more, and blend them.

    Each tile counts with a weight that falls from its middle to its sides as
    a raised cosine, so no seam shows. The result is that of the whole image
    wherever the model gives a pixel the same value in every tile: always for
    a model that looks at single pixels, and for a translation-equivariant one
    of receptive radius r with ``margin=r``, which leaves out the pixels that
    see a tile's border instead of the image. A U-Net sees all of its tile;
    its tiles differ, and the blend is their smooth average.

    Call it under ``torch.no_grad()`` and in evaluation mode.

    Args:
        model: maps ``(B, C, size, size)`` to ``(B, K, size, size)``.
        image: ``(B, C, H, W)``; H and W at least size.
        size: side of a tile in pixels.
        margin: pixels left out along the sides of a tile that lie inside
            the image; below a quarter of size.

    Returns:
        ``(B, K, H, W)``.

    Raises:
        ValueError: an image smaller than a tile, a margin that is too large,
            or a model that changes the size.
    """
    if image.dim() != 4 or min(image.shape[-2:]) < size:
        raise ValueError(
            f"image has shape {tuple(image.shape)}; give (B, C, H, W) with H "
            f"and W of at least size = {size}, or resize it."
        )
    if size < 1 or not 0 <= 4 * margin < size:
        raise ValueError(
            f"size is {size} and margin {margin}; give a positive size and a "
            "margin from 0 to below a quarter of it."
        )
    height, width = image.shape[-2:]
    total = norm = 0
    rows, columns = _starts(height, size, margin), _starts(width, size, margin)
    for top, left in product(rows, columns):
        part = (..., slice(top, top + size), slice(left, left + size))
        tile = model(image[part])
        if tile.shape[-2:] != (size, size):
            raise ValueError(
                f"model turns a tile of {size} x {size} into "
                f"{tuple(tile.shape)}; give one that keeps height and width."
            )
        weight = torch.outer(
            _window(top, height, size, margin),
            _window(left, width, size, margin),
        ).to(tile)
        if isinstance(total, int):
            total = tile.new_zeros(*tile.shape[:2], height, width)
            norm = tile.new_zeros(height, width)
        total[part] += weight * tile
        norm[part] += weight
    return total / norm


def _starts(length: int, size: int, margin: int) -> list[int]:
    """First pixels of evenly spread tiles, the last one flush with the end.

    What two neighbours share inside their margins is half of what each has.
    """
    step = max(1, size // 2 - margin)
    gaps = -(-(length - size) // step)
    return [round(i * (length - size) / max(gaps, 1)) for i in range(gaps + 1)]


def _window(start: int, length: int, size: int, margin: int) -> Tensor:
    """Weights of one tile along one axis, ``(size,)``."""
    position = torch.arange(size, dtype=torch.float64)
    window = torch.sin(torch.pi * (position + 0.5) / size) ** 2
    if start > 0:
        window[:margin] = 0
    if start + size < length:
        window[size - margin :] = 0
    return window
