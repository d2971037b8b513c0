"""Data sets whose training truth is known at a few pixels only."""

import json

import numpy as np
import torch
from torch.utils.data import Dataset

from depthlib.data.cache import cache_dir
from depthlib.data.store import stored

SHARE = 0.04  # as a laser scanner leaves in a picture of KITTI


class SparseTruth(Dataset):
    """A data set of which only some pixels of each depth map are known.

    The pixels are drawn at random, the same ones for the same image.

    Args:
        data: any depthlib data set.
        share: part of the known pixels that stays known, above 0 to 1.
    """

    def __init__(self, data, share: float = SHARE):
        if not 0 < share <= 1:
            raise ValueError(f"share is {share}; give a number above 0, to 1")
        self.data, self.share = data, share
        self.size = data.size
        self.name = f"{data.name} at {share:.0%} of the pixels"

    def manifest(self) -> dict:
        """That of the data, with the share of known pixels."""
        return self.data.manifest() | {"share": self.share}

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i: int) -> dict:
        sample = self.data[i]
        rng = np.random.default_rng([0, int(sample["index"])])
        drawn = torch.from_numpy(rng.random(tuple(sample["mask"].shape)))
        kept = sample["mask"] & (drawn < self.share)
        depth = torch.where(kept, sample["depth"], 0.0)
        return sample | {"depth": depth, "mask": kept}


class InPaintedTruth(Dataset):
    """A data set whose unknown depth is filled in from what is known.

    With ``kernels.inpaint_depth`` (Levin's colourisation): neighbours of one
    colour get one depth. Filled once and kept on disk; the mask is True
    everywhere, since a training is told nothing else.

    Args:
        data: any depthlib data set, with at least one known pixel an image.
    """

    def __init__(self, data):
        self.data, self.size = data, data.size
        self.name = f"{data.name}, in-painted"
        self._depths = None

    def manifest(self) -> dict:
        """That of the data, marked as in-painted."""
        return self.data.manifest() | {"inpainted": True}

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i: int) -> dict:
        sample = self.data[i]
        if self._depths is None:
            key = json.dumps(self.manifest(), sort_keys=True)
            folder = cache_dir() / "inpainted"
            (self._depths,) = stored(folder, key, len(self), self._fill)
        depth = torch.from_numpy(np.array(self._depths[sample["index"]]))
        return sample | {"depth": depth, "mask": torch.ones_like(depth) > 0}

    def _fill(self, i):
        from depthlib.kernels import inpaint_depth

        sample = self.data[i]
        depth = inpaint_depth(
            sample["image"][None], sample["depth"][None], sample["mask"][None]
        )
        return (depth[0].float().numpy(),)

    def __getstate__(self):
        # A worker process maps the array itself.
        return self.__dict__ | {"_depths": None}
