"""Light out of doors: a sky, a sun with cast shadows, and what they mirror.

The sun is so far away that its direction is one everywhere. The rest of the
light comes from the sky above and, weaker, from the ground; less of it where
something stands close by. Panes and car paint reflect the sky. A ray that
meets nothing sees the sky itself. There is no haze: within 80 m the air says
nothing, and a tint that grows with depth would give depth away.
"""

import numpy as np
from numba import njit

from depthlib.kernels import render_facade as facade
from depthlib.kernels import render_texture as tex
from depthlib.kernels.compiling import INNER, OPTIONS, source_stamp
from depthlib.kernels.render_light import blocked, group_bounds, solid_rows
from depthlib.kernels.render_numba import to_solid
from depthlib.kernels.render_rows import noise
from depthlib.kernels.render_shade import SCRATCH, place
from depthlib.kernels.render_texture import bumps

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
    """Compiles the way into the kernel; see ``render_shade._entry``."""

    @njit(**OPTIONS)
    def enter(*given):
        if stamp >= 0:
            _shade(*given)

    return enter


@njit(**INNER)
def _shade(things, look, pose, matrix, depth, ids, out):
    kind, _, solids, _ = things
    sky = look[3]
    count = kind.shape[0]
    turns, offsets = np.empty((count, 3, 3)), np.empty((count, 3))
    for p in range(count):
        rotation = solids[p, :9].reshape(3, 3)
        to_solid(rotation, solids[p, 9:12], pose, turns[p], offsets[p])
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
            _light_up(things, look, p, w, colour, seen)
            for k in range(3):
                out[i, j, k] = colour[k] * w[15 + k] + w[18 + k]


@njit(**INNER)
def _light_up(things, look, p, w, colour, seen):
    """The surface's colour, and the light and what is mirrored on it."""
    kind, group, solids, bounds = things
    shadow, material, materials, sky = look
    row = material[p]
    if kind[p] == 5 and w[13] != 1:
        row += 1
    mirror = facade.albedo(
        materials, row, w[13], w[9], w[10], w[11], w[12], w[14], w, colour
    )
    glow = materials[row, tex.GLOW]
    if glow > 0:
        for k in range(3):
            w[15 + k], w[18 + k] = glow, 0.0
        return
    leaves = kind[p] == 6
    if leaves:
        _ruffle(w)
    _from_sky(w, group[p], group, bounds, sky, leaves)
    gloss = materials[row, tex.GLOSS]
    if materials[row, tex.KIND] == facade.FACADE:
        gloss = 0.0  # there the number tells bricks from plaster
    _from_sun(w, kind, solids, shadow, bounds, sky, gloss, leaves)
    if gloss > 0 or mirror > 0:
        _mirrored(w, sky, mirror, gloss, seen)


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
def _from_sky(w, mine, group, bounds, sky, leaves):
    """Light from all around, less of it close to other things."""
    gone = 1.0
    for g in range(bounds.shape[0]):
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
def _from_sun(w, kind, solids, shadow, bounds, sky, gloss, leaves):
    """What the sun sends, unless something stands in its way."""
    dx, dy, dz = sky[SUN], sky[SUN + 1], sky[SUN + 2]
    cosine = w[3] * dx + w[4] * dy + w[5] * dz
    if leaves:  # they let some of it through
        cosine = 0.25 + 0.75 * cosine
    if cosine <= 0 or sky[SUN_COLOUR + 1] <= 0:
        return
    off = 0.35 if leaves else 0.0
    if blocked(
        kind,
        solids,
        shadow,
        bounds,
        w[0] + off * dx,
        w[1] + off * dy,
        w[2] + off * dz,
        dx,
        dy,
        dz,
        500.0,
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
        "render_rows",
        "render_numba",
        "render_texture",
        "render_light",
        "render_shade",
        "render_facade",
        "render_outdoor",
    )
)
