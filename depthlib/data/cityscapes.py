"""Cityscapes: snippets of street video with depth from stereo.

Cordts et al. 2016, "The Cityscapes dataset for semantic urban scene
understanding": 30 frames a snippet, 17 a second, of which the 20th is
annotated. Its disparity is an estimate from a second camera, no
measurement: it has holes, and errors that grow with the square of depth. A
disparity of a pixel is 473 m with these cameras, and a smaller one little
but error; all are kept as they are, and protocols cap them.
"""

import json
import re
from pathlib import Path

import numpy as np

from depthlib.data.cache import data_root
from depthlib.data.files import (
    DataError,
    read_grey,
    read_image,
    read_text,
    require,
)
from depthlib.data.fingerprint import fingerprint
from depthlib.data.pairs import PairDataset
from depthlib.data.resize import fitted
from depthlib.data.units import DepthUnit
from depthlib.data.video import VideoFiles, check_every

FOLDER = "cityscapes"
SPLITS = ("train", "val", "test")
AFTER = 10  # frames of a snippet after the annotated one
UNIT = DepthUnit("disparity, (v - 1) / 256 pixels", 1.0)
POSSIBLE_MEDIAN = (0.1, 200.0)  # metres, of one frame
RESIZE = "centre crop, area mean of colours, nearest pixel of depth"
_NAME = re.compile(r"([a-zA-Z-]+_\d{6})_(\d{6})")


class Cityscapes(VideoFiles, PairDataset):
    """Frame triples of Cityscapes around the annotated frames.

    Below the root lie, for each SPLIT and CITY,

    - ``disparity/SPLIT/CITY/NAME_disparity.png`` of the annotated frames:
      these are the reference frames;
    - ``camera/SPLIT/CITY/NAME_camera.json``;
    - ``leftImg8bit_sequence/SPLIT/CITY/NAME_leftImg8bit.png`` of all frames

    with NAME = ``CITY_SSSSSS_FFFFFF``, snippet and frame. The bonnet of the
    car fills the lowest fifth of each picture; crop it where it matters.
    How the car moved is not read: samples have no ``motion``.

    Args:
        root: folder of the set; None takes ``cityscapes`` under
            ``data_root()``.
        split: "train", "val" or "test".
        every: frames -1 and +1 are so many frames away, at most 10.
        size: (H, W) to crop and resize to; None keeps pictures as they are.
        cached: keep the resized arrays on disk for the next time; None does
            so where a size is given.

    Raises:
        DataError: a file is missing, damaged, or lacks a field; the message
            names the first.
        ValueError: an unknown split, or a spacing that leaves the snippet.
    """

    def __init__(
        self, root=None, split="train", *, every=1, size=None, cached=None
    ):
        if split not in SPLITS:
            raise ValueError(
                f"split is {split!r}; choose one of {', '.join(SPLITS)}"
            )
        if check_every(every) > AFTER:
            raise ValueError(
                f"every is {every}, but a snippet ends {AFTER} frames after "
                "its annotated one; give at most that"
            )
        if cached and size is None:
            raise ValueError("cached needs a size (H, W); give one")
        self.root = Path(root) if root else data_root() / FOLDER
        self.split, self.every = split, every
        self.names = _names(self.root / "disparity" / split)
        for name in self.names:
            for path in self.paths(name):
                require(
                    path,
                    f"a file of the triple around {name}",
                    "unpack the archives disparity, camera and "
                    "leftImg8bit_sequence into one folder",
                )
        self.name = f"{FOLDER}/{split}"
        self._whole = size is None
        if size is None:
            size = self.read(0)[1].shape
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
                "depth_unit": UNIT.label,
                "content": fingerprint(self.names, self.paths),
                "every": self.every,
                "resize": RESIZE,
            }
        return dict(self._manifest)

    def where(self, i: int) -> str:
        """The place of the depth of frame ``i`` on disk, for errors."""
        return str(self.paths(self.names[i])[0])

    def paths(self, name: str) -> list[Path]:
        """Disparity, camera, and the pictures of frames 0, -1 and +1."""
        snippet, number = _NAME.fullmatch(name).groups()
        frames = [int(number) + k for k in (0, -self.every, self.every)]
        pictures = [f"{snippet}_{frame:06d}" for frame in frames]
        return [
            self._path("disparity", name, "disparity.png"),
            self._path("camera", name, "camera.json"),
            *(
                self._path("leftImg8bit_sequence", frame, "leftImg8bit.png")
                for frame in pictures
            ),
        ]

    def _path(self, kind: str, name: str, ending: str) -> Path:
        city = name.partition("_")[0]
        return self.root / kind / self.split / city / f"{name}_{ending}"

    def read(self, i: int):
        """Reference frame ``i`` at full size.

        Returns:
            ``(image, depth, intrinsics)``: ``(H, W, 3)`` uint8, metres
            ``(H, W)`` float32 with 0 where unknown, ``(3, 3)`` float32.
        """
        path, camera, picture, *_ = self.paths(self.names[i])
        image, disparity = read_image(picture), read_disparity(path)
        if image.shape[:2] != disparity.shape:
            raise DataError(
                f"{path} is {disparity.shape[0]} x {disparity.shape[1]} but "
                f"{picture} is {image.shape[0]} x {image.shape[1]}"
            )
        matrix, baseline = read_stereo(camera)
        known = disparity > 0
        depth = np.zeros_like(disparity)
        # Disparity is a difference of columns: the horizontal focal length.
        depth[known] = baseline * matrix[0, 0] / disparity[known]
        _check_depth(depth, path)
        return image, depth, matrix

    def fitted(self, i: int, image, depth, matrix):
        """What ``read`` gives of frame ``i``, at ``self.size``."""
        size = depth.shape if self._whole else self.size
        return fitted(self.where(i), image, depth, matrix, size)

    def neighbours(self, i: int) -> list[Path]:
        """The pictures of frames -1 and +1."""
        return self.paths(self.names[i])[3:]

    def __len__(self):
        return len(self.names)


def present_splits(root=None) -> tuple:
    """The splits that are there; all three where none is."""
    folder = (Path(root) if root else data_root() / FOLDER) / "disparity"
    return tuple(s for s in SPLITS if (folder / s).is_dir()) or SPLITS


def read_disparity(path: Path) -> np.ndarray:
    """Disparity ``(H, W)`` float32 in pixels, 0 where there is none.

    Stored are 16 bits, ``v = 256 d + 1``; v = 0 means none.

    Raises:
        DataError: the file is missing, damaged or of another kind.
    """
    stored = read_grey(path)
    if stored.dtype != np.uint16:
        raise DataError(
            f"{path} stores {stored.dtype}; disparity of Cityscapes is 16-bit "
            "PNG, (v - 1) / 256 pixels, 0 = none"
        )
    return np.maximum(stored.astype(np.float32) - 1, 0) / 256


def read_stereo(path: Path) -> tuple[np.ndarray, float]:
    """Intrinsics ``(3, 3)`` float32 and the baseline in metres.

    The file is taken to count pixels from 0 at their centres, and moved by
    half a pixel.

    Raises:
        DataError: the file is missing, no JSON, or lacks a field.
    """
    require(path, "the cameras of a frame", "unpack the archive camera")
    try:
        values = json.loads(read_text(path))
    except ValueError as error:
        raise DataError(f"{path} is no JSON ({error})") from error
    fx, fy = (_field(values, "intrinsic", f, path) for f in ("fx", "fy"))
    u, v = (_field(values, "intrinsic", f, path, None) for f in ("u0", "v0"))
    baseline = _field(values, "extrinsic", "baseline", path)
    matrix = [[fx, 0, u + 0.5], [0, fy, v + 0.5], [0, 0, 1]]
    return np.array(matrix, dtype=np.float32), baseline


def _field(values, part: str, name: str, path: Path, least=0.0) -> float:
    """A number of the file, above ``least`` where there is one."""
    try:
        value = float(values[part][name])
    except (KeyError, TypeError, ValueError):
        value = np.nan
    if not np.isfinite(value) or (least is not None and value <= least):
        wanted = "a number" if least is None else f"a number above {least:g}"
        raise DataError(
            f"{part}.{name} in {path} is missing or wrong; expected {wanted}"
        )
    return value


def _check_depth(depth: np.ndarray, path: Path) -> None:
    known = depth[depth > 0]
    if not known.size:
        raise DataError(f"{path} holds no disparity above 0")
    low, high = POSSIBLE_MEDIAN
    if not low <= (middle := float(np.median(known))) <= high:
        raise DataError(
            f"{path}: the median depth is {middle:.4g} m, outside the "
            f"plausible {low:g} to {high:g} m; disparity is stored as "
            "256 d + 1, in pixels of the full size"
        )


def _names(folder: Path) -> list[str]:
    """The annotated frames of a split, sorted.

    Raises:
        DataError: there is none, or a name is no frame's.
    """
    require(
        folder,
        "the disparity of a split of Cityscapes",
        "unpack disparity_trainvaltest.zip there, or name another root",
    )
    names = []
    for path in sorted(folder.glob("*/*_disparity.png")):
        name = path.name.removesuffix("_disparity.png")
        found = _NAME.fullmatch(name)
        if not found or name.partition("_")[0] != path.parent.name:
            raise DataError(
                f"{path} is named wrongly; expected "
                "CITY/CITY_SSSSSS_FFFFFF_disparity.png"
            )
        names.append(name)
    if not names:
        raise DataError(
            f"{folder} holds no CITY/CITY_SSSSSS_FFFFFF_disparity.png"
        )
    _refuse_whole_snippets(names, folder)
    return names


def _refuse_whole_snippets(names: list[str], folder: Path) -> None:
    """Disparity of all frames has no triple at the ends of a snippet."""
    frames = {}
    for name in names:
        snippet, number = _NAME.fullmatch(name).groups()
        frames.setdefault(snippet, set()).add(int(number))
    for snippet, numbers in frames.items():
        follow = sorted(k for k in numbers if k + 1 in numbers)
        if follow:
            raise DataError(
                f"{folder} holds disparity of frames {follow[0]:06d} and "
                f"{follow[0] + 1:06d} of {snippet}; expected that of the "
                "annotated frames alone (disparity_trainvaltest.zip)"
            )
