"""Lists of KITTI frames, in the spellings that are in use."""

import re
from pathlib import Path
from typing import NamedTuple

from depthlib.data.archive import leads_out
from depthlib.data.files import DataError, read_text
from depthlib.data.kitti_calibration import LEFT, RIGHT

_DRIVE = r"(?P<date>\d{4}_\d\d_\d\d)/(?P<drive>(?P=date)_drive_\d{4}_sync)"
_PICTURE = re.compile(
    rf"{_DRIVE}/image_0(?P<camera>[23])/data/(?P<number>\d{{10}})\.(?:png|jpg)"
)
_FRAME = re.compile(rf"{_DRIVE}\s+(?P<number>\d{{1,10}})\s+(?P<side>[lr])")
SPELLINGS = (
    "'DATE/DRIVE/image_02/data/NNNNNNNNNN.png', that with a depth map and a "
    "focal length after it, or 'DATE/DRIVE NUMBER l'"
)


class Frame(NamedTuple):
    """One picture of KITTI raw.

    Attributes:
        date: of the recording, ``2011_09_26``.
        drive: folder, ``2011_09_26_drive_0001_sync``.
        camera: 2 (left) or 3 (right).
        number: of the frame within its drive.
        depth: path of its depth map as the list gives it; "" where the list
            says that there is none, None where it does not say.
    """

    date: str
    drive: str
    camera: int
    number: int
    depth: str | None = None

    @property
    def picture(self) -> str:
        """Path without its ending, below the root."""
        folder = f"{self.date}/{self.drive}/image_0{self.camera}/data"
        return f"{folder}/{self.number:010d}"

    @property
    def scan(self) -> str:
        """Path of the laser scan, below the root."""
        folder = f"{self.date}/{self.drive}/velodyne_points/data"
        return f"{folder}/{self.number:010d}.bin"


def frame_of(picture: str) -> Frame | None:
    """The frame that a path below the root names; None if it names none."""
    found = _PICTURE.fullmatch(picture)
    if not found:
        return None
    numbers = int(found["camera"]), int(found["number"])
    return Frame(found["date"], found["drive"], *numbers)


def read_split(path: Path) -> list[Frame]:
    """The frames of a split file, in its order.

    Three spellings are read: the path of a picture, alone or with that of
    the right camera's picture; the path, a depth map or ``None``, and a
    focal length, which is ignored, as the calibration has it; and
    ``DATE/DRIVE NUMBER l``, or ``r``, where the number may lack its zeros.

    Raises:
        DataError: a line is none of these, or there is none.
    """
    frames = []
    lines = read_text(path).splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip():
            frames.append(_frame(line.strip(), f"line {number} of {path}"))
    if not frames:
        raise DataError(f"{path} is empty; expected a frame a line")
    return frames


def _frame(line: str, where: str) -> Frame:
    if found := _FRAME.fullmatch(line):
        camera = LEFT if found["side"] == "l" else RIGHT
        return Frame(
            found["date"], found["drive"], camera, int(found["number"])
        )
    picture, *rest = line.split()
    frame = frame_of(picture)
    if frame is None or len(rest) > 2 or not _is_number(rest[1:]):
        raise DataError(f"{where} is {line!r}; expected {SPELLINGS}")
    if not rest or frame_of(rest[0]):
        return frame
    if leads_out(rest[0]):
        raise DataError(f"{where} names {rest[0]!r}, which lies elsewhere")
    return frame._replace(depth="" if rest[0] == "None" else rest[0])


def _is_number(words: list[str]) -> bool:
    return all(re.fullmatch(r"\d+(\.\d*)?", word) for word in words)
