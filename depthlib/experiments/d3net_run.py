"""A run of the loss study: D3-Net with one of its losses."""

from dataclasses import dataclass, replace

from depthlib.experiments.config import RunConfig
from depthlib.training import D3NetTraining


@dataclass(frozen=True, kw_only=True)
class D3NetRun(RunConfig, D3NetTraining):
    """One training of D3-Net, in metres.

    Attributes:
        encoder: front-end of D3-Net.
        width: factor on all channels.
        blocks: layers per dense block or residual stage; None as published.
    """

    encoder: str = "densenet121"
    width: float = 0.25
    blocks: tuple[int, ...] | None = (2, 4, 6, 4)

    def build_model(self):
        """D3-Net; two runs that differ only in their loss start equal."""
        import torch

        from depthlib.models import D3Net

        torch.manual_seed(self.seed)
        return D3Net(
            encoder=self.encoder, width=self.width, blocks=self.blocks
        )

    def recipe(self) -> "D3NetRun":
        """As in ``RunConfig``, with the smallest network."""
        return replace(super().recipe(), width=0.25, blocks=(1, 1, 1, 1))
