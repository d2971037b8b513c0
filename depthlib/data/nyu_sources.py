"""The layouts in which NYU Depth v2 is read: the official file, a folder.

A third, that of DenseDepth, has a module of its own. A source lists the
pairs of a split and reads one at full size.
"""

import hashlib
import json
from functools import cached_property
from pathlib import Path

import numpy as np

from depthlib.data.files import DataError, read_grey, read_image, require
from depthlib.data.fingerprint import fingerprint, spread
from depthlib.data.nyu_densedepth import (
    ARCHIVE,
    LISTS,
    DenseDepthSource,
    densedepth_home,
)
from depthlib.data.units import UNITS, DepthUnit, read_unit

SET = "nyu_v2_labeled"
MAT, SPLITS = "nyu_depth_v2_labeled.mat", "splits.mat"
SPLIT_FILES = {"train": "train_795.txt", "test": "test_654.txt"}
# Of the 8-bit copies of the in-painted depth: the middle of each step.
EIGHT_BIT = DepthUnit("(v + 0.5) * 9.99547 / 255", 9.99547 / 255, 0.5)


class MatSource:
    """The official file: HDF5, every array transposed as MATLAB does."""

    set_name, official = SET, None

    def __init__(self, root: Path):
        self.path = root / MAT
        self.unit, self.dtype = UNITS["m"], np.float32
        self.splits = require(
            root / SPLITS,
            "the official split",
            "put splits.mat beside the .mat file",
        )

    def listing(self, split: str) -> Path:
        """The file that lists a split."""
        return self.splits

    def names(self, split: str) -> list[int]:
        """Zero-based numbers of the pairs of a split."""
        with self._open() as file:
            count = len(file["images"])
        if split == "all":
            return list(range(count))
        numbers = self._listed(
            {"train": "trainNdxs", "test": "testNdxs"}[split]
        )
        numbers = numbers.astype(int) - 1  # MATLAB counts from 1
        if not 0 <= numbers.min() <= numbers.max() < count:
            raise DataError(
                f"{self.splits} names pair {numbers.max() + 1}, but "
                f"{self.path} holds {count}"
            )
        return numbers.tolist()

    def _listed(self, field: str) -> np.ndarray:
        from scipy.io import loadmat

        # Whatever a damaged file makes the reader stumble over, the cause
        # is the file.
        try:
            numbers = loadmat(self.splits)[field].reshape(-1)
        except Exception as error:
            raise DataError(
                f"{self.splits} has no readable {field} ({error}); use the "
                "official splits.mat"
            ) from error
        if not numbers.size:
            raise DataError(f"{self.splits} has an empty {field}")
        return numbers

    def read(self, name: int):
        """Picture ``(H, W, 3)`` uint8 and metres ``(H, W)`` float32."""
        with self._open() as file:
            try:
                image, depth = file["images"][name], file["depths"][name]
            except OSError as error:
                raise DataError(
                    f"{self.where(name)} cannot be read ({error}); copy the "
                    "file again"
                ) from error
        image, depth = image.transpose(2, 1, 0), depth.transpose(1, 0)
        return np.ascontiguousarray(image), np.ascontiguousarray(depth)

    def fingerprint(self, names) -> str:
        """Changes with the pairs of these names."""
        digest = hashlib.sha256(json.dumps(names).encode())
        digest.update(str(self.path.stat().st_size).encode())
        for name in spread(names):
            for array in self.read(name):
                digest.update(array.tobytes())
        return digest.hexdigest()[:16]

    def where(self, name: int) -> str:
        """Words for errors."""
        return f"pair {name} of {self.path}"

    def _open(self):
        import h5py

        try:
            file = h5py.File(self.path, "r")
        except OSError as error:
            raise DataError(
                f"{self.path} is no HDF5 file or is cut off ({error}); "
                "copy it again"
            ) from error
        found = {
            name: (file[name].dtype, file[name].shape)
            for name in ("images", "depths")
            if name in file
        }
        shape = found.get("images", (None, (0, 0, 0, 0)))[1]
        expected = {
            "images": (np.uint8, (shape[0], 3, *shape[2:])),
            "depths": (np.float32, (shape[0], *shape[2:])),
        }
        if found != expected:
            file.close()
            said = ", ".join(f"{n} {d} {s}" for n, (d, s) in found.items())
            raise DataError(
                f"{self.path} holds {said or 'neither images nor depths'}; "
                "expected images uint8 (N, 3, 640, 480) and depths float32 "
                "(N, 640, 480)"
            )
        return file


