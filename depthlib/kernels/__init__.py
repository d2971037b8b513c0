"""The numerical kernels: plain, readable, and fast where it counts.

``render`` (with its ``render_*`` parts) draws the synthetic rooms and is
imported by name, since it compiles on first use.
"""

from depthlib.kernels.inpaint import inpaint_depth
from depthlib.kernels.ssim import ssim

__all__ = ["inpaint_depth", "ssim"]
