"""Superpixels: small regions of one colour, and what belongs to each.

A label map ``(B, H, W)`` int64 holds the number of each pixel's superpixel,
0 to n_b - 1 in image b. Images of a batch differ in n_b; what belongs to
superpixels is padded to the largest, n, and a mask tells which are there.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from depthlib.kernels.inpaint import LUMA

__all__ = [
    "adjacency",
    "centres",
    "grey_histograms",
    "oracle_depth",
    "slic",
    "spread",
    "superpixel_means",
]


def slic(image: Tensor, n: int = 300, compactness: float = 10.0) -> Tensor:
    """SLIC superpixels (Achanta et al. 2012), as scikit-image has them.

    Runs on the CPU, one image after the other; the result does not depend
    on the rest of the batch.

    Args:
        image: ``(B, 3, H, W)`` in [0, 1].
        n: about how many; the images decide how many it will be.
        compactness: squareness against equal colour.

    Returns:
        Label map ``(B, H, W)`` int64, on the device of ``image``.

    Raises:
        ValueError: the shape is another, a value is NaN, or n is not between
            1 and the number of pixels.
    """
    from skimage.segmentation import slic as scikit_slic

    if image.ndim != 4 or image.shape[1] != 3:
        raise ValueError(
            f"image has shape {tuple(image.shape)}; expected (B, 3, H, W)"
        )
    pixels = image.shape[2] * image.shape[3]
    if not 1 <= n <= pixels:
        raise ValueError(
            f"n is {n} for images of {pixels} pixels; give a number from 1 "
            "to that"
        )
    if not torch.isfinite(image).all():
        raise ValueError("image holds NaN or infinity")
    pictures = image.detach().cpu().double().movedim(1, -1).numpy()
    maps = []
    for picture in pictures:
        found = torch.from_numpy(
            scikit_slic(
                picture, n_segments=n, compactness=compactness, start_label=0
            )
        )
        # Numbers without gaps, in the order of the old ones.
        _, labels = found.unique(return_inverse=True)
        maps.append(labels)
    return torch.stack(maps).to(image.device)


def superpixel_means(
    values: Tensor, labels: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The mean over each superpixel, differentiable in ``values``.

    Args:
        values: ``(B, C, H, W)``.
        labels: ``(B, H, W)``.
        mask: ``(B, 1, H, W)`` bool: pixels that count; values elsewhere may
            be anything, NaN included.

    Returns:
        ``(means, known)``: ``(B, n, C)``, 0 where no pixel counts, and
        ``(B, n)`` bool, whether one does.

    Raises:
        ValueError: shapes or types do not fit.
    """
    _check(values, labels, mask)
    b, c = values.shape[:2]
    n = int(labels.max()) + 1
    inside = torch.ones_like(labels, dtype=torch.bool)
    if mask is not None:
        inside = mask[:, 0]
        values = torch.where(mask, values, 0.0)
    at = _numbered(labels, n)
    flat = values.movedim(1, -1).reshape(-1, c)
    total = flat.new_zeros(b * n, c).index_add(0, at, flat)
    count = torch.bincount(at[inside.reshape(-1)], minlength=b * n)
    means = total / count.clamp(min=1).to(total)[:, None]
    return means.view(b, n, c), (count > 0).view(b, n)


def spread(values: Tensor, labels: Tensor) -> Tensor:
    """A map that is constant over each superpixel.

    Args:
        values: ``(B, n)``.
        labels: ``(B, H, W)``.

    Returns:
        ``(B, 1, H, W)``.
    """
    picked = values.gather(1, labels.flatten(1))
    return picked.view(len(labels), 1, *labels.shape[1:])


