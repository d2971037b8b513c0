"""What stands on both sides of a street: houses, gardens, trees, lamps."""

import math

from depthlib.data.streets import houses, things
from depthlib.data.streets.cars import vehicle
from depthlib.data.streets.ground import BEHIND, FAR
from depthlib.data.streets.plan import Kind
from depthlib.data.streets.site import Site
from depthlib.data.synthetic.parts import Draw, Parts


def plan_junctions(draw: Draw, site: Site, kind: Kind):
    """Side streets on straight parts, no two close to each other."""
    for _ in range(draw.pick(kind.junctions)):
        s, width = draw.uniform(9, 85), draw.uniform(7, 14)
        where = draw.pick(((-1,), (1,), (-1, 1), (-1, 1)))
        close = [abs(s - at) < 28 for at, _, _ in site.junctions]
        bent = not site.course.straight(s - width, s + width)
        if any(close) or bent or s + width > site.end - 12:
            continue
        site.junctions.append((s, width, where))


def build(draw: Draw, site: Site, kind: Kind, side: int, b: bool):
    """Houses along one side, in a closed row or with gaps."""
    line = site.kerb(side) + site.section.pavement
    line += draw.uniform(*kind.setback)
    storeys = draw.integer(*kind.storeys)
    for low, high in site.blocks(side, BEHIND, min(site.end, FAR)):
        s = low + (0.0 if low == BEHIND else site.section.pavement)
        top = high - (site.section.pavement if high < FAR else 0.0)
        while s < top - 6:
            wide = min(draw.uniform(*kind.lot), top - s)
            if top - s - wide < 6:
                wide = min(top - s, 1.5 * kind.lot[1])
            if draw.chance(kind.built):
                thing = _building(draw, kind, wide, storeys, b)
                back = draw.uniform(0, 1.5) if kind.gap[1] else 0.0
                site.face(thing, s + wide / 2, side, line + back)
            elif draw.chance(0.6):
                wood(draw, site, side, s + wide / 2, line, wide)
            if kind.gap[1] and site.section.pavement:
                garden(draw, site, kind, side, s, wide, line)
            s += wide + draw.uniform(*kind.gap)
    for low, high in site.gaps(side):
        side_street(draw, site, kind, side, low, high, line, b)


def _building(draw, kind, wide, storeys, b):
    if kind.gap[1] and not b:
        if wide > 15 or draw.chance(0.06):
            return houses.shed(draw, wide)
        return houses.house(draw, wide)
    count = min(max(storeys + draw.integer(-1, 1), 1), 10)
    return houses.block(draw, wide, count, b)


def side_street(draw, site, kind, side, low, high, line, b):
    """Houses on both sides of a side street, and one at its end."""
    for at, turn in ((low, -1), (high, 1)):
        out = line + 15
        while out < 60:
            wide = draw.uniform(9, 16)
            if draw.chance(0.8):
                # Its front looks into the side street, along +-s.
                thing = _building(
                    draw, kind, wide, draw.integer(*kind.storeys), b
                )
                yaw = -turn * math.pi / 2
                edge = at + turn * (site.section.pavement + 0.5)
                site.add(thing, edge, side * (out + wide / 2), yaw)
            out += wide + draw.uniform(*kind.gap)
    if draw.chance(0.7):
        thing = _building(draw, kind, 24, draw.integer(*kind.storeys), b)
        site.face(thing, (low + high) / 2, side, draw.uniform(50, 80))
    if draw.chance(0.5):
        along = draw.pick((-1, 1))
        n = side * (site.kerb(side) + draw.uniform(4, 18))
        yaw = 0.0 if along > 0 else math.pi
        s = (low + high) / 2 + along * 0.22 * (high - low)
        speed = draw.pick((0.0, draw.uniform(1, 6)))
        site.add(vehicle(draw), s, n, yaw, speed)


def garden(draw: Draw, site: Site, kind: Kind, side, s, wide, line):
    """A hedge or fence along the pavement, bushes and trees behind."""
    edge = site.kerb(side) + site.section.pavement + 0.45
    if line - edge > 0.8 and draw.chance(0.75):
        kind_of = draw.pick((things.hedge, things.fence))
        long = wide * draw.uniform(0.5, 0.95)
        shift = draw.uniform(-0.5, 0.5) * (wide - long)
        site.face(kind_of(draw, long), s + wide / 2 + shift, side, edge)
    for _ in range(draw.integer(0, 3)):
        out = draw.uniform(edge + 0.8, max(edge + 1.2, line - 1))
        site.face(things.bush(draw), s + draw.uniform(0, wide), side, out)
    for _ in range(draw.integer(0, 2)):
        thing = things.tree(draw) if draw.chance(0.7) else things.conifer(draw)
        out = draw.pick((edge + 1.5, line + draw.uniform(8, 16)))
        site.face(thing, s + wide + draw.uniform(0, 3), side, out)


