"""Buildings: blocks of flats, offices, detached houses, sheds.

A building's front looks along -y in its own frame, where its street lies;
x runs along the street. The origin is the middle of the front, on the ground.
"""

from depthlib.data.synthetic.parts import Draw, Parts


def block(draw: Draw, w: float, storeys: int, b: bool) -> Parts:
    """A building of a closed row, with a roof, cornice and balconies."""
    deep, storey = draw.uniform(9, 14), draw.uniform(2.9, 3.6)
    modern = draw.chance(0.3 if b else 0.15)
    role = "office" if modern else "facade"
    high = storeys * storey + draw.uniform(0.4, 1.2)
    parts = Parts(w, deep, high)
    parts.box(0, deep / 2, 0, w, deep, high, role)
    flat = modern or draw.chance(0.45 if b else 0.3)
    if flat:
        over = draw.uniform(0.0, 0.5)
        parts.box(
            0,
            deep / 2,
            high,
            w + over,
            deep + over,
            draw.uniform(0.2, 0.6),
            "cornice",
        )
        if draw.chance(0.5):
            parts.box(
                draw.uniform(-0.2, 0.2) * w,
                deep / 2,
                high,
                0.4 * w,
                0.5 * deep,
                draw.uniform(1.5, 3.0),
                "plain_wall",
            )
    else:
        parts.box(0, deep / 2, high - 0.15, w, deep + 0.8, 0.3, "cornice")
        rise = draw.uniform(2.0, 4.5)
        gabled(parts, draw, w, deep, high + 0.1, rise, draw.uniform(0.55, 1.0))
    if draw.chance(0.35 if b else 0.2) and not modern:
        bays(parts, draw, w, storeys, storey)
    return parts


def gabled(parts, draw, w, deep, high, rise, taper):
    """A roof whose ridge runs along the street, with chimneys, dormers."""
    parts.prism(
        0, deep / 2, high, deep + 0.7, w, rise, "roof", taper, yaw=1.5707963
    )
    slope = rise / (0.5 * (deep + 0.7) * taper)
    for _ in range(draw.integer(0, 2)):
        parts.box(
            draw.uniform(-0.4, 0.4) * w,
            deep * draw.uniform(0.4, 0.6),
            high + 0.4 * rise,
            0.6,
            0.6,
            0.6 * rise + 0.9,
            "chimney",
        )
    if rise > 2.6 and draw.chance(0.5):
        count = max(1, int(w / draw.uniform(3.0, 5.0)))
        y = 0.9 / slope
        for k in range(count):
            x = w * ((k + 0.5) / count - 0.5)
            parts.box(x, y + 1.0, high + 0.6, 1.3, 2.0, 1.5, "plain_wall")
            parts.box(x, y + 0.98, high + 0.9, 0.9, 2.0, 0.95, "pane")


def bays(parts, draw, w, storeys, storey):
    """Balconies, or oriels that stand out."""
    count = max(1, int(w / 6))
    wide, out = draw.uniform(1.6, 3.0), draw.uniform(0.7, 1.3)
    for k in range(count):
        x = w * ((k + 0.5) / count - 0.5)
        for j in range(1, storeys):
            z = 0.3 + j * storey
            parts.box(x, -out / 2, z - 0.1, wide, out, 0.16, "cornice")
            parts.box(x, -out, z, wide, 0.05, 0.95, "railing")


def house(draw: Draw, w: float) -> Parts:
    """A detached house with a gabled or hipped roof."""
    deep, storeys = draw.uniform(8, 11), draw.pick((1, 1, 2, 2, 2, 3))
    high = 2.8 * storeys + draw.uniform(0.2, 0.9)
    parts = Parts(w, deep, high)
    parts.box(0, deep / 2, 0, w, deep, high, "home")
    rise = draw.uniform(2.2, 4.6)
    if draw.chance(0.5):  # the gable looks at the street
        parts.prism(0, deep / 2, high, w + 0.9, deep + 0.7, rise, "roof", 1.0)
    else:
        gabled(parts, draw, w + 0.5, deep, high, rise, 1.0)
    if draw.chance(0.5):
        side = draw.pick((-1, 1))
        parts.box(
            side * (w / 2 + 1.6),
            draw.uniform(2, 5) + 2.5,
            0,
            3.2,
            5.5,
            2.5,
            "plain_wall",
        )
        parts.box(
            side * (w / 2 + 1.6),
            draw.uniform(2, 2.2),
            0.05,
            2.5,
            0.3,
            2.0,
            "gate",
        )
    if draw.chance(0.4):
        parts.box(
            draw.uniform(-0.2, 0.2) * w, -0.6, 2.3, 1.8, 1.3, 0.12, "cornice"
        )
    return parts


def shed(draw: Draw, w: float) -> Parts:
    """A supermarket, workshop or garage: wide and low."""
    deep, high = draw.uniform(15, 25), draw.uniform(4, 8)
    parts = Parts(w, deep, high)
    parts.box(0, deep / 2, 0, w, deep, high, "cladding")
    parts.box(0, deep / 2, high, w + 0.2, deep + 0.2, 0.35, "cornice")
    for _ in range(draw.integer(1, 3)):
        x, wide = draw.uniform(-0.35, 0.35) * w, draw.uniform(2.5, 5)
        role = draw.pick(("gate", "pane", "pane"))
        parts.box(x, 0.0, 0.1, wide, 0.1, draw.uniform(2.2, 3.2), role)
    if draw.chance(0.6):
        parts.box(
            draw.uniform(-0.25, 0.25) * w,
            0,
            0.7 * high,
            0.25 * w,
            0.15,
            0.18 * high,
            "board",
        )
    return parts
