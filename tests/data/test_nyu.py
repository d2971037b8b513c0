"""NYU Depth v2 from tiny files in the official layouts."""

import numpy as np
import nyu_files
import pytest
import torch
from PIL import Image

from depthlib.data import DataError, NYUv2, nyu
from depthlib.data.nyu_sources import MAT, SPLITS
from depthlib.geometry import project, unproject

SMALL = (48, 64)  # a tenth of the frame


@pytest.fixture(scope="module")
def truth():
    return nyu_files.pairs()


@pytest.fixture(scope="module")
def mat(tmp_path_factory, truth):
    return nyu_files.write_mat(tmp_path_factory.mktemp("mat") / "n", *truth)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, truth):
    images, depths = truth
    millimetres = np.rint(1000 * depths).astype(np.uint16)
    home = tmp_path_factory.mktemp("folder") / "n"
    return nyu_files.write_folder(home, images, millimetres)


def test_the_official_file_comes_out_upright_and_in_its_split(mat, truth):
    images, depths = truth
    for split, numbers in (("train", [1, 2, 4]), ("test", [0, 3])):
        data = NYUv2(mat, split)
        assert len(data) == len(numbers) and data.size == (480, 640)
        for i, number in enumerate(numbers):
            item = data[i]
            assert item["index"] == i
            picture = item["image"].permute(1, 2, 0) * 255
            np.testing.assert_allclose(picture, images[number], atol=1e-3)
            np.testing.assert_array_equal(item["depth"][0], depths[number])
    assert len(NYUv2(mat, "all")) == 5


def test_items_are_as_everywhere(mat):
    item = NYUv2(mat, size=SMALL)[-1]
    assert item["index"] == 2
    assert {
        k: (v.dtype, tuple(v.shape)) for k, v in item.items() if k != ("index")
    } == {
        "image": (torch.float32, (3, *SMALL)),
        "depth": (torch.float32, (1, *SMALL)),
        "mask": (torch.bool, (1, *SMALL)),
        "intrinsics": (torch.float32, (3, 3)),
    }
    assert item["image"].min() >= 0 and item["image"].max() <= 1
    assert item["mask"].all()


def test_both_layouts_hold_the_same(mat, folder):
    for i in range(3):
        ours, theirs = (NYUv2(r, size=SMALL)[i] for r in (mat, folder))
        assert (ours["image"] - theirs["image"]).abs().max() < 0.02  # JPEG
        assert (ours["depth"] - theirs["depth"]).abs().max() < 6e-4
        torch.testing.assert_close(ours["intrinsics"], theirs["intrinsics"])


def test_eight_bit_depth_is_the_middle_of_its_step(tmp_path, truth):
    images, depths = truth
    levels = np.floor(depths * 255 / 9.99547).astype(np.uint8)
    data = NYUv2(nyu_files.write_folder(tmp_path / "n", images, levels))
    step = 9.99547 / 255
    difference = data[0]["depth"][0].numpy() - depths[1]
    assert np.abs(difference).max() <= step / 2 + 1e-5
    expected = (levels[1] + 0.5) * step
    np.testing.assert_allclose(data[0]["depth"][0], expected, rtol=1e-6)


def test_pictures_are_averaged_and_depth_is_sampled(mat, truth):
    images, depths = truth
    item = NYUv2(mat, size=SMALL)[0]
    blocks = images[1].reshape(48, 10, 64, 10, 3).astype(float).mean((1, 3))
    picture = 255 * item["image"].permute(1, 2, 0).numpy()
    assert np.abs(picture - blocks).max() <= 0.51  # rounded to 8 bit
    assert np.isin(item["depth"].numpy(), depths[1]).all()
    middle = depths[1].reshape(48, 10, 64, 10).mean((1, 3))
    assert np.abs(item["depth"][0].numpy() - middle).max() < 0.02


@pytest.mark.parametrize("size", [(480, 640), SMALL, (60, 60), (40, 80)])
def test_the_camera_follows_crop_and_resize(mat, size):
    """A point's pixel moves by the crop and the scale, exactly."""
    matrix = NYUv2(mat, size=size)[0]["intrinsics"]
    points = torch.tensor([[[[0.3]], [[-0.2]], [[2.0]]]])  # (1, 3, 1, 1)
    whole = torch.from_numpy(nyu.INTRINSICS)[None]
    before = project(points, whole)[0].flatten()
    after = project(points, matrix[None])[0].flatten()
    scale = min(480 / size[0], 640 / size[1])
    margin = torch.tensor([640 - scale * size[1], 480 - scale * size[0]]) / 2
    torch.testing.assert_close(after, (before - margin) / scale)


def test_known_pixels_lie_where_the_camera_sees_them(mat):
    item = NYUv2(mat, size=SMALL)[0]
    points = unproject(item["depth"][None], item["intrinsics"][None])
    torch.testing.assert_close(points[:, 2:], item["depth"][None])


def test_the_cache_returns_what_the_files_hold(mat):
    options = {"split": "test", "size": SMALL}
    fresh = NYUv2(mat, cached=False, **options)
    NYUv2(mat, cached=True, **options)[0]
    kept = NYUv2(mat, cached=True, **options)
    for i in range(2):
        for name in ("image", "depth", "mask", "intrinsics"):
            assert torch.equal(fresh[i][name], kept[i][name])


