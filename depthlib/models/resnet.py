"""ResNet encoder that hands out the feature maps a decoder needs.

He et al. (2016), with the stride in the 3x3 convolution of a bottleneck and
the module names of torchvision, so that official state dicts load as they
are.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from depthlib.models.layers import dilations, pooling_convolution, scaled
from depthlib.models.weights import load_weights

__all__ = ["ResNetEncoder"]

BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
}
STAGES = (64, 128, 256, 512)


class ResNetEncoder(nn.Module):
    """ResNet without classifier.

    ``encoder(image)`` returns five maps, from fine to coarse, channels at
    width 1 for depth 50: stem after its ReLU (64, H/2), then the four stages
    (256, H/4; 512, H/8; 1024, H/16; 2048, H/32). Their numbers of channels
    are in `channels`.

    Args:
        depth: 18, 34 (basic blocks), 50 or 101 (bottlenecks).
        weights: "imagenet" (the first official set, V1) or None (He
            initialisation as in torchvision).
        width: factor on all channels, each rounded to a multiple of 4.
        blocks: lengths of the four stages, in place of the depth's.
        pool: "max" as published, or "conv": the 4x4 stride-2 convolution of
            D3-Net, 64 to 64 channels, with norm and ReLU.
        stride: how much the image shrinks: 32 as published; 16 or 8 leave
            the stride of the last one or two stages out and dilate what
            follows, with the same parameters.
        stages: how many of the four stages there are; with 1 the encoder
            ends at a quarter of the image.

    Parameters: 11,176,512 (18), 21,284,672 (34), 23,508,032 (50),
    42,500,160 (101); with pool="conv" 65,664 more.

    Raises:
        ValueError: unknown depth, weights, pool or stride; a width, blocks
            or stages that do not go with the weights; blocks that are not
            four positive integers; stages that are not 1, 2, 3 or 4.
        FileNotFoundError: the weights are neither here nor reachable.
    """

    def __init__(
        self,
        depth: int = 50,
        weights: str | None = None,
        width: float = 1.0,
        blocks: Sequence[int] | None = None,
        pool: str = "max",
        stride: int = 32,
        stages: int = 4,
    ):
        super().__init__()
        lengths = _lengths(depth, blocks)
        if stages not in (1, 2, 3, 4):
            raise ValueError(f"stages is {stages}; give 1, 2, 3 or 4.")
        if pool not in ("max", "conv"):
            raise ValueError(f'pool is {pool!r}; give "max" or "conv".')
        block = _Basic if depth < 50 else _Bottleneck
        channels = scaled(STAGES[0], width)
        self.conv1 = nn.Conv2d(3, channels, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = (
            nn.MaxPool2d(3, 2, 1)
            if pool == "max"
            else pooling_convolution(channels)
        )
        self.channels = [channels]
        before = 1
        plan = list(zip(lengths, dilations(stride), strict=True))[:stages]
        for i, (length, after) in enumerate(plan):
            inner = scaled(STAGES[i], width)
            step = 2 if i > 0 and before == after else 1
            stage = _stage(
                block, length, channels, inner, step, (before, after)
            )
            before = after
            self.add_module(f"layer{i + 1}", stage)
            channels = inner * block.expansion
            self.channels.append(channels)
        self._initialise()
        self.register_load_state_dict_pre_hook(_drop_classifier)
        changed = width != 1.0 or lengths != BLOCKS[depth] or stages < 4
        load_weights(self, f"resnet{depth}", weights, changed)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Feature maps of an image ``(B, 3, H, W)``, fine to coarse.

        H and W should be multiples of 32; the scale of the values is the
        caller's choice (official weights expect ImageNet's mean and spread).
        """
        maps = [self.relu(self.bn1(self.conv1(image)))]
        x = self.maxpool(maps[0])
        for i in range(1, len(self.channels)):
            x = getattr(self, f"layer{i}")(x)
            maps.append(x)
        return maps

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu"
                )


class _Basic(nn.Module):
    """Two 3x3 convolutions beside a shortcut.

    The first one sees the block's input, so it has the dilation from before
    the stage; the second one that of the stage.
    """

    expansion = 1

    def __init__(
        self,
        channels: int,
        inner: int,
        stride: int,
        dilation: tuple[int, int],
    ):
        super().__init__()
        self.conv1 = _three(channels, inner, stride, dilation[0])
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = _three(inner, inner, 1, dilation[1])
        self.bn2 = nn.BatchNorm2d(inner)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(channels, inner, stride)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)) + shortcut)


class _Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions beside a shortcut."""

    expansion = 4

    def __init__(
        self,
        channels: int,
        inner: int,
        stride: int,
        dilation: tuple[int, int],
    ):
        super().__init__()
        out = inner * self.expansion
        self.conv1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = _three(inner, inner, stride, dilation[0])
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(channels, out, stride)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(x)) + shortcut)


def _three(channels: int, out: int, stride: int, dilation: int) -> nn.Conv2d:
    """3x3 convolution without bias that keeps the size but for its stride."""
    return nn.Conv2d(
        channels, out, 3, stride, dilation, dilation=dilation, bias=False
    )


def _shortcut(channels: int, out: int, stride: int) -> nn.Sequential | None:
    """1x1 convolution and norm where size or channels change, else None."""
    if stride == 1 and channels == out:
        return None
    return nn.Sequential(
        nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
    )


def _stage(
    block: type[_Basic] | type[_Bottleneck],
    length: int,
    channels: int,
    inner: int,
    stride: int,
    dilation: tuple[int, int],
) -> nn.Sequential:
    """Blocks of one resolution; the first one carries the stride.

    dilation: of the stage before and of this one.
    """
    first = block(channels, inner, stride, dilation)
    out, after = inner * block.expansion, (dilation[1], dilation[1])
    rest = [block(out, inner, 1, after) for _ in range(length - 1)]
    return nn.Sequential(first, *rest)


def _lengths(depth: int, blocks: Sequence[int] | None) -> tuple[int, ...]:
    if depth not in BLOCKS:
        raise ValueError(f"depth is {depth}; give one of {list(BLOCKS)}.")
    lengths = BLOCKS[depth] if blocks is None else tuple(blocks)
    if len(lengths) != 4 or any(int(n) != n or n < 1 for n in lengths):
        raise ValueError(
            f"blocks is {blocks}; give four positive stage lengths, "
            f"for example {BLOCKS[depth]}."
        )
    return lengths


def _drop_classifier(_module, state, prefix, *_unused) -> None:
    """Drop the classifier of an official state dict."""
    for key in [k for k in state if k.startswith(prefix + "fc.")]:
        del state[key]
