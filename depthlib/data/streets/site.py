"""A street under construction: where things go, and what is taken."""

import math

import numpy as np

from depthlib.data.streets.plan import Course, Section
from depthlib.data.synthetic.parts import Parts


class Site:
    """Collects the solids of a street.

    Attributes:
        course: the middle line.
        section: the cross-section.
        parts: all solids so far.
        junctions: (s, width, sides) of each side street; the sides are -1
            (right) and 1 (left).
        end: where the street ends at another, in metres ahead.
    """

    def __init__(self, course: Course, section: Section):
        self.course, self.section = course, section
        self.parts, self.junctions, self.end = Parts(), [], 400.0
        self._moving = []

    def kerb(self, side: int) -> float:
        """Distance of a side's kerb from the middle line."""
        return self.section.kerb[0 if side < 0 else 1]

    def add(self, thing: Parts, s, n, yaw=0.0, speed=0.0, z=0.0):
        """Stands a thing at (s, n), its x axis along the street plus yaw.

        ``speed`` moves it along its own y axis.
        """
        x, y, heading = self.course.at(s, n)
        turned = heading + yaw
        first = len(self.parts.rows)
        self.parts.add(thing, x, y, z, turned)
        if speed:
            ahead = (-speed * math.sin(turned), speed * math.cos(turned))
            self._moving.append((first, len(self.parts.rows), *ahead))

    def face(self, thing: Parts, s, side: int, out: float):
        """Stands a thing beside the street, its front (-y) towards it.

        ``out`` is its distance from the middle line.
        """
        self.add(thing, s, side * out, 0.0 if side > 0 else math.pi)

    def follow(self, thing: Parts, s, n, speed=0.0, back=False):
        """Stands a vehicle in a lane, its front (+y) along the street."""
        self.add(thing, s, n, (0.5 if back else -0.5) * math.pi, speed)

    def gaps(self, side: int) -> list[tuple[float, float]]:
        """From and to of the side streets of one side, in order."""
        return sorted(
            (s - width / 2, s + width / 2)
            for s, width, sides in self.junctions
            if side in sides
        )

    def blocks(self, side: int, start: float, end: float):
        """The stretches of a side between its side streets."""
        stretches, at = [], start
        for low, high in self.gaps(side):
            if low > at:
                stretches.append((at, min(low, end)))
            at = max(at, high)
        if at < end:
            stretches.append((at, end))
        return [(a, b) for a, b in stretches if b - a > 1]

    def open_road(self, s: float, margin: float = 0.0) -> bool:
        """Whether no side street meets the road at s."""
        return all(
            abs(s - at) > width / 2 + margin for at, width, _ in self.junctions
        )

    def velocities(self) -> np.ndarray:
        """(P, 3) metres a second."""
        velocity = np.zeros((len(self.parts.rows), 3))
        for first, last, x, y in self._moving:
            velocity[first:last, :2] = x, y
        return velocity
