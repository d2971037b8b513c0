"""The z-buffer of ``kernels.warp`` on the CPU: one pass over the pixels."""

import numpy as np
import torch
from numba import njit, prange
from torch import Tensor

from depthlib.kernels.compiling import share_threads

# No fast math: a comparison with NaN must stay false.
OPTIONS = {"nogil": True, "cache": True, "error_model": "numpy"}


def nearest(pixels: Tensor, z: Tensor, lands: Tensor) -> Tensor:
    """As ``warp._nearest``: winners from where points fall.

    Args:
        pixels: ``(B, 2, H, W)``, where each source lands, as (u, v).
        z: ``(B, 1, H, W)``, metres.
        lands: bool ``(B, 1, H, W)``, whether a source counts at all.

    Returns:
        ``(B, 1, H, W)`` int64, -1 where nothing lands.
    """
    winner = np.full(z.shape, -1, dtype=np.int64)
    share_threads()
    arrays = (x.contiguous().numpy() for x in (pixels, z, lands))
    _nearest(*arrays, winner)
    return torch.from_numpy(winner)


@njit(parallel=True, **OPTIONS)
def _nearest(pixels, z, lands, winner):
    batch, _, height, width = z.shape
    for b in prange(batch):
        for i in range(height):
            for j in range(width):
                if not lands[b, 0, i, j]:
                    continue
                column = np.floor(pixels[b, 0, i, j])
                row = np.floor(pixels[b, 1, i, j])
                if not (0 <= column < width and 0 <= row < height):
                    continue
                y, x = int(row), int(column)
                held = winner[b, 0, y, x]
                if (
                    held < 0
                    or z[b, 0, i, j] < z[b, 0, held // width, held % width]
                ):
                    winner[b, 0, y, x] = i * width + j
