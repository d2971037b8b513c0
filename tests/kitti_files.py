"""Tiny copies of KITTI in its layouts: a road with a wall at its end."""

import numpy as np
import pytest
from PIL import Image

from depthlib.data.files import DataError

SIZE = (36, 120)  # (H, W)
DAY, DRIVE = "2011_09_26", "2011_09_26_drive_0001_sync"
K = np.array([[70.0, 0, 59.3], [0, 70.0, 14.8], [0, 0, 1]])
# The fourth columns of P_rect_02 and P_rect_03: K t, and a z of its own.
SHIFT = {2: np.array([4.4, 0.2, 0.003]), 3: np.array([-33.0, 2.2, 0.003])}
LASER = np.array([-0.004, -0.076, -0.27])  # T of calib_velo_to_cam.txt


def rotation(x, y, z):
    """Turns about three axes, radians."""
    (a, b), (c, d), (e, f) = ((np.cos(t), np.sin(t)) for t in (x, y, z))
    return (
        np.array([[e, -f, 0], [f, e, 0], [0, 0, 1]])
        @ np.array([[c, 0, d], [0, 1, 0], [-d, 0, c]])
        @ np.array([[1, 0, 0], [0, a, -b], [0, b, a]])
    )


RECTIFY = rotation(0.01, -0.008, 0.01)
# Laser: x ahead, y left, z up. Camera: x right, y down, z ahead.
AXES = np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]])
TURN = rotation(0.005, 0.007, -0.006) @ AXES


def scene(size=SIZE, seed=0):
    """Picture ``(H, W, 3)``, dense metres ``(H, W)``, mask of returns.

    The road lies 1.65 m below the camera, the wall stands at 20 to 25 m;
    the laser hits 4 % of the pixels below the horizon's upper third.
    """
    random = np.random.default_rng(seed)
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    below = np.maximum(rows + 1 - K[1, 2] * height / SIZE[0], 1e-3)
    road = 1.65 * K[1, 1] * height / SIZE[0] / below
    metres = np.minimum(road, 20 + 5 * random.random()).astype(np.float32)
    shades = np.stack([rows * 3, columns, 200 - rows * 2], -1) % 256
    hit = random.random(size) < 0.04 * 1.25
    hit[: height // 5] = False
    return shades.astype(np.uint8), metres, hit


def points(metres, hit, camera=2, seed=0):
    """Laser points whose pixels, counted from 1, see these depths."""
    random = np.random.default_rng(seed)
    rows, columns = np.nonzero(hit)
    z = metres[rows, columns].astype(np.float64)
    off = random.uniform(-0.45, 0.45, (2, z.size))
    pixels = np.stack(
        [columns + 1 + off[0], rows + 1 + off[1], np.ones(z.size)]
    )
    rectified = np.linalg.solve(K, z * pixels - SHIFT[camera][:, None])
    there = TURN.T @ (RECTIFY.T @ rectified - LASER[:, None])
    return np.column_stack([there.T, random.random(z.size)])


def line(name, values):
    """A line of a calibration file, as KITTI prints its numbers."""
    return f"{name}: {' '.join(f'{v:.12e}' for v in np.ravel(values))}\n"


def write_calibration(day, size=SIZE):
    """``calib_cam_to_cam.txt`` and ``calib_velo_to_cam.txt`` of a day."""
    day.mkdir(parents=True, exist_ok=True)
    text = "calib_time: 09-Jan-2012 13:57:47\ncorner_dist: 9.950000e-02\n"
    text += line("R_rect_00", RECTIFY)
    for camera, shift in SHIFT.items():
        text += line(f"S_rect_0{camera}", size[::-1])
        text += line(f"P_rect_0{camera}", np.column_stack([K, shift]))
    (day / "calib_cam_to_cam.txt").write_text(text)
    text = "calib_time: 15-Mar-2012 11:37:16\n" + line("R", TURN)
    text += line("T", LASER) + line("delta_f", [0, 0])
    (day / "calib_velo_to_cam.txt").write_text(text)


def write_frame(root, number, image, cloud, camera=2, drive=DRIVE):
    """One picture and its scan in the layout of KITTI raw."""
    folder = root / drive[:10] / drive
    picture = folder / f"image_0{camera}" / "data" / f"{number:010d}.png"
    scan = folder / "velodyne_points" / "data" / f"{number:010d}.bin"
    for path in (picture, scan):
        path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(picture)
    cloud.astype("<f4").tofile(scan)
    return picture, scan


def write_raw(root, numbers=(0, 5, 12)):
    """Frames of one drive; returns the root and the scenes."""
    write_calibration(root / DAY)
    scenes = [scene(seed=number) for number in numbers]
    for number, (image, metres, hit) in zip(numbers, scenes, strict=True):
        write_frame(root, number, image, points(metres, hit))
    return root, scenes


def write_map(path, metres):
    """A depth map as KITTI stores it: 16 bit, 256 to a metre."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(256 * metres).astype(np.uint16)).save(path)


def write_pairs(root, count=3, size=SIZE, calibration="one"):
    """``rgb``, ``depth`` and, unless None, ``calib``; returns the scenes."""
    scenes = [scene(size, seed) for seed in range(count)]
    (root / "rgb").mkdir(parents=True)
    for i, (image, metres, hit) in enumerate(scenes):
        Image.fromarray(image).save(root / "rgb" / f"{i:06d}.png")
        write_map(root / "depth" / f"{i:06d}.png", metres * hit)
    if calibration:
        (root / "calib").mkdir()
        text = line("P2", np.column_stack([K, SHIFT[2]]))
        for i in range(1 if calibration == "one" else count):
            (root / "calib" / f"{i:06d}.txt").write_text(text)
    return root, scenes


def refused(make, *words):
    """The message of the error; it names what it must in one line."""
    with pytest.raises(DataError) as error:
        make()
    text = str(error.value)
    assert "\n" not in text
    for word in words:
        assert str(word) in text, text
    return text
