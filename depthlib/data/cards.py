"""Cards: frame triples in which nothing but motion tells depth.

Flat cards of coloured noise hang before a camera, all of them parallel to the
image, and the camera moves past, a metre a frame, more or less sideways. Seen
from the reference frame they lie edge to edge, none before another; places,
sizes, colours and grain are drawn as they appear there, whatever the depth: a
single picture says nothing. From frame to frame all points of a card shift
alike, by

    f t / Z,

so that the length of the shift, with the step t known, is the depth. Near
cards then cover farther ones, and in the gaps a wall of noise appears. Streets
are the other extreme: there a picture alone goes a long way.

In style "a" the look of a triple says nothing of its motion. In style "b" the
camera goes along the rows as often as along the columns, and the tint tells
which: who looks at the colours knows where to search.
"""

import math

import numpy as np

from depthlib.data.synthetic import streams
from depthlib.data.synthetic.dataset import Drawn
from depthlib.data.synthetic.parts import Draw
from depthlib.data.synthetic.streams import LOOK, MOTION, PLAN
from depthlib.data.video import DrawnTriples

# Raise this with any change that alters an image; old caches and records
# are then told apart from new ones.
CARDS_VERSION = 2
SPEEDS = ("known", "random")
NEAR, FAR = 6.0, 36.0  # metres; depths are log-uniform between them
WALL = FAR  # no pixel of a reference frame shows it
STEP = 1.0  # metres from frame to frame
FACTORS = (0.5, 2.0)  # of the step, at a random speed
TILT = math.radians(30)  # of the camera's path, at most, to either side
# In units of which the frame is so many wide; the focal length is as much.
UNITS = 256
LONGEST = 72.0  # side of a card; longer ones are cut
CUTS = (0.35, 0.65)  # where, as a share of the side
GRAINS = (4.0, 9.0, 22.0)  # lattices of noise, finer and coarser
MARGIN = UNITS * STEP * FACTORS[1] / NEAR  # how far anything shifts


def render_cards(
    style: str,
    split: str,
    seed: int,
    index: int,
    size: tuple[int, int] = (128, 256),
    speed: str = "known",
):
    """Renders one triple.

    Args:
        style: "a" or "b", see ``cards``.
        split: "train", "val" or "test".
        seed: of the whole set.
        index: number of the triple.
        size: (H, W); only how finely the same view is sampled.
        speed: "known" or "random"; of the adjacent frames alone.

    Returns:
        image (3, H, W) uint8, depth (H, W) float32, intrinsics (3, 3)
        float32, the adjacent images (2, 3, H, W) uint8 and the motion
        (2, 4, 4) float32.
    """
    key = streams.stream_key(CARDS_VERSION, style, split, seed, index)
    plan, look, move = (Draw(*key, n) for n in (PLAN, LOOK, MOTION))
    height, width = size
    tall = UNITS * height / width
    path = plan.uniform(-TILT, TILT) + plan.pick((0, math.pi))
    upright = style == "b" and move.pick((False, True))
    if upright:
        path += math.pi / 2
    step = STEP * np.array([math.sin(path), math.cos(path)])  # (dy, dx)
    if speed == "random":
        step *= math.exp(move.uniform(*map(math.log, FACTORS)))
    scene = (-MARGIN, -MARGIN, tall + MARGIN, UNITS + MARGIN)
    cards = [
        (NEAR * (FAR / NEAR) ** plan.uniform(0, 1), box)
        for box in _cut(plan, scene)
    ]
    frames = np.zeros((3, height, width, 3))
    depth = np.zeros((height, width), np.float32)
    rows, columns = ((np.arange(n) + 0.5) * UNITS / width for n in size)
    for z, box in [(WALL, scene), *sorted(cards, reverse=True)]:
        top, left, bottom, right = box
        paper = Paper(look, box)
        if style == "b":
            paper.tell(upright)
        for k, frame in zip((0, -1, 1), frames, strict=True):
            # What is seen at p in this frame is at p + k f t / Z in the
            # reference frame.
            y, x = (
                at + k * UNITS * shift / z
                for at, shift in zip((rows, columns), step, strict=True)
            )
            seen_y = (y >= top) & (y < bottom)
            seen_x = (x >= left) & (x < right)
            if not (seen_y.any() and seen_x.any()):
                continue
            here = np.ix_(seen_y, seen_x)
            frame[here] = paper(y[seen_y], x[seen_x])
            if k == 0:
                depth[here] = z
    frames = np.rint(255 * frames.clip(0, 1)).astype(np.uint8)
    image, *adjacent = frames.transpose(0, 3, 1, 2)
    matrix = np.array([[width, 0, width / 2], [0, width, height / 2]])
    matrix = np.vstack([matrix, [0, 0, 1]]).astype(np.float32)
    motion = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    # The camera goes one way, and what it sees the other.
    motion[:, :2, 3] = np.outer((1, -1), step[::-1])
    return image, depth, matrix, np.stack(adjacent), motion


