"""What drawn data sets share: on demand, or rendered once and kept."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch.utils.data import Dataset

from depthlib.data.synthetic.cache import (
    image_arrays,
    parameter_hash,
    stored_images,
)


class Drawn(Dataset, ABC):
    """Base of the drawn data sets.

    An item is a dict with ``image`` (3, H, W) float32 in [0, 1], ``depth``
    (1, H, W) float32 in metres (0 where unknown), ``mask`` (1, H, W) bool,
    ``intrinsics`` (3, 3) float32 and ``index``.

    Attributes:
        kind: "rooms", "streets", "streets-video" or "cards".
        name: e.g. "rooms-a/train".
        size: (H, W).
    """

    kind: str

    def __init__(self, n, split, style, size, seed, cached):
        if n < 1:
            raise ValueError(f"n is {n}; ask for at least one image")
        if len(size) != 2 or min(size) < 8:
            raise ValueError(f"size is {size}; give (H, W), both at least 8")
        self.n, self.split, self.style = int(n), split, style
        self.size = (int(size[0]), int(size[1]))
        self.seed, self.cached = int(seed), cached
        self.name = f"{self.kind}-{style}/{split}"
        self._arrays = None

    @abstractmethod
    def parameters(self) -> dict:
        """Everything that an image depends on, apart from its number."""

    @abstractmethod
    def _render(self, index):
        """The arrays of an image: those that ``kept`` names."""

    def kept(self) -> dict:
        """Names, types and shapes of what is kept of an image."""
        return image_arrays(self.size)

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
            image, depth, *_ = self.arrays(i)
            middle = float(np.median(depth[depth > 0]))
            marks.append([round(middle, 2), round(image.mean() / 255 * 50)])
        return parameter_hash({**self.parameters(), "marks": marks})

    def arrays(self, index: int):
        """Image (3, H, W) uint8, depth (H, W), intrinsics, ... as numpy."""
        if not -self.n <= index < self.n:
            raise IndexError(f"index {index} of a set of {self.n} images")
        index %= self.n
        if not self.cached:
            return self._render(index)
        if self._arrays is None:
            self._arrays = stored_images(
                self.kind,
                self.n,
                self.size,
                self.parameters(),
                self._render,
                torch.get_num_threads(),
                self.kept(),
            )
        return tuple(array[index] for array in self._arrays)

    def __len__(self):
        return self.n

    def __getitem__(self, index: int) -> dict:
        arrays = map(np.array, self.arrays(index))
        return self.item(*arrays) | {"index": int(index) % self.n}

    def item(self, image, depth, matrix) -> dict:
        """The arrays of an image as tensors, by name."""
        depth = torch.from_numpy(depth)[None]
        return {
            "image": torch.from_numpy(image).float() / 255,
            "depth": depth,
            "mask": depth > 0,
            "intrinsics": torch.from_numpy(matrix),
        }

    def __getstate__(self):
        # A worker process opens the files itself.
        return self.__dict__ | {"_arrays": None}
