"""One step of SC-GAN: L1 on sparse depth, and an adversary that sees it.

Wu et al. (2019), Eq. 6-8: G minimises ``L1 + lambda * GAN`` on the pixels of
the sparse truth, D tells (frame, truth) from (frame, phi(prediction)), phi
being the mask of the truth.
"""

import torch

from depthlib.losses import LOSSES, BCEGanLoss
from depthlib.models import discriminator_for
from depthlib.training.adversarial import AdversarialStep

SCALED = ("l1", "l2")


class VideoGanStep(AdversarialStep):
    """One step of D, then one of G; both with Adam at one rate.

    Depth is scaled to [-1, 1] for both terms; the paper does not say in
    which unit its L1 is. In metres up to 80 one and the same lambda would
    weigh forty times less. Where truth is unknown, D sees -1 in real and
    fake alike: two maps that agree on the known pixels are the same to it.

    With ``config.gan_weight`` 0 D is built and never asked: nothing else of
    the training changes.

    Args:
        fabric: places modules and runs the backward passes.
        model: the generator, with ``min_depth`` and ``max_depth``; it is
            called with what its ``inputs`` name.
        config: the ``VideoGanTraining``.

    Raises:
        ValueError: a loss other than "l1" and "l2".
    """

    def __init__(self, fabric, model, config):
        if config.loss not in SCALED:
            raise ValueError(
                f"loss is {config.loss!r}; choose one of {', '.join(SCALED)}"
            )
        super().__init__(fabric, model, config)

    def make_discriminator(self, model):
        """PatchGAN with instance norm; leaves G's random numbers alone."""
        with torch.random.fork_rng():
            torch.manual_seed(self.config.seed)
            return discriminator_for(
                self.config.field,
                width=self.config.critic_width,
                norm="instance",
            )

    def make_gan_loss(self):
        """Cross entropy, as printed for D; for G see ``saturating``."""
        return BCEGanLoss(saturating=self.config.saturating)

    def distances(self, fake, real, batch, prediction) -> dict:
        """The loss of Eq. 7, on scaled depth."""
        name = self.config.loss
        return {name: LOSSES[name](fake, real, batch["mask"])}

    def shown(self, real, fake, mask):
        """The same mask for both, or for the truth alone (the leak)."""
        real, masked = super().shown(real, fake, mask)
        return real, fake if self.config.leak else masked

    def factors(self) -> tuple[float, float]:
        """L1 as it is, and lambda."""
        return 1.0, self.config.gan_weight

    def adversary_is_on(self, step: int) -> bool:
        """Always, but for lambda = 0."""
        return self.config.gan_weight > 0
