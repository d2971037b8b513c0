"""Folders of one's own: pairs, formats, units, cameras and their faults."""

import numpy as np
import pytest
import torch
from PIL import Image

from depthlib.data import ImageFolder
from depthlib.data.check import check
from depthlib.data.files import DataError
from depthlib.data.units import DepthUnit, implausible


def test_pairs_are_matched_by_name_and_read_in_metres(folder, scenes):
    data = ImageFolder(folder, depth_unit="mm")
    assert len(data) == 5 and data.size == (24, 32)
    for i, item in enumerate(data):
        image = (item["image"] * 255).round().byte().permute(1, 2, 0)
        assert np.array_equal(image.numpy(), scenes[0][i])
        assert np.allclose(item["depth"][0], scenes[1][i], atol=5.1e-4)
        assert item["mask"].all() and item["index"] == i


@pytest.mark.parametrize(
    ("ending", "kind", "unit", "error"),
    [
        (".png", np.uint8, "v * 10 / 255", 0.02),
        (".png", np.uint16, "mm", 5.1e-4),
        (".tif", np.uint16, "mm", 5.1e-4),
        (".tiff", np.float32, "m", 1e-6),
        (".npy", np.float32, "m", 1e-6),
        (".npy", np.float64, "cm", 1e-6),
        (".npy", np.int32, "mm", 5.1e-4),
    ],
)
def test_depth_formats(folder, scenes, ending, kind, unit, error):
    for path in (folder / "depths").iterdir():
        path.unlink()
    scale = DepthUnit.of(unit).scale
    for i, depth in enumerate(scenes[1]):
        stored = depth.astype(np.float64) / scale
        if np.dtype(kind).kind in "ui":
            stored = np.round(stored)
        stored = stored.astype(kind)
        path = folder / "depths" / f"p{i}{ending}"
        if ending == ".npy":
            np.save(path, stored)
        else:
            Image.fromarray(stored).save(path)
    data = ImageFolder(folder, depth_unit=unit)
    assert np.allclose(data[3]["depth"][0], scenes[1][3], atol=error)


def test_unknown_depth_is_masked_and_zero(folder):
    (folder / "depths" / "p0.png").unlink()
    depth = np.full((24, 32), 2.0, np.float32)
    depth[0, :4] = [np.nan, np.inf, -1, 0]
    np.save(folder / "depths" / "p0.npy", depth)
    item = ImageFolder(folder, depth_unit="m")[0]
    assert item["mask"][0, 0].tolist() == [False] * 4 + [True] * 28
    assert item["depth"][0, 0, :5].tolist() == [0, 0, 0, 0, 2]


def test_a_list_of_pairs_is_followed(folder):
    (folder / "split.txt").write_text(
        "images/p3.png depths/p3.png\nimages/p1.png,depths/p1.png\n\n"
    )
    (folder / "test.txt").write_text("images/p0.png depths/p0.png\n")
    whole = ImageFolder(folder, depth_unit="mm")
    assert [path.stem for path, _ in whole.pairs] == ["p3", "p1"]
    test = ImageFolder(folder, depth_unit="mm", split="test")
    assert len(test) == 1 and test.name == "mine/test"
    with pytest.raises(DataError, match=r"val\.txt is missing"):
        ImageFolder(folder, depth_unit="mm", split="val")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("images/p0.png", "line 1"),
        ("images/p0.png depths/p9.png", "p9.png is missing"),
        ("images/p0.png ../../etc/passwd", "outside"),
        ("", "no pairs"),
    ],
)
def test_a_wrong_list_is_named(folder, line, words):
    (folder / "split.txt").write_text(line + "\n")
    with pytest.raises(DataError, match=words) as error:
        ImageFolder(folder, depth_unit="mm")
    assert "\n" not in str(error.value)


def test_cameras(folder):
    nominal = ImageFolder(folder, depth_unit="mm")
    expected = [[32, 0, 16], [0, 32, 12], [0, 0, 1]]
    assert nominal[0]["intrinsics"].tolist() == expected
    assert nominal.manifest()["camera"] == "nominal"
    # On disk the first pixel's centre is (0, 0); here it is (0.5, 0.5).
    (folder / "intrinsics.txt").write_text("30 0 15.5\n0 31 11.5\n0 0 1\n")
    data = ImageFolder(folder, depth_unit="mm")
    expected = [[30, 0, 16], [0, 31, 12], [0, 0, 1]]
    assert data[0]["intrinsics"].tolist() == expected
    small = ImageFolder(folder, depth_unit="mm", size=(8, 16))
    expected = [[15, 0, 8], [0, 15.5, 4], [0, 0, 1]]
    assert small[0]["intrinsics"].tolist() == expected
    (folder / "intrinsics.txt").write_text("30 31 16 12\n")
    with pytest.raises(DataError, match=r"intrinsics\.txt holds no camera"):
        ImageFolder(folder, depth_unit="mm")


def test_cached_items_equal_fresh_ones(folder):
    options = {"depth_unit": "mm", "size": (12, 16)}
    cached = ImageFolder(folder, cached=True, **options)
    fresh = ImageFolder(folder, **options)
    for ours, theirs in zip(cached, fresh, strict=True):
        for name in ("image", "depth", "mask", "intrinsics"):
            assert torch.equal(ours[name], theirs[name])
    other = ImageFolder(folder, cached=True, depth_unit="cm", size=(12, 16))
    assert torch.allclose(other[0]["depth"], fresh[0]["depth"] * 10)


@pytest.mark.parametrize("ending", [".npy", ".tif"])
def test_corrected_depth_is_not_served_from_the_cache(tmp_path, ending):
    """Also where the file keeps its size, at any place of a longer list."""
    for name in ("images", "depths"):
        (tmp_path / name).mkdir()
    depth = np.full((12, 16), 2.0, np.float32)

    def write(i, metres):
        path = tmp_path / "depths" / f"{i:02d}{ending}"
        if ending == ".npy":
            np.save(path, metres)
        else:
            Image.fromarray(metres).save(path)

    for i in range(20):
        picture = Image.fromarray(np.full((12, 16, 3), i, np.uint8))
        picture.save(tmp_path / "images" / f"{i:02d}.png")
        write(i, depth)
    options = {"depth_unit": "m", "size": (12, 16), "cached": True}
    before = ImageFolder(tmp_path, **options)
    assert before[4]["depth"].unique().tolist() == [2.0]
    write(4, depth + 1)
    after = ImageFolder(tmp_path, **options)
    assert after[4]["depth"].unique().tolist() == [3.0]
    assert after.manifest()["content"] != before.manifest()["content"]


def test_a_missing_partner_is_named(folder):
    (folder / "depths" / "p2.png").unlink()
    with pytest.raises(DataError, match=r"images.p2\.png has no partner"):
        ImageFolder(folder, depth_unit="mm")


def test_two_files_of_one_name_are_refused(folder):
    np.save(folder / "depths" / "p2.npy", np.ones((24, 32)))
    with pytest.raises(DataError, match=r"p2\.png and p2\.npy"):
        ImageFolder(folder, depth_unit="mm")


def damage(path, how):
    """Spoil a file in one of the ways that happen."""
    whole = path.read_bytes()
    if how == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "text":
        path.write_text("<html>404</html>")
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "size":
        Image.fromarray(np.full((12, 16), 900, np.uint16)).save(path)
    elif how == "holes":
        Image.fromarray(np.zeros((24, 32), np.uint16)).save(path)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("cut", "cut off"),
        ("text", "no picture"),
        ("empty", "no picture"),
        ("size", "12 x 16 but"),
        ("holes", "no known depth"),
    ],
)
def test_check_names_the_spoilt_file(folder, how, words):
    path = folder / "depths" / "p3.png"
    damage(path, how)
    with pytest.raises(DataError) as error:
        check("folder", folder, depth_unit="mm")
    text = str(error.value)
    assert str(path) in text and words in text and "\n" not in text


@pytest.mark.parametrize("how", ["cut", "text"])
def test_spoilt_npy_files_are_named(folder, how):
    (folder / "depths" / "p0.png").unlink()
    path = folder / "depths" / "p0.npy"
    np.save(path, np.ones((24, 32), np.float32))
    damage(path, how)
    with pytest.raises(DataError, match=r"p0\.npy"):
        ImageFolder(folder, depth_unit="m")[0]


def test_pickled_objects_are_never_loaded(folder):
    (folder / "depths" / "p0.png").unlink()
    path = folder / "depths" / "p0.npy"
    np.save(path, np.array([[{"a": 1}]], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"p0\.npy is no \.npy array"):
        ImageFolder(folder, depth_unit="m")[0]


def test_a_foreign_file_is_named(folder):
    (folder / "images" / "notes.docx").write_text("x")
    with pytest.raises(DataError, match=r"notes\.docx ends in"):
        ImageFolder(folder, depth_unit="mm")


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing is no folder"):
        ImageFolder(tmp_path / "nothing", depth_unit="m")
    with pytest.raises(DataError, match="images/NAME"):
        ImageFolder(tmp_path, depth_unit="m")


@pytest.mark.parametrize(
    ("true", "said", "words"),
    [
        ("mm", "m", "millimetres read as metres"),
        ("m", "mm", "metres read as millimetres"),
        ("cm", "m", "centimetres read as metres"),
        (1 / 256, "m", "1/256 metres (as KITTI stores them) read as metres"),
        ("mm", 1 / 256, "millimetres read as steps of 0.003906 m"),
    ],
)
def test_a_wrong_unit_is_guessed(folder, scenes, true, said, words):
    for path in (folder / "depths").iterdir():
        path.unlink()
    scale = DepthUnit.of(true).scale
    for i, depth in enumerate(scenes[1]):
        np.save(folder / "depths" / f"p{i}.npy", depth / scale)
    assert check("folder", folder, depth_unit=true).pairs == 5
    with pytest.raises(DataError) as error:
        check("folder", folder, depth_unit=said, scene="indoor")
    assert f"it looks like {words}" in str(error.value)


def test_8_bit_levels_without_a_scale_are_recognised(folder):
    for path in (folder / "depths").iterdir():
        levels = np.full((24, 32), 90, np.uint8)
        Image.fromarray(levels).save(path)
    for unit in ("m", "mm"):
        with pytest.raises(DataError, match="looks like 8-bit levels"):
            check("folder", folder, depth_unit=unit)


@pytest.mark.parametrize(
    "text", ["feet", "", "0", "-1", "v * 0", "(v + 1 * 2", True, None, 0.0]
)
def test_no_unit(text):
    with pytest.raises(ValueError, match="depth_unit is"):
        DepthUnit.of(text)


def test_units():
    values = np.array([0, 1, 255])
    formula = DepthUnit.of("(v + 0.5) * 9.99547 / 255")
    expected = (values + 0.5) * 9.99547 / 255
    assert np.allclose(formula.metres(values), expected)
    assert DepthUnit.of("0.001").scale == DepthUnit.of(0.001).scale == 0.001
    assert DepthUnit.of("mm").metres(values).tolist() == pytest.approx(
        [0, 0.001, 0.255]
    )
    assert DepthUnit.of("v*10/255").metres(values)[2] == pytest.approx(10)
    # Large integer maps go through a table; it must not show.
    stored = np.arange(70_000).reshape(700, 100).astype(np.uint16)
    whole = DepthUnit.of("mm").metres(stored)
    assert np.array_equal(whole, DepthUnit.of("mm").metres(stored * 1.0))
    assert implausible(2.5, DepthUnit.of("m"), "indoor") is None
    assert "state the unit" in implausible(0.1, DepthUnit.of("m"), "indoor")
