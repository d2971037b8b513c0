"""NYU Depth v2 in both layouts, and what is wrong said in one sentence."""

import copy

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from depthlib.data import NYUv2
from depthlib.data.files import DataError

STEP = 9.99547 / 255


def one_sentence(error, *words):
    """The message names what it must, without a line break."""
    text = str(error.value)
    assert "\n" not in text
    for word in words:
        assert str(word) in text, text


def test_official_file_comes_out_upright(nyu_mat, scenes):
    images, depths = scenes
    data = NYUv2(nyu_mat, "train", size=(24, 32))
    assert [len(NYUv2(nyu_mat, s)) for s in ("train", "test", "all")] == [
        3,
        2,
        5,
    ]
    for place, number in enumerate((2, 0, 3)):
        item = data[place]
        image = (item["image"] * 255).round().byte().permute(1, 2, 0)
        assert np.array_equal(image.numpy(), images[number])
        assert np.array_equal(item["depth"][0].numpy(), depths[number])
        assert item["mask"].all() and item["index"] == place
    assert NYUv2(nyu_mat, "test").names == [1, 4]


def test_folder_gives_the_middle_of_each_step(nyu_folder, scenes):
    data = NYUv2(nyu_folder, "test", size=(24, 32))
    depth = data[1]["depth"][0].numpy()
    # Half a step is the most by which a quantised depth may differ.
    assert np.abs(depth - scenes[1][4]).max() <= STEP / 2 + 1e-6
    steps = depth / STEP - 0.5
    assert np.allclose(steps, np.round(steps), atol=1e-4)
    image = data[1]["image"].permute(1, 2, 0).numpy() * 255
    assert np.abs(image - scenes[0][4]).max() < 12


def test_both_layouts_hold_the_same_pairs(nyu_mat, nyu_folder):
    for split in ("train", "test"):
        ours, theirs = NYUv2(nyu_mat, split), NYUv2(nyu_folder, split)
        assert ours.names == [int(name) for name in theirs.names]
    assert NYUv2(nyu_folder, "all").names == [f"{i:06d}" for i in range(5)]


def test_16_bit_files_are_millimetres_unless_said_otherwise(
    nyu_folder, scenes
):
    for i, depth in enumerate(scenes[1]):
        path = nyu_folder / "depth" / f"{i:06d}.png"
        Image.fromarray(np.round(depth * 1000).astype(np.uint16)).save(path)
    depth = NYUv2(nyu_folder, size=(24, 32), cached=False)[1]["depth"][
        0
    ].numpy()
    assert np.allclose(depth, scenes[1][0], atol=6e-4)
    halved = NYUv2(nyu_folder, size=(24, 32), cached=False, depth_unit=0.0005)
    assert np.allclose(halved[1]["depth"][0] * 2, depth)
    (nyu_folder / "depth_unit.txt").write_text("v * 2 / 1000\n")
    doubled = NYUv2(nyu_folder, size=(24, 32), cached=False)
    assert np.allclose(doubled[1]["depth"][0] / 2, depth)
    assert doubled.manifest()["depth_unit"] == "v * 2 / 1000"


def test_shrinking_averages_colours_and_keeps_depths(nyu_mat, scenes):
    item = NYUv2(nyu_mat, "train", size=(8, 16))[0]
    # An aspect of 2 keeps 16 of the 24 rows, the middle ones.
    window = scenes[0][2][4:20].astype(np.float64)
    mean = window.reshape(8, 2, 16, 2, 3).mean((1, 3)).transpose(2, 0, 1)
    assert np.abs(item["image"].numpy() * 255 - mean).max() <= 0.501
    known = set(scenes[1][2][4:20].reshape(-1).tolist())
    assert set(item["depth"].reshape(-1).tolist()) <= known


def test_intrinsics_follow_the_crop_and_the_scale(nyu_mat):
    # The tiny frame is the 640 x 480 one, 20 times smaller.
    whole = NYUv2(nyu_mat, size=(24, 32))[0]["intrinsics"]
    assert whole[0, 0].item() == pytest.approx(518.857901 / 20)
    # The toolbox counts pixels from 1: its centre 1 is 0.5 here.
    assert whole[0, 2].item() == pytest.approx((325.582449 - 0.5) / 20)
    assert whole[1, 2].item() == pytest.approx((253.736166 - 0.5) / 20)
    small = NYUv2(nyu_mat, size=(8, 16))[0]["intrinsics"]
    assert small[0, 0].item() == pytest.approx(whole[0, 0].item() / 2)
    assert small[1, 2].item() == pytest.approx((whole[1, 2].item() - 4) / 2)


