"""One optimisation step on a regression loss."""

import torch

from depthlib.losses import LOSSES
from depthlib.training.inputs import inputs_of


class SupervisedStep:
    """Prediction, loss, gradient, Adam.

    Args:
        fabric: places modules and runs the backward pass.
        model: maps images ``(B, 3, H, W)`` to metres ``(B, 1, H, W)``.
        config: the ``D3NetTraining``; ``threshold`` matters here.
    """

    def __init__(self, fabric, model, config):
        if config.loss not in LOSSES:
            raise ValueError(
                f"loss is {config.loss!r}; "
                f"choose one of {', '.join(sorted(LOSSES))} or lsgan"
            )
        self.fabric, self.config = fabric, config
        self.loss = LOSSES[config.loss]
        self.options = {}
        if config.threshold is not None:
            self.options["threshold"] = config.threshold
        optimizer = torch.optim.Adam(
            model.parameters(), lr=config.lr, betas=config.betas
        )
        self.model, self.optimizer = fabric.setup(model, optimizer)

    def __call__(self, batch: dict, rate: float, step: int) -> dict:
        """Take one step with learning rate ``rate``; return loss parts."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        prediction = self.model(*inputs_of(self.model, batch))
        loss = self.loss(
            prediction, batch["depth"], batch["mask"], **self.options
        )
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return {"loss": loss.detach()}

    def state_dict(self) -> dict:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
