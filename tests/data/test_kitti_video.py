"""KITTI's frames with their neighbours, in its layouts."""

import kitti_files
import numpy as np
import pytest
import torch
from kitti_files import DAY, DRIVE, refused
from PIL import Image

from depthlib.data import Kitti, KittiVideo, catalogue
from depthlib.data.check import check
from depthlib.data.kitti_split import frame_of
from depthlib.data.prepare import prepare

HALF = (18, 60)


@pytest.fixture
def drive(tmp_path):
    """Five frames of a drive, 0 to 4, in the layout of KITTI raw."""
    return kitti_files.write_raw(tmp_path / "raw", range(5))[0]


@pytest.fixture
def pairs(tmp_path):
    """Five numbered pictures beside their maps."""
    return kitti_files.write_pairs(tmp_path / "pairs", 5)[0]


def picture(root, number, drive=DRIVE):
    folder = root / DAY / drive / "image_02" / "data"
    return folder / f"{number:010d}.png"


def listed(root, *numbers):
    """A split file of the drive's frames; its name."""
    lines = [f"{DAY}/{DRIVE} {number} l" for number in numbers]
    (root / "some.txt").write_text("\n".join(lines) + "\n")
    return "some"


@pytest.mark.parametrize("layout", ["drive", "pairs"])
@pytest.mark.parametrize("every", [1, 2])
def test_neighbours_are_the_frames_before_and_after(layout, every, request):
    """Every frame of a triple equals that frame read alone."""
    root = request.getfixturevalue(layout)
    for size in (None, HALF):
        video = KittiVideo(root, every=every, size=size, cached=False)
        stills = Kitti(root, size=size, cached=False)
        assert len(video) == 5 - 2 * every
        for i in range(len(video)):
            item, middle = video[i], i + every
            for name in ("image", "depth", "mask", "intrinsics"):
                assert torch.equal(item[name], stills[middle][name])
            for frame, k in enumerate((middle - every, middle + every)):
                alone = stills[k]["image"]
                assert torch.equal(item["adjacent"][frame], alone)
            assert "motion" not in item and item["index"] == i


def test_the_ends_of_a_drive_are_left_out_and_counted(drive):
    data = KittiVideo(drive)
    assert [frame.number for frame in data.names] == [1, 2, 3]
    assert [frame.number for frame in data.left_out] == [0, 4]
    assert data.manifest()["left_out"] == 2 and data.manifest()["n"] == 3
    split = listed(drive, 4, 2)
    data = KittiVideo(drive, split)
    assert [frame.number for frame in data.names] == [2]
    assert data.name == "kitti-video/some"
    text = str(check("kitti-video", drive, split=split))
    assert "1 of 2 frames have no triple" in text
    assert picture(drive, 4).name in text


def test_two_drives_do_not_touch(drive):
    other = DRIVE.replace("0001", "0002")
    for number in (5, 6, 7):
        image, metres, hit = kitti_files.scene(seed=number)
        cloud = kitti_files.points(metres, hit)
        kitti_files.write_frame(drive, number, image, cloud, drive=other)
    names = [(f.drive, f.number) for f in KittiVideo(drive).names]
    assert names == [(DRIVE, 1), (DRIVE, 2), (DRIVE, 3), (other, 6)]


def test_a_neighbour_needs_no_scan(drive):
    for number in (1, 3):
        frame = frame_of(f"{DAY}/{DRIVE}/image_02/data/{number:010d}.png")
        (drive / frame.scan).unlink()
    assert len(KittiVideo(drive, listed(drive, 2))) == 1


def test_a_gap_in_a_drive_is_an_error(drive):
    picture(drive, 1).unlink()
    split = listed(drive, 2, 3)
    refused(lambda: KittiVideo(drive, split), picture(drive, 1), "whole")


def test_a_set_without_a_triple_is_refused(drive):
    split = listed(drive, 0, 4)
    refused(lambda: KittiVideo(drive, split), drive, "no triple")


def test_frames_without_numbers_are_no_video(pairs):
    for kind in ("rgb", "depth"):
        (pairs / kind / "000000.png").rename(pairs / kind / "zero.png")
    refused(lambda: KittiVideo(pairs), "zero.png", "numbered")


def test_frames_of_another_size_are_refused(pairs):
    path = pairs / "rgb" / "000003.png"
    Image.fromarray(np.zeros((30, 120, 3), np.uint8)).save(path)
    data = KittiVideo(pairs)
    refused(lambda: data[1], path, "30 x 120", "36 x 120")


def test_the_manifest_feels_neighbours_and_spacing(drive):
    split = listed(drive, 2)
    one = KittiVideo(drive, split).manifest()
    assert one == KittiVideo(drive, split).manifest()
    assert KittiVideo(drive, split, every=2).manifest() != one
    image = np.asarray(Image.open(picture(drive, 1))).copy()
    image[0, 0] += 50
    Image.fromarray(image).save(picture(drive, 1))
    assert KittiVideo(drive, split).manifest()["content"] != one["content"]


def test_kept_triples_are_the_same(drive, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path / "cache"))
    kept = KittiVideo(drive, size=HALF)
    read = KittiVideo(drive, size=HALF, cached=False)
    assert kept.cached and not read.cached
    for name, value in read[2].items():
        assert torch.equal(
            torch.as_tensor(kept[2][name]), torch.as_tensor(value)
        )


def test_what_is_prepared_is_what_runs_read(tmp_path, monkeypatch):
    from depthlib.experiments.config import VideoConfig

    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path / "cache"))
    root, _ = kitti_files.write_raw(tmp_path / "raw", range(8))
    said = prepare("kitti-video", root, size=HALF)
    assert "18 x 60: 2 of kitti-video" in said
    kept = sorted((tmp_path / "cache").rglob("*.npy"))
    KittiVideo(root, every=VideoConfig.every, size=HALF)[0]
    assert sorted((tmp_path / "cache").rglob("*.npy")) == kept


def test_it_is_looked_for_where_kitti_is(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_DATA", str(tmp_path))
    assert catalogue.entry("kitti-video").home() == tmp_path / "kitti"
