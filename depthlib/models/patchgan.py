"""Discriminators that score an image together with a depth map.

`PatchDiscriminator` scores overlapping patches (Isola et al. 2017, pix2pix);
`ImageDiscriminator` gives one score to the whole image, for the comparison.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["ImageDiscriminator", "PatchDiscriminator", "receptive_field"]

NORMS = ("batch", "instance", "none")
SLOPE = 0.2
STD = 0.02


class PatchDiscriminator(nn.Module):
    """A map of scores, each for the patch in its receptive field.

    4x4 convolutions with padding 1: `layers` of stride 2 with width, 2 width,
    4 width, ... channels (at most 8 width), one of stride 1 with twice as
    many as the last (same limit), and one of stride 1 to a single score.
    LeakyReLU 0.2 between; a norm after all but the first and the last. Scores
    have no sigmoid.

    layers=3 is the 70x70 PatchGAN: 2,766,657 parameters with 4 inputs and
    batch norm, 30x30 scores for 256x256. layers=2 is that of D3-Net:
    664,385 parameters, 62x78 scores (H x W) for 256x320, patches of 34
    pixels; Carvalho et al. (2018) print that size, from which the layers
    follow. layers=1 sees 16 pixels, layers=4 sees 142, layers=0 single
    pixels: then both convolutions before the score are 1x1, with width and
    2 width channels, and there are as many scores as pixels.

    Args:
        in_channels: channels of image and depth together.
        layers: number of stride-2 convolutions, or 0.
        width: channels of the first one.
        norm: "batch", "instance" (without parameters) or "none"; as in
            pix2pix, the convolution before a batch norm has no bias.

    Raises:
        ValueError: an argument outside these.
    """

    def __init__(
        self,
        in_channels: int = 4,
        layers: int = 3,
        width: int = 64,
        norm: str = "batch",
    ):
        super().__init__()
        _check(in_channels, layers, width, norm, fewest=0)
        self.in_channels = in_channels
        if layers == 0:
            stages = _pixelwise(in_channels, width, norm)
        else:
            stages = _strided(in_channels, layers, width, norm)
            last = width * min(2 ** (layers - 1), 8)
            wide = width * min(2**layers, 8)
            stages += _stage(last, wide, 1, norm)
            stages.append(nn.Conv2d(wide, 1, 4, 1, 1))
        self.model = nn.Sequential(*stages)
        _initialise(self)

    def forward(self, image: Tensor, depth: Tensor) -> Tensor:
        """Scores ``(B, 1, h, w)``.

        Args:
            image: ``(B, C, H, W)`` in [0, 1], mapped to [-1, 1] inside.
            depth: ``(B, 1, H, W)`` scaled to [-1, 1] (`scale_depth`).

        Raises:
            ValueError: shapes that do not fit, or too small for one score.
        """
        pair = _pair(image, depth, self.in_channels)
        if min(self.score_size(*pair.shape[-2:])) < 1:
            raise ValueError(
                f"image is {tuple(pair.shape[-2:])} (H x W), too small for "
                "one score; use a larger image or fewer layers."
            )
        return self.model(pair)

    @property
    def receptive_field(self) -> int:
        """Side in pixels of the square that one score depends on."""
        convolutions = self._convolutions()
        return receptive_field(
            [conv.kernel_size[0] for conv in convolutions],
            [conv.stride[0] for conv in convolutions],
        )

    def score_size(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of scores for an image of height x width."""
        for conv in self._convolutions():
            stride = conv.stride[0]
            reach = conv.kernel_size[0] - 2 * conv.padding[0]
            height = (height - reach) // stride + 1
            width = (width - reach) // stride + 1
        return height, width

    def _convolutions(self) -> list[nn.Conv2d]:
        return [m for m in self.model if isinstance(m, nn.Conv2d)]


