"""Tables, seats and beds of the synthetic rooms.

Each function draws one thing and returns its :class:`Parts`; sizes are in
metres. ``b`` is True for style b, whose furniture has other proportions:
lower seats, thinner legs, rounder tables.
"""

from depthlib.data.synthetic.parts import Draw, Parts


def legs(parts, draw, w, d, h, role, b):
    """Four legs under a w x d top at height h."""
    thick = draw.uniform(0.012, 0.022) if b else draw.uniform(0.018, 0.04)
    x, y = w / 2 - 1.3 * thick, d / 2 - 1.3 * thick
    square = draw.chance(0.25 if b else 0.55)
    splay = draw.uniform(0.0, 0.14) if not square else 0.0
    for sx in (-1, 1):
        for sy in (-1, 1):
            if square:
                parts.box(sx * x, sy * y, 0, 2 * thick, 2 * thick, h, role)
            else:
                parts.rod(
                    sx * x,
                    sy * y,
                    0,
                    thick,
                    h,
                    role,
                    tilt=sy * splay,
                    lean=-sx * splay,
                )


def table(draw: Draw, b: bool) -> Parts:
    """A dining table, with four legs or on a column."""
    w, d = draw.uniform(1.0, 2.0), draw.uniform(0.7, 1.0)
    h, top = draw.uniform(0.70, 0.78), draw.uniform(0.02, 0.05)
    if draw.chance(0.65 if b else 0.25):
        w = d = draw.uniform(0.8, 1.3)
        parts = Parts(w, d, h)
        parts.rod(0, 0, h - top, w / 2, top, "wood")
        parts.rod(0, 0, 0.02, draw.uniform(0.03, 0.06), h - top, "metal")
        parts.rod(0, 0, 0, 0.25 * w, 0.03, "metal", taper=0.3)
    else:
        parts = Parts(w, d, h)
        parts.box(0, 0, h - top, w, d, top, "wood")
        if draw.chance(0.5):
            parts.box(0, 0, h - top - 0.08, w - 0.16, d - 0.16, 0.08, "wood")
        legs(parts, draw, w, d, h - top, draw.pick(("wood", "metal")), b)
    for _ in range(draw.integer(0, 4)):
        tabletop(parts, draw, 0.7 * w, 0.6 * d, h)
    return parts


def tabletop(parts, draw, w, d, h):
    """Something small on a surface w x d at height h."""
    x, y = draw.uniform(-w / 2, w / 2), draw.uniform(-d / 2, d / 2)
    what = draw.pick(("vase", "bowl", "book", "bottle", "box", "mug"))
    if what == "vase":
        r, tall = draw.uniform(0.04, 0.08), draw.uniform(0.15, 0.32)
        parts.rod(x, y, h, r, tall, "accent", taper=draw.uniform(-0.3, 0.5))
        if draw.chance(0.5):
            parts.ball(x, y, h + tall + 0.1, 0.12, "leaf", high=0.14)
    elif what == "bowl":
        r = draw.uniform(0.08, 0.15)
        parts.rod(x, y, h, 0.6 * r, 0.07, "accent", taper=-0.6)
        parts.ball(x + 0.03, y, h + 0.08, 0.04, "fruit")
        parts.ball(x - 0.04, y + 0.02, h + 0.08, 0.04, "fruit")
    elif what == "book":
        turn, z = draw.uniform(-1, 1), h
        for _ in range(draw.integer(1, 3)):
            thick = draw.uniform(0.015, 0.04)
            parts.box(x, y, z, 0.16, 0.22, thick, "accent", yaw=turn)
            turn, z = turn + draw.uniform(-0.3, 0.3), z + thick
    elif what == "bottle":
        parts.rod(x, y, h, 0.035, 0.2, "glass")
        parts.rod(x, y, h + 0.2, 0.014, 0.08, "glass")
    elif what == "box":
        side = draw.uniform(0.1, 0.25)
        parts.box(
            x,
            y,
            h,
            side,
            0.7 * side,
            draw.uniform(0.05, 0.18),
            "accent",
            yaw=draw.uniform(-1, 1),
        )
    else:
        parts.rod(x, y, h, 0.04, 0.09, "white")


