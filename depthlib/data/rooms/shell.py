"""The room itself: walls, openings, and what hangs on walls and ceiling."""

import math
from typing import NamedTuple

from depthlib.data.synthetic.parts import Draw, Parts


class Wall(NamedTuple):
    """A straight piece of wall, seen from the side that can be furnished.

    It starts at (x, y), runs ``length`` metres along (ny, -nx) and its
    normal (nx, ny) points into the room.
    """

    x: float
    y: float
    nx: float
    ny: float
    length: float

    @property
    def yaw(self) -> float:
        """Turns a thing's front (+y) to the wall's normal."""
        return math.atan2(-self.nx, self.ny)

    def at(self, along: float, out: float) -> tuple[float, float]:
        """The place this far along the wall and out from it."""
        return (
            self.x + along * self.ny + out * self.nx,
            self.y - along * self.nx + out * self.ny,
        )


class Shell:
    """An empty room being furnished.

    Attributes:
        size: (width, length, height) in metres; the room spans
            [0, width] x [0, length] x [0, height].
        parts: all solids so far.
        starts: the first piece of each thing; a thing is one piece of
            furniture, or several that belong together.
        empty: number of pieces of the empty room.
        walls: the walls to furnish.
        taken: per wall the intervals (from, to, above) that only things
            lower than ``above`` may cover.
        blocks: footprints (x0, y0, x1, y1, height) of what stands there.
        panes: windows (x, y, z, nx, ny, half width, half height).
        spaces: (x0, y0, x1, y1) of the room, and of the one beyond.
    """

    def __init__(self, draw: Draw, b: bool, stretch: float = 1.0):
        wide = min(max(stretch * draw.uniform(2.6, 6.2), 2.5), 8.5)
        long = min(max(stretch * draw.uniform(3.0, 7.5), 2.8), 9.0)
        high = draw.uniform(2.5, 3.2) if b else draw.uniform(2.35, 2.8)
        beyond = draw.uniform(1.6, 3.2) if draw.chance(0.35) else 0.0
        beyond = beyond if wide + beyond < 9 else 0.0
        self.size = (wide + beyond, long, high)
        self.parts, self.starts = Parts(), [0]
        self.parts.inside(*self.size, "room")
        self.walls = [
            Wall(0.0, 0.0, 0.0, 1.0, wide),
            Wall(wide, 0.0, -1.0, 0.0, long),
            Wall(wide, long, 0.0, -1.0, wide),
            Wall(0.0, long, 1.0, 0.0, long),
        ]
        self.taken = [[] for _ in range(8)]
        self.blocks, self.panes = [], []
        self.spaces = [(0.0, 0.0, wide, long)]
        if beyond:
            self._divide(draw, wide, beyond)
        self._ceiling(draw, b)
        self._skirting(draw)
        self._openings(draw)
        self.empty = self.parts.pieces

    def add(self, thing: Parts, x=0.0, y=0.0, z=0.0, yaw=0.0):
        """Places a thing, whose pieces then share an owner number."""
        self.starts.append(self.parts.pieces)
        self.parts.add(thing, x, y, z, yaw)

    def _divide(self, draw, x, beyond):
        """A wall with a doorway or an archway, and a space behind it."""
        _, long, high = self.size
        gap = draw.uniform(0.85, min(2.4, long - 1.2))
        head = 2.05 if gap < 1.1 else draw.uniform(2.05, high - 0.1)
        start = draw.uniform(0.4, long - gap - 0.4)
        thick = draw.uniform(0.1, 0.2)
        wall = Parts()
        for low, top in ((0.0, start), (start + gap, long)):
            wall.box(
                x + thick / 2,
                (low + top) / 2,
                0,
                thick,
                top - low,
                high,
                "wall",
            )
        wall.box(
            x + thick / 2,
            start + gap / 2,
            head,
            thick,
            gap,
            high - head,
            "wall",
        )
        if draw.chance(0.7):
            for y in (start, start + gap):
                wall.box(x, y, 0, 0.05, 0.09, head + 0.05, "trim")
            wall.box(x, start + gap / 2, head, 0.05, gap, 0.09, "trim")
        self.add(wall)
        self.taken[1].append((start - 0.1, start + gap + 0.1, 0.0))
        left = x + thick
        wide = self.size[0] - left
        self.walls += [
            Wall(left, 0.0, 0.0, 1.0, wide),
            Wall(self.size[0], 0.0, -1.0, 0.0, long),
            Wall(self.size[0], long, 0.0, -1.0, wide),
        ]
        self.spaces.append((left, 0.0, self.size[0], long))
        self.blocks.append((x, 0.0, left, start, high))
        self.blocks.append((x, start + gap, left, long, high))
        middle = start + gap / 2
        self.blocks.append(
            (x - 0.7, middle - 0.4, left + 0.7, middle + 0.4, 0.0)
        )

    def _ceiling(self, draw, b):
        """Lamps below the ceiling; beams and columns in some rooms."""
        _, _, high = self.size
        for x0, y0, x1, y1 in self.spaces:
            count = 2 if max(x1 - x0, y1 - y0) > 5 else 1
            kind = draw.pick(("disc", "globe", "shade", "panel"))
            for k in range(count):
                share = (k + 0.5) / count + draw.uniform(-0.08, 0.08)
                across = draw.uniform(0.38, 0.62)
                if x1 - x0 > y1 - y0:
                    share, across = across, share
                self.add(
                    ceiling_lamp(draw, kind, high),
                    x0 + across * (x1 - x0),
                    y0 + share * (y1 - y0),
                )
        if draw.chance(0.35 if b else 0.1):
            wide, long, _ = self.size
            deep, step = draw.uniform(0.1, 0.22), draw.uniform(0.8, 1.5)
            for k in range(int(long / step)):
                beam = Parts()
                beam.box(
                    wide / 2,
                    (k + 0.5) * step,
                    high - deep,
                    wide,
                    0.12,
                    deep,
                    "beam",
                )
                self.add(beam)
        if draw.chance(0.25 if b else 0.06):
            x0, y0, x1, y1 = self.spaces[0]
            r = draw.uniform(0.1, 0.2)
            column = Parts()
            if draw.chance(0.5):
                column.rod(0, 0, 0, r, high, "wall")
            else:
                column.box(0, 0, 0, 2 * r, 2 * r, high, "wall")
            x = draw.uniform(x0 + 0.8, x1 - 0.8)
            y = draw.uniform(y0 + 0.8, y1 - 0.8)
            self.add(column, x, y)
            self.blocks.append((x - r, y - r, x + r, y + r, high))

    def _skirting(self, draw):
        """A board along the foot of each wall."""
        tall, thick = draw.uniform(0.05, 0.13), 0.014
        for wall, taken in zip(self.walls, self.taken, strict=False):
            board, start = Parts(), 0.0
            gaps = [t for t in taken if t[2] == 0.0]
            for low, top, _ in [*gaps, (wall.length, 0, 0)]:
                if low - start > 0.05:
                    board.box(
                        (start + low) / 2,
                        thick / 2,
                        0,
                        low - start,
                        thick,
                        tall,
                        "trim",
                    )
                start = top
            if board.rows:
                self.add(board, *wall.at(0, 0), yaw=wall.yaw)

    def _openings(self, draw):
        """One to three windows and a door or two."""
        for _ in range(draw.pick({0: 1, 1: 4, 2: 4, 3: 2})):
            width, tall = draw.uniform(0.7, 2.4), draw.uniform(0.9, 1.5)
            sill = draw.uniform(0.75, 1.0)
            if draw.chance(0.2):
                sill, tall = 0.1, self.size[2] - draw.uniform(0.35, 0.5)
            tall = min(tall, self.size[2] - sill - 0.15)
            spot = self.free_spot(draw, width + 0.3, 9.0)
            if spot is None:
                continue
            index, along = spot
            wall = self.walls[index]
            self.taken[index].append(
                (along - width / 2 - 0.25, along + width / 2 + 0.25, sill)
            )
            x, y = wall.at(along, 0)
            self.add(window(draw, width, tall, sill), x, y, yaw=wall.yaw)
            x, y = wall.at(along, 0.16)  # before the curtains
            self.panes.append(
                (x, y, sill + tall / 2, wall.nx, wall.ny, width / 2, tall / 2)
            )
        for _ in range(draw.pick({0: 2, 1: 5, 2: 1})):
            spot = self.free_spot(draw, 1.1, 9.0)
            if spot is None:
                continue
            index, along = spot
            wall = self.walls[index]
            self.taken[index].append((along - 0.55, along + 0.55, 0.0))
            x, y = wall.at(along, 0)
            self.add(door(draw), x, y, yaw=wall.yaw)
            x, y = wall.at(along, 0.45)
            self.blocks.append((x - 0.45, y - 0.45, x + 0.45, y + 0.45, 0.0))

    def free_spot(self, draw, width, height, walls=None):
        """A wall and a place along it where a thing fits; None if none."""
        for _ in range(10):
            index = draw.pick(walls or range(len(self.walls)))
            length = self.walls[index].length
            if length < width + 0.1:
                continue
            along = draw.uniform(width / 2 + 0.05, length - width / 2 - 0.05)
            low, high = along - width / 2, along + width / 2
            if all(
                high < a or low > b or height < above
                for a, b, above in self.taken[index]
            ):
                return index, along
        return None


