"""Make3D in its official layout: what comes out is what was put in."""

import pickle
from pathlib import Path

import make3d_files as files
import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from depthlib.data import DataError, Make3D
from depthlib.data.catalogue import catalogue
from depthlib.data.check import check
from depthlib.data.make3d import read_grid
from depthlib.data.prepare import prepare
from depthlib.metrics import PROTOCOLS


@pytest.fixture
def make3d(tmp_path):
    return files.write(tmp_path / "make3d")


def test_items_are_the_pairs(make3d):
    root, made = make3d
    for split, pairs in made.items():
        data = Make3D(root, split, size=files.SIZE, cached=False)
        assert data.names == sorted(files.NAMES[split])
        assert len(data) == len(pairs) and data.name == f"make3d/{split}"
        for i, (image, grid) in enumerate(pairs):
            item = data[i]
            pixels = (item["image"] * 255).permute(1, 2, 0).numpy()
            assert np.abs(pixels - image).mean() < 3
            assert np.array_equal(data.read(i)[1], grid)
            for y, x in ((0, 0), (159, 119), (80, 33), (47, 102)):
                # The cell that holds the pixel's centre.
                cell = int((y + 0.5) * 55 / 160), int((x + 0.5) * 305 / 120)
                assert item["depth"][0, y, x] == grid[cell]
            assert item["mask"].all() and item["index"] == i
            assert item["intrinsics"].tolist() == [
                [160, 0, 60],
                [0, 160, 80],
                [0, 0, 1],
            ]


def test_the_paper_size_is_the_default(make3d):
    data = Make3D(make3d[0], cached=False)
    assert data.size == (400, 300)
    with pytest.raises(ValueError, match=r"img-.* has only 160 x 120 pixels"):
        data[0]


def test_smaller_pictures_cover_the_same_scene(make3d):
    root, made = make3d
    item = Make3D(root, "test", size=(11, 61), cached=False)[0]
    # The whole width, and of the height a centred 120 * 11 / 61 = 22 rows.
    assert item["image"].shape == (3, 11, 61)
    image, grid = made["test"][0]
    rows = ((69 + 22 * (np.arange(11) + 0.5) / 11) * 55 / 160).astype(int)
    expected = grid[rows][:, 2::5]
    np.testing.assert_array_equal(item["depth"][0].numpy(), expected)
    colours = image[69:91].astype(float).mean((0, 1)) / 255
    assert np.allclose(item["image"].mean((1, 2)), colours, atol=0.02)
    assert item["intrinsics"][1, 2] == pytest.approx(5.5)


def test_truth_is_the_grid_itself(make3d):
    root, made = make3d
    depth, mask = Make3D(root, "test", size=(80, 60)).truth(1)
    assert depth.shape == (1, 55, 305) and mask.all()
    np.testing.assert_array_equal(depth[0], made["test"][1][1])
    # The crop of 2 : 1 leaves the rows that published evaluations take.
    depth, _ = Make3D(root, "test", size=(30, 60)).truth(1)
    np.testing.assert_array_equal(depth[0], made["test"][1][1][17:38])


@pytest.mark.parametrize(
    ("criterion", "kept"),
    [
        (None, [True, True, True, True, True]),
        ("c1", [False, True, False, False, False]),
        ("c2", [True, True, True, True, False]),
    ],
)
def test_criteria_keep_what_they_name(make3d, criterion, kept):
    root, _ = make3d
    options = {"size": (55, 41), "criterion": criterion, "cached": False}
    data = Make3D(root, **options)
    depth, mask = data.truth(0)
    assert mask[0, 9, :5].tolist() == kept
    assert bool(mask[0, :9].any()) == (criterion is None)
    assert mask[0, 10:].all() and not depth[~mask].any()
    item = data[0]
    sky = item["mask"][0, :9]
    assert bool(sky.all()) == (criterion is None) == bool(sky.any())
    assert data.manifest()["criterion"] == criterion


@pytest.mark.parametrize("name", ["c1", "c2"])
def test_protocols_count_the_same_cells(make3d, name):
    """All but exactly 80 m, which no protocol counts."""
    root, _ = make3d
    size = (80, 60)
    every, _ = Make3D(root, size=size).truth(0)
    kept, mask = Make3D(root, size=size, criterion=name).truth(0)
    guess = torch.full_like(every, 20.0)
    protocol = PROTOCOLS[f"make3d_{name}"]
    plain = protocol.evaluate(guess[None], every[None])
    masked = protocol.evaluate(guess[None], kept[None], mask[None])
    assert plain == masked


def test_the_other_name_of_the_test_depth_is_read(make3d):
    root, _ = make3d
    (root / "Gridlaserdata").rename(root / "Test134Depth")
    assert len(Make3D(root, "test")) == 2


