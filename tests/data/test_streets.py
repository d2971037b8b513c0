"""Synthetic streets: the contract of the data set, and its geometry."""

import numpy as np
import pytest
import torch

from depthlib.data import catalogue, streets
from depthlib.data.check import check
from depthlib.data.streets import Streets, render_street, scene, sensor
from depthlib.data.streets.plan import KINDS, Course
from depthlib.data.synthetic.parts import Draw
from depthlib.geometry import unproject
from depthlib.kernels.render import render

SMALL = (32, 104)


def test_item_keeps_the_contract():
    data = streets(3, size=SMALL, lidar=False)
    item = data[1]
    assert item["image"].shape == (3, *SMALL)
    assert item["image"].dtype == torch.float32
    assert item["image"].min() >= 0 and item["image"].max() <= 1
    assert item["depth"].shape == item["mask"].shape == (1, *SMALL)
    assert torch.equal(item["mask"], item["depth"] > 0)
    known = item["depth"][item["mask"]]
    assert known.min() >= 1 and known.max() <= 80
    assert item["intrinsics"].shape == (3, 3)
    assert item["index"] == 1 and len(data) == 3
    assert data.name == "streets-a/train" and data.size == SMALL


@pytest.mark.parametrize(
    ("style", "share", "height"), [("a", 721 / 1242, 1.65), ("b", 1.104, 1.22)]
)
def test_cameras_are_those_of_the_data_sets(style, share, height):
    focal, stands, speeds = [], [], []
    for index in range(60):
        street = scene(style, "train", 0, index)
        matrix = street.intrinsics((375, 1242))
        assert matrix[0, 0] == matrix[1, 1]
        focal.append(matrix[0, 0] / 1242)
        stands.append(street.layout.place[2])
        speeds.append(street.layout.speed)
    assert abs(np.mean(focal) - share) < 0.01 and np.std(focal) > 1e-3
    assert abs(np.mean(stands) - height) < 0.03 and np.std(stands) > 0.01
    fastest = max(kind.speed[3] for kind, _ in KINDS[style])
    assert min(speeds) == 0 and max(speeds) <= fastest


def test_an_image_depends_on_its_number_alone():
    """Not on order, set size, caching or who asks."""
    whole = streets(5, size=SMALL, split="val")
    part = streets(2, size=SMALL, split="val")
    alone = streets(5, size=SMALL, split="val", cached=False)
    for i in (1, 0):
        for name in ("image", "depth", "intrinsics"):
            assert torch.equal(whole[i][name], part[i][name])
            assert torch.equal(whole[i][name], alone[i][name])
    assert torch.equal(whole[-1]["depth"], whole[4]["depth"])


def test_sets_share_no_scene():
    keys = [
        ("a", "train", 0, 0),
        ("a", "train", 0, 1),
        ("a", "train", 1, 0),
        ("a", "val", 0, 0),
        ("a", "test", 0, 0),
        ("b", "train", 0, 0),
    ]
    poses = {scene(*key).pose().tobytes() for key in keys}
    assert len(poses) == len(keys)


def test_size_only_changes_sampling():
    """A pixel's centre is the centre of the middle one of 3 x 3."""
    _, coarse, small = render_street("a", "train", 0, 4, SMALL)
    _, fine, large = render_street("a", "train", 0, 4, (96, 312))
    gap = np.abs(coarse - fine[1::3, 1::3])
    assert (gap > 1e-2).mean() < 1e-2
    np.testing.assert_allclose(3 * small[:2], large[:2], rtol=1e-6)


@pytest.mark.parametrize("style", ["a", "b"])
def test_road_points_lie_in_one_plane(style):
    """Unprojected and moved to the world, the road has z = 0."""
    for index in range(4):
        street = scene(style, "train", 0, index)
        _, depth, matrix, ids = render_street(
            style, "train", 0, index, SMALL, return_ids=True
        )
        points = unproject(
            torch.from_numpy(depth)[None, None],
            torch.from_numpy(matrix)[None],
        )
        points = points.reshape(3, -1).T.double().numpy()
        pose = street.pose()
        world = (points - pose[:3, 3]) @ pose[:3, :3]
        roles = np.array([*street.layout.roles, "sky"])
        here = (roles[ids["solid"].ravel()] == "road") & (depth.ravel() > 0)
        assert here.mean() > 0.05
        assert np.abs(world[here, 2]).max() < 5e-3
        # Nothing that is seen lies below the road.
        assert world[depth.ravel() > 0, 2].min() > -5e-3


def test_sky_and_what_is_far_have_no_depth():
    _, depth, _, ids = render_street(
        "a", "train", 0, 2, SMALL, return_ids=True
    )
    assert (ids["solid"] == -1).mean() > 0.05
    assert (depth[ids["solid"] == -1] == 0).all()


