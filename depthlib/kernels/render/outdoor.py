"""Light out of doors: a sky, a sun with cast shadows, and what they mirror.

The sun is so far away that its direction is one everywhere. The rest of the
light comes from the sky above and, weaker, from the ground; less of it where
something stands close by. Panes and car paint reflect the sky. A ray that
meets nothing sees the sky itself. There is no haze: within 80 m the air says
nothing, and a tint that grows with depth would give depth away.
"""

import numpy as np
from numba import njit

from depthlib.kernels.compiling import INNER, OPTIONS, source_stamp
from depthlib.kernels.render import facade
from depthlib.kernels.render import texture as tex
from depthlib.kernels.render.casting import to_solid
from depthlib.kernels.render.grid import (
    CELLS,
    cell_of,
    grid,
    shadow_axes,
    spans_along,
)
from depthlib.kernels.render.light import (
    group_bounds,
    meets,
    solid_rows,
)
from depthlib.kernels.render.rows import noise
from depthlib.kernels.render.shade import SCRATCH, place
from depthlib.kernels.render.texture import bumps

# Columns of the sky: direction of the sun (3), its colour (3; 0: hidden),
# the sky's colour at the zenith (3) and the horizon (3), clouds' colour (3),
# their cover, sharpness, size and seed, and the light from the ground (3).
SUN, SUN_COLOUR, ZENITH, HORIZON, CLOUD = 0, 3, 6, 9, 12
COVER, EDGE, SCALE, SEED, GROUND, SKY_COLUMNS = 15, 16, 17, 18, 19, 22


def shade(scene, look, pose, intrinsics, depth, ids):
    """Linear RGB (H, W, 3) float32 at every ray of a cast view.

    Args:
        scene: the solids (:class:`depthlib.kernels.render.Scene`).
        look: ``materials`` (M, 17), ``material`` (P,) row of each solid (a
            prism's leaning sides have this one, its other sides the next),
            ``shadow`` (P,) bool, ``sky`` (22,).
        pose: (4, 4) world to camera.
        intrinsics: (3, 3) in pixels of this view.
        depth: (H, W) float32 of the view.
        ids: (H, W) int32 of the view.
    """
    out = np.zeros((*depth.shape, 3), np.float32)
    bounds = group_bounds(scene, look.shadow)
    _ENTER(
        (scene.kind, scene.group, solid_rows(scene), bounds),
        (look.shadow, look.material, look.materials, look.sky),
        np.ascontiguousarray(pose, np.float64),
        np.ascontiguousarray(intrinsics, np.float64),
        depth,
        ids,
        out,
    )
    return out


def _entry(stamp):
    """Compiles the way into the kernel; see ``shade._entry``."""

    @njit(**OPTIONS)
    def enter(*given):
        if stamp >= 0:
            _shade(*given)

    return enter


@njit(**INNER)
def _shade(things, look, pose, matrix, depth, ids, out):
    kind, group, solids, bounds = things
    shadow, material, materials, sky = look
    count = kind.shape[0]
    turns, offsets = np.empty((count, 3, 3)), np.empty((count, 3))
    for p in range(count):
        rotation = solids[p, :9].reshape(3, 3)
        to_solid(rotation, solids[p, 9:12], pose, turns[p], offsets[p])
    near, close, shade, behind, frame = _maps(bounds, sky)
    w, colour, seen = np.zeros(SCRATCH), np.zeros(3), np.zeros(3)
    for i in range(depth.shape[0]):
        y = (i + 0.5 - matrix[1, 2]) / matrix[1, 1]
        for j in range(depth.shape[1]):
            p = ids[i, j]
            x = (j + 0.5 - matrix[0, 2]) / matrix[0, 0]
            if p < 0:
                scale = 1 / np.sqrt(x * x + y * y + 1)
                for k in range(3):
                    w[k] = pose[0, k] * x + pose[1, k] * y + pose[2, k]
                    w[k] *= scale
                heaven(sky, w[0], w[1], w[2], seen)
                for k in range(3):
                    out[i, j, k] = seen[k]
                continue
            z = np.float64(depth[i, j])
            place(w, kind[p], solids, p, turns, offsets, pose, x, y, z)
            slant = w[3] * w[6] + w[4] * w[7] + w[5] * w[8]
            w[14] = z / matrix[0, 0] / max(slant, 0.15)
            # Arrays one by one: unpacking tuples here would count references
            # for every pixel, which costs more than the light.
            row = material[p]
            if kind[p] == 5 and w[13] != 1:
                row += 1
            mirror = facade.albedo(
                materials,
                row,
                w[13],
                w[9],
                w[10],
                w[11],
                w[12],
                w[14],
                w,
                colour,
            )
            glow, gloss = materials[row, tex.GLOW], materials[row, tex.GLOSS]
            if glow > 0:
                for k in range(3):
                    out[i, j, k] = colour[k] * glow
                continue
            if materials[row, tex.KIND] == facade.FACADE:
                gloss = 0.0  # there the number tells bricks from plaster
            leaves = kind[p] == 6
            if leaves:
                _ruffle(w)
            _from_sky(w, group[p], group, bounds, near, close, sky, leaves)
            _from_sun(
                w,
                kind,
                solids,
                shadow,
                bounds,
                shade,
                behind,
                frame,
                sky,
                gloss,
                leaves,
            )
            if gloss > 0 or mirror > 0:
                _mirrored(w, sky, mirror, gloss, seen)
            for k in range(3):
                out[i, j, k] = colour[k] * w[15 + k] + w[18 + k]


