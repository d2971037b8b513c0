"""A depth map seen from another camera: the forward warp of AVCL.

Liu, Wang and Wang (2019): lift each pixel to a point, move the points,
project them, floor, and let the nearest surface win. Which source pixel
lands where is a decision, not a number, and has no gradient; what a target
pixel then holds is the z of its winner,

    z_t = R_31 X_s + R_32 Y_s + R_33 Z_s + t_z,

so that all gradients flow through the third row of the pose. The code says
the same: first ``nearest_sources`` decides, then ``warp_depth`` reads off.
"""

import torch
from torch import Tensor

from depthlib.checks import check_precision, check_tensors
from depthlib.geometry import project, unproject

__all__ = ["nearest_sources", "splat_depth", "warp_depth"]

BACKENDS = ("auto", "torch", "numba")


def warp_depth(
    depth: Tensor, intrinsics: Tensor, pose: Tensor, backend: str = "auto"
) -> tuple[Tensor, Tensor]:
    """The depth map that a camera at another pose would measure.

    Differentiable in ``depth`` (at the pixels that win), in the third row of
    ``pose``, and in ``intrinsics`` as far as they make the points: moving a
    point across the image changes nothing until it crosses the border of a
    pixel, and then it jumps.

    Args:
        depth: ``(B, 1, H, W)``, metres, float32 or float64. Where it is 0,
            negative, NaN or infinite, there is no source.
        intrinsics: ``(B, 3, 3)`` or ``(3, 3)``, pixels, of both cameras.
        pose: ``(B, 4, 4)`` or ``(4, 4)``, X_t = R X_s + t.
        backend: "torch" (any device), "numba" (CPU), or "auto": numba on the
            CPU, else torch.

    Returns:
        ``(warped, valid)``: metres ``(B, 1, H, W)``, 0 where nothing lands,
        and bool of that shape.

    Raises:
        ValueError: a shape, a type or a backend is wrong.

    Example:
        One metre forward, all that remains in view is a metre nearer:

        >>> K = torch.tensor([[8.0, 0, 2], [0, 8, 2], [0, 0, 1]])
        >>> ahead = torch.eye(4)
        >>> ahead[2, 3] = -1
        >>> warped, valid = warp_depth(torch.full((1, 1, 4, 4), 3.0), K, ahead)
        >>> warped[valid].unique().tolist()
        [2.0]
    """
    pose = _matrices(pose, depth)
    winner = nearest_sources(depth, intrinsics, pose, backend)
    valid = winner >= 0
    index = winner.clamp(min=0).flatten(1)
    # Points of pixels without depth win nowhere; 1 keeps them finite.
    known = torch.where(_measured(depth), depth, 1.0)
    points = unproject(known, intrinsics).flatten(2)
    points = points.gather(2, index[:, None].expand(-1, 3, -1))
    row = pose[:, 2, :, None]
    z = row[:, 0] * points[:, 0] + row[:, 1] * points[:, 1]
    z = (z + row[:, 2] * points[:, 2] + row[:, 3]).view_as(depth)
    return torch.where(valid, z, 0.0), valid


def nearest_sources(
    depth: Tensor, intrinsics: Tensor, pose: Tensor, backend: str = "auto"
) -> Tensor:
    """The source pixel that each target pixel sees, if any.

    Of the sources that land in a target pixel the one with the least z wins,
    of equals the first in reading order.

    Args and errors: as for ``warp_depth``.

    Returns:
        ``(B, 1, H, W)`` int64, row times W plus column of the source; -1
        where nothing lands.
    """
    if backend not in BACKENDS:
        raise ValueError(
            f"backend is {backend!r}; choose one of {', '.join(BACKENDS)}"
        )
    pose = _matrices(pose, depth)
    if backend == "auto":
        backend = "numba" if depth.device.type == "cpu" else "torch"
    with torch.no_grad():
        points = _moved(depth, intrinsics, pose)
        pixels, z = project(points, intrinsics)
        lands = _measured(depth) & (z > 0)
        if backend == "numba":
            from depthlib.kernels.warp_numba import nearest

            if depth.device.type != "cpu":
                raise ValueError(
                    f"backend is 'numba', but depth is on {depth.device}; "
                    "choose 'torch' or 'auto'"
                )
            return nearest(pixels, z, lands)
        return _nearest(pixels, z, lands)


def _nearest(pixels: Tensor, z: Tensor, lands: Tensor) -> Tensor:
    """The winners in plain torch, on any device."""
    batch, _, height, width = z.shape
    column, row = pixels.floor().unbind(1)
    # Compared as floats: a cast to int would wrap far points around, and
    # pull u in (-1, 0) into the image.
    lands = lands.squeeze(1) & (column >= 0) & (column < width)
    lands = lands & (row >= 0) & (row < height)
    # One bin more for all that lands nowhere.
    n = height * width
    target = torch.where(lands, _index(row, column, lands, width), n)
    target = target.flatten(1)
    z = z.flatten(1)
    least = z.new_full((batch, n + 1), torch.inf)
    least = least.scatter_reduce(1, target, z, "amin")
    source = torch.arange(n, device=z.device).expand(batch, n)
    rival = torch.where(z == least.gather(1, target), source, n)
    winner = source.new_full((batch, n + 1), n)
    winner = winner.scatter_reduce(1, target, rival, "amin")[:, :n]
    return torch.where(winner < n, winner, -1).view(batch, 1, height, width)


