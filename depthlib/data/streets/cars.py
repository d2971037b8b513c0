"""Cars, vans, lorries, buses and people.

Each function draws one thing and returns its :class:`Parts`: its front looks
along y, sizes are in metres.
"""

import math

from depthlib.data.synthetic.parts import Draw, Parts

QUARTER = math.pi / 2
# Length, width, height, share of the length that the cabin takes, its shift
# to the rear, and how far its ends lean.
SHAPES = {
    "small": ((3.5, 3.9), (1.6, 1.7), (1.45, 1.56), 0.70, 0.08, 0.34),
    "hatch": ((4.0, 4.4), (1.7, 1.82), (1.43, 1.52), 0.66, 0.10, 0.38),
    "saloon": ((4.4, 4.95), (1.75, 1.88), (1.40, 1.48), 0.56, 0.05, 0.44),
    "estate": ((4.5, 4.9), (1.75, 1.88), (1.45, 1.55), 0.72, 0.13, 0.28),
    "suv": ((4.3, 4.9), (1.82, 1.95), (1.62, 1.80), 0.68, 0.10, 0.26),
}
MIX = {"small": 3, "hatch": 5, "saloon": 4, "estate": 4, "suv": 3}


def car(draw: Draw) -> Parts:
    """A passenger car of one of five shapes."""
    long, wide, high, share, back, lean = SHAPES[draw.pick(MIX)]
    long, wide, high = (draw.uniform(*r) for r in (long, wide, high))
    parts = Parts(wide, long, high)
    belt, low = high * draw.uniform(0.60, 0.66), draw.uniform(0.17, 0.24)
    nose = high * draw.uniform(0.50, 0.56)
    # Bonnet and boot lie lower than the waist between them.
    parts.prism(0, 0, low, long, wide, nose - low, "body", 0.05, QUARTER)
    cabin, lean = share * long, lean * draw.uniform(0.85, 1.15)
    y = -back * long
    waist = min(cabin + 0.5, 0.94 * long)
    parts.prism(
        0, 0.6 * y, nose, waist, wide, belt - nose, "body", 0.16, QUARTER
    )
    tall = high - belt
    parts.prism(0, y, belt, cabin, 0.86 * wide, tall, "glass", lean, QUARTER)
    top = cabin * (1 - lean)
    parts.box(0, y, high - 0.045, 0.85 * wide, 1.06 * top, 0.06, "body")
    for along in (0.06 * cabin, -0.3 * cabin):
        thick = 0.08 if along > 0 else 0.1 * cabin * draw.uniform(0.3, 1.0)
        parts.box(0, y + along, belt, 0.865 * wide, thick, tall - 0.03, "body")
    wheels(parts, 0.30 * long, 0.5 * wide, draw.uniform(0.29, 0.35))
    parts.box(0, 0, 0.12, 0.8 * wide, 0.82 * long, 0.2, "dark")
    ends(parts, draw, long, wide, nose)
    for side in (-1, 1):
        parts.box(
            side * (0.5 * wide + 0.06),
            y + 0.42 * cabin,
            belt,
            0.12,
            0.1,
            0.12,
            "body",
        )
    return parts


def wheels(parts, y, x, r, count=2):
    """Axles at +-y whose wheels end at +-x."""
    for k in range(count):
        along = y - 2 * y * k / (count - 1)
        parts.bar(0, along, r + 0.03, r + 0.05, 2 * x + 0.006, "arch")
        parts.bar(0, along, r, r, 2 * x + 0.02, "tyre")
        parts.bar(0, along, r, 0.62 * r, 2 * x + 0.03, "rim")


