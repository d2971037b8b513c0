"""KITTI in its layouts: what comes out is what was put in."""

import copy
import pickle
import shutil

import kitti_files as files
import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from depthlib.data import Kitti
from depthlib.data.check import check
from depthlib.data.prepare import prepare
from depthlib.kernels.inpaint import inpaint_depth
from depthlib.metrics import PROTOCOLS

PICTURE = f"{files.DAY}/{files.DRIVE}/image_02/data"
TRUTH = f"{files.DRIVE}/proj_depth/groundtruth/image_02"
STEP = 1 / 256


def test_raw_frames_come_as_they_were_made(kitti_raw):
    root, scenes = kitti_raw
    data = Kitti(root)
    assert [name.number for name in data.names] == [0, 5, 12]
    assert len(data) == 3 and data.size == files.SIZE
    for i, (image, metres, hit) in enumerate(scenes):
        item = data[i]
        pixels = (item["image"] * 255).round().byte().permute(1, 2, 0)
        np.testing.assert_array_equal(pixels.numpy(), image)
        np.testing.assert_array_equal(item["mask"][0].numpy(), hit)
        expected = metres * hit
        np.testing.assert_allclose(item["depth"][0], expected, rtol=1e-5)
        assert item["index"] == i
        # The projection counts pixels from 1: centre 1 is 0.5 here.
        assert item["intrinsics"][0].tolist() == pytest.approx([70, 0, 58.8])
        assert item["intrinsics"][1].tolist() == pytest.approx([0, 70, 14.3])


def test_maps_hold_256_steps_to_a_metre(kitti_pairs):
    root, scenes = kitti_pairs
    data = Kitti(root)
    assert data.names == ["000000", "000001", "000002"]
    for item, (_, metres, hit) in zip(data, scenes, strict=True):
        np.testing.assert_array_equal(item["mask"][0].numpy(), hit)
        wrong = np.abs(item["depth"][0].numpy() - metres * hit)
        assert 0 < wrong.max() <= STEP / 2 + 1e-5
        # Maps count from 0: centre 0 is 0.5 here.
        assert item["intrinsics"][0, 2].item() == pytest.approx(59.8)
    assert data.manifest()["camera"] == "calibration"


@pytest.mark.parametrize(
    "line",
    [
        f"{PICTURE}/{{n:010d}}.png",
        f"{files.DAY}/{files.DRIVE} {{n}} l",
        f"{PICTURE}/{{n:010d}}.png {TRUTH}/{{n:010d}}.png 721.5377",
    ],
)
def test_a_split_file_chooses_and_orders(kitti_raw, line):
    root, _ = kitti_raw
    listing = root / "eigen_test.txt"
    listing.write_text("".join(line.format(n=n) + "\n" for n in (12, 0)))
    for split in ("eigen_test", "eigen_test.txt", listing, str(listing)):
        data = Kitti(root, split)
        assert [name.number for name in data.names] == [12, 0]
        assert data.name == "kitti/eigen_test"
    whole = Kitti(root)
    for ours, theirs in ((0, 2), (1, 0)):
        assert torch.equal(data[ours]["depth"], whole[theirs]["depth"])
    files.refused(lambda: Kitti(root, "val"), root / "val.txt", "missing")


def test_the_right_camera_has_its_own_projection(kitti_raw):
    root, scenes = kitti_raw
    image, metres, hit = scenes[0]
    # A scan whose points the right camera sees at these pixels.
    cloud = files.points(metres, hit, camera=3)
    files.write_frame(root, 0, image, cloud, camera=3)
    (root / "right.txt").write_text(f"{files.DAY}/{files.DRIVE} 0 r\n")
    item = Kitti(root, "right")[0]
    np.testing.assert_allclose(item["depth"][0], metres * hit, rtol=1e-5)


@pytest.mark.parametrize("place", [".", "train", "val", files.DAY])
def test_annotated_maps_take_the_place_of_scans(kitti_raw, place):
    root, scenes = kitti_raw
    lines = []
    for number, (_, metres, _) in zip((0, 5, 12), scenes, strict=True):
        name = f"{TRUTH}/{number:010d}.png"
        files.write_map(root / place / name, metres)
        said = "None" if number == 5 else name
        lines.append(f"{PICTURE}/{number:010d}.png {said} 721.5377\n")
    (root / "test.txt").write_text("".join(lines))
    data = Kitti(root, "test", layout="annotated")
    # The list says that frame 5 has none.
    assert [name.number for name in data.names] == [0, 12]
    wrong = np.abs(data[1]["depth"][0].numpy() - scenes[2][1])
    assert data[1]["mask"].all() and wrong.max() <= STEP / 2 + 1e-5
    assert data[0]["intrinsics"][0, 2].item() == pytest.approx(59.8)
    # Another spelling does not name the maps; they are where they always are.
    (root / "short.txt").write_text(f"{files.DAY}/{files.DRIVE} 12 l\n")
    short = Kitti(root, "short", layout="annotated")
    assert torch.equal(short[0]["depth"], data[1]["depth"])
    (root / "none.txt").write_text(lines[1])
    none = root / "none.txt"
    files.refused(
        lambda: Kitti(root, "none", layout="annotated"), none, "None"
    )
    # Without a list, all maps that are there.
    whole = Kitti(root, layout="annotated")
    assert [name.number for name in whole.names] == [0, 5, 12]
    assert torch.equal(whole[2]["depth"], data[1]["depth"])