def splat_depth(
    depth: Tensor,
    intrinsics: Tensor,
    pose: Tensor,
    *,
    sharpness: float = 20.0,
) -> tuple[Tensor, Tensor]:
    """A soft warp that tells all six components of the pose something.

    Ours, not the paper's. Each point spreads over the four pixels around the
    place where it lands, with bilinear weights w, and nearer points weigh
    more: a target pixel holds

        sum w exp(-sharpness ln z) z / sum w exp(-sharpness ln z),

    a mean that tends to the nearest z for large sharpness. The weights
    change as a point moves across the image, and with them the gradient
    reaches every entry of the pose.

    Args:
        depth: as for ``warp_depth``.
        intrinsics: as for ``warp_depth``.
        pose: as for ``warp_depth``.
        sharpness: above 0; a surface 10 % farther weighs ``1.1**-sharpness``
            as much.

    Returns:
        ``(warped, valid)`` as ``warp_depth``; a pixel is valid where the
        bilinear weights that reach it sum to at least a half.

    Raises:
        ValueError: a shape or a type is wrong, or sharpness is not above 0.
    """
    if not sharpness > 0:
        raise ValueError(f"sharpness is {sharpness}; give a number above 0")
    pose = _matrices(pose, depth)
    batch, _, height, width = depth.shape
    known = _measured(depth)
    points = _moved(torch.where(known, depth, 1.0), intrinsics, pose)
    pixels, z = project(points, intrinsics)
    lands = (known & (z > 0)).flatten(1)
    z = torch.where(lands, z.flatten(1), 1.0)
    # Weights fall with the distance from pixel centres, which lie at 0.5.
    u, v = (pixels.flatten(2) - 0.5).unbind(1)
    left, top = u.detach().floor(), v.detach().floor()
    corners = []
    for column in (left, left + 1):
        for row in (top, top + 1):
            inside = lands & (column >= 0) & (column < width)
            inside = inside & (row >= 0) & (row < height)
            share = (1 - (u - column).abs()) * (1 - (v - row).abs())
            target = _index(row, column, inside, width)
            corners.append((torch.where(inside, share, 0.0), target, inside))
    # Powers of z relative to the nearest surface of each target pixel; the
    # factor cancels in the quotient, and nothing over- or underflows.
    least = z.new_full((batch, height * width), torch.inf)
    for _, target, inside in corners:
        reached = torch.where(inside, z.detach(), torch.inf)
        least = least.scatter_reduce(1, target, reached, "amin")
    total = z.new_zeros(batch, 3, height * width)
    for share, target, inside in corners:
        ratio = torch.where(inside, z / least.gather(1, target), 1.0)
        weight = share * ratio**-sharpness
        parts = torch.stack([share, weight, weight * z], 1)
        index = target[:, None].expand_as(parts)
        total = total.scatter_add(2, index, parts)
    reach, weight, sums = total.view(batch, 3, 1, height, width).unbind(1)
    valid = (reach >= 0.5) & (weight > 0)
    warped = sums / torch.where(valid, weight, 1.0)
    return torch.where(valid, warped, 0.0), valid


def _index(row: Tensor, column: Tensor, inside: Tensor, width: int) -> Tensor:
    """Row times width plus column, 0 outside; whole numbers, since float32
    cannot tell the pixels of an image of more than 2^24 apart."""
    row, column = (torch.where(inside, x, 0.0).long() for x in (row, column))
    return row * width + column


def _measured(depth: Tensor) -> Tensor:
    return (depth > 0) & depth.isfinite()


def _moved(depth: Tensor, intrinsics: Tensor, pose: Tensor) -> Tensor:
    """R X + t for every pixel's point, ``(B, 3, H, W)``."""
    x, y, z = unproject(depth, intrinsics).unbind(1)
    # Written out: a matrix product may round differently for other shapes,
    # and a rounding at the border of a pixel moves a point to its neighbour.
    m = pose[:, :3, :, None, None]
    return torch.stack(
        [m[:, i, 0] * x + m[:, i, 1] * y + m[:, i, 2] * z + m[:, i, 3]
         for i in range(3)],
        dim=1,
    )  # fmt: skip


def _matrices(pose: Tensor, depth: Tensor) -> Tensor:
    """The pose of each image, ``(B, 4, 4)``, in the depth's type."""
    check_tensors(depth=depth, pose=pose)
    if depth.ndim != 4 or depth.shape[1] != 1:
        raise ValueError(
            f"depth has shape {tuple(depth.shape)}; expected (B, 1, H, W)"
        )
    check_precision(depth=depth)
    if pose.shape not in ((4, 4), (1, 4, 4), (len(depth), 4, 4)):
        raise ValueError(
            f"pose has shape {tuple(pose.shape)}; expected (4, 4) or "
            f"{(len(depth), 4, 4)}, one for each image"
        )
    return pose.to(depth).expand(len(depth), 4, 4)
