"""Networks: image ``(B, 3, H, W)`` in [0, 1] -> depth ``(B, 1, H, W)``, m.

Encoders carry torchvision's parameter names; `weights=None` needs no network
connection.
"""

from depthlib.models.d3net import D3Net
from depthlib.models.densenet import DenseNetEncoder
from depthlib.models.patchgan import ImageDiscriminator, PatchDiscriminator
from depthlib.models.resnet import ResNetEncoder
from depthlib.models.scale import scale_depth, unscale_depth

__all__ = [
    "D3Net",
    "DenseNetEncoder",
    "ImageDiscriminator",
    "PatchDiscriminator",
    "ResNetEncoder",
    "scale_depth",
    "unscale_depth",
]
