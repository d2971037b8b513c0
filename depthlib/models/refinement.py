"""From features at a quarter of the image to one value a pixel.

The refinement subnetwork of SC-GAN (Wu et al. 2019, section 3.4, Fig. 6) and
what is left when it is removed.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depthlib.models.layers import full_precision, scaled

__all__ = ["CoarseHead", "Refinement"]

WIDTHS = (256, 128, 64)


class Refinement(nn.Module):
    """Up to the image's size in two transposed convolutions, with skips.

    The text gives the kernels (3x3), the three skips and that each
    transposed convolution doubles the size; order and widths are ours, from
    the sizes that fit:

        1/4   3x3 to 256, joined by the ASPP's features
        1/2   transposed to 128, joined by Conv0's features, 3x3 to 128
        1/1   transposed to 64, joined by the image, 3x3 to 64, 3x3 to 1

    ReLU between, no norms, a bias everywhere; He's initial weights.

    Args:
        channels: of the input, correlation and features together.
        features: channels of the ASPP's features.
        stem: channels of Conv0's features.
        width: factor on the three widths.
        blind: the skips are replaced by zeros: the same parameters, nothing
            finer than a quarter of the image.
    """

    def __init__(
        self,
        channels: int,
        features: int,
        stem: int,
        width: float = 1.0,
        blind: bool = False,
    ):
        super().__init__()
        quarter, half, full = (scaled(c, width) for c in WIDTHS)
        self.blind = blind
        # What depends on the number of offsets comes last: runs that differ
        # in it alone start equal elsewhere.
        self.up2 = nn.ConvTranspose2d(quarter + features, half, 4, 2, 1)
        self.mix2 = nn.Conv2d(half + stem, half, 3, padding=1)
        self.up1 = nn.ConvTranspose2d(half, full, 4, 2, 1)
        self.mix1 = nn.Conv2d(full + 3, full, 3, padding=1)
        self.last = nn.Conv2d(full, 1, 3, padding=1)
        initialise(self)
        self.mix4 = initialise(nn.Conv2d(channels, quarter, 3, padding=1))

    def forward(
        self, x: Tensor, features: Tensor, stem: Tensor, image: Tensor
    ) -> Tensor:
        """One map ``(B, 1, H, W)``.

        Args:
            x: ``(B, channels, H/4, W/4)``.
            features: ``(B, features, H/4, W/4)``.
            stem: ``(B, stem, H/2, W/2)``.
            image: ``(B, 3, H, W)``, normalised.
        """
        if self.blind:
            features, stem, image = (
                torch.zeros_like(skip) for skip in (features, stem, image)
            )
        x = torch.relu(self.mix4(x))
        x = torch.relu(self.up2(torch.cat([x, features], 1)))
        x = torch.relu(self.mix2(torch.cat([x, stem], 1)))
        x = torch.relu(self.up1(x))
        x = torch.relu(self.mix1(torch.cat([x, image], 1)))
        return full_precision(self.last, x)


class CoarseHead(nn.Module):
    """No refinement: two 3x3 convolutions, enlarged four times bilinearly.

    Args:
        channels: of the input.
        width: factor on the 256 channels between.
    """

    def __init__(self, channels: int, width: float = 1.0):
        super().__init__()
        quarter = scaled(WIDTHS[0], width)
        self.last = nn.Conv2d(quarter, 1, 3, padding=1)
        initialise(self)
        self.mix4 = initialise(nn.Conv2d(channels, quarter, 3, padding=1))

    def forward(self, x: Tensor, *_skips: Tensor) -> Tensor:
        """One map ``(B, 1, H, W)`` of ``(B, channels, H/4, W/4)``."""
        coarse = full_precision(self.last, torch.relu(self.mix4(x)))
        return F.interpolate(
            coarse, scale_factor=4, mode="bilinear", align_corners=False
        )


def initialise(network: nn.Module) -> nn.Module:
    """He's weights, Xavier's for one channel, biases 0; returns it."""
    for module in network.modules():
        if isinstance(module, nn.ConvTranspose2d):
            # A stride of 2 lets 2x2 of the 4x4 weights reach each output.
            deviation = (2 / (4 * module.in_channels)) ** 0.5
            nn.init.normal_(module.weight, std=deviation)
        elif isinstance(module, nn.Conv2d):
            if module.out_channels == 1:  # no ReLU follows
                nn.init.xavier_normal_(module.weight)
            else:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        else:
            continue
        nn.init.zeros_(module.bias)
    return network
