"""The CNN-CRF: depth of superpixels by a network, smoothed by a CRF.

Chen, Mahmood, Yuille and Durr 2018, section 3.2; the model is that of Liu,
Shen and Lin 2015. What the paper leaves open is decided here and said so.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depthlib.kernels import crf_map, crf_nll
from depthlib.kernels.crf import LOG_PI
from depthlib.models.layers import scaled
from depthlib.models.scale import scale_depth, unscale_depth
from depthlib.models.superpixels import (
    adjacency,
    centres,
    grey,
    grey_histograms,
    slic,
    spread,
    superpixel_means,
)

__all__ = ["CNNCRF", "CRF", "UnaryCNN", "similarities"]

CHANNELS = (64, 128, 256)  # of the stages of the unary network
HIDDEN = 128
SCALES = (10.0, 2.0)
STRIDE = 8


def similarities(
    image: Tensor,
    labels: Tensor,
    scales: tuple[float, float] = SCALES,
    bins: int = 16,
) -> Tensor:
    """How alike neighbours look: exp(-scale |f_i - f_j|), for two features.

    The features are the mean brightness and the histogram of brightness.
    The paper names them but gives only a distance, and no scale. With the
    scales here half of the neighbours in pictures of NYU Depth v2 have more
    than about 0.5 of the first and 0.3 of the second; one scale of 10 for
    both would leave the histogram without effect (median 0.002).

    Args:
        image: ``(B, 3, H, W)`` in [0, 1]; no gradient flows to it.
        labels: ``(B, H, W)``.
        scales: of brightness and of histograms, above 0.
        bins: of the histogram.

    Returns:
        ``(B, 2, n, n)`` in [0, 1], symmetric, 0 for those that do not touch.
    """
    with torch.no_grad():
        brightness = grey(image)
        features = (
            superpixel_means(brightness, labels)[0],
            grey_histograms(brightness, labels, bins),
        )
        # Not by the product of matrices, whose rounding is not symmetric.
        way = "donot_use_mm_for_euclid_dist"
        alike = [
            torch.exp(-scale * torch.cdist(f, f, compute_mode=way))
            for scale, f in zip(scales, features, strict=True)
        ]
        alike = torch.stack(alike, 1)
        return alike * adjacency(labels)[:, None]


class CRF(nn.Module):
    """Weights of the pairwise terms: R = sum_k beta_k S^k, beta_k above 0.

    beta is the softplus of a free parameter: above 0 whatever the optimiser
    does, and with a gradient everywhere; behind a ReLU it would stay at 0.

    Args:
        count: how many similarities.
        beta: what each starts from, above 0.
    """

    def __init__(self, count: int = 2, beta: float = 1.0):
        super().__init__()
        if not beta > 0:
            raise ValueError(f"beta is {beta}; give a number above 0")
        start = torch.full((count,), float(beta), dtype=torch.float64)
        self.free = nn.Parameter(start.expm1().log().float())

    @property
    def beta(self) -> Tensor:
        """``(K,)``, above 0."""
        return F.softplus(self.free)

    def pairwise(self, similarity: Tensor) -> Tensor:
        """R ``(B, n, n)`` of ``(B, K, n, n)``."""
        if similarity.ndim != 4 or similarity.shape[1] != len(self.free):
            raise ValueError(
                f"similarity has shape {tuple(similarity.shape)}; expected "
                f"(B, {len(self.free)}, n, n)"
            )
        # No matrix product: autocast would make it half precision.
        return (self.beta.view(1, -1, 1, 1) * similarity).sum(1)

    def forward(self, unary: Tensor, similarity: Tensor) -> Tensor:
        """The most probable depths ``(B, n)`` (`crf_map`)."""
        return crf_map(unary, self.pairwise(similarity))

    def nll(
        self,
        unary: Tensor,
        similarity: Tensor,
        target: Tensor,
        known: Tensor | None = None,
    ) -> Tensor:
        """-log p(target), ``(B,)`` (`crf_nll`)."""
        return crf_nll(unary, self.pairwise(similarity), target, known)


class CNNCRF(nn.Module):
    """Depth in metres, one value a superpixel.

    The unary is a small network in the manner of VGG (3x3 convolutions, max
    pooling, two full layers, a tanh), with shared weights for all
    superpixels. Width, depth and patch are not stated. Two readings:

    - "patch": it sees one RGB patch, centred on the superpixel; beyond the
      image the border is repeated. The reading of Liu et al.
    - "pooled": its convolutions see the whole image once, and their features
      are averaged over each superpixel. Cheaper, and so what the study runs.

    The CRF works on depth scaled to [-1, 1]; the most probable depths are
    weighted means of the unaries and stay in that range.

    Args:
        unary: "patch" or "pooled".
        patch: side of the patch in pixels, a multiple of 8.
        width: factor on all channels (multiples of 4).
        superpixels: about how many an image.
        min_depth: metres, above 0.
        max_depth: metres.

    Raises:
        ValueError: an argument outside these.
    """

    def __init__(
        self,
        unary: str = "patch",
        patch: int = 32,
        width: float = 1.0,
        superpixels: int = 300,
        min_depth: float = 1e-3,
        max_depth: float = 10.0,
    ):
        super().__init__()
        if unary not in ("patch", "pooled"):
            raise ValueError(f'unary is {unary!r}; choose "patch" or "pooled"')
        if patch < STRIDE or patch % STRIDE:
            raise ValueError(f"patch is {patch}; give a multiple of {STRIDE}")
        if not 0 < min_depth < max_depth:
            raise ValueError(
                f"min_depth is {min_depth} and max_depth {max_depth}; give "
                "metres with 0 < min_depth < max_depth"
            )
        self.kind, self.patch, self.superpixels = unary, patch, superpixels
        self.min_depth, self.max_depth = min_depth, max_depth
        layers, channels = [], 3
        for out in (scaled(c, width) for c in CHANNELS):
            layers += _stage(channels, out)
            channels = out
        self.features = nn.Sequential(*layers)
        side = patch // STRIDE if unary == "patch" else 1
        hidden = scaled(HIDDEN, width)
        self.regressor = nn.Sequential(
            nn.Linear(channels * side**2, hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, 1),
            nn.Tanh(),
        )
        self.crf = CRF()
        _initialise(self)

    def forward(self, image: Tensor, labels: Tensor | None = None) -> Tensor:
        """Depth ``(B, 1, H, W)``, metres, constant over superpixels.

        Args:
            image: ``(B, 3, H, W)`` in [0, 1].
            labels: ``(B, H, W)``; None finds superpixels anew. They do not
                change in training: find them once.
        """
        labels = self.segment(image) if labels is None else labels
        found = self.crf(
            self.unaries(image, labels), similarities(image, labels)
        )
        return self._metres(found, labels)

    def unary_depth(
        self, image: Tensor, labels: Tensor | None = None
    ) -> Tensor:
        """As `forward`, but without the CRF: what it starts from."""
        labels = self.segment(image) if labels is None else labels
        return self._metres(self.unaries(image, labels), labels)

    def nll(
        self,
        image: Tensor,
        depth: Tensor,
        mask: Tensor,
        labels: Tensor | None = None,
    ) -> Tensor:
        """-log p of the superpixels' mean depths, ``(B,)``: the loss.

        In nats, of depth scaled to [-1, 1]. Superpixels without a known
        pixel are integrated out.

        Args:
            image: as `forward`.
            depth: ``(B, 1, H, W)``, metres.
            mask: ``(B, 1, H, W)`` bool.
            labels: as `forward`.
        """
        labels = self.segment(image) if labels is None else labels
        target, known = self.targets(depth, mask, labels)
        return self.crf.nll(
            self.unaries(image, labels),
            similarities(image, labels),
            target,
            known,
        )

    def targets(
        self, depth: Tensor, mask: Tensor, labels: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Mean depths scaled to [-1, 1], ``(B, n)``, and which are known."""
        means, known = superpixel_means(depth, labels, mask)
        scaled = scale_depth(means[..., 0], self.min_depth, self.max_depth)
        return scaled, known

    def decay(self, network: float, beta: float) -> Tensor:
        """network / 2 |gamma|^2 + beta / 2 |beta|^2, of Eq. 10.

        gamma are all parameters of the unary, beta the weights of the CRF
        themselves, which no optimiser's own weight decay would reach.
        """
        parts = (*self.features.parameters(), *self.regressor.parameters())
        total = network / 2 * sum(p.square().sum() for p in parts)
        if self.crf is None:
            return total
        return total + beta / 2 * self.crf.beta.square().sum()

    def segment(self, image: Tensor) -> Tensor:
        """Superpixels ``(B, H, W)`` of images."""
        return slic(image, self.superpixels)

    def unaries(self, image: Tensor, labels: Tensor) -> Tensor:
        """z ``(B, n)`` in [-1, 1], float32; 0 for padding."""
        b, n = len(labels), int(labels.max()) + 1
        there = (
            torch.arange(n, device=labels.device)
            <= labels.amax((1, 2))[:, None]
        )
        levels = self._patched if self.kind == "patch" else self._pooled
        level = levels(image, labels, there)[:, 0].float()
        return level.new_zeros(b, n).masked_scatter(there, level)

    def _patched(self, image, labels, there):
        """From the patch of each superpixel that is there."""
        which, _ = there.nonzero(as_tuple=True)
        half = self.patch // 2
        framed = F.pad(2 * image - 1, (half,) * 4, mode="replicate")
        corner = centres(labels)[there].round().long()
        reach = torch.arange(self.patch, device=image.device)
        rows = (corner[:, :1] + reach)[:, :, None]
        columns = (corner[:, 1:] + reach)[:, None]
        patches = framed.movedim(1, -1)[which[:, None, None], rows, columns]
        found = self.features(patches.movedim(-1, 1))
        return self.regressor(found.flatten(1))

    def _pooled(self, image, labels, there):
        """From features of one pass, averaged over superpixels."""
        found = self.features(2 * image - 1).float()
        found = F.interpolate(found, labels.shape[1:], mode="bilinear")
        return self.regressor(superpixel_means(found, labels)[0][there])

    def _metres(self, level, labels):
        depth = unscale_depth(level, self.min_depth, self.max_depth)
        return spread(depth, labels)


