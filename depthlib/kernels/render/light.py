"""Shadow rays and lamps: what reaches a place directly.

Solids come as rows of 16 numbers (rotation by rows, centre, half extents,
taper), rays as scalars: slices of arrays inside the inner loop would cost
more than the arithmetic.
"""

import numpy as np
from numba import njit

from depthlib.kernels.compiling import INNER
from depthlib.kernels.render.rows import leafy

LAMP, PANE, SUN = range(3)
# Columns of a light's row: kind, place (3), two half sides (3 each), the
# direction it faces or, for the sun, where it stands (3), colour (3).
PLACE, SIDE_U, SIDE_V, FACING, COLOUR = 1, 4, 7, 10, 13


def solid_rows(scene) -> np.ndarray:
    """The solids of a scene as rows (P, 16) float64."""
    return np.column_stack(
        [
            scene.rotation.reshape(-1, 9),
            scene.centre,
            scene.half,
            scene.taper,
        ]
    ).astype(np.float64)


def group_bounds(scene, shadow) -> np.ndarray:
    """Per group the first and last + 1 solid, and a box around them (G, 8).

    Solids that cast no shadow (the room itself, lamp shades) stay outside
    the boxes.
    """
    reach = np.einsum(
        "pij,pi->pj", np.abs(scene.rotation), scene.half, dtype=np.float64
    )
    low, high = scene.centre - reach, scene.centre + reach
    low = np.where(shadow[:, None], low, 1e9)
    high = np.where(shadow[:, None], high, -1e9)
    first = np.flatnonzero(np.diff(scene.group, prepend=-1))
    boxes = np.column_stack(
        [
            first,
            np.append(first[1:], len(scene.group)),
            np.minimum.reduceat(low, first),
            np.maximum.reduceat(high, first),
        ]
    )
    return boxes[boxes[:, 2] < 1e8]


@njit(**INNER)
def _safe(step):
    return step if abs(step) > 1e-9 else 1e-9


@njit(**INNER)
def blocked(kind, solids, shadow, bounds, ox, oy, oz, dx, dy, dz, reach):
    """Whether a solid lies on the ray o + s d for 0 < s < reach."""
    ix, iy, iz = 1 / _safe(dx), 1 / _safe(dy), 1 / _safe(dz)
    for g in range(bounds.shape[0]):
        x1, x2 = (bounds[g, 2] - ox) * ix, (bounds[g, 5] - ox) * ix
        y1, y2 = (bounds[g, 3] - oy) * iy, (bounds[g, 6] - oy) * iy
        z1, z2 = (bounds[g, 4] - oz) * iz, (bounds[g, 7] - oz) * iz
        enter = max(max(min(x1, x2), min(y1, y2)), min(z1, z2))
        leave = min(min(max(x1, x2), max(y1, y2)), max(z1, z2))
        if enter > leave or leave <= 0 or enter >= reach:
            continue
        for p in range(int(bounds[g, 0]), int(bounds[g, 1])):
            if shadow[p] and meets(
                kind[p], solids, p, ox, oy, oz, dx, dy, dz, reach
            ):
                return True
    return False


@njit(**INNER)
def meets(kind, s, p, ox, oy, oz, dx, dy, dz, reach):
    """Whether solid p lies on the ray, in coordinates where it has size 1."""
    ox, oy, oz = ox - s[p, 9], oy - s[p, 10], oz - s[p, 11]
    hx, hy, hz = 1 / s[p, 12], 1 / s[p, 13], 1 / s[p, 14]
    x = (s[p, 0] * ox + s[p, 1] * oy + s[p, 2] * oz) * hx
    y = (s[p, 3] * ox + s[p, 4] * oy + s[p, 5] * oz) * hy
    z = (s[p, 6] * ox + s[p, 7] * oy + s[p, 8] * oz) * hz
    a = _safe((s[p, 0] * dx + s[p, 1] * dy + s[p, 2] * dz) * hx)
    b = _safe((s[p, 3] * dx + s[p, 4] * dy + s[p, 5] * dz) * hy)
    c = _safe((s[p, 6] * dx + s[p, 7] * dy + s[p, 8] * dz) * hz)
    if kind == 0:
        i, j, k = 1 / a, 1 / b, 1 / c
        x1, x2 = (-1 - x) * i, (1 - x) * i
        y1, y2 = (-1 - y) * j, (1 - y) * j
        z1, z2 = (-1 - z) * k, (1 - z) * k
        enter = max(max(min(x1, x2), min(y1, y2)), min(z1, z2))
        leave = min(min(max(x1, x2), max(y1, y2)), max(z1, z2))
        return enter <= leave and leave > 0 and enter < reach
    if kind == 1:
        return _meets_cylinder(x, y, z, a, b, c, s[p, 15], reach)
    if kind == 2:
        square, middle = a * a + b * b + c * c, x * a + y * b + z * c
        inner = middle**2 - square * (x * x + y * y + z * z - 1)
        if inner < 0:
            return False
        width = np.sqrt(inner)
        return width > middle and -middle - width < reach * square
    if kind == 3:
        t = -z / c
        inside = abs(x + t * a) <= 1 and abs(y + t * b) <= 1
        return inside and 0 < t < reach
    if kind == 5:
        return _meets_prism(x, y, z, a, b, c, s[p, 15], reach)
    if kind == 6:
        return _meets_leaves(s, p, x, y, z, a, b, c, reach)
    return False


