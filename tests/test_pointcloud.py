"""Points in space: their camera, their file, their number."""

import math

import numpy as np
import pytest
import torch
from ply_files import read_ply

from depthlib import predict
from depthlib.data import rooms
from depthlib.pointcloud import (
    POINT,
    camera,
    choose_focal,
    focal_of_fov,
    fov_of_focal,
    training_focal,
    write_ply,
)

SHAPE = (6, 8)


def scene():
    rng = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, *SHAPE, generator=rng)
    return image, 1 + 9 * torch.rand(1, 1, *SHAPE, generator=rng)


def test_points_lie_where_a_pinhole_camera_sees_them(tmp_path):
    """Written out in plain numbers, pixel by pixel."""
    image, depth = scene()
    count = write_ply(tmp_path / "a" / "p.ply", image, depth, focal=0.7)
    points = read_ply(tmp_path / "a" / "p.ply")
    assert count == len(points) == SHAPE[0] * SHAPE[1]
    pixels = 0.7 * math.hypot(*SHAPE)
    for row in range(SHAPE[0]):
        for column in range(SHAPE[1]):
            point = points[row * SHAPE[1] + column]
            z = float(depth[0, 0, row, column])
            x = (column + 0.5 - SHAPE[1] / 2) / pixels * z
            y = (row + 0.5 - SHAPE[0] / 2) / pixels * z
            found = [float(point[name]) for name in "xyz"]
            assert found == pytest.approx([x, y, z], abs=1e-5)
            colour = [int(point[n]) for n in ("red", "green", "blue")]
            levels = (image[0, :, row, column] * 255).round()
            assert colour == levels.int().tolist()
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["p.ply"]


def test_the_farthest_depth_is_a_point_like_any_other(tmp_path):
    image, depth = scene()
    depth[0, 0, :3] = 10.0  # as a network's clip leaves them
    write_ply(tmp_path / "p.ply", image, depth, focal=0.7)
    assert (read_ply(tmp_path / "p.ply")["z"] == 10).sum() == 3 * SHAPE[1]


def test_the_largest_file_stays_below_50_megabytes():
    assert predict.WORKING_PIXELS * POINT.itemsize < 49e6


@pytest.mark.parametrize("size", [(480, 640), (640, 480), (100, 100)])
@pytest.mark.parametrize("degrees", [10, 60, 120])
def test_field_of_view_and_focal_length_are_inverse(degrees, size):
    focal = focal_of_fov(degrees, size)
    assert fov_of_focal(focal, size) == pytest.approx(degrees)
    # The border of the image is seen under half the angle.
    K = camera(focal, size)
    slope = float((size[1] - K[0, 2]) / K[0, 0])
    assert math.degrees(math.atan(slope)) == pytest.approx(degrees / 2)


@pytest.mark.parametrize("degrees", [0, -5, 180, 400, math.nan])
def test_an_impossible_field_of_view_is_named(degrees):
    with pytest.raises(ValueError, match="between 0 and 180"):
        focal_of_fov(degrees, (480, 640))


def test_the_training_camera_is_the_mean_of_its_images():
    data = rooms(3, split="test", size=(32, 64), cached=False)
    diagonal = np.hypot(32, 64)
    focals = [float(data[i]["intrinsics"][0, 0]) / diagonal for i in range(3)]
    assert training_focal(data) == pytest.approx(np.mean(focals))


def test_who_knows_the_camera_best():
    """The reader, then the photo, then the training; else a question."""
    image = torch.zeros(1, 3, *SHAPE)
    own, silent = (predict.Photo(image, SHAPE, f) for f in (1.2, None))
    assert choose_focal(None, silent, {"focal": 0.6})[0] == 0.6
    assert choose_focal(None, own, {"focal": 0.6})[0] == 1.2
    given, _ = choose_focal(90, own, {"focal": 0.6})
    assert given == pytest.approx(SHAPE[1] / 2 / math.hypot(*SHAPE))
    with pytest.raises(ValueError, match="--fov"):
        choose_focal(None, silent, {})
