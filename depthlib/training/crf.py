"""One step of the CNN-CRF: by its likelihood, or by what its map looks like.

Chen et al. (2018) train the CRF by exact likelihood (Eq. 10) and then again
with a discriminator, where "L_GAN + lambda L_L1" of the most probable map
takes the place of the likelihood. Here the two changes can be made apart.
"""

import torch
from torch import Tensor

from depthlib.losses import BCEGanLoss, HistoryPool, l1
from depthlib.models import (
    discriminator_for,
    scale_depth,
    spectral_normalise,
)
from depthlib.training.conditional_gan import POOL_SIZE, RATE_FACTOR

DATA_TERMS = ("nll", "l1")


class CRFStep:
    """Likelihood or L1, weight decay, gradient, Adam.

    Batches carry the ``labels`` of their superpixels (``WithSuperpixels``).

    Args:
        fabric: places modules and runs the backward pass.
        model: a ``CNNCRF`` or a ``UnaryCNN``.
        config: the training, with ``loss`` ("nll": exact, in nats, mean over
            images; "l1": of the whole map, on depth scaled to [-1, 1], times
            ``weight``), ``decay`` (two factors, of `CNNCRF.decay`) and
            ``beta_rate`` (how much faster the CRF's own weights learn).

    Raises:
        ValueError: another loss.
    """

    def __init__(self, fabric, model, config):
        if config.loss not in DATA_TERMS:
            raise ValueError(
                f"loss is {config.loss!r}; choose one of "
                f"{', '.join(DATA_TERMS)}"
            )
        self.fabric, self.config = fabric, config
        self.range = (model.min_depth, model.max_depth)
        own = [] if model.crf is None else [model.crf.free]
        rest = [p for p in model.parameters() if all(p is not q for q in own)]
        groups = [{"params": rest, "factor": 1.0}]
        if own:
            groups.append({"params": own, "factor": config.beta_rate})
        self.model, self.optimizer = fabric.setup(
            model, torch.optim.Adam(groups, lr=config.lr, betas=config.betas)
        )
        for name in ("nll", "decay", "unary_depth"):
            self.model.mark_forward_method(name)

    def __call__(self, batch: dict, rate: float, step: int) -> dict:
        """Take one step with learning rate ``rate``; return loss parts."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        parts = self.losses(batch, rate)
        self.optimizer.zero_grad()
        self.fabric.backward(parts["loss"])
        self.optimizer.step()
        return {name: part.detach() for name, part in parts.items()}

    def losses(self, batch: dict, rate: float) -> dict[str, Tensor]:
        """``loss``, and what it is made of."""
        return self._data(batch, None)

    def _data(self, batch, shown) -> dict[str, Tensor]:
        """The loss without an adversary; ``shown`` spares a second map."""
        image, labels = batch["image"], batch["labels"]
        if self.config.loss == "nll":
            found = self.model.nll(
                image, batch["depth"], batch["mask"], labels
            )
            parts = {"nll": found.mean()}
            loss = parts["nll"]
        else:
            shown = self._map(batch) if shown is None else shown
            real = scale_depth(batch["depth"], *self.range)
            parts = {"l1": l1(shown, real, batch["mask"])}
            loss = self.config.weight * parts["l1"]
        return parts | {"loss": loss + self.model.decay(*self.config.decay)}

    def _map(self, batch) -> Tensor:
        depth = self.model(batch["image"], batch["labels"])
        return scale_depth(depth, *self.range)

    def state_dict(self) -> dict:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


class AdversarialCRFStep(CRFStep):
    """As `CRFStep`, with a PatchGAN that looks at the most probable map.

    The gradient of "looks real" goes through the linear solve of the CRF
    into the unary and into beta. D scores patches of (image, depth), with
    spectral norm and no other one; it learns four times as fast as G,
    from a pool of 50 past pairs.

    Args:
        fabric: as in `CRFStep`.
        model: as in `CRFStep`.
        config: with ``field`` (pixels that one score sees) and
            ``critic_width`` (channels of D's first layer) besides.
    """

    def __init__(self, fabric, model, config):
        super().__init__(fabric, model, config)
        discriminator = spectral_normalise(
            discriminator_for(
                config.field, width=config.critic_width, norm="none"
            )
        )
        self.discriminator, self.d_optimizer = fabric.setup(
            discriminator,
            torch.optim.Adam(
                discriminator.parameters(),
                lr=RATE_FACTOR * config.lr,
                betas=config.betas,
            ),
        )
        self.gan, self.pool = BCEGanLoss(factor=0.5), HistoryPool(POOL_SIZE)

    def losses(self, batch: dict, rate: float) -> dict[str, Tensor]:
        """As before, and ``d`` and ``g``; D takes its step on the way."""
        image, fake = batch["image"], self._map(batch)
        real = scale_depth(batch["depth"], *self.range)
        # D must not tell real from fake by where truth is unknown.
        real, shown = (torch.where(batch["mask"], x, -1) for x in (real, fake))
        d = self._update(image, real, shown, RATE_FACTOR * rate)
        # Frozen while it judges: G's backward pass leaves D alone.
        self.discriminator.requires_grad_(False)
        g = self.gan.generator(self.discriminator(image, shown))
        parts = self._data(batch, fake)
        return parts | {"loss": parts["loss"] + g, "d": d, "g": g}

    def _update(self, image, real, shown, rate):
        for group in self.d_optimizer.param_groups:
            group["lr"] = rate
        self.discriminator.requires_grad_(True)
        old_image, old = self.pool.query(image, shown)
        loss = self.gan.discriminator(
            self.discriminator(image, real),
            self.discriminator(old_image, old),
        )
        self.d_optimizer.zero_grad()
        self.fabric.backward(loss)
        self.d_optimizer.step()
        return loss

    def state_dict(self) -> dict:
        return super().state_dict() | {
            "discriminator": self.discriminator.state_dict(),
            "d_optimizer": self.d_optimizer.state_dict(),
            "pool": self.pool.state_dict(),
        }

    def load_state_dict(self, state: dict) -> None:
        super().load_state_dict(state)
        self.discriminator.load_state_dict(state["discriminator"])
        self.d_optimizer.load_state_dict(state["d_optimizer"])
        self.pool.load_state_dict(state["pool"])