NEAR, CELL, SUN_CELL = 1.25, 2.5, 4.0  # metres
# Both grids lie around a place 60 m ahead. What lies outside counts to their
# rims, where look-up is slow but not wrong.
AHEAD, ASIDE = -20.0, -0.5 * CELLS * CELL


@njit(**INNER)
def _maps(bounds, sky):
    """Grids of what is close by (from above) and of what may cast shadows.

    ``frame`` holds the axes of both grids, then 1 / the sun's direction.
    """
    frame = np.zeros((5, 3))
    frame[0, 0] = frame[1, 1] = 1.0
    shadow_axes(sky[SUN], sky[SUN + 1], sky[SUN + 2], frame[2:4])
    for k in range(3):
        frame[4, k] = 1 / sky[SUN + k]
    near, close = grid(
        spans_along(bounds, frame[:2], NEAR), AHEAD, ASIDE, CELL
    )
    shade, behind = grid(
        spans_along(bounds, frame[2:4], 0.01),
        60 * frame[2, 0] - 0.5 * CELLS * SUN_CELL,
        60 * frame[3, 0] - 0.5 * CELLS * SUN_CELL,
        SUN_CELL,
    )
    return near, close, shade, behind, frame


@njit(**INNER)
def _ruffle(w):
    """Leaves face all ways: the hull's normal is tossed about."""
    total = 0.0
    for k in range(3):
        x, y, z = w[0] / 0.21 + 9.7 * k, w[1] / 0.21, w[2] / 0.21
        w[3 + k] += 0.7 * noise(x, y, z)
        total += w[3 + k] ** 2
    total = max(np.sqrt(total), 1e-6)
    for k in range(3):
        w[3 + k] /= total


@njit(**INNER)
def heaven(sky, dx, dy, dz, out):
    """The sky's light from a direction: blue, clouds, a glow by the sun."""
    up = max(dz, 0.0)
    blue = min(1.0, 1.25 * up**0.55)
    px, py = dx / (up + 0.13) * sky[SCALE], dy / (up + 0.13) * sky[SCALE]
    seed = int(sky[SEED])
    cloud = bumps(px, py, seed) + 0.55 * bumps(2.1 * px, 2.1 * py, seed + 1)
    cloud += 0.3 * bumps(4.3 * px, 4.3 * py, seed + 2)
    cloud += 0.16 * bumps(9.1 * px, 9.1 * py, seed + 3)
    cover = (cloud + sky[COVER]) * sky[EDGE]
    cover = min(1.0, max(0.0, cover))
    cover = cover * cover * (3 - 2 * cover)
    tone = 1.0 - 0.22 * max(0.0, cloud + sky[COVER] - 0.4)
    near = dx * sky[SUN] + dy * sky[SUN + 1] + dz * sky[SUN + 2]
    glow = 0.3 * max(near, 0.0) ** 24 + 0.12 * max(near, 0.0) ** 4
    for k in range(3):
        clear = sky[HORIZON + k] * (1 - blue) + sky[ZENITH + k] * blue
        clear = clear * (1 - cover) + tone * sky[CLOUD + k] * cover
        out[k] = clear + glow * sky[SUN_COLOUR + k]


