"""KITTI: road scenes, and the sparse depth of a laser scanner.

Geiger et al. 2013, "Vision meets robotics: the KITTI dataset"; the usual
split and truth for one image are those of Eigen et al. 2014.
"""

from pathlib import Path

import numpy as np

from depthlib.data.cache import data_root
from depthlib.data.files import DataError, require
from depthlib.data.fingerprint import fingerprint
from depthlib.data.kitti_sources import open_source
from depthlib.data.pairs import PairDataset
from depthlib.data.resize import fitted
from depthlib.data.units import implausible

FOLDER = "kitti"
RESIZE = "centre crop, area mean of colours, nearest return of an area"
# Metres, of one frame: anything else is a unit gone wrong. Protocols cap
# depth at 80 m; the scanner sees a little farther.
POSSIBLE_MEDIAN = (0.5, 80.0)
REACH = 120.0


class Kitti(PairDataset):
    """Pictures of KITTI with sparse depth.

    Three layouts are read:

    - "raw": KITTI raw. Depth is the scan projected into the picture, along
      the axis of its camera (``depth_map``).
    - "annotated": the pictures and calibration of KITTI raw with the 16-bit
      PNG maps of the depth benchmark.
    - "pairs": ``rgb/NAME.png`` or ``.jpg`` with a 16-bit ``depth/NAME.png``
      and ``calib/NAME.txt``.

    PNG maps hold metres = v / 256, and 0 where there is no return.

    KITTI does not say where in a pixel its numbers put the centre. In each
    layout the intrinsics agree with the depth: unprojecting a return gives
    the laser's point, up to half a pixel. The projection of the Eigen split
    counts pixels from 1, PNG maps from 0, so that the two differ by a pixel.

    Depth is sparse. At a smaller ``size`` each new pixel keeps the nearest
    return of its area, so the share of known pixels grows. Pictures of
    different days differ in size by up to 20 pixels: give a ``size`` to
    batch them.

    Args:
        root: folder of the set; None takes ``kitti`` under ``data_root()``.
        split: a split file, or the name of one in ``root``, with or without
            ``.txt``: a frame a line, in the spellings of ``read_split``, or
            for "pairs" a name a line. None takes all frames, sorted.
        size: (H, W) to crop and resize to; None keeps pictures as they are.
        layout: None takes whichever is there; "raw" before "annotated" where
            there are scans and maps.
        cached: keep the resized arrays on disk for the next time; None does
            so where a size is given.

    Raises:
        DataError: a file is missing, damaged, of the wrong size or unit;
            the message names the first.
    """

    def __init__(
        self, root=None, split=None, *, size=None, layout=None, cached=None
    ):
        if cached and size is None:
            raise ValueError("cached needs a size (H, W); give one")
        self.root = Path(root) if root else data_root() / FOLDER
        self.split = split
        self.source = open_source(
            self.root, _listing(self.root, split), layout
        )
        self.names = self.source.names
        self.name = f"{FOLDER}/{Path(split).stem if split else 'all'}"
        self._whole = size is None
        if size is None:
            size = self.source.read(self.names[0])[1].shape
        self.size = (int(size[0]), int(size[1]))
        super().__init__(FOLDER, not self._whole if cached is None else cached)
        self._manifest = None

    def manifest(self) -> dict:
        """Plain values that identify the set, wherever it lies."""
        if self._manifest is None:
            self._manifest = {
                "name": self.name,
                "n": len(self),
                "size": None if self._whole else list(self.size),
                "layout": type(self.source).__name__,
                "depth_unit": self.source.unit.label,
                "content": fingerprint(self.names, self.paths),
                "camera": self.source.camera,
                "resize": RESIZE,
            }
        return dict(self._manifest)

    def where(self, i: int) -> str:
        """The place of the depth of frame ``i`` on disk, for errors."""
        return str(self.source.paths(self.names[i])[0])

    def read(self, i: int):
        """Frame ``i`` at full size.

        Returns:
            ``(image, depth, intrinsics)``: ``(H, W, 3)`` uint8, metres
            ``(H, W)`` float32 with 0 where unknown, ``(3, 3)`` float32.
        """
        image, depth, matrix = self.source.read(self.names[i])
        where = self.where(i)
        if image.shape[:2] != depth.shape:
            raise DataError(
                f"{where} is {depth.shape[0]} x {depth.shape[1]} but its "
                f"picture is {image.shape[0]} x {image.shape[1]}"
            )
        check_returns(depth, where, self.source.unit, self.source.dtype)
        return image, depth, matrix

    def pair(self, i: int):
        """Picture, metres and intrinsics of frame ``i`` at ``self.size``."""
        return self.fitted(i, *self.read(i))

    def fitted(self, i: int, image, depth, matrix):
        """What ``read`` gives of frame ``i``, at ``self.size``."""
        size = depth.shape if self._whole else self.size
        where = self.where(i)
        return fitted(where, image, depth, matrix, size, sparse=True)

    def paths(self, name) -> list[Path]:
        """The files that a frame is read from, its depth first."""
        return self.source.paths(name)

    def __len__(self):
        return len(self.names)


def check_returns(depth: np.ndarray, where: str, unit, dtype) -> None:
    """Refuse depth without a return, beyond the laser, or in a wrong unit."""
    known = depth[depth > 0]
    if not known.size:
        raise DataError(
            f"{where} has no return inside the picture; is it the scan and "
            "the calibration of this frame?"
        )
    wrong = implausible(
        float(np.median(known)), unit, "outdoor", dtype, POSSIBLE_MEDIAN
    )
    if wrong:
        raise DataError(f"{where}: {wrong}")
    if known.max() > REACH:
        raise DataError(
            f"{where} holds {known.max():.0f} m, and the laser reaches "
            f"{REACH:g} m; KITTI's PNG maps hold metres = v / 256"
        )


def _listing(root: Path, split) -> Path | None:
    if split is None:
        return None
    ways = [root / split, root / f"{split}.txt", Path(split)]
    found = next((path for path in ways if path.is_file()), ways[1])
    return require(
        found,
        "the frames of the split, one a line",
        "copy the split file there or give its path",
    )


def refuse_unit(depth_unit) -> None:
    """KITTI's unit is part of its format; another is another data set."""
    if depth_unit is not None:
        raise ValueError(
            f"depth_unit is {depth_unit!r}, but KITTI's maps hold v / 256 "
            "metres; read others as a folder of your own"
        )
