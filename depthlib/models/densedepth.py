"""DenseDepth: a pretrained encoder and a decoder that is kept simple.

Alhashim and Wonka (2018), "High quality monocular depth estimation via
transfer learning", Table 5. Where the text and the table disagree, the table
is followed: it alone gives the 42.6 million parameters of the paper.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from depthlib.models.encoders import build_encoder
from depthlib.models.layers import check_image, dilations, full_precision

__all__ = ["DenseDepth"]

STRIDE = 32
SLOPE = 0.2  # of the leaky ReLU


class DenseDepth(nn.Module):
    """Raw output in target space, at half the size of the image.

    The target is reciprocal depth, m / y, or whatever the network is trained
    on; `ReciprocalDepth` turns it into metres. The image goes in as it is:
    the paper scales it to [0, 1] and does no more, pretrained or not.

    A 1x1 convolution (CONV2) follows the encoder. Four blocks then enlarge
    the map, concatenate the encoder's map of that size and mix; each has
    half as many channels as came in, before the concatenation. A 3x3
    convolution to one channel (CONV3) ends the network: no activation, so
    the output may be negative. Every convolution of the decoder has a bias,
    none a norm; weights are drawn by Glorot's rule (stated), biases are 0.

    Decoders:

    - "plain", the paper's: bilinear, two 3x3 convolutions (CONVA, CONVB).
    - "transposed": 4x4 transposed convolution with stride 2 to the block's
      channels, then, behind the concatenation, one 3x3 convolution.
    - "up_projection", after Laina et al. (2016): zeros between the pixels;
      5x5 and 3x3 convolution, and a second 5x5 convolution beside them that
      is added. Norms are left out and the ReLU is leaky, as in "plain", so
      that the decoders differ in the up-sampling alone.

    Skips, for a DenseNet: CONV1 after its ReLU (H/2), POOL1 (H/4), POOL2
    (H/8), POOL3 (H/16), all *after* the pooling. A ResNet has no pooling
    between its stages; there the skips are the stem and the first three
    stages.

    A smaller stride asks whether encoders that shrink the image less give
    sharper depth. The deepest one or two stages then keep their input's size
    and dilate their 3x3 convolutions instead: parameters, field of view and
    official weights stay those of stride 32, so that only the number of
    positions differs. Dropping the deepest stages would shrink the encoder
    as well, to a fraction of its parameters. The first one or two blocks of
    the decoder stay but do not enlarge ("transposed": a 3x3 convolution
    instead, with fewer weights). Time and memory grow.

    Trainable parameters: 42,657,689; 21,365,405 with bridge=0.5;
    57,806,089 on densenet201; 18,991,425 on densenet121.

    Args:
        encoder: a key of `encoders.ENCODERS`; the paper has "densenet169"
            and, in an ablation, "densenet201".
        bridge: channels of CONV2 per channel of the encoder; 0.5 is the
            paper's half decoder.
        skips: False: no concatenation.
        decoder: "plain", "transposed" or "up_projection".
        activation: leaky ReLU after the last convolution of a block ("b",
            the caption of Table 5) or after the first one as well ("ab").
            "up_projection" always has the inner one of its origin.
        align_corners: of the bilinear interpolation; True as in early
            frameworks. No effect on the other decoders.
        width: factor on the encoder's channels, growth rate included; the
            decoder follows.
        blocks: lengths of the encoder's four blocks.
        weights: "imagenet" for the encoder (width 1 only), or None.
        stride: 32 as published, 16 or 8.

    Raises:
        ValueError: an unknown encoder, decoder, activation or stride; bridge
            not above 0; otherwise see the encoders.
        FileNotFoundError: the weights are neither here nor reachable.
    """

    def __init__(
        self,
        encoder: str = "densenet169",
        bridge: float = 1.0,
        skips: bool = True,
        decoder: str = "plain",
        activation: str = "b",
        align_corners: bool = False,
        width: float = 1.0,
        blocks: Sequence[int] | None = None,
        weights: str | None = None,
        stride: int = STRIDE,
    ):
        super().__init__()
        if decoder not in DECODERS:
            raise ValueError(
                f"decoder is {decoder!r}; give one of {list(DECODERS)}."
            )
        if activation not in ("b", "ab"):
            raise ValueError(
                f'activation is {activation!r}; give "b" or "ab".'
            )
        if not bridge > 0:
            raise ValueError(
                f"bridge is {bridge}; give a positive factor: 1.0 is the "
                "published network, 0.5 its half decoder."
            )
        options = {"taps": "after"} if encoder.startswith("densenet") else {}
        self.encoder = build_encoder(
            encoder,
            weights=weights,
            width=width,
            blocks=blocks,
            stride=stride,
            **options,
        )
        self.skips = skips
        *joined, channels = self.encoder.channels
        bridged = max(1, round(channels * bridge))
        self.bridge = nn.Conv2d(channels, bridged, 1)
        channels, both = bridged, activation == "ab"
        self.decoder = nn.ModuleList()
        for skip, enlarge in zip(
            reversed(joined), _enlargements(stride), strict=True
        ):
            block = DECODERS[decoder](
                channels, skip if skips else 0, enlarge, both, align_corners
            )
            self.decoder.append(block)
            channels = _half(channels)
        self.head = nn.Conv2d(channels, 1, 3, padding=1)
        self._initialise()

    def forward(self, image: Tensor) -> Tensor:
        """Raw output ``(B, 1, H/2, W/2)``, float32 under autocast as well.

        Args:
            image: ``(B, 3, H, W)`` in [0, 1]; H and W multiples of 32,
                whatever the stride.

        Raises:
            ValueError: another shape, or integer values.
        """
        check_image(image, STRIDE)
        *skips, x = self.encoder(image)
        x = self.bridge(x)
        for block in self.decoder:
            x = block(x, skips.pop() if self.skips else None)
        return full_precision(self.head, x)

    def _initialise(self) -> None:
        for part in (self.bridge, self.decoder, self.head):
            for module in part.modules():
                if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                    nn.init.xavier_uniform_(module.weight, _gain(module))
                    nn.init.zeros_(module.bias)


class _Plain(nn.Module):
    """Bilinear, CONVA, CONVB: ``(B, C, H, W)`` to ``(B, C/2, 2H, 2W)``."""

    def __init__(
        self,
        channels: int,
        skip: int,
        enlarge: bool,
        both: bool,
        align_corners: bool,
    ):
        super().__init__()
        out = _half(channels)
        self.enlarge = (
            nn.Upsample(
                scale_factor=2, mode="bilinear", align_corners=align_corners
            )
            if enlarge
            else nn.Identity()
        )
        self.conv_a = nn.Conv2d(channels + skip, out, 3, padding=1)
        self.act_a = _activation() if both else nn.Identity()
        self.conv_b = nn.Conv2d(out, out, 3, padding=1)
        self.act_b = _activation()

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        x = self.act_a(self.conv_a(_join(self.enlarge(x), skip)))
        return self.act_b(self.conv_b(x))


class _Transposed(nn.Module):
    """Transposed 4x4 and 3x3 convolution; sizes as in `_Plain`."""

    def __init__(
        self,
        channels: int,
        skip: int,
        enlarge: bool,
        both: bool,
        _align_corners: bool,
    ):
        super().__init__()
        out = _half(channels)
        self.enlarge = (
            nn.ConvTranspose2d(channels, out, 4, 2, 1)
            if enlarge
            else nn.Conv2d(channels, out, 3, padding=1)
        )
        self.act_a = _activation() if both else nn.Identity()
        self.conv_b = nn.Conv2d(out + skip, out, 3, padding=1)
        self.act_b = _activation()

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        x = _join(self.act_a(self.enlarge(x)), skip)
        return self.act_b(self.conv_b(x))


class _UpProjection(nn.Module):
    """Laina et al. (2016), Fig. 2 (c); sizes as in `_Plain`."""

    def __init__(
        self,
        channels: int,
        skip: int,
        enlarge: bool,
        _both: bool,
        _align_corners: bool,
    ):
        super().__init__()
        out = _half(channels)
        self.enlarge = _Unpool() if enlarge else nn.Identity()
        self.conv_a = nn.Conv2d(channels + skip, out, 5, padding=2)
        self.act_a = _activation()
        self.conv_b = nn.Conv2d(out, out, 3, padding=1)
        self.shortcut = nn.Conv2d(channels + skip, out, 5, padding=2)
        self.act_b = _activation()

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        x = _join(self.enlarge(x), skip)
        mixed = self.conv_b(self.act_a(self.conv_a(x)))
        return self.act_b(mixed + self.shortcut(x))


class _Unpool(nn.Module):
    """Each pixel becomes the upper left one of 2x2, the others are 0."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        wide = x.new_zeros(*x.shape[:2], 2 * height, 2 * width)
        wide[..., ::2, ::2] = x
        return wide


DECODERS = {
    "plain": _Plain,
    "transposed": _Transposed,
    "up_projection": _UpProjection,
}


def _activation() -> nn.LeakyReLU:
    return nn.LeakyReLU(SLOPE, inplace=True)


def _half(channels: int) -> int:
    return max(1, channels // 2)


def _join(x: Tensor, skip: Tensor | None) -> Tensor:
    return x if skip is None else torch.cat([x, skip], 1)


def _enlargements(stride: int) -> list[bool]:
    """Which of the four blocks enlarge: those whose stage had shrunk."""
    _, second, third, fourth = dilations(stride)
    return [third == fourth, second == third, True, True]


def _gain(module: nn.Conv2d | nn.ConvTranspose2d) -> float:
    """A stride of 2 lets a quarter of the weights reach each output.

    The variance that Glorot's rule asks for is restored by four times that
    of the weights. (The 5x5 convolutions behind zeros are left alone: the
    skips among their input have no zeros.)
    """
    return 2.0 if isinstance(module, nn.ConvTranspose2d) else 1.0