@njit(**INNER)
def _meets_cylinder(x, y, z, a, b, c, taper, reach):
    slope = -taper / 2
    radius, growth = 1 + slope * (1 + z), slope * c
    square = a * a + b * b - growth * growth
    square = square if abs(square) > 1e-12 else 1e-12
    middle = x * a + y * b - growth * radius
    inner = middle * middle - square * (x * x + y * y - radius * radius)
    if inner >= 0:
        width = np.sqrt(inner)
        t1, t2 = (-middle - width) / square, (-middle + width) / square
        if 0 < t1 < reach and abs(z + t1 * c) <= 1:
            return True
        if 0 < t2 < reach and abs(z + t2 * c) <= 1:
            return True
    t1, t2 = (-1 - z) / c, (1 - z) / c
    if 0 < t1 < reach and (x + t1 * a) ** 2 + (y + t1 * b) ** 2 <= 1:
        return True
    far = (x + t2 * a) ** 2 + (y + t2 * b) ** 2
    return 0 < t2 < reach and far <= (1 - taper) ** 2


@njit(**INNER)
def _meets_prism(x, y, z, a, b, c, taper, reach):
    slope, edge = 0.5 * taper, 1 - 0.5 * taper
    y1, y2, z1, z2 = (-1 - y) / b, (1 - y) / b, (-1 - z) / c, (1 - z) / c
    enter = max(min(y1, y2), min(z1, z2))
    leave = min(max(y1, y2), max(z1, z2))
    for side in (-1.0, 1.0):
        grow = _safe(side * a + slope * c)
        t = (edge - side * x - slope * z) / grow
        if grow < 0:
            enter = max(enter, t)
        else:
            leave = min(leave, t)
    return enter <= leave and leave > 0 and enter < reach


@njit(**INNER)
def _meets_leaves(s, p, x, y, z, a, b, c, reach):
    square = a * a + b * b + c * c
    middle = -(x * a + y * b + z * c) / square
    deep = 1 - (
        (x + middle * a) ** 2 + (y + middle * b) ** 2 + (z + middle * c) ** 2
    )
    if deep < 0:
        return False
    width = np.sqrt(deep / square)
    for t in (middle - width, middle + width):
        if 0 < t < reach and leafy(
            (x + t * a) * s[p, 12],
            (y + t * b) * s[p, 13],
            (z + t * c) * s[p, 14],
            s[p, 15],
            deep,
        ):
            return True
    return False


@njit(**INNER)
def aim(light, g, ox, oy, oz, i, j):
    """Distance and direction to a place on light g; 0 if it cannot shine.

    The four samples of a pixel look at the four quarters of a lamp, always
    at their middles: random places would look like grain.
    """
    if light[g, 0] == SUN:
        return _aim_sun(light, g, ox, oy, oz)
    a, b = (i & 1) - 0.5, (j & 1) - 0.5
    dx = light[g, 1] + a * light[g, 4] + b * light[g, 7] - ox
    dy = light[g, 2] + a * light[g, 5] + b * light[g, 8] - oy
    dz = light[g, 3] + a * light[g, 6] + b * light[g, 9] - oz
    reach = max(np.sqrt(dx * dx + dy * dy + dz * dz), 1e-6)
    return reach, dx / reach, dy / reach, dz / reach


@njit(**INNER)
def _aim_sun(light, g, ox, oy, oz):
    """The sun shines where its beam has come through the pane."""
    dx, dy, dz = light[g, 10], light[g, 11], light[g, 12]
    ux, uy = light[g, 4], light[g, 5]
    nx, ny = uy, -ux  # panes stand upright: side v is along z
    facing = dx * nx + dy * ny
    if abs(facing) < 1e-9:
        return 0.0, dx, dy, dz
    qx, qy, qz = light[g, 1] - ox, light[g, 2] - oy, light[g, 3] - oz
    t = (qx * nx + qy * ny) / facing
    a = ((t * dx - qx) * ux + (t * dy - qy) * uy) / (ux * ux + uy * uy)
    b = (t * dz - qz) / light[g, 9]
    if t <= 0 or abs(a) > 1 or abs(b) > 1:
        return 0.0, dx, dy, dz
    return t, dx, dy, dz


@njit(**INNER)
def power(light, g, reach, dx, dy, dz, cosine):
    """Share of a light's strength that arrives: falloff and cosines."""
    if light[g, 0] == SUN:
        return cosine
    share = cosine / (reach * reach + 0.1)
    if light[g, 0] == PANE:
        face = light[g, 10] * dx + light[g, 11] * dy + light[g, 12] * dz
        share *= max(0.0, -face)
    return share
