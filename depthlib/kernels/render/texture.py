"""Surface colours as functions of a place on the surface, in metres.

A texture has a size in the world, so a floor's planks shrink with distance
as real ones do. Detail finer than a pixel fades to its mean, which is what a
lens and a sensor do; without it far textures would sparkle.
"""

import numpy as np
from numba import njit

from depthlib.kernels.compiling import INNER

(
    PLAIN,
    WOOD,
    PLANKS,
    CHECKER,
    TILES,
    BRICKS,
    STRIPES,
    FOLDS,
    BOOKS,
    PICTURE,
    WINDOW,
    RUG,
    MARBLE,
    WEAVE,
    PARQUET,
) = range(15)

# Columns of a material's row.
KIND, RED1, RED2, PERIOD, RATIO, CONTRAST = 0, 1, 4, 7, 8, 9
GLOSS, SHARP, GLOW, SHIFT_U, SHIFT_V, SEED, MOTTLE = 10, 11, 12, 13, 14, 15, 16
COLUMNS = 17


@njit(**INNER)
def scatter(a, b, seed):
    """A number in [0, 1) that looks random but depends on its inputs only."""
    h = a * 374761393 + b * 668265263 + seed * 974634777
    h &= 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 2246822519) & 0xFFFFFFFF
    return (h ^ (h >> 15)) / 4294967296.0


@njit(**INNER)
def cell(x):
    return np.int64(np.floor(x))


@njit(**INNER)
def bumps(x, y, seed):
    """Smooth noise in [-1, 1] with bumps about one unit wide."""
    i, j = cell(x), cell(y)
    a, b = x - i, y - j
    a, b = a * a * (3 - 2 * a), b * b * (3 - 2 * b)
    low = scatter(i, j, seed) * (1 - a) + scatter(i + 1, j, seed) * a
    high = scatter(i, j + 1, seed) * (1 - a) + scatter(i + 1, j + 1, seed) * a
    return 2 * (low * (1 - b) + high * b) - 1


@njit(**INNER)
def visible(period, pixel):
    """1 for detail that pixels resolve, 0 for detail finer than a pixel."""
    return min(1.0, max(0.0, period / pixel - 1.0))


@njit(**INNER)
def grain(u, v, width, pixel, seed):
    """Wood fibres along u, in [-1, 1]."""
    wave = v / width + 0.6 * bumps(u / (9 * width), v / (3 * width), seed)
    ring = np.sin(6.2832 * wave) * visible(width, pixel)
    fine = bumps(u / (8 * width), 4 * v / width, seed + 7)
    return 0.6 * ring + 0.4 * fine * visible(width / 3, pixel)


@njit(**INNER)
def joint(u, v, long, wide, gap, pixel):
    """Share of grout (0 to 1) at a place in a grid of long x wide pieces."""
    du = abs(u / long - cell(u / long) - 0.5) * long
    dv = abs(v / wide - cell(v / wide) - 0.5) * wide
    soft = max(0.5 * pixel, 1e-4)
    edge_u = (du - (long - gap) / 2) / soft + 0.5
    edge_v = (dv - (wide - gap) / 2) / soft + 0.5
    cover = min(1.0, gap / max(pixel, 1e-6))
    return min(1.0, max(0.0, max(edge_u, edge_v))) * cover


@njit(**INNER)
def blend(m, share, tint, out):
    """Mixes a material's two colours and multiplies the result by tint."""
    share = min(1.0, max(0.0, share))
    for k in range(3):
        mixed = m[RED1 + k] * (1 - share) + m[RED2 + k] * share
        out[k] = min(0.95, max(0.004, mixed * tint))


@njit(**INNER)
def albedo(materials, row, u, v, half_u, half_v, pixel, out):
    """Writes the reflectance (linear RGB) of material m at (u, v) to out.

    Args:
        materials: (M, 17), one row each.
        row: of the material.
        u, v: the place on the face, metres from its middle.
        half_u, half_v: half the face's size.
        pixel: size of a pixel on the surface, in metres.
        out: (3,) the result.
    """
    m = materials[row]
    kind, seed = int(m[KIND]), int(m[SEED])
    if kind == PICTURE:
        _picture(m, u / half_u, v / half_v, seed, out)
        return
    if kind == WINDOW:
        _sky(m, u / half_u, v / half_v, seed, out)
        return
    if kind == RUG:
        _rug(m, u, v, half_u, half_v, pixel, seed, out)
        return
    if kind == WOOD and half_v > half_u:
        u, v = v, u
    u, v = u + m[SHIFT_U], v + m[SHIFT_V]
    if kind == BRICKS:  # every other row by half a brick
        u += 0.5 * m[PERIOD] * m[RATIO] * (cell(v / m[PERIOD]) & 1)
    if kind == BOOKS:
        _books(m, u, v, half_v, pixel, seed, out)
        return
    share, tint = _pattern(m, kind, u, v, pixel, seed)
    if m[MOTTLE] > 0:
        tint *= 1 + m[MOTTLE] * (
            0.6 * bumps(u * 2.1, v * 2.1, seed + 11)
            + 0.4 * bumps(u * 13, v * 13, seed + 12) * visible(0.08, pixel)
        )
    blend(m, share, tint, out)


