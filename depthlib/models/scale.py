"""Metres to the range [-1, 1] of a tanh, and back."""

import torch.nn.functional as F
from torch import Tensor, nn

from depthlib.models.tiles import tiled_prediction

__all__ = ["ScaledDepth", "scale_depth", "squeeze", "unscale_depth"]


def scale_depth(
    depth: Tensor, min_depth: float = 1e-3, max_depth: float = 10.0
) -> Tensor:
    """Map depth linearly from [min_depth, max_depth] metres to [-1, 1].

    The range in which discriminators and the L1 term beside them work.
    Values outside the range are not clipped.

    Args:
        depth: metres, any shape.
        min_depth: metres, mapped to -1.
        max_depth: metres, mapped to 1.

    Raises:
        ValueError: min_depth is not below max_depth.
    """
    _check_range(min_depth, max_depth)
    return 2 * (depth - min_depth) / (max_depth - min_depth) - 1


def unscale_depth(
    scaled: Tensor, min_depth: float = 1e-3, max_depth: float = 10.0
) -> Tensor:
    """Map [-1, 1] to metres: min + (max - min) (scaled + 1) / 2.

    The inverse of `scale_depth` and the last step of `D3Net`.
    """
    _check_range(min_depth, max_depth)
    return min_depth + (max_depth - min_depth) * (scaled + 1) / 2


class ScaledDepth(nn.Module):
    """A network with outputs in [-1, 1], as a network of metres.

    Args:
        network: image ``(B, 3, H, W)`` -> scaled depth ``(B, 1, H, W)``.
        min_depth: metres, what -1 means.
        max_depth: metres, what 1 means.
        size: (H, W) that images are squeezed to first, by averaging over
            areas, whatever their aspect; None takes them as they are. The
            depth then has this size.
        tile: side of the squares that the network was trained on, if in
            evaluation mode larger images are to be predicted by tiles of
            this size; None hands them over whole.
    """

    def __init__(
        self,
        network: nn.Module,
        min_depth: float = 1e-3,
        max_depth: float = 10.0,
        size: tuple[int, int] | None = None,
        tile: int | None = None,
    ):
        super().__init__()
        _check_range(min_depth, max_depth)
        self.network, self.size, self.tile = network, size, tile
        self.min_depth, self.max_depth = min_depth, max_depth

    def forward(self, image: Tensor) -> Tensor:
        """Depth ``(B, 1, h, w)`` in metres."""
        if self.size:
            image = squeeze(image, self.size)
        if self.tile and not self.training:
            scaled = tiled_prediction(self.network, image, self.tile)
        else:
            scaled = self.network(image)
        return unscale_depth(scaled, self.min_depth, self.max_depth)


def squeeze(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Images ``(B, C, H, W)`` at another size, whatever the aspect.

    Averaged over areas, as Chen et al. (2018) bring 375 x 1241 pixels to
    256 x 256.
    """
    if image.shape[-2:] == tuple(size):
        return image
    return F.interpolate(image, size=tuple(size), mode="area")


def _check_range(min_depth: float, max_depth: float) -> None:
    if not min_depth < max_depth:
        raise ValueError(
            f"min_depth is {min_depth} and max_depth {max_depth}; give the "
            "ends of the range in metres, the smaller first."
        )
