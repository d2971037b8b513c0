"""The numerical kernels: plain, readable, and fast where it counts.

``render`` draws the synthetic rooms and streets, and is imported by name,
since it compiles on first use.
"""

from depthlib.kernels.correlation import spatial_correlation
from depthlib.kernels.crf import crf_map, crf_nll
from depthlib.kernels.crf_sparse import crf_map_sparse, crf_nll_sparse
from depthlib.kernels.inpaint import inpaint_depth
from depthlib.kernels.offsets import (
    mean_gap,
    printed_offsets,
    random_offsets,
    smolyak_offsets,
    strided_offsets,
    uniform_offsets,
)
from depthlib.kernels.ssim import ssim
from depthlib.kernels.warp import nearest_sources, splat_depth, warp_depth

__all__ = [
    "crf_map",
    "crf_map_sparse",
    "crf_nll",
    "crf_nll_sparse",
    "inpaint_depth",
    "mean_gap",
    "nearest_sources",
    "printed_offsets",
    "random_offsets",
    "smolyak_offsets",
    "spatial_correlation",
    "splat_depth",
    "ssim",
    "strided_offsets",
    "uniform_offsets",
    "warp_depth",
]
