"""Metres to the range [-1, 1] of a tanh, and back."""

from torch import Tensor

__all__ = ["scale_depth", "unscale_depth"]


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


def _check_range(min_depth: float, max_depth: float) -> None:
    if not min_depth < max_depth:
        raise ValueError(
            f"min_depth is {min_depth} and max_depth {max_depth}; give the "
            "ends of the range in metres, the smaller first."
        )
