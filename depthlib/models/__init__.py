"""Networks: image ``(B, 3, H, W)`` in [0, 1] -> depth ``(B, 1, H, W)``, m.

`DenseDepth` answers in target space, at half the size; behind
`ReciprocalDepth` or `MetricDepth` it gives metres. `UNet` answers in [-1, 1];
`unscale_depth` gives metres. Encoders carry torchvision's parameter names;
`weights=None` needs no network connection.
"""

from depthlib.models.aspp import ASPP
from depthlib.models.attention import DirectionAttention
from depthlib.models.avcl import AVCL, MetricHead, PoseGenerator
from depthlib.models.crf import CNNCRF, CRF, UnaryCNN
from depthlib.models.critics import (
    FIELDS,
    discriminator_for,
    width_for_parameters,
)
from depthlib.models.d3net import D3Net
from depthlib.models.densedepth import DenseDepth
from depthlib.models.densenet import DenseNetEncoder
from depthlib.models.dorn import (
    OrdinalHead,
    ordinal_depth,
    soft_ordinal_depth,
)
from depthlib.models.patchgan import (
    ImageDiscriminator,
    PatchDiscriminator,
    receptive_field,
)
from depthlib.models.resnet import ResNetEncoder
from depthlib.models.scale import ScaledDepth, scale_depth, unscale_depth
from depthlib.models.scgan import SCGAN
from depthlib.models.spectral import power_iteration, spectral_normalise
from depthlib.models.targets import (
    MetricDepth,
    ReciprocalDepth,
    from_reciprocal,
    to_reciprocal,
)
from depthlib.models.tiles import tiled_prediction
from depthlib.models.unet import UNet

__all__ = [
    "ASPP",
    "AVCL",
    "CNNCRF",
    "CRF",
    "FIELDS",
    "SCGAN",
    "D3Net",
    "DenseDepth",
    "DenseNetEncoder",
    "DirectionAttention",
    "ImageDiscriminator",
    "MetricDepth",
    "MetricHead",
    "OrdinalHead",
    "PatchDiscriminator",
    "PoseGenerator",
    "ReciprocalDepth",
    "ResNetEncoder",
    "ScaledDepth",
    "UNet",
    "UnaryCNN",
    "discriminator_for",
    "from_reciprocal",
    "ordinal_depth",
    "power_iteration",
    "receptive_field",
    "scale_depth",
    "soft_ordinal_depth",
    "spectral_normalise",
    "tiled_prediction",
    "to_reciprocal",
    "unscale_depth",
    "width_for_parameters",
]
