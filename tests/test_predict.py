"""Photos of every kind and shape, and the size at which networks see them."""

import struct
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from depthlib import predict
from depthlib.predict import (
    MULTIPLE,
    inner_size,
    predict_photo,
    read_photo,
    working_size,
)

SIZE = (96, 128)  # of the training images
SIDES = st.integers(1, 40_000)
SHAPE = (24, 40)


def levels(shape=(*SHAPE, 3), most=256, kind=np.uint8):
    return np.random.default_rng(0).integers(0, most, shape).astype(kind)


@given(height=SIDES, width=SIDES)
def test_any_shape_enters_at_the_size_of_the_training(height, width):
    inner = np.array(inner_size((height, width), SIZE))
    assert (inner % MULTIPLE == 0).all() and (inner > 0).all()
    pixels = SIZE[0] * SIZE[1]
    assert pixels / 4 <= inner.prod() <= 4 * pixels
    # Both sides shrink alike, to half a step, where the photo is not narrow.
    exact = np.array([height, width]) * (pixels / (height * width)) ** 0.5
    if exact.min() > MULTIPLE / 2:
        assert (np.abs(inner - exact) <= MULTIPLE / 2 + 1e-6).all()


@given(height=SIDES, width=SIDES, most=st.integers(1, 100_000))
def test_the_working_size_keeps_shape_and_bound(height, width, most):
    h, w = working_size((height, width), most)
    assert 1 <= h <= height and 1 <= w <= width and h * w <= most
    if height * width <= most:
        assert (h, w) == (height, width)
    elif min(h, w) > 1:
        shrink = (most / (height * width)) ** 0.5
        assert h == int(height * shrink) and w == int(width * shrink)


@pytest.mark.parametrize("shape", [(1, 1), (20, 3000), (3000, 20), (1, 9000)])
def test_narrow_and_tiny_photos_get_a_map_of_their_size(shape):
    seen = []

    def model(image):
        seen.append(image)
        return 2 * image.mean(1, keepdim=True)[..., ::2, ::2]

    image = torch.full((1, 3, *shape), 0.5)
    depth = predict_photo(model, image, SIZE)
    assert depth.shape == (1, 1, *shape)
    # A flat picture stays flat through both changes of size.
    assert torch.allclose(depth, torch.ones(1), atol=1e-5)
    assert seen[0].shape[-2:] == inner_size(shape, SIZE)
    assert seen[0].numel() <= 3 * 4 * SIZE[0] * SIZE[1]


def test_the_network_sees_the_photo_upright(tmp_path):
    """Eight ways to store one picture: the same photo, the same size."""
    Image.fromarray(levels()).save(upright := tmp_path / "0.png")
    right = read_photo(upright)
    assert right.size == SHAPE
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,  # to be turned clockwise
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    for number, change in back.items():
        exif = Image.Exif()
        exif[0x0112] = number
        for suffix in ("png", "tif"):
            path = tmp_path / f"{number}.{suffix}"
            Image.open(upright).transpose(change).save(path, exif=exif)
            photo = read_photo(path)
            assert photo.size == SHAPE, path.name
            assert torch.equal(photo.image, right.image), path.name


@pytest.mark.parametrize(
    "array, white",
    [
        (levels(SHAPE, 65536, np.uint16), 65535),
        (levels(SHAPE, 200, np.uint16), 65535),  # dark, not 8 bit
        (levels(SHAPE, 256, np.int32), 255),
        (levels(SHAPE, 65536, np.int32), 65535),
        (levels(SHAPE, 256, np.float32) / 255, 1),
        (levels(SHAPE, 256, np.float32), 255),
    ],
)
def test_levels_of_deep_pictures_are_shares_of_white(array, white, tmp_path):
    path = tmp_path / "deep.tif"
    Image.fromarray(array).save(path)
    image = read_photo(path).image
    assert image.shape == (1, 3, *SHAPE)
    right = torch.from_numpy(array.astype(np.float32) / white)
    assert torch.allclose(image, right.expand_as(image))


def test_a_black_deep_picture_and_one_with_nan_are_read(tmp_path):
    array = np.zeros(SHAPE, np.float32)
    Image.fromarray(array).save(path := tmp_path / "black.tif")
    assert (read_photo(path).image == 0).all()
    array[0, 0] = np.nan
    array[1] = 7
    Image.fromarray(array).save(path)
    assert read_photo(path).image.isfinite().all()