class FolderSource:
    """``rgb/NAME.jpg``, ``depth/NAME.png`` and a file of names per split.

    Unless a unit is given, or stated in ``depth_unit.txt``, depth PNGs of 16
    bit are millimetres, and those of 8 bit the quantised copy of the
    in-painted depth, (v + 0.5) * 9.99547 / 255 metres.
    """

    set_name, official = SET, None

    def __init__(self, root: Path, depth_unit=None):
        self.root = root
        stated = root / "depth_unit.txt"
        if depth_unit is not None:
            self._unit = DepthUnit.of(depth_unit)
        else:
            self._unit = read_unit(stated) if stated.exists() else None

    @cached_property
    def _first(self) -> tuple[DepthUnit, np.dtype]:
        path = self.root / "depth" / f"{self.names('all')[0]}.png"
        stored = read_grey(path)
        return self._unit_of(stored, path), stored.dtype

    @property
    def unit(self) -> DepthUnit:
        """The unit of the first depth map."""
        return self._first[0]

    @property
    def dtype(self) -> np.dtype:
        """The type of the numbers in the first depth map."""
        return self._first[1]

    def _unit_of(self, stored_depth, path) -> DepthUnit:
        if self._unit:
            return self._unit
        if stored_depth.dtype == np.uint8:
            return EIGHT_BIT
        if stored_depth.dtype == np.uint16:
            return UNITS["mm"]
        raise DataError(
            f"{path} stores {stored_depth.dtype}; expected 8-bit steps or "
            "16-bit millimetres, or a unit in depth_unit.txt"
        )

    def listing(self, split: str) -> Path:
        """The file that lists a split."""
        return self.root / SPLIT_FILES[split]

    def names(self, split: str) -> list[str]:
        """Names of the pairs of a split, in the order of its file."""
        chosen = SPLIT_FILES if split == "all" else [split]
        names = []
        for key in chosen:
            path = require(
                self.listing(key),
                f"the names of the {key} split, one a line",
                "copy it from the data set",
            )
            listed = path.read_text(errors="replace").split()
            if not listed or len(set(listed)) < len(listed):
                fault = "names a pair twice" if listed else "is empty"
                raise DataError(
                    f"{path} {fault}; expected one name a line, such as 000002"
                )
            names += listed
        return sorted(names) if split == "all" else names

    def read(self, name: str):
        """Picture ``(H, W, 3)`` uint8 and metres ``(H, W)`` float32."""
        image = read_image(self.root / "rgb" / f"{name}.jpg")
        path = self.root / "depth" / f"{name}.png"
        stored_depth = read_grey(path)
        depth = self._unit_of(stored_depth, path).metres(stored_depth)
        return image, depth

    def fingerprint(self, names) -> str:
        """Changes with the pairs of these names."""
        return fingerprint(names, self._paths)

    def _paths(self, name: str):
        picture = self.root / "rgb" / f"{name}.jpg"
        depth = self.root / "depth" / f"{name}.png"
        remedy = "copy it from the data set"
        return (
            require(picture, "a picture of the split", remedy),
            require(depth, "its depth map", remedy),
        )

    def where(self, name: str) -> str:
        """Words for errors."""
        return str(self.root / "depth" / f"{name}.png")


def open_source(root: Path, depth_unit=None):
    """The source for whichever layout lies in ``root``.

    Raises:
        DataError: none of the layouts is there.
    """
    if (root / MAT).exists():
        return MatSource(root)
    if (root / "rgb").is_dir() and (root / "depth").is_dir():
        return FolderSource(root, depth_unit)
    if home := densedepth_home(root):
        return DenseDepthSource(home, depth_unit)
    raise DataError(
        f"{root} holds no NYU Depth v2: expected {MAT} with {SPLITS}, or the "
        "folders rgb and depth with train_795.txt and test_654.txt, or "
        f"{LISTS['train']} (or {ARCHIVE} that holds it); see "
        "`depthlib data list`"
    )