class UnaryCNN(CNNCRF):
    """A `CNNCRF` without its CRF: what the pairwise terms have to beat.

    Same arguments, same initial weights; without pairwise terms the most
    probable depths are the unaries themselves, and the likelihood is that of
    independent Gaussians, i.e. regression on the superpixels' mean depths.
    """

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.crf = None

    def forward(self, image: Tensor, labels: Tensor | None = None) -> Tensor:
        """Depth ``(B, 1, H, W)``, metres, constant over superpixels."""
        return self.unary_depth(image, labels)

    def nll(
        self,
        image: Tensor,
        depth: Tensor,
        mask: Tensor,
        labels: Tensor | None = None,
    ) -> Tensor:
        """As `CNNCRF.nll` for R = 0: (y_i - z_i)^2 + ln(pi) / 2, summed."""
        labels = self.segment(image) if labels is None else labels
        target, known = self.targets(depth, mask, labels)
        square = (self.unaries(image, labels) - target).square()
        return torch.where(known, square + LOG_PI / 2, 0.0).sum(1)


def _stage(channels: int, out: int) -> list[nn.Module]:
    """Two 3x3 convolutions, then half the resolution."""
    return [
        nn.Conv2d(channels, out, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(out, out, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    ]


def _initialise(model: nn.Module) -> None:
    """He before a ReLU, Xavier before the tanh, no bias."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    nn.init.xavier_normal_(model.regressor[2].weight)
