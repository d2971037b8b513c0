"""Adversarial steps: D learns to tell true from predicted depth, G to pass.

``AdversarialStep`` is that of D3-Net: least squares on patches, plus L1. The
paper prints one formula for both players. Read as two: D minimises
``(D(x, y) - 1)^2 / 2 + D(x, G(x))^2 / 2`` and G minimises
``(D(x, G(x)) - 1)^2 / 2 + weight * L1``, each once per step. The step of
``conditional_gan`` has the same skeleton.
"""

import torch

from depthlib.losses import LSGanLoss, l1
from depthlib.models import ImageDiscriminator, PatchDiscriminator, scale_depth
from depthlib.training.inputs import inputs_of

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
        discriminator = self.make_discriminator(model)
        settings = {"lr": config.lr, "betas": config.betas}
        self.model, self.optimizer = fabric.setup(
            model, torch.optim.Adam(model.parameters(), **settings)
        )
        self.discriminator, self.d_optimizer = fabric.setup(
            discriminator,
            torch.optim.Adam(discriminator.parameters(), **settings),
        )
        self.gan = self.make_gan_loss()

    def make_discriminator(self, model):
        """D with its initial weights."""
        return build_discriminator(self.config.discriminator, model.width)

    def make_gan_loss(self):
        """The losses of both players."""
        return LSGanLoss()

    def __call__(self, batch: dict, rate: float, step: int) -> dict:
        """Take one D step and one G step at ``rate``; return loss parts."""
        self.set_rates(rate)
        image, mask = batch["image"], batch["mask"]
        prediction = self.model(*inputs_of(self.model, batch))
        real = scale_depth(batch["depth"], *self.range)
        fake = scale_depth(prediction, *self.range)
        real, shown = self.shown(real, fake, mask)

        parts = self.distances(fake, real, batch, prediction)
        distance_factor, g_factor = self.factors()
        loss = distance_factor * sum(parts.values())
        if self.adversary_is_on(step):
            parts["d"] = self.update_discriminator(image, real, shown)
            parts["g"] = self._judge(image, shown)
            loss = loss + g_factor * parts["g"]
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return {"loss": loss.detach()} | {
            name: part.detach() for name, part in parts.items()
        }

    def set_rates(self, rate: float) -> None:
        """The learning rates of both players for this step."""
        for optimizer in (self.optimizer, self.d_optimizer):
            for group in optimizer.param_groups:
                group["lr"] = rate

    def distances(self, fake, real, batch, prediction) -> dict:
        """What G minimises beside the adversarial term, by name.

        Args:
            fake: predicted depth, scaled to [-1, 1].
            real: true depth, scaled, -1 where it is unknown.
            batch: as it came, with ``depth`` in metres and ``mask``.
            prediction: metres.
        """
        return {"l1": l1(fake, real, batch["mask"])}

    def shown(self, real, fake, mask):
        """True and predicted depth as D sees them: one mask for both.

        D must not tell real from fake by where truth is unknown.
        """
        return torch.where(mask, real, -1), torch.where(mask, fake, -1)

    def factors(self) -> tuple[float, float]:
        """Of the distances and of the adversarial term in G's loss."""
        return self.config.weight, 1.0

    def adversary_is_on(self, step: int) -> bool:
        """Whether D plays in this step."""
        return self.config.phase == "single" or 2 * step >= self.config.steps

    def update_discriminator(self, image, real, fake):
        """One step of D on a batch; returns its loss before the step."""
        return self.discriminate(image, real, image, fake.detach())

    def discriminate(self, image, real, fake_image, fake):
        """One step of D on true pairs and on detached fake ones."""
        self.discriminator.requires_grad_(True)
        loss = self.gan.discriminator(
            self.discriminator(image, real),
            self.discriminator(fake_image, fake),
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
