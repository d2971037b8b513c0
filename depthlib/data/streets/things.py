"""What stands beside a road: trees, lamps, signs, fences, bins.

Each function draws one thing and returns its :class:`Parts`; the street lies
along -y of its frame, sizes are in metres.
"""

import math

from depthlib.data.synthetic.parts import Draw, Parts


def tree(draw: Draw, high: float | None = None) -> Parts:
    """A broad-leaved tree: a trunk, and a crown of several bushes."""
    high = high or draw.uniform(4.5, 12.0)
    stem = high * draw.uniform(0.22, 0.38)
    wide = high * draw.uniform(0.2, 0.33)
    parts = Parts(2 * wide, 2 * wide, high)
    thick = 0.012 * high + draw.uniform(0.04, 0.12)
    trunk, crown = Parts(), Parts()
    trunk.rod(0, 0, 0, thick, stem + 0.3 * high, "trunk", taper=0.45)
    middle, tall = (stem + high) / 2, (high - stem) / 2
    big = draw.uniform(0.55, 0.72)
    crown.leaves(
        0, 0, middle, big * wide, "leaf", 0.8 * tall, draw.uniform(0, 9)
    )
    for _ in range(draw.integer(4, 7)):
        turn, rise = draw.uniform(0, math.tau), draw.uniform(-0.7, 0.75)
        out = wide * math.sqrt(1 - rise * rise) * draw.uniform(0.35, 0.7)
        r = wide * draw.uniform(0.38, 0.6)
        crown.leaves(
            out * math.cos(turn),
            out * math.sin(turn),
            middle + rise * tall,
            r,
            "leaf",
            r * draw.uniform(0.7, 1.0),
            draw.uniform(0, 9),
        )
    parts.add(trunk)
    parts.add(crown)
    return parts


def conifer(draw: Draw) -> Parts:
    """A spruce, or a cypress."""
    high = draw.uniform(4, 13)
    wide = high * draw.uniform(0.1, 0.2)
    parts, crown = Parts(2 * wide, 2 * wide, high), Parts()
    parts.rod(0, 0, 0, 0.02 * high + 0.05, 0.4 * high, "trunk")
    for k in range(5):
        z = high * (0.2 + 0.17 * k)
        r = wide * (1.05 - 0.19 * k)
        crown.leaves(0, 0, z, r, "needles", 0.19 * high, draw.uniform(0, 9))
    parts.add(crown)
    return parts


def bush(draw: Draw) -> Parts:
    """A bush or two."""
    parts = Parts(1.5, 1.5, 1.5)
    for _ in range(draw.integer(1, 3)):
        r = draw.uniform(0.4, 1.1)
        parts.leaves(
            draw.uniform(-1, 1),
            draw.uniform(-0.4, 0.4),
            0.7 * r,
            r,
            "leaf",
            draw.uniform(0.7, 1.2) * r,
            draw.uniform(0, 9),
        )
    return parts


def hedge(draw: Draw, long: float) -> Parts:
    """A clipped hedge."""
    parts, high = Parts(long, 0.8, 1.6), draw.uniform(0.8, 2.0)
    parts.box(0, 0, 0, long, 0.6, high, "hedge")
    step = 1.1
    for k in range(int(long / step)):
        x = -long / 2 + (k + 0.5) * step
        parts.leaves(
            x, 0, high - 0.25, 0.62, "hedge", 0.42, draw.uniform(0, 9)
        )
    return parts


def fence(draw: Draw, long: float) -> Parts:
    """A fence or a low wall."""
    parts, high = Parts(long, 0.3, 1.2), draw.uniform(0.7, 1.7)
    kind = draw.pick(("wall", "boards", "rails"))
    if kind == "wall":
        parts.box(0, 0, 0, long, 0.25, 0.8 * high, "low_wall")
        parts.box(0, 0, 0.8 * high, long, 0.32, 0.07, "cornice")
    elif kind == "boards":
        parts.box(0, 0, 0.1, long, 0.05, high, "fence")
    else:
        parts.box(0, 0, 0, long, 0.2, 0.3, "low_wall")
        for z in (0.5 * high, high):
            parts.box(0, 0, z, long, 0.04, 0.06, "railing")
    for k in range(int(long / 2.2) + 1):
        x = -long / 2 + 2.2 * k
        parts.box(x, 0, 0, 0.12, 0.14, high + 0.1, "railing")
    return parts


def guardrail(draw: Draw, long: float) -> Parts:
    """A crash barrier of steel, or a concrete one."""
    parts = Parts(long, 0.4, 0.8)
    parts.box(0, 0, 0.45, long, 0.08, 0.3, "steel")
    for k in range(int(long / 2)):
        x = -long / 2 + 2 * k + 0.5
        parts.box(x, 0.1, 0, 0.1, 0.1, 0.7, "steel")
    return parts


def lamp(draw: Draw, b: bool) -> Parts:
    """A street lamp with an arm over the road."""
    high = draw.uniform(4.5, 6) if b else draw.uniform(5, 9)
    out = draw.pick((0.0, 1.0, 1.8))
    parts, arm = Parts(0.3, 0.3, high), Parts()
    parts.rod(0, 0, 0, draw.uniform(0.06, 0.1), high, "pole", taper=0.4)
    if out:
        arm.bar(0, -out / 2, high, 0.04, out, "pole", along="y")
        arm.box(0, -out - 0.2, high - 0.06, 0.22, 0.6, 0.1, "pole")
    else:
        arm.ball(0, 0, high, 0.22, "plate", high=0.25)
    parts.add(arm)
    return parts