def ends(parts, draw, long, wide, nose):
    """Lights, plates and bumpers."""
    bumper = draw.pick(("body", "body", "dark"))
    parts.box(0, 0, 0.22, 0.97 * wide, long + 0.07, 0.24, bumper)
    x, low = 0.5 * wide - 0.19, nose - draw.uniform(0.2, 0.26)
    tall = draw.uniform(0.12, 0.2)
    for side in (-1, 1):
        parts.box(side * x, -0.5 * long, low, 0.34, 0.05, tall, "tail")
        parts.box(side * x, 0.5 * long, low, 0.36, 0.05, 0.13, "headlight")
    z = draw.pick((0.34, low - 0.05))
    parts.box(0, -0.5 * long - 0.02, z, 0.52, 0.05, 0.11, "plate")
    parts.box(0, 0.5 * long + 0.02, 0.34, 0.52, 0.05, 0.11, "plate")
    grille = low - 0.02
    parts.box(0, 0.5 * long, grille, 0.5 * wide, 0.03, 0.11, "dark")


def van(draw: Draw) -> Parts:
    """A delivery van."""
    long, wide = draw.uniform(4.6, 5.9), draw.uniform(1.85, 2.0)
    high = draw.uniform(1.85, 2.55)
    parts = Parts(wide, long, high)
    bonnet, belt = 0.17 * long, draw.uniform(1.0, 1.15)
    parts.prism(0, 0, 0.22, long, wide, belt - 0.22, "body", 0.04, QUARTER)
    cargo = long - bonnet - 0.6
    parts.box(
        0,
        -0.5 * long + 0.5 * cargo + 0.03,
        0.3,
        wide,
        cargo,
        high - 0.3,
        "body",
    )
    parts.prism(
        0,
        0.5 * long - bonnet - 0.55,
        belt,
        1.55,
        0.93 * wide,
        high - belt,
        "glass",
        0.75,
        QUARTER,
    )
    back = -0.5 * long + 0.02
    if draw.chance(0.6):
        for side in (-1, 1):
            parts.box(
                side * 0.23 * wide,
                back,
                belt + 0.05,
                0.36 * wide,
                0.03,
                0.45,
                "glass",
            )
    parts.box(0, back, 0.5, 0.02, 0.03, high - 0.6, "dark")
    if draw.chance(0.4):
        parts.box(
            0,
            -0.12 * long,
            belt + 0.05,
            wide + 0.02,
            0.38 * long,
            0.48,
            "glass",
        )
    wheels(parts, 0.31 * long, 0.5 * wide, 0.34)
    parts.box(0, 0, 0.14, 0.85 * wide, 0.85 * long, 0.2, "dark")
    ends(parts, draw, long, wide, belt)
    return parts


def lorry(draw: Draw) -> Parts:
    """A lorry with a box body or a tarpaulin."""
    long, wide = draw.uniform(6.5, 11.0), 2.5
    high, cab = draw.uniform(3.1, 3.9), 2.1
    parts = Parts(wide, long, high)
    load = long - cab - 0.25
    parts.box(0, -0.5 * (long - load), 1.05, wide, load, high - 1.05, "load")
    parts.box(0, -0.5 * (long - load), 0.55, 0.9 * wide, load, 0.45, "dark")
    y = 0.5 * (long - cab)
    parts.box(0, y, 0.45, 2.4, cab, 2.3, "body")
    parts.box(0, y + 0.02, 1.6, 2.2, cab, 0.85, "glass")
    wheels(parts, 0.36 * long, 0.5 * wide, 0.48, draw.integer(2, 3))
    for side in (-1, 1):
        parts.box(side * 0.95, -0.5 * long, 0.75, 0.4, 0.06, 0.16, "tail")
        parts.box(side * 0.9, 0.5 * long, 0.65, 0.4, 0.06, 0.2, "headlight")
    parts.box(0, -0.5 * long, 0.8, 0.52, 0.08, 0.11, "plate")
    parts.box(0, -0.5 * long + 0.02, 1.15, 0.04, 0.06, high - 1.3, "dark")
    return parts


