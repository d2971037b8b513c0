"""7-Scenes in both layouts: poses, motion, units, and what is refused."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

from depthlib.data import SevenScenes, data_root
from depthlib.data.check import check
from depthlib.data.files import DataError
from depthlib.data.seven_scenes_sources import read_millimetres
from depthlib.geometry import pose_matrix
from depthlib.kernels import warp_depth

SIZE = (24, 32)
COUNT = 6


def poses(seed=0):
    """Camera to world of each frame, ``(6, 4, 4)``."""
    random = np.random.default_rng(seed)
    vectors = torch.from_numpy(random.normal(0, 0.3, (COUNT, 6)))
    return pose_matrix(vectors).numpy()


def frame(k, seed=0):
    """Picture and millimetres; a corner is unknown, in both ways."""
    random = np.random.default_rng([seed, k])
    slopes = random.uniform(-2, 2, (3, 2))
    image = np.tensordot(np.mgrid[: SIZE[0], : SIZE[1]], slopes, (0, 1))
    image = (image + 128).astype(np.uint8)
    depth = (1500 + 20 * np.mgrid[: SIZE[0], : SIZE[1]].sum(0) + k).astype(
        np.uint16
    )
    depth[0, 0], depth[0, 1] = 0, 65535
    return image, depth


def write_folder(root):
    for split, seed in (("train", 0), ("test", 1)):
        folder = root / split
        for name in ("rgb", "depth"):
            (folder / name).mkdir(parents=True)
        for k in range(COUNT):
            image, depth = frame(k, seed)
            path = folder / "rgb" / f"{k:06d}.jpg"
            Image.fromarray(image).save(path, quality=95)
            Image.fromarray(depth).save(folder / "depth" / f"{k:06d}.png")
        lines = [" ".join(f"{v:.9f}" for v in p.ravel()) for p in poses(seed)]
        (folder / "poses.txt").write_text("\n".join(lines) + "\n")
        (folder / "intrinsics.txt").write_text("26 0 16\n0 27 12\n0 0 1\n")
    return root


def write_official(root):
    for number in (1, 2, 3):
        folder = root / f"seq-{number:02d}"
        folder.mkdir(parents=True)
        for k, pose in enumerate(poses(number)):
            image, depth = frame(k, number)
            stem = folder / f"frame-{k:06d}"
            Image.fromarray(image).save(f"{stem}.color.png")
            Image.fromarray(depth).save(f"{stem}.depth.png")
            rows = ["\t ".join(f"{v: .7e}" for v in row) for row in pose]
            text = "\t \n".join(rows) + "\t \n"
            stem.with_name(f"{stem.name}.pose.txt").write_text(text)
    (root / "TrainSplit.txt").write_text("sequence1\nsequence3\n")
    (root / "TestSplit.txt").write_text("sequence2\n")
    return root


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "kitchen")


@pytest.fixture
def official(tmp_path):
    return write_official(tmp_path / "redkitchen")


LAYOUTS = pytest.mark.parametrize(
    ("layout", "seeds"), [("folder", [0]), ("official", [1, 3])]
)


@LAYOUTS
def test_triples_stay_inside_their_sequence(layout, seeds, request):
    root = request.getfixturevalue(layout)
    data = SevenScenes(root, every=2)
    expected = [(s, k) for s in range(len(seeds)) for k in (2, 3)]
    assert data.names == expected and len(data.left_out) == 4 * len(seeds)
    assert data.name == f"{root.name}/train" and data.size == SIZE


@LAYOUTS
def test_frames_and_depth_are_those_on_disk(layout, seeds, request):
    data = SevenScenes(request.getfixturevalue(layout), every=1)
    item = data[-2]  # frame 3 of the last sequence
    depth = frame(3, seeds[-1])[1].astype(np.float32)
    depth[0, :2] = 0
    np.testing.assert_allclose(item["depth"][0], depth / 1000, rtol=1e-6)
    assert not item["mask"][0, 0, :2].any() and item["mask"].sum() == 766
    shown = [item["adjacent"][0], item["image"], item["adjacent"][1]]
    for k, image in zip((2, 3, 4), shown, strict=True):
        stored = frame(k, seeds[-1])[0].transpose(2, 0, 1) / 255
        # JPEG in one of the layouts.
        most = 0.01 if layout == "folder" else 1e-6
        assert np.abs(image.numpy() - stored).mean() < most


@LAYOUTS
def test_motion_joins_the_poses(layout, seeds, request):
    """A point of the world is where both cameras see it."""
    data = SevenScenes(request.getfixturevalue(layout), every=2)
    item, world = data[0], poses(seeds[0])
    point = np.array([0.3, -0.2, 2.0, 1.0])
    for motion, k in zip(item["motion"].numpy(), (0, 4), strict=True):
        there = world[k] @ (motion @ point)
        np.testing.assert_allclose(there, world[2] @ point, atol=1e-5)


def test_intrinsics_follow_the_picture(folder, official):
    matrix = SevenScenes(folder, every=1)[0]["intrinsics"]
    assert matrix.tolist() == [[26, 0, 16], [0, 27, 12], [0, 0, 1]]
    small = SevenScenes(folder, every=1, size=(12, 16), cached=False)[0]
    assert small["intrinsics"].tolist()[0] == [13, 0, 8]
    assert small["adjacent"].shape == (2, 3, 12, 16)
    # The official camera is stated for 480 x 640.
    matrix = SevenScenes(official, every=1)[0]["intrinsics"]
    expected = [[29.25, 0, 16], [0, 29.25, 12], [0, 0, 1]]
    assert torch.allclose(matrix, torch.tensor(expected))


def test_the_manifest_feels_files_and_spacing(folder):
    one = SevenScenes(folder, every=1).manifest()
    assert one == SevenScenes(folder, every=1).manifest()
    assert SevenScenes(folder, every=2).manifest() != one
    assert SevenScenes(folder, "test", every=1).manifest() != one


@pytest.mark.parametrize("name", ["poses.txt", "intrinsics.txt"])
def test_the_manifest_feels_a_changed_digit(folder, name):
    before = SevenScenes(folder, every=1).manifest()
    path = folder / "train" / name
    text = path.read_text()
    digit = next(c for c in reversed(text) if c in "123456789")
    place = text.rindex(digit)
    path.write_text(text[:place] + "98"[digit == "9"] + text[place + 1 :])
    assert SevenScenes(folder, every=1).manifest() != before


def test_kept_triples_are_the_same(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path / "cache"))
    kept = SevenScenes(folder, every=1, size=(12, 16))
    read = SevenScenes(folder, every=1, size=(12, 16), cached=False)
    for name in ("image", "depth", "adjacent", "motion"):
        assert torch.equal(kept[1][name], read[1][name])


def break_pose(root):
    path = root / "train" / "poses.txt"
    lines = path.read_text().splitlines()
    lines[1] = " ".join(lines[1].split()[:12])
    path.write_text("\n".join(lines))


def scale_pose(root):
    path = root / "train" / "poses.txt"
    lines = path.read_text().splitlines()
    lines[1] = " ".join(f"{2 * float(v)}" for v in lines[1].split())
    path.write_text("\n".join(lines))


def lose_pose(root):
    path = root / "train" / "poses.txt"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))


def lose_picture(root):
    (root / "train" / "rgb" / "000003.jpg").unlink()


def eight_bits(root):
    for path in (root / "train" / "depth").iterdir():
        Image.fromarray(np.full(SIZE, 90, np.uint8)).save(path)


def other_unit(root):
    for path in (root / "train" / "depth").iterdir():
        Image.fromarray(np.full(SIZE, 12_000, np.uint16)).save(path)


def no_camera(root):
    (root / "train" / "intrinsics.txt").write_text("26 0 16\n0 27 12\n")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (break_pose, "line 2 of .*poses.txt is .*16 numbers"),
        (scale_pose, "line 2 of .*poses.txt is no rigid motion"),
        (lose_pose, "poses.txt has 5 lines for 6 frames"),
        (lose_picture, "lacks the picture of frame 000003"),
        (eight_bits, "000001.png stores uint8.*millimetres"),
        (other_unit, "000001.png.*median depth is 12 m"),
        (no_camera, "intrinsics.txt holds no camera"),
    ],
)
def test_a_damaged_folder_is_named(damage, words, folder):
    damage(folder)
    with pytest.raises(DataError, match=words):
        SevenScenes(folder, every=1)[0]


def test_a_damaged_official_set_is_named(official):
    (official / "seq-03" / "frame-000002.pose.txt").write_text("1 0 0 x")
    with pytest.raises(DataError, match=r"frame-000002\.pose\.txt is .*16"):
        SevenScenes(official, every=1)[5]
    (official / "seq-03" / "frame-000004.depth.png").unlink()
    with pytest.raises(DataError, match="depth map of frame 000004"):
        SevenScenes(official)
    (official / "TestSplit.txt").write_text("sequence3\n")
    with pytest.raises(DataError, match="share sequence 3"):
        SevenScenes(official)
    (official / "TrainSplit.txt").write_text("everything\n")
    with pytest.raises(DataError, match="TrainSplit.txt says 'everything'"):
        SevenScenes(official)
    (official / "TrainSplit.txt").unlink()
    with pytest.raises(DataError, match=r"no scene.*TrainSplit\.txt"):
        SevenScenes(official)


def test_bad_arguments(folder):
    with pytest.raises(ValueError, match="split is 'val'"):
        SevenScenes(folder, "val")
    with pytest.raises(DataError, match="at least 21 frames"):
        SevenScenes(folder)
    with pytest.raises(ValueError, match="every is 0"):
        SevenScenes(folder, every=0)
    with pytest.raises(ValueError, match="has only 24 x 32"):
        SevenScenes(folder, every=1, size=(48, 64), cached=False)[0]


# ---------------------------------------------------------- the real bytes


def real(every):
    """The kitchen, or skip."""
    root = data_root() / "seven_scenes_red_kitchen"
    if not root.is_dir():
        said = os.environ.get("DEPTHLIB_DATA", "not set")
        pytest.skip(f"no 7-Scenes in {root} (DEPTHLIB_DATA is {said})")
    return SevenScenes(root, every=every)


@pytest.mark.parametrize(("every", "bar"), [(1, 0.005), (10, 0.01)])
def test_real_motion_takes_depth_to_the_neighbours_depth(every, bar):
    """Median relative error of the warp, and without the motion."""
    data = real(every)
    errors = {"motion": [], "none": []}
    for i in range(0, len(data), 60):
        item, (s, k) = data[i], data.names[i]
        frames = data.sequences[s].frames
        for motion, there in zip(
            item["motion"], (k - every, k + every), strict=True
        ):
            other = torch.from_numpy(read_millimetres(frames[there][1]))
            for name, pose in (("motion", motion), ("none", torch.eye(4))):
                warped, valid = warp_depth(
                    item["depth"][None], item["intrinsics"], pose
                )
                both = valid[0, 0] & (other > 0)
                gap = (warped[0, 0] - other).abs() / other
                errors[name].append(gap[both].median())
    medians = {k: float(torch.stack(v).median()) for k, v in errors.items()}
    print(every, medians)
    assert medians["motion"] < bar
    assert medians["motion"] < 0.7 * medians["none"]


def test_the_real_set_is_right():
    root = real(10).root
    report = check("seven_scenes_red_kitchen", root)
    assert report.pairs == 480 + 30 and report.size == (240, 320)
    assert "40 frames have no triple" in str(report)
    assert 1.5 < report.depth[1] < 2.5
