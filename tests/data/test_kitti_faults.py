"""KITTI folders in which something is wrong, said in one sentence."""

import shutil

import kitti_files as files
import numpy as np
import pytest
from PIL import Image

from depthlib.data import Kitti
from depthlib.data.check import check

PICTURE = f"{files.DAY}/{files.DRIVE}/image_02/data"


def test_a_folder_of_sets_says_which_to_take(kitti_raw, kitti_pairs):
    files.refused(lambda: Kitti(kitti_raw[0].parent), "as root: pairs, raw")
    files.refused(lambda: Kitti(kitti_raw[0], layout="pairs"), "(pairs)")
    with pytest.raises(ValueError, match="choose one of raw, annotated"):
        Kitti(kitti_raw[0], layout="zip")


def test_pictures_without_a_scan_are_no_frames(kitti_raw):
    root, _ = kitti_raw
    scans = sorted(root.rglob("*.bin"))
    scans[1].unlink()
    assert [name.number for name in Kitti(root).names] == [0, 12]
    for path in (scans[0], scans[2]):
        path.unlink()
    files.refused(
        lambda: Kitti(root), "none of its 3 pictures", "0000000000.bin"
    )
    shutil.rmtree(root / files.DAY / files.DRIVE)
    files.refused(lambda: Kitti(root), "holds no frames", "NNNNNNNNNN.png")


def test_missing_frames_of_a_split_are_counted(kitti_raw):
    root, _ = kitti_raw
    numbers = (0, 3, 5, 4)
    lines = [f"{files.DAY}/{files.DRIVE} {n} l\n" for n in numbers]
    (root / "test.txt").write_text("".join(lines))
    files.refused(
        lambda: Kitti(root, "test"),
        "0000000003.bin is missing",
        f"2 of the 4 frames in {root / 'test.txt'}",
    )


@pytest.mark.parametrize("name", ["calib_cam_to_cam", "calib_velo_to_cam"])
def test_a_missing_calibration_is_named(kitti_raw, name):
    path = kitti_raw[0] / files.DAY / f"{name}.txt"
    path.unlink()
    files.refused(
        lambda: Kitti(kitti_raw[0]), f"{path} is missing", "3 of the 3 frames"
    )


def test_a_pair_without_its_partner_is_named(kitti_pairs):
    root, _ = kitti_pairs
    (root / "depth" / "000001.png").unlink()
    files.refused(
        lambda: Kitti(root), "depth/000001.png is missing", "1 of the 3"
    )
    (root / "test.txt").write_text("000002\n000000\n")
    assert Kitti(root, "test").names == ["000002", "000000"]
    for text, words in (("", "is empty"), ("../x\n", "names '../x'")):
        (root / "test.txt").write_text(text)
        files.refused(lambda: Kitti(root, "test"), root / "test.txt", words)


def test_sizes_that_do_not_fit_are_named(kitti_raw, kitti_pairs):
    path = kitti_raw[0] / PICTURE / "0000000005.png"
    Image.fromarray(np.zeros((18, 60, 3), np.uint8)).save(path)
    files.refused(
        lambda: Kitti(kitti_raw[0])[1],
        path,
        "18 x 60",
        "36 x 120",
        "calib_cam",
    )
    path = kitti_pairs[0] / "depth" / "000001.png"
    files.write_map(path, np.full((18, 60), 9.0))
    files.refused(
        lambda: Kitti(kitti_pairs[0])[1], path, "18 x 60", "36 x 120"
    )


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (1, "looks like metres read as steps of 0.003906 m"),
        # A median of 29 m is plausible, 234 m is not.
        (1000, "holds 234 m, and the laser reaches 120 m"),
        (5000, "the median depth is 146.5 m"),
    ],
)
def test_a_wrong_unit_is_named(kitti_pairs, steps, words):
    root, _ = kitti_pairs
    metres = np.full(files.SIZE, 7.5)
    metres[:, :12] = 60 if steps < 5000 else 10
    path = root / "depth" / "000000.png"
    files.write_map(path, metres * steps / 256)
    files.refused(lambda: Kitti(root)[0], path, words)


def test_check_judges_the_unit_of_a_whole_set(kitti_pairs):
    root, _ = kitti_pairs
    for path in (root / "depth").iterdir():
        files.write_map(path, np.full(files.SIZE, 7.5) * 100 / 256)
    files.refused(lambda: check("kitti", root), "centimetres read as steps")


def test_what_is_no_depth_map_is_named(kitti_pairs):
    root, scenes = kitti_pairs
    path = root / "depth" / "000000.png"
    metres = scenes[0][1]
    Image.fromarray(metres.astype(np.uint8)).save(path)
    files.refused(lambda: Kitti(root), path, "stores uint8", "v / 256")
    files.write_map(path, 0 * metres)
    files.refused(lambda: Kitti(root)[0], path, "no return")
    files.write_map(path, metres)
    path.write_bytes(path.read_bytes()[:-60])
    files.refused(lambda: Kitti(root), path, "cut off")


def test_spoilt_scans_are_named(kitti_raw):
    root, _ = kitti_raw
    path = sorted(root.rglob("*.bin"))[1]
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    files.refused(lambda: Kitti(root)[1], path, "cut off")
    # All behind the laser.
    points = np.frombuffer(whole, "<f4").reshape(-1, 4) * [-1, 1, 1, 1]
    points.astype("<f4").tofile(path)
    files.refused(lambda: Kitti(root)[1], path, "no return inside the picture")


def test_check_counts_returns(kitti_raw, kitti_pairs):
    report = check("kitti", kitti_raw[0])
    assert report.pairs == 3 and report.size == files.SIZE
    hits = np.mean([hit.mean() for *_, hit in kitti_raw[1]])
    assert report.known == pytest.approx(hits)
    assert "camera: calibration" in str(report)
    assert check("kitti", kitti_pairs[0]).unit == "v * 1 / 256"
    assert "add up several" not in str(report)
    with pytest.raises(ValueError, match="hold v / 256 metres"):
        check("kitti", kitti_raw[0], depth_unit="mm")


def test_check_knows_thin_scans_and_dense_maps(kitti_raw, kitti_pairs):
    path = sorted(kitti_raw[0].rglob("*.bin"))[1]
    path.write_bytes(path.read_bytes()[: 16 * 60])  # a whole number of points
    files.refused(
        lambda: check("kitti", kitti_raw[0]), path, "cut off, or", "2 to 10 %"
    )
    root, scenes = kitti_pairs
    for i, (_, metres, _) in enumerate(scenes):
        files.write_map(root / "depth" / f"{i:06d}.png", metres)
    assert "these maps add up several" in str(check("kitti", root))


def test_check_knows_depths_that_no_laser_gives(kitti_pairs):
    root, scenes = kitti_pairs
    metres = scenes[1][1] * scenes[1][2]
    metres[::8, ::8] = 0.5  # too close for the laser on the roof
    files.write_map(root / "depth" / "000001.png", metres)
    files.refused(
        lambda: check("kitti", root), "000001.png", "expected 1 to 120 m"
    )
