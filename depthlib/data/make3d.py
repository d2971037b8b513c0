"""Make3D: outdoor pictures with a coarse grid of laser depth.

Saxena, Sun and Ng 2009, "Make3D: learning 3D scene structure from a single
still image". 400 pairs to train and 134 to test, the criteria C1 and C2 as
Liu et al. 2014 have them. The set was not at hand when this was written: the
names of files and fields are those of public descriptions of the set.
"""

from pathlib import Path

import numpy as np
import torch

from depthlib.data.cache import data_root
from depthlib.data.files import DataError, read_image, require
from depthlib.data.fingerprint import fingerprint
from depthlib.data.pairs import PairDataset
from depthlib.data.resize import centre_window, resized
from depthlib.data.units import UNITS, implausible

FOLDER = "make3d"
GRID = (55, 305)
FIELD = "Position3DGrid"
DEPTH = 3  # of its Y, X, Z and distance along the ray
PAPER = (400, 300)  # H x W of Chen et al. 2018
# Folders of pictures and, the first that is there, of depth.
PLACES = {
    "train": ("Train400Img", ("Train400Depth",)),
    "test": ("Test134", ("Gridlaserdata", "Test134Depth")),
}
RESIZE = "centre crop, area mean of colours, nearest cell of the grid"
# Chen et al. print the two ranges the other way round; no results of nested
# sets of pixels could then be theirs.
CRITERIA = {
    "c1": lambda depth: depth < 70,
    "c2": lambda depth: depth <= 80,
}
UNIT = UNITS["m"]
# Metres, of one map: anything else is a unit gone wrong. The laser reads
# about 81 m where nothing is in reach.
POSSIBLE_MEDIAN = (1.0, 90.0)
REACH = 100.0


class Make3D(PairDataset):
    """Pictures of Make3D with depth spread from the laser's grid.

    Expected are ``Train400Img/img-NAME.jpg`` with
    ``Train400Depth/depth_sph_corr-NAME.mat``, and ``Test134/img-NAME.jpg``
    with ``Gridlaserdata`` (or ``Test134Depth``)
    ``/depth_sph_corr-NAME.mat``. Each ``.mat`` file holds
    ``Position3DGrid``, 55 x 305 x 4, in metres: Y, X, Z, and the distance
    along the ray, which is the depth that published numbers are about.

    The grid spans the whole picture: a cell is about 41 rows high and 6
    columns wide at 2272 x 1704 (H x W). Depth in an item repeats the cell
    under each pixel, so train on it, and score against ``truth(i)``.

    The set comes without a calibration: intrinsics are nominal, focal length
    the longer side, the axis through the centre.

    Args:
        root: folder of the set; None takes ``make3d`` under ``data_root()``.
        split: "train" or "test".
        size: (H, W) to crop (to its aspect, about the centre) and resize to.
        criterion: "c1" keeps depths below 70 m as known, "c2" to 80 m; None
            keeps all. The protocols "make3d_c1" and "make3d_c2" count the
            same depths, but for exactly 80 m: the bounds of a protocol are
            strict, so "make3d_c2" leaves it out.
        cached: keep the resized arrays on disk for the next time.

    Raises:
        DataError: a file is missing, damaged, of the wrong shape or unit;
            the message names it.
    """

    def __init__(
        self,
        root=None,
        split="train",
        *,
        size=PAPER,
        criterion=None,
        cached=True,
    ):
        if split not in PLACES:
            raise ValueError(f'split is {split!r}; choose "train" or "test"')
        if criterion is not None and criterion not in CRITERIA:
            raise ValueError(
                f'criterion is {criterion!r}; choose "c1", "c2" or None'
            )
        self.root = Path(root) if root else data_root() / FOLDER
        self.split, self.criterion = split, criterion
        self.size = (int(size[0]), int(size[1]))
        self.name = f"{FOLDER}/{split}"
        self.pictures, self.depths = _folders(self.root, split)
        self.names = _names(self.pictures, self.depths)
        super().__init__(FOLDER, cached)
        self._manifest = None

    def manifest(self) -> dict:
        """Plain values that identify the set, wherever it lies."""
        if self._manifest is None:
            self._manifest = {
                "name": self.name,
                "n": len(self),
                "size": list(self.size),
                "criterion": self.criterion,
                "content": fingerprint(self.names, self._paths),
                "camera": "nominal",
                "resize": RESIZE,
            }
        return dict(self._manifest)

    def where(self, i: int) -> str:
        """The place of the depth of pair ``i`` on disk, for errors."""
        return str(self._paths(self.names[i])[1])

    def read(self, i: int):
        """Pair ``i`` as stored, without the criterion.

        Returns:
            ``(image, depth)``: ``(H, W, 3)`` uint8, and metres ``(55, 305)``
            float32 with 0 where unknown.
        """
        picture, path = self._paths(self.names[i])
        return read_image(picture), read_grid(path)

    def truth(self, i: int):
        """The laser's own cells inside the crop of pair ``i``, for scoring.

        A cell counts if its centre is inside. With a crop of 2 : 1, as
        Godard et al. 2017 evaluate, these are rows 17 to 37.

        Returns:
            ``(depth, mask)``: ``(1, h, w)`` float32 metres, bool.
        """
        image, grid = self.read(i)
        shape = image.shape[:2]
        box = centre_window(shape, self.size)
        rows, columns = (
            slice(*np.searchsorted(_middles(n, side), (start, start + length)))
            for n, side, (start, length) in zip(GRID, shape, box, strict=True)
        )
        depth = torch.from_numpy(self._judged(grid)[rows, columns].copy())
        return depth[None], depth[None] > 0

    def pair(self, i: int):
        """Picture, metres and nominal intrinsics at ``self.size``."""
        image, grid = self.read(i)
        shape = image.shape[:2]
        if self.size[0] > shape[0] or self.size[1] > shape[1]:
            raise ValueError(
                f"size is {self.size}; {self._paths(self.names[i])[0]} has "
                f"only {shape[0]} x {shape[1]} pixels"
            )
        # The cell under the centre of each new pixel.
        cells = [
            ((start + _middles(new, length)) * n / side).astype(int)
            for new, (start, length), n, side in zip(
                self.size,
                centre_window(shape, self.size),
                GRID,
                shape,
                strict=True,
            )
        ]
        depth = self._judged(grid)[np.ix_(*cells)]
        blank = np.zeros(shape, np.float32)
        image, _, matrix = resized(image, blank, _camera(shape), self.size)
        return image, depth, matrix

    def __len__(self):
        return len(self.names)

    def _paths(self, name: str) -> tuple[Path, Path]:
        picture = self.pictures / f"img-{name}.jpg"
        return picture, self.depths / f"depth_sph_corr-{name}.mat"

    def _judged(self, grid: np.ndarray) -> np.ndarray:
        if self.criterion is None:
            return grid
        return np.where(CRITERIA[self.criterion](grid), grid, 0)


