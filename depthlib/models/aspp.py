"""Atrous spatial pyramid pooling: one map seen through several fields.

Chen et al. (2017), "Rethinking atrous convolution for semantic image
segmentation", section 3.3, as SC-GAN uses it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["ASPP"]


class ASPP(nn.Module):
    """Branches side by side, concatenated and mixed by a 1x1 convolution.

    The branches: a 1x1 convolution, a 3x3 convolution for each dilation, and
    the mean over the whole map behind a 1x1 convolution. Batch norm and ReLU
    follow every convolution but that of the mean, which has a bias instead:
    a norm over the few means of a batch fails on a single image.

    Args:
        in_channels: of the encoder's map.
        out_channels: of the result and of each branch.
        dilations: (6, 12, 18) as Wu et al. (2019) state.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 256,
        dilations: Sequence[int] = (6, 12, 18),
    ):
        super().__init__()
        self.branches = nn.ModuleList(
            [_convolution(in_channels, out_channels, 1)]
            + [
                _convolution(in_channels, out_channels, 3, dilation)
                for dilation in dilations
            ]
        )
        self.pooled = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(in_channels, out_channels, 1),
            nn.ReLU(inplace=True),
        )
        count = len(self.branches) + 1
        self.project = _convolution(count * out_channels, out_channels, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, in, h, w)`` to ``(B, out, h, w)``, not negative."""
        size = x.shape[-2:]
        maps = [branch(x) for branch in self.branches]
        maps.append(self.pooled(x).expand(-1, -1, *size))
        return self.project(torch.cat(maps, 1))


def _convolution(
    channels: int, out: int, kernel: int, dilation: int = 1
) -> nn.Sequential:
    """Convolution without bias that keeps the size, norm, ReLU."""
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(
            channels,
            out,
            kernel,
            padding=padding,
            dilation=dilation,
            bias=False,
        ),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )
