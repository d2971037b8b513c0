"""The layouts in which 7-Scenes is read: as published, and as a folder.

A sequence lists its frames, and knows the pose and the camera of each.
"""

import re
from pathlib import Path

import numpy as np

from depthlib.data.files import (
    DataError,
    read_camera,
    read_grey,
    read_text,
    require,
)
from depthlib.data.units import UNITS, implausible

SPLITS = {"train": "TrainSplit.txt", "test": "TestSplit.txt"}
UNIT, INVALID = UNITS["mm"], 65535
POSSIBLE_MEDIAN = (0.2, 10.0)  # metres, of one frame: a Kinect's reach
# Of the depth camera, as the set's page states it, for 480 x 640.
NOMINAL = np.array([[585, 0, 320], [0, 585, 240], [0, 0, 1]], np.float32)
NOMINAL_FRAME = (480, 640)


class FolderSequence:
    """A sequence as ``rgb/NNNNNN.jpg``, ``depth/NNNNNN.png``, two texts.

    ``poses.txt`` has a camera-to-world matrix a line, its sixteen numbers
    row by row; ``intrinsics.txt`` three lines, the middle of a picture of
    width W at W / 2. Depth is registered to the colour camera.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._lines = _lines(folder / "poses.txt")
        pictures = _numbered(folder / "rgb", r"(\d+)\.(?:jpg|png)")
        maps = _numbered(folder / "depth", r"(\d+)\.png")
        self.frames = _matched(pictures, maps, folder)
        if len(self._lines) != len(self.frames):
            raise DataError(
                f"{folder / 'poses.txt'} has {len(self._lines)} lines for "
                f"{len(self.frames)} frames; expected one pose a frame"
            )
        self._matrix = read_camera(folder / "intrinsics.txt")

    def texts(self, k: int) -> list[Path]:
        """The files that pose and camera of frame k come from."""
        return [self.folder / "poses.txt", self.folder / "intrinsics.txt"]

    def pose(self, k: int) -> np.ndarray:
        """Camera to world ``(4, 4)`` of frame k."""
        where = f"line {k + 1} of {self.folder / 'poses.txt'}"
        return rigid(self._lines[k], where)

    def intrinsics(self, shape) -> np.ndarray:
        """``(3, 3)`` of whole pictures."""
        return self._matrix


class OfficialSequence:
    """A sequence as published: ``frame-NNNNNN.color.png`` and its company.

    ``.depth.png`` holds millimetres, ``.pose.txt`` the camera-to-world
    matrix. The two cameras are not calibrated: depth and pose belong to the
    depth camera, whose nominal intrinsics are taken, and colours lie some
    pixels beside their depth.
    """

    def __init__(self, folder: Path):
        require(folder, "a sequence of 7-Scenes", "unpack its zip file there")
        self.folder = folder
        pictures = _numbered(folder, r"frame-(\d{6})\.color\.png")
        maps = _numbered(folder, r"frame-(\d{6})\.depth\.png")
        self.frames = _matched(pictures, maps, folder)

    def texts(self, k: int) -> list[Path]:
        """The file that the pose of frame k comes from."""
        picture = self.frames[k][0]
        name = picture.name.replace("color.png", "pose.txt")
        return [picture.with_name(name)]

    def pose(self, k: int) -> np.ndarray:
        """Camera to world ``(4, 4)`` of frame k."""
        (path,) = self.texts(k)
        return rigid(" ".join(_lines(path)), str(path))

    def intrinsics(self, shape) -> np.ndarray:
        """``(3, 3)`` of whole pictures."""
        ratios = np.divide(shape, NOMINAL_FRAME, dtype=np.float32)
        return NOMINAL * [[ratios[1]], [ratios[0]], [1]]


def open_sequences(root: Path, split: str) -> list:
    """The sequences of a split, in the layout that ``root`` has.

    Raises:
        DataError: no layout is there, or a sequence is in both splits.
    """
    if (root / split / "poses.txt").is_file():
        return [FolderSequence(root / split)]
    lists = {name: root / file for name, file in SPLITS.items()}
    if not lists[split].is_file():
        raise DataError(
            f"{root} holds no scene of 7-Scenes: expected {SPLITS[split]} "
            f"beside the folders seq-01 and so on, or {split}/poses.txt; see "
            "`depthlib data list`"
        )
    wanted = _listed(lists[split])
    other = lists["test" if split == "train" else "train"]
    if other.is_file() and (both := set(wanted) & set(_listed(other))):
        raise DataError(
            f"{lists[split]} and {other.name} share sequence "
            f"{sorted(both)[0]}; use the official lists"
        )
    return [OfficialSequence(root / f"seq-{k:02d}") for k in wanted]


def read_millimetres(path: Path) -> np.ndarray:
    """Metres ``(H, W)`` float32 of a 16-bit PNG, 0 where unknown.

    Raises:
        DataError: the file is missing, damaged, of another kind or unit.
    """
    stored = read_grey(path)
    if stored.dtype != np.uint16:
        raise DataError(
            f"{path} stores {stored.dtype}; depth of 7-Scenes is 16-bit PNG, "
            "millimetres, 0 or 65535 = unknown"
        )
    depth = UNIT.metres(np.where(stored == INVALID, 0, stored))
    known = depth[depth > 0]
    if not known.size:
        raise DataError(f"{path} holds no depth above 0")
    wrong = implausible(
        float(np.median(known)), UNIT, "indoor", stored.dtype, POSSIBLE_MEDIAN
    )
    if wrong:
        raise DataError(f"{path}: {wrong}")
    return depth


def rigid(text: str, where: str) -> np.ndarray:
    """The 4 x 4 rigid motion that sixteen numbers state, row by row.

    Raises:
        DataError: they do not; ``where`` names them.
    """
    try:
        values = np.array(text.split(), dtype=np.float64)
    except ValueError:
        values = np.empty(0)
    if values.size != 16 or not np.isfinite(values).all():
        raise DataError(
            f"{where} is {text.strip()[:40]!r}; expected the 16 numbers of a "
            "camera-to-world matrix"
        )
    pose = values.reshape(4, 4)
    turn = pose[:3, :3]
    # Tracking accumulates rounding; a wrong order of numbers is far off.
    square = np.abs(turn @ turn.T - np.eye(3)).max() < 1e-2
    if not square or not np.allclose(pose[3], [0, 0, 0, 1]):
        raise DataError(
            f"{where} is no rigid motion; expected rotation and shift above "
            "the row 0 0 0 1"
        )
    return pose


def _listed(path: Path) -> list[int]:
    """Numbers of the sequences in lines such as ``sequence1``."""
    numbers = []
    for line in read_text(path).split():
        found = re.fullmatch(r"(?:sequence|seq-)?(\d+)", line)
        if not found:
            raise DataError(
                f"{path} says {line!r}; expected lines such as 'sequence1'"
            )
        if int(found[1]) in numbers:
            raise DataError(f"{path} says {line!r} twice; say it once")
        numbers.append(int(found[1]))
    if not numbers:
        raise DataError(f"{path} is empty; expected lines such as 'sequence1'")
    return numbers


def _numbered(folder: Path, pattern: str) -> dict[int, Path]:
    require(folder, "a part of 7-Scenes", "unpack or copy the sequence again")
    found = ((re.fullmatch(pattern, p.name), p) for p in folder.iterdir())
    return {int(match[1]): path for match, path in found if match}


def _matched(pictures: dict, maps: dict, folder: Path) -> list:
    """Picture and depth map of each frame; frames count on from the first."""
    if not pictures | maps:
        raise DataError(f"{folder} holds no frames of 7-Scenes")
    numbers = sorted(pictures | maps)
    for number in range(numbers[0], numbers[-1] + 1):
        for kind, files in (("picture", pictures), ("depth map", maps)):
            if number not in files:
                raise DataError(
                    f"{folder} lacks the {kind} of frame {number:06d}; copy "
                    "the sequence again"
                )
    return [(pictures[number], maps[number]) for number in numbers]


def _lines(path: Path) -> list[str]:
    require(path, "poses of 7-Scenes", "copy the sequence again")
    return [line for line in read_text(path).splitlines() if line.strip()]
