"""A data set whose items carry their superpixels."""

import numpy as np
import torch
from torch.utils.data import Dataset

from depthlib.models.superpixels import slic


class WithSuperpixels(Dataset):
    """Adds ``labels`` ``(H, W)`` int64 to each item, found once per image.

    A training draws its images again and again. They are segmented at their
    first visit and kept as 16-bit numbers: 12 kB for an image of 64 x 96.
    Mirror items afterwards (`mirror` takes the labels along), not before:
    SLIC of a mirrored image is not the mirror of its SLIC, and the image
    would have two graphs.

    Args:
        data: a depthlib data set; its items do not change between visits.
        n: about how many superpixels an image.

    Raises:
        ValueError: n does not fit into 16 bits.
    """

    def __init__(self, data: Dataset, n: int):
        if not 1 <= n < 2**15:
            raise ValueError(f"n is {n}; give a number from 1 to {2**15 - 1}")
        self.data, self.n = data, n
        self._labels: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> dict:
        sample = self.data[index]
        if index not in self._labels:
            found = slic(sample["image"][None], self.n)[0]
            self._labels[index] = found.numpy().astype(np.int16)
        labels = torch.from_numpy(self._labels[index].astype(np.int64))
        return sample | {"labels": labels}