def chair(draw: Draw, b: bool) -> Parts:
    """A chair whose back is a board, slats or bars."""
    w, seat = draw.uniform(0.40, 0.48), draw.uniform(0.42, 0.48)
    top = seat + draw.uniform(0.36, 0.55)
    role = draw.pick(("wood", "wood", "metal", "white"))
    parts = Parts(w, w + 0.04, top)
    pad = draw.pick((role, "fabric", "fabric"))
    parts.box(0, 0, seat - 0.04, w, w, draw.uniform(0.035, 0.07), pad)
    legs(parts, draw, w, w, seat - 0.04, role, b)
    lean, back = draw.uniform(0.05, 0.2), -w / 2 + 0.02
    high = top - seat
    style = draw.pick(("board", "slats", "bars"))
    if style == "board":
        parts.box(
            0, back - 0.5 * high * lean, seat, w, 0.03, high, pad, tilt=lean
        )
        return parts
    for x in (-w / 2 + 0.02, w / 2 - 0.02):
        parts.rod(
            x, back - 0.5 * high * lean, seat, 0.016, high, role, tilt=lean
        )
    if style == "slats":
        for k in range(draw.integer(2, 4)):
            z = seat + high * (0.95 - 0.26 * k)
            y = back - (z - seat) * lean
            parts.box(0, y, z - 0.05, w - 0.03, 0.018, 0.055, role, tilt=lean)
    else:
        parts.box(
            0, back - high * lean, top - 0.05, w, 0.025, 0.05, role, tilt=lean
        )
        for k in range(4):
            x = w * (-0.3 + 0.2 * k)
            parts.rod(
                x,
                back - 0.5 * high * lean,
                seat,
                0.009,
                high,
                role,
                tilt=lean,
            )
    return parts


def office_chair(draw: Draw, b: bool) -> Parts:
    """A swivel chair on five feet."""
    parts = Parts(0.6, 0.6, 1.0)
    for k in range(3):
        parts.box(0, 0, 0.05, 0.6, 0.04, 0.03, "dark", yaw=1.047 * k)
    parts.rod(0, 0, 0.05, 0.025, 0.38, "metal")
    parts.box(0, 0, 0.43, 0.48, 0.47, 0.08, "fabric")
    parts.box(0, -0.25, 0.56, 0.44, 0.06, 0.48, "fabric", tilt=0.15)
    if draw.chance(0.6):
        for x in (-0.27, 0.27):
            parts.box(x, 0, 0.64, 0.05, 0.28, 0.03, "dark")
            parts.box(x, -0.05, 0.46, 0.03, 0.05, 0.18, "dark")
    return parts


def stool(draw: Draw, b: bool) -> Parts:
    """A stool, low or for a bar."""
    h = draw.pick((0.45, 0.65, 0.75))
    r = draw.uniform(0.15, 0.2)
    parts = Parts(2 * r, 2 * r, h)
    parts.rod(0, 0, h - 0.05, r, 0.05, draw.pick(("wood", "fabric")))
    legs(parts, draw, 1.5 * r, 1.5 * r, h - 0.05, "metal", b)
    return parts


