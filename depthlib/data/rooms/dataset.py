"""Synthetic rooms as a data set: on demand, or rendered once and kept."""

import numpy as np
import torch
from torch.utils.data import Dataset

from depthlib.data.rooms.cache import parameter_hash, stored_rooms
from depthlib.data.rooms.view import (
    GENERATOR_VERSION,
    render_room,
    stream_key,
)


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
        stream_key(style, split, seed, 0)
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
        return parameter_hash({**self.parameters(), "marks": marks})

    def arrays(self, index: int):
        """Image (3, H, W) uint8, depth (H, W) and intrinsics as numpy."""
        if not -self.n <= index < self.n:
            raise IndexError(f"index {index} of a set of {self.n} images")
        index %= self.n
        if not self.cached:
            return self._render(index)
        if self._arrays is None:
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
