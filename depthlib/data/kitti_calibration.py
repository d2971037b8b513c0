"""KITTI's calibration files: where a laser point lands in a picture.

Geiger et al. 2013, "Vision meets robotics: the KITTI dataset".
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depthlib.data.files import DataError, read_text, require

CAMERA_FILE, LASER_FILE = "calib_cam_to_cam.txt", "calib_velo_to_cam.txt"
LEFT, RIGHT = 2, 3  # the colour cameras


@dataclass(frozen=True)
class Calibration:
    """A rectified colour camera of KITTI, float64.

    Attributes:
        matrix: ``(3, 3)``, the focal lengths and principal point as the file
            states them; ``house_matrix`` turns them into this package's.
        laser: ``(3, 4)``, takes a laser point (x, y, z, 1), metres, to
            ``depth * (u, v, 1)``. Depth is along the axis of this camera.
        size: (H, W) of the rectified pictures; None where the file does not
            say.
        path: the file, for errors.
    """

    matrix: np.ndarray
    laser: np.ndarray
    size: tuple[int, int] | None
    path: Path


def read_calibration(folder: Path, camera: int = LEFT) -> Calibration:
    """The calibration of one day of KITTI raw.

    Args:
        folder: of the day, such as ``2011_09_26``; it holds
            ``calib_cam_to_cam.txt`` and ``calib_velo_to_cam.txt``.
        camera: 2, the left colour camera, or 3, the right one.

    Raises:
        DataError: a file or a field is missing or no such thing.
    """
    path, laser_path = folder / CAMERA_FILE, folder / LASER_FILE
    fields, laser = read_fields(path), read_fields(laser_path)
    projection = _projection(fields, f"P_rect_{camera:02d}", path)
    # All cameras are rectified into the frame of camera 0.
    rectify = _rotation(fields, "R_rect_00", path)
    to_camera = np.eye(4)
    to_camera[:3, :3] = rectify @ _rotation(laser, "R", laser_path)
    to_camera[:3, 3] = rectify @ _numbers(laser, "T", 3, laser_path)
    size = None
    if (name := f"S_rect_{camera:02d}") in fields:
        width, height = _numbers(fields, name, 2, path)
        size = int(height), int(width)
    return Calibration(projection[:, :3], projection @ to_camera, size, path)


def read_matrix(path: Path, camera: int = LEFT) -> np.ndarray:
    """``(3, 3)`` of a camera, from the file that goes with one picture.

    The benchmarks of KITTI keep the same numbers under other names: P2 here
    is ``P_rect_02`` there.

    Raises:
        DataError: the file or the field is missing or no camera.
    """
    return _projection(read_fields(path), f"P{camera}", path)[:, :3]


def house_matrix(matrix: np.ndarray, first: float) -> np.ndarray:
    """Intrinsics ``(3, 3)`` float32 whose first pixel is centred at 0.5.

    Args:
        matrix: ``(3, 3)`` with integer pixel centres.
        first: the number that it gives the first pixel, 0 or 1.
    """
    moved = np.array(matrix, dtype=np.float32)
    moved[:2, 2] += 0.5 - first
    return moved


def read_fields(path: Path) -> dict[str, str]:
    """The ``name: text`` lines of a calibration file.

    Raises:
        DataError: the file is missing.
    """
    require(
        path,
        "KITTI's calibration",
        "unpack the calibration of that day beside its drives",
    )
    pairs = (line.partition(":") for line in read_text(path).splitlines())
    return {name.strip(): text for name, colon, text in pairs if colon}


def _numbers(fields, name: str, count: int, path: Path) -> np.ndarray:
    if name not in fields:
        raise DataError(
            f"{path} has no field {name}; use KITTI's own calibration file"
        )
    try:
        values = np.array(fields[name].split(), dtype=np.float64)
    except ValueError:
        values = np.empty(0)
    if values.size != count or not np.isfinite(values).all():
        raise DataError(
            f"{name} in {path} is {fields[name].strip()[:60]!r}; expected "
            f"{count} numbers"
        )
    return values


def _projection(fields, name: str, path: Path) -> np.ndarray:
    matrix = _numbers(fields, name, 12, path).reshape(3, 4)
    left = matrix[:, :3]
    upper = np.allclose(left, np.triu(left)) and left[2, 2] == 1
    if not upper or min(left[0, 0], left[1, 1]) <= 0:
        raise DataError(
            f"{name} in {path} is no camera; expected fx 0 cx tx, 0 fy cy ty, "
            "0 0 1 tz"
        )
    return matrix


def _rotation(fields, name: str, path: Path) -> np.ndarray:
    matrix = _numbers(fields, name, 9, path).reshape(3, 3)
    # Seven digits are printed.
    if not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-3):
        raise DataError(f"{name} in {path} is no rotation; is it damaged?")
    return matrix