class ImageDiscriminator(nn.Module):
    """One score for the whole image, of any size.

    `layers` stride-2 convolutions as in `PatchDiscriminator`, then average
    pooling to a fixed grid of 4x4 cells, a 4x4 convolution over the whole
    grid to a quarter of `width` (at least 8) channels, LeakyReLU, and a
    linear score. The layer across the grid is what makes the score global:
    a mean of local scores would be a PatchGAN again.

    With the default layers=3 the convolutions have the channels of
    D3-Net's PatchDiscriminator (layers=2) of the same width, which makes
    the two comparable: 725,857 parameters against 664,385 at width 64.

    Args:
        in_channels: channels of image and depth together.
        layers: number of stride-2 convolutions, at least 1.
        width: channels of the first one; parameters grow with its square.
        norm: "batch", "instance" or "none"; none behind the grid, where
            batch norm would fail on a single image.

    Raises:
        ValueError: an argument outside these.
    """

    GRID = 4

    def __init__(
        self,
        in_channels: int = 4,
        layers: int = 3,
        width: int = 64,
        norm: str = "batch",
    ):
        super().__init__()
        _check(in_channels, layers, width, norm)
        self.in_channels = in_channels
        self.layers = layers
        last, hidden = width * min(2 ** (layers - 1), 8), max(8, width // 4)
        self.model = nn.Sequential(
            *_strided(in_channels, layers, width, norm),
            nn.AdaptiveAvgPool2d(self.GRID),
            nn.Conv2d(last, hidden, self.GRID),
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Conv2d(hidden, 1, 1),
        )
        _initialise(self)
        # Cell means are small and no norm follows: with pix2pix's 0.02 the
        # score would barely move for hundreds of steps.
        for layer in (self.model[-3], self.model[-1]):
            nn.init.kaiming_normal_(layer.weight, SLOPE)

    def forward(self, image: Tensor, depth: Tensor) -> Tensor:
        """Scores ``(B, 1, 1, 1)``, one for each image.

        Arguments and errors as in `PatchDiscriminator.forward`.
        """
        pair = _pair(image, depth, self.in_channels)
        if min(pair.shape[-2:]) < 2**self.layers:
            raise ValueError(
                f"image is {tuple(pair.shape[-2:])} (H x W), too small for "
                f"{self.layers} halvings; use a larger image or fewer layers."
            )
        return self.model(pair)


def receptive_field(kernels: Sequence[int], strides: Sequence[int]) -> int:
    """Side in pixels of what one output of stacked convolutions depends on.

    r = 1 + sum over layers of (kernel - 1) times the strides before it.

    Args:
        kernels: side of each layer's kernel, from the image onwards.
        strides: stride of each layer.

    Raises:
        ValueError: lists of different lengths.
    """
    if len(kernels) != len(strides):
        raise ValueError(
            f"kernels has {len(kernels)} entries and strides {len(strides)}; "
            "give one of each for each layer."
        )
    field = jump = 1
    for kernel, stride in zip(kernels, strides, strict=True):
        field += (kernel - 1) * jump
        jump *= stride
    return field


def _pixelwise(in_channels: int, width: int, norm: str) -> list[nn.Module]:
    """1x1 convolutions to the score: pix2pix's PixelGAN."""
    return [
        nn.Conv2d(in_channels, width, 1),
        nn.LeakyReLU(SLOPE, inplace=True),
        *_stage(width, 2 * width, 1, norm, kernel=1),
        nn.Conv2d(2 * width, 1, 1),
    ]


def _strided(
    in_channels: int, layers: int, width: int, norm: str
) -> list[nn.Module]:
    """Stride-2 stages; the first one has a bias and no norm."""
    stages = [
        nn.Conv2d(in_channels, width, 4, 2, 1),
        nn.LeakyReLU(SLOPE, inplace=True),
    ]
    for i in range(1, layers):
        channels, out = width * min(2 ** (i - 1), 8), width * min(2**i, 8)
        stages += _stage(channels, out, 2, norm)
    return stages


def _stage(
    channels: int, out: int, stride: int, norm: str, kernel: int = 4
) -> list[nn.Module]:
    padding = int(kernel > 1)
    stage = [
        nn.Conv2d(channels, out, kernel, stride, padding, bias=norm != "batch")
    ]
    if norm == "batch":
        stage.append(nn.BatchNorm2d(out))
    elif norm == "instance":
        stage.append(nn.InstanceNorm2d(out))
    return [*stage, nn.LeakyReLU(SLOPE, inplace=True)]


def _initialise(network: nn.Module) -> None:
    """pix2pix: weights N(0, 0.02), norm scales N(1, 0.02), biases 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0.0, STD)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, STD)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)


def _pair(image: Tensor, depth: Tensor, in_channels: int) -> Tensor:
    """Image in [-1, 1] and depth, stacked along the channels."""
    if (
        image.dim() != 4
        or depth.dim() != 4
        or image.shape[0] != depth.shape[0]
        or image.shape[2:] != depth.shape[2:]
        or image.shape[1] + depth.shape[1] != in_channels
    ):
        raise ValueError(
            f"image has shape {tuple(image.shape)} and depth "
            f"{tuple(depth.shape)}; give the same batch, height and width, "
            f"and {in_channels} channels together."
        )
    return torch.cat([2 * image - 1, depth], 1)


def _check(
    in_channels: int, layers: int, width: int, norm: str, fewest: int = 1
) -> None:
    for name, value, least in (
        ("in_channels", in_channels, 1),
        ("layers", layers, fewest),
        ("width", width, 1),
    ):
        if value < least:
            raise ValueError(
                f"{name} is {value}; give an integer of at least {least}."
            )
    if norm not in NORMS:
        raise ValueError(f"norm is {norm!r}; give one of {list(NORMS)}.")
