"""Which offsets a run compares, by the words of its config."""

from torch import Tensor

from depthlib import kernels

SAMPLINGS = ("chebyshev", "uniform", "every", "random", "strided", "full")


def offsets_of(config) -> Tensor:
    """The offsets of a run, ``(N, 2)`` of (dy, dx).

    Args:
        config: with ``sampling``, one of ``SAMPLINGS``: the two Smolyak
            grids of a ``level``; each ``pitch``-th row and column; as many
            offsets as the Chebyshev grid of the level, at random (of the
            ``seed``) or evenly; or all within the ``radius``.

    Raises:
        ValueError: an unknown sampling.
    """
    level, radius = config.level, config.radius
    sampling = config.sampling
    if sampling in ("chebyshev", "uniform"):
        return kernels.smolyak_offsets(level, radius, sampling)
    if sampling in ("every", "full"):
        pitch = config.pitch if sampling == "every" else 1
        return kernels.uniform_offsets(pitch, radius)
    count = len(kernels.smolyak_offsets(level, radius))
    if sampling == "random":
        return kernels.random_offsets(count, radius, config.seed)
    if sampling == "strided":
        return kernels.strided_offsets(count, radius)
    raise ValueError(
        f"sampling is {sampling!r}; choose one of {', '.join(SAMPLINGS)}"
    )
