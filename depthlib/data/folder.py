"""A data set of your own: a folder of pictures and depth maps."""

from pathlib import Path

import numpy as np

from depthlib.data.files import (
    DataError,
    read_camera,
    read_depth,
    read_image,
    require,
)
from depthlib.data.fingerprint import fingerprint
from depthlib.data.pairs import PairDataset
from depthlib.data.resize import resized
from depthlib.data.units import DepthUnit

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
DEPTHS = (".png", ".tif", ".tiff", ".npy")
LAYOUT = (
    "images/NAME.png (or .jpg, .tif) with depths/NAME.png (8 or 16 bit, or "
    ".tif, .npy), or a file split.txt with one 'IMAGE DEPTH' a line"
)


class ImageFolder(PairDataset):
    """Pairs of pictures and depth maps from a folder.

    Either ``images/NAME.*`` with ``depths/NAME.*``, or a text file that
    lists a pair a line, the two paths relative to the folder. Depth may be
    an 8- or 16-bit PNG, a TIFF or a ``.npy`` array; NaN, infinity, negative
    numbers and 0 mean unknown.

    ``intrinsics.txt``, if there is one, holds the 3 x 3 matrix of the whole
    pictures, in the usual convention that the first pixel's centre is at
    (0, 0); it is moved by half a pixel here. Without it a nominal camera is
    assumed, its focal length the longer side of the picture, and the
    manifest says "nominal".

    Args:
        root: the folder.
        depth_unit: what one step of the stored numbers means: "m", "cm",
            "mm", metres as a number, or a formula of v (``DepthUnit.of``).
            It has no default, for a wrong one ruins everything in silence.
        split: name of the list without ``.txt``; None takes ``split.txt``
            if there is one, else all of ``images/``.
        size: (H, W) to crop and resize to; None keeps every picture as it
            is.
        cached: keep the resized arrays on disk; needs a size. They are made
            anew when a file changes its size, or an array (.npy, .tif) its
            numbers.

    Raises:
        FileNotFoundError: there is no such folder.
        DataError: nothing is listed, a file is missing, damaged or no
            picture, or a pair differs in size; the message names the file.
    """

    def __init__(
        self, root, *, depth_unit, split=None, size=None, cached=False
    ):
        self.root = Path(root)
        if not self.root.is_dir():
            raise FileNotFoundError(f"{self.root} is no folder")
        if cached and size is None:
            raise ValueError("cached needs a size (H, W): give one")
        self.unit, self.split = DepthUnit.of(depth_unit), split
        self.pairs = _pairs(self.root, split)
        self.name = f"{self.root.name}/{split or 'all'}"
        self._whole = size is None
        if size is None:
            size = read_image(self.pairs[0][0]).shape[:2]
        self.size = (int(size[0]), int(size[1]))
        self.camera = _camera(self.root / "intrinsics.txt")
        super().__init__("folder", cached)
        self._manifest = None

    def manifest(self) -> dict:
        """Plain values that identify the set, wherever it lies."""
        if self._manifest is None:
            names = [
                [path.relative_to(self.root).as_posix() for path in pair]
                for pair in self.pairs
            ]
            self._manifest = {
                "name": self.name,
                "n": len(self),
                "size": None if self._whole else list(self.size),
                "layout": "folder",
                "depth_unit": self.unit.label,
                "content": fingerprint(
                    names, lambda pair: [self.root / name for name in pair]
                ),
                "camera": "nominal"
                if self.camera is None
                else self.camera.tolist(),
            }
        return dict(self._manifest)

    def read(self, i: int):
        """Pair ``i`` as stored: ``(H, W, 3)`` uint8, metres, intrinsics."""
        picture, path = self.pairs[i]
        image = read_image(picture)
        depth = self.unit.metres(read_depth(path))
        if image.shape[:2] != depth.shape:
            raise DataError(
                f"{path} is {depth.shape[0]} x {depth.shape[1]} but "
                f"{picture} is {image.shape[0]} x {image.shape[1]}; a pair "
                "must be of one size"
            )
        if not depth.any():
            raise DataError(f"{path} holds no known depth, all is 0 or NaN")
        return image, depth, self._matrix(depth.shape)

    def pair(self, i: int):
        """Pair ``i`` at the size of the set."""
        image, depth, matrix = self.read(i)
        size = depth.shape if self._whole else self.size
        if size[0] > depth.shape[0] or size[1] > depth.shape[1]:
            raise DataError(
                f"{self.pairs[i][0]} is {depth.shape[0]} x {depth.shape[1]}, "
                f"smaller than the size {size[0]} x {size[1]} asked for"
            )
        return resized(image, depth, matrix, size)

    def _matrix(self, shape):
        if self.camera is not None:
            return self.camera
        height, width = shape
        focal = max(shape)
        matrix = [[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]]
        return np.array(matrix, dtype=np.float32)

    def __len__(self):
        return len(self.pairs)


def _pairs(root: Path, split: str | None) -> list[tuple[Path, Path]]:
    listing = root / f"{split or 'split'}.txt"
    if split is not None and not listing.exists():
        raise DataError(
            f"{listing} is missing (the pairs of split {split!r}, one "
            "'IMAGE DEPTH' a line)"
        )
    pairs = _listed(root, listing) if listing.exists() else _matched(root)
    if not pairs:
        raise DataError(f"{root} holds no pairs; expected {LAYOUT}")
    return pairs


def _listed(root: Path, listing: Path) -> list[tuple[Path, Path]]:
    pairs = []
    for number, line in enumerate(listing.read_text().splitlines(), 1):
        if not line.strip():
            continue
        # Commas as well: the list of the DenseDepth archive is a CSV file.
        names = line.replace(",", " ").split()
        if len(names) != 2:
            raise DataError(
                f"{listing}, line {number}, is {line!r}; expected two paths, "
                "'IMAGE DEPTH'"
            )
        where = f"named in line {number} of {listing.name}"
        pairs.append(tuple(_inside(root, name, where) for name in names))
    return pairs


def _inside(root: Path, name: str, where: str) -> Path:
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()):
        raise DataError(f"{name} ({where}) lies outside {root}")
    return require(path, where, "put it there or correct the list")


def _matched(root: Path) -> list[tuple[Path, Path]]:
    images, depths = root / "images", root / "depths"
    if not (images.is_dir() and depths.is_dir()):
        raise DataError(f"{root} is no such data set; expected {LAYOUT}")
    pictures, maps = _by_stem(images, PICTURES), _by_stem(depths, DEPTHS)
    for ours, theirs, folder in (
        (pictures, maps, depths),
        (maps, pictures, images),
    ):
        alone = sorted(set(ours) - set(theirs))
        if alone:
            raise DataError(
                f"{ours[alone[0]]} has no partner {alone[0]}.* in {folder}"
            )
    return [(pictures[stem], maps[stem]) for stem in sorted(pictures)]


def _by_stem(folder: Path, endings) -> dict[str, Path]:
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.suffix.lower() not in endings:
            raise DataError(
                f"{path} ends in {path.suffix!r}; expected one of "
                f"{', '.join(endings)}"
            )
        if path.stem in found:
            raise DataError(
                f"{path} and {found[path.stem].name} have one name; which "
                "is meant? Remove the other"
            )
        found[path.stem] = path
    return found


def _camera(path: Path) -> np.ndarray | None:
    if not path.exists():
        return None
    matrix = read_camera(path)
    matrix[:2, 2] += 0.5
    return matrix
