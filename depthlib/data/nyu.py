"""NYU Depth v2, the labelled set: 1449 pairs, 795 to train, 654 to test.

Two layouts are read: the official MATLAB file with its split, and a folder
of pictures. Silberman et al. 2012, "Indoor segmentation and support
inference from RGBD images".
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from depthlib.data.cache import data_root
from depthlib.data.files import DataError, read_grey, read_image, require
from depthlib.data.pairs import PairDataset
from depthlib.data.resize import resized
from depthlib.data.units import UNITS, DepthUnit, read_unit

FOLDER = "nyu_v2_labeled"
MAT, SPLITS = "nyu_depth_v2_labeled.mat", "splits.mat"
SPLIT_FILES = {"train": "train_795.txt", "test": "test_654.txt"}
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
# Of the 8-bit copies of the in-painted depth: the middle of each step.
EIGHT_BIT = DepthUnit("(v + 0.5) * 9.99547 / 255", 9.99547 / 255, 0.5)
RESIZE = "centre crop, area mean of colours, nearest depth"
FINGERPRINTED = 8  # pairs whose content goes into the manifest
PLAUSIBLE_MEDIAN = (1.0, 6.0)  # metres, of a picture; rooms are that deep


class MatSource:
    """The official file: HDF5, every array transposed as MATLAB does."""

    def __init__(self, root: Path):
        self.path = root / MAT
        self.unit = UNITS["m"]
        self.splits = require(
            root / SPLITS,
            "the official split",
            "put splits.mat beside the .mat file",
        )

    def names(self, split: str) -> list[int]:
        """Zero-based numbers of the pairs of a split."""
        with self._open() as file:
            count = len(file["images"])
        if split == "all":
            return list(range(count))
        from scipy.io import loadmat

        field = {"train": "trainNdxs", "test": "testNdxs"}[split]
        try:
            numbers = loadmat(self.splits)[field].reshape(-1)
        except (KeyError, ValueError, NotImplementedError, OSError) as error:
            raise DataError(
                f"{self.splits} has no readable {field} ({error}); "
                "use the official splits.mat"
            ) from error
        numbers = numbers.astype(int) - 1  # MATLAB counts from 1
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < count:
            raise DataError(
                f"{self.splits} names pair {numbers.max() + 1}, but "
                f"{self.path} holds {count}"
            )
        return numbers.tolist()

    def read(self, name: int):
        """Picture ``(H, W, 3)`` uint8 and metres ``(H, W)`` float32."""
        with self._open() as file:
            image = file["images"][name].transpose(2, 1, 0)
            depth = file["depths"][name].transpose(1, 0)
        return np.ascontiguousarray(image), np.ascontiguousarray(depth)

    def fingerprint(self, names) -> str:
        """Changes with the pairs of these names."""
        digest = hashlib.sha256(json.dumps(names).encode())
        digest.update(str(self.path.stat().st_size).encode())
        for name in _spread(names):
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
        for field in ("images", "depths"):
            if field not in file:
                file.close()
                raise DataError(
                    f"{self.path} has no field {field!r}; expected the "
                    "labelled set with images (N, 3, 640, 480) and depths "
                    "(N, 640, 480)"
                )
        shapes = file["images"].shape, file["depths"].shape
        if shapes[0][::3] + shapes[0][2:3] != (
            shapes[1][0],
            shapes[1][2],
            shapes[1][1],
        ):
            file.close()
            raise DataError(
                f"{self.path} has images of shape {shapes[0]} and depths of "
                f"shape {shapes[1]}; expected (N, 3, 640, 480) and "
                "(N, 640, 480)"
            )
        return file


class FolderSource:
    """``rgb/NAME.jpg``, ``depth/NAME.png`` and a file of names per split.

    Unless a unit is given, or stated in ``depth_unit.txt``, depth PNGs of 16
    bit are millimetres, and those of 8 bit the quantised copy of the
    in-painted depth, (v + 0.5) * 9.99547 / 255 metres.
    """

    def __init__(self, root: Path, depth_unit=None):
        self.root = root
        stated = root / "depth_unit.txt"
        if depth_unit is not None:
            self._unit = DepthUnit.of(depth_unit)
        else:
            self._unit = read_unit(stated) if stated.exists() else None

    @property
    def unit(self) -> DepthUnit:
        """The unit of the first depth map."""
        first = self.root / "depth" / f"{self.names('all')[0]}.png"
        return self._unit_of(read_grey(first), first)

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

    def names(self, split: str) -> list[str]:
        """Names of the pairs of a split, in the order of its file."""
        chosen = SPLIT_FILES if split == "all" else [split]
        names = []
        for key in chosen:
            path = require(
                self.root / SPLIT_FILES[key],
                f"the names of the {key} split, one a line",
                "copy it from the data set",
            )
            names += path.read_text().split()
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
        digest = hashlib.sha256()
        for name in names:
            sizes = [path.stat().st_size for path in self._paths(name)]
            digest.update(json.dumps([name, sizes]).encode())
        for name in _spread(names):
            for path in self._paths(name):
                digest.update(path.read_bytes())
        return digest.hexdigest()[:16]

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


def _spread(names) -> list:
    """A few names, evenly spaced, the first and the last among them."""
    places = np.linspace(0, len(names) - 1, min(len(names), FINGERPRINTED))
    return [names[int(i)] for i in places]


def open_source(root: Path, depth_unit=None):
    """The source for whichever layout lies in ``root``.

    Raises:
        DataError: neither layout is there.
    """
    if (root / MAT).exists():
        return MatSource(root)
    if (root / "rgb").is_dir() and (root / "depth").is_dir():
        return FolderSource(root, depth_unit)
    raise DataError(
        f"{root} holds no NYU Depth v2: expected {MAT} with {SPLITS}, or the "
        "folders rgb and depth with train_795.txt and test_654.txt; see "
        "`depthlib data list`"
    )


class NYUv2(PairDataset):
    """The labelled set at any size, kept in memory-mapped arrays.

    Items are dicts as everywhere in ``depthlib.data``. Pictures are centre
    cropped to the aspect of ``size`` and averaged down; depth is sampled at
    the nearest pixel; the intrinsics follow.

    Args:
        root: folder of the set; None takes ``nyu_v2_labeled`` under
            ``data_root()``.
        split: "train", "test" or "all".
        size: (H, W).
        depth_unit: of the folder's PNG files, where it is not as
            :class:`FolderSource` says; as ``DepthUnit.of`` takes it.
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
        self.name = f"nyu-v2-labelled/{split}"
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

    def pair(self, i: int):
        """Picture, metres and intrinsics of pair ``i`` at ``self.size``."""
        name = self.names[i]
        image, depth = self.source.read(name)
        where = self.source.where(name)
        if image.shape[:2] != depth.shape:
            raise DataError(
                f"{where} is {depth.shape[0]} x {depth.shape[1]} but its "
                f"picture is {image.shape[0]} x {image.shape[1]}"
            )
        check_depth(depth, where)
        matrix = INTRINSICS
        if depth.shape != FRAME:
            # A resized copy: the camera shrinks with it.
            _, _, matrix = resized(
                np.zeros((*FRAME, 3), np.uint8),
                np.zeros(FRAME, np.float32),
                INTRINSICS,
                depth.shape,
            )
        return resized(image, depth, matrix, self.size)

    def __len__(self):
        return len(self.names)


def check_depth(depth: np.ndarray, where: str) -> None:
    """Refuse depth in the wrong unit, NaN, or a map without a value."""
    if not np.isfinite(depth).all():
        raise DataError(f"{where} holds NaN or infinity; depth is in metres")
    known = depth[depth > 0]
    if not known.size:
        raise DataError(f"{where} holds no depth above 0")
    median = float(np.median(known))
    if not 0.1 <= median <= 50:
        unit = "millimetres" if median > 100 else "kilometres"
        raise DataError(
            f"{where} has a median depth of {median:.4g} m, impossible in a "
            f"room; it looks like {unit} read as metres"
        )
