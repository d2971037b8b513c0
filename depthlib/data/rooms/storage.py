"""Cupboards, shelves, kitchens, lamps and small things of the rooms.

Each function draws one thing and returns its :class:`Parts`; sizes are in
metres. ``b`` is True for style b, whose furniture has other proportions.
"""

import math

from depthlib.data.rooms.seats import legs, tabletop
from depthlib.data.synthetic.parts import Draw, Parts


def fronts(parts, draw, w, d, low, high, columns, rows, role):
    """Doors or drawers with handles on the front of a cupboard."""
    long = draw.chance(0.5)
    for i in range(columns):
        for j in range(rows):
            x = -w / 2 + w * (i + 0.5) / columns
            z = low + (high - low) * j / rows
            wide, tall = w / columns - 0.015, (high - low) / rows - 0.015
            parts.box(x, d / 2 + 0.008, z, wide, 0.02, tall, role)
            if rows > 1 or columns == 1:
                place = (x, d / 2 + 0.03, z + 0.6 * tall)
            else:
                side = 1 if i % 2 == 0 else -1
                place = (x + side * (wide / 2 - 0.05), d / 2 + 0.03, 0)
                place = (*place[:2], low + 0.5 * (high - low))
            if long and rows == 1:
                parts.rod(*place[:2], place[2] - 0.08, 0.009, 0.16, "metal")
            elif long:
                parts.bar(*place, 0.009, 0.35 * wide, "metal")
            else:
                parts.ball(*place, 0.018, "metal")


def wardrobe(draw: Draw, b: bool) -> Parts:
    """A tall cupboard."""
    w, d = draw.uniform(0.9, 2.0), draw.uniform(0.5, 0.62)
    h = draw.uniform(1.8, 2.3)
    parts = Parts(w, d, h)
    role = draw.pick(("wood", "white", "painted"))
    parts.box(0, 0, 0, w, d, h, role)
    fronts(parts, draw, w, d, 0.08, h - 0.03, round(w / 0.5), 1, role)
    if draw.chance(0.4):
        tabletop(parts, draw, 0.7 * w, 0.5 * d, h)
    return parts


def dresser(draw: Draw, b: bool) -> Parts:
    """A chest of drawers."""
    w, d = draw.uniform(0.6, 1.5), draw.uniform(0.4, 0.52)
    h = draw.uniform(0.65, 1.15)
    parts = Parts(w, d, h)
    role = draw.pick(("wood", "white", "painted"))
    parts.box(0, 0, 0, w, d, h, role)
    columns = 1 if w < 0.9 else 2
    fronts(
        parts, draw, w, d, 0.06, h - 0.03, columns, draw.integer(3, 4), role
    )
    for _ in range(draw.integer(0, 4)):
        tabletop(parts, draw, 0.8 * w, 0.5 * d, h)
    if draw.chance(0.25):
        parts.add(table_lamp(draw, b), 0.3 * w, 0, h)
    return parts


def bookshelf(draw: Draw, b: bool) -> Parts:
    """Shelves with books and things, with or without a back."""
    w, d = draw.uniform(0.6, 1.4), draw.uniform(0.25, 0.35)
    h = draw.uniform(1.0, 2.4) if b else draw.uniform(0.9, 2.1)
    parts = Parts(w, d, h)
    role = draw.pick(("wood", "white", "painted"))
    if draw.chance(0.8):
        parts.box(0, -d / 2 + 0.008, 0, w, 0.016, h, role)
    for x in (-w / 2, w / 2):
        parts.box(x, 0, 0, 0.03, d, h, role)
    count = max(2, round(h / draw.uniform(0.3, 0.42)))
    gap = (h - 0.08) / count
    for k in range(count + 1):
        parts.box(0, 0, 0.05 + k * gap, w, d, 0.025, role)
    for k in range(count):
        z, room = 0.075 + k * gap, gap - 0.03
        fill = draw.uniform(0, 1)
        if fill > 0.25:
            wide = draw.uniform(0.35, 0.97) * (w - 0.06)
            side = draw.pick((-1, 1))
            x = side * (w / 2 - 0.03 - wide / 2)
            parts.box(
                x,
                -0.02,
                z,
                wide,
                0.7 * d,
                draw.uniform(0.7, 0.92) * room,
                "books",
            )
            if wide < 0.6 * w:
                tall = draw.uniform(0.3, 0.8) * room
                parts.rod(-side * 0.3 * w, 0, z, 0.05, tall, "accent")
        elif fill > 0.1:
            parts.box(
                draw.uniform(-0.2, 0.2) * w,
                0,
                z,
                0.3 * w,
                0.8 * d,
                0.6 * room,
                "basket",
            )
    return parts


