"""Ray casting on a CPU: the arithmetic of ``render.py``, one solid at a time.

For each solid the loop runs over the rectangle of pixels that its bounding
box covers, and along a row the ray's direction grows by a constant: the inner
loops have no branches and compile to vector instructions. An image is
computed by one thread and releases the interpreter's lock, so that several
images can be made at once without their values depending on it.
"""

import hashlib
from pathlib import Path

import numpy as np
from numba import njit

# No "nnan"/"ninf": comparisons with misses must stay meaningful.
FAST = {"contract", "nsz", "arcp"}
OPTIONS = {
    "nogil": True,
    "cache": True,
    "fastmath": FAST,
    "error_model": "numpy",
}
# Functions called from kernels of other files are kept as a part of those.
INNER = OPTIONS | {"cache": False}
FAR = np.float32(1e6)
TINY = np.float32(1e-12)
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)


def source_stamp(*names: str) -> int:
    """A number that changes with the source of these kernel files."""
    home = Path(__file__).parent
    text = b"".join((home / f"{name}.py").read_bytes() for name in names)
    return int.from_bytes(hashlib.sha256(text).digest()[:6])


def cast(scene, pose, intrinsics, size):
    """Depth (H, W) float32 and solid ids (H, W) int32 of one view."""
    depth = np.full(size, FAR, np.float32)
    ids = np.full(size, -1, np.int32)
    _cast(
        scene.kind,
        scene.rotation,
        scene.centre,
        scene.half,
        scene.taper,
        np.ascontiguousarray(pose, np.float64),
        np.ascontiguousarray(intrinsics, np.float64),
        depth,
        ids,
    )
    return depth, ids


def normals(scene, pose, intrinsics, depth, ids):
    """Normals (3, H, W) float32 in the camera's frame, facing the camera."""
    out = np.zeros((3, *depth.shape), np.float32)
    _normals(
        scene.kind,
        scene.rotation.astype(np.float64),
        scene.centre.astype(np.float64),
        scene.half.astype(np.float64),
        scene.taper.astype(np.float64),
        np.ascontiguousarray(pose, np.float64),
        np.ascontiguousarray(intrinsics, np.float64),
        depth,
        ids,
        out,
    )
    return out


@njit(**OPTIONS)
def _cast(kind, rotation, centre, half, taper, pose, matrix, depth, ids):
    box = np.empty(4, np.int64)
    turn, offset = np.empty((3, 3)), np.empty(3)
    o = np.empty(3, np.float32)
    base = np.empty(3, np.float32)
    along = np.empty(3, np.float32)
    for p in range(kind.shape[0]):
        to_solid(rotation[p], centre[p], pose, turn, offset)
        _bounds(turn, offset, half[p], matrix, depth.shape, box)
        along[:] = turn[:, 0] / matrix[0, 0]
        o[:] = offset
        for i in range(box[0], box[1]):
            y = (i + 0.5 - matrix[1, 2]) / matrix[1, 1]
            x = (box[2] + 0.5 - matrix[0, 2]) / matrix[0, 0]
            base[:] = turn[:, 0] * x + turn[:, 1] * y + turn[:, 2]
            row, who = depth[i, box[2] : box[3]], ids[i, box[2] : box[3]]
            if kind[p] == 0:
                _boxes(o, base, along, half[p], False, row, who, p)
            elif kind[p] == 4:
                _boxes(o, base, along, half[p], True, row, who, p)
            elif kind[p] == 3:
                _panels(o, base, along, half[p], row, who, p)
            elif kind[p] == 2:
                _ellipsoids(o, base, along, half[p], row, who, p)
            else:
                _cylinders(o, base, along, half[p], taper[p], row, who, p)


@njit(**OPTIONS)
def to_solid(rotation, centre, pose, turn, offset):
    """Camera axes in a solid's frame, and the camera's place there.

    Written out: numba's ``@`` calls BLAS, whose rounding varies by machine.
    """
    for r in range(3):
        for c in range(3):
            turn[r, c] = 0.0
            for k in range(3):
                turn[r, c] += rotation[r, k] * pose[c, k]
    for r in range(3):
        offset[r] = 0.0
        for c in range(3):
            offset[r] -= turn[r, c] * pose[c, 3]
            offset[r] -= rotation[r, c] * centre[c]


