"""What a network is asked for: reciprocal depth m / y, or metres.

The target of DenseDepth (Alhashim and Wonka 2018): near things, where depth
can be told best, get most of the range. With m = 10 m and depths from 0.4 m
to 10 m the target runs from 25 down to 1.
"""

import math

from torch import Tensor, nn

__all__ = [
    "MetricDepth",
    "ReciprocalDepth",
    "from_reciprocal",
    "to_reciprocal",
]


class ReciprocalDepth(nn.Module):
    """A network of reciprocal depth as a network of metres.

    The output has the size of the wrapped network's, half the image for
    `DenseDepth`. An average over an image and its mirror is to be taken of
    what this module returns, in metres, after the inversion: the mean of two
    reciprocals is the reciprocal of another (harmonic) mean.

    Args:
        network: image ``(B, 3, H, W)`` -> m / y, ``(B, 1, h, w)``.
        scale: m in metres: 10 for rooms, 80 for streets.
        min_depth: metres, above 0; nearer predictions are set to it.
        max_depth: metres; farther ones, and raw outputs of 0 or below.

    Raises:
        ValueError: scale not above 0, or not 0 < min_depth < max_depth.
    """

    def __init__(
        self,
        network: nn.Module,
        scale: float = 10.0,
        min_depth: float = 0.4,
        max_depth: float = 10.0,
    ):
        super().__init__()
        _check(scale, min_depth, max_depth)
        self.network, self.scale = network, scale
        self.min_depth, self.max_depth = min_depth, max_depth

    @property
    def data_range(self) -> float:
        """Largest value that the target can take, as `ssim` needs it."""
        return self.scale / self.min_depth

    def target(self, depth: Tensor) -> Tensor:
        """What the network should answer for a true depth in metres.

        Depths are brought into the range first; unknown ones (0) become the
        nearest, for a mask to leave out.
        """
        depth = depth.clamp(self.min_depth, self.max_depth)
        return to_reciprocal(depth, self.scale)

    def forward(self, image: Tensor) -> Tensor:
        """Depth ``(B, 1, h, w)`` in metres of an image ``(B, 3, H, W)``."""
        return from_reciprocal(
            self.network(image), self.scale, self.min_depth, self.max_depth
        )


class MetricDepth(nn.Module):
    """A network that is asked for metres: the control of `ReciprocalDepth`.

    Args:
        network: image ``(B, 3, H, W)`` -> metres, ``(B, 1, h, w)``.
        min_depth: metres, above 0; nearer predictions are set to it.
        max_depth: metres; farther predictions are set to it.

    Raises:
        ValueError: not 0 < min_depth < max_depth.
    """

    def __init__(
        self,
        network: nn.Module,
        min_depth: float = 0.4,
        max_depth: float = 10.0,
    ):
        super().__init__()
        _check(1.0, min_depth, max_depth)
        self.network = network
        self.min_depth, self.max_depth = min_depth, max_depth

    @property
    def data_range(self) -> float:
        """Largest value that the target can take."""
        return self.max_depth

    def target(self, depth: Tensor) -> Tensor:
        """True depths in metres, brought into the range."""
        return depth.clamp(self.min_depth, self.max_depth)

    def forward(self, image: Tensor) -> Tensor:
        """Depth ``(B, 1, h, w)`` in metres of an image ``(B, 3, H, W)``."""
        return self.network(image).clamp(self.min_depth, self.max_depth)


def to_reciprocal(depth: Tensor, scale: float = 10.0) -> Tensor:
    """The target scale / depth, any shape, without unit.

    Nothing is clipped: bring the depth into its range first, as the paper
    does. Unknown depths of 0 become infinite; the losses' masks keep them
    out of value and gradient.

    Args:
        depth: metres.
        scale: m of the paper, metres.

    Raises:
        ValueError: scale is not above 0.
    """
    _check(scale)
    return scale / depth


def from_reciprocal(
    raw: Tensor,
    scale: float = 10.0,
    min_depth: float = 0.4,
    max_depth: float = 10.0,
) -> Tensor:
    """Metres, clip(scale / raw) to [min_depth, max_depth].

    A raw value of 0 or below, which a linear last layer can give, is as far
    as things go: max_depth. NaN stays NaN. The clip has no gradient beyond
    its ends; training compares reciprocal values and never passes here.

    Args:
        raw: a network's output in target space, any shape.
        scale: metres, as in `to_reciprocal`.
        min_depth: metres, above 0.
        max_depth: metres.

    Raises:
        ValueError: scale not above 0, or not 0 < min_depth < max_depth.
    """
    _check(scale, min_depth, max_depth)
    # Bounded before the division, so that no infinity arises, and after it,
    # against rounding.
    near = raw.clamp(min=scale / max_depth)
    return (scale / near).clamp(min_depth, max_depth)


def _check(
    scale: float, min_depth: float = 0.4, max_depth: float = 10.0
) -> None:
    if not 0 < scale < math.inf:
        raise ValueError(f"scale is {scale}; give metres above 0, such as 10.")
    if not 0 < min_depth < max_depth:
        raise ValueError(
            f"min_depth is {min_depth} and max_depth {max_depth}; give "
            "metres with 0 < min_depth < max_depth."
        )