def test_transparent_palettes_are_read_without_a_warning(tmp_path):
    picture = Image.fromarray(levels()).quantize(8)
    picture.save(path := tmp_path / "p.png", transparency=bytes(range(8)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_photo(path).size == SHAPE


def test_of_a_cameras_double_file_the_first_photo_is_taken(tmp_path):
    flat = [Image.new("RGB", (64, 48), (g, g, g)) for g in (200, 20)]
    path = tmp_path / "two.mpo"
    flat[0].save(path, format="MPO", save_all=True, append_images=flat[1:])
    assert Image.open(path).n_frames == 2
    assert abs(float(read_photo(path).image.mean()) - 200 / 255) < 0.01


def test_the_focal_length_is_in_diagonals(tmp_path):
    """50 mm on 36 x 24 mm film, whatever way the picture lies."""
    picture = Image.fromarray(levels())
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 50
    for turn in (1, 6):
        exif[0x0112] = turn
        picture.save(path := tmp_path / "camera.jpg", exif=exif)
        focal = read_photo(path).focal
        assert focal == pytest.approx(50 / (36**2 + 24**2) ** 0.5)
    exif.get_ifd(0x8769)[0xA405] = 0  # "unknown", says the standard
    picture.save(path, exif=exif)
    assert read_photo(path).focal is None


def test_a_broken_note_does_not_spoil_a_photo(tmp_path):
    for note in (b"Exif\0\0MM\0*\0\0\xff\xff", b"Exif\0\0" + b"\xff" * 40):
        Image.fromarray(levels()).save(path := tmp_path / "p.jpg", exif=note)
        photo = read_photo(path)
        assert photo.size == SHAPE and photo.focal is None


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_large_photo_is_worked_on_smaller(suffix, tmp_path, monkeypatch):
    """And keeps its size, its colours and its way up."""
    monkeypatch.setattr(predict, "WORKING_PIXELS", 600)
    monkeypatch.setattr(predict.working_size, "__defaults__", (600,))
    colours = np.zeros((90, 160, 3), np.uint8)
    colours[:45, :, 0] = 240  # red above, blue below
    colours[45:, :, 2] = 240
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / f"large.{suffix}"
    lying = Image.fromarray(colours).transpose(Image.Transpose.ROTATE_90)
    lying.save(path, exif=exif, quality=95)
    photo = read_photo(path)
    assert photo.size == (90, 160)
    height, width = photo.image.shape[-2:]
    assert (height, width) == working_size((90, 160), 600)
    above, below = photo.image[0, :, 2], photo.image[0, :, -3]
    red = torch.tensor([240 / 255, 0, 0])[:, None].expand_as(above)
    assert torch.allclose(above, red, atol=0.03)
    assert torch.allclose(below, red.flip(0), atol=0.03)


def png_of(width, height):
    """The head of a PNG file that claims a size, and no pixels."""
    import zlib

    def chunk(name, data):
        code = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + code

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"")


@pytest.mark.parametrize("size", [(12_600, 12_000), (30_000, 20_000)])
def test_what_is_too_large_is_refused_without_a_warning(size, tmp_path):
    """Between Pillow's warning and its error, and beyond the error."""
    (path := tmp_path / "huge.png").write_bytes(png_of(*size))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="150 million pixels"):
            read_photo(path)


def test_a_photo_of_108_million_pixels_is_judged_by_its_pixels(tmp_path):
    """Not too large: its fault is that it ends before they come."""
    (path := tmp_path / "large.png").write_bytes(png_of(12_000, 9000))
    with pytest.raises(ValueError, match="damaged or cut off"):
        read_photo(path)


def test_every_way_to_cut_a_file_is_one_error(tmp_path):
    """No length of any format gives another exception, or half a picture."""
    path = tmp_path / "cut"
    for kind in ("png", "jpeg", "gif", "tiff", "bmp", "webp"):
        Image.fromarray(levels()).save(path, format=kind)
        whole = path.read_bytes()
        for length in range(1, len(whole) - 16, max(1, len(whole) // 40)):
            path.write_bytes(whole[:length])
            with pytest.raises(ValueError, match="no picture|damaged") as e:
                read_photo(path)
            assert str(path) in str(e.value)
            assert "\n" not in str(e.value)
