"""Bringing a picture, its depth and its intrinsics to another size."""

import numpy as np
import torch
import torch.nn.functional as F

from depthlib.geometry import crop_intrinsics, scale_intrinsics


def resized(
    image, depth, intrinsics, size: tuple[int, int], *, sparse: bool = False
):
    """Centre crop to the aspect of ``size``, then resize.

    The picture is averaged over areas, so that no detail aliases. Depth is
    sampled at the nearest pixel: averaging across an edge would invent
    depths at which there is nothing. Sparse depth instead keeps the nearest
    return of each new pixel's area (``nearest_returns``).

    Args:
        image: ``(H, W, 3)`` uint8.
        depth: ``(H, W)`` float32, metres, 0 where unknown.
        intrinsics: ``(3, 3)`` of the whole picture.
        size: (height, width) to make.
        sparse: depth is known at a few pixels only.

    Returns:
        ``(image, depth, intrinsics)`` of the new size.
    """
    if depth.shape == tuple(size):
        return image, depth, intrinsics
    (top, rows), (left, columns) = centre_window(depth.shape, size)
    window = (rows, columns)
    rows, columns = slice(top, top + rows), slice(left, left + columns)
    depth = _reduced(np.array(depth[rows, columns]), size, sparse)
    matrix = torch.as_tensor(intrinsics, dtype=torch.float32)
    matrix = crop_intrinsics(matrix, top, left)
    matrix = scale_intrinsics(matrix, window, tuple(size))
    return resized_picture(image, size), depth, matrix.reshape(3, 3).numpy()


def resized_picture(image, size: tuple[int, int]) -> np.ndarray:
    """A picture alone, ``(H, W, 3)`` uint8, as ``resized`` changes it."""
    if image.shape[:2] == tuple(size):
        return image
    (top, rows), (left, columns) = centre_window(image.shape[:2], size)
    window = image[top : top + rows, left : left + columns]
    picture = torch.from_numpy(np.array(window))
    picture = shrink(picture.permute(2, 0, 1).float(), size)
    picture = picture.permute(1, 2, 0).round().clamp(0, 255)
    return picture.byte().contiguous().numpy()


def fitted(
    where: str, image, depth, intrinsics, size, *, sparse: bool = False
):
    """``resized``, but never larger than it was.

    Raises:
        ValueError: the file that ``where`` names has fewer pixels.
    """
    if size[0] > depth.shape[0] or size[1] > depth.shape[1]:
        raise ValueError(
            f"size is {size}; {where} has only "
            f"{depth.shape[0]} x {depth.shape[1]} pixels"
        )
    return resized(image, depth, intrinsics, size, sparse=sparse)


def centre_window(shape, size) -> list[tuple[int, int]]:
    """The largest centred window with the aspect of ``size``.

    Args:
        shape: (height, width) of the picture.
        size: (height, width) that it is to be resized to.

    Returns:
        (first row, rows) and (first column, columns).
    """
    scale = min(full / side for full, side in zip(shape, size, strict=True))
    lengths = [
        min(round(scale * side), full)
        for side, full in zip(size, shape, strict=True)
    ]
    return [
        ((full - length) // 2, length)
        for full, length in zip(shape, lengths, strict=True)
    ]


def _reduced(depth: np.ndarray, size, sparse: bool) -> np.ndarray:
    if sparse:
        return nearest_returns(depth, size)
    # "nearest-exact" takes the pixel under the centre; "nearest" is off by
    # half a pixel.
    depth = torch.from_numpy(depth)[None, None]
    return F.interpolate(depth, size=size, mode="nearest-exact")[0, 0].numpy()


def nearest_returns(depth: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Sparse depth at a smaller size: the nearest return of each area.

    A laser hits a few per cent of the pixels, so the pixel under the new
    centre would nearly always be empty and most returns would be lost. The
    nearest one hides the others, as where points share a pixel of the full
    frame. Every value is one that was measured; nothing is interpolated.

    Args:
        depth: ``(h, w)``, metres, 0 where unknown.
        size: (height, width) to make.

    Returns:
        ``(H, W)`` of the same type, 0 where no return fell.
    """
    places = np.nonzero(depth > 0)
    # The area that holds a pixel's centre, (2 i + 1) / 2 in whole numbers.
    cells = tuple(
        (2 * place + 1) * new // (2 * old)
        for place, new, old in zip(places, size, depth.shape, strict=True)
    )
    small = np.full(size, np.inf, dtype=depth.dtype)
    np.minimum.at(small, cells, depth[places])
    return np.where(np.isinf(small), depth.dtype.type(0), small)


def shrink(image: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """An image at another size, every new pixel the mean of what it covers.

    Pixels that are covered in part count in part. Where the image grows
    instead, it is interpolated.

    Args:
        image: ``(C, H, W)`` float.
        size: (height, width) to make.
    """
    old = tuple(image.shape[-2:])
    if size[0] > old[0] or size[1] > old[1]:
        return F.interpolate(
            image[None], size=size, mode="bilinear", antialias=True
        )[0]
    if old[0] % size[0] == 0 and old[1] % size[1] == 0:
        return F.avg_pool2d(image, (old[0] // size[0], old[1] // size[1]))
    rows, columns = (
        _coverage(*lengths, image) for lengths in zip(old, size, strict=True)
    )
    return rows @ image @ columns.T


def _coverage(old: int, new: int, like: torch.Tensor) -> torch.Tensor:
    """``(new, old)``: the share of each old pixel in each new one."""
    edges = torch.arange(new + 1, dtype=torch.float64) * old / new
    pixels = torch.arange(old, dtype=torch.float64)
    start = torch.maximum(edges[:-1, None], pixels)
    stop = torch.minimum(edges[1:, None], pixels + 1)
    return ((stop - start).clamp(min=0) * new / old).to(like)