def test_cached_items_equal_fresh_ones(nyu_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path / "cache"))
    cached = NYUv2(nyu_folder, "train", size=(12, 16))
    fresh = NYUv2(nyu_folder, "train", size=(12, 16), cached=False)
    for ours, theirs in zip(cached, fresh, strict=True):
        for name in ("image", "depth", "mask", "intrinsics"):
            assert torch.equal(ours[name], theirs[name])
    assert not sorted((tmp_path / "cache" / "nyu").glob("*.tmp"))
    # Later nothing is read again, and nothing is written.
    again = NYUv2(nyu_folder, "train", size=(12, 16))
    monkeypatch.setattr(again, "pair", None)
    images, depths, matrices = again.arrays()
    assert images.shape == (3, 12, 16, 3) and images.dtype == np.uint8
    assert depths.shape == (3, 12, 16) and matrices.shape == (3, 3, 3)


def test_the_cache_does_not_outlive_the_data(nyu_folder):
    before = NYUv2(nyu_folder, "train", size=(12, 16))
    old = before[1]["depth"].mean()
    path = nyu_folder / "depth" / "000000.png"
    Image.fromarray(np.full((24, 32), 200, np.uint8)).save(path)
    after = NYUv2(nyu_folder, "train", size=(12, 16))
    assert after[1]["depth"].mean() > old + 1
    assert after.manifest() != before.manifest()


def test_manifest_is_the_same_wherever_the_data_lie(nyu_folder, tmp_path):
    import shutil

    copy = tmp_path / "elsewhere"
    shutil.copytree(nyu_folder, copy)
    ours = NYUv2(nyu_folder, "test").manifest()
    assert ours == NYUv2(copy, "test").manifest()
    assert ours != NYUv2(nyu_folder, "train").manifest()
    assert ours["n"] == 2 and ours["name"] == "nyu_v2_labeled/test"


def test_full_size_is_not_copied_into_the_cache(nyu_mat):
    assert not NYUv2(nyu_mat).cached
    assert NYUv2(nyu_mat, size=(96, 128)).cached


@pytest.mark.parametrize("workers", [0, 1])
def test_loaders_batch_it(nyu_mat, workers):
    data = NYUv2(nyu_mat, "all", size=(12, 16))
    batches = list(DataLoader(data, batch_size=2, num_workers=workers))
    assert [len(b["index"]) for b in batches] == [2, 2, 1]
    assert batches[0]["image"].shape == (2, 3, 12, 16)
    assert batches[0]["image"].dtype == torch.float32
    assert torch.equal(batches[1]["depth"][0], data[2]["depth"])
    again = copy.copy(data)  # what a worker of a fresh process gets
    assert again._arrays is None
    assert torch.equal(again[4]["image"], data[4]["image"])


def test_root_defaults_to_the_data_folder(nyu_mat, monkeypatch):
    nyu_mat.rename(nyu_mat.parent / "nyu_v2_labeled")
    monkeypatch.setenv("DEPTHLIB_DATA", str(nyu_mat.parent))
    assert len(NYUv2(split="test")) == 2


def test_absent_data_say_what_is_expected(tmp_path):
    with pytest.raises(DataError) as error:
        NYUv2(tmp_path / "nothing")
    one_sentence(error, tmp_path / "nothing", "splits.mat", "train_795.txt")


def test_a_wrong_split_name_is_refused(nyu_mat):
    with pytest.raises(ValueError, match='choose "train", "test" or "all"'):
        NYUv2(nyu_mat, "val")


def test_a_missing_split_is_named(nyu_mat, nyu_folder):
    (nyu_mat / "splits.mat").unlink()
    with pytest.raises(DataError) as error:
        NYUv2(nyu_mat)
    one_sentence(error, nyu_mat / "splits.mat", "missing")
    (nyu_folder / "test_654.txt").unlink()
    with pytest.raises(DataError) as error:
        NYUv2(nyu_folder, "test")
    one_sentence(error, nyu_folder / "test_654.txt", "missing")


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_damaged_split_file_is_named(nyu_mat, keep):
    path = nyu_mat / "splits.mat"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError) as error:
        NYUv2(nyu_mat)
    assert str(path) in str(error.value)


