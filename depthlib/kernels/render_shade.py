"""Light: the colour of each ray's hit, with cast shadows.

Per sample and light: inverse-square falloff, Lambert's cosine, a highlight on
glossy surfaces, and one hard shadow ray to a place on the lamp. The places
differ between the samples of a pixel, so their mean has a soft penumbra.
Light that bounces is an ambient term, darkened near corners and below
furniture (one short ray per sample).
"""

import numpy as np
from numba import njit

from depthlib.kernels import render_texture as tex
from depthlib.kernels.render_numba import OPTIONS, surface, to_solid

LAMP, PANE, SUN = range(3)
LIGHT_COLUMNS = 16  # kind, place 1:4, side_u 4:7, side_v 7:10, face 10:13, rgb


def shade(scene, look, pose, intrinsics, depth, ids):
    """Linear RGB (H, W, 3) float32 at every ray of a cast view.

    Args:
        scene: the solids (:class:`depthlib.kernels.render.Scene`).
        look: ``materials`` (M, 17), ``material`` (P,) row of each solid,
            ``shadow`` (P,) bool, ``lights`` (L, 16), ``ambient`` (2, 3): the
            bounced light from above and from below.
        pose: (4, 4) world to camera.
        intrinsics: (3, 3) in pixels of this view.
        depth: (H, W) float32 of the view.
        ids: (H, W) int32 of the view.
    """
    out = np.zeros((*depth.shape, 3), np.float32)
    bounds = group_bounds(scene, look.shadow)
    _shade(
        scene.kind,
        scene.rotation,
        scene.centre,
        scene.half,
        scene.taper,
        bounds,
        look.shadow,
        look.material,
        look.materials,
        look.lights,
        look.ambient,
        np.ascontiguousarray(pose, np.float64),
        np.ascontiguousarray(intrinsics, np.float64),
        depth,
        ids,
        out,
    )
    return out


def group_bounds(scene, shadow):
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
    last = np.append(first[1:], len(scene.group))
    boxes = np.column_stack(
        [
            first,
            last,
            np.minimum.reduceat(low, first),
            np.maximum.reduceat(high, first),
        ]
    )
    return boxes[boxes[:, 2] < 1e8]


@njit(**OPTIONS)
def blocked(
    kind, rotation, centre, half, taper, bounds, shadow, o, d, reach
):
    """Whether a solid lies on the ray o + s d for 0 < s < reach."""
    ix = 1 / (d[0] if abs(d[0]) > 1e-9 else 1e-9)
    iy = 1 / (d[1] if abs(d[1]) > 1e-9 else 1e-9)
    iz = 1 / (d[2] if abs(d[2]) > 1e-9 else 1e-9)
    for g in range(bounds.shape[0]):
        x1, x2 = (bounds[g, 2] - o[0]) * ix, (bounds[g, 5] - o[0]) * ix
        y1, y2 = (bounds[g, 3] - o[1]) * iy, (bounds[g, 6] - o[1]) * iy
        z1, z2 = (bounds[g, 4] - o[2]) * iz, (bounds[g, 7] - o[2]) * iz
        enter = max(max(min(x1, x2), min(y1, y2)), min(z1, z2))
        leave = min(min(max(x1, x2), max(y1, y2)), max(z1, z2))
        if enter > leave or leave <= 0 or enter >= reach:
            continue
        for p in range(int(bounds[g, 0]), int(bounds[g, 1])):
            if shadow[p] and _meets(
                kind[p], rotation[p], centre[p], half[p], taper[p], o, d, reach
            ):
                return True
    return False


