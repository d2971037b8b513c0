"""Networks: image ``(B, 3, H, W)`` in [0, 1] -> depth ``(B, 1, H, W)``, m.

`DenseDepth` alone answers in target space, at half the size; behind
`ReciprocalDepth` or `MetricDepth` it gives metres. Encoders carry
torchvision's parameter names; `weights=None` needs no network connection.
"""

from depthlib.models.d3net import D3Net
from depthlib.models.densedepth import DenseDepth
from depthlib.models.densenet import DenseNetEncoder
from depthlib.models.patchgan import ImageDiscriminator, PatchDiscriminator
from depthlib.models.resnet import ResNetEncoder
from depthlib.models.scale import scale_depth, unscale_depth
from depthlib.models.targets import (
    MetricDepth,
    ReciprocalDepth,
    from_reciprocal,
    to_reciprocal,
)

__all__ = [
    "D3Net",
    "DenseDepth",
    "DenseNetEncoder",
    "ImageDiscriminator",
    "MetricDepth",
    "PatchDiscriminator",
    "ReciprocalDepth",
    "ResNetEncoder",
    "from_reciprocal",
    "scale_depth",
    "to_reciprocal",
    "unscale_depth",
]
