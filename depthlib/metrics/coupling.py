"""How non-local a loss is: its second derivatives between pixels.

Of a loss that adds up over pixels, the gradient at one pixel depends on that
pixel alone: the matrix of second derivatives is diagonal. A discriminator
looks at pixels together, so its matrix has other entries, as far apart as
its receptive field reaches (Chen et al. 2018, section 3.0.1, in words).
"""

import torch
from torch import Tensor

__all__ = ["cross_reach", "cross_rows", "cross_share"]


def cross_rows(loss, depth: Tensor, pixels) -> Tensor:
    """Rows of the matrix of second derivatives, as maps ``(P, H, W)``.

    Args:
        loss: function of ``(1, 1, H, W)`` that gives a scalar.
        depth: ``(1, 1, H, W)``, where the derivatives are taken.
        pixels: P pairs (row, column); entry (v, u) of map p is the
            derivative at pixel p of the gradient with respect to (v, u).
    """
    depth = depth.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss(depth), depth, create_graph=True)
    rows = []
    for row, column in pixels:
        (found,) = torch.autograd.grad(
            gradient[0, 0, row, column],
            depth,
            retain_graph=True,
            allow_unused=True,
        )
        rows.append(torch.zeros_like(depth) if found is None else found)
    return torch.cat(rows)[:, 0].detach()


def cross_share(rows: Tensor, pixels) -> Tensor:
    """Share of each row's magnitude that lies off the diagonal, ``(P,)``.

    0 for a loss per pixel (and for one without second derivatives), near 1
    where nearly all of the dependence is on other pixels.
    """
    size, total = rows.abs(), rows.abs().sum((1, 2))
    own = torch.stack([size[p, v, u] for p, (v, u) in enumerate(pixels)])
    return torch.where(total > 0, 1 - own / total, 0.0)


def cross_reach(rows: Tensor, pixels) -> Tensor:
    """Mean distance in pixels of what each row depends on, ``(P,)``.

    Weighted by magnitude; 0 for a loss per pixel.
    """
    height, width = rows.shape[1:]
    v, u = torch.meshgrid(
        torch.arange(height), torch.arange(width), indexing="ij"
    )
    reach = []
    for row, (pv, pu) in zip(rows.abs(), pixels, strict=True):
        distance = torch.hypot((v - pv).float(), (u - pu).float()).to(row)
        total = row.sum()
        reach.append((row * distance).sum() / total.clamp(min=1e-30))
    return torch.stack(reach)
