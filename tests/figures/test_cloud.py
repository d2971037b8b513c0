"""Point clouds: what the page stores is the geometry that went in."""

import base64
import html
import json
import re

import numpy as np
import pytest
import torch

from depthlib.figures import point_cloud
from depthlib.geometry import unproject

K = torch.tensor([[20.0, 0.0, 12.0], [0.0, 22.0, 8.5], [0.0, 0.0, 1.0]])


@pytest.fixture
def scene():
    torch.manual_seed(0)
    return torch.rand(3, 16, 24), 1 + 4 * torch.rand(1, 16, 24)


def stored(item):
    """The clouds on the page: metres (N, 3), colours (N, 3), the rest."""
    clouds = []
    for text in re.findall(r"data-cloud='([^']*)'", item.markup):
        data = json.loads(html.unescape(text))
        xyz = np.frombuffer(base64.b64decode(data["xyz"]), "<i2")
        rgb = np.frombuffer(base64.b64decode(data["rgb"]), np.uint8)
        metres = xyz.reshape(-1, 3) / 32767 * data["reach"] + data["middle"]
        clouds.append((metres, rgb.reshape(-1, 3), data))
    return clouds


def test_points_agree_with_unproject(scene):
    image, depth = scene
    (points, colours, data), *rest = stored(point_cloud(image, depth, K))
    assert not rest
    expected = unproject(depth[None], K[None]).reshape(3, -1).T.numpy()
    step = data["reach"] / 32767
    np.testing.assert_allclose(points, expected, atol=2 * step)
    shown = (image.permute(1, 2, 0).reshape(-1, 3) * 255).round().numpy()
    np.testing.assert_array_equal(colours, shown.astype(np.uint8))


def test_unknown_pixels_are_left_out(scene):
    image, depth = scene
    depth[0, :4] = 0
    depth[0, 5, 5] = float("nan")
    points, colours, _ = stored(point_cloud(image, depth, K))[0]
    assert len(points) == len(colours) == 16 * 24 - 4 * 24 - 1


@pytest.mark.parametrize("most", [50, 200, 383])
def test_thinning_keeps_within_the_bound_and_close_to_it(scene, most):
    image, depth = scene
    item = point_cloud(image, depth, K, max_points=most)
    points, _, data = stored(item)[0]
    assert 0.7 * most <= len(points) <= most
    pitch = (16 * 24 / most) ** 0.5
    assert data["size"] == pytest.approx(pitch / 20, abs=1e-5)


def test_all_points_fit_the_cube(scene):
    image, depth = scene
    depth[0, 0, 0] = 80.0
    points, _, _ = stored(point_cloud(image, depth, K))[0]
    assert points[0, 2] == pytest.approx(80, rel=1e-3)
    assert points[0, 0] == pytest.approx((0.5 - 12) / 20 * 80, rel=1e-3)


def test_several_clouds_share_their_centre(scene):
    image, depth = scene
    both = point_cloud(image, {"truth": depth, "half": depth / 2}, K)
    (first, _, a), (second, _, b) = stored(both)
    assert a["middle"] == b["middle"]
    np.testing.assert_allclose(second, first / 2, atol=a["reach"] / 16000)
    assert "<span>truth</span>" in both.markup


def test_accessible_and_offline(scene):
    item = point_cloud(*scene, K, alt="A small test room", caption="Turn it.")
    canvas = re.search(r"<canvas [^>]*>", item.markup).group()
    assert 'role="img"' in canvas and 'tabindex="0"' in canvas
    assert 'aria-label="A small test room. Arrow keys' in canvas
    assert "prefers-reduced-motion" in item.markup
    assert not re.search(r"https?://", item.markup)
    assert "A small test room" in repr(item)


def test_a_page_stays_small():
    image, depth = torch.rand(3, 480, 640), torch.ones(1, 480, 640)
    intrinsics = torch.tensor([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
    assert len(point_cloud(image, depth, intrinsics).markup) < 90_000


def test_bad_input(scene):
    image, depth = scene
    with pytest.raises(ValueError, match="intrinsics has shape"):
        point_cloud(image, depth, torch.eye(4))
    with pytest.raises(ValueError, match="resize one"):
        point_cloud(image[:, :8], depth, K)
    with pytest.raises(ValueError, match="no known pixel"):
        point_cloud(image, 0 * depth, K)
    with pytest.raises(ValueError, match="one to four"):
        point_cloud(image, {}, K)
