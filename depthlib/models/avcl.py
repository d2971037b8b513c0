"""AVCL: a trunk with a head for depth and, for training, one for poses.

Liu, Wang and Wang (2019). The trunk is a truncated ResNet; the depth head a
3x3 and a 1x1 convolution; the pose head proposes the view from which the
prediction is to be judged next. What the paper leaves open is said at each
class.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depthlib.models.dorn import OrdinalHead, ordinal_depth, upsampled
from depthlib.models.dorn import soft_ordinal_depth as soft_depth
from depthlib.models.encoders import build_encoder
from depthlib.models.layers import (
    ImageNetNorm,
    check_image,
    full_precision,
    scaled,
)

__all__ = ["AVCL", "MetricHead", "PoseGenerator"]

HEAD = 512
POSE = 256
STRIDE = 32  # images are multiples of it, whatever the trunk's stride


class AVCL(nn.Module):
    """Depth in metres from one image; at test time trunk and depth head.

    The paper ends the depth head with a fully connected layer, which for a
    whole map would hold hundreds of millions of weights; here the map of the
    trunk's size is enlarged, bilinearly. The norm in the depth head is ours.

    Args:
        encoder: a key of `encoders.ENCODERS`; the paper has "resnet50" beside
            berHu and "resnet101" beside DORN's loss.
        width: factor on all channels.
        blocks: lengths of the encoder's four stages; None as published.
        stride: 32, 16 or 8: by how much the trunk shrinks the image.
        head: "metric", or "ordinal" for the levels of DORN.
        bins: number of levels of the ordinal head.
        weights: "imagenet" for the encoder (width 1 only), or None.
        min_depth: metres, above 0; least depth of either head.
        max_depth: metres; the ordinal head's farthest.
        rotation: largest angle of the pose head, radians.
        translation: its largest shift, metres.

    Raises:
        ValueError: an unknown encoder or head; a range that is not
            0 < min_depth < max_depth; otherwise see the encoders.
    """

    def __init__(
        self,
        encoder: str = "resnet50",
        width: float = 1.0,
        blocks: Sequence[int] | None = None,
        stride: int = 32,
        head: str = "metric",
        bins: int = 80,
        weights: str | None = None,
        min_depth: float = 0.4,
        max_depth: float = 10.0,
        rotation: float = 0.2,
        translation: float = 0.3,
    ):
        super().__init__()
        if not 0 < min_depth < max_depth:
            raise ValueError(
                f"min_depth is {min_depth} and max_depth {max_depth}; give "
                "metres with 0 < min_depth < max_depth."
            )
        if head not in ("metric", "ordinal"):
            raise ValueError(f'head is {head!r}; give "metric" or "ordinal".')
        self.min_depth, self.max_depth = min_depth, max_depth
        self.trunk = build_encoder(
            encoder,
            weights=weights,
            width=width,
            blocks=blocks,
            stride=stride,
        )
        features = self.trunk.channels[-1]
        hidden = scaled(HEAD, width)
        last = (
            MetricHead(hidden, min_depth)
            if head == "metric"
            else OrdinalHead(hidden, bins, min_depth, max_depth)
        )
        # Without a norm Adam's first steps leave nearly all units dead. One
        # of batches would count a batch double: the head runs twice a step.
        self.head = nn.Sequential(
            nn.Conv2d(features, hidden, 3, padding=1),
            nn.GroupNorm(1, hidden),
            nn.ReLU(inplace=True),
            last,
        )
        # Made last: with or without its use, the rest starts equal.
        self.pose = PoseGenerator(features, width, rotation, translation)
        self.normalise = ImageNetNorm()

    @property
    def thresholds(self) -> Tensor:
        """Edges of the levels of the ordinal head, ``(K + 1,)`` metres."""
        return self.head[-1].thresholds

    @property
    def is_ordinal(self) -> bool:
        """Whether the head answers with levels."""
        return isinstance(self.head[-1], OrdinalHead)

    def encode(self, image: Tensor) -> Tensor:
        """What the trunk makes of an image, ``(B, C, h, w)``.

        Raises:
            ValueError: the image is not ``(B, 3, H, W)``, or H or W is no
                multiple of 32.
        """
        check_image(image, STRIDE)
        return self.trunk(self.normalise(image))[-1]

    def raw(self, features: Tensor, size) -> Tensor:
        """The head's answer at a size: metres, or logits of levels."""
        return upsampled(full_precision(self.head, features), size)

    def propose(self, features: Tensor) -> Tensor:
        """Poses ``(B, 6)`` to judge predictions from; see `PoseGenerator`."""
        return self.pose(features)

    def decode(self, raw: Tensor) -> Tensor:
        """Metres with a gradient, for the loss of a view."""
        return soft_depth(raw, self.thresholds) if self.is_ordinal else raw

    def forward(self, image: Tensor) -> Tensor:
        """Depth ``(B, 1, H, W)`` in metres of an image ``(B, 3, H, W)``."""
        raw = self.raw(self.encode(image), image.shape[-2:])
        return ordinal_depth(raw, self.thresholds) if self.is_ordinal else raw


class MetricHead(nn.Module):
    """One number a pixel, in metres and above a least depth.

    Args:
        in_channels: of the features.
        min_depth: metres; the output is above it (softplus), so that every
            pixel is a source for the warp and has a gradient.
    """

    def __init__(self, in_channels: int, min_depth: float = 0.4):
        super().__init__()
        self.min_depth = min_depth
        self.convolution = nn.Conv2d(in_channels, 1, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Metres ``(B, 1, h, w)`` of features ``(B, C, h, w)``."""
        return self.min_depth + F.softplus(self.convolution(features))


class PoseGenerator(nn.Module):
    """Proposes a pose for each image: convolutions, a mean, six numbers.

    A sigmoid, shifted and scaled, keeps every component within its range
    around zero: the paper names such a sigmoid but not the ranges. A new
    generator proposes small poses, spread around zero by its random weights.
    Its units are leaky, ours as well: plain ones die within ten steps. At too
    large a rate all images get one pose even so: the sigmoid has no slope at
    the walls (see ``MINER_RATE`` in `depthlib.training.view_consistent`).

    Args:
        in_channels: of the trunk's features.
        width: factor on its channels.
        rotation: largest angle of each axis, radians.
        translation: largest shift along each axis, metres.

    Raises:
        ValueError: a range is not above 0.
    """

    def __init__(
        self,
        in_channels: int,
        width: float = 1.0,
        rotation: float = 0.2,
        translation: float = 0.3,
    ):
        super().__init__()
        if min(rotation, translation) <= 0:
            raise ValueError(
                f"rotation is {rotation} and translation {translation}; "
                "give radians and metres above 0."
            )
        hidden = scaled(POSE, width)
        self.convolutions = nn.Sequential(
            nn.Conv2d(in_channels, hidden, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(hidden, hidden, 3, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.linear = nn.Linear(hidden, 6)
        limits = torch.tensor([rotation] * 3 + [translation] * 3)
        self.register_buffer("limits", limits, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Poses ``(B, 6)`` as `pose_matrix` takes them."""
        pooled = self.convolutions(features).mean((2, 3))
        return self.limits * (2 * torch.sigmoid(self.linear(pooled)) - 1)
