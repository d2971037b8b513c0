"""Furnishing a room.

Positions, sizes and the camera are drawn here; colours, materials and light
are drawn from another stream in ``look.py``, so that how bright or how
coloured a surface is says nothing about how far away it is.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from depthlib.data.rooms.camera import stand_camera
from depthlib.data.rooms.sets import THINGS
from depthlib.data.rooms.shell import Shell, clock, picture, wall_shelf
from depthlib.data.synthetic.parts import Draw, solid_arrays
from depthlib.kernels.render import Scene

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
    """Draws rooms until one offers a view between 0.5 and 9.9 m.

    The mean depth to aim for comes first, with the spread of indoor
    photographs; large ones need large rooms.
    """
    target = 2.58 * math.exp(draw.normal(0, 0.40))
    target = min(max(target, 1.2), 5.6)
    for attempt in itertools.count():
        shell = Shell(draw, b, min(max((target / 2.7) ** 0.7, 0.8), 1.5))
        kind = draw.pick(dict.fromkeys(KINDS, 4) | {"store": 2, "living": 6})
        furnish(draw, shell, kind, b)
        hang(draw, shell)
        arrays = solid_arrays(shell.parts.rows)
        scene = Scene(**arrays)
        view = stand_camera(draw, shell, scene, target, 0.6 + 0.1 * attempt)
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


def furnish(draw: Draw, shell: Shell, kind: str, b: bool):
    """Fills a room with things of its kind, as many as find a place."""
    first, others = KINDS[kind]
    x0, y0, x1, y1 = shell.spaces[0]
    area = (x1 - x0) * (y1 - y0)
    count = min(draw.integer(4, 7) + int(area / 4), 16)
    names = [draw.pick(first) for _ in range(1 + int(area / 28))]
    names += [draw.pick(others) for _ in range(count)]
    for name in names:
        thing = THINGS[name](draw, b)
        if name in FREE and draw.chance(0.75):
            done = stand_free(draw, shell, thing)
        else:
            done = stand_at_wall(draw, shell, thing, range(4))
        if not done:
            stand_at_wall(draw, shell, thing, range(4))
    if len(shell.spaces) > 1:
        for _ in range(draw.integer(1, 3)):
            thing = THINGS[draw.pick(others)](draw, b)
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
