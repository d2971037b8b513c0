"""Spatial correlation: how alike are two frames, displaced by an offset?

Wu et al. (2019, SC-GAN, Eq. 1) compare the features of a frame with those of
a neighbour at each of N offsets, and hand the N similarities to the network
that makes depth:

    V[b, n, i, j] = sum_c r[b, c, i, j] a[b, c, i + dy_n, j + dx_n] / sqrt(C).

The root is ours (see `spatial_correlation`). Gathering all displaced
features would take C x N x H x W numbers; neither the plain version below
nor the fast one in ``correlation_numba.py`` ever holds more than copies of
the features and the result.
"""

from types import SimpleNamespace

import torch
from torch import Tensor

from depthlib.checks import check_tensors

__all__ = ["spatial_correlation"]

BACKENDS = ("auto", "torch", "numba")
NUMBA_TYPES = (torch.float32, torch.float64)
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def spatial_correlation(
    reference: Tensor, adjacent: Tensor, offsets: Tensor, backend: str = "auto"
) -> Tensor:
    """Scalar products of the features of two frames, at given offsets.

    Divided by the root of the number of channels, so that features of unit
    variance give similarities of unit variance; the paper does not say how
    it scales. Pairs of which one lies outside the map count 0.

    Differentiable in both maps, to any order. Half-precision features are
    multiplied and summed in float32.

    Args:
        reference: ``(B, C, H, W)``, floating point, of any memory format;
            channels-last is fastest.
        adjacent: same shape, type and device.
        offsets: ``(N, 2)`` integers, (dy, dx) in pixels of the feature map,
            N at least 1; a tensor, an array or a list. Order and duplicates
            are kept; offsets that reach beyond the map give zeros.
        backend: "torch" (any device), "numba" (CPU, float32 and float64), or
            "auto": numba where it can, else torch.

    Returns:
        ``(B, N, H, W)``, type of the features.

    Raises:
        ValueError: a shape, a type, a device or a backend is wrong.

    Example:
        A bright pixel that moved one column to the right:

        >>> here, there = torch.zeros(2, 1, 1, 1, 4)
        >>> here[..., 1] = there[..., 2] = 3
        >>> offsets = torch.tensor([[0, 0], [0, 1]])
        >>> spatial_correlation(here, there, offsets).flatten(1).tolist()
        [[0.0, 0.0, 0.0, 0.0, 0.0, 9.0, 0.0, 0.0]]
    """
    offsets = torch.as_tensor(offsets)
    _check(reference, adjacent, offsets)
    engine = _engine(backend, reference)
    # What reaches beyond the map reaches no farther than its size.
    most = torch.tensor(reference.shape[-2:], device=offsets.device)
    offsets = offsets.long().clamp(-most, most).cpu()
    return _Correlation.apply(reference, adjacent, offsets, engine)


class _Correlation(torch.autograd.Function):
    """Keeps the two maps, and nothing else, from forward to backward."""

    @staticmethod
    def forward(ctx, reference, adjacent, offsets, engine):
        ctx.save_for_backward(reference, adjacent)
        ctx.offsets, ctx.engine = offsets, engine
        return engine.correlate(reference, adjacent, offsets)

    @staticmethod
    def backward(ctx, weight):
        reference, adjacent = ctx.saved_tensors
        more = ctx.offsets, ctx.engine
        for_reference = for_adjacent = None
        if ctx.needs_input_grad[0]:
            for_reference = _Pull.apply(weight, adjacent, True, *more)
        if ctx.needs_input_grad[1]:
            for_adjacent = _Pull.apply(weight, reference, False, *more)
        return for_reference, for_adjacent, None, None


class _Pull(torch.autograd.Function):
    """The gradient of one map. Its own gradients are of the same two kinds,
    so that derivatives of any order need no other code."""

    @staticmethod
    def forward(ctx, weight, features, here, offsets, engine):
        ctx.save_for_backward(weight, features)
        ctx.here, ctx.offsets, ctx.engine = here, offsets, engine
        return engine.pull(weight, features, here, offsets)

    @staticmethod
    def backward(ctx, gradient):
        weight, features = ctx.saved_tensors
        more = ctx.offsets, ctx.engine
        for_weight = for_features = None
        if ctx.needs_input_grad[0]:
            pair = (gradient, features) if ctx.here else (features, gradient)
            for_weight = _Correlation.apply(*pair, *more)
        if ctx.needs_input_grad[1]:
            for_features = _Pull.apply(weight, gradient, not ctx.here, *more)
        return for_weight, for_features, None, None, None