def test_cached_items_equal_fresh_ones(make3d):
    root, _ = make3d
    data = Make3D(root, "test", size=(20, 15))
    fresh = Make3D(root, "test", size=(20, 15), cached=False)
    for ours, theirs in zip(data, fresh, strict=True):
        for key in ("image", "depth", "mask", "intrinsics"):
            assert torch.equal(ours[key], theirs[key])
    assert data.manifest() == fresh.manifest()
    again = pickle.loads(pickle.dumps(data))  # noqa: S301
    assert torch.equal(again[1]["depth"], data[1]["depth"])
    # Another criterion is another cache.
    near = Make3D(root, "test", size=(20, 15), criterion="c1")
    assert not near[0]["mask"].all()
    moved = root.rename(root.with_name("elsewhere"))
    assert Make3D(moved, "test", size=(20, 15)).manifest() == data.manifest()


def test_check_and_prepare(make3d):
    root, made = make3d
    report = check("make3d", root)
    assert report.pairs == 5 and report.size == (55, 305)
    assert "3 train, 2 test" in str(report)
    assert "Train400Img has 3 pairs; the official split has 400" in str(report)
    grids = np.stack([grid for pairs in made.values() for _, grid in pairs])
    assert report.depth[1] == pytest.approx(np.median(grids), rel=0.02)
    assert check("make3d", root, split="test").pairs == 2
    said = prepare("make3d", root, size=(20, 15))
    assert "20 x 15: 3 of make3d/train, 2 of make3d/test" in said
    said = prepare("make3d", root, size=(20, 15), split="test")
    assert said.endswith("20 x 15: 2 of make3d/test")
    with pytest.raises(ValueError, match="Make3D holds metres"):
        check("make3d", root, depth_unit="mm")
    with pytest.raises(ValueError, match="Make3D holds metres"):
        prepare("make3d", root, depth_unit="mm")
    assert catalogue()["make3d"].pairs == {"train": 400, "test": 134}


def test_what_is_missing_is_named(make3d):
    root, _ = make3d
    place = root / "Gridlaserdata" / "depth_sph_corr-x.mat"
    image = root / "Test134" / "img-x.jpg"
    files.write_grid(place, np.full(files.GRID, 9.0))
    with pytest.raises(DataError, match=r"img-x.jpg is missing.* 1 of the 3"):
        Make3D(root, "test")
    place.rename(root / "kept.mat")
    Image.new("RGB", (12, 16)).save(image)
    with pytest.raises(DataError, match=r"corr-x.mat is missing.* 1 of the 3"):
        Make3D(root, "test")
    for path in image.parent.iterdir():
        path.unlink()
    with pytest.raises(DataError, match="Test134 holds no pictures named"):
        Make3D(root, "test")
    image.parent.rmdir()
    with pytest.raises(DataError, match="Test134 is missing"):
        Make3D(root, "test")
    (root / "Train400Depth").rename(root / "depths")
    with pytest.raises(DataError, match="Train400Depth is missing"):
        Make3D(root)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p.unlink(), "is missing"),
        (lambda p: p.write_bytes(p.read_bytes()[:300]), "is damaged"),
        (lambda p: p.write_text("no matrix"), "is no MATLAB file"),
        (
            lambda p: savemat(p, {"depthMap": np.ones(3)}),
            r"holds \['depthMap'\]; expected the field Position3DGrid",
        ),
        (
            lambda p: files.write_grid(p, np.full((305, 55), 9.0)),
            r"shape \(305, 55, 4\); expected numbers of shape \(55, 305, 4\)",
        ),
        (
            lambda p: files.write_grid(p, np.zeros(files.GRID)),
            "no depth above 0",
        ),
        (
            lambda p: files.write_grid(p, np.full(files.GRID, 9000.0)),
            "looks like millimetres read as metres",
        ),
        (
            lambda p: files.write_grid(
                p, np.where(np.eye(*files.GRID), 150, 9.0)
            ),
            "holds 150 m, and the laser reaches about 81 m",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_named(make3d, change, words):
    path = Path(Make3D(make3d[0]).where(0))
    change(path)
    with pytest.raises(DataError, match=words) as refused:
        read_grid(path)
    assert str(path) in str(refused.value)


def test_nan_is_unknown(make3d):
    path = Path(Make3D(make3d[0]).where(0))
    depth = np.full(files.GRID, 9.0)
    depth[3, 4] = np.nan
    files.write_grid(path, depth)
    grid = read_grid(path)
    assert grid[3, 4] == 0 and (grid > 0).sum() == 55 * 305 - 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"split": "val"}, 'choose "train" or "test"'),
        ({"criterion": "C1"}, 'choose "c1", "c2" or None'),
    ],
)
def test_wrong_arguments_are_named(make3d, options, words):
    with pytest.raises(ValueError, match=words):
        Make3D(make3d[0], **options)
