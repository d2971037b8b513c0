"""One adversarial step of D3-Net: least squares on patches, plus L1.

The paper prints one formula for both players. Read as two: D minimises
``(D(x, y) - 1)^2 / 2 + D(x, G(x))^2 / 2`` and G minimises
``(D(x, G(x)) - 1)^2 / 2 + weight * L1``, each once per step.
"""

import torch

from depthlib.losses import LSGanLoss, l1
from depthlib.models import ImageDiscriminator, PatchDiscriminator, scale_depth

DISCRIMINATOR_WIDTH = 64


class AdversarialStep:
    """D learns to tell true from predicted depth; G learns to pass.

    Args:
        fabric: places modules and runs the backward passes.
        model: the generator; images to metres, with ``width``,
            ``min_depth`` and ``max_depth`` attributes.
        config: the ``D3NetTraining``; ``weight``, ``discriminator`` and
            ``phase`` matter here.
    """

    def __init__(self, fabric, model, config):
        self.fabric, self.config = fabric, config
        self.range = (model.min_depth, model.max_depth)
        discriminator = build_discriminator(config.discriminator, model.width)
        settings = {"lr": config.lr, "betas": config.betas}
        self.model, self.optimizer = fabric.setup(
            model, torch.optim.Adam(model.parameters(), **settings)
        )
        self.discriminator, self.d_optimizer = fabric.setup(
            discriminator,
            torch.optim.Adam(discriminator.parameters(), **settings),
        )
        self.gan = LSGanLoss()

    def __call__(self, batch: dict, rate: float, step: int) -> dict:
        """Take one D step and one G step at ``rate``; return loss parts."""
        for optimizer in (self.optimizer, self.d_optimizer):
            for group in optimizer.param_groups:
                group["lr"] = rate
        image = batch["image"]
        real = scale_depth(batch["depth"], *self.range)
        fake = scale_depth(self.model(image), *self.range)
        # D must not tell real from fake by where truth is unknown.
        real, shown = (torch.where(batch["mask"], x, -1) for x in (real, fake))

        parts = {"l1": l1(fake, real, batch["mask"])}
        loss = self.config.weight * parts["l1"]
        if self._adversary_is_on(step):
            parts["d"] = self._update_discriminator(image, real, shown)
            parts["g"] = self._judge(image, shown)
            loss = loss + parts["g"]
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return {"loss": loss.detach()} | {
            name: part.detach() for name, part in parts.items()
        }

    def _adversary_is_on(self, step: int) -> bool:
        return self.config.phase == "single" or 2 * step >= self.config.steps

    def _update_discriminator(self, image, real, fake):
        self.discriminator.requires_grad_(True)
        loss = self.gan.discriminator(
            self.discriminator(image, real),
            self.discriminator(image, fake.detach()),
        )
        self.d_optimizer.zero_grad()
        self.fabric.backward(loss)
        self.d_optimizer.step()
        return loss

    def _judge(self, image, fake):
        # Frozen while it judges, so that G's backward pass leaves no
        # gradient in D and costs none.
        self.discriminator.requires_grad_(False)
        return self.gan.generator(self.discriminator(image, fake))

    def state_dict(self) -> dict:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "d_optimizer": self.d_optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.discriminator.load_state_dict(state["discriminator"])
        self.d_optimizer.load_state_dict(state["d_optimizer"])


def build_discriminator(kind: str, width: float):
    """The discriminator named ``kind``, as wide as its generator.

    ``"patch"`` is D3-Net's: two stride-2 layers, 34-pixel patches.
    """
    channels = max(8, round(DISCRIMINATOR_WIDTH * width))
    if kind == "patch":
        return PatchDiscriminator(in_channels=4, layers=2, width=channels)
    return ImageDiscriminator(in_channels=4, width=channels)
