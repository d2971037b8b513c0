"""KITTI's own bytes, where DEPTHLIB_DATA holds some frames in both layouts."""

import os
from pathlib import Path

import numpy as np
import pytest

from depthlib.data import Kitti, data_root
from depthlib.data.check import check
from depthlib.data.kitti_calibration import read_calibration
from depthlib.data.kitti_velodyne import read_scan

LAYOUT, VIDEO, STILLS = "raw_layout", "raw_2011_09_26_video", "stereo2015_left"


def real(name) -> Path:
    """A folder of real KITTI frames, or skip."""
    folder = data_root() / "kitti" / name
    if not folder.is_dir():
        said = os.environ.get("DEPTHLIB_DATA", "not set")
        pytest.skip(f"no KITTI frames in {folder} (DEPTHLIB_DATA is {said})")
    return folder


def test_real_scans_agree_with_the_maps_of_their_drive():
    """The same frames in both layouts: same returns, a pixel apart."""
    scans, maps = Kitti(real(LAYOUT)), Kitti(real(VIDEO))
    assert [name.number for name in scans.names] == [0, 5]
    for i, number in ((0, 0), (1, 5)):
        scan, kept = scans[i], maps[number]
        pixels = (scan["image"] - kept["image"]).abs().mean()
        assert pixels < 0.02  # JPEG against PNG
        ours, theirs = scan["depth"][0], kept["depth"][0]
        # round(u) - 1 against round(u): what the maps hold at their first
        # row or column is outside the frame for the scan.
        ours, theirs = ours[:-1, :-1], theirs[1:, 1:]
        both = (ours > 0) & (theirs > 0)
        assert both.sum() == (theirs > 0).sum() > 15_000
        assert (ours > 0).sum() == both.sum()
        assert (ours - theirs).abs()[both].max() <= 1 / 512 + 1e-4
        # Each layout's own intrinsics follow, so that rays are the same.
        shift = (kept["intrinsics"] - scan["intrinsics"])[:2, 2]
        assert shift.tolist() == pytest.approx([1, 1], abs=1e-3)


def test_real_scan_equals_one_point_after_another():
    root = real(LAYOUT)
    data = Kitti(root)
    laser = read_calibration(root / "2011_09_26").laser
    points = read_scan(root / data.names[0].scan)[:, :3].astype(float)
    expected = {}
    for point in points[points[:, 0] >= 0]:
        a, b, z = laser @ [*point, 1]
        place = round(b / z) - 1, round(a / z) - 1
        if 0 <= place[0] < 375 and 0 <= place[1] < 1242:
            expected[place] = min(z, expected.get(place, z))
    depth = data.read(0)[1]
    assert (depth > 0).sum() == len(expected)
    rows, columns = np.transpose(list(expected))
    wanted = np.array(list(expected.values()), np.float32)
    np.testing.assert_array_equal(depth[rows, columns], wanted)


@pytest.mark.parametrize(
    ("name", "count", "median", "known"),
    [
        (LAYOUT, 2, (7, 9), (0.03, 0.04)),
        (VIDEO, 50, (6, 9), (0.03, 0.04)),
        (STILLS, 130, (10, 16), (0.035, 0.045)),
    ],
)
def test_real_sets_are_right(name, count, median, known):
    report = check("kitti", real(name))
    assert report.pairs == count and report.size == (375, 1242)
    assert median[0] < report.depth[1] < median[1]
    assert known[0] < report.known < known[1]
    assert report.depth[0] > 1 and report.depth[2] < 80