def test_maps_without_scans_are_seen_as_annotated(kitti_raw, tmp_path):
    root, scenes = kitti_raw
    name = f"{TRUTH}/{0:010d}.png"
    files.write_map(root / "train" / name, scenes[0][1])
    assert type(Kitti(root).source).__name__ == "RawSource"
    shutil.rmtree(root / files.DAY / files.DRIVE / "velodyne_points")
    data = Kitti(root)
    assert type(data.source).__name__ == "AnnotatedSource"
    assert [name.number for name in data.names] == [0]
    assert "1 pairs" in str(check("kitti", root))


def test_smaller_frames_keep_returns_and_directions(kitti_raw):
    root, scenes = kitti_raw
    whole, small = Kitti(root)[1], Kitti(root, size=(12, 40))[1]
    assert small["image"].shape == (3, 12, 40)
    metres = np.where(scenes[1][2], scenes[1][1], np.inf)
    cells = metres.reshape(12, 3, 40, 3).min((1, 3))
    expected = np.where(np.isinf(cells), 0, cells)
    np.testing.assert_allclose(small["depth"][0], expected, rtol=1e-5)
    assert small["mask"].float().mean() > 3 * whole["mask"].float().mean()
    expected = whole["intrinsics"] / torch.tensor([[3.0], [3.0], [1.0]])
    assert torch.allclose(small["intrinsics"], expected)
    with pytest.raises(ValueError, match="has only 36 x 120 pixels"):
        Kitti(root, size=(72, 240), cached=False)[0]


def test_cached_items_equal_fresh_ones(kitti_raw):
    root, _ = kitti_raw
    cached = Kitti(root, size=(12, 40))
    fresh = Kitti(root, size=(12, 40), cached=False)
    assert cached.cached and not Kitti(root).cached
    for ours, theirs in zip(cached, fresh, strict=True):
        for name in ("image", "depth", "mask", "intrinsics"):
            assert torch.equal(ours[name], theirs[name])
    # The cache does not outlive a calibration.
    path = root / files.DAY / "calib_cam_to_cam.txt"
    path.write_text(path.read_text().replace("7.000000000000e+01", "7.2e+01"))
    after = Kitti(root, size=(12, 40))
    assert after.manifest() != cached.manifest()
    assert after[0]["intrinsics"][0, 0] == 24 != cached[0]["intrinsics"][0, 0]
    with pytest.raises(ValueError, match="cached needs a size"):
        Kitti(root, cached=True)


def test_manifest_is_the_same_wherever_the_data_lie(kitti_raw, tmp_path):
    root, _ = kitti_raw
    shutil.copytree(root, tmp_path / "elsewhere")
    ours = Kitti(root).manifest()
    assert ours == Kitti(tmp_path / "elsewhere").manifest()
    assert (ours["n"], ours["name"]) == (3, "kitti/all")


@pytest.mark.parametrize("workers", [0, 1])
def test_loaders_batch_it(kitti_raw, workers):
    root, _ = kitti_raw
    data = Kitti(root, size=(12, 40))
    (batch,) = DataLoader(data, batch_size=3, num_workers=workers)
    assert batch["depth"].shape == (3, 1, 12, 40)
    for again in (copy.copy(data), pickle.loads(pickle.dumps(data))):  # noqa: S301
        assert torch.equal(again[2]["depth"], batch["depth"][2])


def test_root_defaults_to_the_data_folder(kitti_raw, monkeypatch):
    root, _ = kitti_raw
    monkeypatch.setenv("DEPTHLIB_DATA", str(root.parent))
    files.refused(Kitti, root.parent / "kitti", "rgb and depth")
    file = root / files.DAY / "calib_cam_to_cam.txt"
    files.refused(lambda: Kitti(file), file, "holds no KITTI")
    root.rename(root.parent / "kitti")
    assert len(Kitti()) == 3


