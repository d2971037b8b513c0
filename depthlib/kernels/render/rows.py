"""One solid against one row of pixels: the inner loops of the ray caster.

Along a row the ray's direction is ``base + j * along`` in the solid's frame,
where the camera stands at ``o``. Each loop keeps the nearest hit in ``row``
and the solid's number in ``who``. All but ``foliage`` have no branches and
compile to vector instructions.
"""

import numpy as np
from numba import njit

from depthlib.kernels.compiling import FAR, HALF, INNER, ONE, TINY, ZERO


@njit(**INNER, inline="always")
def _safe(step):
    return step if abs(step) >= TINY else TINY


@njit(**INNER)
def boxes(o, base, along, half, inside, row, who, p):
    lx, hx = -half[0] - o[0], half[0] - o[0]
    ly, hy = -half[1] - o[1], half[1] - o[1]
    lz, hz = -half[2] - o[2], half[2] - o[2]
    bx, by, bz = base[0], base[1], base[2]
    ax, ay, az = along[0], along[1], along[2]
    ident = np.int32(p)
    for j in range(row.shape[0]):
        s = np.float32(j)
        ix = ONE / _safe(bx + s * ax)
        iy = ONE / _safe(by + s * ay)
        iz = ONE / _safe(bz + s * az)
        x1, x2 = lx * ix, hx * ix
        y1, y2 = ly * iy, hy * iy
        z1, z2 = lz * iz, hz * iz
        enter = max(max(min(x1, x2), min(y1, y2)), min(z1, z2))
        leave = min(min(max(x1, x2), max(y1, y2)), max(z1, z2))
        hit = leave if inside else enter
        old = row[j]
        won = (enter <= leave) & (hit > ZERO) & (hit < old)
        row[j] = hit if won else old
        who[j] = ident if won else who[j]


@njit(**INNER)
def panels(o, base, along, half, row, who, p):
    ident = np.int32(p)
    for j in range(row.shape[0]):
        s = np.float32(j)
        hit = -o[2] / _safe(base[2] + s * along[2])
        x = o[0] + hit * (base[0] + s * along[0])
        y = o[1] + hit * (base[1] + s * along[1])
        old = row[j]
        won = (abs(x) <= half[0]) & (abs(y) <= half[1])
        won = won & (hit > ZERO) & (hit < old)
        row[j] = hit if won else old
        who[j] = ident if won else who[j]


@njit(**INNER)
def ellipsoids(o, base, along, half, row, who, p):
    gx, gy, gz = ONE / half[0], ONE / half[1], ONE / half[2]
    ox, oy, oz = o[0] * gx, o[1] * gy, o[2] * gz
    ident = np.int32(p)
    for j in range(row.shape[0]):
        s = np.float32(j)
        dx = (base[0] + s * along[0]) * gx
        dy = (base[1] + s * along[1]) * gy
        dz = (base[2] + s * along[2]) * gz
        a = max(dx * dx + dy * dy + dz * dz, TINY)
        shift = -(ox * dx + oy * dy + oz * dz) / a
        nx, ny, nz = ox + shift * dx, oy + shift * dy, oz + shift * dz
        b = nx * dx + ny * dy + nz * dz
        c = nx * nx + ny * ny + nz * nz - ONE
        inner = b * b - a * c
        hit = (-b - np.sqrt(max(inner, ZERO))) / a + shift
        old = row[j]
        won = (inner >= ZERO) & (hit > ZERO) & (hit < old)
        row[j] = hit if won else old
        who[j] = ident if won else who[j]


@njit(**INNER)
def cylinders(o, base, along, half, taper, row, who, p):
    gx, gy, gz = ONE / half[0], ONE / half[1], ONE / half[2]
    ox, oy, oz = o[0] * gx, o[1] * gy, o[2] * gz
    slope, upper = -taper * HALF, (ONE - taper) * (ONE - taper)
    ident = np.int32(p)
    for j in range(row.shape[0]):
        s = np.float32(j)
        dx = _safe((base[0] + s * along[0]) * gx)
        dy = _safe((base[1] + s * along[1]) * gy)
        dz = _safe((base[2] + s * along[2]) * gz)
        shift = -(ox * dx + oy * dy + oz * dz) / (dx * dx + dy * dy + dz * dz)
        nx, ny, nz = ox + shift * dx, oy + shift * dy, oz + shift * dz
        radius, growth = ONE + slope * (ONE + nz), slope * dz
        a = _safe(dx * dx + dy * dy - growth * growth)
        b = nx * dx + ny * dy - growth * radius
        c = nx * nx + ny * ny - radius * radius
        inner = b * b - a * c
        width = np.sqrt(max(inner, ZERO))
        met = inner >= ZERO
        t1, t2 = (-b - width) / a + shift, (-b + width) / a + shift
        ok1 = met & (abs(oz + t1 * dz) <= ONE) & (t1 > ZERO)
        ok2 = met & (abs(oz + t2 * dz) <= ONE) & (t2 > ZERO)
        t3, t4 = (-ONE - oz) / dz, (ONE - oz) / dz
        x3, y3 = ox + t3 * dx, oy + t3 * dy
        x4, y4 = ox + t4 * dx, oy + t4 * dy
        ok3 = (x3 * x3 + y3 * y3 <= ONE) & (t3 > ZERO)
        ok4 = (x4 * x4 + y4 * y4 <= upper) & (t4 > ZERO)
        hit = t1 if ok1 else FAR
        hit = min(hit, t2 if ok2 else FAR)
        hit = min(hit, t3 if ok3 else FAR)
        hit = min(hit, t4 if ok4 else FAR)
        old = row[j]
        won = hit < old
        row[j] = hit if won else old
        who[j] = ident if won else who[j]