@njit(**INNER)
def _from_sky(w, mine, group, bounds, first, members, sky, leaves):
    """Light from all around, less of it close to other things."""
    gone = 1.0
    cell = cell_of(w[0], AHEAD, CELL) * CELLS + cell_of(w[1], ASIDE, CELL)
    for m in range(first[cell], first[cell + 1]):
        g = members[m]
        square, facing = 0.0, 0.0
        for k in range(3):
            below = bounds[g, 2 + k] - w[k]
            above = bounds[g, 5 + k] - w[k]
            gap = max(below, 0.0) + min(above, 0.0)
            square += gap * gap
            facing += 0.5 * (below + above) * w[3 + k]
        other = group[int(bounds[g, 0])] != mine
        if square < 1.5 and facing > 0 and other:
            gone *= 1 - 0.62 * np.exp(-np.sqrt(square) / 0.3)
    up = 0.5 + 0.5 * w[5]
    if leaves:
        up = 0.3 + 0.5 * up
    for k in range(3):
        above = 0.5 * sky[ZENITH + k] + 0.3 * sky[HORIZON + k]
        above += 0.2 * sky[CLOUD + k]
        w[15 + k] = gone * (above * up + sky[GROUND + k] * (1 - up))
        w[18 + k] = 0.0


@njit(**INNER)
def _from_sun(
    w, kind, solids, shadow, bounds, first, members, frame, sky, gloss, leaves
):
    """What the sun sends, unless something stands in its way."""
    dx, dy, dz = sky[SUN], sky[SUN + 1], sky[SUN + 2]
    cosine = w[3] * dx + w[4] * dy + w[5] * dz
    if leaves:  # they let some of it through
        cosine = 0.25 + 0.75 * cosine
    if cosine <= 0 or sky[SUN_COLOUR + 1] <= 0:
        return
    off = 0.35 if leaves else 0.0
    x, y, z = w[0] + off * dx, w[1] + off * dy, w[2] + off * dz
    u = x * frame[2, 0] + y * frame[2, 1] + z * frame[2, 2]
    v = x * frame[3, 0] + y * frame[3, 1] + z * frame[3, 2]
    half = 0.5 * CELLS * SUN_CELL
    cell = cell_of(u, 60 * frame[2, 0] - half, SUN_CELL) * CELLS
    cell += cell_of(v, 60 * frame[3, 0] - half, SUN_CELL)
    for m in range(first[cell], first[cell + 1]):
        g = members[m]
        # The sun is never on the horizon nor, by chance, on an axis.
        x1 = (bounds[g, 2] - x) * frame[4, 0]
        x2 = (bounds[g, 5] - x) * frame[4, 0]
        y1 = (bounds[g, 3] - y) * frame[4, 1]
        y2 = (bounds[g, 6] - y) * frame[4, 1]
        far = (bounds[g, 7] - z) * frame[4, 2]
        enter = max(min(x1, x2), min(y1, y2))
        leave = min(min(max(x1, x2), max(y1, y2)), far)
        if enter > leave or leave <= 0:
            continue
        for p in range(int(bounds[g, 0]), int(bounds[g, 1])):
            if shadow[p] and meets(
                kind[p], solids, p, x, y, z, dx, dy, dz, 500.0
            ):
                return
    gleam = 0.0
    if gloss > 0:
        hx, hy, hz = w[6] + dx, w[7] + dy, w[8] + dz
        norm = max(np.sqrt(hx * hx + hy * hy + hz * hz), 1e-6)
        gleam = max((w[3] * hx + w[4] * hy + w[5] * hz) / norm, 0.0)
        gleam = 2.5 * gloss * gleam**60
    for k in range(3):
        w[15 + k] += cosine * sky[SUN_COLOUR + k]
        w[18 + k] += cosine * gleam * sky[SUN_COLOUR + k]


@njit(**INNER)
def _mirrored(w, sky, mirror, gloss, seen):
    """Adds the sky, or houses and ground, as the surface mirrors them."""
    cosine = max(w[3] * w[6] + w[4] * w[7] + w[5] * w[8], 0.0)
    graze = (1 - cosine) ** 4
    share = mirror * (0.45 + 0.55 * graze) + gloss * (0.06 + 0.5 * graze)
    dx = 2 * cosine * w[3] - w[6]
    dy = 2 * cosine * w[4] - w[7]
    dz = 2 * cosine * w[5] - w[8]
    heaven(sky, dx, dy, dz, seen)
    # Houses opposite hide the sky's lower part.
    roofs = 0.22 + 0.12 * bumps(4 * np.arctan2(dy, dx), 0.1 * w[0], 5)
    open_sky = min(1.0, max(0.0, (dz - roofs) * 9 + 0.5))
    for k in range(3):
        dull = 0.35 * sky[GROUND + k] + 0.12 * sky[HORIZON + k]
        w[18 + k] += share * (seen[k] * open_sky + dull * (1 - open_sky))


_ENTER = _entry(
    source_stamp(
        "compiling",
        "render/rows",
        "render/casting",
        "render/texture",
        "render/light",
        "render/shade",
        "render/grid",
        "render/facade",
        "render/outdoor",
    )
)