def test_other_content_is_another_data_set(tmp_path, mat, truth):
    images, depths = truth
    one = NYUv2(mat, size=SMALL)
    same = nyu_files.write_mat(tmp_path / "same", images, depths)
    assert NYUv2(same, size=SMALL).manifest() == one.manifest()
    other = nyu_files.write_mat(tmp_path / "other", images, depths + 0.5)
    changed = NYUv2(other, size=SMALL)
    assert changed.manifest() != one.manifest()
    gap = changed[0]["depth"] - one[0]["depth"]
    torch.testing.assert_close(gap, torch.full_like(gap, 0.5))


def test_workers_read_what_the_process_reads(mat):
    data = NYUv2(mat, size=SMALL)
    loader = torch.utils.data.DataLoader(data, batch_size=3, num_workers=1)
    batch = next(iter(loader))
    expected = torch.stack([data[i]["depth"] for i in range(3)])
    assert torch.equal(batch["depth"], expected)


def spoil_unit(root, images, depths):
    nyu_files.write_mat(root, images, 1000 * depths)


def spoil_unit_of_folder(root, images, depths):
    nyu_files.write_folder(root, images, depths.astype(np.uint16))


def spoil_length(root, images, depths):
    path = nyu_files.write_mat(root, images, depths) / MAT
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def spoil_format(root, images, depths):
    (nyu_files.write_mat(root, images, depths) / MAT).write_text("hello")


def spoil_split(root, images, depths):
    (nyu_files.write_mat(root, images, depths) / SPLITS).unlink()


def spoil_split_content(root, images, depths):
    (nyu_files.write_mat(root, images, depths) / SPLITS).write_text("hello")


def spoil_numbers(root, images, depths):
    nyu_files.write_mat(root, images, depths, train=[2, 3, 9])


def spoil_shapes(root, images, depths):
    nyu_files.write_mat(root, images, depths[:, :, ::2])


def spoil_nan(root, images, depths):
    depths = depths.copy()
    depths[1, 0, 0] = np.nan
    nyu_files.write_mat(root, images, depths)


def millimetres(depths):
    return np.rint(1000 * depths).astype(np.uint16)


def spoil_list(root, images, depths):
    nyu_files.write_folder(root, images, millimetres(depths))
    (root / "train_795.txt").unlink()


def spoil_size(root, images, depths):
    nyu_files.write_folder(root, images, millimetres(depths))
    half = Image.open(root / "depth" / "000002.png").resize((320, 240))
    half.save(root / "depth" / "000002.png")


def spoil_picture(root, images, depths):
    nyu_files.write_folder(root, images, millimetres(depths))
    (root / "rgb" / "000002.jpg").write_text("not a picture")


def cut_picture(root, images, depths):
    nyu_files.write_folder(root, images, millimetres(depths))
    path = root / "depth" / "000002.png"
    path.write_bytes(path.read_bytes()[:2000])


def lose_picture(root, images, depths):
    nyu_files.write_folder(root, images, millimetres(depths))
    (root / "rgb" / "000002.jpg").unlink()


def swap_picture(root, images, depths):
    nyu_files.write_folder(root, images, millimetres(depths))
    Image.fromarray(images[2]).save(root / "depth" / "000002.png")


def leave_nothing(root, images, depths):
    root.mkdir()


SPOILT = [
    (spoil_unit, MAT, "millimetres read as metres"),
    (spoil_unit_of_folder, "000001.png", "metres read as millimetres"),
    (spoil_length, MAT, "cut off"),
    (spoil_format, MAT, "no HDF5 file"),
    (spoil_split, SPLITS, "is missing"),
    (spoil_split_content, SPLITS, "no readable trainNdxs"),
    (spoil_numbers, SPLITS, "names pair 9"),
    (spoil_shapes, MAT, "expected images uint8"),
    (spoil_nan, "pair 1", "holds NaN"),
    (spoil_list, "train_795.txt", "is missing"),
    (spoil_size, "000002.png", "is 240 x 320 but its picture is 480 x 640"),
    (spoil_picture, "000002.jpg", "is no picture"),
    (cut_picture, "000002.png", "damaged or cut off"),
    (lose_picture, "000002.jpg", "is missing"),
    (swap_picture, "000002.png", "one channel"),
    (leave_nothing, "rgb", "holds no NYU Depth v2"),
]


@pytest.mark.parametrize(
    ("spoil", "file", "words"), SPOILT, ids=[s[0].__name__ for s in SPOILT]
)
def test_what_is_wrong_is_said_in_one_sentence(
    tmp_path, truth, spoil, file, words
):
    root = tmp_path / "set"
    spoil(root, *truth)
    with pytest.raises(DataError) as caught:
        data = NYUv2(root, cached=False)
        for i in range(len(data)):
            data[i]
    said = str(caught.value)
    assert words in said and file in said and str(tmp_path) in said
    assert "\n" not in said


def test_arguments_are_checked(mat):
    with pytest.raises(ValueError, match="split is 'val'"):
        NYUv2(mat, "val")
    with pytest.raises(ValueError, match="has only 480 x 640"):
        NYUv2(mat, size=(960, 1280), cached=False)[0]