def test_depth_is_what_both_casters_see():
    street = scene("b", "train", 0, 2)
    matrix = street.intrinsics(SMALL)
    slow = render(
        street.solids(), street.pose(), matrix, SMALL, backend="torch"
    )
    _, depth, _ = render_street("b", "train", 0, 2, SMALL)
    gap = np.abs(slow.depth[0].numpy() - depth)[depth > 0]
    # Rounding decides at outlines and between the leaves of trees.
    assert (gap > 1e-3 * depth[depth > 0]).mean() < 0.01


def test_depths_are_spread_as_on_kitti():
    """130 stills of KITTI: mean 18.1 m, deviation 13.5 m, median 13.4 m."""
    data = streets(60, size=SMALL, seed=3)
    depths = np.stack([data[i]["depth"].numpy() for i in range(60)])
    seen = depths[depths > 0]
    assert 13 < seen.mean() < 20 and 10 < seen.std() < 16
    assert 9 < np.median(seen) < 15


# ----------------------------------------------------------- golden values

# Depth (m) at five places of 64 x 208 images and the mean colour (0-255).
# Regenerate with a new GENERATOR_VERSION only: records rest on these images.
PLACES = ([60, 50, 40, 30, 20], [104, 20, 190, 60, 150])
GOLDEN = {
    ("a", "train", 0, 0): (
        [6.5275, 8.7086, 9.6353, 21.0997, 17.5191],
        [109.3, 105.94, 103.42],
    ),
    ("a", "test", 0, 5): (
        [6.2613, 8.2711, 9.3614, 17.5454, 17.4658],
        [117.21, 125.05, 130.84],
    ),
    ("b", "test", 0, 1): (
        [7.5295, 5.5401, 14.9209, 30.042, 60.6323],
        [106.79, 105.38, 107.64],
    ),
    ("b", "train", 2, 9): (
        [7.1443, 8.5755, 7.5926, 26.0991, 40.8387],
        [120.58, 127.7, 115.12],
    ),
}


@pytest.mark.parametrize("key", GOLDEN, ids=lambda k: "-".join(map(str, k)))
def test_images_have_not_changed(key):
    image, depth, _ = render_street(*key)
    expected, colour = GOLDEN[key]
    np.testing.assert_allclose(depth[PLACES], expected, atol=5e-3)
    np.testing.assert_allclose(image.mean((1, 2)), colour, atol=0.7)


# ------------------------------------------------------------------ time


def test_another_time_moves_the_camera_and_the_cars():
    moved = 0
    for index in range(8):
        street = scene("a", "train", 0, index)
        plan = street.layout
        assert street.solids(0.0) is plan.scene
        later = street.solids(0.5)
        step = later.centre - plan.scene.centre
        np.testing.assert_allclose(step, 0.5 * plan.velocity, atol=2e-5)
        moved += (plan.velocity != 0).any(1).sum()
        # The camera goes speed * t metres, along its own axis at first.
        now, then = street.pose(0.0), street.pose(0.5)
        place = [-pose[:3, :3].T @ pose[:3, 3] for pose in (now, then)]
        way = place[1] - place[0]
        assert abs(np.linalg.norm(way) - 0.5 * plan.speed) < 1e-2
        assert abs(way[2]) < 1e-12
        if plan.speed:
            ahead = now[2, :3] * [1, 1, 0]
            assert way @ ahead / np.linalg.norm(way) > 0.99
    assert moved > 20


def test_time_is_no_part_of_the_image():
    """t = 0 is the image; a moment later the road is seen from elsewhere."""
    now = render_street("a", "train", 0, 1, SMALL)
    same = render_street("a", "train", 0, 1, SMALL, t=0.0)
    later = render_street("a", "train", 0, 1, SMALL, t=0.1)
    assert np.array_equal(now[0], same[0])
    assert not np.array_equal(now[1], later[1])
    change = np.abs(now[0].mean((1, 2)) - later[0].mean((1, 2)))
    assert change.max() < 12  # exposure and weather stay


def test_a_bend_keeps_its_radius():
    course = Course(Draw(1), 0.0)
    course.start, course.turn, course.length = 10.0, 0.02, 40.0
    for s, n in ((15.0, 0.0), (30.0, 3.0), (45.0, -4.0)):
        x, y, heading = course.at(s, n)
        centre = np.hypot(x - 10.0, y - 50.0)
        assert abs(centre - (50.0 - n)) < 1e-9
        assert abs(heading - 0.02 * (s - 10.0)) < 1e-9


# --------------------------------------------------------------- sensors