def test_a_split_beyond_the_file_is_refused(nyu_mat):
    from scipy.io import savemat

    savemat(nyu_mat / "splits.mat", {"trainNdxs": [[6]], "testNdxs": [[1]]})
    with pytest.raises(DataError) as error:
        NYUv2(nyu_mat, "train")
    one_sentence(error, nyu_mat / "splits.mat", "pair 6", "holds 5")


@pytest.mark.parametrize("text", ["", "000001\n000001\n"])
def test_an_empty_or_doubled_list_is_refused(nyu_folder, text):
    (nyu_folder / "test_654.txt").write_text(text)
    with pytest.raises(DataError) as error:
        NYUv2(nyu_folder, "test")
    one_sentence(error, nyu_folder / "test_654.txt")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_cut_off_official_file_is_named(nyu_mat, share):
    path = nyu_mat / "nyu_depth_v2_labeled.mat"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError) as error:
        NYUv2(nyu_mat)
    one_sentence(error, path, "cut off")


def test_a_text_file_in_place_of_the_official_one(nyu_mat):
    path = nyu_mat / "nyu_depth_v2_labeled.mat"
    path.write_text("<html>not found</html>")
    with pytest.raises(DataError) as error:
        NYUv2(nyu_mat)
    one_sentence(error, path, "no HDF5 file")


def test_other_arrays_than_expected_are_named(nyu_mat):
    import h5py

    path = nyu_mat / "nyu_depth_v2_labeled.mat"
    with h5py.File(path, "w") as file:
        file["images"] = np.zeros((5, 24, 32, 3), np.uint8)  # not transposed
        file["depths"] = np.zeros((5, 32, 24), np.float32)
    with pytest.raises(DataError) as error:
        NYUv2(nyu_mat)
    one_sentence(error, path, "(5, 24, 32, 3)", "(N, 3, 640, 480)")
    with h5py.File(path, "w") as file:
        file["labels"] = np.zeros(3)
    with pytest.raises(DataError, match="neither images nor depths"):
        NYUv2(nyu_mat)


@pytest.mark.parametrize("part", ["rgb/000003.jpg", "depth/000003.png"])
def test_a_cut_off_or_foreign_picture_is_named(nyu_folder, part):
    path = nyu_folder / part
    whole = path.read_bytes()
    for content, word in (
        (whole[: len(whole) // 2], "cut off"),
        (b"just some text\n", "no picture"),
    ):
        path.write_bytes(content)
        data = NYUv2(nyu_folder, "train", cached=False)
        with pytest.raises(DataError) as error:
            data[2]
        one_sentence(error, path, word)
    path.unlink()
    with pytest.raises(DataError) as error:
        NYUv2(nyu_folder, "train", size=(12, 16))[0]
    one_sentence(error, path, "missing")


def test_a_pair_of_two_sizes_is_named(nyu_folder):
    path = nyu_folder / "depth" / "000002.png"
    Image.fromarray(np.full((12, 16), 70, np.uint8)).save(path)
    with pytest.raises(DataError) as error:
        NYUv2(nyu_folder, cached=False)[0]
    one_sentence(error, path, "12 x 16", "24 x 32")


def test_a_colour_image_is_no_depth_map(nyu_folder):
    path = nyu_folder / "depth" / "000002.png"
    Image.fromarray(np.full((24, 32, 3), 70, np.uint8)).save(path)
    with pytest.raises(DataError) as error:
        NYUv2(nyu_folder, cached=False)[0]
    one_sentence(error, path, "one channel")


def test_a_wrong_unit_is_named(nyu_mat, nyu_folder, scenes):
    import h5py

    path = nyu_mat / "nyu_depth_v2_labeled.mat"
    with h5py.File(path, "a") as file:
        file["depths"][...] = file["depths"][...] * 1000
    with pytest.raises(DataError) as error:
        NYUv2(nyu_mat)[0]
    one_sentence(error, path, "looks like millimetres read as metres")
    with pytest.raises(DataError) as error:
        NYUv2(nyu_folder, depth_unit="mm")[0]
    one_sentence(error, "000002.png", "8-bit levels read as millimetres")


def test_more_pixels_than_there_are_is_refused(nyu_mat):
    with pytest.raises(ValueError, match=r"24 x 32 pixels"):
        NYUv2(nyu_mat, size=(48, 64), cached=False)[0]
