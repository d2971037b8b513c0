"""What the data commands say: lists, checks, preparation, archives."""

import dataclasses
import stat
import threading
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from depthlib.data import ImageFolder, NYUv2
from depthlib.data import check as check_module
from depthlib.data.archive import extract
from depthlib.data.catalogue import catalogue, describe
from depthlib.data.check import check
from depthlib.data.files import DataError
from depthlib.data.prepare import fill_holes, prepare
from depthlib.data.store import build_once, stored
from depthlib.kernels.inpaint import inpaint_depth


@pytest.fixture
def tiny_nyu(monkeypatch):
    """The official set as if it had 3 + 2 pictures of 24 x 32."""

    def entry(name):
        about = catalogue()[name]
        changed = {"pairs": {"train": 3, "test": 2}, "frame": (24, 32)}
        return dataclasses.replace(about, **changed)

    monkeypatch.setattr(check_module, "entry", entry)


def test_the_list_says_all_a_reader_needs():
    text = describe()
    for about in catalogue().values():
        assert about.name in text and about.title in text
        for value in (about.where, about.layout, about.depth, about.licence):
            assert " ".join(value.split()) in " ".join(text.split())
    assert max(map(len, text.splitlines()[:-1])) < 200
    assert catalogue()["nyu_v2_labeled"].pairs == {"train": 795, "test": 654}


def test_the_list_says_what_is_here(nyu_mat, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_DATA", str(nyu_mat.parent))
    assert "absent" in catalogue()["nyu_v2_labeled"].status()
    nyu_mat.rename(nyu_mat.parent / "nyu_v2_labeled")
    assert catalogue()["nyu_v2_labeled"].status().startswith("in ")


@pytest.mark.parametrize("layout", ["nyu_mat", "nyu_folder"])
def test_a_good_set_passes(layout, request, tiny_nyu, scenes):
    report = check("nyu_v2_labeled", request.getfixturevalue(layout))
    assert report.pairs == 5 and report.size == (24, 32)
    assert report.known == 1.0
    every = np.stack(scenes[1])
    expected = [every.min(), np.median(every), every.max()]
    assert np.allclose(report.depth, expected, atol=0.02)
    assert "3 train, 2 test" in str(report)


def test_a_good_folder_and_rooms_pass(folder):
    report = check("folder", folder, depth_unit="mm", scene="indoor")
    assert (report.pairs, report.unit) == (5, "mm")
    assert check("rooms").pairs == 8


def test_a_split_of_another_count_is_said(nyu_folder, tiny_nyu):
    (nyu_folder / "test_654.txt").write_text("000001\n")
    report = check("nyu_v2_labeled", nyu_folder)
    assert "lists 1 pairs for test; the official split has 2" in str(report)


def test_a_pair_in_both_splits_is_refused(nyu_folder, tiny_nyu):
    (nyu_folder / "test_654.txt").write_text("000001\n000003\n")
    with pytest.raises(DataError, match="shares pair 000003"):
        check("nyu_v2_labeled", nyu_folder)


def test_another_size_than_the_official_is_refused(nyu_folder):
    # Without the tiny manifest, 480 x 640 is what is expected.
    with pytest.raises(DataError, match="000000.png is 24 x 32.*480 x 640"):
        check("nyu_v2_labeled", nyu_folder)


def test_impossible_depth_is_refused(nyu_folder, tiny_nyu, scenes):
    for i, depth in enumerate(scenes[1]):
        path = nyu_folder / "depth" / f"{i:06d}.png"
        Image.fromarray(np.round(depth * 5000).astype(np.uint16)).save(path)
    with pytest.raises(DataError, match=r"000000\.png holds depths of"):
        check("nyu_v2_labeled", nyu_folder)
    report = check("nyu_v2_labeled", nyu_folder, depth_unit=0.0002)
    assert 1.5 < report.depth[1] < 6


def test_the_unit_of_a_whole_set_is_judged(nyu_folder, tiny_nyu, scenes):
    for i, depth in enumerate(scenes[1]):
        path = nyu_folder / "depth" / f"{i:06d}.png"
        Image.fromarray(np.round(depth * 100).astype(np.uint16)).save(path)
    with pytest.raises(DataError, match="centimetres read as millimetres"):
        check("nyu_v2_labeled", nyu_folder)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "kity"}, "choose one of rooms, streets, streets-video"),
        ({"name": "folder"}, "root and depth_unit are needed"),
        ({"name": "rooms", "scene": "moon"}, "choose one of indoor"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        check(**arguments)


@pytest.mark.parametrize(
    "name", ["rooms", "streets", "streets-video", "cards"]
)
def test_drawn_sets_are_prepared(name, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path))
    said = prepare(name, size=(16, 32), n=2)
    both = f"2 of {name}-a/train, 2 of {name}-a/test"
    assert said == f"ready at 16 x 32: {both}"
    assert "2 sets made" in catalogue()[name].status()


def test_prepare_leaves_nothing_for_training(nyu_folder, monkeypatch):
    said = prepare("nyu_v2_labeled", nyu_folder, size=(12, 16))
    assert "3 of nyu_v2_labeled/train, 2 of nyu_v2_labeled/test" in said
    data = NYUv2(nyu_folder, "test", size=(12, 16))
    monkeypatch.setattr(data, "pair", None)
    assert data[1]["image"].shape == (3, 12, 16)