def media(draw: Draw, b: bool) -> Parts:
    """A low board with a television."""
    w, d = draw.uniform(1.1, 2.0), draw.uniform(0.35, 0.45)
    h = draw.uniform(0.35, 0.55)
    parts = Parts(w, d, h + 0.7)
    role = draw.pick(("wood", "white", "dark"))
    parts.box(0, 0, 0.06, w, d, h - 0.06, role)
    fronts(parts, draw, w, d, 0.08, h - 0.02, draw.integer(2, 3), 1, role)
    wide = draw.uniform(0.8, min(1.4, w))
    tall = 0.58 * wide
    parts.box(0, -0.05, h, 0.35 * wide, 0.2, 0.015, "dark")
    parts.box(0, -0.07, h, 0.06, 0.03, 0.1, "dark")
    parts.box(0, -0.05, h + 0.06, wide, 0.045, tall, "screen")
    return parts


def desk(draw: Draw, b: bool) -> Parts:
    """A desk with a computer, drawers and a lamp, some of them."""
    w, d = draw.uniform(1.0, 1.7), draw.uniform(0.6, 0.8)
    h = draw.uniform(0.70, 0.76)
    parts = Parts(w, d, h)
    role = draw.pick(("wood", "wood", "white"))
    parts.box(0, 0, h - 0.03, w, d, 0.03, role)
    if draw.chance(0.5):
        x = draw.pick((-1, 1)) * (w / 2 - 0.22)
        chest = Parts()
        chest.box(0, 0, 0, 0.42, d - 0.08, h - 0.03, role)
        fronts(chest, draw, 0.42, d - 0.08, 0.05, h - 0.06, 1, 3, role)
        parts.add(chest, x)
    legs(parts, draw, w, d, h - 0.03, draw.pick(("metal", "wood")), b)
    if draw.chance(0.75):
        x, wide = draw.uniform(-0.2, 0.2) * w, draw.uniform(0.45, 0.65)
        parts.box(x, -0.12, h, 0.22, 0.16, 0.012, "dark")
        parts.box(x, -0.17, h, 0.05, 0.02, 0.16, "dark")
        parts.box(x, -0.14, h + 0.1, wide, 0.03, 0.6 * wide, "screen")
        parts.box(x, 0.14, h, 0.42, 0.14, 0.02, "dark")
    if draw.chance(0.5):
        side = draw.pick((-1, 1))
        parts.add(table_lamp(draw, b), side * (w / 2 - 0.18), -0.12, h)
    for _ in range(draw.integer(0, 3)):
        tabletop(parts, draw, 0.8 * w, 0.5 * d, h)
    return parts


