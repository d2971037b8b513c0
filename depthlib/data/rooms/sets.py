"""Things that stand together: a table with its chairs, a bed with lamps."""

import math

from depthlib.data.rooms import seats as seats
from depthlib.data.rooms import storage as storage
from depthlib.data.synthetic.parts import Draw, Parts


def lounge(draw: Draw, b: bool) -> Parts:
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


def dining(draw: Draw, b: bool) -> Parts:
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
                seats.chair(Draw(*model), b),
                x,
                side * (d / 2 + out),
                yaw=(math.pi if side > 0 else 0.0) + draw.normal(0, 0.15),
            )
    for side in (-1, 1):
        if draw.chance(0.4):
            both.add(
                seats.chair(Draw(*model), b),
                side * (w / 2 + draw.uniform(0.05, 0.3)),
                0.0,
                yaw=side * math.pi / 2 + draw.normal(0, 0.15),
            )
    return both


def bed_set(draw: Draw, b: bool) -> Parts:
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
                    side * (bed.width / 2 + 0.26),
                    -bed.depth / 2 + 0.2,
                    h,
                )
            both.width = bed.width + 1.0
    if draw.chance(0.4):
        both.add(_rug(draw, bed.width + 0.9, 1.4), 0, 0.6)
    return both


def desk_set(draw: Draw, b: bool) -> Parts:
    """A desk with a chair that is pushed in, more or less."""
    desk = storage.desk(draw, b)
    both = Parts(desk.width, desk.depth + 0.5, desk.height)
    both.add(desk, 0, -0.25)
    seat = draw.pick((seats.office_chair, seats.chair))(draw, b)
    both.add(
        seat,
        draw.uniform(-0.15, 0.15),
        desk.depth / 2 + 0.02,
        yaw=math.pi + draw.normal(0, 0.35),
    )
    return both


THINGS = {
    "armchair": seats.armchair,
    "basket": storage.basket,
    "bed": seats.bed,
    "bed_set": bed_set,
    "bookshelf": storage.bookshelf,
    "boxes": storage.boxes,
    "chair": seats.chair,
    "coat_stand": storage.coat_stand,
    "coffee_table": seats.coffee_table,
    "desk_set": desk_set,
    "dining": dining,
    "dresser": storage.dresser,
    "floor_lamp": storage.floor_lamp,
    "fridge": storage.fridge,
    "kitchen": storage.kitchen,
    "ladder": storage.ladder,
    "lounge": lounge,
    "media": storage.media,
    "office_chair": seats.office_chair,
    "plant": storage.plant,
    "rail": storage.rail,
    "sofa": seats.sofa,
    "stool": seats.stool,
    "table": seats.table,
    "wardrobe": storage.wardrobe,
}
