"""The numerical kernels: plain, readable, and fast where it counts.

``render`` (with its ``render_*`` parts) draws the synthetic rooms and is
imported by name, since it compiles on first use.
"""

from depthlib.kernels.crf import crf_map, crf_nll
from depthlib.kernels.crf_sparse import crf_map_sparse, crf_nll_sparse
from depthlib.kernels.inpaint import inpaint_depth
from depthlib.kernels.ssim import ssim
from depthlib.kernels.warp import nearest_sources, splat_depth, warp_depth

__all__ = [
    "crf_map",
    "crf_map_sparse",
    "crf_nll",
    "crf_nll_sparse",
    "inpaint_depth",
    "nearest_sources",
    "splat_depth",
    "ssim",
    "warp_depth",
]
