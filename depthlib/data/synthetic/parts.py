"""Random draws by key, and lists of solids to build furniture from."""

import math

import numpy as np

from depthlib.kernels.render import (
    BOX,
    CYLINDER,
    ELLIPSOID,
    FOLIAGE,
    PANEL,
    PRISM,
    ROOM,
)


class Draw:
    """Random numbers that depend on a key of integers alone.

    Only the generator's uniform doubles are used; their stream is the one
    that numpy promises to keep.
    """

    def __init__(self, *key: int):
        seed = np.random.SeedSequence(key)
        self._random = np.random.Generator(np.random.Philox(seed)).random

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self._random()

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int((high - low + 1) * self._random())

    def chance(self, share: float) -> bool:
        """True with this probability."""
        return self._random() < share

    def pick(self, options):
        """One of the options; of a dict, a key by its weight."""
        if isinstance(options, dict):
            left = self._random() * sum(options.values())
            for option, weight in options.items():
                left -= weight
                if left < 0:
                    return option
            return option
        return options[int(len(options) * self._random())]

    def normal(self, mean: float = 0.0, spread: float = 1.0) -> float:
        """A normal number (Box and Muller's formula)."""
        radius = math.sqrt(-2 * math.log(1 - self._random()))
        return mean + spread * radius * math.cos(math.tau * self._random())

    def field(self, *shape: int) -> np.ndarray:
        """An array of standard normal numbers."""
        radius = np.sqrt(-2 * np.log(1 - self._random(shape)))
        return radius * np.cos(math.tau * self._random(shape))


class Parts:
    """Solids of one thing, in its own frame.

    The origin lies on the floor in the middle of the thing's footprint, x to
    its right, y to its front, z upwards. ``width`` and ``depth`` are the
    footprint's sides, ``height`` the thing's top, all in metres. Each row
    is (kind, x, y, z, half_x, half_y, half_z, taper, yaw, tilt, lean,
    role, piece): x, y, z of the middle; tilt turns about x, then yaw about
    z; lean turns about y first.
    """

    def __init__(self, width=0.0, depth=0.0, height=0.0):
        self.rows = []
        self.width, self.depth, self.height = width, depth, height
        self.pieces = 1
        self.lamps = []  # (x, y, z, radius, piece) of bulbs

    def _solid(self, kind, place, half, role, turn=(0.0, 0.0, 0.0), taper=0.0):
        self.rows.append((kind, *place, *half, taper, *turn, role, 0))

    def box(self, x, y, z, w, d, h, role, yaw=0.0, tilt=0.0, lean=0.0):
        """A box w x d x h that stands at height z."""
        place, half = (x, y, z + h / 2), (w / 2, d / 2, h / 2)
        self._solid(BOX, place, half, role, (yaw, tilt, lean))

    def rod(
        self, x, y, z, r, h, role, taper=0.0, tilt=0.0, lean=0.0, deep=None
    ):
        """An upright cylinder of radius r that stands at height z."""
        place, half = (x, y, z + h / 2), (r, deep or r, h / 2)
        self._solid(CYLINDER, place, half, role, (0.0, tilt, lean), taper)

    def bar(self, x, y, z, r, length, role, along="x"):
        """A lying cylinder whose middle is at (x, y, z)."""
        quarter = math.pi / 2
        turn = (0.0, 0.0, quarter) if along == "x" else (0.0, quarter, 0.0)
        self._solid(CYLINDER, (x, y, z), (r, r, length / 2), role, turn)

    def ball(self, x, y, z, r, role, deep=None, high=None, yaw=0.0):
        """An ellipsoid whose middle is at (x, y, z)."""
        half = (r, deep or r, high or r)
        self._solid(ELLIPSOID, (x, y, z), half, role, (yaw, 0.0, 0.0))

    def prism(self, x, y, z, w, d, h, role, taper, yaw=0.0):
        """A box whose x sides lean inwards; taper 1: to a ridge along y."""
        place, half = (x, y, z + h / 2), (w / 2, d / 2, h / 2)
        self._solid(PRISM, place, half, role, (yaw, 0.0, 0.0), taper)

    def sheet(self, x, y, z, w, d, role, yaw=0.0):
        """A flat rectangle w x d that lies at height z."""
        half = (w / 2, d / 2, 0.0)
        self._solid(PANEL, (x, y, z), half, role, (yaw, 0.0, 0.0))

    def leaves(self, x, y, z, r, role, high=None, shift=0.0):
        """A round bush with gaps whose middle is at (x, y, z)."""
        half = (r, r, high or r)
        self._solid(FOLIAGE, (x, y, z), half, role, (0, 0, 0), shift)

    def inside(self, w, d, h, role):
        """The inner sides of a box with a corner at the origin."""
        half = (w / 2, d / 2, h / 2)
        self._solid(ROOM, half, half, role)

    def lamp(self, x, y, z, radius):
        """A bulb that may light the room."""
        self.lamps.append((x, y, z, radius, 0))

    def add(self, other: "Parts", x=0.0, y=0.0, z=0.0, yaw=0.0):
        """Places another thing in this one as pieces of their own."""
        c, s = math.cos(yaw), math.sin(yaw)
        for row in other.rows:
            self.rows.append(
                (
                    row[0],
                    x + c * row[1] - s * row[2],
                    y + s * row[1] + c * row[2],
                    z + row[3],
                    *row[4:8],
                    row[8] + yaw,
                    *row[9:12],
                    row[12] + self.pieces,
                )
            )
        for bx, by, bz, radius, piece in other.lamps:
            place = (x + c * bx - s * by, y + s * bx + c * by, z + bz)
            self.lamps.append((*place, radius, piece + self.pieces))
        self.pieces += other.pieces


def solid_arrays(rows) -> dict[str, np.ndarray]:
    """The columns of rows as arrays, rotations as (P, 3, 3) world to local."""
    numbers = np.array([row[:11] for row in rows], dtype=np.float64)
    yaw, tilt, lean = numbers[:, 8], numbers[:, 9], numbers[:, 10]
    return {
        "kind": numbers[:, 0].astype(np.int32),
        "centre": numbers[:, 1:4].astype(np.float32),
        "half": numbers[:, 4:7].astype(np.float32),
        "taper": numbers[:, 7].astype(np.float32),
        "rotation": _world_to_local(yaw, tilt, lean).astype(np.float32),
        "group": np.array([row[12] for row in rows], dtype=np.int32),
    }


def _world_to_local(yaw, tilt, lean):
    """The transpose of Rz(yaw) Rx(tilt) Ry(lean), for arrays of angles."""
    cz, sz, cx, sx = np.cos(yaw), np.sin(yaw), np.cos(tilt), np.sin(tilt)
    cy, sy = np.cos(lean), np.sin(lean)
    columns = [
        [cz * cy - sz * sx * sy, sz * cy + cz * sx * sy, -cx * sy],
        [-sz * cx, cz * cx, sx],
        [cz * sy + sz * sx * cy, sz * sy - cz * sx * cy, cx * cy],
    ]
    return np.stack([np.stack(c, axis=-1) for c in columns], axis=1)