def oracle_depth(
    depth: Tensor, mask: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """The best map that is constant over superpixels, and its error.

    The mean of the true depth of each superpixel: no other such map has a
    smaller RMSE, so no CRF on these superpixels can be better. Other
    metrics can be taken of the map.

    Args:
        depth: ``(B, 1, H, W)``, metres.
        mask: ``(B, 1, H, W)`` bool, True where the depth is known.
        labels: ``(B, H, W)``.

    Returns:
        ``(map, rmse)``: ``(B, 1, H, W)``, 0 over superpixels without a known
        depth, and ``(B,)`` metres over the known pixels.

    Raises:
        ValueError: as `superpixel_means`, or an image has no known depth.
    """
    means, _ = superpixel_means(depth, labels, mask)
    empty = ~mask.flatten(1).any(1)
    if empty.any():
        raise ValueError(
            f"image {int(empty.nonzero()[0])} has no known depth; leave it out"
        )
    best = spread(means[..., 0], labels)
    square = torch.where(mask, best - depth, 0.0) ** 2
    count = mask.flatten(1).sum(1)
    return best, (square.flatten(1).sum(1) / count).sqrt()


def adjacency(labels: Tensor) -> Tensor:
    """Which superpixels share a border of pixels, side by side or above.

    Args:
        labels: ``(B, H, W)``.

    Returns:
        ``(B, n, n)`` bool, symmetric, False on the diagonal.
    """
    b, n = len(labels), int(labels.max()) + 1
    touch = torch.zeros(b, n, n, dtype=torch.bool, device=labels.device)
    which = torch.arange(b, device=labels.device)[:, None]
    for here, there in (
        (labels[:, :, :-1], labels[:, :, 1:]),
        (labels[:, :-1], labels[:, 1:]),
    ):
        here, there = here.flatten(1), there.flatten(1)
        touch[which.expand_as(here), here, there] = True
    touch |= touch.transpose(1, 2).clone()
    touch.diagonal(dim1=1, dim2=2).fill_(False)
    return touch


def centres(labels: Tensor) -> Tensor:
    """The mean place of each superpixel's pixels, in pixels.

    Returns:
        ``(B, n, 2)`` float32 (y, x); the centre of pixel (0, 0) is at
        (0.5, 0.5). Padding is at 0.
    """
    axes = (torch.arange(side) + 0.5 for side in labels.shape[1:])
    place = torch.stack(torch.meshgrid(*axes, indexing="ij")).to(labels.device)
    means, _ = superpixel_means(place.expand(len(labels), -1, -1, -1), labels)
    return means


def grey_histograms(grey: Tensor, labels: Tensor, bins: int = 16) -> Tensor:
    """Shares of the pixels of each superpixel in equal bins of [0, 1].

    Args:
        grey: ``(B, 1, H, W)`` in [0, 1].
        labels: ``(B, H, W)``.
        bins: how many.

    Returns:
        ``(B, n, bins)``, sum 1, or 0 for padding.
    """
    level = (grey[:, 0].detach() * bins).long().clamp(0, bins - 1)
    shares = F.one_hot(level, bins).movedim(-1, 1).to(grey)
    return superpixel_means(shares, labels)[0]


def grey(image: Tensor) -> Tensor:
    """Brightness ``(B, 1, H, W)`` of ``(B, 3, H, W)``."""
    weights = torch.tensor(LUMA).to(image).view(1, 3, 1, 1)
    return (image * weights).sum(1, keepdim=True)


def _numbered(labels: Tensor, n: int) -> Tensor:
    """All superpixels of the batch in one row."""
    first = torch.arange(len(labels), device=labels.device) * n
    return (labels + first.view(-1, 1, 1)).reshape(-1)


def _check(values, labels, mask) -> None:
    if labels.ndim != 3 or labels.dtype != torch.int64 or not labels.numel():
        raise ValueError(
            f"labels is {labels.dtype} of shape {tuple(labels.shape)}; "
            "expected int64 (B, H, W)"
        )
    if int(labels.min()) < 0:
        raise ValueError("labels hold a number below 0; they count from 0")
    size = (len(labels), *labels.shape[1:])
    if values.ndim != 4 or (len(values), *values.shape[2:]) != size:
        raise ValueError(
            f"values has shape {tuple(values.shape)} and labels "
            f"{tuple(labels.shape)}; expected (B, C, H, W) and (B, H, W)"
        )
    shape = (size[0], 1, *size[1:])
    if mask is not None and (
        mask.dtype != torch.bool or tuple(mask.shape) != shape
    ):
        raise ValueError(
            f"mask is {mask.dtype} of shape {tuple(mask.shape)}; expected "
            f"bool {shape}"
        )