def test_filled_folders_have_no_holes(folder, tmp_path, scenes):
    path = folder / "depths" / "p1.png"
    holed = np.round(scenes[1][1] * 1000).astype(np.uint16)
    holed[5:9, 5:12] = 0
    Image.fromarray(holed).save(path)
    out = fill_holes(folder, tmp_path / "filled", depth_unit="mm")
    filled, before = (
        ImageFolder(out, depth_unit="m"),
        ImageFolder(folder, depth_unit="mm"),
    )
    assert len(filled) == 5 and all(item["mask"].all() for item in filled)
    item = before[1]
    expected = inpaint_depth(
        *(item[k][None] for k in ("image", "depth", "mask"))
    )
    assert torch.allclose(filled[1]["depth"], expected[0], atol=1e-6)
    assert torch.equal(filled[1]["image"], item["image"])
    with pytest.raises(DataError, match="exists already"):
        fill_holes(folder, out, depth_unit="mm")


def test_filling_continues_after_an_interruption(folder, tmp_path):
    whole = fill_holes(folder, tmp_path / "whole", depth_unit="mm")
    part = tmp_path / "again.part" / "depths"
    part.mkdir(parents=True)
    (part.parent / "images").mkdir()
    kept = (whole / "depths" / "000000.npy").read_bytes()
    (part / "000000.npy").write_bytes(kept)
    image = (whole / "images" / "000000.png").read_bytes()
    (part.parent / "images" / "000000.png").write_bytes(image)
    stamp = (part / "000000.npy").stat().st_mtime_ns
    again = fill_holes(folder, tmp_path / "again", depth_unit="mm")
    assert (again / "depths" / "000000.npy").stat().st_mtime_ns == stamp
    for path in (whole / "depths").iterdir():
        assert path.read_bytes() == (again / "depths" / path.name).read_bytes()


def zipped(path, members):
    """A zip file of (name, content, unix mode)."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content, mode in members:
            item = zipfile.ZipInfo(name)
            item.external_attr = mode << 16
            file.writestr(item, content)
    return path


def test_archives_unpack_whole(tmp_path, folder):
    members = [
        (p.relative_to(folder).as_posix(), p.read_bytes(), 0o100644)
        for p in sorted(folder.rglob("*.png"))
    ]
    archive = zipped(tmp_path / "a.zip", members)
    out = extract(archive, tmp_path / "out" / "deep")
    assert len(ImageFolder(out, depth_unit="mm")) == 5
    empty = tmp_path / "empty"
    empty.mkdir()
    said = prepare(
        "folder", empty, archive=archive, depth_unit="mm", size=(24, 32)
    )
    assert "5 of empty/all" in said


def test_archives_unpack_into_an_empty_folder_alone(tmp_path):
    archive = zipped(tmp_path / "a.zip", [("new.txt", "x", 0o100644)])
    out = tmp_path / "out"
    out.mkdir()
    assert extract(archive, out) == out
    assert [path.name for path in out.iterdir()] == ["new.txt"]
    (out / "new.txt").write_text("mine")
    with pytest.raises(DataError, match="exists and is not empty; not unp"):
        extract(archive, out)
    assert (out / "new.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("../out.txt", 0o100644),
        ("a/../../out.txt", 0o100644),
        ("/etc/out.txt", 0o100644),
        ("C:\\out.txt", 0o100644),
        ("..\\out.txt", 0o100644),
        ("link", stat.S_IFLNK | 0o777),
    ],
)
def test_archives_that_escape_are_refused(tmp_path, name, mode):
    members = [("good.txt", "x", 0o100644), (name, "/etc/passwd", mode)]
    archive = zipped(tmp_path / "a.zip", members)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match="nothing was unpacked"):
        extract(archive, tmp_path / "out")
    assert sorted(tmp_path.rglob("*")) == before


def test_damaged_archives_leave_nothing(tmp_path):
    members = [(f"{i}.txt", "x" * 500, 0o100644) for i in range(5)]
    path = zipped(tmp_path / "a.zip", members)
    whole = bytearray(path.read_bytes())
    whole[300] ^= 255  # inside the first member
    path.write_bytes(whole)
    with pytest.raises(DataError, match="damaged"):
        extract(path, tmp_path / "out")
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="no zip file"):
        extract(path, tmp_path / "out")
    assert not list(tmp_path.glob("out*/")) and not list(
        tmp_path.glob("*.tmp")
    )


def test_a_failed_build_leaves_nothing_and_may_be_repeated(tmp_path):
    def fail(folder):
        (folder / "half").write_text("x")
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk"):
        build_once(tmp_path / "made", fail)
    assert not (tmp_path / "made").exists()
    assert not list(tmp_path.glob("*.tmp"))
    # What a killed process left is cleared away.
    (tmp_path / "made.999.tmp").mkdir()
    build_once(tmp_path / "made", lambda f: (f / "x").write_text("whole"))
    assert (tmp_path / "made" / "x").read_text() == "whole"
    assert not list(tmp_path.glob("*.tmp"))


def test_builders_at_once_build_once(tmp_path):
    built = []

    def read(i):
        built.append(i)
        return (np.full((2, 2), i, np.float32),)

    results = []

    def work():
        results.append(stored(tmp_path, "key", 3, read)[0].sum())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [12.0] * 4 and built == [0, 1, 2]


def test_prepare_fills_holes_where_asked(folder, tmp_path):
    said = prepare(
        "folder", folder, depth_unit="mm", size=(12, 16), filled=tmp_path / "f"
    )
    assert str(tmp_path / "f") in said and "5 of f/all" in said
    data = ImageFolder(tmp_path / "f", depth_unit="m")
    assert all(item["mask"].all() for item in data)
    with pytest.raises(ValueError, match="only folder has holes to fill"):
        prepare("rooms", filled=tmp_path / "g")
