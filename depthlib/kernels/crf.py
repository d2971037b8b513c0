"""The continuous Gaussian CRF of the CNN-CRF, dense and exact.

Chen, Mahmood, Yuille and Durr 2018, section 3.2, after Liu, Shen and Lin
2015. The energy of depths y, with unaries z and pairwise weights R, is

    (y - z)' (y - z) + 1/2 sum_ij R_ij (y_i - y_j)^2,

the sum over ordered pairs. With A = I + diag(R 1) - R it equals
y' A y - 2 z' y + z' z, so that exp(-energy), divided by its integral, is a
Gaussian of mean m = A^-1 z and precision 2 A:

    p(y) = det(A)^(1/2) pi^(-n/2) exp(-(y - m)' A (y - m)).
"""

import math

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["crf_map", "crf_nll"]

LOG_PI = math.log(math.pi)


def crf_map(unary: Tensor, pairwise: Tensor) -> Tensor:
    """The most probable depths: the solution of A y = unary.

    Each depth is a weighted mean of all unaries, so that none leaves their
    range while no weight is negative. Differentiable once, in both
    arguments; the gradient of ``pairwise`` is symmetric, with a diagonal of
    zero.

    Args:
        unary: z, ``(B, n)``, float32 or float64, any unit. Nodes without a
            neighbour keep their unary: pad with them.
        pairwise: R, ``(B, n, n)``, same type, symmetric, zero diagonal.

    Returns:
        ``(B, n)``.

    Raises:
        ValueError: shapes or types do not fit, ``pairwise`` is not symmetric
            or has a diagonal, a value is NaN or infinite, or negative
            weights make A indefinite.
    """
    _check(unary, pairwise)
    return _Map.apply(unary, pairwise)


def crf_nll(
    unary: Tensor,
    pairwise: Tensor,
    target: Tensor,
    known: Tensor | None = None,
) -> Tensor:
    """Exact -log p(target), in nats:

        (y - m)' A (y - m) - 1/2 log det A + n/2 log pi.

    Differentiable once, in all three, with gradients in closed form.

    Args:
        unary: as in `crf_map`.
        pairwise: as in `crf_map`.
        target: y, ``(B, n)``, same type.
        known: ``(B, n)`` bool, or None for all. Where it is False the depth
            is integrated out and ``target`` is ignored; this serves both
            nodes without a true depth and padding.

    Returns:
        ``(B,)``.

    Raises:
        ValueError: as `crf_map`.
    """
    _check(unary, pairwise, target, known)
    if known is None or bool(known.all()):
        return _NLL.apply(unary, pairwise, target)
    # The integral over the unknown u of a Gaussian is its value at the best
    # u, times pi^(n_u / 2) det(A_uu)^(-1/2). At the best u the gradient with
    # respect to u is zero, so u counts as constant.
    unknown = ~known
    with torch.no_grad():
        filled = _condition(unary, pairwise, target, known)
    whole = _NLL.apply(
        unary, pairwise, torch.where(known, target, filled.to(target))
    )
    logdet = _LogDet.apply(_block(_matrix(pairwise), unknown))
    count = unknown.sum(1).to(whole)
    return whole + 0.5 * logdet - 0.5 * LOG_PI * count


class _Map(torch.autograd.Function):
    """With v = A^-1 g: dz = v, dA = -v m'."""

    @staticmethod
    def forward(ctx, unary, pairwise):
        factor = _factor(_matrix(pairwise))
        found = _solve(factor, unary)
        ctx.save_for_backward(factor, found)
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        factor, found = ctx.saved_tensors
        pull = _solve(factor, grad)
        if not ctx.needs_input_grad[1]:
            return pull, None
        return pull, _to_pairwise(-pull[:, :, None] * found[:, None])


class _NLL(torch.autograd.Function):
    """dz = 2 (m - y), dy = 2 A (y - m), dA = y y' - m m' - A^-1 / 2."""

    @staticmethod
    def forward(ctx, unary, pairwise, target):
        matrix = _matrix(pairwise)
        factor = _factor(matrix)
        mean = _solve(factor, unary)
        # One product for the value and, saved, for the gradient.
        pull = _times(matrix, target - mean)
        ctx.save_for_backward(factor, mean, target, pull)
        square = ((target - mean) * pull).sum(1)
        constant = 0.5 * LOG_PI * unary.shape[1]
        return square - 0.5 * _logdet(factor) + constant

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        factor, mean, target, pull = ctx.saved_tensors
        grad = grad[:, None]
        to_pairwise = None
        if ctx.needs_input_grad[1]:
            # Batched torch.linalg.inv hung on two threads; this does not.
            inverse = torch.cholesky_inverse(factor)
            outer = target[:, :, None] * target[:, None]
            outer = outer - mean[:, :, None] * mean[:, None] - inverse / 2
            to_pairwise = grad[..., None] * _to_pairwise(outer)
        return grad * 2 * (mean - target), to_pairwise, grad * 2 * pull


