"""Split files of KITTI in their spellings."""

import pytest

from depthlib.data.files import DataError
from depthlib.data.kitti_split import Frame, frame_of, read_split

DRIVE = "2011_09_26/2011_09_26_drive_0002_sync"
LEFT = f"{DRIVE}/image_02/data/0000000069.png"
RIGHT = f"{DRIVE}/image_03/data/0000000069.png"
MAP = "2011_09_26_drive_0002_sync/proj_depth/groundtruth/image_02/69.png"
FRAME = Frame("2011_09_26", "2011_09_26_drive_0002_sync", 2, 69)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (LEFT, FRAME),
        (f"  {LEFT}  ", FRAME),
        (LEFT.replace(".png", ".jpg"), FRAME),
        (f"{LEFT} {RIGHT}", FRAME),
        (RIGHT, FRAME._replace(camera=3)),
        (f"{DRIVE} 0000000069 l", FRAME),
        (f"{DRIVE} 69 l", FRAME),
        (f"{DRIVE} 69 r", FRAME._replace(camera=3)),
        (f"{LEFT} {MAP}", FRAME._replace(depth=MAP)),
        (f"{LEFT} {MAP} 721.5377", FRAME._replace(depth=MAP)),
        (f"{LEFT} None 721.5377", FRAME._replace(depth="")),
    ],
)
def test_every_spelling_is_the_same_frame(tmp_path, line, expected):
    path = tmp_path / "split.txt"
    path.write_text(f"{line}\n\n{line}\n")
    assert read_split(path) == [expected] * 2


def test_a_frame_knows_its_files():
    assert FRAME.picture == LEFT.removesuffix(".png")
    assert FRAME.scan == f"{DRIVE}/velodyne_points/data/0000000069.bin"
    assert frame_of(LEFT) == FRAME
    assert frame_of("elsewhere/0000000069.png") is None


@pytest.mark.parametrize(
    "line",
    [
        "2011_09_26 69 l",
        f"{DRIVE} 69",
        f"{DRIVE} 69 x",
        f"../{LEFT}",
        f"/{LEFT}",
        # The drive of another day, and a frame without its zeros.
        LEFT.replace("2011_09_26/", "2011_09_28/", 1),
        LEFT.replace("0000000069", "69"),
        f"{LEFT} {MAP} focal",
        f"{LEFT} {MAP} 721.5 more",
        f"{LEFT} ../../etc/passwd",
        f"{LEFT} /etc/passwd",
    ],
)
def test_a_strange_line_is_named(tmp_path, line):
    path = tmp_path / "split.txt"
    path.write_text(f"{LEFT}\n{line}\n")
    with pytest.raises(DataError) as error:
        read_split(path)
    assert f"line 2 of {path}" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_empty_list_is_named(tmp_path):
    path = tmp_path / "split.txt"
    path.write_text("\n")
    with pytest.raises(DataError, match=r"split\.txt is empty"):
        read_split(path)
