"""Adversarial losses and the pool of past fakes.

A discriminator D scores an image together with a depth map. The scores may
be a map, one per patch: the losses average over all of them.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["BCEGanLoss", "HistoryPool", "LSGanLoss"]


class LSGanLoss:
    """Least-squares GAN with targets 1 for real and 0 for fake.

    Discriminator: 1/2 E (D(x, y) - 1)^2 + 1/2 E D(x, G(x))^2.
    Generator: 1/2 E (D(x, G(x)) - 1)^2.

    L_gan of Carvalho et al. (2018), Table 1, prints both in one line with a
    target C; C is 0 for the discriminator and 1 for the generator. The L1
    term of that line is not included: add ``weight * l1`` yourself.
    """

    def discriminator(
        self, real_scores: Tensor, fake_scores: Tensor
    ) -> Tensor:
        """Loss of D; detach the generator's output before scoring it.

        Args:
            real_scores: scores of true pairs, any shape.
            fake_scores: scores of generated pairs, any shape.

        Returns:
            Scalar tensor, 0 if every score meets its target.
        """
        real = (real_scores - 1).square().mean()
        return 0.5 * real + 0.5 * fake_scores.square().mean()

    def generator(self, fake_scores: Tensor) -> Tensor:
        """Loss of G: its fakes should be scored as real (1)."""
        return 0.5 * (fake_scores - 1).square().mean()


class BCEGanLoss:
    """The original GAN loss; scores are logits, D = sigmoid(score).

    Discriminator: -factor (E ln D(x, y) + E ln(1 - D(x, G(x)))).
    Generator: -E ln D(x, G(x)), the form with a gradient even where D wins;
    with ``saturating=True`` the printed minimax form E ln(1 - D(x, G(x))).

    Source: Chen et al. (2018), Eq. 1, whose factor is 1; pix2pix halves the
    discriminator's loss (``factor=0.5``). Under Adam a constant factor
    changes next to nothing: it divides gradients by their own size.
    """

    def __init__(self, factor: float = 1.0, saturating: bool = False):
        if not factor > 0:
            raise ValueError(
                f"factor is {factor}; give a positive number: 1 as printed, "
                "0.5 to halve the discriminator's loss."
            )
        self.factor = factor
        self.saturating = saturating

    def discriminator(
        self, real_scores: Tensor, fake_scores: Tensor
    ) -> Tensor:
        """Loss of D; detach the generator's output before scoring it.

        softplus(-s) = -ln sigmoid(s) and softplus(s) = -ln(1 - sigmoid(s)),
        without overflow.
        """
        real = F.softplus(-real_scores).mean()
        return self.factor * (real + F.softplus(fake_scores).mean())

    def generator(self, fake_scores: Tensor) -> Tensor:
        """Loss of G, see the class."""
        if self.saturating:
            return -F.softplus(fake_scores).mean()
        return F.softplus(-fake_scores).mean()


class HistoryPool:
    """Past (image, fake) pairs that keep a discriminator from forgetting.

    Until it is full, each pair that comes in is stored and handed back. Then
    each pair is, with probability 1/2, exchanged for a random stored one,
    which it replaces; otherwise it is handed back and not stored. Whole maps
    are kept: D being convolutional, this holds their patches. Chen et al.
    (2018) name 50 pairs and no rule; this is the usual one (Shrivastava et
    al. 2017; CycleGAN).

    Args:
        size: number of pairs; 0 hands everything back unchanged.
        generator: CPU random generator; None: an own one, seeded with 0.
    """

    def __init__(
        self, size: int = 50, generator: torch.Generator | None = None
    ):
        if size < 0:
            raise ValueError(f"size is {size}; give 0 or more pairs.")
        self.size = size
        self.generator = generator or torch.Generator().manual_seed(0)
        self.images: list[Tensor] = []
        self.fakes: list[Tensor] = []

    def __len__(self) -> int:
        return len(self.images)

    def query(self, image: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Hand in a batch, get one of the same size for the discriminator.

        Args:
            image: ``(B, C, H, W)``.
            fake: ``(B, 1, H, W)``, the generator's depth, scaled as D sees it.

        Returns:
            (image, fake), detached, of the same shapes.
        """
        if image.shape[0] != fake.shape[0]:
            raise ValueError(
                f"image holds {image.shape[0]} items and fake "
                f"{fake.shape[0]}; give one fake for each image."
            )
        image, fake = image.detach(), fake.detach()
        if self.size == 0:
            return image, fake
        pairs = [
            self._exchange(i, f) for i, f in zip(image, fake, strict=True)
        ]
        images, fakes = zip(*pairs, strict=True)
        return torch.stack(images), torch.stack(fakes)

    def _exchange(self, image: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        if len(self) < self.size:
            self.images.append(image.clone())
            self.fakes.append(fake.clone())
            return image, fake
        # Two draws per pair, whatever the first says: the stream of random
        # numbers then depends on the number of pairs alone.
        keep, slot = torch.rand(2, generator=self.generator).tolist()
        if keep < 0.5:
            return image, fake
        slot = min(int(slot * self.size), self.size - 1)
        old = self.images[slot].to(image), self.fakes[slot].to(fake)
        self.images[slot], self.fakes[slot] = image.clone(), fake.clone()
        return old

    def state_dict(self) -> dict[str, Tensor]:
        """Stored pairs and random state as plain tensors, for a checkpoint."""
        empty = torch.empty(0)
        return {
            "images": torch.stack(self.images) if self.images else empty,
            "fakes": torch.stack(self.fakes) if self.fakes else empty,
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue exactly where `state_dict` was taken."""
        if len(state["images"]) > self.size:
            raise ValueError(
                f"state holds {len(state['images'])} pairs, the pool only "
                f"{self.size}; build it with the size it was saved with."
            )
        self.images = [image.clone() for image in state["images"]]
        self.fakes = [fake.clone() for fake in state["fakes"]]
        self.generator.set_state(state["generator"].cpu())