def ceiling_lamp(draw: Draw, kind: str, high: float) -> Parts:
    """A lamp on the ceiling at height ``high``."""
    parts = Parts()
    if kind == "disc":
        r = draw.uniform(0.12, 0.24)
        parts.rod(0, 0, high - 0.09, r, 0.09, "bulb", taper=-0.2)
        parts.lamp(0, 0, high - 0.15, r)
    elif kind == "panel":
        w, d = draw.uniform(0.3, 0.6), draw.uniform(0.6, 1.2)
        parts.box(0, 0, high - 0.05, w, d, 0.05, "bulb")
        parts.lamp(0, 0, high - 0.1, 0.4)
    else:
        drop, r = draw.uniform(0.35, 0.75), draw.uniform(0.1, 0.22)
        parts.rod(0, 0, high - drop, 0.006, drop, "dark")
        if kind == "globe":
            parts.ball(0, 0, high - drop - r, r, "bulb")
        else:
            parts.rod(
                0, 0, high - drop - 0.22, 1.3 * r, 0.22, "shade", taper=0.6
            )
        parts.lamp(0, 0, high - drop - r, 0.7 * r)
    return parts


def window(draw: Draw, w: float, h: float, sill: float) -> Parts:
    """A window in the plane y = 0, with bars, board, curtains, radiator."""
    parts, f = Parts(), draw.uniform(0.04, 0.08)
    parts.box(0, 0.005, sill, w, 0.01, h, "window")
    for x in (-w / 2, w / 2):
        parts.box(x, 0.02, sill - f / 2, f, 0.05, h + f, "trim")
    for z in (sill, sill + h):
        parts.box(0, 0.02, z - f / 2, w + f, 0.05, f, "trim")
    for k in range(1, max(1, round(w / 0.7))):
        x = -w / 2 + w * k / max(1, round(w / 0.7))
        parts.box(x, 0.02, sill, 0.045, 0.035, h, "trim")
    if draw.chance(0.4):
        z = sill + draw.uniform(0.5, 0.7) * h
        parts.box(0, 0.02, z, w, 0.03, 0.035, "trim")
    if sill > 0.3 and draw.chance(0.7):
        parts.box(0, 0.08, sill - 0.05, w + 0.16, 0.16, 0.03, "trim")
    if sill > 0.6 and draw.chance(0.4):
        parts.box(0, 0.1, 0.14, 0.8 * w, 0.09, sill - 0.3, "radiator")
    if draw.chance(0.5):
        top = sill + h + 0.12
        low = 0.03 if draw.chance(0.6) else sill - 0.2
        wide = draw.uniform(0.15, 0.4) * w
        parts.bar(0, 0.11, top, 0.012, w + 0.5, "metal")
        for side in (-1, 1):
            x = side * (w / 2 + 0.12 - wide / 2 + 0.05)
            parts.box(x, 0.11, low, wide, 0.07, top - low, "curtain")
    return parts


