"""The Gaussian CRF of ``kernels.crf`` on a graph given by its edges.

Superpixels touch few others: of n^2 weights about 3 n are not zero. Here A is
factored sparse, by SuperLU, one graph at a time and on the CPU.
"""

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from depthlib.kernels.crf import LOG_PI

__all__ = ["crf_map_sparse", "crf_nll_sparse"]

COLUMNS = 256  # of the inverse at a time


def crf_map_sparse(unary: Tensor, edges: Tensor, weights: Tensor) -> Tensor:
    """`crf_map` of one graph: the solution of A y = unary.

    Computed in float64. Differentiable once, in ``unary`` and ``weights``.

    Args:
        unary: z, ``(n,)``, float32 or float64, on the CPU.
        edges: ``(2, m)`` int64, the two nodes of each edge, in either order.
            An edge that is named twice has the sum of both weights.
        weights: R_ij = R_ji of each edge, ``(m,)``, type of ``unary``.

    Returns:
        ``(n,)``, type of ``unary``.

    Raises:
        ValueError: shapes, types or devices do not fit, an edge leads to no
            node or back to its own, a value is NaN or infinite, or negative
            weights make A indefinite.
    """
    _check(unary, edges, weights)
    return _MapSparse.apply(unary, edges, weights)


def crf_nll_sparse(
    unary: Tensor, edges: Tensor, weights: Tensor, target: Tensor
) -> Tensor:
    """`crf_nll` of one graph, a scalar: the exact -log p(target).

    Args:
        unary: as in `crf_map_sparse`.
        edges: as in `crf_map_sparse`.
        weights: as in `crf_map_sparse`.
        target: y, ``(n,)``, type of ``unary``.

    Returns:
        ``()``, type of ``unary``; differentiable once, in all but ``edges``.

    Raises:
        ValueError: as `crf_map_sparse`.
    """
    _check(unary, edges, weights, target)
    return _NLLSparse.apply(unary, edges, weights, target)


class _MapSparse(torch.autograd.Function):
    """With v = A^-1 g: dz = v, dR_e = -(v_i - v_j) (m_i - m_j)."""

    @staticmethod
    def forward(ctx, unary, edges, weights):
        ctx.factor, _ = _factored(len(unary), edges, weights)
        found = ctx.factor.solve(_array(unary))
        ctx.found, ctx.ends = found, edges.numpy()
        return torch.from_numpy(found).to(unary)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        pull = ctx.factor.solve(_array(grad))
        i, j = ctx.ends
        step = -(pull[i] - pull[j]) * (ctx.found[i] - ctx.found[j])
        return (
            torch.from_numpy(pull).to(grad),
            None,
            torch.from_numpy(step).to(grad),
        )


class _NLLSparse(torch.autograd.Function):
    """dz = 2 (m - y), dy = 2 A (y - m), and for the edge of i and j

    dR_e = (y_i - y_j)^2 - (m_i - m_j)^2 - r_ij / 2, with the effective
    resistance r_ij = (e_i - e_j)' A^-1 (e_i - e_j).
    """

    @staticmethod
    def forward(ctx, unary, edges, weights, target):
        factor, matrix = _factored(len(unary), edges, weights)
        y, mean = _array(target), factor.solve(_array(unary))
        pull = matrix @ (y - mean)
        ctx.factor, ctx.mean, ctx.y, ctx.pull = factor, mean, y, pull
        ctx.ends = edges.numpy()
        logdet = np.log(factor.U.diagonal()).sum()
        value = (y - mean) @ pull - logdet / 2 + LOG_PI * len(y) / 2
        return torch.tensor(value).to(unary)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        factor, mean, y = ctx.factor, ctx.mean, ctx.y
        i, j = ctx.ends
        to_weights = None
        if ctx.needs_input_grad[2]:
            step = (y[i] - y[j]) ** 2 - (mean[i] - mean[j]) ** 2
            step -= _resistance(factor, i, j) / 2
            to_weights = grad * torch.from_numpy(step).to(grad)
        return (
            grad * torch.from_numpy(2 * (mean - y)).to(grad),
            None,
            to_weights,
            grad * torch.from_numpy(2 * ctx.pull).to(grad),
        )


def _resistance(factor, i, j) -> np.ndarray:
    """(e_i - e_j)' A^-1 (e_i - e_j) of each edge."""
    n = factor.shape[0]
    found = np.zeros(len(i))
    for start in range(0, n, COLUMNS):
        stop = min(start + COLUMNS, n)
        columns = factor.solve(np.eye(n)[:, start:stop])
        for near, far in ((i, j), (j, i)):
            here = (start <= near) & (near < stop)
            at = near[here] - start
            found[here] += columns[near[here], at] - columns[far[here], at]
    return found


def _factored(n: int, edges: Tensor, weights: Tensor):
    """SuperLU of A = I + diag(R 1) - R, and A."""
    from scipy.sparse import coo_array, csc_array, diags_array
    from scipy.sparse.linalg import splu

    i, j = edges.numpy()
    w = _array(weights)
    ends = (np.concatenate([i, j]), np.concatenate([j, i]))
    R = coo_array((np.concatenate([w, w]), ends), shape=(n, n)).tocsr()
    matrix = csc_array(diags_array(1 + R.sum(1)) - R)
    # Pivots on the diagonal: then L D L', and the signs in D are those of
    # the eigenvalues.
    try:
        factor = splu(
            matrix,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
    except RuntimeError:  # exactly singular
        factor = None
    if (
        factor is None
        or (factor.perm_r != factor.perm_c).any()
        or (factor.U.diagonal() <= 4 * np.finfo(float).eps).any()
    ):
        raise ValueError(
            "weights are negative so that I + diag(R 1) - R is indefinite "
            "and there is no density; give weights of 0 or above"
        )
    return factor, matrix


def _array(values: Tensor) -> np.ndarray:
    return values.detach().double().numpy()


def _check(unary, edges, weights, target=None) -> None:
    given = {"unary": unary, "weights": weights}
    if target is not None:
        given["target"] = target
    for name, value in {"edges": edges, **given}.items():
        if value.device.type != "cpu":
            raise ValueError(
                f"{name} is on {value.device}; the sparse CRF runs on the "
                "CPU: move it there, or take the dense one"
            )
    if unary.ndim != 1 or not len(unary):
        raise ValueError(
            f"unary has shape {tuple(unary.shape)}; expected (n,), not empty"
        )
    if edges.ndim != 2 or len(edges) != 2 or edges.dtype != torch.int64:
        raise ValueError(
            f"edges is {edges.dtype} of shape {tuple(edges.shape)}; expected "
            "int64 of shape (2, m)"
        )
    for name, value in given.items():
        wanted = (edges.shape[1] if name == "weights" else len(unary),)
        if tuple(value.shape) != wanted:
            raise ValueError(
                f"{name} has shape {tuple(value.shape)}; expected {wanted}"
            )
        if value.dtype not in (torch.float32, torch.float64) or (
            value.dtype != unary.dtype
        ):
            raise ValueError(
                f"{name} is {value.dtype} and unary {unary.dtype}; expected "
                "float32 for all or float64 for all"
            )
        if not torch.isfinite(value).all():
            raise ValueError(f"{name} holds NaN or infinity")
    if not edges.numel():
        return
    if int(edges.min()) < 0 or int(edges.max()) >= len(unary):
        raise ValueError(
            f"edges name nodes {int(edges.min())} to {int(edges.max())}; "
            f"there are nodes 0 to {len(unary) - 1}"
        )
    if (edges[0] == edges[1]).any():
        raise ValueError(
            "edges hold an edge from a node to itself; leave it out"
        )
