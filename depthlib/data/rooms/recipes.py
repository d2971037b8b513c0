"""Materials of the two styles, as plain tables.

A recipe is (texture, palette of its first colour, palette of its second or
None for a darker first, then ranges of: period in metres, ratio, contrast,
gloss, mottling). What the numbers do stands in ``kernels/render_texture.py``.
The palettes stand in ``rooms_colours.py``.
"""

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


_COMMON = {
    "metal": [plain("metal", (0.4, 1.2), NO)],
    "dark": [plain("dark", (0.05, 0.5), NO)],
    "glass": [plain("glass", (0.5, 1.2), NO)],
    "leaf": [plain("leaf", (0.0, 0.25), (0.1, 0.4))],
    "trunk": [plain("trunk", NO, (0.1, 0.3))],
    "fruit": [plain("fruit", (0.1, 0.5), NO)],
    "books": [other(BOOKS, "white", "dark", (0.025, 0.06))],
    "picture": [other(PICTURE, "print", "print")],
    "window": [other(WINDOW, "sky", "green")],
    "screen": [plain("screen", (0.2, 0.8), NO)],
    "card": [plain("card", NO, (0.02, 0.1))],
    "bulb": [plain("white", NO, NO)],
    "radiator": [stripes("white", "grey", (0.06, 0.1))],
}

RECIPES = {
    "a": _COMMON
    | {
        "floor": [
            planks("wood"),
            planks("wood"),
            planks("wood"),
            planks("wood", PARQUET),
            tiles("tile", "grout"),
            weave("carpet"),
            weave("carpet"),
            checker("tile", "tile"),
        ],
        "ceiling": [plain("white", NO)],
        "wall": [
            plain("wall"),
            plain("wall"),
            plain("wall"),
            plain("wall"),
            plain("wall", mottle=(0.05, 0.12)),
            stripes("wall", "wall", (0.08, 0.25)),
        ],
        "trim": [plain("white"), plain("white"), wood("wood")],
        "beam": [wood("wood")],
        "door": [plain("white"), plain("white"), wood("wood")],
        "wood": [wood("wood")],
        "white": [plain("white", (0.0, 0.3))],
        "painted": [plain("paint", (0.0, 0.25))],
        "stone": [
            plain("tile", (0.1, 0.5), (0.05, 0.2)),
            marble("white", "grey"),
        ],
        "fabric": [
            weave("fabric"),
            weave("fabric"),
            weave("fabric"),
            plain("fabric", NO, (0.02, 0.1)),
            stripes("fabric", "fabric", (0.05, 0.15)),
        ],
        "cushion": [
            weave("accent"),
            plain("accent", NO),
            stripes("accent", "white", (0.03, 0.08)),
            checker("accent", "fabric", (0.05, 0.1), NO),
        ],
        "blanket": [
            weave("fabric"),
            weave("accent"),
            stripes("fabric", "white", (0.05, 0.2)),
            checker("accent", "white", (0.06, 0.15), NO),
        ],
        "bedding": [plain("white", NO), plain("fabric", NO)],
        "curtain": [other(FOLDS, "fabric"), other(FOLDS, "wall")],
        "rug": [
            other(RUG, "accent", "fabric", (0.06, 0.14)),
            other(RUG, "fabric", "accent", (0.06, 0.14)),
            weave("fabric"),
        ],
        "accent": [plain("accent", (0.0, 0.5)), plain("white", (0.0, 0.5))],
        "pot": [plain("pot", (0.0, 0.3))],
        "basket": [weave("card", "trunk", (0.03, 0.06))],
        "frame": [plain("dark"), plain("white"), wood("wood")],
        "shade": [plain("shade", NO, NO)],
    },
    "b": _COMMON
    | {
        "floor": [
            plain("concrete", (0.1, 0.7), (0.15, 0.35)),
            planks("wood", gloss=(0.1, 0.8)),
            checker("tile", "dark", (0.3, 0.8), (0.1, 0.9)),
            marble("tile", "grey"),
            marble("dark", "white"),
            tiles("tile", "dark", (0.5, 1.0), (0.1, 0.9)),
            weave("accent", "fabric", (0.02, 0.06)),
        ],
        "ceiling": [
            plain("white", NO),
            plain("concrete", NO, (0.1, 0.3)),
            planks("wood", gloss=NO),
            plain("dark", NO),
        ],
        "wall": [
            plain("concrete", (0.0, 0.1), (0.15, 0.35)),
            plain("wall"),
            plain("wall"),
            plain("accent"),
            tiles("brick", "grout", (0.07, 0.1), NO, BRICKS),
            tiles("white", "grout", (0.1, 0.3), (0.1, 0.6)),
            planks("wood", gloss=NO),
        ],
        "trim": [plain("dark"), plain("metal", (0.1, 0.6)), wood("wood")],
        "beam": [wood("wood"), plain("dark"), plain("concrete", NO)],
        "door": [plain("accent"), plain("dark"), wood("wood")],
        "wood": [wood("wood", (0.1, 0.7)), plain("dark", (0.1, 0.6))],
        "white": [plain("white", (0.2, 0.9))],
        "painted": [plain("accent", (0.1, 0.8))],
        "stone": [
            marble("dark", "white"),
            marble("white", "grey"),
            plain("concrete", NO, (0.1, 0.3)),
        ],
        "fabric": [
            plain("fabric", (0.0, 0.3), (0.0, 0.08)),
            weave("fabric", "accent", (0.02, 0.05)),
            checker("fabric", "accent", (0.08, 0.2), NO),
        ],
        "cushion": [
            plain("accent", NO),
            checker("accent", "white", (0.05, 0.12), NO),
        ],
        "blanket": [
            weave("fabric", "accent", (0.03, 0.08)),
            stripes("accent", "dark", (0.1, 0.3)),
        ],
        "bedding": [plain("fabric", NO), plain("white", NO)],
        "curtain": [other(FOLDS, "accent"), other(FOLDS, "dark")],
        "rug": [
            checker("accent", "white", (0.15, 0.4), NO),
            other(RUG, "accent", "dark", (0.1, 0.25)),
            stripes("accent", "dark", (0.1, 0.3)),
        ],
        "accent": [plain("accent", (0.1, 1.0)), plain("metal", (0.4, 1.2))],
        "pot": [plain("concrete", NO), plain("accent", (0.1, 0.8))],
        "basket": [plain("metal", (0.3, 1.0))],
        "frame": [plain("metal", (0.3, 1.0)), plain("dark")],
        "shade": [plain("accent", NO, NO), plain("shade", NO, NO)],
    },
}
