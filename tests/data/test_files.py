"""Depth maps as they are stored: types, byte orders, and what is none."""

import numpy as np
import pytest
from PIL import Image

from depthlib.data.files import DataError, read_depth, read_grey, read_image

VALUES = np.array([[0, 1, 300], [4000, 40_000, 65_535]], np.uint16)


def test_sixteen_bits_keep_their_values(tmp_path):
    for ending in (".png", ".tif"):
        Image.fromarray(VALUES).save(path := tmp_path / f"depth{ending}")
        assert read_grey(path).dtype == np.uint16
        np.testing.assert_array_equal(read_grey(path), VALUES)


def test_either_order_of_bytes_is_read(tmp_path):
    path = tmp_path / "depth.tif"
    data = VALUES.astype(">u2").tobytes()
    picture = Image.frombytes("I;16B", VALUES.shape[::-1], data)
    picture.save(path)
    read = read_grey(path)
    assert read.dtype == np.uint16 and read.dtype.isnative
    np.testing.assert_array_equal(read, VALUES)


def test_floats_come_as_they_are(tmp_path):
    metres = np.array([[0.5, np.nan], [7.25, 0]], np.float32)
    Image.fromarray(metres).save(tmp_path / "depth.tif")
    np.save(tmp_path / "depth.npy", metres[None])
    for name in ("depth.tif", "depth.npy"):
        np.testing.assert_array_equal(read_depth(tmp_path / name), metres)


def test_a_palette_is_no_depth(tmp_path):
    colours = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    path = tmp_path / "depth.png"
    Image.fromarray(colours).quantize(8).save(path)
    with pytest.raises(DataError, match="has a palette"):
        read_grey(path)
    assert read_image(path).shape == (4, 4, 3)


def test_no_object_is_unpickled(tmp_path):
    path = tmp_path / "depth.npy"
    np.save(path, np.array([[{}]], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"depth\.npy is no \.npy array"):
        read_depth(path)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "large.png"
    Image.new("L", (100, 100)).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(DataError, match="too large"):
        read_image(path)
