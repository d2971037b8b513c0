"""Laser scans of KITTI, and the sparse depth map that one makes."""

from pathlib import Path

import numpy as np

from depthlib.data.files import DataError, require

POINT = 16  # bytes: x, y, z, reflectance as float32


def read_scan(path: Path) -> np.ndarray:
    """Points ``(N, 4)`` float32: x ahead, y left, z up in metres; reflectance.

    Raises:
        DataError: the file is missing, empty, cut off, holds NaN or is no
            scan with a reflectance.
    """
    require(path, "a laser scan", "unpack the drive with its velodyne_points")
    content = path.read_bytes()
    if not content or len(content) % POINT:
        raise DataError(
            f"{path} is cut off: {len(content)} bytes are no whole number of "
            f"{POINT}-byte points; copy it again"
        )
    points = np.frombuffer(content, dtype="<f4").reshape(-1, 4)
    if not np.isfinite(points[:, :3]).all():
        raise DataError(f"{path} holds NaN or infinity; copy it again")
    if (points[:, 3] < 0).any():
        raise DataError(
            f"{path} has reflectances below 0; expected x, y, z and the "
            "reflectance of one point after another, as KITTI writes them"
        )
    return points


def depth_map(
    points: np.ndarray, laser: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """The scan as the camera sees it: one return at most in a pixel.

    Points behind the laser (x < 0) or the camera are dropped. A point at
    KITTI's (u, v) falls into column round(u) - 1 and row round(v) - 1, as in
    the evaluation on the split of Eigen et al. 2014; where several fall into
    one pixel, the nearest hides the others. In the code that is usually used
    for that evaluation the last pixel of a row shares an index with the
    first of the next; here every pixel keeps its own.

    Depth is along the camera's axis. That code can write the laser's own x
    instead, and published scripts often ask it to: the same points are then
    about 0.28 m farther away, as the laser stands that far behind.

    Args:
        points: ``(N, 3)`` or more columns, metres.
        laser: ``(3, 4)`` of ``Calibration``.
        size: (H, W) of the picture.

    Returns:
        ``(H, W)`` float32, metres, 0 without a return.
    """
    ahead = points[points[:, 0] >= 0, :3].astype(np.float64)
    u, v, z = laser[:, :3] @ ahead.T + laser[:, 3:]
    u, v, z = u[z > 0], v[z > 0], z[z > 0]
    column, row = np.rint(u / z) - 1, np.rint(v / z) - 1
    inside = (column >= 0) & (column < size[1]) & (row >= 0) & (row < size[0])
    place = row[inside].astype(int), column[inside].astype(int)
    depth = np.full(size, np.inf, dtype=np.float32)
    np.minimum.at(depth, place, z[inside].astype(np.float32))
    return np.where(np.isinf(depth), np.float32(0), depth)
