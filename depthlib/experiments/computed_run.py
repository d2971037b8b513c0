"""Runs that train nothing, and the first of them."""

from dataclasses import dataclass, replace
from typing import ClassVar

from depthlib.experiments.config import RunConfig

GROUPS = 5  # of images, one a seed


@dataclass(frozen=True, kw_only=True)
class ComputedRun(RunConfig):
    """Something computed from images: a seed stands for images of its own.

    Attributes:
        images: images of one run; seed s takes the s-th group of that many
            out of the ``n_test`` test images.
    """

    TRAINS: ClassVar = False

    images: int = 8
    n_test: int = 40

    def training_set(self, cached: bool = True):
        """The images that are looked at; nothing is trained."""
        from depthlib.experiments.setup import evaluation_set

        return evaluation_set(self, cached)[0]

    def group(self, data) -> dict:
        """The samples of this seed, stacked.

        Raises:
            ValueError: the set has no images left for this seed.
        """
        from torch.utils.data import default_collate

        first = self.seed * self.images
        if first + self.images > len(data):
            raise ValueError(
                f"seed {self.seed} needs images {first} to "
                f"{first + self.images - 1} and there are {len(data)}; raise "
                "n_test or lower images"
            )
        return default_collate([data[first + i] for i in range(self.images)])

    def signature(self, data, protocol) -> list[float]:
        """What today's code must find again, for the fingerprint."""
        found = self.compute(data, protocol)
        return [v for part in found.values() for v in part.values()]

    def recipe(self) -> "ComputedRun":
        """As in ``RunConfig``, with two images."""
        return replace(super().recipe(), images=2)


@dataclass(frozen=True, kw_only=True)
class HessianRun(ComputedRun):
    """How far the adversarial loss couples pixels, for a D as it starts.

    Attributes:
        adversary: False takes L1 in its place, which couples none.
        field: side in pixels of what one score of D sees.
        critic_width: channels of D's first layer.
        probes: pixels of each image at which the gradient is watched.
    """

    loss: str = "bce"
    size: tuple[int, int] = (128, 128)
    images: int = 4
    n_test: int = 20
    adversary: bool = True
    field: int = 34
    critic_width: int = 16
    probes: int = 8

    def compute(self, data, protocol) -> dict:
        """``cross_share`` and ``cross_reach``, means over probes.

        At the true depth, of G's adversarial loss.
        """
        import torch

        from depthlib.losses import BCEGanLoss, l1
        from depthlib.metrics import cross_reach, cross_rows, cross_share
        from depthlib.models import scale_depth
        from depthlib.training import ConditionalGanTraining
        from depthlib.training.conditional_gan import critic

        batch, gan = self.group(data), BCEGanLoss()
        torch.manual_seed(self.seed)
        d = critic(
            ConditionalGanTraining(
                field=self.field, critic_width=self.critic_width
            )
        ).eval()
        height, width = batch["depth"].shape[-2:]
        places = torch.rand(self.probes, 2) / 2 + 0.25
        pixels = (places * torch.tensor([height, width])).long().tolist()
        shares, reaches = [], []
        for image, depth in zip(batch["image"], batch["depth"], strict=True):
            y = scale_depth(depth[None], 1e-3, protocol.max_depth)

            def loss(fake, image=image, y=y):
                if self.adversary:
                    return gan.generator(d(image[None], fake))
                return l1(fake, y)

            rows = cross_rows(loss, y, pixels)
            shares.append(cross_share(rows, pixels))
            reaches.append(cross_reach(rows, pixels))
        return {
            "image": {
                "cross_share": float(torch.cat(shares).mean()),
                "cross_reach": float(torch.cat(reaches).mean()),
            },
            "pixel": {},
            "quality": {},
        }

    def recipe(self) -> "HessianRun":
        """As in ``ComputedRun``, with two probes and a small field."""
        return replace(super().recipe(), probes=2, field=min(self.field, 16))