@pytest.mark.parametrize("size", [(64, 208), (128, 416), (375, 1242)])
def test_lidar_has_four_percent_of_the_pixels(size):
    data = streets(3, size=size, cached=False)
    true = streets(3, size=size, cached=False, lidar=False)
    shares = []
    for i in range(3):
        item, truth = data[i], true[i]
        assert torch.equal(item["image"], truth["image"])
        known = item["mask"]
        assert torch.equal(item["depth"][known], truth["depth"][known])
        shares.append(known.float().mean().item())
        assert not known[0, : size[0] // 5].any()
    assert 0.03 < np.mean(shares) < 0.05


def test_lidar_lines_have_constant_elevations():
    matrix = np.array([[721.0, 0, 610], [0, 721, 173], [0, 0, 1]])
    seen = sensor.beams(Draw(5), matrix, (375, 1242))
    v, u = np.nonzero(seen)
    ray = np.stack([(u + 0.5 - 610) / 721, (v + 0.5 - 173) / 721, 1 + 0 * u])
    rise = np.degrees(np.arcsin(-ray[1] / np.linalg.norm(ray, axis=0)))
    # Lines a third of a degree apart: between them is nothing.
    upper = rise[(rise > -7) & (rise < 1.5)]
    phase = (upper / sensor.UPPER) % 1
    spread = np.abs(np.exp(2j * np.pi * phase).mean())
    assert spread > 0.75
    # A step of the head is 2.2 pixels in the middle, 3.7 at the sides.
    assert 0.3 < seen.any(0).mean() < 0.5
    assert 0.4 < seen[:, 500:700].any(0).mean() < 0.5


def test_dark_shiny_and_far_surfaces_drop_out():
    matrix = np.array([[721.0, 0, 610], [0, 721, 173], [0, 0, 1]])
    size = (375, 1242)
    near, flat = np.full(size, 10.0), np.zeros(size)
    everywhere = flat == 0

    def share(depth, albedo, gloss):
        seen = sensor.lidar(
            Draw(3), depth, everywhere, matrix, flat + albedo, flat + gloss
        )
        return (seen > 0).mean()

    plain = share(near, 0.5, 0.0)
    assert share(near, 0.01, 0.0) < 0.95 * plain
    assert share(near, 0.5, 1.0) < 0.95 * plain
    assert share(7.5 * near, 0.5, 0.0) < 0.95 * plain


def test_stereo_quantises_disparity_and_leaves_holes():
    data = streets(3, style="b", size=(64, 208))
    true = streets(3, style="b", size=(64, 208), lidar=False)
    for i in range(3):
        item, truth = data[i], true[i]
        known = item["mask"]
        assert 0.5 < known.float().mean() < truth["mask"].float().mean()
        disparity = 0.209 * 2262 / item["depth"][known].double()
        steps = disparity / 0.125
        torch.testing.assert_close(steps, steps.round(), atol=2e-3, rtol=0)
        gap = (item["depth"] - truth["depth"]).abs()[known]
        assert (gap / truth["depth"][known] ** 2).quantile(0.99) < 1.5e-3


def test_stereo_is_blind_left_of_what_is_near():
    """The second camera does not see the wall just left of a near thing."""
    depth = np.full((20, 200), 40.0)
    depth[:, 100:140] = 5.0
    flat = np.zeros_like(depth)
    matrix = np.array([[240.0, 0, 100], [0, 240, 10], [0, 0, 1]])
    seen = sensor.stereo(Draw(1), depth, flat == 0, matrix, flat + 0.5)
    # Disparities f b / z: 10 pixels on the near thing, 1.3 on the wall.
    lost = (seen == 0).mean(0)
    assert (lost[92:100] == 1).all()
    assert lost[:90].mean() < 0.3 and lost[100:].mean() < 0.3


# ------------------------------------------------------------ the set


def test_styles_differ():
    mean = {}
    for style in "ab":
        made = [render_street(style, "test", 0, i, SMALL) for i in range(12)]
        images = np.stack([m[0] for m in made]) / 255
        grey = images.mean(1, keepdims=True)
        mean[style] = np.abs(images - grey).mean()
        roles = set(scene(style, "test", 0, 0).layout.roles)
        assert {"road", "facade", "paint"} & roles
    assert mean["a"] != pytest.approx(mean["b"], rel=0.05)


def test_cache_is_named_after_streets(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path))
    streets(2, size=SMALL)
    (home,) = tmp_path.iterdir()
    assert home.name.startswith("streets-a-train-0-32x104-")
    assert "1 sets made" in catalogue.entry("streets").status()


def test_manifest_identifies_the_set():
    one = streets(2, size=SMALL).manifest()
    assert one == streets(2, size=SMALL).manifest()
    assert one["generator"] >= 1 and one["n"] == 2
    other = streets(2, size=SMALL, lidar=False).manifest()
    assert other["checksum"] != one["checksum"]


def test_check_finds_nothing_wrong():
    report = check("streets")
    assert report.pairs == 8 and report.depth[2] <= 80


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
        "lidar": True,
        "cached": False,
    }
    with pytest.raises(ValueError, match=word):
        Streets(**(given | change))
    with pytest.raises(IndexError, match="index 3"):
        streets(3, size=SMALL, cached=False)[3]
