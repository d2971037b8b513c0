"""NYU Depth v2 as DenseDepth distributes it: zip file and folder."""

import pickle
import zipfile

import numpy as np
import nyu_files
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from depthlib.data import NYUv2
from depthlib.data import nyu_densedepth as densedepth
from depthlib.data.check import check
from depthlib.data.files import DataError

LEVEL = 10 / 255
TRAIN_CSV, TEST_CSV = "data/nyu2_train.csv", "data/nyu2_test.csv"
SCENE = "data/nyu2_train/living_room_0038_out"
TEST = "data/nyu2_test"


def write(root, frame=(480, 640)):
    """Three training pairs and two test pairs; returns their metres."""
    images, metres = nyu_files.pairs(5, frame)
    rows = {TRAIN_CSV: [], TEST_CSV: []}
    for i, (image, depth) in enumerate(zip(images, metres, strict=True)):
        if i < 3:
            names = f"{SCENE}/{i + 1}.jpg", f"{SCENE}/{i + 1}.png"
            stored = np.rint(depth / LEVEL).astype(np.uint8)
            rows[TRAIN_CSV].append(names)
        else:
            names = tuple(
                f"{TEST}/{i:05d}_{kind}.png" for kind in ("colors", "depth")
            )
            stored = np.rint(depth * 1000).astype(np.uint16)
            rows[TEST_CSV].append(names)
        for name, array in zip(names, (image, stored), strict=True):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(root / name)
    for name, listed in rows.items():
        text = "".join(",".join(row) + "\n" for row in listed)
        (root / name).write_text(text)
    return metres