class _LogDet(torch.autograd.Function):
    """log det of positive definite matrices ``(B, n, n)``; dA = A^-1."""

    @staticmethod
    def forward(ctx, matrix):
        factor = _factor(matrix)
        ctx.save_for_backward(factor)
        return _logdet(factor)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        (factor,) = ctx.saved_tensors
        return grad[:, None, None] * torch.cholesky_inverse(factor)


def _to_pairwise(G: Tensor) -> Tensor:
    """From the gradient of A to that of R, among symmetric matrices.

    R_ij adds to A_ii and is taken from A_ij: G_ii - G_ij, made symmetric.
    """
    G = (G + G.transpose(1, 2)) / 2
    diagonal = G.diagonal(dim1=1, dim2=2)
    return (diagonal[:, :, None] + diagonal[:, None]) / 2 - G


def _matrix(pairwise: Tensor) -> Tensor:
    """A = I + diag(R 1) - R."""
    return torch.diag_embed(1 + pairwise.sum(2)) - pairwise


def _block(matrix: Tensor, inside: Tensor) -> Tensor:
    """The rows and columns where ``inside``; the identity elsewhere."""
    both = inside[:, :, None] & inside[:, None]
    eye = torch.eye(matrix.shape[1]).to(matrix)
    return torch.where(both, matrix, eye)


def _condition(unary, pairwise, target, known) -> Tensor:
    """The most probable depths given the known ones; rows of A y = z."""
    block = _factor(_block(_matrix(pairwise), ~known))
    given = torch.where(known, target, 0.0)
    side = unary + _times(pairwise, given)
    return _solve(block, torch.where(known, 0.0, side))


def _factor(matrix: Tensor) -> Tensor:
    """The Cholesky factor, if A is positive definite."""
    factor, failed = torch.linalg.cholesky_ex(matrix)
    # Without negative weights every pivot is at least 1, the identity's.
    pivot = factor.diagonal(dim1=1, dim2=2).amin(1) ** 2
    failed = (failed > 0) | (pivot <= 4 * torch.finfo(matrix.dtype).eps)
    if failed.any():
        which = int(failed.nonzero()[0])
        raise ValueError(
            f"pairwise of graph {which} has negative weights that make "
            "I + diag(R 1) - R indefinite: there is no density; "
            "give weights of 0 or above"
        )
    return factor


def _solve(factor: Tensor, side: Tensor) -> Tensor:
    return torch.cholesky_solve(side[..., None], factor)[..., 0]


def _times(matrix: Tensor, x: Tensor) -> Tensor:
    """By sums: autocast would make a matrix product half precision."""
    return (matrix * x[:, None]).sum(2)


def _logdet(factor: Tensor) -> Tensor:
    return 2 * factor.diagonal(dim1=1, dim2=2).log().sum(1)


def _check(unary, pairwise, target=None, known=None) -> None:
    if unary.ndim != 2 or not unary.numel():
        raise ValueError(
            f"unary has shape {tuple(unary.shape)}; expected (B, n), not empty"
        )
    shape = tuple(unary.shape)
    square = (*shape, shape[1])
    if tuple(pairwise.shape) != square:
        raise ValueError(
            f"pairwise has shape {tuple(pairwise.shape)}; expected {square} "
            f"for a unary of {shape}"
        )
    given = {"unary": unary, "pairwise": pairwise}
    if target is not None:
        given["target"] = target
        if tuple(target.shape) != shape:
            raise ValueError(
                f"target has shape {tuple(target.shape)}; expected {shape}"
            )
    if known is not None and (
        tuple(known.shape) != shape or known.dtype != torch.bool
    ):
        raise ValueError(
            f"known is {known.dtype} of shape {tuple(known.shape)}; expected "
            f"bool of shape {shape}"
        )
    for name, value in given.items():
        if value.dtype not in (torch.float32, torch.float64) or (
            value.dtype != unary.dtype
        ):
            raise ValueError(
                f"{name} is {value.dtype} and unary {unary.dtype}; expected "
                "float32 for all or float64 for all"
            )
        if name == "target" and known is not None:
            value = torch.where(known, value, 0.0)
        if not torch.isfinite(value).all():
            raise ValueError(f"{name} holds NaN or infinity")
    if pairwise.diagonal(dim1=1, dim2=2).any():
        raise ValueError(
            "pairwise has a diagonal that is not 0; no node is its own "
            "neighbour"
        )
    apart = (pairwise - pairwise.transpose(1, 2)).abs().max()
    # Rounding in the making of R is allowed for.
    scale = pairwise.abs().max() * torch.finfo(pairwise.dtype).eps ** 0.5
    if apart > scale:
        raise ValueError(
            f"pairwise is not symmetric: entries differ by {float(apart):.3g} "
            "from those across the diagonal; give (R + R') / 2"
        )
