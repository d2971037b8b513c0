"""Discriminators by what one score sees, and at equal numbers of parameters.

Chen et al. (2018), section 3.0.1: the size of the patch sets how non-local
the adversarial loss is. To compare sizes alone, the networks must not differ
in capacity as well.
"""

import torch
from torch import nn

from depthlib.models.patchgan import ImageDiscriminator, PatchDiscriminator

__all__ = ["FIELDS", "discriminator_for", "width_for_parameters"]

# Side of the patch in pixels, and the stride-2 convolutions that give it.
FIELDS = {1: 0, 16: 1, 34: 2, 70: 3, 142: 4}


def discriminator_for(
    field: int | None,
    in_channels: int = 4,
    width: int = 64,
    norm: str = "batch",
) -> nn.Module:
    """The discriminator whose scores see field x field pixels.

    Args:
        field: a key of `FIELDS`; None: one score for the whole image, an
            `ImageDiscriminator`.
        in_channels: channels of image and depth together.
        width: channels of the first convolution.
        norm: "batch", "instance" or "none".

    Raises:
        ValueError: another field, or an argument that the class refuses.
    """
    if field is None:
        return ImageDiscriminator(in_channels, width=width, norm=norm)
    if field not in FIELDS:
        raise ValueError(
            f"field is {field}; give one of {list(FIELDS)} pixels, or None "
            "for the whole image."
        )
    return PatchDiscriminator(in_channels, FIELDS[field], width, norm)


def width_for_parameters(
    parameters: int,
    field: int | None,
    in_channels: int = 4,
    norm: str = "batch",
) -> int:
    """The width at which `discriminator_for` has about these parameters.

    Counts grow with the square of the width, in steps of about 2 / width:
    the closest one is off by at most 1 / width, about.

    Args:
        parameters: as many as wanted, e.g. 2,766,657 for the 70x70 one.
        field: as in `discriminator_for`, like the rest.

    Raises:
        ValueError: fewer parameters than width 1 has.
    """

    def count(width: int) -> int:
        with torch.device("meta"):
            network = discriminator_for(field, in_channels, width, norm)
        return sum(p.numel() for p in network.parameters())

    if parameters < count(1):
        raise ValueError(
            f"parameters is {parameters}; a field of {field} needs at least "
            f"{count(1)}, at width 1."
        )
    high = 2
    while count(high) < parameters:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if count(middle) < parameters:
            low = middle
        else:
            high = middle
    return min(low, high, key=lambda width: abs(count(width) - parameters))
