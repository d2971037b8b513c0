"""Matching two frames and reading depth from it, with nothing learnt."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from depthlib.data import displacements
from depthlib.geometry import pose_matrix, project, unproject
from depthlib.kernels import spatial_correlation

CELL = 4  # pixels; the paper's features have a quarter of the resolution
EPSILON = 0.01  # of a descriptor's length, so that flat areas stay short


def descriptors(image: Tensor, bins: int = 8, block: int = 5) -> Tensor:
    """Histograms of the directions of edges around each cell.

    Slopes of the brightness fall into ``bins`` directions, are averaged over
    8 x 8 pixels around each cell of 4 x 4, and those of ``block`` x
    ``block`` cells together are one vector of length up to 1.

    Args:
        image: ``(B, 3, H, W)``, H and W multiples of 4.

    Returns:
        ``(B, bins * block^2, H / 4, W / 4)``.
    """
    grey = F.pad(image.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    right = grey[..., 1:-1, 2:] - grey[..., 1:-1, :-2]
    down = grey[..., 2:, 1:-1] - grey[..., :-2, 1:-1]
    angle = torch.arange(bins) * (2 * math.pi / bins)
    angle = angle[:, None, None]
    slopes = (right * angle.cos() + down * angle.sin()).relu()
    around = F.pad(slopes, (CELL // 2,) * 4, mode="replicate")
    cells = F.avg_pool2d(around, 2 * CELL, CELL)
    around = F.pad(cells, (block // 2,) * 4, mode="replicate")
    found = F.unfold(around, block).unflatten(2, cells.shape[-2:])
    return found / (found.norm(dim=1, keepdim=True) + EPSILON)


def best_offsets(reference: Tensor, adjacent: Tensor, offsets: Tensor):
    """The offset of the highest correlation, ``(B, 2, H, W)``.

    Args:
        reference, adjacent: features, ``(B, C, H, W)``.
        offsets: ``(N, 2)``, (dy, dx).
    """
    volume = spatial_correlation(reference, adjacent, offsets, "torch")
    return offsets[volume.argmax(1)].permute(0, 3, 1, 2)


def in_reach(shift: Tensor, radius: int) -> Tensor:
    """Where a search within the radius can succeed, ``(B, H, W)``.

    Args:
        shift: true shifts in cells, ``(B, 2, H, W)``, NaN where unknown.
        radius: of the search, in cells.

    Returns:
        True where the shift is known, no longer than the radius in either
        direction, and leads to a point within the map.
    """
    height, width = shift.shape[-2:]
    rows, columns = torch.arange(height), torch.arange(width)
    start = torch.stack(torch.meshgrid(rows, columns, indexing="ij")) + 0.5
    end, size = start + shift, torch.tensor([height, width])[:, None, None]
    near = shift.abs().amax(1) <= radius
    return near & ((end >= 0) & (end < size)).all(1)


def matched(sample: dict, offsets: Tensor, radius: int) -> dict[str, Tensor]:
    """The best offset at each cell of a triple, and the truth beside it.

    Args:
        sample: of a video set whose motion is known.
        offsets: ``(N, 2)``, (dy, dx) in cells of 4 x 4 pixels.
        radius: of the search.

    Returns:
        For frames -1 and +1, H and W those of the image over 4: ``found``
        and ``true``, ``(2, 2, H, W)`` displacements in cells; ``error``,
        ``(2, H, W)``, their distance; ``near``, ``(2, H, W)``, see
        ``in_reach``; nothing else can be held against a search.
    """
    frames = torch.cat([sample["image"][None], sample["adjacent"]])
    features = descriptors(frames)
    one, two = features[:1].expand(2, -1, -1, -1), features[1:]
    found = best_offsets(one, two, offsets)
    true = displacements(sample, CELL)
    return {
        "found": found,
        "true": true,
        "error": (found - true).norm(dim=1),
        "near": in_reach(true, radius),
    }


def gap_at(shifts: Tensor, offsets: Tensor) -> Tensor:
    """Distance of shifts ``(M, 2)`` to the nearest offset, ``(M,)``."""
    # Distances by a matrix product would be off in the fifth digit.
    exact = "donot_use_mm_for_euclid_dist"
    distances = torch.cdist(shifts, offsets.to(shifts), compute_mode=exact)
    return distances.min(1).values


def triangulate(shift: Tensor, intrinsics: Tensor, motion: Tensor) -> Tensor:
    """Depth from shifts between frames and the motion of the camera.

    A point at depth z along the ray r appears in adjacent frame k along
    q_k, so that q_k x (z R_k r + t_k) = 0: six equations for one z, solved
    by least squares over all frames.

    Args:
        shift: ``(K, 2, H, W)``, (dy, dx) in pixels; NaN where unknown.
        intrinsics: ``(3, 3)``.
        motion: ``(K, 4, 4)``, reference camera to adjacent camera.

    Returns:
        ``(1, 1, H, W)`` float64, metres; infinite where the rays do not
        meet in front of the camera, or where nothing moves.
    """
    matrix, motion = intrinsics.double(), motion.double()
    ones = torch.ones(1, 1, *shift.shape[-2:], dtype=torch.float64)
    rays = unproject(ones, matrix)
    here, _ = project(rays, matrix)
    there = here + shift.double().flip(1)
    there = torch.cat([there, ones.expand_as(there[:, :1])], 1)
    seen = torch.einsum("ij,kjhw->kihw", matrix.inverse(), there)
    turned = torch.einsum("kij,jhw->kihw", motion[:, :3, :3], rays[0])
    moved = motion[:, :3, 3, None, None].expand_as(seen)
    slope = torch.linalg.cross(seen, turned, dim=1).nan_to_num()
    rest = torch.linalg.cross(seen, moved, dim=1).nan_to_num()
    z = -(slope * rest).sum((0, 1)) / slope.square().sum((0, 1))
    return torch.where(z > 0, z, torch.inf)[None, None]


def wrong_motion(motion: Tensor, noise: float, generator) -> Tensor:
    """Motions as somebody might have estimated them.

    Args:
        motion: ``(K, 4, 4)``.
        noise: standard deviation of each angle in radians, and of each
            component of the shift as a part of the shift's length.
        generator: of the errors, drawn frame by frame.

    Returns:
        ``(K, 4, 4)`` float64.
    """
    motion = motion.double()
    error = torch.randn(len(motion), 6, generator=generator).double() * noise
    error[:, 3:] *= motion[:, :3, 3].norm(dim=1, keepdim=True)
    return pose_matrix(error) @ motion
