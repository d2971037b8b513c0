"""Synthetic rooms: the contract of the data set, and its geometry."""

import threading
from functools import partial

import numpy as np
import pytest
import torch

from depthlib.data.rooms import Rooms, render_room, rooms, scene, sensor
from depthlib.data.synthetic.cache import stored_images
from depthlib.data.synthetic.parts import Draw
from depthlib.geometry import unproject
from depthlib.kernels.render import ROOM, render

SMALL = (32, 48)
kept_rooms = partial(stored_images, "rooms")


def test_item_keeps_the_contract():
    data = rooms(3, size=SMALL)
    item = data[1]
    assert item["image"].shape == (3, *SMALL)
    assert item["image"].dtype == torch.float32
    assert item["image"].min() >= 0 and item["image"].max() <= 1
    assert item["depth"].shape == item["mask"].shape == (1, *SMALL)
    assert item["mask"].dtype == torch.bool and item["mask"].all()
    assert item["depth"].min() >= 0.4 and item["depth"].max() <= 10
    assert item["intrinsics"].shape == (3, 3)
    assert item["index"] == 1 and len(data) == 3
    assert data.name == "rooms-a/train" and data.size == SMALL
    # Focal length as a share of the width: near NYU's 519 / 640.
    assert 0.75 < item["intrinsics"][0, 0] / SMALL[1] < 0.87


def test_an_image_depends_on_its_number_alone():
    """Not on order, set size, caching or who asks."""
    whole = rooms(5, size=SMALL, split="val")
    part = rooms(2, size=SMALL, split="val")
    alone = rooms(5, size=SMALL, split="val", cached=False)
    for i in (1, 0):
        for name in ("image", "depth", "intrinsics"):
            assert torch.equal(whole[i][name], part[i][name])
            assert torch.equal(whole[i][name], alone[i][name])
    assert torch.equal(whole[-1]["depth"], whole[4]["depth"])


def test_workers_make_the_same_images():
    def render_one(i):
        return render_room("a", "train", 7, i, SMALL)

    sets = [
        kept_rooms(
            4,
            SMALL,
            {"style": "a", "split": "train", "seed": 7, "w": workers},
            render_one,
            workers,
        )
        for workers in (1, 3)
    ]
    for one, three in zip(*sets, strict=True):
        assert np.array_equal(one, three)


def test_sets_share_no_scene():
    keys = [
        ("a", "train", 0, 0),
        ("a", "train", 0, 1),
        ("a", "train", 1, 0),
        ("a", "val", 0, 0),
        ("a", "test", 0, 0),
        ("b", "train", 0, 0),
    ]
    poses = {scene(*key).pose.tobytes() for key in keys}
    assert len(poses) == len(keys)


def test_size_only_changes_sampling():
    """A pixel's centre is the centre of the middle one of 3 x 3."""
    _, coarse, small = render_room("a", "train", 0, 4, SMALL)
    _, fine, large = render_room("a", "train", 0, 4, (96, 144))
    gap = np.abs(coarse - fine[1::3, 1::3])
    assert (gap > 1e-4).mean() < 2e-3
    np.testing.assert_allclose(3 * small[:2], large[:2], rtol=1e-6)


def test_pose_and_intrinsics_put_the_floor_at_zero():
    """Unprojected and moved to the world, the floor has z = 0."""
    for index in range(3):
        room = scene("a", "train", 0, index)
        _, depth, matrix, ids = render_room(
            "a", "train", 0, index, SMALL, return_ids=True
        )
        points = unproject(
            torch.from_numpy(depth)[None, None],
            torch.from_numpy(matrix)[None],
        )
        points = points.reshape(3, -1).T.double().numpy()
        rotation, shift = room.pose[:3, :3], room.pose[:3, 3]
        world = (points - shift) @ rotation
        width, length, height = room.layout.size
        assert world.min() > -1e-3
        assert (world.max(0) < np.array([width, length, height]) + 1e-3).all()
        kind = room.layout.scene.kind[ids["solid"].ravel()]
        up = (ids["normals"].reshape(3, -1).T @ rotation)[:, 2]
        floor = (kind == ROOM) & (up > 0.9)
        if floor.any():
            assert np.abs(world[floor, 2]).max() < 1e-3


def test_depth_is_what_both_casters_see():
    room = scene("b", "train", 0, 2)
    matrix = room.intrinsics(SMALL)
    slow = render(room.layout.scene, room.pose, matrix, SMALL, backend="torch")
    _, depth, _ = render_room("b", "train", 0, 2, SMALL)
    gap = np.abs(slow.depth[0].numpy() - depth)
    assert (gap > 1e-4).sum() <= 3


def test_depths_are_spread_as_indoors():
    """NYU's labelled set has mean 2.84 m and standard deviation 1.42 m."""
    depths = []
    for index in range(120):
        room = scene("a", "train", 3, index)
        view = render(
            room.layout.scene, room.pose, room.intrinsics(SMALL), SMALL
        )
        depths.append(view.depth.numpy())
    depths = np.stack(depths)
    assert depths.min() > 0.4 and depths.max() < 10
    assert 2.4 < depths.mean() < 3.3
    assert 1.1 < depths.std() < 1.7


# ----------------------------------------------------------- golden values