def traffic_light(draw: Draw, side: int) -> Parts:
    """Signals on a mast, and often a second set above the road.

    They face those who come along x; the road lies at ``side`` of y.
    """
    parts = Parts(0.4, 0.4, 3.4)
    parts.rod(0, 0, 0, 0.06, 3.3, "pole")
    colour = draw.pick((("red", 2), ("red", 2), ("green", 0), ("amber", 1)))
    places = [(0.0, 2.3)]
    if draw.chance(0.5):
        reach = draw.uniform(2.5, 4.5)
        arm = Parts()
        arm.rod(0, 0, 3.2, 0.07, 2.2, "pole")
        arm.bar(0, side * reach / 2, 5.4, 0.05, reach, "pole", along="y")
        parts.add(arm)
        places.append((side * reach, 4.9))
    for y, z in places:
        head = Parts()
        head.box(0.12, y, z, 0.26, 0.32, 0.95, "signal")
        for k in range(3):
            role = f"light_{colour[0]}" if k == colour[1] else "signal"
            head.bar(-0.02, y, z + 0.18 + 0.3 * k, 0.1, 0.06, role)
        parts.add(head)
    return parts


def sign(draw: Draw) -> Parts:
    """A traffic sign that faces those who come along x."""
    parts, z = Parts(0.5, 0.3, 2.7), draw.uniform(1.9, 2.4)
    parts.rod(0, 0, 0, 0.035, z + 0.6, "pole")
    kind = draw.pick({"round": 4, "square": 3, "stop": 2, "board": 1})
    if kind == "round":
        r = draw.uniform(0.28, 0.36)
        parts.bar(-0.05, 0, z + 0.3, r, 0.03, "sign_red")
        parts.bar(-0.06, 0, z + 0.3, 0.72 * r, 0.03, "sign_white")
    elif kind == "square":
        parts.box(-0.05, 0, z, 0.03, 0.6, 0.6, "sign_blue")
        parts.box(-0.06, 0, z + 0.15, 0.03, 0.25, 0.3, "sign_white")
    elif kind == "stop":
        parts.bar(-0.05, 0, z + 0.3, 0.32, 0.03, "sign_red")
        parts.box(-0.07, 0, z + 0.25, 0.02, 0.42, 0.1, "sign_white")
    else:
        parts.box(-0.05, 0, z - 0.1, 0.03, 1.3, 0.5, "sign_yellow")
        parts.box(-0.065, 0.1, z, 0.02, 0.8, 0.08, "signal")
        parts.box(-0.065, -0.1, z + 0.18, 0.02, 0.6, 0.08, "signal")
    return parts


def gantry(draw: Draw, wide: float) -> Parts:
    """Blue boards on a bridge over the road; x runs along the road."""
    parts, z = Parts(1, wide, 7), draw.uniform(5.2, 5.8)
    for y in (-wide / 2, wide / 2):
        post = Parts()
        post.rod(0, y, 0, 0.16, z + 1.3, "pole")
        parts.add(post)
    top = Parts()
    top.bar(0, 0, z + 0.3, 0.14, wide, "pole", along="y")
    top.bar(0, 0, z + 1.2, 0.14, wide, "pole", along="y")
    for k in range(draw.integer(1, 3)):
        y = wide * (-0.28 + 0.28 * k)
        top.box(-0.25, y, z - 0.2, 0.08, 0.24 * wide, 2.0, "sign_blue")
        top.box(-0.3, y, z + 0.5, 0.04, 0.16 * wide, 0.25, "sign_white")
    parts.add(top)
    return parts


def small(draw: Draw) -> Parts:
    """A bin, a bollard, a cabinet, an advertising pillar or a shelter."""
    what = draw.pick(
        {"bin": 3, "bollard": 3, "cabinet": 2, "pillar": 1, "shelter": 1}
    )
    parts = Parts(0.6, 0.6, 1.2)
    if what == "bin":
        for k in range(draw.integer(1, 3)):
            parts.box(
                0.65 * k, 0, 0.05, 0.58, 0.68, draw.uniform(0.95, 1.2), "bin"
            )
    elif what == "bollard":
        for k in range(3):
            parts.rod(1.5 * k - 1.5, -0.3, 0, 0.06, 0.95, "pole")
    elif what == "cabinet":
        parts.box(
            0,
            0,
            0,
            draw.uniform(0.7, 1.5),
            0.4,
            draw.uniform(0.9, 1.4),
            "cabinet",
        )
    elif what == "pillar":
        parts.rod(0, 0.3, 0, 0.6, 2.9, "board")
        parts.rod(0, 0.3, 2.9, 0.7, 0.3, "dark", taper=0.4)
    else:
        for x in (-2, 2):
            parts.box(x, 0.3, 0, 0.08, 1.3, 2.4, "pole")
        parts.box(0, 0.2, 2.4, 4.4, 1.7, 0.12, "dark")
        parts.box(0, 1.0, 0.3, 4.0, 0.04, 1.9, "pane")
    return parts
