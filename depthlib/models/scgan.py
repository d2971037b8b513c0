"""SC-GAN's generator: depth from a frame and its two neighbours.

Wu et al. (2019), "Spatial correspondence with generative adversarial
network: learning depth from monocular videos". Features of neighbouring
frames are compared at a sparse set of displacements; no pose is estimated.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depthlib.kernels import smolyak_offsets, spatial_correlation
from depthlib.models.aspp import ASPP
from depthlib.models.attention import DirectionAttention
from depthlib.models.encoders import build_encoder
from depthlib.models.layers import (
    ImageNetNorm,
    check_image,
    full_precision,
    scaled,
)
from depthlib.models.refinement import CoarseHead, Refinement
from depthlib.models.scale import unscale_depth

__all__ = ["SCGAN"]

FEATURES = 256  # channels of a frame's features
MULTIPLE = 32  # images are padded to multiples of it
CHOICES = {
    "correspondence": ("pairs", "self", "none"),
    "attention": ("dba", "sigmoid", "static", "blind", "none"),
    "refinement": ("skips", "blind", "none"),
    "similarity": ("dot", "cosine", "normed"),
    "borders": ("zero", "valid"),
}


class SCGAN(nn.Module):
    """Depth in metres of a frame, from it and the frames before and after.

    Shapes at 256x512: every frame gets features f of 256x64x128; each pair
    (0, -1), (0, +1) a correlation V of 441x64x128, weighted by a vector of
    441; V and BN(f_r), 697 channels, are refined to 1x256x512 by one network
    for both pairs; a 3x3 convolution fuses the two maps.

    What the paper leaves open, and what we do. The features shrink the image
    to 1/8 (dilated ResNet) and are enlarged bilinearly, behind the ASPP.
    Correlations are divided by sqrt(C): sums over 256 channels would drown
    BN(f_r). Displacements that leave the map give 0. Depth is linear in the
    output, from [-1, 1] to [min_depth, max_depth], clipped to that range in
    evaluation mode alone. The fusion starts as the mean of both maps. Images
    are normalised by ImageNet's mean and spread, and padded at the right and
    at the bottom, by repeating the border, to multiples of 32.

    Removing a module. "Kept" says whether the number of parameters is.

    - correspondence: "self" compares the frame with itself, one image with
      no motion (kept); "none" drops V and with it the attention (not kept).
      Either way the network takes one frame.
    - attention: "none" has V as it is, "static" one learned weight for each
      offset (not kept); "blind" is the printed network fed with ones in
      place of features (kept); "sigmoid" puts a sigmoid behind it (kept).
    - refinement: "none" is `CoarseHead` (not kept); "blind" has zeros for
      skips (kept).

    Parameters with ResNet-50 and 441 offsets: 42,510,213, of which
    23,508,032 are the encoder's, 15,534,848 the ASPP's, 3,046,529 the
    refinement's and 420,273 the attention's. 42,089,940 without attention,
    41,073,876 without correspondence, 41,072,133 without refinement.

    Args:
        offsets: ``(N, 2)`` of (dy, dx) at a quarter of the image; None takes
            the paper's 441, Smolyak's grid of level 7 within 24.
        encoder: "resnet50" as published, or another ResNet of `ENCODERS`.
        width: factor on all channels.
        blocks: lengths of the encoder's stages; None as published.
        stages: how many stages the encoder has; 1 ends at a quarter of the
            image, plain and quick.
        stride: of an encoder with all stages, 8, 16 or 32.
        correspondence: "pairs", "self" or "none".
        attention: "dba", "sigmoid", "static", "blind" or "none".
        refinement: "skips", "blind" or "none".
        similarity: "dot", divided by sqrt(C); "cosine"; or "normed", the dot
            product of BN(f): features as they are differ little from their
            mean, and so do all their products from each other.
        borders: "zero", or "valid": V is multiplied by the number of offsets
            over that of those inside the map, position by position.
        weights: "imagenet" for the encoder, or None; the paper starts from
            scratch.
        min_depth: metres.
        max_depth: metres; 80 in the paper.

    Raises:
        ValueError: an unknown choice, offsets of another shape, an encoder
            that is no ResNet; otherwise see the encoders.
    """

    def __init__(
        self,
        offsets: Tensor | None = None,
        encoder: str = "resnet50",
        width: float = 1.0,
        blocks: Sequence[int] | None = None,
        stages: int = 4,
        stride: int = 8,
        correspondence: str = "pairs",
        attention: str = "dba",
        refinement: str = "skips",
        similarity: str = "dot",
        borders: str = "zero",
        weights: str | None = None,
        min_depth: float = 1e-3,
        max_depth: float = 80.0,
    ):
        super().__init__()
        _check(correspondence, attention, refinement, similarity, borders)
        if not encoder.startswith("resnet"):
            raise ValueError(f"encoder is {encoder!r}; give a ResNet.")
        self.correspondence = correspondence
        self.similarity, self.borders = similarity, borders
        self.min_depth, self.max_depth = min_depth, max_depth
        offsets = smolyak_offsets(7) if offsets is None else offsets
        self.register_buffer("offsets", _checked(offsets), persistent=False)
        self.encoder = build_encoder(
            encoder,
            weights=weights,
            width=width,
            blocks=blocks,
            stages=stages,
            stride=stride,
        )
        features, stem = scaled(FEATURES, width), self.encoder.channels[0]
        self.aspp = ASPP(self.encoder.channels[-1], features)
        self.norm = nn.BatchNorm2d(features)
        self.fusion = nn.Conv2d(2, 1, 3, padding=1)
        nn.init.zeros_(self.fusion.weight)
        nn.init.constant_(self.fusion.weight[..., 1, 1], 0.5)
        nn.init.zeros_(self.fusion.bias)
        count = 0 if correspondence == "none" else len(self.offsets)
        channels = count + features
        self.refine = (
            CoarseHead(channels, width)
            if refinement == "none"
            else Refinement(
                channels, features, stem, width, refinement == "blind"
            )
        )
        # Made last: whatever its kind, the rest starts equal.
        self.attention = (
            None
            if attention == "none" or not count
            else DirectionAttention(features, count, attention)
        )
        self.normalise = ImageNetNorm()

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the network is called with, by its names in a sample."""
        motion = self.correspondence == "pairs"
        return ("image", "adjacent") if motion else ("image",)

    def features(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Features of frames ``(B, 3, H, W)``, and those of Conv0.

        Returns:
            ``(B, C, H/4, W/4)``, not negative, and ``(B, stem, H/2, W/2)``.
        """
        stem, *_, deep = self.encoder(self.normalise(image))
        f, size = self.aspp(deep), (stem.shape[-2] // 2, stem.shape[-1] // 2)
        if f.shape[-2:] != size:
            f = F.interpolate(
                f, size=size, mode="bilinear", align_corners=False
            )
        return f, stem

    def correlate(self, reference: Tensor, adjacent: Tensor) -> Tensor:
        """V of Eq. 1, ``(B, N, h, w)``, of features ``(B, C, h, w)``."""
        if self.similarity == "cosine":
            # The kernel divides by sqrt(C).
            scale = reference.shape[1] ** 0.5
            reference = scale * F.normalize(reference, dim=1)
            adjacent = F.normalize(adjacent, dim=1)
        v = spatial_correlation(reference, adjacent, self.offsets)
        if self.borders == "valid":
            v = v * self._coverage(*v.shape[-2:])
        return v

    def forward(self, image: Tensor, adjacent: Tensor | None = None) -> Tensor:
        """Depth ``(B, 1, H, W)`` of the frames ``image``, in metres.

        Args:
            image: ``(B, 3, H, W)`` in [0, 1].
            adjacent: ``(B, 2, 3, H, W)``, the frames before and after; not
                looked at where the correspondence is not "pairs".

        Raises:
            ValueError: shapes that do not fit, or a missing ``adjacent``.
        """
        height, width = image.shape[-2:]
        frames = self._frames(image, adjacent)
        f, stem = self.features(frames)
        n = len(image)
        f_r, f_a, pairs = self._pairs(f, n)
        normed = self.norm(f if self.similarity == "normed" else f[:n])
        skips = [
            torch.cat([skip] * pairs)
            for skip in (f[:n], stem[:n], self.normalise(frames[:n]))
        ]
        x = torch.cat([normed[:n]] * pairs)
        if self.correspondence != "none":
            compared = f_r, f_a
            if self.similarity == "normed":
                compared = self._pairs(normed, n)[:2]
            v = self.correlate(*compared)
            if self.attention is not None:
                v = v * self.attention(f_r, f_a)[..., None, None]  # Eq. 5
            x = torch.cat([v, x], 1)
        maps = self.refine(x, *skips).split(n)
        # A single frame has one map for both places.
        maps = torch.cat([maps[0], maps[-1]], 1)
        depth = unscale_depth(
            full_precision(self.fusion, maps), self.min_depth, self.max_depth
        )[..., :height, :width]
        if self.training:
            return depth
        return depth.clamp(self.min_depth, self.max_depth)

    def weights(self, image: Tensor, adjacent: Tensor | None = None) -> Tensor:
        """What the attention makes of frames, ``(B, pairs, N)``.

        Arguments and errors as in `forward`; a network without an attention
        has none.
        """
        f, _ = self.features(self._frames(image, adjacent))
        f_r, f_a, pairs = self._pairs(f, len(image))
        weights = self.attention(f_r, f_a)
        return weights.unflatten(0, (pairs, -1)).transpose(0, 1)

    def _frames(self, image: Tensor, adjacent: Tensor | None) -> Tensor:
        """All frames below each other, padded: all 0, all -1, all +1."""
        check_image(image, 1)
        frames = [image]
        if self.correspondence == "pairs":
            frames += self._neighbours(image, adjacent)
        # Channels last to the end: every change of order is a copy.
        return _padded(torch.cat(frames)).contiguous(
            memory_format=torch.channels_last
        )

    def _pairs(self, f: Tensor, n: int) -> tuple[Tensor, Tensor, int]:
        """Features of both frames of each pair, and how many there are."""
        if self.correspondence == "pairs":
            return torch.cat([f[:n], f[:n]]), f[n:], 2
        return f, f, 1

    def _neighbours(self, image, adjacent) -> list[Tensor]:
        expected = (len(image), 2, *image.shape[1:])
        if adjacent is None or adjacent.shape != expected:
            given = None if adjacent is None else tuple(adjacent.shape)
            raise ValueError(
                f"adjacent is {given}; give the frames before and after, "
                f"{expected}, or build the network with correspondence="
                '"self" or "none" for single images.'
            )
        if adjacent.dtype != image.dtype:
            raise ValueError(
                f"adjacent is {adjacent.dtype} and image {image.dtype}; give "
                "both as floating point in [0, 1]."
            )
        return [adjacent[:, 0], adjacent[:, 1]]

    def _coverage(self, height: int, width: int) -> Tensor:
        """Number of offsets over those inside the map, ``(h, w)``."""
        rows, columns = (
            _inside(self.offsets[:, k], size)
            for k, size in enumerate((height, width))
        )
        inside = torch.einsum("nh,nw->hw", rows, columns)
        return len(self.offsets) / inside.clamp(min=1)


def _check(*chosen: str) -> None:
    for (name, allowed), value in zip(CHOICES.items(), chosen, strict=True):
        if value not in allowed:
            raise ValueError(
                f"{name} is {value!r}; choose one of {', '.join(allowed)}."
            )


def _checked(offsets: Tensor) -> Tensor:
    if offsets.ndim != 2 or offsets.shape[1] != 2 or not len(offsets):
        raise ValueError(
            f"offsets has shape {tuple(offsets.shape)}; give (N, 2) of "
            "(dy, dx), as smolyak_offsets makes them."
        )
    return offsets.long()


def _inside(shifts: Tensor, size: int) -> Tensor:
    """``(N, size)``: 1.0 where a shifted position is still on the map."""
    place = torch.arange(size, device=shifts.device) + shifts[:, None]
    return ((place >= 0) & (place < size)).float()


def _padded(image: Tensor) -> Tensor:
    bottom, right = (-side % MULTIPLE for side in image.shape[-2:])
    if not bottom and not right:
        return image
    return F.pad(image, (0, right, 0, bottom), mode="replicate")
