"""Cityscapes in its layout: disparity to metres, triples, what is refused."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from depthlib.data import Cityscapes
from depthlib.data.check import check
from depthlib.data.files import DataError

SIZE = (32, 64)
FX, BASELINE = 70.0, 0.21
CAMERA = {
    "extrinsic": {"baseline": BASELINE, "pitch": 0.03, "x": 1.7},
    "intrinsic": {"fx": FX, "fy": 71.0, "u0": 33.5, "v0": 16.25},
}
# Snippets count from 0; those of hamburg run on from their recording.
SNIPPETS = {"aachen_000000": 19, "hamburg_000000": 61}


def place(root, kind, name, ending, split="train"):
    path = root / kind / split / name.partition("_")[0] / f"{name}_{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def disparities():
    """Stored numbers: all of them possible, holes and a bare 1 among them."""
    stored = np.full(SIZE, 1 + 256 * 1.5, np.float64)
    stored += 15 * np.arange(SIZE[1])
    stored = stored.astype(np.uint16)
    stored[0, :3] = 0, 1, 200
    return stored


def picture(seed):
    random = np.random.default_rng(seed)
    return random.integers(0, 255, (*SIZE, 3), dtype=np.uint8)


@pytest.fixture
def root(tmp_path):
    home = tmp_path / "cityscapes"
    for snippet, middle in SNIPPETS.items():
        for number in range(middle - 19, middle + 11):
            name = f"{snippet}_{number:06d}"
            path = place(home, "leftImg8bit_sequence", name, "leftImg8bit.png")
            Image.fromarray(picture(number)).save(path)
        name = f"{snippet}_{middle:06d}"
        path = place(home, "disparity", name, "disparity.png")
        Image.fromarray(disparities()).save(path)
        path = place(home, "camera", name, "camera.json")
        path.write_text(json.dumps(CAMERA))
    return home


def test_depth_is_baseline_times_focal_length_by_disparity(root):
    item = Cityscapes(root)[0]
    stored = disparities()
    for row, column in ((0, 3), (9, 30), (31, 63)):
        d = (int(stored[row, column]) - 1) / 256
        expected = BASELINE * FX / d
        assert float(item["depth"][0, row, column]) == pytest.approx(expected)
    # No match, and no disparity; less than a pixel is one.
    assert item["mask"][0, 0, :3].tolist() == [False, False, True]
    assert item["mask"].sum() == SIZE[0] * SIZE[1] - 2
    matrix = [[70, 0, 34], [0, 71, 16.75], [0, 0, 1]]
    assert item["intrinsics"].tolist() == matrix


@pytest.mark.parametrize("every", [1, 10])
def test_triples_lie_around_the_annotated_frame(root, every):
    data = Cityscapes(root, every=every)
    assert data.names == [f"{s}_{k:06d}" for s, k in SNIPPETS.items()]
    for i, middle in enumerate(SNIPPETS.values()):
        item = data[i]
        shown = [item["adjacent"][0], item["image"], item["adjacent"][1]]
        numbers = (middle - every, middle, middle + every)
        for number, image in zip(numbers, shown, strict=True):
            expected = picture(number).transpose(2, 0, 1) / 255
            np.testing.assert_allclose(image, expected, atol=1e-6)
        assert "motion" not in item


def test_a_smaller_size_shrinks_all_frames(root, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path / "cache"))
    item = Cityscapes(root, size=(16, 32))[1]
    assert item["adjacent"].shape == (2, 3, 16, 32)
    assert item["intrinsics"][0].tolist() == [35, 0, 17]
    whole = Cityscapes(root)[1]["adjacent"]
    mean = whole.view(2, 3, 16, 2, 32, 2).mean((3, 5))
    assert (item["adjacent"] - mean).abs().max() < 0.5 / 255 + 1e-6
    read = Cityscapes(root, size=(16, 32), cached=False)[1]
    assert torch.equal(read["adjacent"], item["adjacent"])


def test_check_counts_the_splits_that_are_there(root):
    report = check("cityscapes", root)
    assert report.pairs == 2 and "2 train" in str(report)
    assert "2 triples of train; the official split has 2975" in str(report)
    assert "disparity" in report.unit


def test_the_manifest_feels_files_and_spacing(root):
    one = Cityscapes(root).manifest()
    assert one == Cityscapes(root).manifest()
    assert Cityscapes(root, every=2).manifest() != one
    name = "aachen_000000_000018"
    path = place(root, "leftImg8bit_sequence", name, "leftImg8bit.png")
    Image.fromarray(picture(99)).save(path)
    assert Cityscapes(root).manifest()["content"] != one["content"]


def without(part, name):
    values = json.loads(json.dumps(CAMERA))
    del values[part][name]
    return values


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (without("intrinsic", "fx"), "intrinsic.fx in .*000019_camera.json"),
        (without("intrinsic", "v0"), "intrinsic.v0 in .*a number"),
        (without("extrinsic", "baseline"), "extrinsic.baseline in"),
        ({"intrinsic": CAMERA["intrinsic"]}, "extrinsic.baseline in"),
        (CAMERA | {"extrinsic": {"baseline": -0.2}}, "above 0"),
        ([1, 2], "intrinsic.fx in"),
        (None, "000019_camera.json is no JSON"),
    ],
)
def test_a_field_that_lacks_is_named(root, values, words):
    name = "aachen_000000_000019"
    text = json.dumps(values) if values is not None else "{"
    place(root, "camera", name, "camera.json").write_text(text)
    with pytest.raises(DataError, match=words):
        Cityscapes(root)[0]


def test_a_missing_file_is_named(root):
    name = "hamburg_000000_000062"
    lost = place(root, "leftImg8bit_sequence", name, "leftImg8bit.png")
    lost.unlink()
    with pytest.raises(DataError, match=r"hamburg_000000_000062.*missing"):
        Cityscapes(root)
    assert len(Cityscapes(root, every=2)) == 2
    with pytest.raises(DataError, match="disparity/val is missing"):
        Cityscapes(root, "val")


def test_wrong_disparity_is_refused(root):
    path = place(root, "disparity", "aachen_000000_000019", "disparity.png")
    Image.fromarray(np.full(SIZE, 90, np.uint8)).save(path)
    with pytest.raises(DataError, match="stores uint8"):
        Cityscapes(root)[0]
    Image.fromarray(np.full(SIZE, 60_000, np.uint16)).save(path)
    with pytest.raises(DataError, match=r"000019_disparity.*median depth"):
        Cityscapes(root)[0]
    Image.fromarray(np.zeros(SIZE, np.uint16)).save(path)
    with pytest.raises(DataError, match="no disparity above 0"):
        Cityscapes(root)[0]
    Image.fromarray(np.full((16, 64), 900, np.uint16)).save(path)
    with pytest.raises(DataError, match="16 x 64 but .* is 32 x 64"):
        Cityscapes(root)[0]


def test_disparity_of_whole_snippets_is_refused(root):
    path = place(root, "disparity", "aachen_000000_000020", "disparity.png")
    Image.fromarray(disparities()).save(path)
    with pytest.raises(DataError, match="000019 and 000020 of aachen_000000"):
        Cityscapes(root)


def test_bad_arguments(root):
    with pytest.raises(ValueError, match="split is 'dev'"):
        Cityscapes(root, "dev")
    with pytest.raises(ValueError, match="every is 11"):
        Cityscapes(root, every=11)
    with pytest.raises(ValueError, match="cached needs a size"):
        Cityscapes(root, cached=True)
