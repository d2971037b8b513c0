"""The plan of a street: its course, its lanes, and what it is bordered by."""

import math
from typing import NamedTuple

from depthlib.data.synthetic.parts import Draw


class Kind(NamedTuple):
    """What is typical for streets of one kind (ranges in metres).

    Attributes:
        lanes: lanes in each direction, with weights.
        width: of a lane.
        parked: chance that a side has a parking strip.
        pavement: width; (0, 0): none, grass begins at the kerb.
        setback: from the pavement to the houses.
        storeys: of the houses.
        lot: width of a house.
        gap: between two houses; (0, 0): a closed row.
        built: chance that a lot is built on.
        trees: chance that a side has a row of trees.
        junctions: how many side streets, with weights.
        speed: mean and spread of the camera's speed (m/s), least, largest.
        standing: chance that the camera stands still.
        traffic: least and largest gap between moving cars.
    """

    lanes: dict
    width: tuple
    parked: float
    pavement: tuple
    setback: tuple
    storeys: tuple
    lot: tuple
    gap: tuple
    built: float
    trees: float
    junctions: dict
    speed: tuple
    standing: float
    traffic: tuple


CITY = Kind(
    lanes={1: 4, 2: 2},
    width=(2.9, 3.5),
    parked=0.75,
    pavement=(2.0, 4.5),
    setback=(0.0, 0.6),
    storeys=(2, 5),
    lot=(8, 20),
    gap=(0.0, 0.0),
    built=0.93,
    trees=0.35,
    junctions={0: 2, 1: 4, 2: 3},
    speed=(8.5, 3.0, 2.0, 15.0),
    standing=0.15,
    traffic=(6, 45),
)
RESIDENTIAL = Kind(
    lanes={1: 1},
    width=(2.5, 3.2),
    parked=0.65,
    pavement=(1.2, 2.2),
    setback=(2.5, 7.0),
    storeys=(1, 2),
    lot=(8, 14),
    gap=(2.5, 8.0),
    built=0.9,
    trees=0.3,
    junctions={0: 3, 1: 4, 2: 1},
    speed=(7.0, 2.5, 1.0, 12.0),
    standing=0.1,
    traffic=(12, 80),
)
ROAD = Kind(
    lanes={1: 3, 2: 2},
    width=(3.2, 3.75),
    parked=0.0,
    pavement=(0.0, 0.0),
    setback=(5.0, 16.0),
    storeys=(1, 3),
    lot=(10, 30),
    gap=(5.0, 30.0),
    built=0.35,
    trees=0.5,
    junctions={0: 4, 1: 1},
    speed=(17.0, 4.0, 8.0, 28.0),
    standing=0.02,
    traffic=(10, 70),
)
CENTRE = CITY._replace(
    lanes={1: 4, 2: 1},
    width=(2.8, 3.3),
    parked=0.8,
    pavement=(2.5, 5.0),
    storeys=(3, 7),
    lot=(10, 26),
    built=0.97,
    trees=0.45,
    junctions={0: 1, 1: 3, 2: 4},
    speed=(7.0, 3.0, 1.0, 14.0),
    standing=0.25,
    traffic=(5, 30),
)
AVENUE = CENTRE._replace(
    lanes={2: 3, 3: 1},
    pavement=(3.5, 7.0),
    setback=(0.0, 4.0),
    parked=0.5,
    trees=0.85,
    built=0.85,
    storeys=(4, 9),
)
QUARTER = CENTRE._replace(
    lanes={1: 1},
    setback=(1.5, 5.0),
    gap=(0.0, 7.0),
    storeys=(2, 4),
    pavement=(1.8, 3.5),
    trees=0.6,
    built=0.9,
    traffic=(10, 60),
)
KINDS = {
    "a": ((CITY, 3.0), (RESIDENTIAL, 4.0), (ROAD, 2.0)),
    "b": ((CENTRE, 4.0), (AVENUE, 2.5), (QUARTER, 2.5)),
}


class Course:
    """A street's middle line: straight, then perhaps a bend.

    A place on the street is (s, n): metres ahead of the camera along the
    line, and metres to the left of it.
    """

    def __init__(self, draw: Draw, bend: float):
        self.start, self.turn, self.length = 500.0, 0.0, 0.0
        if draw.chance(bend):
            radius = math.exp(draw.uniform(math.log(45), math.log(300)))
            self.start = draw.uniform(-5, 45)
            self.turn = draw.pick((-1, 1)) / radius
            self.length = min(draw.uniform(0.4, 1.2) * radius, 120)

    def straight(self, a: float, b: float) -> bool:
        """Whether the line does not bend between a and b."""
        return b <= self.start or a >= self.start + self.length

    def at(self, s: float, n: float) -> tuple[float, float, float]:
        """World x and y of a place, and the line's direction there."""
        x, y, heading = s, 0.0, 0.0
        if s > self.start:
            bent = min(s - self.start, self.length)
            rest = s - self.start - bent
            heading = self.turn * bent
            c, d = math.cos(heading), math.sin(heading)
            x = self.start + d / self.turn + rest * c
            y = (1 - c) / self.turn + rest * d
        return (
            x - n * math.sin(heading),
            y + n * math.cos(heading),
            heading,
        )


class Section:
    """A street's cross-section.

    Attributes:
        lane: width of a lane.
        lanes: number in the camera's direction and in the other.
        parking: whether the right and the left side have a parking strip.
        kerb: distance of the right and the left kerb from the middle line.
        pavement: width of both pavements; 0 for none.
    """

    STRIP = 2.2

    def __init__(self, draw: Draw, kind: Kind):
        count = draw.pick(kind.lanes)
        self.lane = draw.uniform(*kind.width)
        self.lanes = (count, count)
        if kind.pavement[1] and draw.chance(0.25):  # one way
            self.lanes = (draw.integer(1, 2), 0)
        self.parking = tuple(draw.chance(kind.parked) for _ in range(2))
        self.kerb = tuple(
            max(n * self.lane, 0.3) + self.STRIP * parking + 0.25
            for n, parking in zip(self.lanes, self.parking, strict=True)
        )
        self.pavement = draw.uniform(*kind.pavement)

    def lane_middle(self, k: int) -> float:
        """Where lane k of the camera's direction runs; negative: oncoming."""
        if k >= 0:
            return -(k + 0.5) * self.lane
        return (-k - 0.5) * self.lane
