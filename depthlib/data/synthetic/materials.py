"""Materials as plain tables: recipes, and the rows drawn from them.

A recipe is (texture, palette of its first colour, palette of its second or
None for a darker first, then ranges of: period in metres, ratio, contrast,
gloss, mottling). What the numbers do stands in ``kernels/render/texture.py``.
"""

import math
from typing import NamedTuple

import numpy as np

from depthlib.data.synthetic.parts import Draw

PLAIN, WOOD, PLANKS, CHECKER, TILES, BRICKS, STRIPES, FOLDS = range(8)
BOOKS, PICTURE, WINDOW, RUG, MARBLE, WEAVE, PARQUET = range(8, 15)

NO = (0.0, 0.0)


def plain(palette, gloss=(0.0, 0.05), mottle=(0.0, 0.06)):
    """A surface of one colour."""
    return (PLAIN, palette, None, (1, 1), (1, 1), NO, gloss, mottle)


def wood(palette, gloss=(0.0, 0.35)):
    """Veneer or solid wood."""
    return (
        WOOD,
        palette,
        None,
        (0.02, 0.06),
        (1, 1),
        (0.25, 0.8),
        gloss,
        (0.0, 0.08),
    )


def planks(palette, kind=PLANKS, gloss=(0.0, 0.4)):
    """Floorboards, or parquet."""
    ratio = (7, 14) if kind == PLANKS else (4, 6)
    return (
        kind,
        palette,
        None,
        (0.07, 0.19),
        ratio,
        (0.25, 0.7),
        gloss,
        (0.0, 0.08),
    )


def tiles(palette, grout, size=(0.2, 0.6), gloss=(0.05, 0.5), kind=TILES):
    """Square tiles, or bricks (ratio: length over height)."""
    ratio = (1, 1) if kind == TILES else (2.2, 3.2)
    return (
        kind,
        palette,
        grout,
        size,
        ratio,
        (0.006, 0.014),
        gloss,
        (0.0, 0.15),
    )


def weave(palette, second=None, size=(0.006, 0.02)):
    """Cloth or carpet."""
    return (WEAVE, palette, second, size, (1, 1), (0.1, 0.4), NO, (0.02, 0.12))


def stripes(palette, second, size=(0.04, 0.2)):
    """Two colours in turn."""
    return (
        STRIPES,
        palette,
        second,
        size,
        (0.3, 0.7),
        NO,
        (0.0, 0.05),
        (0.0, 0.05),
    )


def checker(palette, second, size=(0.2, 0.5), gloss=(0.0, 0.5)):
    """A chessboard; its origin is shifted at random."""
    return (CHECKER, palette, second, size, (1, 1), NO, gloss, (0.0, 0.1))


def marble(palette, second):
    """Polished stone with veins."""
    return (
        MARBLE,
        palette,
        second,
        (0.15, 0.5),
        (1, 1),
        (0.4, 0.9),
        (0.1, 0.6),
        (0.0, 0.05),
    )


def other(kind, palette, second=None, size=(0.1, 0.2)):
    """Textures that need no more than their colours and a size."""
    return (kind, palette, second, size, (1, 1), NO, NO, NO)


class Look(NamedTuple):
    """Materials and light of a scene, as the shading kernel takes them.

    Attributes:
        materials: (M, 17) float64, see ``kernels/render/texture.py``.
        material: (P,) int32, the row of each solid; for the room its floor,
            followed by ceiling, walls and accent walls.
        shadow: (P,) bool, whether a solid casts a shadow.
        lights: (L, 16) float64, see ``kernels/render/shade.py``.
        ambient: (3, 3) float64: bounced light from above, from below, and
            the direction from which more of it comes.
    """

    materials: np.ndarray
    material: np.ndarray
    shadow: np.ndarray
    lights: np.ndarray
    ambient: np.ndarray


def linear(value: float) -> float:
    """sRGB in [0, 1] to linear light."""
    if value <= 0.04045:
        return value / 12.92
    return ((value + 0.055) / 1.055) ** 2.4


def colour_of(draw: Draw, palette) -> list[float]:
    """A colour near one of a palette, in linear light."""
    base = draw.pick(palette)
    level = math.exp(draw.normal(0, 0.10))
    shifted = [level * value + draw.normal(0, 0.018) for value in base]
    return [linear(min(max(value, 0.02), 0.96)) for value in shifted]


def material(draw: Draw, recipe, palettes) -> list:
    """One row of the material table from a recipe of a style."""
    kind, first, second, period, ratio, contrast, gloss, mottle = recipe
    one = colour_of(draw, palettes[first])
    two = [0.6 * value for value in one]
    if second is not None:
        two = colour_of(draw, palettes[second])
    shine = draw.uniform(*gloss)
    return [
        kind,
        *one,
        *two,
        draw.uniform(*period),
        draw.uniform(*ratio),
        draw.uniform(*contrast),
        shine,
        draw.uniform(12, 90),
        0.0,
        draw.uniform(0.13, 7.9),  # never a pattern line on a coordinate plane
        draw.uniform(0.13, 7.9),
        draw.integer(0, 10**6),
        draw.uniform(*mottle),
    ]
