"""Small pieces that the encoders, the decoders and the critics share."""

import torch
from torch import Tensor, nn

from depthlib.kernels.precision import without_autocast

__all__ = [
    "ImageNetNorm",
    "check_image",
    "dilations",
    "full_precision",
    "pooling_convolution",
    "scaled",
]

# Dilation of the four stages of an encoder that shrinks the image by the key.
DILATIONS = {32: (1, 1, 1, 1), 16: (1, 1, 1, 2), 8: (1, 1, 2, 4)}


def scaled(channels: int, width: float) -> int:
    """Channels times width, as a multiple of 4, at least 4."""
    if not width > 0:
        raise ValueError(
            f"width is {width}; give a positive factor: 1.0 is the published "
            "network, 0.25 suits a small machine."
        )
    return max(4, 4 * round(channels * width / 4))


class ImageNetNorm(nn.Module):
    """Images ``(B, 3, H, W)`` in [0, 1] as official encoders expect them.

    Less the mean of ImageNet's pictures, by their spread; no parameters.
    """

    def __init__(self):
        super().__init__()
        for name, value in (
            ("mean", (0.485, 0.456, 0.406)),
            ("std", (0.229, 0.224, 0.225)),
        ):
            value = torch.tensor(value).view(1, 3, 1, 1)
            self.register_buffer(name, value, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        return (image - self.mean) / self.std


def pooling_convolution(channels: int) -> nn.Sequential:
    """4x4 convolution with stride 2, norm, ReLU: D3-Net's max-pool.

    Halves H and W, keeps the channels, no bias (Carvalho et al. 2018, Fig. 1
    and section 3). Norm and activation are not stated there: the released
    code has a norm and a leaky ReLU, here a ReLU as in the rest.
    """
    pool = nn.Sequential()
    pool.add_module("conv", nn.Conv2d(channels, channels, 4, 2, 1, bias=False))
    pool.add_module("norm", nn.BatchNorm2d(channels))
    pool.add_module("relu", nn.ReLU(inplace=True))
    return pool


def dilations(stride: int) -> tuple[int, ...]:
    """Dilation of an encoder's four stages that shrink the image by stride.

    A stage that no longer halves its input spreads its 3x3 convolutions
    instead, so that each weight meets the features it would have met (Yu and
    Koltun 2016): same parameters, same field of view, more positions.
    """
    if stride not in DILATIONS:
        raise ValueError(
            f"stride is {stride}; give 32 (the published encoder), 16 or 8."
        )
    return DILATIONS[stride]


def full_precision(layer: nn.Module, x: Tensor) -> Tensor:
    """``layer(x)`` in the precision of its weights, also under autocast."""
    # Not layer.weight: to look at a normalised one costs a power iteration.
    dtype = next(layer.parameters()).dtype
    with without_autocast(x):
        return layer(x.to(dtype))


def check_image(image: Tensor, stride: int) -> None:
    """Raise ValueError unless image is float ``(B, 3, H, W)`` and fits.

    H and W must be multiples of stride.
    """
    if image.dim() != 4 or image.shape[1] != 3:
        raise ValueError(
            f"image has shape {tuple(image.shape)}; give (B, 3, H, W)."
        )
    if not torch.is_floating_point(image):
        raise ValueError(
            f"image is {image.dtype}; give floating point values in [0, 1]."
        )
    height, width = image.shape[-2:]
    if height % stride or width % stride or not height * width:
        raise ValueError(
            f"image is {height} x {width} (H x W); both must be multiples "
            f"of {stride}: crop, pad or resize it first."
        )
