"""Training losses: f(prediction, target, mask=None, **options) -> scalar.

Depths are ``(B, 1, H, W)`` in metres, masks bool of that shape, True where a
pixel counts; None counts all. A mask without a single pixel is a ValueError.
`LOSSES` lists the functions by the names that experiments and tables use.
The losses of `depthlib.losses.densedepth` are not among them: they compare
reciprocal depths.
"""

from depthlib.losses.adversarial import (
    BCEGanLoss,
    HistoryPool,
    LSGanLoss,
)
from depthlib.losses.densedepth import (
    densedepth_loss,
    densedepth_parts,
    ssim_loss,
)
from depthlib.losses.ordinal import depth_levels, ordinal_loss
from depthlib.losses.regression import (
    berhu,
    huber,
    huber_true,
    l1,
    l2,
    log_l1,
    log_mse,
    relative_l1,
    scale_invariant,
)
from depthlib.losses.structural import eigen_grad, gradient_loss
from depthlib.losses.view import view_consistency

LOSSES = {
    "l1": l1,
    "l2": l2,
    "berhu": berhu,
    "huber": huber,
    "huber_true": huber_true,
    "scale_invariant": scale_invariant,
    "log_mse": log_mse,
    "log_l1": log_l1,
    "relative_l1": relative_l1,
    "eigen_grad": eigen_grad,
    "gradient_loss": gradient_loss,
}

__all__ = [
    "LOSSES",
    "BCEGanLoss",
    "HistoryPool",
    "LSGanLoss",
    "berhu",
    "densedepth_loss",
    "densedepth_parts",
    "depth_levels",
    "eigen_grad",
    "gradient_loss",
    "huber",
    "huber_true",
    "l1",
    "l2",
    "log_l1",
    "log_mse",
    "ordinal_loss",
    "relative_l1",
    "scale_invariant",
    "ssim_loss",
    "view_consistency",
]