def read_grid(path: Path) -> np.ndarray:
    """The depth in a laser file, ``(55, 305)`` float32 metres, 0 unknown.

    Raises:
        DataError: the file is missing, unreadable, has another field or
            shape, no depth, or one in another unit.
    """
    from scipy.io import loadmat

    require(path, "laser depth", "unpack the depth archive of the split")
    # Whatever a damaged file makes the reader stumble over, the cause is
    # the file.
    try:
        fields = loadmat(path)
    except Exception as error:
        raise DataError(
            f"{path} is no MATLAB file, or is damaged ({error}); copy it again"
        ) from error
    if FIELD not in fields:
        found = sorted(name for name in fields if name[0] != "_")
        raise DataError(f"{path} holds {found}; expected the field {FIELD}")
    grid = fields[FIELD]
    if grid.shape != (*GRID, 4) or grid.dtype.kind not in "fui":
        raise DataError(
            f"{FIELD} in {path} is {grid.dtype} of shape {grid.shape}; "
            f"expected numbers of shape {(*GRID, 4)}"
        )
    depth = UNIT.metres(grid[..., DEPTH])
    known = depth[depth > 0]
    if not known.size:
        raise DataError(f"{path} holds no depth above 0")
    wrong = implausible(
        float(np.median(known)), UNIT, "outdoor", None, POSSIBLE_MEDIAN
    )
    if wrong:
        raise DataError(f"{path}: {wrong}")
    if known.max() > REACH:
        raise DataError(
            f"{path} holds {known.max():.0f} m, and the laser reaches about "
            "81 m; depth is in metres"
        )
    return depth


def refuse_unit(depth_unit) -> None:
    """Make3D's unit is part of its format."""
    if depth_unit is not None:
        raise ValueError(
            f"depth_unit is {depth_unit!r}, but Make3D holds metres; read "
            "others as a folder of your own"
        )


def _folders(root: Path, split: str) -> tuple[Path, Path]:
    pictures, places = PLACES[split]
    require(
        root / pictures,
        f"the pictures of the {split} split",
        "unpack the archives of Make3D there, or name their folder as root",
    )
    ways = [root / place for place in places]
    depths = next((path for path in ways if path.is_dir()), ways[0])
    require(
        depths,
        f"the laser depth of the {split} split",
        f"unpack its archive into {root}",
    )
    return root / pictures, depths


def _names(pictures: Path, depths: Path) -> list[str]:
    """Names that have both files; a picture or a depth alone is an error."""
    images, grids = (
        {
            path.name[len(start) : -len(end)]
            for path in folder.iterdir()
            if path.name.startswith(start) and path.name.endswith(end)
        }
        for folder, start, end in (
            (pictures, "img-", ".jpg"),
            (depths, "depth_sph_corr-", ".mat"),
        )
    )
    if not images:
        raise DataError(f"{pictures} holds no pictures named img-NAME.jpg")
    if lonely := sorted(images - grids):
        raise DataError(
            f"{depths / f'depth_sph_corr-{lonely[0]}.mat'} is missing, and so "
            f"for {len(lonely)} of the {len(images)} pictures in {pictures}"
        )
    if lonely := sorted(grids - images):
        raise DataError(
            f"{pictures / f'img-{lonely[0]}.jpg'} is missing, and so for "
            f"{len(lonely)} of the {len(grids)} depth files in {depths}"
        )
    return sorted(images)


def _camera(shape) -> np.ndarray:
    height, width = shape
    focal = max(shape)
    matrix = [[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]]
    return np.array(matrix, dtype=np.float32)


def _middles(n: int, length: float) -> np.ndarray:
    """Centres of n equal parts of a length."""
    return (np.arange(n) + 0.5) * length / n
