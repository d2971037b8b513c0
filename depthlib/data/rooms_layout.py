"""Furnishing a room and standing a camera in it.

Positions, sizes and the camera are drawn here; colours, materials and light
are drawn from another stream in ``rooms_look.py``, so that how bright or how
coloured a surface is says nothing about how far away it is.
"""

import math
from typing import NamedTuple

import numpy as np

from depthlib.data import rooms_seats as seats
from depthlib.data import rooms_storage as storage
from depthlib.data.rooms_parts import Draw, Parts, solid_arrays
from depthlib.data.rooms_shell import Shell, clock, picture, wall_shelf
from depthlib.kernels.render import Scene, render

# What stands in a room of each kind, with weights. The first list is drawn
# first, so that large things find room.
KINDS = {
    "living": (
        {"lounge": 6, "sofa": 2, "media": 3},
        {"media": 3, "bookshelf": 3, "armchair": 3, "plant": 3}
        | {"floor_lamp": 3, "dresser": 2, "desk_set": 1, "basket": 1}
        | {"coffee_table": 1, "dining": 1, "chair": 1},
    ),
    "bedroom": (
        {"bed_set": 6, "bed": 2},
        {"wardrobe": 4, "dresser": 3, "desk_set": 2, "plant": 2}
        | {"basket": 2, "rail": 2, "floor_lamp": 2, "armchair": 1}
        | {"bookshelf": 2, "chair": 2, "boxes": 1},
    ),
    "dining": (
        {"dining": 6},
        {"dresser": 3, "bookshelf": 2, "plant": 3, "kitchen": 3}
        | {"fridge": 1, "chair": 2, "floor_lamp": 2, "stool": 2},
    ),
    "office": (
        {"desk_set": 6},
        {"desk_set": 4, "bookshelf": 4, "office_chair": 2, "boxes": 2}
        | {"coat_stand": 2, "plant": 2, "table": 2, "dresser": 1}
        | {"sofa": 1, "basket": 2},
    ),
    "kitchen": (
        {"kitchen": 6},
        {"fridge": 4, "dining": 4, "stool": 3, "chair": 2, "plant": 1}
        | {"basket": 2, "dresser": 1, "bookshelf": 1},
    ),
    "store": (
        {"bookshelf": 2, "wardrobe": 2, "rail": 2},
        {"boxes": 5, "ladder": 3, "bookshelf": 3, "wardrobe": 2}
        | {"rail": 2, "basket": 2, "stool": 2, "chair": 2, "table": 1}
        | {"coat_stand": 1},
    ),
}
FREE = {"dining", "table", "plant", "stool", "chair", "office_chair"}
FREE |= {"boxes", "basket", "coffee_table", "armchair", "lounge"}


class Layout(NamedTuple):
    """A furnished room with a camera.

    Attributes:
        scene: the solids.
        roles: what each solid is made of, one word each.
        owners: (P,) the thing (a piece of furniture or a set) that each
            solid belongs to.
        pose: (4, 4) world to camera.
        focal: focal length as a share of the image's width.
        centre: shift of the principal point from the image's middle, as
            shares of the width.
        lamps: (x, y, z, radius, owner) of each bulb.
        panes: windows, as in :class:`Shell`.
        size: the room's (width, length, height) in metres.
    """

    scene: Scene
    roles: list
    owners: np.ndarray
    pose: np.ndarray
    focal: float
    centre: tuple
    lamps: list
    panes: list
    size: tuple


def layout(draw: Draw, b: bool) -> Layout:
    """Draws rooms until one offers a view between 0.45 and 9.9 m."""
    while True:
        shell = Shell(draw, b)
        kind = draw.pick({k: 4 for k in KINDS} | {"store": 2, "living": 6})
        furnish(draw, shell, kind, b)
        hang(draw, shell)
        arrays = solid_arrays(shell.parts.rows)
        scene = Scene(**arrays)
        view = stand_camera(draw, shell, scene)
        if view is not None:
            pose, focal, centre = view
            owners = np.searchsorted(shell.starts, scene.group, side="right")
            lamps = [
                (*lamp[:4], np.searchsorted(shell.starts, lamp[4], "right"))
                for lamp in shell.parts.lamps
            ]
            return Layout(
                scene,
                [row[11] for row in shell.parts.rows],
                owners,
                pose,
                focal,
                centre,
                lamps,
                shell.panes,
                shell.size,
            )


