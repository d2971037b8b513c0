"""The colour of each ray's hit, with cast shadows.

Per sample and light: inverse-square falloff, Lambert's cosine, a highlight on
glossy surfaces, and one hard shadow ray to a place on the lamp. The places
differ between the samples of a pixel, so their mean has a soft penumbra.
Light that bounces is an ambient term, darker near corners and furniture.
"""

import numpy as np
from numba import njit

from depthlib.kernels.compiling import INNER, OPTIONS, source_stamp
from depthlib.kernels.render import texture as tex
from depthlib.kernels.render.casting import surface, to_solid
from depthlib.kernels.render.light import (
    aim,
    blocked,
    group_bounds,
    power,
    solid_rows,
)


def shade(scene, look, pose, intrinsics, depth, ids):
    """Linear RGB (H, W, 3) float32 at every ray of a cast view.

    Args:
        scene: the solids (:class:`depthlib.kernels.render.Scene`).
        look: ``materials`` (M, 17), ``material`` (P,) row of each solid,
            ``shadow`` (P,) bool, ``lights`` (L, 16), ``ambient`` (3, 3): the
            bounced light from above, from below, and its direction.
        pose: (4, 4) world to camera.
        intrinsics: (3, 3) in pixels of this view.
        depth: (H, W) float32 of the view.
        ids: (H, W) int32 of the view.
    """
    out = np.zeros((*depth.shape, 3), np.float32)
    bounds = group_bounds(scene, look.shadow)
    _ENTER(
        (scene.kind, scene.group, solid_rows(scene), bounds),
        (
            look.shadow,
            look.material,
            look.materials,
            look.lights,
            look.ambient,
        ),
        np.ascontiguousarray(pose, np.float64),
        np.ascontiguousarray(intrinsics, np.float64),
        depth,
        ids,
        out,
    )
    return out


# The scratch row of a sample: place (0-2), normal (3-5), direction to the
# camera (6-8), texture u v and half sides (9-12), face (13), pixel size (14),
# light (15-17), highlight (18-20).
SCRATCH = 21


def _entry(stamp):
    """Compiles the way into the kernel; numba keeps it on disk.

    Numba looks at the age of one source file only. The stamp stands in the
    compiled function's closure, which is a part of its key on disk, so that
    a change in any of the files compiles anew.
    """

    @njit(**OPTIONS)
    def enter(*given):
        if stamp >= 0:
            _shade(*given)

    return enter


@njit(**INNER)
def _shade(things, look, pose, matrix, depth, ids, out):
    kind, _, solids, _ = things
    count = kind.shape[0]
    turns, offsets = np.empty((count, 3, 3)), np.empty((count, 3))
    room = -1
    for p in range(count):
        rotation = solids[p, :9].reshape(3, 3)
        to_solid(rotation, solids[p, 9:12], pose, turns[p], offsets[p])
        room = p if kind[p] == 4 else room
    w, colour = np.zeros(SCRATCH), np.zeros(3)
    for i in range(depth.shape[0]):
        y = (i + 0.5 - matrix[1, 2]) / matrix[1, 1]
        for j in range(depth.shape[1]):
            p = ids[i, j]
            if p < 0:
                continue
            x = (j + 0.5 - matrix[0, 2]) / matrix[0, 0]
            z = np.float64(depth[i, j])
            place(w, kind[p], solids, p, turns, offsets, pose, x, y, z)
            slant = w[3] * w[6] + w[4] * w[7] + w[5] * w[8]
            w[14] = z / matrix[0, 0] / max(slant, 0.15)
            _light_up(things, look, room, p, w, colour, i, j)
            for k in range(3):
                out[i, j, k] = colour[k] * w[15 + k] + w[18 + k]


@njit(**INNER)
def _light_up(things, look, room, p, w, colour, i, j):
    """The surface's colour, and the light and the highlight on it."""
    kind, group, solids, bounds = things
    shadow, material, materials, lights, ambient = look
    row = _row(kind[p], material[p], w[13])
    tex.albedo(materials, row, w[9], w[10], w[11], w[12], w[14], colour)
    glow = materials[row, tex.GLOW]
    if glow > 0:
        for k in range(3):
            w[15 + k], w[18 + k] = glow, 0.0
        return
    if materials[row, tex.KIND] == tex.FOLDS:
        _pleat(w, solids, p, materials[row, tex.PERIOD])
    _bounced(w, kind[p], group[p], group, solids, room, bounds, ambient)
    gloss, sharp = materials[row, tex.GLOSS], materials[row, tex.SHARP]
    _direct(w, kind, solids, shadow, bounds, lights, gloss, sharp, i, j)


