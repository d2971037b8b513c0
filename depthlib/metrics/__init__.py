"""Metrics, protocols, quality measures, bounds and trivial predictors."""

from depthlib.kernels.ssim import ssim
from depthlib.metrics.bounds import BOUNDS, Bound, Violation, check_bounds
from depthlib.metrics.coupling import cross_reach, cross_rows, cross_share
from depthlib.metrics.depth import (
    DIRECTIONS,
    METRICS,
    MetricTally,
    depth_metrics,
)
from depthlib.metrics.edges import (
    edge_f1,
    edge_f1_ranges,
    edge_scores,
    gradient_ratio,
    high_frequency_ratio,
    spectral_slope,
)
from depthlib.metrics.protocol import PROTOCOLS, Protocol
from depthlib.metrics.quality import (
    QUALITY_DIRECTIONS,
    mssim,
    normal_error,
    residual_share,
)
from depthlib.metrics.scaling import median_scale
from depthlib.metrics.spread import bin_errors, bin_spread, scale_share
from depthlib.metrics.trivial import trivial_predictors

__all__ = [
    "BOUNDS",
    "DIRECTIONS",
    "METRICS",
    "PROTOCOLS",
    "QUALITY_DIRECTIONS",
    "Bound",
    "MetricTally",
    "Protocol",
    "Violation",
    "bin_errors",
    "bin_spread",
    "check_bounds",
    "cross_reach",
    "cross_rows",
    "cross_share",
    "depth_metrics",
    "edge_f1",
    "edge_f1_ranges",
    "edge_scores",
    "gradient_ratio",
    "high_frequency_ratio",
    "median_scale",
    "mssim",
    "normal_error",
    "residual_share",
    "scale_share",
    "spectral_slope",
    "ssim",
    "trivial_predictors",
]