def make(draw: Draw, name: str, b: bool) -> Parts:
    """Draws one thing, or a set of things that belong together."""
    if name == "lounge":
        return _lounge(draw, b)
    if name == "dining":
        return _dining(draw, b)
    if name == "desk_set":
        desk = storage.desk(draw, b)
        both = Parts(desk.width, desk.depth + 0.5, desk.height)
        both.add(desk, 0, -0.25)
        seat = draw.pick((seats.office_chair, seats.chair))(draw, b)
        both.add(
            seat, draw.uniform(-0.15, 0.15), desk.depth / 2 + 0.02,
            yaw=math.pi + draw.normal(0, 0.35),
        )
        return both
    if name == "bed_set":
        return _bed_set(draw, b)
    module = storage if hasattr(storage, name) else seats
    return getattr(module, name)(draw, b)


def _lounge(draw, b):
    """A sofa, a coffee table before it, and often a rug below."""
    sofa, table = seats.sofa(draw, b), seats.coffee_table(draw, b)
    gap = draw.uniform(0.3, 0.5)
    deep = sofa.depth + gap + table.depth
    both = Parts(sofa.width, deep, sofa.height)
    both.add(sofa, 0, -deep / 2 + sofa.depth / 2)
    both.add(table, draw.uniform(-0.2, 0.2), deep / 2 - table.depth / 2)
    if draw.chance(0.65):
        both.add(_rug(draw, sofa.width * 1.1, deep * 0.95), 0, 0.25)
    return both


def _rug(draw, w, d):
    rug = Parts(w, d, 0.01)
    if draw.chance(0.25):
        rug.rod(0, 0, 0, 0.5 * max(w, d), 0.008, "rug")
    else:
        rug.box(0, 0, 0, w, d, 0.008, "rug")
    return rug


def _dining(draw, b):
    """A table with two to six chairs, not all pushed in straight."""
    table = seats.table(draw, b)
    w, d = table.width, table.depth
    both = Parts(w + 0.8, d + 0.8, table.height)
    both.add(table)
    if draw.chance(0.35):
        both.add(_rug(draw, w + 0.9, d + 0.9))
    model = (draw.integer(0, 2**30), draw.integer(0, 2**30))
    places = [(s * w / 4, side) for s in (-1, 1) for side in (-1, 1)]
    if w < 1.3:
        places = [(0.0, -1), (0.0, 1)]
    for x, side in places:
        if draw.chance(0.85):
            # The same key each time: chairs around a table are alike.
            out = draw.uniform(0.05, 0.3)
            both.add(
                seats.chair(Draw(*model), b), x, side * (d / 2 + out),
                yaw=(math.pi if side > 0 else 0.0) + draw.normal(0, 0.15),
            )
    for side in (-1, 1):
        if draw.chance(0.4):
            both.add(
                seats.chair(Draw(*model), b),
                side * (w / 2 + draw.uniform(0.05, 0.3)), 0.0,
                yaw=side * math.pi / 2 + draw.normal(0, 0.15),
            )
    return both


def _bed_set(draw, b):
    """A bed between bedside tables."""
    bed = seats.bed(draw, b)
    both = Parts(bed.width + 0.5, bed.depth, bed.height)
    both.add(bed)
    for side in (-1, 1):
        if draw.chance(0.65):
            stand = Parts()
            h = draw.uniform(0.4, 0.6)
            stand.box(0, 0, 0.1, 0.42, 0.38, h - 0.1, "wood")
            storage.fronts(
                stand, draw, 0.42, 0.38, 0.12, h - 0.02, 1, 2, "wood"
            )
            seats.legs(stand, draw, 0.42, 0.38, 0.1, "wood", b)
            both.add(
                stand, side * (bed.width / 2 + 0.26), -bed.depth / 2 + 0.22
            )
            if draw.chance(0.6):
                both.add(
                    storage.table_lamp(draw, b),
                    side * (bed.width / 2 + 0.26), -bed.depth / 2 + 0.2, h,
                )
            both.width = bed.width + 1.0
    if draw.chance(0.4):
        both.add(_rug(draw, bed.width + 0.9, 1.4), 0, 0.6)
    return both