def door(draw: Draw) -> Parts:
    """A closed door in its frame, in the plane y = 0."""
    parts, w, h = Parts(), draw.uniform(0.75, 0.92), draw.uniform(1.98, 2.1)
    parts.box(0, 0.012, 0, w, 0.024, h, "door")
    for x in (-w / 2 - 0.03, w / 2 + 0.03):
        parts.box(x, 0.022, 0, 0.07, 0.044, h + 0.06, "trim")
    parts.box(0, 0.022, h, w + 0.13, 0.044, 0.07, "trim")
    if draw.chance(0.7):
        for low, top in ((0.18, 0.45), (0.5, 0.93)):
            for x in (-0.23 * w, 0.23 * w):
                parts.box(
                    x,
                    0.028,
                    low * h,
                    0.34 * w,
                    0.012,
                    (top - low) * h,
                    "door",
                )
    side = draw.pick((-1, 1))
    parts.ball(side * 0.4 * w, 0.07, 1.0, 0.03, "metal")
    parts.bar(side * 0.4 * w, 0.04, 1.0, 0.012, 0.06, "metal", along="y")
    return parts


def picture(draw: Draw) -> Parts:
    """A framed print; z = 0 is its middle."""
    w, h = draw.uniform(0.25, 1.0), draw.uniform(0.25, 0.8)
    f, parts = draw.uniform(0.015, 0.05), Parts()
    parts.box(0, 0.012, -h / 2 - f, w + 2 * f, 0.024, h + 2 * f, "frame")
    parts.box(0, 0.015, -h / 2, w, 0.024, h, "picture")
    parts.width = w + 2 * f
    return parts


def wall_shelf(draw: Draw) -> Parts:
    """A board on the wall with a few things on it; z = 0 is its top."""
    w = draw.uniform(0.5, 1.2)
    parts = Parts(w)
    parts.box(0, 0.11, -0.03, w, 0.22, 0.03, "wood")
    wide = draw.uniform(0.2, 0.5) * w
    parts.box(-w / 2 + wide / 2 + 0.03, 0.1, 0, wide, 0.15, 0.22, "books")
    parts.rod(0.25 * w, 0.1, 0, 0.05, draw.uniform(0.1, 0.25), "accent")
    return parts


def clock(draw: Draw) -> Parts:
    """A round clock; z = 0 is its middle."""
    r, parts = draw.uniform(0.1, 0.18), Parts(0.4)
    parts.bar(0, 0.015, 0, r, 0.03, "dark", along="y")
    parts.bar(0, 0.018, 0, 0.88 * r, 0.03, "white", along="y")
    parts.box(0, 0.036, 0, 0.008, 0.004, 0.7 * r, "dark")
    parts.box(0.2 * r, 0.036, -0.004, 0.45 * r, 0.004, 0.01, "dark")
    return parts