@njit(**OPTIONS)
def _meets(kind, rotation, centre, half, taper, o, d, reach):
    """Whether one solid lies on the ray."""
    px, py, pz = o[0] - centre[0], o[1] - centre[1], o[2] - centre[2]
    r = rotation
    sx = (r[0, 0] * px + r[0, 1] * py + r[0, 2] * pz) / half[0]
    dx = (r[0, 0] * d[0] + r[0, 1] * d[1] + r[0, 2] * d[2]) / half[0]
    sy = (r[1, 0] * px + r[1, 1] * py + r[1, 2] * pz) / half[1]
    dy = (r[1, 0] * d[0] + r[1, 1] * d[1] + r[1, 2] * d[2]) / half[1]
    sz = r[2, 0] * px + r[2, 1] * py + r[2, 2] * pz
    dz = r[2, 0] * d[0] + r[2, 1] * d[1] + r[2, 2] * d[2]
    dx = dx if abs(dx) > 1e-9 else 1e-9
    dy = dy if abs(dy) > 1e-9 else 1e-9
    dz = dz if abs(dz) > 1e-9 else 1e-9
    if kind == 3:
        t = -sz / dz
        inside = abs(sx + t * dx) <= 1 and abs(sy + t * dy) <= 1
        return inside and 0 < t < reach
    sz, dz = sz / half[2], dz / half[2]
    if kind == 0:
        x1, x2 = (-1 - sx) / dx, (1 - sx) / dx
        y1, y2 = (-1 - sy) / dy, (1 - sy) / dy
        z1, z2 = (-1 - sz) / dz, (1 - sz) / dz
        enter = max(max(min(x1, x2), min(y1, y2)), min(z1, z2))
        leave = min(min(max(x1, x2), max(y1, y2)), max(z1, z2))
        return enter <= leave and leave > 0 and enter < reach
    if kind == 2:
        a = dx * dx + dy * dy + dz * dz
        b = sx * dx + sy * dy + sz * dz
        inner = b * b - a * (sx * sx + sy * sy + sz * sz - 1)
        if inner < 0:
            return False
        width = np.sqrt(inner)
        return -b + width > 0 and -b - width < reach * a
    if kind != 1:
        return False
    slope = -taper / 2
    radius, growth = 1 + slope * (1 + sz), slope * dz
    a = dx * dx + dy * dy - growth * growth
    a = a if abs(a) > 1e-12 else 1e-12
    b = sx * dx + sy * dy - growth * radius
    inner = b * b - a * (sx * sx + sy * sy - radius * radius)
    if inner >= 0:
        width = np.sqrt(inner)
        t1, t2 = (-b - width) / a, (-b + width) / a
        if 0 < t1 < reach and abs(sz + t1 * dz) <= 1:
            return True
        if 0 < t2 < reach and abs(sz + t2 * dz) <= 1:
            return True
    t = (-1 - sz) / dz
    x, y = sx + t * dx, sy + t * dy
    if 0 < t < reach and x * x + y * y <= 1:
        return True
    t = (1 - sz) / dz
    x, y = sx + t * dx, sy + t * dy
    return 0 < t < reach and x * x + y * y <= (1 - taper) ** 2


@njit(**OPTIONS)
def _aim(light, o, i, j, d):
    """Direction and distance to a place on the lamp; 0 if it cannot shine.

    The four samples of a pixel look at four different places.
    """
    kind = int(light[0])
    if kind == SUN:
        for k in range(3):
            d[k] = light[10 + k]
        # The beam must have come through the pane at ``place``.
        nx = light[5] * light[9] - light[6] * light[8]
        ny = light[6] * light[7] - light[4] * light[9]
        nz = light[4] * light[8] - light[5] * light[7]
        facing = d[0] * nx + d[1] * ny + d[2] * nz
        if abs(facing) < 1e-9:
            return 0.0
        qx, qy, qz = light[1] - o[0], light[2] - o[1], light[3] - o[2]
        t = (qx * nx + qy * ny + qz * nz) / facing
        if t <= 0:
            return 0.0
        hx, hy, hz = t * d[0] - qx, t * d[1] - qy, t * d[2] - qz
        uu = light[4] ** 2 + light[5] ** 2 + light[6] ** 2
        vv = light[7] ** 2 + light[8] ** 2 + light[9] ** 2
        a = (hx * light[4] + hy * light[5] + hz * light[6]) / uu
        b = (hx * light[7] + hy * light[8] + hz * light[9]) / vv
        return t if abs(a) <= 1 and abs(b) <= 1 else 0.0
    spin = tex.scatter(i >> 1, j >> 1, 17)
    a = ((i & 1) + tex.scatter(i >> 1, j >> 1, 18)) - 1
    b = ((j & 1) + spin) - 1
    reach = 0.0
    for k in range(3):
        d[k] = light[1 + k] + a * light[4 + k] + b * light[7 + k] - o[k]
        reach += d[k] * d[k]
    reach = np.sqrt(reach)
    for k in range(3):
        d[k] /= max(reach, 1e-6)
    return reach


@njit(**OPTIONS)
def _upper(n, i, j, d):
    """One of four directions above the surface, turned from pixel to pixel."""
    spin = tex.scatter(i >> 1, j >> 1, 23)
    turn = 1.5708 * (((i & 1) * 2 + (j & 1)) + spin)
    rise = 0.35 + 0.5 * tex.scatter(i, j, 29)
    flat = np.sqrt(1 - rise * rise)
    a, b = flat * np.cos(turn), flat * np.sin(turn)
    sign = 1.0 if n[2] >= 0 else -1.0
    c = -1 / (sign + n[2])
    e = n[0] * n[1] * c
    d[0] = a * (1 + sign * n[0] * n[0] * c) + b * e + rise * n[0]
    d[1] = a * sign * e + b * (sign + n[1] * n[1] * c) + rise * n[1]
    d[2] = -a * sign * n[0] - b * n[1] + rise * n[2]


@njit(**OPTIONS)
def _corner(gap):
    """How much bounced light reaches a place this far from a wall."""
    return 1 - 0.32 * np.exp(-gap / 0.28)