def bus(draw: Draw) -> Parts:
    """A city bus."""
    long, wide, high = draw.uniform(9.5, 12.0), 2.5, draw.uniform(2.9, 3.2)
    parts = Parts(wide, long, high)
    parts.box(0, 0, 0.3, wide, long, high - 0.3, "body")
    parts.box(0, -0.2, 1.3, wide + 0.03, 0.93 * long, 1.05, "glass")
    parts.box(0, 0, 1.25, 0.88 * wide, long + 0.04, 1.3, "glass")
    for k in range(5):
        y = long * (-0.36 + 0.18 * k)
        parts.box(0, y, 1.25, wide + 0.05, 0.1, 1.15, "body")
    wheels(parts, 0.3 * long, 0.5 * wide, 0.48)
    for side in (-1, 1):
        parts.box(side * 1.0, -0.5 * long, 0.8, 0.25, 0.06, 0.3, "tail")
        parts.box(side * 0.95, 0.5 * long, 0.6, 0.4, 0.06, 0.2, "headlight")
    parts.box(0, 0.5 * long + 0.02, 2.62, 1.4, 0.06, 0.28, "dark")
    parts.box(0, -0.5 * long, 0.5, 0.52, 0.05, 0.11, "plate")
    return parts


def vehicle(draw: Draw, large: float = 0.16) -> Parts:
    """A car, or with this chance something larger."""
    if draw.chance(large):
        return draw.pick((van, van, van, lorry, bus))(draw)
    return car(draw)


def person(draw: Draw) -> Parts:
    """Someone who walks or stands."""
    high = draw.uniform(1.5, 1.9)
    parts = Parts(0.5, 0.4, high)
    leg, stride = 0.47 * high, draw.uniform(0.0, 0.3)
    for side in (-1, 1):
        parts.rod(
            side * 0.09,
            side * stride * 0.4 * leg,
            0,
            0.06,
            leg + 0.05,
            "trousers",
            tilt=side * stride,
        )
        parts.rod(
            side * 0.23,
            0,
            0.42 * high,
            0.045,
            0.39 * high,
            "jacket",
            tilt=-side * 0.8 * stride,
            lean=side * 0.08,
        )
    parts.rod(0, 0, leg, 0.2, 0.36 * high, "jacket", deep=0.13)
    parts.ball(0, 0, 0.83 * high, 0.18, "jacket", deep=0.12, high=0.07)
    parts.ball(0, 0, 0.93 * high, 0.085, "skin", deep=0.1, high=0.12)
    parts.ball(0, -0.02, 0.955 * high, 0.09, "hair", deep=0.1, high=0.1)
    if draw.chance(0.3):
        parts.box(0, -0.2, 0.55 * high, 0.3, 0.16, 0.42, "bag")
    return parts


def cyclist(draw: Draw) -> Parts:
    """Someone on a bicycle."""
    parts = Parts(0.5, 1.8, 1.75)
    for y in (-0.52, 0.52):
        parts.bar(0, y, 0.34, 0.34, 0.035, "tyre")
        parts.bar(0, y, 0.34, 0.27, 0.04, "rim")
    parts.box(0, 0, 0.55, 0.04, 0.9, 0.05, "frame")
    parts.box(0, -0.2, 0.4, 0.04, 0.05, 0.55, "frame")
    parts.bar(0, 0.42, 1.02, 0.015, 0.55, "dark")
    parts.box(0, 0.46, 0.4, 0.04, 0.05, 0.62, "frame")
    for side in (-1, 1):
        parts.rod(
            side * 0.1, -0.02, 0.3, 0.07, 0.65, "trousers", tilt=-side * 0.3
        )
        parts.box(
            side * 0.22, 0.18, 1.05, 0.09, 0.5, 0.09, "jacket", tilt=-0.4
        )
    parts.ball(0, -0.05, 1.2, 0.2, "jacket", deep=0.2, high=0.34)
    parts.ball(0, 0.08, 1.62, 0.09, "skin", deep=0.1, high=0.12)
    parts.ball(0, 0.06, 1.68, 0.11, "hair", deep=0.12, high=0.09)
    return parts