# Depth (m) at five places of 64 x 96 images and the mean colour (0-255).
# Regenerate with a new GENERATOR_VERSION only: records rest on these images.
PLACES = ([5, 20, 32, 45, 60], [10, 70, 48, 30, 85])
GOLDEN = {
    ("a", "train", 0, 0): (
        [3.3865, 2.6741, 2.609, 2.8465, 2.0512],
        [162.74, 162.47, 148.57],
    ),
    ("a", "test", 0, 5): (
        [2.1993, 3.3917, 3.0942, 2.6, 1.8048],
        [155.13, 147.56, 142.22],
    ),
    ("b", "test", 0, 1): (
        [1.4672, 2.8074, 2.1203, 1.814, 2.8971],
        [74.5, 127.6, 152.48],
    ),
    ("b", "train", 2, 9): (
        [3.0619, 1.8062, 2.2459, 2.9708, 2.0672],
        [169.03, 112.25, 118.75],
    ),
}


@pytest.mark.parametrize("key", GOLDEN, ids=lambda k: "-".join(map(str, k)))
def test_images_have_not_changed(key):
    image, depth, _ = render_room(*key)
    expected, colour = GOLDEN[key]
    np.testing.assert_allclose(depth[PLACES], expected, atol=2e-3)
    np.testing.assert_allclose(image.mean((1, 2)), colour, atol=0.7)


# ----------------------------------------------------------------- sensor


def test_sensor_quantises_disparity_and_leaves_holes():
    data = rooms(3, size=(64, 96), sensor=True)
    true = rooms(3, size=(64, 96))
    for i in range(3):
        item, truth = data[i], true[i]
        assert torch.equal(item["image"], truth["image"])
        known = item["mask"]
        assert torch.equal(known, item["depth"] > 0)
        assert 0.3 < known.float().mean() < 1
        steps = 1 / item["depth"][known].double() / 2.85e-3
        torch.testing.assert_close(steps, steps.round(), atol=2e-3, rtol=0)
        # Errors grow with the square of the distance.
        gap = (item["depth"] - truth["depth"]).abs()[known]
        assert (gap / truth["depth"][known] ** 2).quantile(0.99) < 4e-3


def test_sensor_shadow_lies_beside_what_is_near():
    """No pattern reaches the wall just right of a near object."""
    depth = np.full((20, 60), 4.0, np.float32)
    depth[:, 20:30] = 1.0
    flat = np.zeros_like(depth)
    seen = sensor.sense(Draw(1), depth, 80.0, flat, flat + 0.5, flat > 1)
    # Disparities f b / z: 6 pixels on the object, 1.5 on the wall.
    lost = (seen == 0).mean(0)
    assert (lost[30:34] == 1).all()
    assert lost[36:].mean() < 0.2 and lost[:20].mean() < 0.2


# ------------------------------------------------------------------ cache


def test_cache_is_complete_or_absent(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path))
    parameters = {"style": "a", "split": "train", "seed": 0}
    done = []

    def fragile(i):
        if i == 2 and len(done) < 3:
            raise KeyboardInterrupt
        done.append(i)
        image = np.full((3, *SMALL), i, np.uint8)
        return image, np.full(SMALL, i, np.float32), np.eye(3, dtype="f4")

    with pytest.raises(KeyboardInterrupt):
        kept_rooms(4, SMALL, parameters, fragile, 1)
    assert not list(tmp_path.rglob("*.npy"))
    # What a killed process leaves is not taken for a set, and goes.
    home = next(tmp_path.glob("rooms-*"))
    (home / ".part-x").mkdir()
    (home / ".part-x" / "images.npy").write_bytes(b"half")
    done += [0]
    images, depths, _ = stored_images(
        "rooms", 4, SMALL, parameters, fragile, 1
    )
    assert images.shape == (4, 3, *SMALL) and depths[3, 0, 0] == 3
    assert not (home / ".part-x").exists()
    # A smaller set is the start of it; a larger one renders the rest.
    done.clear()
    assert len(kept_rooms(2, SMALL, parameters, fragile, 1)[0]) == 2
    done += [0, 0, 0]
    assert len(kept_rooms(6, SMALL, parameters, fragile, 1)[0]) == 6
    assert done == [0, 0, 0, 4, 5]
    changed = parameters | {"generator": 99}
    kept_rooms(1, SMALL, changed, fragile, 1)
    assert done[-1] == 0


def test_cache_is_written_once_by_many(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path))
    made, results = [], []

    def slow(i):
        made.append(i)
        image = np.full((3, *SMALL), i, np.uint8)
        return image, np.ones(SMALL, np.float32), np.eye(3, dtype="f4")

    def ask():
        parameters = {"style": "a", "split": "train", "seed": 0}
        results.append(kept_rooms(5, SMALL, parameters, slow, 1)[0])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [0, 1, 2, 3, 4] and len(results) == 4


def test_a_worker_process_gets_no_images_with_the_set():
    """Sent to another process, a set opens its own files there."""
    data = rooms(2, size=SMALL)
    state = data.__getstate__()
    assert len(repr(state)) < 1000
    copy = Rooms.__new__(Rooms)
    copy.__dict__.update(state)
    assert torch.equal(copy[1]["depth"], data[1]["depth"])


def test_manifest_identifies_the_set():
    one = rooms(2, size=SMALL).manifest()
    assert one == rooms(2, size=SMALL).manifest()
    assert one["generator"] >= 2 and one["n"] == 2
    other = rooms(2, size=SMALL, style="b").manifest()
    assert other["checksum"] != one["checksum"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"style": "c"}, "style"),
        ({"split": "dev"}, "split"),
        ({"n": 0}, "n is 0"),
        ({"size": (4, 96)}, "size"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_input(change, word):
    given = {
        "n": 1,
        "split": "train",
        "style": "a",
        "size": SMALL,
        "seed": 0,
        "sensor": False,
        "cached": False,
    }
    with pytest.raises(ValueError, match=word):
        Rooms(**(given | change))
    with pytest.raises(IndexError, match="index 3"):
        rooms(3, size=SMALL, cached=False)[3]
