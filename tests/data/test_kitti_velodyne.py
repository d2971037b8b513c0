"""Laser scans become depth maps: every return in its pixel, nearest first."""

import kitti_files as files
import numpy as np
import pytest
import torch

from depthlib.data.files import DataError
from depthlib.data.kitti_calibration import house_matrix, read_calibration
from depthlib.data.kitti_velodyne import depth_map, read_scan
from depthlib.geometry import unproject

# A laser at the camera: x ahead is its depth, -y its x, -z its y.
PLAIN = files.K @ np.column_stack([files.AXES, np.zeros(3)])


def seen_at(column, row, z):
    """The laser point that KITTI's (u, v) = (column, row) sees at z metres."""
    ray = np.linalg.solve(files.K, [column, row, 1.0])
    return files.AXES.T @ (z * ray)


def one_by_one(points, laser, size):
    """The same map without numpy's tricks."""
    depth = np.zeros(size)
    for x, y, height in points[:, :3].astype(float):
        if x < 0:
            continue
        a, b, z = (row @ [x, y, height, 1.0] for row in laser)
        if z <= 0:
            continue
        column, row = round(a / z) - 1, round(b / z) - 1
        if 0 <= column < size[1] and 0 <= row < size[0]:
            old = depth[row, column]
            depth[row, column] = min(z, old) if old else z
    return depth


def test_equal_to_one_point_after_another(tmp_path):
    files.write_calibration(tmp_path)
    laser = read_calibration(tmp_path).laser
    # Enough that pixels are hit several times; some behind, some outside.
    points = np.random.default_rng(0).uniform(
        [-5, -20, -4, 0], [30, 20, 3, 1], (20_000, 4)
    )
    points = points.astype(np.float32)
    expected = one_by_one(points, laser, files.SIZE)
    got = depth_map(points, laser, files.SIZE)
    assert got.dtype == np.float32 and got.shape == files.SIZE
    np.testing.assert_array_equal(got, expected.astype(np.float32))
    assert 0.3 < (got > 0).mean() < 1


@pytest.mark.parametrize("order", [1, -1])
def test_the_nearest_return_wins(order):
    points = np.array([seen_at(8, 5, z) for z in (30, 7.5, 12)])[::order]
    depth = depth_map(points, PLAIN, files.SIZE)
    assert depth[4, 7] == pytest.approx(7.5) and (depth > 0).sum() == 1


def test_the_last_column_keeps_its_own():
    """The usual code gives these two pixels one index, and one depth."""
    width = files.SIZE[1]
    points = np.array([seen_at(width, 10, 40), seen_at(1, 11, 6)])
    depth = depth_map(points, PLAIN, files.SIZE)
    assert depth[9, width - 1] == pytest.approx(40)
    assert depth[10, 0] == pytest.approx(6)
    assert (depth > 0).sum() == 2


def test_rounding_decides_at_the_border():
    height, width = files.SIZE
    inside = [(0.51, 1), (width + 0.49, 1), (1, 0.51), (1, height + 0.49)]
    outside = [(0.49, 1), (width + 0.51, 1), (1, 0.49), (1, height + 0.51)]
    for places, count in ((inside, 1), (outside, 0)):
        for place in places:
            points = seen_at(*place, 10.0)[None]
            assert (depth_map(points, PLAIN, (height, width)) > 0).sum() == (
                count
            )


def test_what_lies_behind_is_not_seen():
    # Behind the laser; then ahead of it, but behind a camera that stands
    # 0.27 m before it, where it would appear upside down.
    ahead = np.column_stack([PLAIN[:, :3], PLAIN[:, :3] @ [-0.27, 0, 0]])
    for x in (-3.0, 0.1):
        assert not depth_map(np.array([[x, 0, 0]]), ahead, files.SIZE).any()
    assert depth_map(np.array([[3.0, 0, 0]]), ahead, files.SIZE).any()


def test_depth_is_along_the_cameras_axis(tmp_path):
    files.write_calibration(tmp_path)
    laser = read_calibration(tmp_path).laser
    point = np.array([[12.0, 5, -0.3]])
    rectified = files.RECTIFY @ (files.TURN @ point[0] + files.LASER)
    (got,) = (d := depth_map(point, laser, files.SIZE))[d > 0]
    assert got == pytest.approx(rectified[2] + files.SHIFT[2][2], rel=1e-6)
    assert abs(got - 12.0) > 0.2 and abs(got - np.linalg.norm(point)) > 0.2


def test_intrinsics_lead_back_to_the_points(tmp_path):
    files.write_calibration(tmp_path)
    calibration = read_calibration(tmp_path)
    _, metres, hit = files.scene()
    cloud = files.points(metres, hit)
    depth = depth_map(cloud, calibration.laser, files.SIZE)
    np.testing.assert_array_equal(depth > 0, hit)
    np.testing.assert_allclose(depth, metres * hit, rtol=1e-6)
    matrix = torch.from_numpy(house_matrix(calibration.matrix, 1))
    back = unproject(torch.from_numpy(depth)[None, None], matrix)[0].numpy()
    # Camera 2's own frame: K^-1 (depth (u, v, 1)).
    own = np.linalg.solve(
        files.K,
        calibration.laser
        @ np.column_stack([cloud[:, :3], np.ones(len(cloud))]).T,
    )
    off = np.abs(back[:, hit] - own)[:2] * files.K[0, 0] / own[2]
    # The points lie up to 0.45 pixels from their pixel's centre.
    assert 0.4 < off.max() < 0.4501


def test_scans_are_read_as_they_are(tmp_path):
    points = np.random.default_rng(0).normal(size=(50, 4)).astype("<f4")
    points[:, 3] = np.abs(points[:, 3])
    points.tofile(path := tmp_path / "0.bin")
    np.testing.assert_array_equal(read_scan(path), points)


@pytest.mark.parametrize("keep", [0, 1, 15, 799])
def test_a_cut_off_scan_is_named(tmp_path, keep):
    path = tmp_path / "0000000000.bin"
    path.write_bytes(np.ones((50, 4), "<f4").tobytes()[:keep])
    with pytest.raises(DataError, match=f"cut off: {keep} bytes") as error:
        read_scan(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_scan_of_no_numbers_is_named(tmp_path):
    path = tmp_path / "0.bin"
    with pytest.raises(DataError, match="missing"):
        read_scan(path)
    np.full((3, 4), np.nan, "<f4").tofile(path)
    with pytest.raises(DataError, match=r"0\.bin holds NaN"):
        read_scan(path)
    # Three numbers a point: 12 of them fill 9 points of four.
    np.tile([5.0, -2.0, -1.5], (12, 1)).astype("<f4").tofile(path)
    with pytest.raises(DataError, match=r"0\.bin has reflectances below 0"):
        read_scan(path)
