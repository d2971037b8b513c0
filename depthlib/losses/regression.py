"""Pixel-wise regression losses of the D3-Net study (Carvalho et al. 2018).

Notation of its Table 1: y the target, y_hat the prediction, both in metres;
l = y - y_hat and d = ln y - ln y_hat; the sums run over the N valid pixels.
Losses of l are averaged over all valid pixels of the batch. Losses of d
contain the square of a mean, so they are computed image by image and then
averaged over images.

The released code of the paper applies the losses of l to depths mapped from
[0, 10] m to [-1, 1], which divides each residual by 5 m; here l is in metres.
"""

import math

import torch
from torch import Tensor

from depthlib.losses.masking import (
    log_residual,
    mean_valid,
    residual,
    widen,
)

__all__ = [
    "berhu",
    "huber",
    "huber_true",
    "l1",
    "l2",
    "log_l1",
    "log_mse",
    "relative_l1",
    "scale_invariant",
]


def l1(
    prediction: Tensor, target: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Mean absolute error: (1/N) sum |l|. Table 1, row 1.

    Args:
        prediction: ``(B, 1, H, W)``, metres.
        target: ``(B, 1, H, W)``, metres.
        mask: bool ``(B, 1, H, W)``, True = counts; None: all pixels count.

    Returns:
        Scalar tensor, metres.

    Raises:
        ValueError: shapes differ, an argument is not floating point, mask is
            not bool, or no pixel is valid.
    """
    return mean_valid(residual(prediction, target, mask).abs(), mask)


def l2(
    prediction: Tensor, target: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Mean squared error: (1/N) sum l^2, no root. Table 1, row 2.

    Arguments and errors as in `l1`; the result is in square metres.
    """
    return mean_valid(residual(prediction, target, mask).square(), mask)


def log_l1(
    prediction: Tensor, target: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Mean absolute log error: (1/N) sum |d|, over the batch's valid pixels.

    The loss in "log space" that Chen et al. (2018) set L1 against. Depths
    must be above 0 where valid; arguments and errors as in `log_mse`.
    """
    d, _ = log_residual(prediction, target, mask)
    return mean_valid(d.abs(), mask)


def relative_l1(
    prediction: Tensor, target: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Mean relative error: (1/N) sum |l| / y, what `abs_rel` reports.

    Arguments as in `l1`; the target is above 0 where valid.

    Raises:
        ValueError: as in `l1`; a valid target is not above 0.
    """
    error = residual(prediction, target, mask).abs()
    target = widen(target)
    if mask is not None:
        target = torch.where(mask, target, 1.0)
    if (target <= 0).any():
        raise ValueError(
            f"target holds a valid depth of {target.min().item():.4g} m; a "
            "relative error needs depths above 0: mask such pixels."
        )
    return mean_valid(error / target, mask)


def berhu(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    *,
    threshold: float | None = None,
    fraction: float = 0.2,
) -> Tensor:
    """Reverse Huber: |l| up to c, (l^2 + c^2) / 2c beyond. Table 1, row 5.

    Both branches meet at |l| = c with slope 1. A large c gives L1, a small c
    gives L2 divided by 2c, whose slope grows as 1/c.

    The paper prints no c. By default c = fraction * max |l| over the valid
    pixels of the batch, recomputed per call and held constant in the
    gradient, which is the rule of Laina et al. (2016), the origin of the
    loss, and of the released code. Without an error c is 0, and so are the
    loss and its gradient.

    Args:
        prediction: ``(B, 1, H, W)``, metres.
        target: ``(B, 1, H, W)``, metres.
        mask: bool ``(B, 1, H, W)`` or None.
        threshold: a fixed c in metres; None: the rule above.
        fraction: share of the largest residual; unused with a threshold.

    Returns:
        Scalar tensor, metres.

    Raises:
        ValueError: as in `l1`; threshold or fraction not above 0.
    """
    error = residual(prediction, target, mask).abs()
    c = _threshold(error, threshold, fraction)
    value = torch.where(error <= c, error, _parabola(error, c))
    return mean_valid(value, mask)


def huber(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    *,
    threshold: float | None = None,
    fraction: float = 0.2,
) -> Tensor:
    """Huber as printed: |l| from c on, (l^2 + c^2) / 2c below. Table 1, row 6.

    This equals H_c(l) / c + c / 2 in both branches, H_c being `huber_true`:
    the same minimiser, 1/c times the slope, and c / 2 where the error is 0.
    As c follows the batch by default, a curve of this loss contains c / 2.
    The released code computes `huber_true` instead.

    Arguments, c, and errors as in `berhu`. Without any error c is 0 and so is
    the loss. A small c gives L1; a large c gives L2 / 2c + c / 2.
    """
    error = residual(prediction, target, mask).abs()
    c = _threshold(error, threshold, fraction)
    value = torch.where(error >= c, error, _parabola(error, c))
    return mean_valid(value, mask)


def huber_true(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    *,
    threshold: float | None = None,
    fraction: float = 0.2,
) -> Tensor:
    """The textbook Huber H_c: l^2 / 2 up to c, c |l| - c^2 / 2 beyond.

    What the released code of D3-Net computes under the name of the printed
    `huber`, with c = max |l| / 5 of the batch held constant in the gradient.
    Arguments and errors as in `berhu`; the result is in square metres.
    """
    error = residual(prediction, target, mask).abs()
    c = _threshold(error, threshold, fraction)
    linear = c * error - 0.5 * c * c
    value = torch.where(error <= c, 0.5 * error.square(), linear)
    return mean_valid(value, mask)


def scale_invariant(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    *,
    weight: float = 0.5,
) -> Tensor:
    """Scale-invariant log error, L_eigen. Table 1, row 3.

    (1/N) sum d^2 - (weight / N^2) (sum d)^2 for each image, N its valid
    pixels, then the mean over images. With weight 1 it is the variance of d,
    which a common factor on all depths leaves unchanged; weight 0 is
    `log_mse`; the paper gives no value, 1/2 is that of Eigen et al. (2014).

    The released code divides the second term by N^2 once more, which leaves
    plain `log_mse` to within 1e-9.

    Args:
        prediction: ``(B, 1, H, W)``, metres, above 0.
        target: ``(B, 1, H, W)``, metres, above 0 where valid.
        mask: bool ``(B, 1, H, W)`` or None.
        weight: lambda of the paper, 0 to 1.

    Returns:
        Scalar tensor without unit.

    Raises:
        ValueError: as in `l1`; a valid depth is not above 0; an image of the
            batch has no valid pixel; weight outside [0, 1].
    """
    return level(*log_residual(prediction, target, mask), weight)


def log_mse(
    prediction: Tensor, target: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Mean squared log error, (1/N) sum d^2 per image, mean over images.

    What the released L_eigen of D3-Net amounts to (see `scale_invariant`,
    whose arguments and errors apply).
    """
    return scale_invariant(prediction, target, mask, weight=0.0)


def level(d: Tensor, count: Tensor, weight: float) -> Tensor:
    """The formula of `scale_invariant` on log residuals.

    Args:
        d: ``(B, ...)``, 0 where invalid.
        count: ``(B,)``, valid pixels of each image.
        weight: coefficient of the squared mean, 0 to 1.
    """
    if not 0 <= weight <= 1:
        raise ValueError(
            f"weight is {weight}; give a number from 0 (log-MSE) to 1 "
            "(variance): beyond 1 the loss has no lower bound."
        )
    d = d.reshape(count.shape[0], -1)
    mean_square = d.square().sum(1) / count
    square_mean = (d.sum(1) / count).square()
    return (mean_square - weight * square_mean).mean()


def _threshold(
    error: Tensor, threshold: float | None, fraction: float
) -> Tensor:
    """The c of berHu and Huber: a given number or a share of the maximum."""
    if threshold is not None:
        if not (threshold > 0 and math.isfinite(threshold)):
            raise ValueError(
                f"threshold is {threshold}; give a positive number of "
                "metres, or None for a share of the largest error."
            )
        return error.new_tensor(threshold)
    if not 0 < fraction <= 1:
        raise ValueError(
            f"fraction is {fraction}; give a share of the largest error "
            "above 0 and up to 1."
        )
    return fraction * error.detach().max()


def _parabola(error: Tensor, c: Tensor) -> Tensor:
    """(l^2 + c^2) / 2c, with c = 0 replaced by 1.

    c is 0 only where all errors are; `torch.where` then takes the other
    branch everywhere, but 0 / 0 here would still make its gradient NaN.
    """
    c = torch.where(c > 0, c, 1.0)
    return (error.square() + c * c) / (2 * c)
