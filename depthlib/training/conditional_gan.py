"""One step of the conditional GAN for depth, and of the same without D.

Chen et al. (2018), section 3: G minimises ``-ln D(x, G(x)) + weight * L1``,
D half of ``-ln D(x, y) - ln(1 - D(x, G(x)))``, on depth scaled to [-1, 1].
Spectral normalisation in both, four times the rate for D, and a pool of 50
past pairs keep the two in balance; each can be removed by name.
"""

import torch

from depthlib.losses import (
    LOSSES,
    BCEGanLoss,
    HistoryPool,
    gradient_loss,
    ssim_loss,
)
from depthlib.models import discriminator_for, spectral_normalise
from depthlib.training.adversarial import AdversarialStep

SCALED = ("l1", "l2")  # compared on [-1, 1]; other losses compare metres
RATE_FACTOR = 4.0  # of D over G, section 3.1
POOL_SIZE = 50  # pairs


class ConditionalGanStep(AdversarialStep):
    """Adversary and L1, or L1 alone with everything else as it was.

    With ``config.adversary`` off, D is built and never asked: initial
    weights, order of images, dropout and optimiser of G stay those of the
    run with D.

    Args:
        fabric: places modules and runs the backward passes.
        model: the generator; images to metres, with ``min_depth`` and
            ``max_depth`` attributes.
        config: the ``ConditionalGanTraining``.
    """

    def __init__(self, fabric, model, config):
        super().__init__(fabric, model, config)
        self.rate_factor = RATE_FACTOR if config.keeps("two_rates") else 1.0
        self.pool = HistoryPool(
            POOL_SIZE if config.keeps("pool") else 0,
            torch.Generator().manual_seed(config.seed),
        )

    def make_discriminator(self, model):
        """D from the seed, without touching G's stream of random numbers."""
        with torch.random.fork_rng():
            torch.manual_seed(self.config.seed)
            return critic(self.config)

    def make_gan_loss(self):
        """Cross entropy, D's half as large (the paper prints no factor)."""
        return BCEGanLoss(factor=0.5, saturating=self.config.saturating)

    def set_rates(self, rate: float) -> None:
        """D learns four times as fast, unless the two rates are removed."""
        if not self.config.keeps("decay"):
            rate = self.config.lr
        super().set_rates(rate)
        for group in self.d_optimizer.param_groups:
            group["lr"] = rate * self.rate_factor

    def distances(self, fake, real, batch, prediction) -> dict:
        """The regression loss, and hand-made terms where they are asked for.

        ``l1`` and ``l2`` compare scaled depth, other losses metres.
        """
        mask, name = batch["mask"], self.config.loss
        if name in SCALED:
            parts = {name: LOSSES[name](fake, real, mask)}
        else:
            parts = {name: LOSSES[name](prediction, batch["depth"], mask)}
        if self.config.terms == "gradient_ssim":
            parts["gradient"] = gradient_loss(fake, real, mask)
            parts["ssim"] = ssim_loss(fake, real, mask, data_range=2.0)
        return parts

    def adversary_is_on(self, step: int) -> bool:
        """Always or never."""
        return self.config.adversary

    def update_discriminator(self, image, real, fake):
        """D steps on true pairs and on pairs out of the pool.

        The pool is asked once, however many updates follow: its age would
        depend on their number otherwise.
        """
        old_image, old = self.pool.query(image, fake)
        for _ in range(self.config.updates):
            loss = self.discriminate(image, real, old_image, old)
        return loss

    def state_dict(self) -> dict:
        return super().state_dict() | {"pool": self.pool.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        super().load_state_dict(state)
        self.pool.load_state_dict(state["pool"])


def critic(config):
    """The discriminator of a ``ConditionalGanTraining``.

    Without norms: the paper names spectral normalisation and nothing else.
    """
    network = discriminator_for(
        config.field, width=config.critic_width, norm="none"
    )
    if config.keeps("spectral_d"):
        spectral_normalise(network)
    return network
