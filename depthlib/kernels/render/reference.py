"""Depth by ray casting: what a pinhole camera sees of simple solids.

A scene is a handful of arrays, one row per solid. Each solid lives in its own
frame, where it is centred on the origin and aligned with the axes, so that a
ray is moved into that frame and met with a textbook formula. The torch
version below is the one to read; :mod:`depthlib.kernels.render.casting` does
the same arithmetic some hundred times faster.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np
import torch

BOX, CYLINDER, ELLIPSOID, PANEL, ROOM, PRISM, FOLIAGE = range(7)
FAR = 1e6  # metres; the depth of a ray that meets nothing


class Scene(NamedTuple):
    """Solids in world coordinates (metres, z upwards), one row each.

    Attributes:
        kind: (P,) int32, one of BOX, CYLINDER (upright, elliptic, may be
            tapered), ELLIPSOID, PANEL (a flat rectangle, normal along z),
            ROOM (a box seen from inside), PRISM (a box whose x sides lean
            inwards: a roof, a car's cabin) and FOLIAGE (an ellipsoid with
            gaps, ragged at its outline).
        rotation: (P, 3, 3) float32, world to local axes.
        centre: (P, 3) float32, in metres.
        half: (P, 3) float32, half extents along the local axes, in metres.
        taper: (P,) float32; a cylinder's radius shrinks by this share from
            its foot to its top (0: straight, 0.5: half as wide), and so
            does a prism's extent in x; of FOLIAGE, another number shifts
            the gaps.
        group: (P,) int32, ascending; solids of one piece of furniture share
            a number, and rays skip a whole group by its bounding box.
    """

    kind: np.ndarray
    rotation: np.ndarray
    centre: np.ndarray
    half: np.ndarray
    taper: np.ndarray
    group: np.ndarray


class View(NamedTuple):
    """What the camera sees.

    Attributes:
        depth: (1, H, W) float32, z in the camera's frame, in metres; 1e6
            where a ray meets nothing.
        ids: (H, W) int32, the row of the solid that was met; -1 for none.
        normals: (3, H, W) float32, outward unit normals in the camera's
            frame, or None if they were not asked for.
    """

    depth: torch.Tensor
    ids: torch.Tensor
    normals: torch.Tensor | None = None


def render(
    scene: Scene,
    pose,
    intrinsics,
    size: tuple[int, int],
    *,
    backend: str = "auto",
    return_normals: bool = False,
) -> View:
    """Casts one ray through the centre of each pixel.

    Args:
        scene: the solids.
        pose: (4, 4) world to camera; the camera looks along +z, y is down.
        intrinsics: (3, 3) in pixels; pixel (0, 0) has its centre at
            (0.5, 0.5).
        size: (H, W).
        backend: "torch" (readable, float64), "numba" (fast, float32) or
            "auto" (numba).
        return_normals: also return surface normals.

    Returns:
        A :class:`View`.

    Raises:
        ValueError: for a pose, intrinsics, size or backend of another form.
    """
    pose = _matrix("pose", pose, 4)
    intrinsics = _matrix("intrinsics", intrinsics, 3)
    height, width = (int(side) for side in size)
    if height < 1 or width < 1:
        raise ValueError(f"size is {size}; give (H, W), both at least 1")
    if backend == "torch":
        return _render_torch(
            scene, pose, intrinsics, (height, width), return_normals
        )
    if backend not in ("auto", "numba"):
        raise ValueError(
            f'backend is {backend!r}; choose "auto", "torch" or "numba"'
        )
    from depthlib.kernels.render import casting

    depth, ids = casting.cast(scene, pose, intrinsics, (height, width))
    normals = None
    if return_normals:
        normals = casting.normals(scene, pose, intrinsics, depth, ids)
        normals = torch.from_numpy(normals)
    return View(torch.from_numpy(depth)[None], torch.from_numpy(ids), normals)


def _matrix(name, value, side):
    value = np.asarray(value, dtype=np.float64)
    if value.shape != (side, side) or not np.isfinite(value).all():
        raise ValueError(
            f"{name} has shape {value.shape}; give a finite "
            f"({side}, {side}) matrix"
        )
    return value


# ------------------------------------------------- the version to read


def _render_torch(scene, pose, intrinsics, size, return_normals):
    """The reference: every ray against every solid, nearest one wins."""
    rotation, origin, rays = camera_rays(pose, intrinsics, size)
    depth = torch.full(size, FAR, dtype=torch.float64)
    ids = torch.full(size, -1, dtype=torch.int32)
    normals = torch.zeros(*size, 3, dtype=torch.float64)
    for row, kind in enumerate(scene.kind.tolist()):
        to_local = torch.from_numpy(scene.rotation[row]).double()
        centre = torch.from_numpy(scene.centre[row]).double()
        half = torch.from_numpy(scene.half[row]).double()
        taper = float(scene.taper[row])
        start = to_local @ (origin - centre)
        steps = rays @ to_local.T
        hit = meet(kind, start, steps, half, taper)
        nearer = hit < depth
        depth = torch.where(nearer, hit, depth)
        ids = torch.where(nearer, row, ids)
        if return_normals:
            point = start + steps * hit.clamp(max=FAR)[..., None]
            local = surface_normal(kind, point, half, taper)
            local = facing(local, steps)
            normals[nearer] = (local @ to_local)[nearer]
    if not return_normals:
        return View(depth.float()[None], ids.int())
    in_camera = (normals @ rotation.T).permute(2, 0, 1)
    return View(depth.float()[None], ids.int(), in_camera.float())


def camera_rays(pose, intrinsics, size):
    """Rays in world axes whose step 1 moves 1 m along the camera's z.

    With such rays the distance parameter *is* the depth.

    Returns:
        The pose's rotation (3, 3), the camera's place (3,) and the rays
        (H, W, 3), all float64.
    """
    pose = torch.as_tensor(pose, dtype=torch.float64)
    matrix = torch.as_tensor(intrinsics, dtype=torch.float64)
    rotation, shift = pose[:3, :3], pose[:3, 3]
    v = torch.arange(size[0], dtype=torch.float64) + 0.5
    u = torch.arange(size[1], dtype=torch.float64) + 0.5
    y = ((v - matrix[1, 2]) / matrix[1, 1])[:, None].expand(*size)
    x = ((u - matrix[0, 2]) / matrix[0, 0])[None, :].expand(*size)
    rays = torch.stack([x, y, torch.ones_like(x)], dim=-1) @ rotation
    return rotation, -rotation.T @ shift, rays


def meet(kind, start, steps, half, taper):
    """Distance along each ray to a solid in the solid's own frame.

    Args:
        kind: BOX, CYLINDER, ELLIPSOID, PANEL, ROOM, PRISM or FOLIAGE.
        start: (3,) where all rays start.
        steps: (H, W, 3) the rays.
        half: (3,) half extents.
        taper: as in :class:`Scene`.

    Returns:
        (H, W) the smallest positive distance, ``FAR`` for a miss.
    """
    steps = torch.where(steps.abs() < 1e-12, 1e-12, steps)
    if kind in (BOX, ROOM):
        # The ray is inside the slab |x| <= half_x between two distances,
        # and inside the box while it is inside all three slabs.
        one, two = (-half - start) / steps, (half - start) / steps
        enter = torch.minimum(one, two).amax(-1)
        leave = torch.maximum(one, two).amin(-1)
        hit = enter if kind == BOX else leave
        return torch.where((enter <= leave) & (hit > 0), hit, FAR)
    if kind == PANEL:
        hit = -start[2] / steps[..., 2]
        place = (start + steps * hit[..., None]).abs()
        inside = (place[..., :2] <= half[:2]).all(-1)
        return torch.where(inside & (hit > 0), hit, FAR)
    if kind == PRISM:
        return _meet_prism(start, steps, half, taper)
    start, steps = start / half, steps / half
    if kind == FOLIAGE:
        return _meet_foliage(start, steps, half, taper)
    if kind == ELLIPSOID:
        near, _ = roots(start, steps, torch.ones(3), 0.0)
        return torch.where(near > 0, near, FAR)
    return _meet_cylinder(start, steps, taper)


def _meet_cylinder(start, steps, taper):
    """The unit cylinder: its mantle where |z| <= 1, or one of its lids."""
    axes = torch.tensor([1.0, 1.0, 0.0])
    candidates = list(roots(start, steps, axes, taper))
    hits = []
    for hit in candidates:
        z = start[2] + steps[..., 2] * hit
        hits.append(torch.where((z.abs() <= 1) & (hit > 0), hit, FAR))
    for lid, radius in ((-1.0, 1.0), (1.0, 1.0 - taper)):
        hit = (lid - start[2]) / steps[..., 2]
        place = start[:2] + steps[..., :2] * hit[..., None]
        inside = place.square().sum(-1) <= radius**2
        hits.append(torch.where(inside & (hit > 0), hit, FAR))
    return torch.stack(hits).amin(0)


def _meet_prism(start, steps, half, taper):
    """Inside two slabs and below two leaning sides, as for a box."""
    one, two = (-half - start) / steps, (half - start) / steps
    enter = torch.minimum(one, two)[..., 1:].amax(-1)
    leave = torch.maximum(one, two)[..., 1:].amin(-1)
    slope = 0.5 * taper * half[0] / half[2]
    for side in (-1.0, 1.0):
        grow = side * steps[..., 0] + slope * steps[..., 2]
        edge = half[0] * (1 - 0.5 * taper)
        hit = (edge - side * start[0] - slope * start[2]) / grow
        enter = torch.where(grow < 0, torch.maximum(enter, hit), enter)
        leave = torch.where(grow > 0, torch.minimum(leave, hit), leave)
    return torch.where((enter <= leave) & (enter > 0), enter, FAR)


def _meet_foliage(start, steps, half, shift):
    """The near or else the far side of an ellipsoid, where it has leaves."""
    middle = -(start * steps).sum(-1) / steps.square().sum(-1)
    nearest = start + steps * middle[..., None]
    deep = 1 - nearest.square().sum(-1)
    reach = deep.clamp(min=0).sqrt() / steps.square().sum(-1).sqrt()
    best = torch.full_like(middle, FAR)
    for hit in (middle + reach, middle - reach):
        place = (start + steps * hit[..., None]) * half
        place[..., 0] += 17.3 * shift
        leaves = noise(place / 0.8) + 0.8 * noise(place / 0.22)
        there = leaves > 0.9 - 1.9 * deep
        there = there & (deep >= 0) & (hit > 0)
        best = torch.where(there, hit, best)
    return best


def noise(place):
    """Smooth noise in [-1, 1] at points (..., 3), bumps one unit wide."""
    corner = place.floor()
    share = place - corner
    share = share * share * (3 - 2 * share)
    total = torch.zeros_like(place[..., 0])
    for step in itertools.product((0, 1), repeat=3):
        step = torch.tensor(step)
        weight = torch.where(step == 1, share, 1 - share).prod(-1)
        total += weight * _knot(corner.long() + step)
    return 2 * total - 1


def _knot(place):
    """A number in [0, 1) for integer points that looks random."""
    primes = torch.tensor([374761393, 668265263, 974634777])
    h = (place * primes).sum(-1) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 2246822519) & 0xFFFFFFFF
    return (h ^ (h >> 15)).double() / 2**32


def roots(start, steps, axes, taper):
    """Where rays cross the unit sphere, cylinder or cone.

    The surface is sum(axes * x^2) = r(z)^2 with r = 1 for a sphere and
    r = 1 - taper (1 + z) / 2 otherwise. The ray is first moved to its point
    nearest the origin: far away, the quadratic formula loses all its digits.

    Returns:
        Both distances (H, W), the nearer first; ``-FAR`` for no crossing.
    """
    axes = axes.to(steps)
    shift = -(start * steps).sum(-1) / steps.square().sum(-1)
    near = start + steps * shift[..., None]
    slope = -taper / 2
    radius = 1 + slope * (1 + near[..., 2])
    if taper == 0:
        radius = torch.ones_like(radius)
    growth = slope * steps[..., 2]
    a = (axes * steps.square()).sum(-1) - growth**2
    b = (axes * steps * near).sum(-1) - growth * radius
    c = (axes * near.square()).sum(-1) - radius**2
    a = torch.where(a.abs() < 1e-12, 1e-12, a)
    inner = b**2 - a * c
    width = inner.clamp(min=0).sqrt()
    one, two = (-b - width) / a + shift, (-b + width) / a + shift
    met = inner >= 0
    return (
        torch.where(met, torch.minimum(one, two), -FAR),
        torch.where(met, torch.maximum(one, two), -FAR),
    )


def surface_normal(kind, point, half, taper):
    """Unit normals of a solid at points (..., 3) on it, in its own frame."""
    if kind == PANEL:
        flat = torch.zeros_like(point)
        flat[..., 2] = 1
        return flat
    if kind in (BOX, ROOM):
        axis = (point.abs() - half).argmax(-1, keepdim=True)
        sign = torch.gather(point, -1, axis).sign()
        return torch.zeros_like(point).scatter(-1, axis, sign)
    if kind == PRISM:
        return _prism_normal(point, half, taper)
    scaled = point / half
    normal = scaled.clone()
    if kind == CYLINDER:
        radius = 1 - taper * (1 + scaled[..., 2]) / 2
        normal[..., 2] = radius * taper / 2
        mantle = (scaled[..., :2].norm(dim=-1) - radius) * half[:2].amin()
        lid = (scaled[..., 2].abs() - 1) * half[2]
        upright = torch.zeros_like(point)
        upright[..., 2] = scaled[..., 2].sign()
        normal = torch.where((lid > mantle)[..., None], upright, normal)
    return torch.nn.functional.normalize(normal / half, dim=-1)


def _prism_normal(point, half, taper):
    """Of the side that the point is nearest to."""
    slope = 0.5 * taper * half[0] / half[2]
    sign = point[..., 0].sign()
    lean = torch.stack([sign, 0 * sign, slope + 0 * sign], dim=-1)
    lean = lean / math.hypot(1, slope)
    edge = half[0] * (1 - 0.5 * taper)
    gap = point[..., 0].abs() + slope * point[..., 2] - edge
    gaps = point.abs() - half
    gaps[..., 0] = gap / math.hypot(1, slope)
    axis = gaps.argmax(-1, keepdim=True)
    sign = torch.gather(point, -1, axis).sign()
    flat = torch.zeros_like(point).scatter(-1, axis, sign)
    return torch.where(axis == 0, lean, flat)


def facing(normal, steps):
    """Turns normals (..., 3) towards where the rays come from."""
    away = (normal * steps).sum(-1, keepdim=True) > 0
    return torch.where(away, -normal, normal)
