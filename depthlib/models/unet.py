"""The U-Net generator of pix2pix, as the conditional GAN for depth uses it.

Chen et al. (2018), "Rethinking monocular depth estimation with adversarial
training", section 3.2; widths and norms, which it leaves open, are those of
Isola et al. (2017), "Image-to-image translation with conditional adversarial
networks".
"""

import torch
from torch import Tensor, nn

from depthlib.models.layers import full_precision

__all__ = ["UNet"]

NORMS = ("none", "batch", "instance")
SLOPE = 0.2
WIDEST = 8  # times the first width, reached at the fourth level


class UNet(nn.Module):
    """Scaled depth in [-1, 1] from one image.

    Encoder: `levels` 4x4 convolutions of stride 2 with width, 2 width,
    4 width, 8 width, 8 width, ... channels, LeakyReLU 0.2 between. Decoder:
    as many 4x4 transposed convolutions of stride 2 back through the same
    widths, each behind a ReLU; the input of all but the first is joined by
    the encoder's map of that size. A tanh ends it. With 8 levels a 256x256
    image shrinks to 1x1.

    A norm follows every convolution but the first, the innermost and the
    last. The innermost map is 1x1 at the smallest input: there instance norm
    is undefined and batch norm fails on a single image. Dropout follows the
    innermost decoder layers, `levels` - 5 of them but at least one: three at
    8 levels, as in pix2pix; Chen et al. say "the bottleneck". In evaluation
    mode it is off (pix2pix keeps it as its source of noise).

    Parameters, 3 channels to 1, 8 levels, width 64: 54,409,857 with batch
    norm, where the last layer alone has a bias; 54,405,505 with instance norm
    and with none, where all layers have one. Instance norm has no parameters
    and takes the bias before it out again; it is kept as in the released
    code of pix2pix.

    Weights start from Xavier's normal distribution (stated), fans counted
    over the whole 4x4 kernel; biases from 0.

    Args:
        in_channels: channels of the image.
        out_channels: channels of the output.
        levels: halvings, at least 2; input sizes are multiples of 2^levels.
        width: channels of the first layer.
        norm: "none" (what the paper's text says), "batch" or "instance".
        dropout: share of values set to 0, at least 0 and below 1.

    Raises:
        ValueError: an argument outside these.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 1,
        levels: int = 8,
        width: int = 64,
        norm: str = "none",
        dropout: float = 0.5,
    ):
        super().__init__()
        _check(in_channels, out_channels, levels, width, norm, dropout)
        self.in_channels, self.levels = in_channels, levels
        widths = [width * min(2**i, WIDEST) for i in range(levels)]
        self.down = nn.ModuleList()
        channels = in_channels
        for level, out in enumerate(widths, 1):
            kind = norm if 1 < level < levels else "none"
            conv = nn.Conv2d(channels, out, 4, 2, 1, bias=norm != "batch")
            first = [] if level == 1 else [nn.LeakyReLU(SLOPE)]
            self.down.append(nn.Sequential(*first, conv, *_norm(kind, out)))
            channels = out
        self.up = nn.ModuleList()
        for level, out in enumerate(reversed(widths[:-1]), 1):
            up = nn.ConvTranspose2d(
                channels, out, 4, 2, 1, bias=norm != "batch"
            )
            last = [nn.Dropout(dropout)] if level <= max(1, levels - 5) else []
            self.up.append(
                nn.Sequential(nn.ReLU(), up, *_norm(norm, out), *last)
            )
            channels = 2 * out
        self.head = nn.ConvTranspose2d(channels, out_channels, 4, 2, 1)
        self._initialise()

    def forward(self, image: Tensor) -> Tensor:
        """Scaled depth ``(B, out_channels, H, W)`` in [-1, 1], float32.

        `unscale_depth` turns it into metres.

        Args:
            image: ``(B, in_channels, H, W)`` in [0, 1], mapped to [-1, 1]
                inside; H and W multiples of 2^levels.

        Raises:
            ValueError: another shape, or integer values.
        """
        self._check_image(image)
        x, skips = 2 * image - 1, []
        for block in self.down:
            x = block(x)
            skips.append(x)
        skips.pop()
        for block in self.up:
            x = torch.cat([block(x), skips.pop()], 1)
        # Eight bits of mantissa would make steps of centimetres.
        return torch.tanh(full_precision(self.head, torch.relu(x)))

    def _check_image(self, image: Tensor) -> None:
        if image.dim() != 4 or image.shape[1] != self.in_channels:
            raise ValueError(
                f"image has shape {tuple(image.shape)}; give "
                f"(B, {self.in_channels}, H, W)."
            )
        if not torch.is_floating_point(image):
            raise ValueError(
                f"image is {image.dtype}; give floating point values in "
                "[0, 1]."
            )
        height, width = image.shape[-2:]
        stride = 2**self.levels
        if height % stride or width % stride or not height * width:
            raise ValueError(
                f"image is {height} x {width} (H x W); both must be multiples "
                f"of {stride} for {self.levels} levels: resize it, or predict "
                "it in pieces with tiled_prediction."
            )

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.xavier_normal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)


def _norm(kind: str, channels: int) -> list[nn.Module]:
    """The norm as a list of one module, or of none."""
    if kind == "batch":
        return [nn.BatchNorm2d(channels)]
    return [nn.InstanceNorm2d(channels)] if kind == "instance" else []


def _check(
    in_channels: int,
    out_channels: int,
    levels: int,
    width: int,
    norm: str,
    dropout: float,
) -> None:
    for name, value in (
        ("in_channels", in_channels),
        ("out_channels", out_channels),
        ("width", width),
    ):
        if value < 1:
            raise ValueError(f"{name} is {value}; give a positive integer.")
    if levels < 2:
        raise ValueError(f"levels is {levels}; give at least 2 halvings.")
    if norm not in NORMS:
        raise ValueError(f"norm is {norm!r}; give one of {list(NORMS)}.")
    if not 0 <= dropout < 1:
        raise ValueError(
            f"dropout is {dropout}; give a share from 0 (off) to below 1."
        )
