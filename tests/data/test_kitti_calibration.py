"""KITTI's calibration: what it composes, and what is wrong with a file."""

import kitti_files as files
import numpy as np
import pytest

from depthlib.data.files import DataError
from depthlib.data.kitti_calibration import (
    house_matrix,
    read_calibration,
    read_matrix,
)


@pytest.fixture
def day(tmp_path):
    """A folder with both files."""
    files.write_calibration(tmp_path / files.DAY)
    return tmp_path / files.DAY


@pytest.mark.parametrize("camera", [2, 3])
def test_a_point_goes_through_every_frame(day, camera):
    """Laser, camera 0, rectified, then this camera, a step at a time."""
    calibration = read_calibration(day, camera)
    for point in ([10.0, 2, -1], [35.0, -8, 0.5]):
        unrectified = files.TURN @ point + files.LASER
        rectified = files.RECTIFY @ unrectified
        expected = files.K @ rectified + files.SHIFT[camera]
        got = calibration.laser @ [*point, 1]
        np.testing.assert_allclose(got, expected, rtol=1e-9)
    np.testing.assert_array_equal(calibration.matrix, files.K)
    assert calibration.size == files.SIZE


def test_pixel_centres_move_to_a_half():
    # The first pixel's centre is 0, or 1, there, and 0.5 here.
    from_zero, from_one = house_matrix(files.K, 0), house_matrix(files.K, 1)
    assert from_zero.dtype == np.float32
    assert from_zero[:2, 2] == pytest.approx([59.8, 15.3])
    assert from_one[:2, 2] == pytest.approx([58.8, 14.3])
    assert from_zero[0, 0] == from_one[1, 1] == 70
    assert files.K[0, 2] == 59.3  # not changed in place


def test_the_benchmarks_call_it_p2(tmp_path):
    path = tmp_path / "000000.txt"
    path.write_text(
        files.line("P2", np.column_stack([files.K, files.SHIFT[2]]))
    )
    np.testing.assert_array_equal(read_matrix(path), files.K)
    with pytest.raises(DataError, match="has no field P3"):
        read_matrix(path, 3)


NAN = " ".join(["nan"] * 12)


@pytest.mark.parametrize(
    ("file", "field", "text", "words"),
    [
        ("cam", "P_rect_02", None, "has no field P_rect_02"),
        ("cam", "S_rect_02", "1242", "expected 2 numbers"),
        ("cam", "P_rect_02", "1 2 3", "'1 2 3'; expected 12 numbers"),
        ("cam", "P_rect_02", "a b", "expected 12 numbers"),
        ("cam", "P_rect_02", NAN, "expected 12 numbers"),
        ("cam", "P_rect_02", "0 " * 12, "is no camera"),
        ("cam", "R_rect_00", "1 " * 9, "is no rotation"),
        ("velo", "R", None, "has no field R"),
        ("velo", "R", "2 0 0 0 2 0 0 0 2", "is no rotation"),
        ("velo", "T", "1 2", "expected 3 numbers"),
    ],
)
def test_a_wrong_field_is_named(day, file, field, text, words):
    other = {"cam": "cam_to_cam", "velo": "velo_to_cam"}[file]
    path = day / f"calib_{other}.txt"
    kept = [
        line
        for line in path.read_text().splitlines()
        if not line.startswith(f"{field}:")
    ]
    kept += [] if text is None else [f"{field}: {text}"]
    path.write_text("\n".join(kept))
    with pytest.raises(DataError, match=words) as error:
        read_calibration(day)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_the_size_of_pictures_need_not_be_stated(day):
    path = day / "calib_cam_to_cam.txt"
    text = path.read_text()
    path.write_text(text.replace("S_rect_02:", "S_other:"))
    assert read_calibration(day).size is None


@pytest.mark.parametrize("name", ["cam_to_cam", "velo_to_cam"])
def test_a_missing_file_is_named(day, name):
    path = day / f"calib_{name}.txt"
    path.unlink()
    with pytest.raises(DataError, match="is missing") as error:
        read_calibration(day)
    assert str(path) in str(error.value)