def sofa(draw: Draw, b: bool, w: float | None = None) -> Parts:
    """A sofa with loose cushions."""
    w = w or draw.uniform(1.5, 2.5)
    d = draw.uniform(0.8, 0.98)
    seat = draw.uniform(0.32, 0.38) if b else draw.uniform(0.38, 0.46)
    high = seat + (draw.uniform(0.25, 0.4) if b else draw.uniform(0.35, 0.5))
    arm = draw.uniform(0.1, 0.22)
    parts = Parts(w, d, high)
    foot = draw.uniform(0.03, 0.12)
    parts.box(0, 0, foot, w, d, seat - 0.14 - foot, "fabric")
    thick = draw.uniform(0.16, 0.24)
    parts.box(0, -d / 2 + thick / 2, foot, w, thick, high - foot, "fabric")
    rise = seat + draw.uniform(0.1, 0.22)
    rounded = draw.chance(0.35)
    for sx in (-1, 1):
        x = sx * (w - arm) / 2
        parts.box(x, 0, foot, arm, d, rise - foot, "fabric")
        if rounded:
            parts.bar(x, 0, rise, arm / 2, d, "fabric", along="y")
    count = max(1, round((w - 2 * arm) / 0.7))
    step = (w - 2 * arm) / count
    for k in range(count):
        x = -w / 2 + arm + step * (k + 0.5)
        low, deep = seat - 0.14, d - thick
        parts.box(x, thick / 2, low, step - 0.02, deep, 0.15, "fabric")
        y, tall = -d / 2 + thick + 0.09, 0.85 * (high - seat)
        parts.box(x, y, seat, step - 0.03, 0.14, tall, "fabric", tilt=0.18)
    back = -d / 2 + thick + 0.26
    for _ in range(draw.integer(0, 3)):
        x = draw.uniform(-w / 2 + arm + 0.2, w / 2 - arm - 0.2)
        yaw = draw.uniform(-0.3, 0.3)
        place = (x, back, seat + 0.01)
        parts.box(*place, 0.42, 0.13, 0.38, "cushion", yaw, tilt=0.35)
    for x in (-w / 2 + 0.07, w / 2 - 0.07):
        for y in (-d / 2 + 0.07, d / 2 - 0.07):
            parts.rod(x, y, 0, 0.025, foot, "wood")
    return parts


def armchair(draw: Draw, b: bool) -> Parts:
    """A sofa for one."""
    return sofa(draw, b, w=draw.uniform(0.75, 1.0))


def coffee_table(draw: Draw, b: bool) -> Parts:
    """A low table."""
    w, d = draw.uniform(0.7, 1.3), draw.uniform(0.45, 0.7)
    h = draw.uniform(0.30, 0.48)
    parts = Parts(w, d, h)
    kind = draw.pick(("legs", "shelf", "round", "block"))
    if kind == "round":
        parts.width = parts.depth = w = d = draw.uniform(0.6, 0.95)
        parts.rod(0, 0, h - 0.03, w / 2, 0.03, draw.pick(("wood", "stone")))
        legs(parts, draw, 0.7 * w, 0.7 * w, h - 0.03, "metal", b)
    elif kind == "block":
        parts.box(0, 0, 0, w, d, h, "wood")
    else:
        parts.box(0, 0, h - 0.04, w, d, 0.04, draw.pick(("wood", "stone")))
        legs(parts, draw, w, d, h - 0.04, draw.pick(("wood", "metal")), b)
        if kind == "shelf":
            parts.box(0, 0, 0.12, w - 0.08, d - 0.08, 0.02, "wood")
    for _ in range(draw.integer(0, 3)):
        tabletop(parts, draw, 0.7 * w, 0.6 * d, h)
    return parts


def bed(draw: Draw, b: bool) -> Parts:
    """A bed with its head at the back."""
    w = draw.pick((0.9, 1.2, 1.4, 1.6, 1.8))
    long, h = draw.uniform(2.0, 2.15), draw.uniform(0.2, 0.35)
    if b:
        h = draw.uniform(0.12, 0.22)
    parts = Parts(w + 0.06, long, 0.6)
    parts.box(0, 0, 0.06, w + 0.06, long, h - 0.06, "wood")
    thick = draw.uniform(0.16, 0.26)
    parts.box(0, 0.03, h, w, long - 0.1, thick, "bedding")
    head = draw.uniform(0.75, 1.2)
    board = draw.pick(("wood", "fabric"))
    parts.box(0, -long / 2 + 0.03, 0, w + 0.06, 0.06, head, board)
    top = h + thick
    cover = draw.uniform(0.5, 0.75) * long
    y = long / 2 - cover / 2 + 0.005
    parts.box(0, y, top - 0.14, w + 0.05, cover, 0.18, "blanket")
    count = 1 if w < 1.3 else 2
    for k in range(count):
        place = ((k - (count - 1) / 2) * w / 2, -long / 2 + 0.34, top + 0.05)
        parts.ball(*place, 0.33, "bedding", deep=0.22, high=0.1)
    for _ in range(draw.integer(0, 2)):
        place = (draw.uniform(-0.3, 0.3) * w, -long / 2 + 0.55, top)
        parts.box(*place, 0.4, 0.12, 0.34, "cushion", tilt=0.5)
    return parts
