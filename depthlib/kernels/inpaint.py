"""Filling holes in depth maps under the guidance of the picture.

Levin, Lischinski and Weiss 2004, "Colorization using optimization", in the
form in which the NYU Depth v2 toolbox applies it to depth.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

__all__ = ["inpaint_depth"]

LUMA = (0.2989, 0.5870, 0.1140)  # ITU-R BT.601, as rgb2gray rounds it
# The neighbours of a pixel, in the order of their index in the image.
AROUND = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]
TOLERANCE = 1e-9  # of the largest depth
SWEEPS = 3  # substitutions for each, dearer, solution of the unknown block
RIM = 1.3  # growth of the block up to which its rim is worth factoring
LEAF = 8  # pixels: where dissection of the image stops


def inpaint_depth(
    image: Tensor, depth: Tensor, mask: Tensor, alpha: float = 1.0
) -> Tensor:
    """Fill unknown depth so that it changes only where the picture does.

    Every pixel shall equal a weighted mean of its eight neighbours, the
    weight falling with the difference in brightness; known pixels are also
    drawn to their measured depth, with weight ``alpha``. With the rows of W
    holding the weights and M = diag(mask), the map d solves

        (I - W + alpha M) d = alpha M depth.

    Known pixels are therefore smoothed a little as well, the less the larger
    ``alpha``. The result is no further than 1e-9 of the largest depth from
    the exact solution. Computed in float64; no gradient flows.

    Args:
        image: ``(B, 3, H, W)`` in [0, 1].
        depth: ``(B, 1, H, W)``, any unit; where ``mask`` is False its
            values are ignored.
        mask: ``(B, 1, H, W)`` bool, True where the depth is known.
        alpha: weight of the known depths, above 0.

    Returns:
        ``(B, 1, H, W)`` of the type and on the device of ``depth``.

    Raises:
        ValueError: shapes or types do not fit, ``alpha`` is not above 0, an
            image has no known pixel, or a known depth or the picture holds
            NaN or infinity.
    """
    _check(image, depth, mask, alpha)
    weights = torch.tensor(LUMA, dtype=torch.float64)
    pictures = image.detach().cpu().double().movedim(1, -1) @ weights
    depths = depth.detach().cpu().double()[:, 0].numpy()
    known = mask.cpu()[:, 0].numpy()
    filled = [
        _fill(grey, values, inside, float(alpha))
        for grey, values, inside in zip(
            pictures.numpy(), depths, known, strict=True
        )
    ]
    return torch.from_numpy(np.stack(filled))[:, None].to(depth)


def _fill(grey, depth, mask, alpha) -> np.ndarray:
    """One image: all arrays ``(H, W)``."""
    rows = _weights(grey)
    known = mask.reshape(-1)
    measured = np.where(known, depth.reshape(-1), 0.0)
    if alpha < 0.5:
        # Steps would be many: the bound below shrinks by 1 / (1 + alpha).
        filled = _solve_all(rows, known, measured, alpha, mask.shape)
    else:
        filled = _alternate(rows, known, measured, alpha, mask.shape)
    return filled.reshape(mask.shape)


def _weights(grey: np.ndarray):
    """W: each row holds a pixel's weights for its neighbours, sum 1.

    A weight is exp(-difference^2 / s). The scale s is 0.6 times the variance
    in the 3x3 window, but large enough that the most similar neighbour
    weighs 0.01 before the sum is taken out, and at least 2e-6.
    """
    from scipy.sparse import csr_array

    height, width = grey.shape
    framed = np.pad(grey, 1, constant_values=np.nan)
    around = np.stack(
        [
            framed[1 + y : 1 + y + height, 1 + x : 1 + x + width]
            for y, x in AROUND
        ],
        axis=-1,
    ).reshape(-1, len(AROUND))
    inside = ~np.isnan(around)
    centre = grey.reshape(-1, 1)
    difference = np.where(inside, around - centre, 0.0)
    count = inside.sum(1) + 1
    # The variance of the window, its centre at 0.
    mean = difference.sum(1) / count
    variance = (difference**2).sum(1) / count - mean**2
    square = np.where(inside, difference**2, np.inf)
    scale = np.maximum(0.6 * variance, square.min(1) / -np.log(0.01))
    scale = np.maximum(scale, 2e-6)
    weight = np.exp(-square / scale[:, None])
    weight /= weight.sum(1, keepdims=True)
    step = np.array([y * width + x for y, x in AROUND])
    columns = np.arange(height * width)[:, None] + step
    starts = np.concatenate([[0], np.cumsum(count - 1)])
    size = height * width
    return csr_array(
        (weight[inside], columns[inside], starts), shape=(size, size)
    )


def _solve_all(rows, known, measured, alpha, shape) -> np.ndarray:
    """The whole system at once."""
    from scipy.sparse import diags_array

    matrix = diags_array(1 + alpha * known) - rows
    solve = _factored(matrix, _dissection(*shape))
    return solve(alpha * known * measured)


def _alternate(rows, known, measured, alpha, shape) -> np.ndarray:
    """Holes exactly, the known pixels by substitution, in turns.

    Only the block of the unknown pixels is factored, with the known ones
    around them unless those are too many (scattered single holes). An error
    e of the other pixels gives those of the block, whose rows are means and
    measurements, no larger one, and comes back from the substitutions as
    e / (1 + alpha) at most. So the error after a turn is at most its change
    / alpha, which is what is tested: a small residual would promise nothing
    here.
    """
    from scipy.sparse import diags_array

    order = _dissection(*shape)
    # Most of the exchange is across the rim; it converges much faster so.
    near = ~known
    rim = near | (rows @ near > 0)
    if rim.sum() <= RIM * near.sum():
        near = rim
    block, others = order[near[order]], np.flatnonzero(~near)
    into_block, into_others = rows[block], rows[others]
    drawn = alpha * measured  # 0 where unknown
    bound = TOLERANCE * np.abs(measured).max()
    filled = np.where(known, measured, measured[known].mean())
    if block.size:
        diagonal = diags_array(1 + alpha * known[block])
        solve = _factored(
            diagonal - into_block[:, block], np.arange(block.size)
        )
        from_others = into_block[:, others]
        filled[block] = solve(drawn[block] + from_others @ filled[others])
    while others.size:
        before = filled[others]
        for _ in range(SWEEPS):
            mean = into_others @ filled
            filled[others] = (drawn[others] + mean) / (1 + alpha)
        change = np.abs(filled[others] - before).max()
        if block.size:
            filled[block] = solve(drawn[block] + from_others @ filled[others])
        if change <= bound * alpha:
            break
    return filled


def _factored(matrix, order):
    """A solver for ``matrix``, eliminated in the order given.

    The diagonal dominates, so that no pivoting is needed and the order can
    be chosen for little fill-in alone.
    """
    from scipy.sparse.linalg import splu

    factors = splu(
        matrix[order][:, order].tocsc(),
        permc_spec="NATURAL",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )

    def solve(right):
        solution = np.empty_like(right)
        solution[order] = factors.solve(right[order])
        return solution

    return solve


@lru_cache(maxsize=8)
def _dissection(height: int, width: int) -> np.ndarray:
    """Pixels in an order of elimination with little fill-in.

    Nested dissection (George 1973): a line of pixels parts the image in two
    that do not touch; both come first, in the same manner, the line last.
    """
    number = np.arange(height * width).reshape(height, width)
    parts = []
    waiting = [number]
    while waiting:  # backwards: separators first, then what they part
        block = waiting.pop()
        if block.shape[0] > block.shape[1]:
            block = block.T
        if block.shape[1] <= LEAF:
            parts.append(block.reshape(-1))
            continue
        middle = block.shape[1] // 2
        parts.append(block[:, middle])
        waiting += [block[:, :middle], block[:, middle + 1 :]]
    return np.concatenate(parts[::-1])


def _check(image, depth, mask, alpha) -> None:
    if depth.ndim != 4 or depth.shape[1] != 1 or depth[:1].numel() < 2:
        raise ValueError(
            f"depth has shape {tuple(depth.shape)}; expected (B, 1, H, W) "
            "with two pixels or more"
        )
    expected = (depth.shape[0], 3, *depth.shape[2:])
    if tuple(image.shape) != expected:
        raise ValueError(
            f"image has shape {tuple(image.shape)}; expected {expected} for "
            f"a depth of shape {tuple(depth.shape)}"
        )
    if mask.shape != depth.shape or mask.dtype != torch.bool:
        raise ValueError(
            f"mask is {mask.dtype} of shape {tuple(mask.shape)}; expected "
            f"bool of shape {tuple(depth.shape)}, True where depth is known"
        )
    if not (image.is_floating_point() and depth.is_floating_point()):
        raise ValueError(
            f"image is {image.dtype} and depth {depth.dtype}; expected "
            "floating point, the image in [0, 1]"
        )
    if not 0 < alpha < float("inf"):
        raise ValueError(f"alpha is {alpha}; expected a number above 0")
    if not torch.isfinite(image).all():
        raise ValueError("image holds NaN or infinity; expected [0, 1]")
    if not torch.isfinite(depth[mask]).all():
        raise ValueError(
            "depth holds NaN or infinity where mask is True; set the mask "
            "to False there"
        )
    empty = ~mask.flatten(1).any(1)
    if empty.any():
        raise ValueError(
            f"mask of image {int(empty.nonzero()[0])} is all False; at least "
            "one depth must be known"
        )