@njit(**INNER)
def prisms(o, base, along, half, taper, row, who, p):
    ly, hy = -half[1] - o[1], half[1] - o[1]
    lz, hz = -half[2] - o[2], half[2] - o[2]
    # The leaning sides are x + slope z = edge and -x + slope z = edge.
    slope = HALF * taper * half[0] / half[2]
    edge = half[0] * (ONE - HALF * taper)
    right, left = edge - o[0] - slope * o[2], edge + o[0] - slope * o[2]
    ident = np.int32(p)
    for j in range(row.shape[0]):
        s = np.float32(j)
        dx, dz = base[0] + s * along[0], base[2] + s * along[2]
        iy = ONE / _safe(base[1] + s * along[1])
        iz = ONE / _safe(dz)
        to_right, to_left = _safe(dx + slope * dz), _safe(slope * dz - dx)
        y1, y2 = ly * iy, hy * iy
        z1, z2 = lz * iz, hz * iz
        t1, t2 = right / to_right, left / to_left
        enter = max(min(y1, y2), min(z1, z2))
        leave = min(max(y1, y2), max(z1, z2))
        enter = max(enter, t1 if to_right < ZERO else -FAR)
        enter = max(enter, t2 if to_left < ZERO else -FAR)
        leave = min(leave, t1 if to_right > ZERO else FAR)
        leave = min(leave, t2 if to_left > ZERO else FAR)
        old = row[j]
        won = (enter <= leave) & (enter > ZERO) & (enter < old)
        row[j] = enter if won else old
        who[j] = ident if won else who[j]


@njit(**INNER)
def foliage(o, base, along, half, shift, row, who, p):
    gx, gy, gz = ONE / half[0], ONE / half[1], ONE / half[2]
    ox, oy, oz = o[0] * gx, o[1] * gy, o[2] * gz
    for j in range(row.shape[0]):
        s = np.float32(j)
        dx = (base[0] + s * along[0]) * gx
        dy = (base[1] + s * along[1]) * gy
        dz = (base[2] + s * along[2]) * gz
        a = max(dx * dx + dy * dy + dz * dz, TINY)
        middle = -(ox * dx + oy * dy + oz * dz) / a
        nx, ny, nz = ox + middle * dx, oy + middle * dy, oz + middle * dz
        deep = ONE - (nx * nx + ny * ny + nz * nz)
        if deep < ZERO:
            continue
        reach = np.sqrt(deep / a)
        for hit in (middle - reach, middle + reach):
            if hit <= ZERO or hit >= row[j]:
                continue
            x, y, z = ox + hit * dx, oy + hit * dy, oz + hit * dz
            if leafy(x * half[0], y * half[1], z * half[2], shift, deep):
                row[j] = hit
                who[j] = np.int32(p)
                break


@njit(**INNER)
def leafy(x, y, z, shift, deep):
    """Whether there are leaves at a place on a crown's hull, in metres.

    A crown is whole where the ray passes close to its middle and ragged
    towards its outline: ``deep`` is the square of half the ray's way through
    the unit ball, from 1 to 0.
    """
    x = x + 17.3 * shift
    bushes = noise(x / 0.8, y / 0.8, z / 0.8)
    twigs = noise(x / 0.22, y / 0.22, z / 0.22)
    return bushes + 0.8 * twigs > 0.9 - 1.9 * deep


@njit(**INNER)
def noise(x, y, z):
    """Smooth noise in [-1, 1] with bumps about one unit wide."""
    i, j, k = (
        np.int64(np.floor(x)),
        np.int64(np.floor(y)),
        np.int64(np.floor(z)),
    )
    a, b, c = x - i, y - j, z - k
    a, b, c = a * a * (3 - 2 * a), b * b * (3 - 2 * b), c * c * (3 - 2 * c)
    total = 0.0
    for corner in range(8):
        e, f, g = corner & 1, (corner >> 1) & 1, corner >> 2
        weight = (a if e else 1 - a) * (b if f else 1 - b)
        total += weight * (c if g else 1 - c) * _knot(i + e, j + f, k + g)
    return 2 * total - 1


@njit(**INNER)
def _knot(i, j, k):
    """A number in [0, 1) that looks random but depends on its inputs only."""
    h = i * 374761393 + j * 668265263 + k * 974634777
    h &= 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 2246822519) & 0xFFFFFFFF
    return (h ^ (h >> 15)) / 4294967296.0