@njit(**OPTIONS)
def _bounds(turn, offset, half, matrix, size, box):
    """Rows and columns that the projected bounding box may touch."""
    box[0], box[1], box[2], box[3] = 0, size[0], 0, size[1]
    left, right, top, foot = 1e9, -1e9, 1e9, -1e9
    behind, before = 0, 0
    for corner in range(8):
        a = (half[0] if corner & 1 else -half[0]) - offset[0]
        b = (half[1] if corner & 2 else -half[1]) - offset[1]
        c = (half[2] if corner & 4 else -half[2]) - offset[2]
        x = turn[0, 0] * a + turn[1, 0] * b + turn[2, 0] * c
        y = turn[0, 1] * a + turn[1, 1] * b + turn[2, 1] * c
        z = turn[0, 2] * a + turn[1, 2] * b + turn[2, 2] * c
        if z < 1e-3:
            behind += 1
            continue
        before += 1
        u = matrix[0, 0] * x / z + matrix[0, 2]
        v = matrix[1, 1] * y / z + matrix[1, 2]
        left, right = min(left, u), max(right, u)
        top, foot = min(top, v), max(foot, v)
    if before == 0:
        box[1] = 0
    elif behind == 0:
        # Clamp before the conversion: a far-off float has no integer.
        box[0] = int(min(max(top - 1, 0), size[0]))
        box[1] = int(min(max(foot + 1.5, 0), size[0]))
        box[2] = int(min(max(left - 1, 0), size[1]))
        box[3] = int(min(max(right + 1.5, 0), size[1]))


@njit(**OPTIONS, inline="always")
def _safe(step):
    return step if abs(step) >= TINY else TINY


@njit(**OPTIONS)
def _boxes(o, base, along, half, inside, row, who, p):
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


@njit(**OPTIONS)
def _panels(o, base, along, half, row, who, p):
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


@njit(**OPTIONS)
def _ellipsoids(o, base, along, half, row, who, p):
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


@njit(**OPTIONS)
def _cylinders(o, base, along, half, taper, row, who, p):
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


@njit(**OPTIONS)
def surface(kind, hx, hy, hz, taper, x, y, z):
    """Outward normal at a local point, and the point's texture coordinates.

    Returns:
        nx, ny, nz, u, v, half_u, half_v, face: the last is 0, 1, 2 for the
        local axis that the normal is nearest to, for boxes signed by side
        (-3 the floor-side of the z axis, 3 its upper side).
    """
    if kind == 0 or kind == 4:
        ex, ey, ez = abs(x) - hx, abs(y) - hy, abs(z) - hz
        flip = 1.0 if kind == 0 else -1.0
        if ex >= ey and ex >= ez:
            n = flip if x > 0 else -flip
            return n, 0.0, 0.0, y, z, hy, hz, 1
        if ey >= ez:
            n = flip if y > 0 else -flip
            return 0.0, n, 0.0, x, z, hx, hz, 2
        n = flip if z > 0 else -flip
        side = 3 if z > 0 else -3
        return 0.0, 0.0, n, x, y, hx, hy, side
    if kind == 3:
        return 0.0, 0.0, 1.0, x, y, hx, hy, 3
    sx, sy, sz = x / hx, y / hy, z / hz
    girth = 0.5 * (hx + hy)
    if kind == 2:
        nx, ny, nz = sx / hx, sy / hy, sz / hz
    else:
        radius = 1 - taper * (1 + sz) / 2
        mantle = np.sqrt(sx * sx + sy * sy) - radius
        if (abs(sz) - 1) * hz > mantle * min(hx, hy):
            n = 1.0 if sz > 0 else -1.0
            return 0.0, 0.0, n, x, y, hx, hy, 3
        nx, ny = sx / hx, sy / hy
        nz = radius * taper / (2 * hz)
    norm = 1 / np.sqrt(max(nx * nx + ny * ny + nz * nz, 1e-20))
    u = np.arctan2(sy, sx) * girth
    return nx * norm, ny * norm, nz * norm, u, z, girth * np.pi, hz, 0


@njit(**OPTIONS)
def _normals(
    kind, rotation, centre, half, taper, pose, matrix, depth, ids, out
):
    turn, offset = np.empty((3, 3)), np.empty(3)
    step, point = np.empty(3), np.empty(3)
    for i in range(depth.shape[0]):
        for j in range(depth.shape[1]):
            p = ids[i, j]
            if p < 0:
                continue
            x = (j + 0.5 - matrix[0, 2]) / matrix[0, 0]
            y = (i + 0.5 - matrix[1, 2]) / matrix[1, 1]
            to_solid(rotation[p], centre[p], pose, turn, offset)
            for k in range(3):
                step[k] = turn[k, 0] * x + turn[k, 1] * y + turn[k, 2]
                point[k] = offset[k] + step[k] * depth[i, j]
            found = surface(
                kind[p],
                half[p, 0],
                half[p, 1],
                half[p, 2],
                taper[p],
                point[0],
                point[1],
                point[2],
            )
            nx, ny, nz = found[0], found[1], found[2]
            sign = nx * step[0] + ny * step[1] + nz * step[2]
            sign = -1.0 if sign > 0 else 1.0
            for k in range(3):
                out[k, i, j] = sign * (
                    turn[0, k] * nx + turn[1, k] * ny + turn[2, k] * nz
                )