def kitchen(draw: Draw, b: bool) -> Parts:
    """A kitchen counter with cupboards above it."""
    w, d, h = draw.uniform(1.8, 3.4), 0.62, 0.9
    parts = Parts(w, d, h)
    role = draw.pick(("wood", "white", "painted"))
    columns = round(w / 0.6)
    parts.box(0, -0.02, 0.08, w, d - 0.04, h - 0.12, role)
    parts.box(0, -0.05, 0, w, d - 0.14, 0.08, "dark")
    parts.box(0, 0, h - 0.04, w, d, 0.04, draw.pick(("stone", "wood")))
    fronts(parts, draw, w, d - 0.05, 0.1, h - 0.06, columns, 1, role)
    if draw.chance(0.7):
        upper, low = Parts(), draw.uniform(1.38, 1.5)
        upper.box(0, -d / 2 + 0.17, low, w, 0.34, 0.7, role)
        doors = Parts()
        fronts(doors, draw, w, 0.34, low, low + 0.7, columns, 1, role)
        upper.add(doors, 0, -d / 2 + 0.17)
        parts.add(upper)
        parts.height = 2.2
    x = draw.uniform(-0.3, 0.3) * w
    parts.rod(x, -0.2, h, 0.014, 0.26, "metal")
    parts.bar(x, -0.12, h + 0.26, 0.012, 0.18, "metal", along="y")
    parts.box(x, 0.02, h, 0.5, 0.36, 0.004, "metal")
    for _ in range(draw.integer(1, 6)):
        tabletop(parts, draw, 0.9 * w, 0.25, h)
    if draw.chance(0.5):
        r = draw.uniform(0.09, 0.13)
        parts.rod(-0.35 * w, 0, h, r, draw.uniform(0.1, 0.2), "metal")
    return parts


def fridge(draw: Draw, b: bool) -> Parts:
    """A refrigerator with two doors, one over the other."""
    w, h = draw.uniform(0.55, 0.75), draw.uniform(1.4, 1.95)
    parts = Parts(w, 0.65, h)
    role = draw.pick(("white", "metal", "painted"))
    parts.box(0, 0, 0, w, 0.62, h, role)
    cut = draw.uniform(0.35, 0.7) * h
    for low, high in ((0.05, cut), (cut + 0.02, h)):
        parts.box(0, 0.32, low, w - 0.01, 0.03, high - low, role)
        parts.rod(
            -w / 2 + 0.06,
            0.36,
            low + 0.3 * (high - low),
            0.012,
            0.4 * (high - low),
            "metal",
        )
    return parts


def floor_lamp(draw: Draw, b: bool) -> Parts:
    """A shade or a globe on a thin pole."""
    h, r = draw.uniform(1.4, 1.8), draw.uniform(0.13, 0.24)
    parts = Parts(0.4, 0.4, h)
    parts.rod(0, 0, 0, draw.uniform(0.12, 0.17), 0.03, "metal")
    parts.rod(0, 0, 0.03, draw.uniform(0.009, 0.016), h - 0.2, "metal")
    if b and draw.chance(0.6):
        parts.ball(0, 0, h - 0.1, 0.8 * r, "shade")
    else:
        parts.rod(
            0, 0, h - 0.28, r, 0.28, "shade", taper=draw.uniform(0.0, 0.5)
        )
    parts.lamp(0, 0, h - 0.12, 0.08)
    return parts


def table_lamp(draw: Draw, b: bool) -> Parts:
    """A small lamp for a table; z = 0 is the table's top."""
    h, r = draw.uniform(0.32, 0.5), draw.uniform(0.09, 0.15)
    parts = Parts(0.2, 0.2, h)
    if draw.chance(0.5):
        parts.ball(0, 0, 0.1, 0.08, "accent", high=0.11)
    else:
        parts.rod(0, 0, 0, 0.07, 0.02, "metal")
    parts.rod(0, 0, 0.02, 0.012, h - 0.15, "metal")
    parts.rod(0, 0, h - 0.17, r, 0.17, "shade", taper=draw.uniform(0.1, 0.5))
    parts.lamp(0, 0, h - 0.08, 0.05)
    return parts


def plant(draw: Draw, b: bool) -> Parts:
    """A pot plant: a bush, or leaves on a stem."""
    r, tall = draw.uniform(0.12, 0.22), draw.uniform(0.2, 0.4)
    h = tall + draw.uniform(0.3, 1.1)
    parts = Parts(2.6 * r, 2.6 * r, h)
    parts.rod(0, 0, 0, 0.75 * r, tall, "pot", taper=draw.uniform(-0.45, 0.0))
    if h > 0.9:
        parts.rod(0, 0, tall, 0.015, h - tall - 0.1, "trunk")
    for _ in range(draw.integer(4, 9)):
        angle, reach = draw.uniform(0, math.tau), draw.uniform(0.2, 1.0) * r
        z = draw.uniform(max(tall + 0.05, h - 0.75), h)
        parts.ball(
            reach * math.cos(angle),
            reach * math.sin(angle),
            z,
            draw.uniform(0.08, 0.17),
            "leaf",
            deep=draw.uniform(0.05, 0.14),
            high=draw.uniform(0.06, 0.16),
            yaw=angle,
        )
    return parts


