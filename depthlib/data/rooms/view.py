"""One view of a room: from four numbers to a photograph and its depth."""

from typing import NamedTuple

import numpy as np

from depthlib.data.rooms.layout import Layout, layout
from depthlib.data.rooms.look import look
from depthlib.data.rooms.sensor import sense
from depthlib.data.synthetic import streams
from depthlib.data.synthetic.camera import intrinsics_of
from depthlib.data.synthetic.materials import Look
from depthlib.data.synthetic.parts import Draw
from depthlib.data.synthetic.photo import develop
from depthlib.data.synthetic.streams import LOOK, PHOTO, PLAN, SENSOR

# Raise this with any change that alters an image; old caches and records
# are then told apart from new ones.
GENERATOR_VERSION = 2
MIN_DEPTH, MAX_DEPTH = 0.4, 10.0


class RoomScene(NamedTuple):
    """Everything about one synthetic view.

    Attributes:
        layout: solids, camera pose, room (:class:`Layout`).
        look: materials and lights (:class:`Look`).
    """

    layout: Layout
    look: Look

    @property
    def pose(self) -> np.ndarray:
        """World to camera, (4, 4)."""
        return self.layout.pose

    def intrinsics(self, size: tuple[int, int]) -> np.ndarray:
        """Intrinsics (3, 3) in pixels for an image of size (H, W)."""
        return intrinsics_of(self.layout.focal, self.layout.centre, size)


def scene(style: str, split: str, seed: int, index: int) -> RoomScene:
    """The scene behind image ``index``: solids, camera pose, materials."""
    key = stream_key(style, split, seed, index)
    b = style == "b"
    plan = layout(Draw(*key, PLAN), b)
    return RoomScene(plan, look(Draw(*key, LOOK), plan, b))


def render_room(
    style: str,
    split: str,
    seed: int,
    index: int,
    size: tuple[int, int] = (64, 96),
    sensor: bool = False,
    return_ids: bool = False,
):
    """Renders one image.

    Args:
        style: "a" or "b".
        split: "train", "val" or "test".
        seed: of the whole set.
        index: number of the image.
        size: (H, W).
        sensor: degrade the depth as a structured-light camera does.
        return_ids: also return a dict with ``solid`` (H, W), ``material``
            (H, W) and ``normals`` (3, H, W) in the camera's frame.

    Returns:
        image (3, H, W) uint8, depth (H, W) float32 in metres (0 where
        unknown), intrinsics (3, 3) float32, and the dict if asked for.
    """
    from depthlib.kernels.render import casting

    room = scene(style, split, seed, index)
    solids, pose = room.layout.scene, room.layout.pose
    matrix = room.intrinsics(size)
    depth, ids = casting.cast(solids, pose, matrix, size)
    known = (depth >= MIN_DEPTH) & (depth <= MAX_DEPTH)
    material = room.look.material[np.maximum(ids, 0)]
    key = stream_key(style, split, seed, index)
    image = develop(Draw(*key, PHOTO), _light(room, size))
    given = depth
    if sensor:
        rows = room.look.materials[material]
        given = sense(
            Draw(*key, SENSOR),
            np.where(known, depth, MAX_DEPTH),
            matrix[0, 0],
            gloss=rows[..., 10],
            grey=image.mean(2) / 255,
            glass=rows[..., 12] > 0,
        )
    given = np.where(known, given, 0).astype(np.float32)
    result = image.transpose(2, 0, 1), given, matrix.astype(np.float32)
    if return_ids:
        normals = casting.normals(solids, pose, matrix, depth, ids)
        result += ({"solid": ids, "material": material, "normals": normals},)
    return result


def _light(room, size):
    """Linear light (H, W, 3): the mean of four samples a pixel."""
    from depthlib.kernels.render.casting import cast
    from depthlib.kernels.render.shade import shade

    height, width = size
    fine = (2 * height, 2 * width)
    solids, matrix = room.layout.scene, room.intrinsics(fine)
    seen = cast(solids, room.pose, matrix, fine)
    light = shade(solids, room.look, room.pose, matrix, *seen)
    # A lamp seen directly would else outshine the pixels at its edge.
    light = np.minimum(light, 60.0 * float(room.look.ambient[:2].mean()))
    return light.reshape(height, 2, width, 2, 3).mean((1, 3), np.float64)


def stream_key(style: str, split: str, seed: int, index: int) -> tuple:
    """What every random number of one image is drawn from.

    Raises:
        ValueError: an unknown style or split, or a negative number.
    """
    return streams.stream_key(GENERATOR_VERSION, style, split, seed, index)
