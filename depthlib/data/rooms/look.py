"""What the synthetic rooms are made of and how they are lit.

Everything here is drawn from its own random stream and knows nothing of the
camera: colour, pattern and light carry no word about depth.
"""

import math

import numpy as np

from depthlib.data.rooms.colours import PALETTES
from depthlib.data.rooms.layout import Layout
from depthlib.data.rooms.recipes import RECIPES
from depthlib.data.synthetic.materials import Look, material
from depthlib.data.synthetic.parts import Draw

# Roles with one look for the whole room; for a thing; all others have one
# for each solid.
OF_ROOM = {"trim", "metal", "dark", "radiator", "beam", "glass", "curtain"}
OF_ROOM |= {"leaf", "trunk", "door"}
OF_THING = {"wood", "fabric", "white", "painted", "stone", "bedding"}
OF_THING |= {"blanket", "shade", "bulb", "basket", "screen", "window"}
NO_SHADOW = {"room", "bulb", "shade", "window"}


LAMP, PANE, SUN = range(3)  # as in kernels/render/light.py


def look(draw: Draw, room: Layout, b: bool) -> Look:
    """Draws materials and lights for a furnished room."""
    style = "b" if b else "a"
    recipes, palettes = RECIPES[style], PALETTES[style]
    night = draw.chance(0.12)
    lights, ambient, lit = _lights(draw, room, b, night)
    level = float(ambient[:2].mean())
    rows, known, material_of = [], {}, []
    for solid, role in enumerate(room.roles):
        key = _key(role, solid, int(room.owners[solid]))
        if key not in known:
            known[key] = len(rows)
            roles = [role]
            if role == "room":
                known[("wall",)] = 2
                roles = ["floor", "ceiling", "wall", "wall"]
            for name in roles:
                recipe = draw.pick(recipes[name])
                rows.append(material(draw, recipe, palettes))
            if role == "room" and draw.chance(0.75):
                rows[3] = rows[2]
            rows[-1][12] = _glow(draw, role, key, lit, night, level)
        material_of.append(known[key])
    return Look(
        np.array(rows, dtype=np.float64),
        np.array(material_of, dtype=np.int32),
        np.array([role not in NO_SHADOW for role in room.roles]),
        lights,
        ambient,
    )


def _key(role, solid, owner):
    if role in OF_ROOM or role in ("room", "wall"):
        return (role,)
    if role in OF_THING:
        return (role, owner)
    return (role, solid)


def _glow(draw, role, key, lit, night, level):
    """How bright a surface shines of itself; 0 for most."""
    if role == "window":
        return level * (
            draw.uniform(0.05, 0.3) if night else draw.uniform(5.0, 14.0)
        )
    if role in ("bulb", "shade") and key[1] in lit:
        strong = (6.0, 14.0) if role == "bulb" else (3.5, 7.0)
        return level * draw.uniform(*strong)
    if role == "screen" and draw.chance(0.3):
        return level * draw.uniform(1.0, 3.0)
    return 0.0


def _tint(draw, b, day):
    """Colour of a light: warm bulbs, cool daylight, with mean 1."""
    warm = draw.normal(-0.12, 0.12) if day else draw.normal(0.3, 0.16)
    if b:
        warm = draw.normal(-0.2, 0.15) if day else draw.normal(0.1, 0.3)
    tint = np.array([math.exp(0.55 * warm), 1.0, math.exp(-1.0 * warm)])
    if b and not day and draw.chance(0.25):
        tint *= np.array([draw.uniform(0.6, 1.4) for _ in range(3)])
    return tint / tint.mean()


def _lights(draw, room, b, night):
    """Up to three lights, and the bounced light that they leave.

    Returns:
        lights (L, 16), ambient (3, 3), and the owners of the lamps that are
        switched on.
    """
    rows, lit = [], set()
    wide, long, high = room.size
    area = 2 * (wide * long + wide * high + long * high)
    bounced = np.zeros(3)
    panes = [] if night else list(room.panes)
    sunny = panes and draw.chance(0.5 if b else 0.4)
    for pane in panes[:2]:
        x, y, z, nx, ny, half_w, half_h = pane
        power = draw.uniform(1.5, 4.5) * 4 * half_w * half_h
        colour = power * _tint(draw, b, day=True)
        across, up = (ny * half_w, -nx * half_w, 0), (0, 0, half_h)
        rows.append([PANE, x, y, z, *across, *up, nx, ny, 0, *colour])
        bounced += 6.0 * colour / area
    if sunny:
        rows.append(_sun(draw, draw.pick(panes)))
        bounced += 0.03 * np.array(rows[-1][13:])
        del rows[1:-1]
    share = 0.35 if rows else 0.8
    lamps = [lamp for lamp in room.lamps if draw.chance(share)]
    if not rows and not lamps:
        lamps = room.lamps[:1]
    for x, y, z, radius, owner in lamps:
        lit.add(int(owner))
        if len(rows) >= 3:
            continue
        small = z < 2.0
        power = draw.uniform(0.6, 1.5) if small else draw.uniform(1.6, 4.5)
        colour = power * _tint(draw, b, day=False)
        across, along = (radius, 0, 0), (0, radius, 0)
        rows.append([LAMP, x, y, z, *across, *along, 0, 0, 0, *colour])
        bounced += 13.0 * colour / area
    bounced *= draw.uniform(0.6, 1.3) * (0.75 if b else 1.0)
    above = bounced * draw.uniform(0.9, 1.2)
    below = bounced * np.array([1.0, 0.95, 0.88]) * draw.uniform(0.45, 0.85)
    rows = np.array(rows, np.float64)
    ahead = rows[0, 1:4] - 0.5 * np.array(room.size)
    ahead *= draw.uniform(0.2, 0.5) / max(np.linalg.norm(ahead), 0.5)
    return rows, np.stack([above, below, ahead]), lit


def _sun(draw, pane):
    """A beam through one window."""
    x, y, z, nx, ny, half_w, half_h = pane
    rise = draw.uniform(0.3, 1.0)
    turn = math.atan2(-ny, -nx) + draw.uniform(-1.0, 1.0)
    ahead = (
        math.cos(turn) * math.cos(rise),
        math.sin(turn) * math.cos(rise),
        math.sin(rise),
    )
    x, y = x - 0.18 * nx, y - 0.18 * ny  # the pane's outer side
    tint = np.array([1.15, 1.0, 0.8])
    colour = draw.uniform(2.0, 5.5) * tint
    across, up = (ny * half_w, -nx * half_w, 0), (0, 0, half_h)
    return [SUN, x, y, z, *across, *up, *ahead, *colour]