def furnish(draw: Draw, shell: Shell, kind: str, b: bool):
    """Fills a room with things of its kind, as many as find a place."""
    first, others = KINDS[kind]
    x0, y0, x1, y1 = shell.spaces[0]
    count = draw.integer(3, 5) + int((x1 - x0) * (y1 - y0) / 6)
    count = min(count, 10)
    names = [draw.pick(first)] + [draw.pick(others) for _ in range(count)]
    for name in names:
        thing = make(draw, name, b)
        if name in FREE and draw.chance(0.75):
            done = stand_free(draw, shell, thing)
        else:
            done = stand_at_wall(draw, shell, thing, range(4))
        if not done:
            stand_at_wall(draw, shell, thing, range(4))
    if len(shell.spaces) > 1:
        for _ in range(draw.integer(1, 3)):
            thing = make(draw, draw.pick(others), b)
            stand_at_wall(
                draw, shell, thing, range(4, len(shell.walls)), shell.spaces[1]
            )


def stand_at_wall(draw, shell, thing, walls, space=None) -> bool:
    """Stands a thing with its back to a wall, where there is room."""
    for _ in range(8):
        spot = shell.free_spot(draw, thing.width, thing.height, walls)
        if spot is None:
            return False
        wall = shell.walls[spot[0]]
        out = 0.03 + thing.depth / 2
        x, y = wall.at(spot[1], out)
        turned = abs(wall.nx) > 0.5
        w, d = thing.width / 2, thing.depth / 2
        w, d = (d, w) if turned else (w, d)
        yaw = wall.yaw + draw.pick((0.0, 0.0, draw.normal(0, 0.03)))
        if put(shell, thing, x, y, yaw, w, d, space or shell.spaces[0]):
            shell.taken[spot[0]].append(
                (
                    spot[1] - thing.width / 2,
                    spot[1] + thing.width / 2,
                    99.0 if thing.height < 1.1 else 0.0,
                )
            )
            return True
    return False


def stand_free(draw, shell, thing) -> bool:
    """Stands a thing anywhere in the room."""
    x0, y0, x1, y1 = shell.spaces[0]
    for _ in range(10):
        yaw = draw.integer(0, 3) * math.pi / 2 + draw.normal(0, 0.12)
        if draw.chance(0.2):
            yaw = draw.uniform(0, math.tau)
        c, s = abs(math.cos(yaw)), abs(math.sin(yaw))
        w = (c * thing.width + s * thing.depth) / 2
        d = (s * thing.width + c * thing.depth) / 2
        if x1 - x0 < 2 * w + 0.3 or y1 - y0 < 2 * d + 0.3:
            continue
        x = draw.uniform(x0 + w + 0.1, x1 - w - 0.1)
        y = draw.uniform(y0 + d + 0.1, y1 - d - 0.1)
        if put(shell, thing, x, y, yaw, w, d, shell.spaces[0]):
            return True
    return False


def put(shell, thing, x, y, yaw, w, d, space) -> bool:
    """Adds a thing if its footprint is free."""
    x0, y0, x1, y1 = space
    if x - w < x0 or x + w > x1 or y - d < y0 or y + d > y1:
        return False
    for a0, b0, a1, b1, _ in shell.blocks:
        if x + w > a0 and x - w < a1 and y + d > b0 and y - d < b1:
            return False
    shell.blocks.append((x - w, y - d, x + w, y + d, thing.height))
    shell.add(thing, x, y, yaw=yaw)
    return True