def wood(draw: Draw, site: Site, side, s, line, wide):
    """Trees where no house stands."""
    for _ in range(draw.integer(2, 5)):
        thing = things.tree(draw) if draw.chance(0.8) else things.conifer(draw)
        at = s + draw.uniform(-0.5, 0.5) * wide
        site.face(thing, at, side, line + draw.uniform(0, 9))


def plant(draw: Draw, site: Site, kind: Kind, side: int):
    """A row of trees along the kerb, or loose ones along a road."""
    if not draw.chance(kind.trees):
        return
    step = draw.uniform(7, 16)
    out = site.kerb(side) + draw.uniform(0.8, 1.3)
    high = draw.uniform(5, 12)
    s = BEHIND + draw.uniform(0, step) + 4
    if not site.section.pavement:
        out += draw.uniform(2.0, 7.0)
    while s < min(site.end - 5, 100):
        if site.open_road(s, 1.5) and draw.chance(0.85):
            thing = things.tree(draw, high * draw.uniform(0.8, 1.2))
            site.face(thing, s, side, out + draw.uniform(0, 0.5))
        s += step * (1.0 if site.section.pavement else draw.uniform(0.6, 2.2))


def furnish(draw: Draw, site: Site, kind: Kind, side: int, b: bool):
    """Lamps, signs, signals, bins; barriers and hedges along a road."""
    edge, wide = site.kerb(side), site.section.pavement
    stop = min(site.end, 100)
    if wide or draw.chance(0.3):
        step, s = draw.uniform(20, 38), BEHIND + draw.uniform(4, 30)
        lamp = things.lamp(draw, b)
        while s < stop:
            if site.open_road(s):
                site.face(lamp, s, side, edge + 0.5)
            s += step
    for _ in range(draw.integer(0, 4)):
        s = draw.uniform(6, 80)
        if s < stop and site.open_road(s):
            site.add(things.sign(draw), s, side * (edge + 0.5))
    if wide > 1.5:
        for _ in range(draw.integer(0, 5)):
            s = draw.uniform(4, 60)
            if s < stop and site.open_road(s, 2):
                site.face(things.small(draw), s, side, edge + wide - 0.7)
    for at, width, _ in site.junctions:
        if wide and draw.chance(0.45):
            signals = things.traffic_light(draw, -side)
            site.add(signals, at - width / 2 - 1, side * (edge + 0.6))
    if not wide:
        long = 12.0
        for maker in (things.guardrail, things.hedge):
            if draw.chance(0.35):
                out = edge + (1.0 if maker is things.guardrail else 3.5)
                for low, high in site.blocks(side, BEHIND, min(stop, 90)):
                    for k in range(int((high - low) / long)):
                        s = low + (k + 0.5) * long
                        site.face(maker(draw, long), s, side, out)
                break
        if side > 0 and draw.chance(0.15):
            middle = (site.kerb(1) - site.kerb(-1)) / 2
            both = site.kerb(1) + site.kerb(-1) + 2
            site.add(things.gantry(draw, both), draw.uniform(15, 70), middle)


def close(draw: Draw, site: Site, kind: Kind, b: bool):
    """What ends the view: a row of houses across, or woods far away."""
    if site.end < 200:
        across = site.end + draw.uniform(9, 14)
        n = -42.0
        while n < 42:
            wide = draw.uniform(*kind.lot)
            thing = _building(draw, kind, wide, draw.integer(*kind.storeys), b)
            if draw.chance(max(kind.built, 0.7)):
                site.add(thing, across, n + wide / 2, -math.pi / 2)
            else:
                site.add(things.tree(draw), across + 2, n + wide / 2)
            n += wide + draw.uniform(*kind.gap)
        if draw.chance(0.6):
            site.add(
                vehicle(draw),
                across - draw.uniform(3.5, 6),
                draw.uniform(-15, 15),
                draw.pick((0.0, math.pi)),
                draw.pick((0.0, draw.uniform(2, 9))),
            )
    far = Parts()
    for _ in range(16):
        turn = draw.uniform(-0.8, 0.8)
        out = draw.uniform(140, 210)
        r = draw.uniform(7, 22)
        x, y = out * math.cos(turn), out * math.sin(turn)
        if draw.chance(0.75):
            far.leaves(
                x,
                y,
                0.25 * r,
                r,
                "leaf",
                draw.uniform(4, 11),
                draw.uniform(0, 9),
            )
        else:
            far.box(x, y, 0, r, r, draw.uniform(6, 24), "facade")
    site.parts.add(far)
