"""Rooms with the names of what is in them: a task that is not depth.

It stands in for ImageNet where no official weights are to be had: an encoder
learns to see materials and things, on rooms of another style, and never
meets a depth map.
"""

import json

import numpy as np
import torch
from torch.utils.data import Dataset

from depthlib.data.cache import cache_dir
from depthlib.data.rooms.view import GENERATOR_VERSION, render_room, scene
from depthlib.data.store import stored

# Roles of solids that about a tenth of the rooms of style "b" or more show.
# Walls, which all show, and what is rarer would teach little.
NAMES = (
    "wood",
    "trim",
    "white",
    "fabric",
    "metal",
    "painted",
    "leaf",
    "window",
    "picture",
    "books",
    "accent",
    "curtain",
    "cushion",
    "shade",
    "door",
    "frame",
    "screen",
    "stone",
    "blanket",
    "rug",
)
VISIBLE = 0.01  # of the picture's pixels


class NamedRooms(Dataset):
    """Pictures of rooms, and which of ``NAMES`` are to be seen in each.

    Items are dicts of ``image`` (3, H, W) float32 in [0, 1] and ``labels``
    (20,) float32, 1 where at least 1 % of the pixels show it.

    Args:
        n: number of pictures, kept on disk once made.
        split: "train", "val" or "test".
        style: "a" or "b".
        size: (H, W).
        seed: another seed gives other rooms than the depth data's.
    """

    def __init__(self, n, *, split="train", style="b", size, seed=1):
        self.n, self.split, self.style = n, split, style
        self.size, self.seed = tuple(size), seed
        self._arrays = None

    def __len__(self):
        return self.n

    def __getitem__(self, i: int) -> dict:
        if self._arrays is None:
            key = json.dumps([GENERATOR_VERSION, NAMES, VISIBLE, vars(self)])
            folder = cache_dir() / "named-rooms"
            self._arrays = stored(folder, key, self.n, self._render)
        image, labels = (
            torch.from_numpy(np.array(a[i])) for a in self._arrays
        )
        return {"image": image.float() / 255, "labels": labels.float()}

    def _render(self, i):
        place = (self.style, self.split, self.seed, i)
        image, *_, ids = render_room(*place, self.size, return_ids=True)
        roles = np.array(scene(*place).layout.roles)[
            np.maximum(ids["solid"], 0)
        ]
        shares = [(roles == name).mean() for name in NAMES]
        return image, np.array(shares) >= VISIBLE

    def __getstate__(self):
        # A worker process maps the arrays itself.
        return self.__dict__ | {"_arrays": None}
