"""Building a street, standing things along it, and a camera in a lane.

Positions, sizes and speeds are drawn here; colours, materials and light are
drawn from another stream in ``look.py``, so that how bright or how coloured a
surface is says nothing about how far away it is. The world's z is up, the
road lies in the plane z = 0, and the camera looks roughly along x.
"""

import math
from typing import NamedTuple

import numpy as np

from depthlib.data.streets import sides
from depthlib.data.streets.ground import lay_ground, mark_lanes
from depthlib.data.streets.plan import KINDS, ROAD, Course, Section
from depthlib.data.streets.site import Site
from depthlib.data.streets.traffic import drive, park, walk
from depthlib.data.synthetic.parts import Draw, solid_arrays
from depthlib.kernels.render import Scene

# Height of the camera (mean, spread), downward pitch, roll and yaw in
# radians, focal length as a share of the width with its spread, and the
# principal point as shares of the size.
HELD = {
    "a": {
        "height": (1.65, 0.04),
        "pitch": (0.005, 0.014),
        "roll": (0.0, 0.009),
        "yaw": (0.0, 0.025),
        "focal": (721 / 1242, 0.005),
        "centre": (0.491, 0.461),
    },
    "b": {
        "height": (1.22, 0.04),
        "pitch": (0.03, 0.014),
        "roll": (0.0, 0.009),
        "yaw": (0.0, 0.025),
        "focal": (2262 / 2048, 0.008),
        "centre": (0.535, 0.501),
    },
}


class Layout(NamedTuple):
    """A street with everything on it, at time 0.

    Attributes:
        scene: the solids.
        roles: what each solid is made of, one word each.
        velocity: (P, 3) of each solid, metres a second; 0 for most.
        place: (3,) of the camera.
        heading: (yaw, pitch, roll) of the camera, radians.
        speed: of the camera along its yaw, metres a second.
        turning: of the camera about the vertical, radians a second.
        focal: focal length as a share of the image's width.
        centre: principal point as shares of the image's size (x, y).
    """

    scene: Scene
    roles: list
    velocity: np.ndarray
    place: np.ndarray
    heading: tuple
    speed: float
    turning: float
    focal: float
    centre: tuple


def layout(draw: Draw, style: str) -> Layout:
    """Draws a street of the style and a camera on it."""
    kinds = KINDS[style]
    kind = kinds[draw.pick({i: share for i, (_, share) in enumerate(kinds)})][
        0
    ]
    site = Site(
        Course(draw, 0.5 if kind is ROAD else 0.35), Section(draw, kind)
    )
    site.end = draw.uniform(28, 95) if draw.chance(0.3) else 400.0
    sides.plan_junctions(draw, site, kind)
    lay_ground(draw, site, kind)
    mark_lanes(draw, site, kind)
    mean, spread, least, largest = kind.speed
    speed = min(max(draw.normal(mean, spread), least), largest)
    if draw.chance(kind.standing):
        speed = 0.0
    lane = draw.integer(0, site.section.lanes[0] - 1)
    drive(draw, site, kind, lane, speed)
    for side in (-1, 1):
        sides.build(draw, site, kind, side, style == "b")
        sides.plant(draw, site, kind, side)
        sides.furnish(draw, site, kind, side, style == "b")
        park(draw, site, side)
        walk(draw, site, kind, side, style == "b")
    sides.close(draw, site, kind, style == "b")
    arrays = solid_arrays(site.parts.rows)
    held = HELD[style]
    n = site.section.lane_middle(lane) + draw.normal(0, 0.2)
    x, y, heading = site.course.at(0.0, n)
    yaw = heading + draw.normal(*held["yaw"])
    centre = tuple(c + draw.normal(0, 0.004) for c in held["centre"])
    return Layout(
        Scene(**arrays),
        [row[11] for row in site.parts.rows],
        site.velocities(),
        np.array([x, y, draw.normal(*held["height"])]),
        (yaw, draw.normal(*held["pitch"]), draw.normal(*held["roll"])),
        speed,
        speed * (site.course.turn if site.course.start < 0 else 0.0)
        + draw.normal(0, 0.01),
        held["focal"][0] + draw.normal(0, held["focal"][1]),
        centre,
    )


def camera_at(plan: Layout, t: float):
    """Place and yaw of the camera at time t (an arc at constant speed)."""
    yaw, turn = plan.heading[0], plan.turning * t
    # The chord of an arc, whose direction is the mean of both ends'.
    half = turn / 2
    chord = plan.speed * t * (math.sin(half) / half if half else 1.0)
    ahead = yaw + half
    step = np.array([math.cos(ahead), math.sin(ahead), 0.0])
    return plan.place + chord * step, yaw + turn