def coat_stand(draw: Draw, b: bool) -> Parts:
    """A pole with arms, sometimes with a coat."""
    h = draw.uniform(1.6, 1.85)
    parts = Parts(0.45, 0.45, h)
    parts.rod(0, 0, 0, 0.2, 0.03, "wood")
    parts.rod(0, 0, 0, 0.018, h, "wood")
    for k in range(3):
        angle = 2.09 * k
        parts.box(
            0.1 * math.cos(angle),
            0.1 * math.sin(angle),
            h - 0.15,
            0.2,
            0.02,
            0.02,
            "wood",
            yaw=angle,
        )
    if draw.chance(0.5):
        parts.ball(0.12, 0, h - 0.6, 0.16, "cushion", high=0.45)
    return parts


def ladder(draw: Draw, b: bool) -> Parts:
    """A ladder that leans on the wall behind it."""
    h, w = draw.uniform(1.6, 2.1), draw.uniform(0.38, 0.5)
    lean = draw.uniform(0.12, 0.2)
    parts = Parts(w, h * lean + 0.1, h)
    y = 0.0
    for x in (-w / 2, w / 2):
        parts.box(x, y, 0, 0.03, 0.05, h, "wood", tilt=lean)
    for k in range(int(h / 0.28)):
        z = 0.22 + 0.28 * k
        parts.bar(0, y - (z - h / 2) * lean, z, 0.014, w, "wood")
    return parts


def boxes(draw: Draw, b: bool) -> Parts:
    """Cardboard boxes, a stack or one beside the other."""
    parts, z = Parts(0.6, 0.5, 0.8), 0.0
    for _ in range(draw.integer(1, 3)):
        w, h = draw.uniform(0.3, 0.55), draw.uniform(0.18, 0.4)
        parts.box(
            0,
            0,
            z,
            w,
            0.75 * w,
            h,
            draw.pick(("card", "card", "accent")),
            yaw=draw.uniform(-0.3, 0.3),
        )
        z += h
    parts.height = z
    return parts


def basket(draw: Draw, b: bool) -> Parts:
    """A round basket or bin, or a ball."""
    r = draw.uniform(0.13, 0.24)
    parts = Parts(2 * r, 2 * r, 2 * r)
    if draw.chance(0.3):
        parts.ball(0, 0, 0.7 * r, 0.7 * r, "accent")
    else:
        parts.rod(
            0,
            0,
            0,
            0.8 * r,
            draw.uniform(0.25, 0.45),
            draw.pick(("basket", "metal", "accent")),
            taper=-0.25,
        )
    return parts


def rail(draw: Draw, b: bool) -> Parts:
    """A clothes rail with garments."""
    w, h = draw.uniform(0.8, 1.4), draw.uniform(1.4, 1.7)
    parts = Parts(w, 0.45, h)
    for x in (-w / 2, w / 2):
        parts.rod(x, 0, 0, 0.012, h, "metal")
        parts.bar(x, 0, 0.03, 0.012, 0.44, "metal", along="y")
    parts.bar(0, 0, h, 0.012, w, "metal")
    for _ in range(draw.integer(2, 7)):
        x, tall = draw.uniform(-0.42, 0.42) * w, draw.uniform(0.6, 1.0)
        parts.box(
            x,
            0,
            h - 0.06 - tall,
            0.045,
            0.4,
            tall,
            draw.pick(("cushion", "fabric", "accent", "white")),
            yaw=draw.uniform(-0.25, 0.25),
        )
    return parts
