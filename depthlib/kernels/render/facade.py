"""Surface colours out of doors: facades, asphalt, grass and leaves.

They go by the same table of materials as ``texture.py``, whose
textures serve here too. Besides a colour each gives a *mirror*: which share
of the surroundings the place reflects, as window panes do.
"""

import numpy as np
from numba import njit

from depthlib.kernels.compiling import INNER
from depthlib.kernels.render import texture as tex
from depthlib.kernels.render.rows import noise
from depthlib.kernels.render.texture import (
    blend,
    bumps,
    cell,
    scatter,
    visible,
)

ASPHALT, FACADE, CURTAIN_WALL, LEAVES, GRASS, PAINT = range(15, 21)


@njit(**INNER)
def albedo(materials, row, face, u, v, half_u, half_v, pixel, w, out):
    """Writes the reflectance (linear RGB) to out and returns the mirror.

    Args:
        materials: (M, 17), one row each.
        row: of the material.
        face: as ``casting.surface`` gives it.
        u, v, half_u, half_v: the place on the face, and half its size.
        pixel: size of a pixel on the surface, in metres.
        w: the place in the world (its first three numbers).
        out: (3,) the result.
    """
    m = materials[row]
    kind, seed = int(m[tex.KIND]), int(m[tex.SEED])
    if kind < ASPHALT:
        tex.albedo(materials, row, u, v, half_u, half_v, pixel, out)
        return 0.0
    if kind == FACADE and abs(face) < 3:
        return _facade(m, u + half_u, v + half_v, half_u, half_v, pixel, out)
    if kind == CURTAIN_WALL and abs(face) < 3:
        return _curtain_wall(m, u + half_u, v + half_v, half_u, pixel, out)
    x, y = u + m[tex.SHIFT_U], v + m[tex.SHIFT_V]
    if kind == LEAVES:
        _leaves(m, w, pixel, out)
    elif kind == GRASS:
        tufts = visible(0.11, pixel)
        if tufts > 0:
            tufts *= bumps(x * 9, y * 9, seed)
        plots = bumps(x * 0.35, y * 0.35, seed + 1)
        plots += 0.6 * bumps(x * 1.7, y * 1.7, seed + 2)
        blend(m, 0.45 + 0.4 * plots, 1 + 0.35 * tufts, out)
    elif kind == PAINT:
        worn = bumps(x * 5, y * 5, seed) + bumps(x * 17, y * 17, seed + 1)
        blend(m, m[tex.CONTRAST] * (0.6 + 0.8 * worn), 1.0, out)
    else:
        _asphalt(m, x, y, pixel, seed, out)
    return 0.0


@njit(**INNER)
def _leaves(m, w, pixel, out):
    """Clusters, lit and dark, by the place in the world."""
    x, y, z = w[0] + m[tex.SHIFT_U], w[1], w[2]
    share = 0.4 + 0.45 * noise(x / 0.7, y / 0.7, z / 0.7)
    near = visible(0.12, pixel)
    if near > 0:
        share += 0.4 * near * noise(x / 0.13, y / 0.13, z / 0.13)
    blend(m, share, 1.0, out)


@njit(**INNER)
def _asphalt(m, x, y, pixel, seed, out):
    """Wheel tracks along x, patches of repair, cracks and stones."""
    tone = 0.5 * bumps(x * 0.21, y * 0.6, seed)
    tone += 0.4 * bumps(x * 0.9, y * 2.3, seed + 1)
    stones, thin = visible(0.03, pixel), visible(0.06, pixel)
    if stones > 0:
        tone += 0.5 * bumps(x * 31, y * 31, seed + 2) * stones
    tint = 1 + m[tex.MOTTLE] * tone
    tint *= 1 + 0.05 * np.cos(6.2832 * y / m[tex.PERIOD])
    i = cell(x / 7 + scatter(cell(y / 1.9), 3, seed))
    patch = scatter(i, cell(y / 1.9), seed + 4)
    if patch < m[tex.CONTRAST]:
        tint *= 0.72 + 0.5 * patch / m[tex.CONTRAST]
    if thin > 0:
        crack = abs(bumps(x / 2.6, y / 1.9, seed + 6)) / 0.02
        tint *= 1 - 0.35 * max(1 - crack, 0.0) * thin
    blend(m, 0.0, tint, out)


