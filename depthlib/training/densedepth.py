"""One optimisation step of DenseDepth, in the space of its target."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader

from depthlib.losses import LOSSES, densedepth_loss


class DenseDepthStep:
    """Raw output, loss against the target, gradient, Adam.

    The network predicts at half the size of the image; the truth is picked
    (``at_size``), never averaged: a mean of two surfaces is a depth at which
    there is none.

    Args:
        fabric: places modules and runs the backward pass.
        model: a network behind its target, e.g. ``ReciprocalDepth``.
        config: the training, with ``loss`` ("densedepth", or a name of
            ``LOSSES`` that is then applied in target space) and ``weight``.
    """

    def __init__(self, fabric, model, config):
        self.fabric, self.config, self.model = fabric, config, model
        self.criterion = target_loss(config, model)
        # The network is trained, the model around it is scored: the clip of
        # the inversion has no gradient at its ends.
        self.network, self.optimizer = fabric.setup(
            model.network,
            torch.optim.Adam(
                model.network.parameters(), lr=config.lr, betas=config.betas
            ),
        )

    def __call__(self, batch: dict, rate: float, step: int) -> dict:
        """Take one step with learning rate ``rate``; return loss parts."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        raw = self.network(batch["image"])
        loss = self.criterion(raw, batch["depth"], batch["mask"])
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return {"loss": loss.detach()}

    def state_dict(self) -> dict:
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])


def target_loss(config, model):
    """The loss of raw output against metres, as a function.

    Returns:
        ``f(raw (B, 1, h, w), depth (B, 1, H, W), mask) -> scalar``.

    Raises:
        ValueError: an unknown loss.
    """
    if config.loss == "densedepth":
        options = {"weight": config.weight, "data_range": model.data_range}
        loss = densedepth_loss
    elif config.loss in LOSSES:
        options, loss = {}, LOSSES[config.loss]
    else:
        raise ValueError(
            f"loss is {config.loss!r}; choose densedepth or one of "
            f"{', '.join(sorted(LOSSES))}"
        )

    def criterion(raw: Tensor, depth: Tensor, mask: Tensor) -> Tensor:
        depth, mask = at_size(depth, mask, raw.shape[-2:])
        return loss(raw, model.target(depth), mask, **options)

    return criterion


def at_size(depth: Tensor, mask: Tensor, size) -> tuple[Tensor, Tensor]:
    """Depth and mask ``(B, 1, H, W)`` at a smaller size, nothing averaged.

    The pixel under the new pixel's centre; where its depth is unknown, the
    nearest known depth of the new pixel's area, so that sparse truth keeps
    its returns.
    """
    if depth.shape[-2:] == tuple(size):
        return depth, mask
    picked, known = (
        F.interpolate(maps.float(), size=size, mode="nearest-exact")
        for maps in (depth, mask)
    )
    near = torch.where(mask, -depth, -torch.inf)
    near = -F.adaptive_max_pool2d(near, size)
    anywhere = near < torch.inf
    picked = torch.where(known.bool() | ~anywhere, picked, near)
    return picked.to(depth.dtype), anywhere


def validation_loss(model, data, config, *, batch_size: int = 32) -> float:
    """Mean training loss over the images of ``data``, without a step.

    Args:
        model: as for ``DenseDepthStep``; runs in evaluation mode.
        data: a depthlib data set.
        config: the training.
        batch_size: images at a time; the last batch may be smaller, and
            counts by its images.
    """
    criterion = target_loss(config, model)
    device = next(model.parameters()).device
    training, total = model.training, 0.0
    model.eval()
    with torch.no_grad():
        for batch in DataLoader(data, batch_size=batch_size):
            raw = model.network(batch["image"].to(device)).float().cpu()
            loss = criterion(raw, batch["depth"], batch["mask"])
            total += float(loss) * len(raw)
    model.train(training)
    return total / len(data)
