"""Structural similarity (Wang et al. 2004), the plain torch version."""

import torch
import torch.nn.functional as F
from torch import Tensor

from depthlib.checks import check_precision, check_tensors
from depthlib.kernels.precision import without_autocast

__all__ = ["ssim", "ssim_factors", "ssim_map"]

K1, K2 = 0.01, 0.03  # the constants of the 2004 paper


def ssim(
    x: Tensor,
    y: Tensor,
    *,
    data_range: float,
    window: int = 11,
    sigma: float = 1.5,
) -> Tensor:
    """Mean structural similarity of two images, 1 where they are equal.

    Gaussian window, population covariance, and only windows that lie inside
    the image: no padding makes up pixels. Differentiable in both images.
    Autocast changes nothing, and half precision is refused: variances are
    differences of means of squares, and half the bits would leave none.

    Args:
        x: ``(B, C, H, W)``, float32 or float64.
        y: same shape and type.
        data_range: largest minus smallest value that the data can take (not
            what one image happens to hold); it scales the two constants that
            steady the quotient and so changes the result.
        window: side of the window in pixels, odd.
        sigma: standard deviation of the window in pixels.

    Returns:
        ``(B,)``, the mean over windows and channels, in [-1, 1].

    Raises:
        ValueError: shapes or types differ, or are others than these; the
            window is even or larger than the image; a number is not above 0.

    Example:
        >>> x = torch.rand(2, 1, 16, 16)
        >>> ssim(x, x, data_range=1.0).tolist()
        [1.0, 1.0]
    """
    similarity = ssim_map(
        x, y, data_range=data_range, window=window, sigma=sigma
    )
    return similarity.flatten(1).mean(1)


def ssim_map(
    x: Tensor,
    y: Tensor,
    *,
    data_range: float,
    window: int = 11,
    sigma: float = 1.5,
) -> Tensor:
    """The similarity of each window, before the mean of `ssim`.

    Args:
        x: ``(B, C, H, W)``, float32 or float64.
        y: same shape and type.
        data_range: as in `ssim`.
        window: as in `ssim`.
        sigma: as in `ssim`.

    Returns:
        ``(B, C, H - window + 1, W - window + 1)``.

    Raises:
        ValueError: as in `ssim`.
    """
    luminance, structure = ssim_factors(
        x, y, data_range=data_range, window=window, sigma=sigma
    )
    return luminance * structure


def ssim_factors(
    x: Tensor,
    y: Tensor,
    *,
    data_range: float,
    window: int = 11,
    sigma: float = 1.5,
) -> tuple[Tensor, Tensor]:
    """The two factors of `ssim_map`: of means, and of variances.

    Wang et al. (2004), Eq. 13: luminance compares the means of a window, the
    other factor (contrast and structure) its variances and covariance.

    Args:
        x: ``(B, C, H, W)``, float32 or float64.
        y: same shape and type.
        data_range: as in `ssim`.
        window: as in `ssim`.
        sigma: as in `ssim`.

    Returns:
        ``(luminance, structure)``, each of `ssim_map`'s shape.

    Raises:
        ValueError: as in `ssim`.
    """
    _check(x, y, data_range, window, sigma)
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    # One filter pass over five maps.
    maps = torch.stack([x, y, x * x, y * y, x * y])
    mx, my, mxx, myy, mxy = _blur(maps.flatten(0, 2), window, sigma).unflatten(
        0, maps.shape[:3]
    )
    vx, vy, vxy = mxx - mx * mx, myy - my * my, mxy - mx * my
    luminance = (2 * mx * my + c1) / (mx * mx + my * my + c1)
    structure = (2 * vxy + c2) / (vx + vy + c2)
    return luminance, structure


def _blur(maps: Tensor, window: int, sigma: float) -> Tensor:
    """Gaussian mean of valid windows of ``(N, H, W)``, rows then columns."""
    at = torch.arange(window, dtype=torch.float64) - (window - 1) / 2
    weight = torch.exp(-0.5 * (at / sigma) ** 2)
    weight = (weight / weight.sum()).to(maps)
    # All maps as channels of one image: a convolution for each channel runs
    # 10-20 times faster on a CPU than one channel in a large batch.
    n = len(maps)
    across = weight.expand(n, 1, 1, window)
    down = across.transpose(2, 3)
    with without_autocast(maps):
        blurred = F.conv2d(maps[None], across, groups=n)
        return F.conv2d(blurred, down, groups=n)[0]


def _check(x, y, data_range, window, sigma) -> None:
    check_tensors(x=x, y=y)
    if x.shape != y.shape or x.ndim != 4:
        raise ValueError(
            f"x has shape {tuple(x.shape)} and y {tuple(y.shape)}; expected "
            "the same (B, C, H, W) for both"
        )
    check_precision(x=x, y=y)
    if x.dtype != y.dtype:
        raise ValueError(f"x is {x.dtype} and y {y.dtype}; expected one type")
    if window < 1 or window % 2 == 0 or window > min(x.shape[-2:]):
        raise ValueError(
            f"window is {window} for an image of {x.shape[-2]} x "
            f"{x.shape[-1]}; expected an odd number no larger than the image"
        )
    if not (data_range > 0 and sigma > 0):
        raise ValueError(
            f"data_range is {data_range} and sigma {sigma}; expected both "
            "above 0"
        )
