"""The ground: asphalt, pavements, lawns, and what is painted on the road.

The asphalt is one sheet in the plane z = 0; everything else lies on it.
"""

from depthlib.data.streets.plan import Kind
from depthlib.data.streets.site import Site
from depthlib.data.synthetic.parts import Draw, Parts

FAR = 125.0  # metres ahead up to which the street is furnished
BEHIND = -8.0
PAVED, LAWN = 0.13, 0.16  # heights


def lay_ground(draw: Draw, site: Site, kind: Kind):
    """The road, pavements behind their kerbs, and the ground of the lots."""
    site.parts.sheet(100, 0, 0, 560, 560, "road")
    end = min(site.end, FAR)
    green = kind.gap[1] != 0.0
    for side in (-1, 1):
        kerb, wide = site.kerb(side), site.section.pavement
        for low, high in site.blocks(side, BEHIND, end):
            if wide:
                strip(site, side, low, high, kerb, kerb + 0.16, PAVED, "kerb")
                strip(
                    site,
                    side,
                    low,
                    high,
                    kerb + 0.16,
                    kerb + 48,
                    PAVED,
                    "pavement",
                )
            first = kerb + wide + 0.02 if wide else kerb + 0.6
            if green or not wide:
                inset = 0.0 if low == BEHIND else wide
                strip(
                    site,
                    side,
                    low + inset,
                    high - wide,
                    first,
                    kerb + (75 if wide else 240),
                    LAWN if wide else 0.05,
                    "lawn",
                )


def strip(site: Site, side, low, high, near, far, top, role):
    """A band along one side, cut into pieces where the street bends."""
    if high - low < 0.5:
        return
    pieces = 1
    if not site.course.straight(low, high):
        pieces = max(1, round((high - low) / 7))
    long = (high - low) / pieces
    for k in range(pieces):
        band, stretch = Parts(), 0.0
        if pieces > 1:  # reach over the wedge between two pieces
            stretch = abs(site.course.turn) * long * far
            stretch = min(stretch, 4.0)
        band.box(0, 0, -0.5, long + stretch, far - near, top + 0.5, role)
        s = low + (k + 0.5) * long
        site.add(band, s, side * (near + far) / 2)


def mark_lanes(draw: Draw, site: Site, kind: Kind):
    """Lines between lanes and at edges, crossings and stop lines."""
    section, paint = site.section, Parts()
    ours, others = section.lanes
    dash, gap = draw.pick(((3.0, 6.0), (6.0, 12.0), (1.5, 1.5), (3.0, 3.0)))
    wide = draw.pick((0.12, 0.12, 0.15))
    faded = draw.chance(0.15 if kind.pavement[1] > 2.3 else 0.4)
    lines = []
    if others and not faded:
        solid = draw.chance(0.25)
        lines.append((0.0, solid))
        if solid and draw.chance(0.4):
            lines.append((0.25, True))
    for k in range(1, ours):
        lines.append((-k * section.lane, False))
    for k in range(1, others):
        lines.append((k * section.lane, False))
    if draw.chance(0.9 if not section.pavement else 0.3):
        lines.append((-ours * section.lane, True))
        lines.append((max(others * section.lane, 0.1), True))
    shift = draw.uniform(0, dash + gap)
    for n, solid in lines:
        step = 7.0 if solid else dash + gap
        long = 7.05 if solid else dash
        if solid and site.course.straight(BEHIND, 90):
            step = long = 100.0
        s = BEHIND + (0.0 if solid else shift) - 6
        while s < min(site.end - 3, 92):
            middle = s + long / 2
            if solid or site.open_road(middle, 1.0):
                lay(site, paint, middle, n, long, wide)
            s += step
    for at, width, _ in site.junctions:
        if draw.chance(0.5):
            crossing(site, paint, draw, at - width / 2 - 3.5)
        if draw.chance(0.3):
            reach = ours * section.lane - 0.2
            lay(site, paint, at - width / 2 - 6.0, -reach / 2, 0.4, reach)
    if section.pavement and draw.chance(0.15):
        crossing(site, paint, draw, draw.uniform(8, 40))
    if ours > 1 and draw.chance(0.5):
        s = draw.uniform(8, 35)
        for k in range(ours):
            arrow(site, paint, s, section.lane_middle(k))
    site.parts.add(paint)


def lay(site: Site, paint: Parts, s, n, long, wide):
    """A painted rectangle, long along the street."""
    x, y, heading = site.course.at(s, n)
    paint.sheet(x, y, 0.004, long, wide, "paint", heading)


def crossing(site: Site, paint: Parts, draw: Draw, s: float):
    """A zebra crossing, or two dotted lines."""
    left, right = site.kerb(1), site.kerb(-1)
    if draw.chance(0.6):
        n = -right + 0.5
        while n < left - 0.2:
            lay(site, paint, s, n, 3.0, 0.5)
            n += 1.0
    else:
        for k in (-1.6, 1.6):
            lay(site, paint, s + k, (left - right) / 2, 0.14, left + right)


def arrow(site: Site, paint: Parts, s, n):
    """A shaft with a coarse head."""
    lay(site, paint, s, n, 3.0, 0.15)
    for k in range(3):
        lay(site, paint, s + 1.7 + 0.3 * k, n, 0.3, 0.7 - 0.24 * k)
