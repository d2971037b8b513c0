"""Ray casting on a CPU: ``reference.py`` again, one solid at a time.

For each solid the loop runs over the rectangle of pixels that its bounding
box covers, and along a row the ray's direction grows by a constant: the inner
loops have no branches and compile to vector instructions. An image is
computed by one thread and releases the interpreter's lock, so that several
images can be made at once without their values depending on it.
"""

import numpy as np
from numba import njit

from depthlib.kernels.compiling import FAR, INNER, OPTIONS, source_stamp
from depthlib.kernels.render.rows import (
    boxes,
    cylinders,
    ellipsoids,
    foliage,
    panels,
    prisms,
)


def cast(scene, pose, intrinsics, size):
    """Depth (H, W) float32 and solid ids (H, W) int32 of one view."""
    depth = np.full(size, FAR, np.float32)
    ids = np.full(size, -1, np.int32)
    _ENTER(
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


def _entry(stamp):
    """Compiles the way into the caster; see ``shade._entry``."""

    @njit(**OPTIONS)
    def enter(*given):
        if stamp >= 0:
            _cast(*given)

    return enter


@njit(**INNER)
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
                boxes(o, base, along, half[p], False, row, who, p)
            elif kind[p] == 4:
                boxes(o, base, along, half[p], True, row, who, p)
            elif kind[p] == 3:
                panels(o, base, along, half[p], row, who, p)
            elif kind[p] == 2:
                ellipsoids(o, base, along, half[p], row, who, p)
            elif kind[p] == 5:
                prisms(o, base, along, half[p], taper[p], row, who, p)
            elif kind[p] == 6:
                foliage(o, base, along, half[p], taper[p], row, who, p)
            else:
                cylinders(o, base, along, half[p], taper[p], row, who, p)


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


@njit(**INNER)
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
    if kind == 5:
        return _prism(hx, hy, hz, taper, x, y, z)
    sx, sy, sz = x / hx, y / hy, z / hz
    girth = 0.5 * (hx + hy)
    if kind == 2 or kind == 6:
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
def _prism(hx, hy, hz, taper, x, y, z):
    """The same for a prism: leaning sides, upright ends, foot and top."""
    slope = 0.5 * taper * hx / hz
    steep = np.sqrt(1 + slope * slope)
    lean = (abs(x) + slope * z - hx * (1 - 0.5 * taper)) / steep
    ey, ez = abs(y) - hy, abs(z) - hz
    if lean >= ey and lean >= ez:
        n = 1.0 if x > 0 else -1.0
        return n / steep, 0.0, slope / steep, y, z * steep, hy, hz * steep, 1
    if ey >= ez:
        n = 1.0 if y > 0 else -1.0
        return 0.0, n, 0.0, x, z, hx, hz, 2
    n = 1.0 if z > 0 else -1.0
    side = 3 if z > 0 else -3
    return 0.0, 0.0, n, x, y, hx, hy, side


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


_ENTER = _entry(source_stamp("compiling", "render/rows", "render/casting"))
