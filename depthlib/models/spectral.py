"""Spectral normalisation: divide a weight by its largest singular value.

Miyato et al. (2018), "Spectral normalization for generative adversarial
networks"; Chen et al. (2018) use it in the generator and the discriminator.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

__all__ = ["power_iteration", "spectral_normalise"]


def spectral_normalise(module: nn.Module) -> nn.Module:
    """Normalise every convolution in place, transposed ones too; return it.

    The weight is read as a matrix with a row for each output channel, and
    divided by that matrix's largest singular value. It is estimated by power
    iteration: 15 steps here, then one per forward pass in training mode, none
    in evaluation mode. This bounds the response to one patch, not that of the
    whole layer: overlapping patches can still add up.

    Names of parameters and buffers change; call it before an optimiser is
    built and before weights are loaded that were saved with it.

    Raises:
        ValueError: nothing to normalise, or normalised already.
    """
    convolutions = [
        m
        for m in module.modules()
        if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)
    ]
    if not convolutions:
        raise ValueError(
            f"module is a {type(module).__name__} without convolutions; give "
            "a network that has some."
        )
    if any(parametrize.is_parametrized(m, "weight") for m in convolutions):
        raise ValueError(
            "module has a convolution that is normalised already; call this "
            "once."
        )
    for convolution in convolutions:
        parametrizations.spectral_norm(convolution)
    return module


def power_iteration(
    weight: Tensor, steps: int, generator: torch.Generator | None = None
) -> Tensor:
    """Estimates of the largest singular value after each step, ``(steps,)``.

    From a random v: u = W v / |W v|, v = W^T u / |W^T u|, and the estimate is
    u^T W v. It never falls and never exceeds the truth; the error shrinks by
    the fourth power of the ratio of the two largest singular values per step.

    Args:
        weight: a matrix, or a convolution's ``(out, in, kh, kw)``, read as
            one with `out` rows. Swap the first two axes of a transposed
            convolution's weight, which stores ``(in, out, kh, kw)``.
        steps: at least 1.
        generator: for the first v; None: one seeded with 0.

    Raises:
        ValueError: fewer than two axes, or no step.
    """
    if weight.dim() < 2:
        raise ValueError(
            f"weight has shape {tuple(weight.shape)}; give a matrix or a "
            "convolution's weight."
        )
    if steps < 1:
        raise ValueError(f"steps is {steps}; give at least 1.")
    generator = generator or torch.Generator().manual_seed(0)
    matrix = weight.detach().flatten(1)
    v = _unit(torch.randn(matrix.shape[1], generator=generator).to(matrix))
    estimates = []
    for _ in range(steps):
        u = _unit(matrix @ v)
        v = _unit(matrix.T @ u)
        estimates.append(u @ matrix @ v)
    return torch.stack(estimates)


def _unit(vector: Tensor) -> Tensor:
    """Length 1; the zero vector of a zero matrix stays zero."""
    length = vector.norm()
    return vector / length if length > 0 else vector