@njit(**INNER)
def _pattern(m, kind, u, v, pixel, seed):
    """Share of the second colour, and what the mixture is multiplied by."""
    size, ratio = m[PERIOD], m[RATIO]
    if kind == WOOD:
        wood = grain(u, v, size, pixel, seed)
        return 0.5 + 0.5 * m[CONTRAST] * wood, 1.0
    if kind == PLANKS or kind == PARQUET:
        return _planks(m, kind, u, v, size, ratio, pixel, seed)
    if kind == CHECKER:
        odd = (cell(u / size) + cell(v / size)) & 1
        return 0.5 + (odd - 0.5) * visible(2 * size, pixel), 1.0
    if kind == TILES or kind == BRICKS:
        return _tiles(m, kind, u, v, size, size * ratio, pixel, seed)
    if kind == STRIPES:
        odd = 1.0 if u / size - cell(u / size) < ratio else 0.0
        return ratio + (odd - ratio) * visible(size, pixel), 1.0
    if kind == MARBLE:
        w = bumps(u / size, v / size, seed) + 0.5 * bumps(
            2.3 * u / size, 2.3 * v / size, seed + 3
        )
        vein = (1 - abs(np.sin(3.0 * w + 2 * u / size))) ** 8
        return vein * (m[CONTRAST] * visible(size, pixel)), 1.0
    if kind == WEAVE:
        thread = scatter(cell(u / size), cell(v / size), seed) - 0.5
        return 0.5 + thread * m[CONTRAST] * visible(size, pixel), 1.0
    return 0.0, 1.0


@njit(**INNER)
def _tiles(m, kind, u, v, size, long, pixel, seed):
    """Tiles or bricks in a grid of joints, each of its own shade."""
    share = joint(u, v, long, size, m[CONTRAST], pixel)
    one = scatter(cell(u / long), cell(v / size), seed) - 0.5
    return share, 1 + (0.14 if kind == TILES else 0.4) * one


@njit(**INNER)
def _planks(m, kind, u, v, size, ratio, pixel, seed):
    """Boards with staggered joints, or squares of boards in turn."""
    if kind == PARQUET:
        block = size * ratio
        if (cell(u / block) + cell(v / block)) & 1:
            u, v = v, u
        board = cell(v / size)
        end = cell(u / block)
        long = block
    else:
        board = cell(v / size)
        long = size * ratio
        u += long * scatter(board, 5, seed)
        end = cell(u / long)
    one = scatter(board, end, seed) - 0.5
    wood = grain(u + 3.1 * board, v, 0.22 * size, pixel, seed + board)
    share = 0.5 + 0.5 * m[CONTRAST] * wood + 0.5 * one
    dark = joint(u, v, long, size, 0.004, pixel)
    return share, (1 + 0.35 * one) * (1 - 0.6 * dark)


@njit(**INNER)
def _books(m, u, v, half_v, pixel, seed, out):
    """A row of book backs: every column its own width, height and colour."""
    size = m[PERIOD]
    a = cell(u / size)
    split = 0.3 + 0.4 * scatter(a, 1, seed)
    part = 0 if u / size - a < split else 1
    hue = scatter(2 * a + part, 2, seed)
    light = 0.05 + 0.5 * scatter(2 * a + part, 3, seed) ** 2
    strong = 0.75 * scatter(2 * a + part, 4, seed)
    height = 1.0 - 0.8 * scatter(2 * a + part, 6, seed)
    vivid = visible(size, pixel)
    for k in range(3):
        wave = 0.5 + 0.5 * np.cos(6.2832 * (hue - k / 3.0))
        value = light * (1 - strong + 1.5 * strong * wave)
        if v - m[SHIFT_V] > half_v * height:
            value *= 0.25
        out[k] = min(0.9, max(0.01, 0.16 + (value - 0.16) * vivid))


@njit(**INNER)
def _picture(m, a, b, seed, out):
    """A framed print: a landscape, blocks of colour, or soft clouds."""
    style = int(3 * scatter(1, 1, seed))
    if style == 0:
        ridge = 0.5 * bumps(1.7 * a + 3, 0.5, seed) - 0.1
        near = 0.4 * bumps(2.3 * a, 0.5, seed + 1) - 0.5
        share = 0.15 + 0.25 * b
        tint = 1.25
        if b < ridge:
            share, tint = 0.75, 0.8
        if b < near:
            share, tint = 0.95, 0.35
    elif style == 1:
        i = cell(1.6 * (a + 1) + 0.4 * scatter(0, 7, seed))
        j = cell(1.3 * (b + 1) + 0.5 * scatter(i, 8, seed))
        share = scatter(i, j, seed)
        tint = 0.4 + 1.2 * scatter(j, i, seed + 9)
    else:
        w = bumps(1.5 * a, 1.5 * b, seed) + 0.5 * bumps(4 * a, 4 * b, seed)
        share, tint = 0.5 + 0.8 * w, 1.0
    blend(m, share, tint, out)


@njit(**INNER)
def _sky(m, a, b, seed, out):
    """Daylight behind a pane: pale sky, a soft skyline, greenery below."""
    skyline = 0.35 * bumps(1.3 * a, 0.3, seed) - 0.55
    soft = min(1.0, max(0.0, (b - skyline) * 4 + 0.5))
    cloud = 0.12 * bumps(1.2 * a, 2.0 * b, seed + 2)
    for k in range(3):
        sky = m[RED1 + k] * (1 + cloud - 0.1 * b)
        out[k] = m[RED2 + k] * (1 - soft) + sky * soft


@njit(**INNER)
def _rug(m, u, v, half_u, half_v, pixel, seed, out):
    """A border, a field, and a figure that repeats towards the middle."""
    edge = min(half_u - abs(u), half_v - abs(v))
    rings = cell(edge / m[PERIOD])
    share = 0.0
    if rings == 1:
        share = 1.0
    elif rings > 2 and scatter(3, 3, seed) > 0.35:
        a, b = abs(u) / m[PERIOD], abs(v) / m[PERIOD]
        odd = cell(0.5 * (a + b)) & 1
        share = 0.45 * odd * visible(2 * m[PERIOD], pixel)
    fuzz = 0.1 * bumps(u * 25, v * 25, seed) * visible(0.04, pixel)
    blend(m, share, 1 + fuzz, out)
