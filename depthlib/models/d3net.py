"""D3-Net: an encoder, a decoder of transposed convolutions, and skips.

Carvalho et al. (2018), "On regression losses for deep depth estimation",
section 3 and Fig. 1. What the paper leaves open is decided here and said so.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from depthlib.models.encoders import build_encoder
from depthlib.models.layers import (
    ImageNetNorm,
    check_image,
    full_precision,
    scaled,
)
from depthlib.models.scale import unscale_depth

__all__ = ["D3Net"]

DECODER = (512, 256, 128, 64, 64)
STRIDE = 32


class D3Net(nn.Module):
    """Depth in metres from one image.

    The encoder's max-pooling is replaced by a 4x4 stride-2 convolution
    (stated). Five decoder blocks double the resolution: 4x4 stride-2
    transposed convolution, norm, ReLU, 3x3 convolution, norm, ReLU. The
    stated kernels leave the rest open: widths 512, 256, 128, 64, 64; one norm
    and ReLU after each; a bias in the transposed convolutions alone. The
    input of blocks 2 to 5 is concatenated with the encoder's map of the same
    size (U-Net's rule: "skip connections" is all that is said); the last
    block has none. A 3x3 convolution without bias and a tanh end the network:
    depth = min + (max - min) (tanh + 1) / 2, positive, as log losses need.

    ReLU throughout (the released code has slope 0.2 in places). The image is
    shifted and scaled by ImageNet's mean and spread inside, whatever the
    weights, so both kinds of initialisation see the same input.

    With DenseNet-121 at width 1: 24,220,224 parameters. With a ResNet the
    decoder's widths stay the same, but as the skips are wider (256, 512 and
    1024 channels for ResNet-50 instead of 128, 256 and 512), so are the
    inputs of blocks 2 to 4, and the skips are stage outputs after the ReLU,
    whereas a DenseNet transition hands out its 1x1 convolution.

    Args:
        encoder: a key of `encoders.ENCODERS`; the paper has "densenet121" and
            "resnet50".
        width: factor on all channels (multiples of 4), growth rate included.
        blocks: lengths of the encoder's four blocks, e.g. (2, 4, 6, 4).
        weights: "imagenet" for the encoder (width 1 only), or None.
        min_depth: metres, above 0.
        max_depth: metres.

    Raises:
        ValueError: an unknown encoder; a range that is not
            0 < min_depth < max_depth; otherwise see the encoders.
        FileNotFoundError: the weights are neither here nor reachable.
    """

    def __init__(
        self,
        encoder: str = "densenet121",
        width: float = 1.0,
        blocks: Sequence[int] | None = None,
        weights: str | None = None,
        min_depth: float = 1e-3,
        max_depth: float = 10.0,
    ):
        super().__init__()
        if not 0 < min_depth < max_depth:
            raise ValueError(
                f"min_depth is {min_depth} and max_depth {max_depth}; give "
                "metres with 0 < min_depth < max_depth."
            )
        self.min_depth, self.max_depth = min_depth, max_depth
        self.width = width
        self.encoder = build_encoder(
            encoder, weights=weights, width=width, blocks=blocks, pool="conv"
        )
        *skips, channels = self.encoder.channels
        self.decoder = nn.ModuleList()
        for out, skip in zip(DECODER, [*reversed(skips), 0], strict=True):
            block = _UpBlock(channels, scaled(out, width))
            self.decoder.append(block)
            channels = scaled(out, width) + skip
        self.head = nn.Conv2d(channels, 1, 3, padding=1, bias=False)
        self._initialise()
        self.normalise = ImageNetNorm()

    def forward(self, image: Tensor) -> Tensor:
        """Depth ``(B, 1, H, W)`` in metres, float32 under autocast as well.

        Args:
            image: ``(B, 3, H, W)`` in [0, 1]; H and W multiples of 32.

        Raises:
            ValueError: another shape, or integer values.
        """
        check_image(image, STRIDE)
        *skips, x = self.encoder(self.normalise(image))
        for block in self.decoder:
            x = block(x)
            if skips:
                x = torch.cat([x, skips.pop()], 1)
        # Eight bits of mantissa would make steps of centimetres.
        level = torch.tanh(full_precision(self.head, x))
        return unscale_depth(level, self.min_depth, self.max_depth)

    def _initialise(self) -> None:
        """He for what precedes a ReLU, Xavier before the tanh, no bias."""
        for block in self.decoder:
            # A stride of 2 lets 2x2 of the 4x4 weights reach each output.
            fan_in = 4 * block.up.in_channels
            nn.init.normal_(block.up.weight, std=(2 / fan_in) ** 0.5)
            nn.init.zeros_(block.up.bias)
            nn.init.kaiming_normal_(block.conv.weight, nonlinearity="relu")
        nn.init.xavier_normal_(self.head.weight)


class _UpBlock(nn.Module):
    """Twice the resolution: ``(B, C, H, W)`` to ``(B, out, 2H, 2W)``."""

    def __init__(self, channels: int, out: int):
        super().__init__()
        self.up = nn.ConvTranspose2d(channels, out, 4, 2, 1)
        self.norm1 = nn.BatchNorm2d(out)
        self.conv = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.norm1(self.up(x)))
        return self.relu(self.norm2(self.conv(x)))