def _correlate(reference: Tensor, adjacent: Tensor, offsets: Tensor) -> Tensor:
    """One offset after another, in plain torch."""
    size = reference.shape[-2:]
    wide = torch.promote_types(reference.dtype, torch.float32)
    scale = reference.shape[1] ** -0.5
    out = reference.new_zeros(len(reference), len(offsets), *size)
    for n, offset in enumerate(offsets.tolist()):
        at, there = _windows(offset, size)
        product = reference[at].to(wide) * adjacent[there].to(wide)
        out[:, n][at] = (product.sum(1) * scale).to(out.dtype)
    return out


def _pull(
    weight: Tensor, features: Tensor, here: bool, offsets: Tensor
) -> Tensor:
    """What each pixel of one map gets from its partners in the other.

    The weight of a pair, ``(B, N, H, W)``, is kept at its reference pixel.
    For the gradient of the reference (``here``), i gets
    sum_n w_n[i] a[i + o_n]; for that of the adjacent map, it gets
    sum_n w_n[i - o_n] r[i - o_n]; both divided by sqrt(C).
    """
    size = features.shape[-2:]
    wide = torch.promote_types(features.dtype, torch.float32)
    scale = features.shape[1] ** -0.5
    total = torch.zeros_like(features, dtype=wide)
    for n, offset in enumerate(offsets.tolist()):
        at, there = _windows(offset, size)
        to, source = (at, there) if here else (there, at)
        share = weight[:, n : n + 1][at].to(wide)
        total[to].addcmul_(share, features[source].to(wide))
    return total.mul_(scale).to(features.dtype)


def _windows(offset: list[int], size: torch.Size) -> tuple[tuple, tuple]:
    """Where (i, j) may lie so that its partner is inside, and the partners."""
    at, there = [...], [...]
    for step, length in zip(offset, size, strict=True):
        start = max(0, -step)
        stop = max(start, min(length, length - step))
        at.append(slice(start, stop))
        there.append(slice(start + step, stop + step))
    return tuple(at), tuple(there)


TORCH = SimpleNamespace(correlate=_correlate, pull=_pull)


def _engine(backend: str, features: Tensor):
    """The module, or the like, whose ``correlate`` and ``pull`` to use."""
    if backend not in BACKENDS:
        raise ValueError(
            f"backend is {backend!r}; choose one of {', '.join(BACKENDS)}"
        )
    device, dtype = features.device.type, features.dtype
    able = device == "cpu" and dtype in NUMBA_TYPES
    if backend == "torch" or (backend == "auto" and not able):
        return TORCH
    if not able:
        raise ValueError(
            f"backend is 'numba', but the features are {dtype} on {device}; "
            "it takes float32 or float64 on the CPU: choose 'torch' or 'auto'"
        )
    from depthlib.kernels import correlation_numba

    return correlation_numba


def _check(reference: Tensor, adjacent: Tensor, offsets: Tensor) -> None:
    check_tensors(reference=reference, adjacent=adjacent)
    one, two = tuple(reference.shape), tuple(adjacent.shape)
    if one != two or len(one) != 4 or one[1] == 0:
        raise ValueError(
            f"reference has shape {one} and adjacent {two}; expected the "
            "same (B, C, H, W) for both"
        )
    if not reference.is_floating_point() or reference.dtype != adjacent.dtype:
        raise ValueError(
            f"reference is {reference.dtype} and adjacent {adjacent.dtype}; "
            "expected one floating type"
        )
    if reference.device != adjacent.device:
        raise ValueError(
            f"reference is on {reference.device} and adjacent on "
            f"{adjacent.device}; move them to one device"
        )
    if offsets.ndim != 2 or offsets.shape[1] != 2 or not len(offsets):
        raise ValueError(
            f"offsets have shape {tuple(offsets.shape)}; expected (N, 2) "
            "with at least one"
        )
    if offsets.dtype not in INTEGERS:
        raise ValueError(
            f"offsets are {offsets.dtype}; expected whole numbers, (dy, dx)"
        )
