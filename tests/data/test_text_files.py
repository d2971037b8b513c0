"""Texts and pictures as other tools leave them."""

import numpy as np
import pytest
from PIL import Image

from depthlib.data.files import DataError, read_image, read_text
from depthlib.data.kitti_split import read_split


def test_the_mark_of_an_editor_is_no_text(tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes(b"\xef\xbb\xbfsequence1\r\n")
    assert read_text(path).split() == ["sequence1"]


@pytest.mark.parametrize("gap", [" ", "\t", "  "])
def test_a_split_with_a_mark_tabs_and_windows_ends(tmp_path, gap):
    path = tmp_path / "test.txt"
    drive = "2011_09_26/2011_09_26_drive_0002_sync"
    text = f"{drive}{gap}69{gap}l\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    (frame,) = read_split(path)
    assert (frame.number, frame.camera) == (69, 2)


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_a_depth_map_is_no_picture(tmp_path, kind):
    path = tmp_path / "depth.tif"
    Image.fromarray(np.full((4, 5), 60_000, kind)).save(path)
    with pytest.raises(DataError, match=r"depth\.tif .*more than 8 bits"):
        read_image(path)