def hang(draw: Draw, shell: Shell):
    """Pictures, shelves and clocks on what is left of the walls."""
    for _ in range(draw.integer(1, 6)):
        thing = draw.pick((picture, picture, picture, wall_shelf, clock))(draw)
        spot = shell.free_spot(draw, thing.width + 0.1, 5.0)
        if spot is None:
            continue
        wall = shell.walls[spot[0]]
        z = draw.uniform(1.35, 1.75)
        x, y = wall.at(spot[1], 0)
        half = thing.width / 2 + 0.05
        shell.taken[spot[0]].append((spot[1] - half, spot[1] + half, 1.0))
        shell.add(thing, x, y, z, wall.yaw)


def stand_camera(draw: Draw, shell: Shell, scene: Scene):
    """A handheld camera: the best of some tries, or None.

    The mean depth to aim for is drawn first, with the spread of indoor
    photographs; the try whose mean comes nearest is taken.
    """
    target = 2.7 * math.exp(draw.normal(0, 0.42))
    best, best_gap = None, 0.5
    for _ in range(14):
        view = _try_camera(draw, shell)
        if view is None:
            continue
        pose, focal, centre = view
        matrix = intrinsics_of(focal, centre, (36, 48))
        seen = render(scene, pose, matrix, (36, 48))
        depth = seen.depth.numpy()[0]
        if depth.min() < 0.5 or depth.max() > 9.9:
            continue
        if (depth < 0.9).mean() > 0.06 or np.ptp(depth) < 0.8:
            continue
        things = len(np.unique(scene.group[seen.ids.numpy()]))
        gap = abs(math.log(float(depth.mean()) / target))
        gap += 0.12 * max(0, 5 - things)
        if gap < best_gap:
            best, best_gap = view, gap
        if gap < 0.06:
            break
    return best


def _try_camera(draw, shell):
    x0, y0, x1, y1 = shell.spaces[0]
    x, y = draw.uniform(x0 + 0.2, x1 - 0.2), draw.uniform(y0 + 0.2, y1 - 0.2)
    z = draw.uniform(1.0, 1.75)
    pitch = draw.normal(0.2, 0.14)
    roll = draw.normal(0.0, 0.035)
    focal = draw.uniform(0.74, 0.90)
    centre = (draw.normal(0, 0.008), draw.normal(0, 0.008))
    goal = draw.uniform(x0, x1), draw.uniform(y0, y1)
    yaw = math.atan2(goal[1] - y, goal[0] - x) + draw.normal(0, 0.2)
    for a0, b0, a1, b1, top in shell.blocks:
        if a0 - 0.3 < x < a1 + 0.3 and b0 - 0.3 < y < b1 + 0.3:
            if top > z - 0.45:
                return None
    return look_from((x, y, z), yaw, pitch, roll), focal, centre


def look_from(place, yaw, pitch, roll) -> np.ndarray:
    """World-to-camera matrix (4, 4).

    Args:
        place: (x, y, z) of the camera, in metres.
        yaw: viewing direction in the floor plan, from the x axis.
        pitch: how far the camera looks down.
        roll: turns the camera about its viewing direction.
    """
    cy, sy, cp, sp = (
        math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    )
    right = np.array([sy, -cy, 0.0])
    ahead = np.array([cy * cp, sy * cp, -sp])
    down = np.cross(ahead, right)
    c, s = math.cos(roll), math.sin(roll)
    pose = np.eye(4)
    pose[:3, :3] = [c * right + s * down, c * down - s * right, ahead]
    pose[:3, 3] = -pose[:3, :3] @ np.array(place)
    return pose


def intrinsics_of(focal, centre, size) -> np.ndarray:
    """Intrinsics (3, 3) in pixels for an image of size (H, W)."""
    height, width = size
    return np.array(
        [
            [focal * width, 0.0, width * (0.5 + centre[0])],
            [0.0, focal * width, height / 2 + width * centre[1]],
            [0.0, 0.0, 1.0],
        ]
    )
