"""Who uses the street: parked and moving cars, people, cyclists."""

import math

from depthlib.data.streets.cars import car, cyclist, person, vehicle
from depthlib.data.streets.ground import BEHIND
from depthlib.data.streets.plan import Kind
from depthlib.data.streets.site import Site
from depthlib.data.synthetic.parts import Draw


def drive(draw: Draw, site: Site, kind: Kind, lane: int, speed: float):
    """Moving cars in all lanes; the camera's own lane is free at first."""
    stop = min(site.end - 6, 110)
    usual = kind.speed[0]
    for k in range(site.section.lanes[0]):
        s = draw.uniform(6, 60) if k == lane else draw.uniform(-6, 30)
        empty = draw.chance(0.25)
        while s < stop and not empty:
            thing = vehicle(draw)
            # Who is close ahead drives at about the camera's speed.
            own = usual * draw.uniform(0.7, 1.2) if s > 25 else speed
            own *= draw.uniform(0.9, 1.1)
            middle = site.section.lane_middle(k) + draw.normal(0, 0.15)
            s += thing.depth / 2
            site.follow(thing, s, middle, own)
            s += thing.depth / 2 + draw.uniform(*kind.traffic)
    for k in range(site.section.lanes[1]):
        s = draw.uniform(2, 70)
        empty = draw.chance(0.25)
        while s < stop and not empty:
            thing = vehicle(draw)
            own = usual * draw.uniform(0.6, 1.2)
            middle = site.section.lane_middle(-k - 1) + draw.normal(0, 0.15)
            s += thing.depth / 2
            site.follow(thing, s, middle, own, back=True)
            s += thing.depth / 2 + draw.uniform(*kind.traffic)
    if draw.chance(0.15) and site.section.pavement:
        n = -site.kerb(-1) + (2.6 if site.section.parking[0] else 0.6)
        site.follow(cyclist(draw), draw.uniform(7, 40), n, 4.5)


def park(draw: Draw, site: Site, side: int):
    """Parked cars along a kerb, densely or with gaps."""
    if not site.section.parking[0 if side < 0 else 1]:
        return
    full, middle = draw.uniform(0.2, 0.98), site.kerb(side) - 1.15
    back = (side > 0) != (site.section.lanes[1] == 0)
    s, stop = BEHIND + 1.0, min(site.end - 8, 90)
    while s < stop:
        thing = vehicle(draw, 0.07) if draw.chance(0.9) else car(draw)
        here = s + thing.depth / 2
        clear = site.open_road(here, thing.depth / 2 + 3)
        if draw.chance(full) and clear:
            turned = back if draw.chance(0.92) else not back
            out = middle + 0.5 * (thing.width - 1.75)
            site.follow(
                thing, here, side * (out + draw.normal(0, 0.08)), back=turned
            )
        s += thing.depth + draw.uniform(0.6, 1.8)


def walk(draw: Draw, site: Site, kind: Kind, side: int, b: bool):
    """People on the pavement, and sometimes on a crossing."""
    wide = site.section.pavement
    if not wide:
        return
    most = 5 if b else 3 if wide > 2 else 1
    for _ in range(draw.integer(0, most)):
        s, out = draw.uniform(5, 55), draw.uniform(0.4, wide - 0.3)
        if s > site.end - 4 or not site.open_road(s, 1):
            continue
        for _ in range(draw.integer(1, 2)):
            yaw = draw.pick((-0.5, 0.5)) * math.pi + draw.normal(0, 0.3)
            pace = draw.uniform(0.9, 1.6) if draw.chance(0.8) else 0.0
            n = side * (site.kerb(side) + out)
            site.add(person(draw), s, n, yaw, pace, z=0.13)
            s += draw.uniform(0.6, 1.0)
    if draw.chance(0.06) and side > 0:
        reach = site.kerb(1)
        yaw = draw.pick((0.0, math.pi))
        s, n = draw.uniform(9, 30), draw.uniform(-reach, reach)
        site.add(person(draw), s, n, yaw, 1.3)