@njit(**INNER)
def place(w, kind, s, p, turns, offsets, pose, x, y, z):
    """Where the ray met the surface, its normal and texture coordinates."""
    a = offsets[p, 0] + z * (turns[p, 0, 0] * x + turns[p, 0, 1] * y)
    b = offsets[p, 1] + z * (turns[p, 1, 0] * x + turns[p, 1, 1] * y)
    c = offsets[p, 2] + z * (turns[p, 2, 0] * x + turns[p, 2, 1] * y)
    a, b, c = a + z * turns[p, 0, 2], b + z * turns[p, 1, 2], c
    c += z * turns[p, 2, 2]
    nx, ny, nz, w[9], w[10], w[11], w[12], w[13] = surface(
        kind, s[p, 12], s[p, 13], s[p, 14], s[p, 15], a, b, c
    )
    scale = -1 / np.sqrt(x * x + y * y + 1)
    facing = 0.0
    for k in range(3):
        w[k] = s[p, 9 + k] + s[p, k] * a + s[p, 3 + k] * b + s[p, 6 + k] * c
        w[3 + k] = s[p, k] * nx + s[p, 3 + k] * ny + s[p, 6 + k] * nz
        w[6 + k] = scale * (pose[0, k] * x + pose[1, k] * y + pose[2, k])
        facing += w[3 + k] * w[6 + k]
    sign = 1.0 if facing >= 0 else -1.0
    for k in range(3):
        w[3 + k] *= sign
        w[k] += 2e-3 * w[3 + k]  # off the surface, else it shadows itself


@njit(**INNER)
def _row(kind, first, face):
    """The material: a room has floor, ceiling, walls and accent walls."""
    if kind != 4:
        return first
    if face == -3:
        return first
    if face == 3:
        return first + 1
    return first + (3 if face == 2 else 2)


@njit(**INNER)
def _pleat(w, s, p, period):
    """Pleats of a curtain: the normal sways, the depth does not."""
    sway = 0.6 * np.cos(6.2832 * w[9] / period)
    sway *= tex.visible(period, w[14])
    total = 0.0
    for k in range(3):
        w[3 + k] += sway * s[p, k]
        total += w[3 + k] ** 2
    for k in range(3):
        w[3 + k] /= np.sqrt(total)


@njit(**INNER)
def _bounced(w, kind, mine, group, s, room, bounds, ambient):
    """Ambient light, less of it near walls and beside or below furniture."""
    gone = 1.0
    if room >= 0:
        for k in range(3):
            gap = s[room, 12 + k] - abs(w[k] - s[room, 9 + k])
            if kind != 4 or abs(w[3 + k]) < 0.7:
                gone *= 1 - 0.35 * np.exp(-max(gap, 0.0) / 0.25)
    for g in range(bounds.shape[0]):
        if group[int(bounds[g, 0])] == mine:
            continue
        square, facing = 0.0, 0.0
        for k in range(3):
            below = bounds[g, 2 + k] - w[k]
            above = bounds[g, 5 + k] - w[k]
            gap = max(below, 0.0) + min(above, 0.0)
            square += gap * gap
            facing += 0.5 * (below + above) * w[3 + k]
        if square < 0.36 and facing > 0:
            gone *= 1 - 0.5 * np.exp(-np.sqrt(square) / 0.14)
    up = 0.5 + 0.5 * w[5]
    lean = 1.0
    for k in range(3):
        lean += ambient[2, k] * w[3 + k]
    for k in range(3):
        mixed = ambient[0, k] * up + ambient[1, k] * (1 - up)
        w[15 + k] = gone * lean * mixed
        w[18 + k] = 0.0


@njit(**INNER)
def _direct(w, kind, solids, shadow, bounds, lights, gloss, sharp, i, j):
    """Adds what lamps, windows and the sun send straight to the place."""
    for g in range(lights.shape[0]):
        reach, dx, dy, dz = aim(lights, g, w[0], w[1], w[2], i, j)
        cosine = w[3] * dx + w[4] * dy + w[5] * dz
        if reach <= 0 or cosine <= 0:
            continue
        share = power(lights, g, reach, dx, dy, dz, cosine)
        if share <= 1e-4 or blocked(
            kind,
            solids,
            shadow,
            bounds,
            w[0],
            w[1],
            w[2],
            dx,
            dy,
            dz,
            reach - 0.02,
        ):
            continue
        gleam = 0.0
        if gloss > 0:
            hx, hy, hz = w[6] + dx, w[7] + dy, w[8] + dz
            norm = max(np.sqrt(hx * hx + hy * hy + hz * hz), 1e-6)
            gleam = max((w[3] * hx + w[4] * hy + w[5] * hz) / norm, 0.0)
            gleam = gloss * gleam**sharp
        for k in range(3):
            w[15 + k] += share * lights[g, 13 + k]
            w[18 + k] += share * gleam * lights[g, 13 + k]


_ENTER = _entry(
    source_stamp(
        "render/rows",
        "render/casting",
        "render/texture",
        "render/light",
        "render/shade",
    )
)
