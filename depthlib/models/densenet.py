"""DenseNet encoder that hands out the feature maps a decoder needs.

Huang et al. (2017), DenseNet-BC, with the module names of torchvision, so
that official state dicts load as they are.
"""

import re
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from depthlib.models.layers import dilations, pooling_convolution, scaled
from depthlib.models.weights import load_weights

__all__ = ["DenseNetEncoder"]

BLOCKS = {
    121: (6, 12, 24, 16),
    169: (6, 12, 32, 32),
    201: (6, 12, 48, 32),
}
STEM, GROWTH, BOTTLENECK = 64, 32, 4
# Behind which modules the first four maps are taken.
TAPS = {
    "before": (
        "relu0",
        "transition1.conv",
        "transition2.conv",
        "transition3.conv",
    ),
    "after": ("relu0", "pool0", "transition1", "transition2"),
}

# The files were saved when a layer was called "norm.1", now "norm1".
OLD_KEY = re.compile(r"(denselayer\d+\.(?:norm|conv))\.(\d\.)")


class DenseNetEncoder(nn.Module):
    """DenseNet without classifier.

    ``encoder(image)`` returns five maps, from fine to coarse, channels at
    width 1 for depth 121: stem after its ReLU (64, H/2), the three
    transitions *before* their pooling (128, H/4; 256, H/8; 512, H/16), the
    last block after norm and ReLU (1024, H/32). Their numbers of channels are
    in `channels`. With ``taps="after"`` the three in the middle are taken
    *after* a pooling: the first one (64, H/4), then those of the first two
    transitions (128, H/8; 256, H/16), as DenseDepth's skips are.

    Args:
        depth: 121, 169 or 201.
        weights: "imagenet" or None (He initialisation as in torchvision).
        width: factor on all channels and on the growth rate, each rounded to
            a multiple of 4.
        blocks: lengths of the four dense blocks, in place of the depth's.
        pool: "max" as published, or "conv": the 4x4 stride-2 convolution of
            D3-Net, 64 to 64 channels, with norm and ReLU.
        taps: "before" or "after" the pooling, see above.
        stride: how much the image shrinks: 32 as published; 16 or 8 leave
            the pooling of the last one or two transitions out and dilate
            what follows, with the same parameters.

    Parameters: 6,953,856 (121), 12,484,480 (169), 18,092,928 (201); with
    pool="conv" 65,664 more.

    Raises:
        ValueError: unknown depth, weights, pool, taps or stride; a width or
            blocks that do not go with the weights; blocks that are not four
            positive integers.
        FileNotFoundError: the weights are neither here nor reachable.
    """

    def __init__(
        self,
        depth: int = 121,
        weights: str | None = None,
        width: float = 1.0,
        blocks: Sequence[int] | None = None,
        pool: str = "max",
        taps: str = "before",
        stride: int = 32,
    ):
        super().__init__()
        lengths = _lengths(depth, blocks)
        growth, stem = scaled(GROWTH, width), scaled(STEM, width)
        self.features, channels = _features(
            lengths, stem, growth, pool, dilations(stride)
        )
        if taps not in TAPS:
            raise ValueError(f'taps is {taps!r}; give "before" or "after".')
        self.taps = TAPS[taps]
        after = [stem, stem, *channels[1:3], channels[4]]
        self.channels = channels if taps == "before" else after
        self._initialise()
        self.register_load_state_dict_pre_hook(_translate)
        changed = width != 1.0 or lengths != BLOCKS[depth]
        load_weights(self, f"densenet{depth}", weights, changed)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Feature maps of an image ``(B, 3, H, W)``, fine to coarse.

        H and W should be multiples of 32; the scale of the values is the
        caller's choice (official weights expect ImageNet's mean and spread).
        """
        maps, x = [], image
        for name, module in self.features.named_children():
            if name.startswith("transition"):
                x = module.conv(module.relu(module.norm(x)))
                if f"{name}.conv" in self.taps:
                    maps.append(x)
                x = module.pool(x)
            else:
                x = module(x)
            if name in self.taps:
                maps.append(x)
        return [*maps, torch.relu(x)]

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)


class _DenseLayer(nn.Module):
    """1x1 bottleneck and 3x3 convolution; returns the new maps only."""

    def __init__(self, channels: int, growth: int, dilation: int):
        super().__init__()
        inner = BOTTLENECK * growth
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(
            inner,
            growth,
            3,
            padding=dilation,
            dilation=dilation,
            bias=False,
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(self.relu(self.norm1(x)))
        return self.conv2(self.relu(self.norm2(x)))


class _DenseBlock(nn.Module):
    """Each layer sees the concatenation of all maps before it."""

    def __init__(self, length: int, channels: int, growth: int, dilation: int):
        super().__init__()
        for i in range(length):
            layer = _DenseLayer(channels + i * growth, growth, dilation)
            self.add_module(f"denselayer{i + 1}", layer)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = torch.cat([x, layer(x)], 1)
        return x


class _Transition(nn.Module):
    """Norm, ReLU, 1x1 convolution, pooling; the encoder calls the parts."""

    def __init__(self, channels: int, out_channels: int, halves: bool):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(channels, out_channels, 1, bias=False)
        self.pool = nn.AvgPool2d(2, 2) if halves else nn.Identity()


def _features(
    lengths: tuple[int, ...],
    stem: int,
    growth: int,
    pool: str,
    dilation: tuple[int, ...],
) -> tuple[nn.Sequential, list[int]]:
    """All layers under torchvision's names, and the channels of the maps."""
    if pool not in ("max", "conv"):
        raise ValueError(f'pool is {pool!r}; give "max" or "conv".')
    features = nn.Sequential()
    features.add_module("conv0", nn.Conv2d(3, stem, 7, 2, 3, bias=False))
    features.add_module("norm0", nn.BatchNorm2d(stem))
    features.add_module("relu0", nn.ReLU(inplace=True))
    features.add_module(
        "pool0",
        nn.MaxPool2d(3, 2, 1) if pool == "max" else pooling_convolution(stem),
    )
    channels, maps = stem, [stem]
    for i, length in enumerate(lengths, start=1):
        block = _DenseBlock(length, channels, growth, dilation[i - 1])
        features.add_module(f"denseblock{i}", block)
        channels += length * growth
        if i < len(lengths):
            halves = dilation[i] == dilation[i - 1]
            transition = _Transition(channels, channels // 2, halves)
            features.add_module(f"transition{i}", transition)
            channels //= 2
            maps.append(channels)
    features.add_module("norm5", nn.BatchNorm2d(channels))
    return features, [*maps, channels]


def _lengths(depth: int, blocks: Sequence[int] | None) -> tuple[int, ...]:
    if depth not in BLOCKS:
        raise ValueError(f"depth is {depth}; give one of {list(BLOCKS)}.")
    lengths = BLOCKS[depth] if blocks is None else tuple(blocks)
    if len(lengths) != 4 or any(int(n) != n or n < 1 for n in lengths):
        raise ValueError(
            f"blocks is {blocks}; give four positive block lengths, "
            f"for example {BLOCKS[depth]}."
        )
    return lengths


def _translate(_module, state, prefix, *_unused) -> None:
    """Rename old keys and drop the classifier of an official state dict."""
    for key in [k for k in state if k.startswith(prefix)]:
        if key.startswith(prefix + "classifier."):
            del state[key]
        elif OLD_KEY.search(key):
            state[OLD_KEY.sub(r"\1\2", key)] = state.pop(key)
