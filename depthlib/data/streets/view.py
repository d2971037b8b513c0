"""One view of a street: from four numbers and a time to a photograph."""

from typing import NamedTuple

import numpy as np

from depthlib.data.streets.layout import Layout, camera_at, layout
from depthlib.data.streets.look import StreetLook, look
from depthlib.data.streets.sensor import lidar as scan
from depthlib.data.streets.sensor import stereo
from depthlib.data.synthetic import streams
from depthlib.data.synthetic.camera import look_from
from depthlib.data.synthetic.parts import Draw
from depthlib.data.synthetic.photo import develop
from depthlib.data.synthetic.streams import LOOK, PHOTO, PLAN, SENSOR
from depthlib.kernels.render import Scene

# Raise this with any change that alters an image; old caches and records
# are then told apart from new ones.
GENERATOR_VERSION = 1
MIN_DEPTH, MAX_DEPTH = 1.0, 80.0
LEVEL = 0.15  # of exposure: darker than indoors, where no sky shines


class StreetScene(NamedTuple):
    """Everything about one street, apart from when it is seen.

    Attributes:
        layout: solids and how they move, the camera and how it moves.
        look: materials and weather.
        style: "a" or "b".
        key: what every random number of it is drawn from.
    """

    layout: Layout
    look: StreetLook
    style: str
    key: tuple

    def solids(self, t: float = 0.0) -> Scene:
        """The solids at time t, in seconds; t = 0 is the image."""
        scene = self.layout.scene
        if t == 0:
            return scene
        moved = scene.centre + t * self.layout.velocity
        return scene._replace(centre=moved.astype(np.float32))

    def pose(self, t: float = 0.0) -> np.ndarray:
        """World to camera at time t, (4, 4)."""
        place, yaw = camera_at(self.layout, t)
        return look_from(place, yaw, *self.layout.heading[1:])

    def intrinsics(self, size: tuple[int, int]) -> np.ndarray:
        """Intrinsics (3, 3) in pixels for an image of size (H, W)."""
        height, width = size
        focal, (x, y) = self.layout.focal * width, self.layout.centre
        return np.array(
            [[focal, 0, x * width], [0, focal, y * height], [0, 0, 1.0]]
        )


def scene(style: str, split: str, seed: int, index: int) -> StreetScene:
    """The scene behind image ``index``, at all times."""
    key = stream_key(style, split, seed, index)
    plan = layout(Draw(*key, PLAN), style)
    return StreetScene(plan, look(Draw(*key, LOOK), plan, style), style, key)


def render_street(
    style: str,
    split: str,
    seed: int,
    index: int,
    size: tuple[int, int] = (64, 208),
    lidar: bool = False,
    t: float = 0.0,
    return_ids: bool = False,
):
    """Renders one image.

    Args:
        style: "a" or "b".
        split: "train", "val" or "test".
        seed: of the whole set.
        index: number of the image.
        size, lidar, t, return_ids: as for ``view_of``.

    Returns:
        What ``view_of`` does.
    """
    street = scene(style, split, seed, index)
    return view_of(street, size, lidar, t, return_ids)


def view_of(
    street: StreetScene,
    size: tuple[int, int],
    lidar: bool = False,
    t: float = 0.0,
    return_ids: bool = False,
):
    """Renders a street that is there already.

    Args:
        street: from ``scene``.
        size: (H, W).
        lidar: keep only the depth that the style's sensor measures: a laser
            scanner for "a", a pair of cameras for "b".
        t: when, in seconds from the image's own time.
        return_ids: also return a dict with ``solid`` (H, W; -1: sky),
            ``material`` (H, W) and ``normals`` (3, H, W) in the camera's
            frame.

    Returns:
        image (3, H, W) uint8, depth (H, W) float32 in metres (0 where
        unknown: the sky, and beyond 80 m), intrinsics (3, 3) float32, and
        the dict if asked for.
    """
    from depthlib.kernels.render import casting

    solids, pose = street.solids(t), street.pose(t)
    matrix = street.intrinsics(size)
    depth, ids = casting.cast(solids, pose, matrix, size)
    known = (depth >= MIN_DEPTH) & (depth <= MAX_DEPTH)
    material = street.look.material[np.maximum(ids, 0)]
    image = picture_of(street, solids, pose, size, t)
    given = depth
    if lidar:
        draw = Draw(*street.key, SENSOR, round(1000 * t) % 2**32)
        truth = np.where(known, depth, MAX_DEPTH)
        rows = street.look.materials[material]
        if street.style == "a":
            albedo, gloss = rows[..., 1:4].mean(-1), rows[..., 10]
            given = scan(draw, truth, known, matrix, albedo, gloss)
        else:
            given = stereo(draw, truth, known, matrix, image.mean(2) / 255)
        known = known & (given >= MIN_DEPTH) & (given <= MAX_DEPTH)
    given = np.where(known, given, 0).astype(np.float32)
    result = image.transpose(2, 0, 1), given, matrix.astype(np.float32)
    if return_ids:
        normals = casting.normals(solids, pose, matrix, depth, ids)
        result += ({"solid": ids, "material": material, "normals": normals},)
    return result


def picture_of(street: StreetScene, solids, pose, size, t) -> np.ndarray:
    """The photograph (H, W, 3) uint8 that a camera at a pose takes at t."""
    # Another moment has other noise, but the same exposure.
    moment = round(1000 * t) % 2**32
    grain = Draw(*street.key, PHOTO, moment) if t else None
    light = _light(street, solids, pose, size)
    return develop(
        Draw(*street.key, PHOTO),
        light,
        grain,
        level=LEVEL,
        balance=(0.0, 0.4),
    )


def _light(street, solids, pose, size):
    """Linear light (H, W, 3): the mean of four samples a pixel."""
    from depthlib.kernels.render.casting import cast
    from depthlib.kernels.render.outdoor import shade

    height, width = size
    fine = (2 * height, 2 * width)
    matrix = street.intrinsics(fine)
    seen = cast(solids, pose, matrix, fine)
    light = shade(solids, street.look, pose, matrix, *seen)
    # A mirrored sun would else outshine the pixels around it.
    light = np.minimum(light, 12.0)
    upper, lower = light[::2], light[1::2]
    rows = upper[:, ::2] + upper[:, 1::2] + lower[:, ::2] + lower[:, 1::2]
    return 0.25 * rows.astype(np.float64)


def stream_key(style: str, split: str, seed: int, index: int) -> tuple:
    """What every random number of one image is drawn from.

    Raises:
        ValueError: an unknown style or split, or a negative number.
    """
    return streams.stream_key(GENERATOR_VERSION, style, split, seed, index)