def test_pictures_may_be_jpeg(kitti_raw, kitti_pairs):
    for root, folder in ((kitti_raw[0], PICTURE), (kitti_pairs[0], "rgb")):
        before = Kitti(root)[0]
        for path in sorted((root / folder).iterdir()):
            Image.open(path).save(path.with_suffix(".jpg"), quality=95)
            path.unlink()
        after = Kitti(root)
        assert len(after) == 3
        assert torch.equal(after[0]["depth"], before["depth"])
        assert (after[0]["image"] - before["image"]).abs().mean() < 0.05


def test_cameras_of_pairs(kitti_pairs, tmp_path):
    each, _ = files.write_pairs(tmp_path / "each", calibration="each")
    text = (each / "calib" / "000001.txt").read_text()
    changed = text.replace("7.000000000000e+01", "9.000000000000e+01")
    (each / "calib" / "000001.txt").write_text(changed)
    focals = [item["intrinsics"][0, 0].item() for item in Kitti(each)]
    assert focals == [70, 90, 70]
    (each / "calib" / "000001.txt").unlink()
    files.refused(
        lambda: Kitti(each), "calib/000001.txt is missing", "1 of the 3"
    )
    shutil.rmtree(each / "calib")
    nominal = Kitti(each)
    assert nominal.manifest()["camera"] == "nominal"
    # That of 2011_09_26, in proportion to 375 x 1242.
    matrix = nominal[0]["intrinsics"]
    assert matrix[0, 0].item() == pytest.approx(721.5377 * 120 / 1242)
    assert matrix[1, 2].item() == pytest.approx((172.854 + 0.5) * 36 / 375)


def test_prepare_leaves_nothing_for_training(kitti_raw, monkeypatch):
    root, _ = kitti_raw
    (root / "few.txt").write_text(f"{files.DAY}/{files.DRIVE} 5 l\n")
    assert "3 of kitti/all" in prepare("kitti", root, size=(12, 40))
    said = prepare("kitti", root, size=(12, 40), split="few")
    assert said == "ready at 12 x 40: 1 of kitti/few"
    data = Kitti(root, "few", size=(12, 40))
    monkeypatch.setattr(data, "pair", None)
    assert data[0]["image"].shape == (3, 12, 40)
    with pytest.raises(ValueError, match="hold v / 256 metres"):
        prepare("kitti", root, depth_unit="mm")


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("kitti_garg", slice(153, 371), slice(44, 1197)),
        ("kitti_eigen", slice(124, 342), slice(44, 1197)),
    ],
)
def test_crops_act_on_a_frame_as_published(tmp_path, name, rows, columns):
    """Integers of 375 x 1242, such as int(0.3324324 * 375) = 124."""
    root, _ = files.write_pairs(tmp_path / "large", 1, (375, 1242))
    item = Kitti(root)[0]
    depth, mask = item["depth"][None], item["mask"][None]
    protocol = PROTOCOLS[name]
    _, target, valid = protocol.prepare(2 * depth, depth, mask)
    assert torch.equal(target[0, 0], depth[0, 0, rows, columns])
    assert torch.equal(valid[0, 0], mask[0, 0, rows, columns])
    # Right inside, twice too far outside: no error may be left.
    guess = 2 * depth + 1
    guess[..., rows, columns] = depth[..., rows, columns]
    scores = protocol.evaluate(guess.clamp(1e-3), depth, mask)
    assert scores["abs_rel"] == 0 and scores["delta1"] == 1
    # One pixel beyond an edge is outside, the one before it inside.
    for edge, inside in ((rows.start - 1, False), (rows.start, True)):
        one = torch.zeros_like(mask)
        one[..., edge, 600] = True
        kept = protocol.prepare(depth, depth, one)[2]
        assert kept.any().item() is inside


def test_holes_between_returns_are_filled(tmp_path):
    """Colourisation turns a sparse map into a dense one near the truth."""
    root, scenes = files.write_pairs(tmp_path / "set", 1)
    item = Kitti(root)[0]
    image, depth, mask = (item[k][None] for k in ("image", "depth", "mask"))
    filled = inpaint_depth(image, depth, mask)
    known = depth[mask]
    assert mask.float().mean() < 0.06
    # A weighted mean of returns everywhere: never beyond them.
    assert filled.min() >= known.min() - 1e-4
    assert filled.max() <= known.max() + 1e-4
    truth = torch.from_numpy(scenes[0][1])
    lower = slice(files.SIZE[0] // 4, None)
    wrong = (filled[0, 0] - truth).abs()[lower] / truth[lower]
    plain = (known.median() - truth).abs()[lower] / truth[lower]
    assert wrong.mean() < 0.5 * plain.mean()
