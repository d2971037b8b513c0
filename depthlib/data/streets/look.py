"""What the streets are made of, and the weather.

Everything here is drawn from its own random stream and knows nothing of the
camera: colour, pattern and light carry no word about depth.
"""

import math
from typing import NamedTuple

import numpy as np

from depthlib.data.streets.colours import PALETTES
from depthlib.data.streets.layout import Layout
from depthlib.data.streets.recipes import RECIPES
from depthlib.data.synthetic.materials import material
from depthlib.data.synthetic.parts import Draw
from depthlib.kernels.render import PRISM

# Roles with one look for the whole street; all others have one for each
# piece: a car, a house, a tree.
OF_STREET = {"road", "kerb", "pavement", "lawn", "paint", "pole", "dark"}
OF_STREET |= {"glass", "tyre", "arch", "signal", "plate", "steel", "headlight"}
OF_STREET |= {"trunk", "rim", "light_red", "light_amber", "light_green"}
# Greys stay grey: a small shift of one channel would tint them.
GREY = {"road", "kerb", "pavement", "glass", "dark", "arch", "tyre", "pole"}
NO_SHADOW = {"road", "kerb", "pavement", "lawn", "paint"}
GLOW = 12  # column of a material's row
LIT = {"light_red": 2.2, "light_amber": 2.5, "light_green": 2.0}


class StreetLook(NamedTuple):
    """Materials and light, as ``kernels/render/outdoor.py`` takes them.

    Attributes:
        materials: (M, 17) float64, see ``kernels/render/texture.py``.
        material: (P,) int32, the row of each solid; a prism's leaning sides
            have this one, its other sides the next.
        shadow: (P,) bool, whether a solid casts a shadow.
        sky: (22,) float64, see ``kernels/render/outdoor.py``.
    """

    materials: np.ndarray
    material: np.ndarray
    shadow: np.ndarray
    sky: np.ndarray


def look(draw: Draw, plan: Layout, style: str) -> StreetLook:
    """Draws materials and the weather for a street."""
    recipes, palettes = RECIPES[style], PALETTES[style]
    sky = weather(draw, style)
    rows, known, material_of = [], {}, []
    brakes = {}
    for role, group, kind in zip(
        plan.roles, plan.scene.group.tolist(), plan.scene.kind, strict=True
    ):
        key = (role,) if role in OF_STREET else (role, group)
        if kind == PRISM:
            key += ("prism",)
        if key not in known:
            first = known.get(key[:-1]) if kind == PRISM else None
            if first is None:
                row = material(draw, draw.pick(recipes[role]), palettes)
            else:
                row = list(rows[first])
            if role in GREY:
                _greyed(row)
            row[GLOW] = LIT.get(role, 0.0)
            if role == "tail" and brakes.setdefault(group, draw.chance(0.2)):
                row[GLOW] = 1.6
            known[key] = len(rows)
            rows.append(row)
            if kind == PRISM:
                known.setdefault(key[:-1], len(rows))
                rows.append(_ends(rows, known, role, group, row))
        material_of.append(known[key])
    return StreetLook(
        np.array(rows, dtype=np.float64),
        np.array(material_of, dtype=np.int32),
        np.array([role not in NO_SHADOW for role in plan.roles]),
        sky,
    )


def _greyed(row):
    """Takes most of the tint from both colours of a row."""
    for first in (1, 4):
        mean = sum(row[first : first + 3]) / 3
        for k in range(first, first + 3):
            row[k] = 0.35 * row[k] + 0.65 * mean


def _ends(rows, known, role, group, row):
    """A prism's upright sides: as its leaning ones, or as the walls below."""
    below = known.get(("facade", group), known.get(("home", group)))
    if role == "roof" and below is not None:
        wall = list(rows[below])
        wall[0] = 0  # the wall's colour, without windows
        wall[10] = 0.0
        return wall
    return list(row)


# Weather: weights by style.
WEATHER = {
    "a": {"clear": 3, "fair": 4, "bright": 2, "grey": 2},
    "b": {"clear": 1, "fair": 2, "bright": 3, "grey": 5},
}


def weather(draw: Draw, style: str) -> np.ndarray:
    """A sky: columns as in ``kernels/render/outdoor.py``."""
    kind = draw.pick(WEATHER[style])
    turn, rise = draw.uniform(0, math.tau), draw.uniform(0.25, 1.1)
    sun = np.array(
        [
            math.cos(turn) * math.cos(rise),
            math.sin(turn) * math.cos(rise),
            math.sin(rise),
        ]
    )
    warm = 1 - min(rise / 0.7, 1.0)
    tint = np.array([1.08 + 0.25 * warm, 1.0, 0.86 - 0.35 * warm])
    zenith = np.array([0.24, 0.42, 0.80]) * draw.uniform(0.75, 1.2)
    horizon = np.array([0.78, 0.88, 1.0]) * draw.uniform(0.85, 1.15)
    cloud = np.array([1.0, 1.01, 1.04]) * draw.uniform(1.0, 1.5)
    strength, cover = draw.uniform(2.2, 4.2), draw.uniform(-2.6, -1.2)
    edge = draw.uniform(0.9, 2.2)
    if kind == "fair":
        cover = draw.uniform(-0.75, 0.45)
        strength *= draw.uniform(0.6, 1.0)
    if kind == "bright":  # thin high cloud, pale shadows
        cover, edge = draw.uniform(0.4, 1.2), draw.uniform(0.4, 0.8)
        strength *= draw.uniform(0.12, 0.4)
        horizon = 0.5 * (horizon + cloud)
    if kind == "grey":
        cover, edge = draw.uniform(1.3, 2.2), 1.0
        strength = 0.0
        cloud = cloud * np.array([0.98, 1.0, 1.02])
        zenith, horizon = 0.9 * cloud, cloud
    if style == "b":
        zenith = zenith * np.array([1.1, 1.06, 0.9])
        cloud = cloud * np.array([0.99, 1.01, 0.98])
    colour = strength * tint
    above = 0.5 * zenith + 0.3 * horizon + 0.2 * cloud
    ground = 0.2 * (above + colour * math.sin(rise)) * [1.0, 0.98, 0.93]
    size, seed = draw.uniform(0.35, 0.9), draw.integer(0, 10**6)
    parts = [sun, colour, zenith, horizon, cloud]
    return np.concatenate([*parts, [cover, edge, size, seed], ground])
