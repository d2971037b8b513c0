"""The direction-based attention of SC-GAN (Wu et al. 2019, section 3.3)."""

import torch
from torch import Tensor, nn

__all__ = ["DirectionAttention"]


class DirectionAttention(nn.Module):
    """One weight for each offset of a pair: the printed DBA, or a control.

    w = mean over positions of [f_r; f_a] (Eq. 3, where 16 / (H W) is one
    over the number of positions), then W_2 ReLU(W_1 w) (Eq. 4), without
    biases or a last activation: weights may be negative.

    Both means forget where things are: that of a still scene is that of a
    moving one. What tells motion is V alone.

    Args:
        channels: C of the features.
        count: number of offsets.
        kind: "dba"; "sigmoid", one behind it; "blind", ones in place of the
            means; "static", a learned vector, ones at first.
    """

    def __init__(self, channels: int, count: int, kind: str = "dba"):
        super().__init__()
        self.kind = kind
        if kind == "static":
            self.weight = nn.Parameter(torch.ones(count))
            return
        self.first = nn.Linear(2 * channels, count, bias=False)
        self.second = nn.Linear(count, count, bias=False)

    def forward(self, reference: Tensor, adjacent: Tensor) -> Tensor:
        """Weights ``(B, N)`` of features ``(B, C, h, w)`` of both frames."""
        if self.kind == "static":
            return self.weight.expand(len(reference), -1)
        w = torch.cat([f.mean((2, 3)) for f in (reference, adjacent)], 1)
        if self.kind == "blind":
            w = torch.ones_like(w)
        w = self.second(torch.relu(self.first(w)))
        return torch.sigmoid(w) if self.kind == "sigmoid" else w
