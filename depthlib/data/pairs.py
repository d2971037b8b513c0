"""What data sets of pictures and depth maps on disk have in common."""

import json

import numpy as np
import torch
from torch.utils.data import Dataset

from depthlib.data.cache import cache_dir
from depthlib.data.store import stored


class PairDataset(Dataset):
    """Items made from ``pair(i)``, kept in memory-mapped arrays if asked.

    A subclass has ``name``, ``size``, ``__len__``, and::

        manifest()  plain values that identify the set
        pair(i)     picture (H, W, 3) uint8, metres (H, W) float32 with 0
                    where unknown, intrinsics (3, 3) float32; more where its
                    ``item`` takes more

    Args:
        folder: where under ``cache_dir()`` the arrays go.
        cached: whether to keep them.
    """

    def __init__(self, folder: str, cached: bool):
        self._folder, self.cached = folder, cached
        self._arrays = None

    def arrays(self):
        """Pictures, depths and intrinsics of all pairs, made when missing.

        Returns:
            Memory-mapped ``(N, H, W, 3)`` uint8, ``(N, H, W)`` float32,
            ``(N, 3, 3)`` float32, and what else ``pair`` gives.
        """
        if self._arrays is None:
            key = json.dumps(self.manifest(), sort_keys=True)
            folder = cache_dir() / self._folder
            self._arrays = stored(folder, key, len(self), self.pair)
        return self._arrays

    def __getitem__(self, i: int) -> dict:
        i = range(len(self))[i]
        if self.cached:
            arrays = (array[i] for array in self.arrays())
        else:
            arrays = self.pair(i)
        return self.item(*map(np.array, arrays)) | {"index": i}

    def item(self, image, depth, matrix) -> dict:
        """The arrays of a pair as tensors, by name."""
        depth = torch.from_numpy(depth)[None]
        image = torch.from_numpy(image).permute(2, 0, 1)
        return {
            "image": image.contiguous().float() / 255,
            "depth": depth,
            "mask": depth > 0,
            "intrinsics": torch.from_numpy(matrix),
        }

    def __getstate__(self):
        # A worker process maps the arrays itself.
        return self.__dict__ | {"_arrays": None}
