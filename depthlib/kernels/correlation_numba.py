"""The sums of ``kernels.correlation`` on the CPU, with vector instructions.

Channels lie last, so that a scalar product runs over neighbouring numbers.
Offsets are taken four at a time, which saves loads of what the four share,
and in an order that stays with a few rows of the map, which keeps those in
the cache. All sums are gathers: each thread writes rows of its own, in an
order that does not depend on how many threads there are.
"""

import numpy as np
from numba import njit, prange
from torch import Tensor

from depthlib.kernels import compiling

# A sum in vectors takes its terms in another order: that is allowed here.
OPTIONS = compiling.OPTIONS | {"fastmath": compiling.FAST | {"reassoc"}}
INNER = OPTIONS | {"cache": False}


def correlate(reference: Tensor, adjacent: Tensor, offsets: Tensor) -> Tensor:
    """As ``correlation._correlate``, for float32 and float64."""
    batch, channels, *size = reference.shape
    out = reference.new_zeros(batch, len(offsets), *size)
    one, two = _channels_last(reference), _channels_last(adjacent)
    scale = one.dtype.type(channels**-0.5)
    compiling.share_threads()
    _correlate(one, two, _in_order(offsets), scale, out.numpy())
    return out


def pull(
    weight: Tensor, features: Tensor, here: bool, offsets: Tensor
) -> Tensor:
    """As ``correlation._pull``, for float32 and float64."""
    source, held = _channels_last(features), weight.detach().contiguous()
    out = features.new_zeros(source.shape)
    scale = source.dtype.type(features.shape[1] ** -0.5)
    # Seen from the adjacent map, the reference lies at the opposite offset.
    order = _in_order(offsets if here else -offsets)
    compiling.share_threads()
    _pull(held.numpy(), source, order, scale, here, out.numpy())
    return out.permute(0, 3, 1, 2)


def _channels_last(features: Tensor) -> np.ndarray:
    """``(B, H, W, C)``; no copy where the memory is so already."""
    features = features.detach()
    last = features.permute(0, 2, 3, 1)
    if not last.is_contiguous():
        # Torch transposes a matrix several times faster than a batch.
        last = last.new_empty(last.shape)
        for to, image in zip(last, features, strict=True):
            to.flatten(0, 1).copy_(image.flatten(1).t())
    return last.numpy()


def _in_order(offsets: Tensor) -> np.ndarray:
    """``(N, 3)``: dy, dx, n; row by row, to and fro as one mows a lawn.

    Four in a row of the list lie close together, also where a row ends.
    """
    dy, dx = offsets.numpy().T
    _, row = np.unique(dy, return_inverse=True)
    order = np.lexsort((np.where(row % 2, -dx, dx), dy))
    return np.stack([dy[order], dx[order], order], axis=1)


@njit(parallel=True, **OPTIONS)
def _correlate(reference, adjacent, offsets, scale, out):
    batch, height = reference.shape[:2]
    for t in prange(batch * height):
        b, i = t // height, t % height
        first, last = _inside(offsets, i, height)
        for n in range(first, last, 4):
            group = offsets[n : min(n + 4, last)]
            one, two = reference[b, i], adjacent[b]
            _products(one, two, i, group, scale, out[b, :, i])


@njit(parallel=True, **OPTIONS)
def _pull(weight, source, offsets, scale, here, out):
    batch, height = source.shape[:2]
    for t in prange(batch * height):
        b, i = t // height, t % height
        first, last = _inside(offsets, i, height)
        for n in range(first, last, 4):
            group = offsets[n : min(n + 4, last)]
            _add(weight[b], source[b], i, group, scale, here, out[b, i])


@njit(**INNER)
def _inside(offsets, i, height):
    """The part of the list for which row i + dy is in the map."""
    dy = offsets[:, 0]
    return np.searchsorted(dy, -i), np.searchsorted(dy, height - i)


@njit(**INNER)
def _common(group, width):
    """The columns j for which j + dx is in the map for all four; or none."""
    if len(group) < 4:
        return 0, 0
    dx = group[:, 1]
    return max(0, -dx.min()), min(width, width - dx.max())


@njit(**INNER)
def _products(one, two, i, group, scale, out):
    """Row i of the result for the offsets of one group."""
    width, channels = one.shape
    start, stop = _common(group, width)
    if start < stop:
        (y0, x0, n0), (y1, x1, n1) = group[0], group[1]
        (y2, x2, n2), (y3, x3, n3) = group[2], group[3]
        r0, r1, r2, r3 = two[i + y0], two[i + y1], two[i + y2], two[i + y3]
        for j in range(start, stop):
            s0 = s1 = s2 = s3 = out.dtype.type(0)
            for c in range(channels):
                value = one[j, c]
                s0 += value * r0[j + x0, c]
                s1 += value * r1[j + x1, c]
                s2 += value * r2[j + x2, c]
                s3 += value * r3[j + x3, c]
            out[n0, j] = s0 * scale
            out[n1, j] = s1 * scale
            out[n2, j] = s2 * scale
            out[n3, j] = s3 * scale
    for dy, dx, n in group:
        for j in range(max(0, -dx), min(width, width - dx)):
            if start <= j < stop:
                continue
            s = out.dtype.type(0)
            for c in range(channels):
                s += one[j, c] * two[i + dy, j + dx, c]
            out[n, j] = s * scale


@njit(**INNER)
def _add(weight, source, i, group, scale, here, out):
    """What row i gets from the offsets of one group."""
    width, channels = out.shape
    start, stop = _common(group, width)
    # 1 where the weight of a pair lies at its other pixel.
    k = 0 if here else 1
    if start < stop:
        (y0, x0, n0), (y1, x1, n1) = group[0], group[1]
        (y2, x2, n2), (y3, x3, n3) = group[2], group[3]
        r0, r1 = source[i + y0], source[i + y1]
        r2, r3 = source[i + y2], source[i + y3]
        for j in range(start, stop):
            w0 = weight[n0, i + k * y0, j + k * x0] * scale
            w1 = weight[n1, i + k * y1, j + k * x1] * scale
            w2 = weight[n2, i + k * y2, j + k * x2] * scale
            w3 = weight[n3, i + k * y3, j + k * x3] * scale
            for c in range(channels):
                s = w0 * r0[j + x0, c] + w1 * r1[j + x1, c]
                s += w2 * r2[j + x2, c] + w3 * r3[j + x3, c]
                out[j, c] += s
    for dy, dx, n in group:
        for j in range(max(0, -dx), min(width, width - dx)):
            if start <= j < stop:
                continue
            w = weight[n, i + k * dy, j + k * dx] * scale
            for c in range(channels):
                out[j, c] += w * source[i + dy, j + dx, c]
