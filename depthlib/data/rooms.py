"""Synthetic rooms: photographs of furnished rooms with their true depth.

Image ``i`` of a set is a function of its style, split, seed and number, of
nothing else: not of the batch, the order, the number of workers or images.
Size only changes how finely the same view is sampled.

See the chapter on data for what the rooms teach a network and what not.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset

from depthlib.data import rooms_sensor
from depthlib.data.rooms_camera import intrinsics_of
from depthlib.data.rooms_layout import Layout, layout
from depthlib.data.rooms_look import Look, look
from depthlib.data.rooms_parts import Draw

# Raise this with any change that alters an image; old caches and records
# are then told apart from new ones.
GENERATOR_VERSION = 2
MIN_DEPTH, MAX_DEPTH = 0.4, 10.0
STYLES = {"a": 0, "b": 1}
SPLITS = {"train": 0, "val": 1, "test": 2}
# One stream of random numbers for each concern, so that none feeds another.
PLAN, LOOK, PHOTO, SENSOR = range(4)


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
    key = _key(style, split, seed, index)
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
    from depthlib.kernels import render_numba

    room = scene(style, split, seed, index)
    solids, pose = room.layout.scene, room.layout.pose
    matrix = room.intrinsics(size)
    depth, ids = render_numba.cast(solids, pose, matrix, size)
    known = (depth >= MIN_DEPTH) & (depth <= MAX_DEPTH)
    material = room.look.material[np.maximum(ids, 0)]
    key = _key(style, split, seed, index)
    image = rooms_sensor.develop(Draw(*key, PHOTO), _light(room, size))
    given = depth
    if sensor:
        rows = room.look.materials[material]
        given = rooms_sensor.sense(
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
        normals = render_numba.normals(solids, pose, matrix, depth, ids)
        result += ({"solid": ids, "material": material, "normals": normals},)
    return result


def _light(room, size):
    """Linear light (H, W, 3): the mean of four samples a pixel."""
    from depthlib.kernels.render_numba import cast
    from depthlib.kernels.render_shade import shade

    height, width = size
    fine = (2 * height, 2 * width)
    solids, matrix = room.layout.scene, room.intrinsics(fine)
    seen = cast(solids, room.pose, matrix, fine)
    light = shade(solids, room.look, room.pose, matrix, *seen)
    # A lamp seen directly would else outshine the pixels at its edge.
    light = np.minimum(light, 60.0 * float(room.look.ambient[:2].mean()))
    return light.reshape(height, 2, width, 2, 3).mean((1, 3), np.float64)


def _key(style, split, seed, index):
    if style not in STYLES:
        raise ValueError(f'style is {style!r}; choose "a" or "b"')
    if split not in SPLITS:
        raise ValueError(
            f'split is {split!r}; choose "train", "val" or "test"'
        )
    if seed < 0 or index < 0:
        raise ValueError(
            f"seed is {seed} and index is {index}; both must be at least 0"
        )
    return GENERATOR_VERSION, STYLES[style], SPLITS[split], seed, index


class Rooms(Dataset):
    """Synthetic rooms as a data set; made by :func:`rooms`.

    An item is a dict with ``image`` (3, H, W) float32 in [0, 1], ``depth``
    (1, H, W) float32 in metres (0 where unknown), ``mask`` (1, H, W) bool,
    ``intrinsics`` (3, 3) float32 and ``index``.

    Attributes:
        name: e.g. "rooms-a/train".
        size: (H, W).
    """

    def __init__(self, n, split, style, size, seed, sensor, cached):
        _key(style, split, seed, 0)
        if n < 1:
            raise ValueError(f"n is {n}; ask for at least one image")
        if len(size) != 2 or min(size) < 8:
            raise ValueError(f"size is {size}; give (H, W), both at least 8")
        self.n, self.split, self.style = int(n), split, style
        self.size = (int(size[0]), int(size[1]))
        self.seed, self.sensor, self.cached = int(seed), bool(sensor), cached
        self.name = f"rooms-{style}/{split}"
        self._arrays = None

    def parameters(self) -> dict:
        """Everything that an image depends on, apart from its number."""
        return {
            "generator": GENERATOR_VERSION,
            "style": self.style,
            "split": self.split,
            "seed": self.seed,
            "size": list(self.size),
            "sensor": self.sensor,
        }

    def manifest(self) -> dict:
        """Plain values that identify the set, with a checksum of images."""
        return {
            "name": self.name,
            "n": self.n,
            **self.parameters(),
            "checksum": self.checksum(),
        }

    def checksum(self, count: int = 3) -> str:
        """A checksum of the first images that survives rounding.

        Medians to the centimetre and mean brightness to 1/50: the last bit
        of a sine differs between processors, a changed generator does not
        keep these.
        """
        marks = []
        for i in range(min(count, self.n)):
            image, depth, _ = self.arrays(i)
            middle = float(np.median(depth[depth > 0]))
            marks.append([round(middle, 2), round(image.mean() / 255 * 50)])
        from depthlib.data.rooms_cache import parameter_hash

        return parameter_hash({**self.parameters(), "marks": marks})

    def arrays(self, index: int):
        """Image (3, H, W) uint8, depth (H, W) and intrinsics as numpy."""
        if not -self.n <= index < self.n:
            raise IndexError(f"index {index} of a set of {self.n} images")
        index %= self.n
        if not self.cached:
            return self._render(index)
        if self._arrays is None:
            from depthlib.data.rooms_cache import stored_rooms

            self._arrays = stored_rooms(
                self.n,
                self.size,
                self.parameters(),
                self._render,
                torch.get_num_threads(),
            )
        return tuple(array[index] for array in self._arrays)

    def _render(self, index):
        return render_room(
            self.style, self.split, self.seed, index, self.size, self.sensor
        )

    def __len__(self):
        return self.n

    def __getitem__(self, index: int) -> dict:
        image, depth, matrix = self.arrays(index)
        depth = torch.from_numpy(np.array(depth))[None]
        return {
            "image": torch.from_numpy(np.array(image)).float() / 255,
            "depth": depth,
            "mask": depth > 0,
            "intrinsics": torch.from_numpy(np.array(matrix)),
            "index": int(index) % self.n,
        }

    def __getstate__(self):
        # A worker process opens the files itself.
        return self.__dict__ | {"_arrays": None}


def rooms(
    n: int,
    *,
    split: str = "train",
    style: str = "a",
    size: tuple[int, int] = (64, 96),
    seed: int = 0,
    sensor: bool = False,
    cached: bool = True,
) -> Rooms:
    """Synthetic rooms with true depth.

    Args:
        n: number of images; a set of 100 is the start of a set of 10,000.
        split: "train", "val" or "test"; they share no scene.
        style: "a" (homes and offices) or "b" (other materials, light and
            furniture, to test generalisation).
        size: (H, W) in pixels.
        seed: another seed gives other rooms.
        sensor: depth as from a structured-light camera, with holes (mask
            False) and steps that grow with distance.
        cached: render once into the cache folder; else on each access.

    Returns:
        A :class:`Rooms` data set.

    Raises:
        ValueError: for an unknown style or split, n < 1, or a bad size.
    """
    data = Rooms(n, split, style, size, seed, sensor, cached)
    if cached:
        data.arrays(0)
    return data
