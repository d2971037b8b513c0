"""Quality beyond depth error: pictures of depth, normals, residuals."""

import torch
from torch import Tensor

from depthlib.geometry import normals
from depthlib.kernels.ssim import ssim
from depthlib.metrics.edges import whole_neighbourhoods
from depthlib.metrics.inputs import (
    as_pair,
    average_images,
    chunks,
    finite_pair,
    valid_pixels,
)

__all__ = ["QUALITY_DIRECTIONS", "mssim", "normal_error", "residual_share"]

# As ``DIRECTIONS`` says it of metrics of depth.
QUALITY_DIRECTIONS = {
    "ssim": "higher",
    "mssim": "higher",
    "edge_f1": "higher",
    "normal_error": "lower",
}


def mssim(prediction, target, *, max_depth: float, average: str = "image"):
    """Structural similarity of two depth maps, both drawn in grey.

    Near is white (1 at 0 m) and far is black (0 at ``max_depth`` and
    beyond), one scale for all maps; the paper names none (Alhashim and Wonka
    2018, section 4.2). Windows need whole maps, so there is no mask.

    Args:
        prediction: ``(B, 1, H, W)``, metres, both sides at least 11 pixels.
        target: same shape, metres, known everywhere.
        max_depth: metres.
        average: "image" (mean over images, a float) or "none" (``(B,)``).

    Raises:
        ValueError: shapes differ, a map has NaN or unknown depth, a side is
            too short, max_depth is not above 0.

    Example:
        >>> ramp = torch.linspace(1, 9, 16).expand(1, 1, 12, 16)
        >>> mssim(ramp, ramp, max_depth=10.0)
        1.0
    """
    if not max_depth > 0:
        raise ValueError(f"max_depth is {max_depth}; give metres above 0")
    prediction, target, _ = as_pair(prediction, target, None)
    known = valid_pixels(target)
    if not known.all():
        raise ValueError(
            f"{int((~known).sum())} pixels of the truth are unknown; "
            "similarity of windows needs whole maps"
        )
    prediction, target, _ = finite_pair(prediction, target, known)
    drawn, true = (
        1 - x.double().clamp(0, max_depth) / max_depth
        for x in (prediction, target)
    )
    values = [
        ssim(drawn[part], true[part], data_range=1.0)
        for part in chunks(target)
    ]
    return average_images(torch.cat(values).cpu(), average)


def normal_error(
    prediction, target, intrinsics, mask=None, *, average: str = "image"
) -> dict:
    """Angle between the normals of predicted and true surfaces.

    Papers print both degrees and 1 - cosine under one name, so both are
    here. A pixel counts where both maps are above 0 and known in its whole
    3 x 3 neighbourhood.

    Args:
        prediction: ``(B, 1, H, W)``, metres.
        target: same shape, metres.
        intrinsics: ``(B, 3, 3)`` or ``(3, 3)``, pixels.
        mask: bool, same shape as target; None: where the target is finite
            and above 0.
        average: "image" (means over images, floats) or "none" (``(B,)``).

    Returns:
        ``{"degrees", "cosine"}``: mean angle, 0 to 180, and mean of
        1 - cos(angle), 0 to 2.

    Raises:
        ValueError: shapes differ, a prediction in the mask is NaN, infinite
            or not above 0, an image whose mask holds no whole neighbourhood.

    Example:
        Scale does not turn a surface:

        >>> K = torch.tensor([[60.0, 0, 8], [0, 60, 6], [0, 0, 1]])
        >>> ramp = torch.linspace(2, 3, 16).expand(1, 1, 12, 16)
        >>> round(normal_error(2 * ramp, ramp, K)["degrees"], 3)
        0.0
    """
    prediction, target, mask = as_pair(prediction, target, mask)
    known = valid_pixels(target, mask)
    prediction, target, known = finite_pair(prediction, target, known)
    below = (known & (prediction <= 0)).flatten(1).any(1)
    if below.any():
        raise ValueError(
            f"prediction {int(below.nonzero()[0])} is not above 0 at a known "
            "pixel; a surface needs depths in metres in front of the camera"
        )
    cameras = _cameras(intrinsics, target)
    degrees, cosine = [], []
    for part in chunks(target):
        inside = whole_neighbourhoods(known[part], part.start).squeeze(1)
        n, m = (
            normals(x[part].where(known[part], 1), cameras[part])
            for x in (prediction, target)
        )
        # From the chords n - m and n + m (Kahan): an arc cosine near 1, and
        # 1 - cos itself, would lose half the digits.
        gap = (n - m).square().sum(1)
        angle = 2 * torch.atan2(gap.sqrt(), (n + m).square().sum(1).sqrt())
        gap /= 2
        count = inside.flatten(1).sum(1)
        for values, means in ((angle, degrees), (gap, cosine)):
            kept = torch.where(inside, values, 0).flatten(1)
            means.append((kept.sum(1, dtype=torch.float64) / count).cpu())
    return {
        "degrees": average_images(torch.cat(degrees).rad2deg(), average),
        "cosine": average_images(torch.cat(cosine), average),
    }


def _cameras(intrinsics, target: Tensor) -> Tensor:
    """One camera for each image, ``(B, 3, 3)``."""
    cameras = torch.as_tensor(intrinsics).to(target.device)
    if cameras.shape not in ((3, 3), (1, 3, 3), (len(target), 3, 3)):
        raise ValueError(
            f"intrinsics has shape {tuple(cameras.shape)}; expected (3, 3) "
            f"or {(len(target), 3, 3)}, one camera for each image"
        )
    return cameras.expand(len(target), 3, 3)


def residual_share(
    prediction,
    target,
    mask=None,
    epsilon: float = 0.05,
    *,
    average: str = "image",
):
    """Share of pixels with abs(prediction - target) < epsilon.

    Tests whether a loss leaves sparse residuals: many pixels as good as
    exact beside a few that are far off.

    Args:
        prediction: ``(B, 1, H, W)``, metres.
        target: same shape, metres.
        mask: bool, same shape; None: where the target is finite and above 0.
        epsilon: metres.
        average: "image" (mean over images, a float) or "none" (``(B,)``).

    Raises:
        ValueError: shapes differ, NaN or infinity in the mask, an image
            without a valid pixel, epsilon not above 0.

    Example:
        >>> truth = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
        >>> residual_share(truth + torch.tensor([0, 0.01, 0.2, 1]), truth)
        0.5
    """
    if not epsilon > 0:
        raise ValueError(f"epsilon is {epsilon}; expected metres above 0")
    prediction, target, mask = as_pair(prediction, target, mask)
    valid = valid_pixels(target) if mask is None else mask
    prediction, target, valid = finite_pair(prediction, target, valid)
    count = valid.flatten(1).sum(1)
    if (count == 0).any():
        raise ValueError(
            f"image {int((count == 0).nonzero()[0])} has no valid pixel; "
            "check its mask and the unit of its depth (metres)"
        )
    small = valid & ((prediction - target).abs() < epsilon)
    share = small.flatten(1).sum(1).double() / count
    return average_images(share.cpu(), average)