@njit(**OPTIONS)
def _shade(
    kind,
    rotation,
    centre,
    half,
    taper,
    bounds,
    shadow,
    material,
    materials,
    lights,
    ambient,
    pose,
    matrix,
    depth,
    ids,
    out,
):
    turns = np.empty((kind.shape[0], 3, 3))
    offsets = np.empty((kind.shape[0], 3))
    for p in range(kind.shape[0]):
        to_solid(rotation[p], centre[p], pose, turns[p], offsets[p])
    view, q, n, o = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    d, local, colour, sum_ = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    room = -1
    for p in range(kind.shape[0]):
        if kind[p] == 4:
            room = p
    for i in range(depth.shape[0]):
        for j in range(depth.shape[1]):
            p = ids[i, j]
            if p < 0:
                continue
            z = np.float64(depth[i, j])
            q[0] = (j + 0.5 - matrix[0, 2]) / matrix[0, 0]
            q[1] = (i + 0.5 - matrix[1, 2]) / matrix[1, 1]
            q[2] = 1.0
            for k in range(3):
                local[k] = offsets[p, k] + z * (
                    turns[p, k, 0] * q[0]
                    + turns[p, k, 1] * q[1]
                    + turns[p, k, 2]
                )
            got = surface(
                kind[p], half[p], taper[p], local[0], local[1], local[2]
            )
            length = np.sqrt(q[0] * q[0] + q[1] * q[1] + 1)
            for k in range(3):
                view[k] = 0.0
                n[k] = 0.0
                o[k] = centre[p, k]
                for r in range(3):
                    view[k] -= pose[r, k] * q[r] / length
                    o[k] += rotation[p, r, k] * local[r]
                n[k] = (
                    rotation[p, 0, k] * got[0]
                    + rotation[p, 1, k] * got[1]
                    + rotation[p, 2, k] * got[2]
                )
            slant = n[0] * view[0] + n[1] * view[1] + n[2] * view[2]
            if slant < 0:
                slant = -slant
                for k in range(3):
                    n[k] = -n[k]
            row = material[p]
            if kind[p] == 4:
                row += 0 if got[7] == -3 else (1 if got[7] == 3 else 2)
                if got[7] == 2:  # one pair of walls may differ
                    row += 1
            m = materials[row]
            pixel = z / matrix[0, 0] / max(slant, 0.15)
            tex.albedo(m, got[3], got[4], got[5], got[6], pixel, colour)
            if m[tex.GLOW] > 0:
                for k in range(3):
                    out[i, j, k] = colour[k] * m[tex.GLOW]
                continue
            if int(m[tex.KIND]) == tex.FOLDS:
                # Pleats of a curtain: the normal sways, the depth does not.
                sway = 0.55 * np.cos(6.2832 * got[3] / m[tex.PERIOD])
                sway *= tex.visible(m[tex.PERIOD], pixel)
                for k in range(3):
                    n[k] += sway * rotation[p, 0, k]
                norm = np.sqrt(n[0] ** 2 + n[1] ** 2 + n[2] ** 2)
                for k in range(3):
                    n[k] /= norm
            for k in range(3):
                o[k] += 2e-3 * n[k]
            # Bounced light: from above and below, less in corners.
            up = 0.5 + 0.5 * n[2]
            gone = 1.0
            if room >= 0:
                for k in range(3):
                    side = half[room, k] - abs(o[k] - centre[room, k])
                    if abs(n[k]) < 0.7 or kind[p] != 4:
                        gone *= _corner(max(side, 0.0))
            _upper(n, i, j, d)
            if blocked(
                kind, rotation, centre, half, taper, bounds, shadow, o, d, 0.7
            ):
                gone *= 0.45
            for k in range(3):
                sum_[k] = gone * (
                    ambient[0, k] * up + ambient[1, k] * (1 - up)
                )
            shine = np.zeros(3)
            for g in range(lights.shape[0]):
                light = lights[g]
                reach = _aim(light, o, i, j, d)
                cosine = n[0] * d[0] + n[1] * d[1] + n[2] * d[2]
                if reach <= 0 or cosine <= 0:
                    continue
                power = cosine
                if light[0] != SUN:
                    power /= reach * reach + 0.1
                if light[0] == PANE:
                    power *= max(
                        0.0,
                        -light[10] * d[0]
                        - light[11] * d[1]
                        - light[12] * d[2],
                    )
                if power <= 1e-4 or blocked(
                    kind,
                    rotation,
                    centre,
                    half,
                    taper,
                    bounds,
                    shadow,
                    o,
                    d,
                    reach - 0.02,
                ):
                    continue
                gleam = 0.0
                if m[tex.GLOSS] > 0:
                    hx, hy, hz = view[0] + d[0], view[1] + d[1], view[2] + d[2]
                    norm = np.sqrt(hx * hx + hy * hy + hz * hz)
                    gleam = (n[0] * hx + n[1] * hy + n[2] * hz) / max(
                        norm, 1e-6
                    )
                    gleam = max(gleam, 0.0) ** m[tex.SHARP] * m[tex.GLOSS]
                for k in range(3):
                    sum_[k] += power * light[13 + k]
                    shine[k] += gleam * power * light[13 + k]
            for k in range(3):
                out[i, j, k] = colour[k] * sum_[k] + shine[k]