def zipped(root, path):
    """The folder as an archive."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*.*")):
            archive.write(file, file.relative_to(root).as_posix())
    return path


@pytest.fixture
def folder(tmp_path):
    """The unpacked archive."""
    write(tmp_path / "unpacked")
    return tmp_path / "unpacked"


@pytest.fixture
def archive(folder, tmp_path):
    """The same as a zip file."""
    return zipped(folder, tmp_path / "nyu_data.zip")


def refused(make, *words):
    """One sentence that names what it must."""
    with pytest.raises(DataError) as error:
        make()
    text = str(error.value)
    assert "\n" not in text
    for word in words:
        assert str(word) in text, text


@pytest.mark.parametrize("kind", ["folder", "archive", "root"])
def test_levels_and_millimetres_become_metres(kind, tmp_path, request):
    # "root": the zip file lies in the folder that is named.
    given = request.getfixturevalue("archive" if kind == "root" else kind)
    given = tmp_path if kind == "root" else given
    _, metres = nyu_files.pairs(5)
    train, test = NYUv2(given, "train"), NYUv2(given, "test")
    assert (len(train), len(test), len(NYUv2(given, "all"))) == (3, 2, 5)
    for i in range(3):
        wrong = np.abs(train[i]["depth"][0].numpy() - metres[i])
        assert 0 < wrong.max() <= LEVEL / 2 + 1e-5
    for i in range(2):
        wrong = np.abs(test[i]["depth"][0].numpy() - metres[3 + i])
        assert wrong.max() <= 5.01e-4
    images, _ = nyu_files.pairs(5)
    pixels = (test[0]["image"] * 255).round().byte().permute(1, 2, 0)
    np.testing.assert_array_equal(pixels.numpy(), images[3])


def test_nothing_is_unpacked(archive):
    before = sorted(archive.parent.rglob("*"))
    NYUv2(archive, "all")[4]
    assert sorted(archive.parent.rglob("*")) == before


def test_folder_and_archive_are_one_set(folder, archive):
    for split in ("train", "test", "all"):
        ours, theirs = NYUv2(folder, split), NYUv2(archive, split)
        assert ours.manifest() == theirs.manifest()
    # It is another set than the labelled one, and says so.
    assert ours.name == "nyu_densedepth/all"
    assert "8 bit" in ours.manifest()["depth_unit"]


def test_a_unit_that_is_given_holds_for_all(archive):
    doubled = NYUv2(archive, "train", depth_unit="v * 20 / 255")
    plain = NYUv2(archive, "train")
    assert torch.allclose(doubled[1]["depth"], 2 * plain[1]["depth"])


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_read_one_archive(archive, workers):
    data = NYUv2(archive, "all", size=(24, 32), cached=False)
    data[0]  # opened here, before the workers are forked
    loader = DataLoader(data, batch_size=1, num_workers=workers)
    for i, batch in enumerate(loader):
        assert torch.equal(batch["depth"][0], data[i]["depth"])
    again = pickle.loads(pickle.dumps(data))  # noqa: S301
    assert torch.equal(again[4]["image"], data[4]["image"])


def test_check_counts_and_compares_with_the_archive(archive):
    report = check("nyu_v2_labeled", archive)
    assert report.pairs == 5 and "3 train, 2 test" in str(report)
    assert "the official split has 50688" in str(report)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("a.jpg\n", "row 1"),
        ("a.jpg,b.png,c\n", "expected two names, image,depth"),
        ("a.jpg,\n", "row 1"),
        ("../a.jpg,b.png\n", "lies outside the archive"),
        ("a.jpg,/etc/passwd\n", "'/etc/passwd', which lies outside"),
        ("a.jpg,..\\b.png\n", "lies outside the archive"),
        ("C:\\a.jpg,b.png\n", "lies outside the archive"),
    ],
)
def test_a_wrong_list_is_named(folder, tmp_path, text, words):
    (folder / TEST_CSV).write_text(text)
    for given in (folder, zipped(folder, tmp_path / "again.zip")):
        refused(lambda g=given: NYUv2(g, "test"), given, TEST_CSV, words)
        assert len(NYUv2(given, "train")) == 3


def test_a_link_out_of_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"x")
    path = folder / TEST / "00003_depth.png"
    path.unlink()
    path.symlink_to(tmp_path / "secret.png")
    refused(lambda: NYUv2(folder, "test")[0], path, "leads out of")


def test_missing_files_are_named(folder, tmp_path):
    (folder / TEST / "00003_depth.png").unlink()
    for given in (folder, zipped(folder, tmp_path / "again.zip")):
        data = NYUv2(given, "test")
        refused(lambda d=data: d[0], given, "00003_depth.png is missing")
    (folder / TEST_CSV).unlink()
    refused(lambda: NYUv2(folder, "test"), folder / TEST_CSV, "is missing")


def test_depth_of_another_kind_names_its_file(folder, tmp_path):
    path = folder / TEST / "00003_depth.png"
    Image.fromarray(np.full((480, 640, 3), 9, np.uint8)).save(path)
    refused(lambda: NYUv2(folder, "test")[0], path, "one channel")
    Image.fromarray(np.full((480, 640), 9e4, np.float32)).save(
        path, format="TIFF"
    )
    refused(lambda: NYUv2(folder, "test")[0], path, "stores float32", "8-bit")
    # Ten times too far: decimillimetres, say.
    far = np.full((480, 640), 65_000, np.uint16)
    Image.fromarray(far).save(path)
    refused(lambda: NYUv2(folder, "test")[0], path, "65 m, outside")


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_cut_off_archive_is_named(archive, keep):
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * keep)])
    refused(lambda: NYUv2(archive), archive, "is no zip file, or is cut off")


def test_a_damaged_member_is_named(archive):
    with zipfile.ZipFile(archive) as opened:
        place = opened.getinfo(f"{TEST}/00003_depth.png").header_offset
    whole = bytearray(archive.read_bytes())
    whole[place + 200] ^= 255
    archive.write_bytes(whole)
    refused(
        lambda: NYUv2(archive, "test")[0],
        "00003_depth.png is damaged",
        archive,
    )


def test_a_picture_too_large_is_not_read(archive, monkeypatch):
    data = NYUv2(archive, "test")
    monkeypatch.setattr(densedepth, "LARGEST", 500)
    refused(lambda: data[0], "too many for a picture")
