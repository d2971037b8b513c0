"""NYU Depth v2, the labelled set: 1449 pairs, 795 to train, 654 to test.

Three layouts are read: the official MATLAB file with its split, a folder of
pictures, and the archive of DenseDepth, which has 50,688 pairs to train and
the same 654 to test. Silberman et al. 2012, "Indoor segmentation and support
inference from RGBD images".
"""

from pathlib import Path

import numpy as np
import torch

from depthlib.data.cache import data_root
from depthlib.data.files import DataError
from depthlib.data.nyu_sources import SET, open_source
from depthlib.data.pairs import PairDataset
from depthlib.data.resize import fitted
from depthlib.data.units import implausible
from depthlib.geometry import scale_intrinsics

FOLDER = SET
FRAME = (480, 640)
# The colour camera of the toolbox. Its pixels count from 1, with integer
# centres; here the centre of the first pixel is at 0.5.
INTRINSICS = np.array(
    [
        [518.857901, 0, 325.582449 - 0.5],
        [0, 519.469611, 253.736166 - 0.5],
        [0, 0, 1],
    ],
    dtype=np.float32,
)
RESIZE = "centre crop, area mean of colours, nearest depth"
# Metres, of one map: anything else is a unit gone wrong. One picture may be
# a close-up, so the bounds are wide; `check` judges a sample by tighter ones.
POSSIBLE_MEDIAN = (0.1, 50.0)


class NYUv2(PairDataset):
    """The labelled set at any size, kept in memory-mapped arrays.

    Items are dicts as everywhere in ``depthlib.data``. Pictures are centre
    cropped to the aspect of ``size`` and averaged down; depth is sampled at
    the nearest pixel; the intrinsics follow.

    Args:
        root: folder of the set, or the zip file of DenseDepth; None takes
            ``nyu_v2_labeled`` under ``data_root()``.
        split: "train", "test" or "all".
        size: (H, W).
        depth_unit: of PNG files, as ``DepthUnit.of`` takes it, where it is
            not what ``FolderSource`` or ``DenseDepthSource`` says.
        cached: keep the resized arrays on disk for the next time. None does
            so below the full size: at full size that would be 3 GB.

    Raises:
        DataError: a file is missing, damaged, of the wrong size or unit;
            the message names it.
    """

    def __init__(
        self,
        root=None,
        split="train",
        *,
        size=FRAME,
        depth_unit=None,
        cached=None,
    ):
        if split not in ("train", "test", "all"):
            raise ValueError(
                f'split is {split!r}; choose "train", "test" or "all"'
            )
        self.root = Path(root) if root else data_root() / FOLDER
        self.split, self.size = split, (int(size[0]), int(size[1]))
        self.source = open_source(self.root, depth_unit)
        self.names = self.source.names(split)
        self.name = f"{self.source.set_name}/{split}"
        small = self.size != FRAME
        super().__init__("nyu", small if cached is None else cached)
        self._manifest = None

    def manifest(self) -> dict:
        """Plain values that identify the set, wherever it lies."""
        if self._manifest is None:
            self._manifest = {
                "name": self.name,
                "n": len(self),
                "size": list(self.size),
                "layout": type(self.source).__name__,
                "depth_unit": self.source.unit.label,
                "content": self.source.fingerprint(self.names),
                "resize": RESIZE,
            }
        return dict(self._manifest)

    def where(self, i: int) -> str:
        """The place of pair ``i`` on disk, for errors."""
        return self.source.where(self.names[i])

    def read(self, i: int):
        """Pair ``i`` at full size: ``(H, W, 3)`` uint8, metres ``(H, W)``."""
        image, depth = self.source.read(self.names[i])
        where = self.where(i)
        if image.shape[:2] != depth.shape:
            raise DataError(
                f"{where} is {depth.shape[0]} x {depth.shape[1]} but its "
                f"picture is {image.shape[0]} x {image.shape[1]}"
            )
        check_depth(depth, where, self.source.unit, self.source.dtype)
        return image, depth

    def pair(self, i: int):
        """Picture, metres and intrinsics of pair ``i`` at ``self.size``."""
        image, depth = self.read(i)
        # In a copy of other size the camera has shrunk with the picture.
        matrix = torch.from_numpy(INTRINSICS)
        matrix = scale_intrinsics(matrix, FRAME, depth.shape).numpy()
        return fitted(self.where(i), image, depth, matrix, self.size)

    def __len__(self):
        return len(self.names)


def check_depth(depth: np.ndarray, where: str, unit, dtype=None) -> None:
    """Refuse depth in the wrong unit, NaN, or a map without a value."""
    if not np.isfinite(depth).all():
        raise DataError(f"{where} holds NaN or infinity; depth is in metres")
    known = depth[depth > 0]
    if not known.size:
        raise DataError(f"{where} holds no depth above 0")
    # A sixteenth of the pixels tells the median well enough.
    wrong = implausible(
        float(np.median(known[::16])), unit, "indoor", dtype, POSSIBLE_MEDIAN
    )
    if wrong:
        raise DataError(f"{where}: {wrong}")