def _cut(draw: Draw, box) -> list[tuple[float, float, float, float]]:
    """A box cut into smaller ones; each top, left, bottom and right."""
    top, left, bottom, right = box
    high, wide = bottom - top, right - left
    if max(high, wide) <= LONGEST:
        return [box]
    share = draw.uniform(*CUTS)
    if high > wide:
        cut = top + share * high
        halves = (top, left, cut, right), (cut, left, bottom, right)
    else:
        cut = left + share * wide
        halves = (top, left, bottom, cut), (top, cut, bottom, right)
    return [part for half in halves for part in _cut(draw, half)]


class Paper:
    """Coloured noise: a tint, and three lattices with straight lines between.

    Args:
        draw: the random stream.
        box: top, left, bottom and right of what it has to cover.
    """

    def __init__(self, draw: Draw, box):
        self.corner = np.array(box[:2])
        sides = np.array(box[2:]) - self.corner
        self.tint = np.array([draw.uniform(0.2, 0.8) for _ in range(3)])
        self.lattices = [
            (grain, draw.field(*(np.ceil(sides / grain) + 2).astype(int), 3))
            for grain in GRAINS
        ]

    def tell(self, upright: bool) -> None:
        """More red than blue, or more blue for a camera that goes upright."""
        less, more = sorted(self.tint[[0, 2]])
        self.tint[[0, 2]] = (less, more) if upright else (more, less)

    def __call__(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Colours (m, n, 3) in rows y (m,) and columns x (n,)."""
        colour = np.tile(self.tint, (len(y), len(x), 1))
        for grain, lattice in self.lattices:
            down, along = (
                _between((at - corner) / grain, points)
                for at, corner, points in zip(
                    (y, x), self.corner, lattice.shape, strict=False
                )
            )
            colour += 0.14 * (along @ np.tensordot(down, lattice, 1))
        return colour


def _between(place: np.ndarray, points: int) -> np.ndarray:
    """Linear interpolation of so many points at places (n,): (n, points)."""
    return (1 - np.abs(place[:, None] - np.arange(points))).clip(0)


class Cards(DrawnTriples, Drawn):
    """Triples of cards; made by :func:`cards`."""

    kind = "cards"

    def __init__(self, n, split, style, size, seed, cached, speed):
        streams.stream_key(CARDS_VERSION, style, split, seed, 0)
        if speed not in SPEEDS:
            raise ValueError(f'speed is {speed!r}; choose "known" or "random"')
        super().__init__(n, split, style, size, seed, cached)
        self.speed = speed

    def parameters(self) -> dict:
        """Everything that a triple depends on, apart from its number."""
        return {
            "generator": CARDS_VERSION,
            "style": self.style,
            "split": self.split,
            "seed": self.seed,
            "size": list(self.size),
            "speed": self.speed,
        }

    def _render(self, index):
        return render_cards(
            self.style, self.split, self.seed, index, self.size, self.speed
        )


def cards(
    n: int,
    *,
    split: str = "train",
    style: str = "a",
    size: tuple[int, int] = (128, 256),
    seed: int = 0,
    cached: bool = True,
    speed: str = "known",
) -> Cards:
    """Frame triples of cards, of which nothing but motion tells depth.

    Depth is dense, from 6 to 36 m. At 128 x 256 and a quarter of the
    resolution shifts at the known speed are between 1.8 and 10.7 cells long.

    Args:
        n: number of triples; a set of 100 is the start of a set of 1000.
        split: "train", "val" or "test".
        style: "a": the camera goes along the rows, within 30 degrees. "b":
            along the rows or the columns, and the tint of all cards tells
            which, more red than blue for the rows.
        size: (H, W) in pixels.
        seed: another seed gives other cards.
        cached: render once into the cache folder; else on each access.
        speed: "known": a metre from frame to frame. "random": half a metre
            to two, log-uniform, drawn for each triple; nothing else changes.

    Returns:
        A :class:`Cards` data set; samples as in ``depthlib.data.video``.

    Raises:
        ValueError: an unknown split, style or speed, n < 1, or a bad size.
    """
    data = Cards(n, split, style, size, seed, cached, speed)
    if cached:
        data.arrays(0)
    return data