@njit(**INNER)
def _facade(m, u, v, half_u, half_v, pixel, out):
    """Storeys of windows; u from the left edge, v from the ground."""
    seed = int(m[tex.SEED])
    storey = m[tex.PERIOD]
    tint = 1 + m[tex.MOTTLE] * (
        0.6 * bumps(u * 0.5, v * 0.35, seed) + 0.4 * bumps(u * 3, v * 3, seed)
    )
    if m[tex.GLOSS] > 0.5:  # bricks, not plaster
        mortar = tex.joint(
            u + 0.12 * (cell(v / 0.08) & 1), v, 0.25, 0.08, 0.012, pixel
        )
        tone = scatter(cell(u / 0.25), cell(v / 0.08), seed) - 0.5
        tint *= (1 + 0.35 * tone * visible(0.2, pixel)) * (1 + 0.3 * mortar)
    foot = 0.3 + 0.5 * scatter(1, 1, seed)
    if v < foot:
        tint *= 0.62 + 0.3 * scatter(1, 2, seed)
    count = max(1.0, np.floor(2 * half_u / (storey * m[tex.RATIO])))
    if half_u < 1.1:
        count = 0.0
    pitch = 2 * half_u / max(count, 1.0)
    j = cell((v - 0.3) / storey)
    high = v - 0.3 - j * storey
    if (j + 0.92) * storey + 0.3 > 2 * half_v or j < 0:
        count = 0.0
    if scatter(2, 1, seed) < 0.35 and high < 0.16 and j > 0:
        blend(m, 1.0, 1.0, out)  # a band between the storeys
        return 0.0
    if count == 0:
        blend(m, 0.0, tint, out)
        return 0.0
    i = cell(u / pitch)
    aside = abs(u - (i + 0.5) * pitch)
    if j == 0 and scatter(2, 2, seed) < m[tex.CONTRAST]:
        return _shop(m, i, aside, pitch, high, storey, pixel, seed, tint, out)
    half_w = 0.5 * min(pitch * (0.34 + 0.26 * scatter(3, 1, seed)), 2.2)
    low = storey * (0.24 + 0.08 * scatter(3, 2, seed))
    top = low + storey * (0.44 + 0.2 * scatter(3, 3, seed))
    if j == 0 and scatter(i, 41, seed) < 0.18:
        low = 0.0
        if aside < half_w and high < top:  # a door
            blend(m, 1.0, 0.35 + 0.6 * scatter(i, 42, seed), out)
            return 0.0
    if aside < half_w and low < high < top:
        edge = min(half_w - aside, min(high - low, top - high))
        middle = aside if half_w > 0.45 else 1.0
        return _pane(
            m, edge, middle, (high - low) / (top - low), i, j, pixel, seed, out
        )
    beside = aside < min(1.9 * half_w, 0.5 * pitch - 0.05)
    if scatter(3, 4, seed) < 0.3 and low < high < top and beside:
        blend(m, 1.0, 0.6, out)  # shutters
        return 0.0
    rim = 0.12 + 0.1 * scatter(3, 6, seed)
    framed = low - rim < high < top + rim and aside < half_w + rim
    if scatter(3, 5, seed) < 0.4 and framed:
        blend(m, 0.8, 1.0, out)
        return 0.0
    if aside < half_w + 0.1 and low - 0.12 < high <= low:  # the sill
        blend(m, 0.7, 0.85, out)
        return 0.0
    blend(m, 0.0, tint, out)
    return 0.0


@njit(**INNER)
def _pane(m, edge, middle, rise, i, j, pixel, seed, out):
    """A window: its frame, and a dark room, curtains or blinds behind."""
    frame = 0.07 * min(1.0, 0.14 / pixel)
    if edge < frame or middle < 0.5 * frame:
        white = 0.75 if scatter(4, 4, seed) < 0.6 else 0.12
        out[0], out[1], out[2] = white, white, 0.95 * white
        return 0.0
    behind = 0.02 + 0.05 * scatter(i, j, seed + 21)
    drawn = scatter(i, j, seed + 22)
    if drawn < 0.28 and rise > 2.2 * drawn:
        behind = 0.25 + 0.35 * scatter(i, j, seed + 23)
    shade = 1.0 if edge > 0.2 or rise < 0.8 else 0.7
    out[0], out[1], out[2] = behind * shade, behind * shade, behind * shade
    return 0.32 * shade


@njit(**INNER)
def _shop(m, i, aside, pitch, high, storey, pixel, seed, tint, out):
    """The ground floor of a shop: large panes under a sign."""
    two = cell(0.5 * i + 0.25)
    if high > 0.8 * storey:
        if scatter(two, 34, seed) < 0.45:
            blend(m, 0.5, 0.8, out)
            return 0.0
        hue, light = scatter(1, 31, seed), 0.05 + 0.35 * scatter(two, 32, seed)
        strong = 0.4 * scatter(two, 35, seed)
        for k in range(3):
            wave = np.cos(6.2832 * (hue - k / 3.0))
            out[k] = light * (1 - strong + strong * wave)
        return 0.0
    if high < 0.35 or aside > 0.5 * pitch - 0.14:
        blend(m, 0.3, 0.6 * tint, out)
        return 0.0
    goods = bumps(2.5 * aside + 7 * i, 1.6 * high, seed + 33)
    goods = max(goods, 0.0) * (high < 0.5 * storey)
    for k in range(3):
        spot = 0.3 + 0.7 * scatter(cell(1.5 * aside) + 9 * i, k, seed)
        out[k] = 0.03 + 0.1 * goods * spot * visible(0.3, pixel)
    return 0.3


@njit(**INNER)
def _curtain_wall(m, u, v, half_u, pixel, out):
    """Glass from top to bottom, in frames, with a band at each floor."""
    seed, storey = int(m[tex.SEED]), m[tex.PERIOD]
    wide = storey * m[tex.RATIO] * 0.6
    i, j = cell(u / wide), cell(v / storey)
    a, b = u - i * wide, v - j * storey
    if min(a, wide - a) < 0.05 or b < 0.08:
        blend(m, 0.0, 0.8, out)
        return 0.1
    if b < storey * m[tex.CONTRAST]:
        blend(m, 1.0, 1.0, out)
        return 0.12
    behind = 0.02 + 0.08 * scatter(i, j, seed)
    if scatter(i, j, seed + 5) < 0.15:
        behind = 0.3
    out[0], out[1], out[2] = 0.8 * behind, behind, 1.05 * behind
    return 0.42
