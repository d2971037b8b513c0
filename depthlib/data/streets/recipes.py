"""Materials of the two styles of streets: recipes by the role of a solid.

The palettes that they name stand in ``colours.py``, the textures in
``kernels/render/facade.py``.
"""

from depthlib.data.synthetic.materials import NO, other, plain, tiles

ASPHALT, FACADE, CURTAIN_WALL, LEAVES, GRASS, PAINT = range(15, 21)
BRICKS = 5


def facade(palette, storey, ratio, shops, brick=False, kind=FACADE):
    """A front with storeys of windows; ``shops``: how likely below."""
    gloss = (1.0, 1.0) if brick else NO
    return (kind, palette, "trim", storey, ratio, shops, gloss, (0.03, 0.14))


def leaves(first, second):
    """Leaves, lit and in shade."""
    return (LEAVES, first, second, (1, 1), (1, 1), NO, NO, NO)


def ground(kind, first, second, contrast, mottle, size=(1.5, 2.0)):
    """Asphalt, grass or worn paint."""
    return (kind, first, second, size, (1, 1), contrast, NO, mottle)


_COMMON = {
    "road": [
        ground(ASPHALT, "asphalt", None, (0.0, 0.10), (0.12, 0.32)),
        ground(ASPHALT, "asphalt", None, (0.0, 0.03), (0.08, 0.2)),
    ],
    "kerb": [plain("slab", NO, (0.1, 0.25))],
    "lawn": [ground(GRASS, "grass", "straw", NO, NO)],
    "paint": [ground(PAINT, "paint", "asphalt", (0.1, 0.6), NO)],
    "body": [plain("car", (0.5, 1.0), NO)],
    "load": [plain("load", (0.0, 0.3), (0.0, 0.1))],
    "glass": [plain("glass", (0.9, 1.4), NO)],
    "pane": [plain("glass", (0.8, 1.3), NO)],
    "dark": [plain("dark", NO, NO)],
    "arch": [plain("dark", NO, NO)],
    "tyre": [plain("dark", NO, NO)],
    "signal": [plain("dark", NO, NO)],
    "rim": [plain("rim", (0.2, 0.6), NO)],
    "tail": [plain("tail", (0.3, 0.8), NO)],
    "headlight": [plain("white", (0.6, 1.0), NO)],
    "plate": [plain("white", NO, NO)],
    "pole": [plain("pole", (0.0, 0.3), NO)],
    "steel": [plain("steel", (0.1, 0.4), (0.05, 0.15))],
    "railing": [plain("pole", (0.0, 0.2), NO), plain("wood", NO, NO)],
    "trunk": [plain("trunk", NO, (0.15, 0.4))],
    "leaf": [leaves("leaf", "under")],
    "hedge": [leaves("leaf", "under")],
    "needles": [leaves("needle", "under")],
    "roof": [
        tiles("roof", "roof", (0.28, 0.36), NO, BRICKS),
        plain("roof", NO, (0.05, 0.2)),
    ],
    "chimney": [tiles("brick", "slab", (0.08, 0.1), NO, BRICKS)],
    "cornice": [plain("trim", NO, (0.03, 0.1)), plain("plaster", NO)],
    "plain_wall": [plain("plaster", NO, (0.03, 0.12))],
    "low_wall": [
        plain("plaster", NO, (0.1, 0.25)),
        tiles("brick", "slab", (0.08, 0.1), NO, BRICKS),
        plain("slab", NO, (0.1, 0.25)),
    ],
    "fence": [plain("wood", NO, (0.1, 0.25))],
    "gate": [plain("trim", NO, NO), plain("white", NO, NO)],
    "cladding": [plain("cladding", (0.0, 0.2), (0.0, 0.08))],
    "board": [other(9, "board", "board")],
    "cabinet": [plain("pole", NO, (0.0, 0.1))],
    "bin": [plain("bin", (0.0, 0.2), NO)],
    "light_red": [plain("red", NO, NO)],
    "light_amber": [plain("yellow", NO, NO)],
    "light_green": [plain("green", NO, NO)],
    "sign_red": [plain("red", NO, NO)],
    "sign_white": [plain("white", NO, NO)],
    "sign_blue": [plain("blue", NO, NO)],
    "sign_yellow": [plain("yellow", NO, NO)],
    "jacket": [plain("cloth", NO, (0.0, 0.1))],
    "trousers": [plain("trousers", NO, (0.0, 0.1))],
    "bag": [plain("cloth", NO, NO)],
    "frame": [plain("board", (0.0, 0.5), NO)],
    "skin": [plain("skin", NO, NO)],
    "hair": [plain("hair", NO, NO)],
}

RECIPES = {
    "a": _COMMON
    | {
        "pavement": [
            tiles("slab", "asphalt", (0.3, 0.5), NO),
            ground(ASPHALT, "asphalt", None, (0.0, 0.12), (0.12, 0.3)),
            tiles("slab", "asphalt", (0.1, 0.2), NO, BRICKS),
        ],
        "facade": [
            facade("plaster", (2.7, 3.3), (0.8, 1.35), (0.1, 0.5)),
            facade("plaster", (2.7, 3.3), (0.8, 1.35), (0.1, 0.5)),
            facade("plaster", (2.7, 3.3), (0.8, 1.35), (0.1, 0.5)),
            facade("brick", (2.7, 3.3), (0.9, 1.3), (0.1, 0.5), True),
        ],
        "home": [
            facade("plaster", (2.6, 2.9), (1.0, 1.6), NO),
            facade("plaster", (2.6, 2.9), (1.0, 1.6), NO),
            facade("plaster", (2.6, 2.9), (1.0, 1.6), NO),
            facade("brick", (2.6, 2.9), (1.0, 1.6), NO, True),
        ],
        "office": [
            facade("plaster", (3.2, 3.8), (0.5, 0.9), (0.2, 0.4)),
            facade(
                "trim", (3.2, 3.8), (0.6, 1.0), (0.2, 0.4), kind=CURTAIN_WALL
            ),
        ],
    },
    "b": _COMMON
    | {
        "pavement": [
            tiles("slab", "asphalt", (0.3, 0.8), NO),
            tiles("slab", "asphalt", (0.1, 0.15), NO, BRICKS),
            plain("slab", NO, (0.1, 0.3)),
        ],
        "facade": [
            facade("plaster", (3.0, 3.9), (0.6, 1.0), (0.4, 0.9)),
            facade("plaster", (3.0, 3.9), (0.6, 1.0), (0.4, 0.9)),
            facade("brick", (3.0, 3.9), (0.6, 1.0), (0.4, 0.9), True),
        ],
        "office": [
            facade(
                "trim", (3.2, 4.0), (0.4, 0.9), (0.2, 0.5), kind=CURTAIN_WALL
            ),
            facade("plaster", (3.2, 3.8), (0.45, 0.7), (0.5, 0.9)),
        ],
    },
}
