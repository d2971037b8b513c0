"""Small pieces that the encoders, the decoder and the critics share."""

import torch
from torch import Tensor, nn

__all__ = ["check_image", "pooling_convolution", "scaled"]


def scaled(channels: int, width: float) -> int:
    """Channels times width, as a multiple of 4, at least 4."""
    if not width > 0:
        raise ValueError(
            f"width is {width}; give a positive factor: 1.0 is the published "
            "network, 0.25 suits a small machine."
        )
    return max(4, 4 * round(channels * width / 4))


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
