"""Camera geometry against closed forms, brute force and gradcheck."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from torch.autograd import gradcheck

from depthlib.geometry import (
    crop_intrinsics,
    normals,
    pose_matrix,
    project,
    scale_intrinsics,
    sid_thresholds,
    unproject,
)


def camera(fx=60.0, fy=55.0, cx=7.5, cy=4.25, skew=0.0, dtype=torch.float64):
    return torch.tensor([[fx, skew, cx], [0, fy, cy], [0, 0, 1]], dtype=dtype)


def depth_map(batch=2, height=5, width=7, dtype=torch.float64):
    return torch.rand(batch, 1, height, width, dtype=dtype) * 5 + 0.5


# --- poses ---------------------------------------------------------------


@given(st.lists(st.floats(-4, 4), min_size=6, max_size=6))
def test_pose_matrix_is_rz_ry_rx_then_shift(values):
    vec = torch.tensor(values, dtype=torch.float64)
    pose = pose_matrix(vec)
    # Lower case: about fixed axes, x first, hence Rz Ry Rx.
    expected = Rotation.from_euler("xyz", values[:3]).as_matrix()
    np.testing.assert_allclose(pose[:3, :3], expected, atol=1e-12)
    assert pose[:3, 3].tolist() == values[3:]
    assert pose[3].tolist() == [0, 0, 0, 1]


def test_pose_matrix_of_zero_is_the_identity():
    assert torch.equal(
        pose_matrix(torch.zeros(3, 6)), torch.eye(4).repeat(3, 1, 1)
    )


def test_pose_matrix_batch_equals_single():
    vecs = torch.randn(4, 6)
    singles = torch.stack([pose_matrix(v) for v in vecs])
    assert torch.equal(pose_matrix(vecs), singles)


def test_pose_matrix_gradient():
    vec = torch.randn(3, 6, dtype=torch.float64, requires_grad=True)
    assert gradcheck(pose_matrix, vec)


@pytest.mark.parametrize("shape", [(), (5,), (2, 4), (6, 1)])
def test_pose_matrix_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"vec6 has shape .*\(B, 6\)"):
        pose_matrix(torch.zeros(shape))


# --- unproject and project -----------------------------------------------


def test_unproject_is_depth_times_inverse_camera():
    depth = depth_map()
    cameras = torch.stack([camera(skew=1.5), camera(fx=30.0, cx=2.0)])
    points = unproject(depth, cameras)
    for b, v, u in np.ndindex(2, 5, 7):
        pixel = np.array([u + 0.5, v + 0.5, 1.0])
        ray = np.linalg.inv(cameras[b].numpy()) @ pixel
        np.testing.assert_allclose(
            points[b, :, v, u], depth[b, 0, v, u].item() * ray, rtol=1e-12
        )


def test_one_camera_serves_a_batch():
    depth = depth_map(3)
    K = camera()
    assert torch.equal(
        unproject(depth, K), unproject(depth, K.expand(3, 3, 3))
    )


@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.floats(5, 2000),
    st.floats(-3, 3),
    st.integers(0, 2**31),
)
def test_project_undoes_unproject(height, width, focal, skew, seed):
    generator = torch.Generator().manual_seed(seed)
    depth = torch.rand(1, 1, height, width, generator=generator) * 20 + 0.1
    K = camera(fx=focal, fy=1.1 * focal, skew=skew, dtype=torch.float32)
    pixels, z = project(unproject(depth, K), K)
    assert torch.equal(z, depth)
    # Centres at one half: the floor finds every pixel again, in float32.
    rows, columns = torch.meshgrid(
        torch.arange(height), torch.arange(width), indexing="ij"
    )
    assert torch.equal(pixels[0].floor().long()[0], columns)
    assert torch.equal(pixels[0].floor().long()[1], rows)


def test_project_by_hand():
    points = torch.tensor([1.0, -2.0, 4.0]).view(1, 3, 1, 1)
    pixels, z = project(points, camera(100, 50, 10, 20, 4, torch.float32))
    assert pixels.flatten().tolist() == [100 / 4 - 4 * 2 / 4 + 10, -25 + 20]
    assert z.shape == (1, 1, 1, 1) and z.item() == 4


def test_camera_gradients():
    depth = depth_map(1, 3, 4).requires_grad_()
    K = camera(skew=0.5)[None].requires_grad_()
    assert gradcheck(unproject, (depth, K))
    points = (
        torch.rand(1, 3, 3, 4, dtype=torch.float64) + 0.5
    ).requires_grad_()
    assert gradcheck(project, (points, K))


def test_a_point_in_the_camera_plane_gives_no_nan():
    points = torch.zeros(1, 3, 1, 2)
    points[0, 2, 0, 1] = 2.0
    points.requires_grad_()
    pixels, z = project(points, camera(dtype=torch.float32))
    pixels.where(z > 0, 0).sum().backward()
    assert torch.isfinite(pixels).all() and torch.isfinite(points.grad).all()


@pytest.mark.parametrize("shape", [(5, 7), (1, 5, 7), (2, 3, 5, 7)])
def test_unproject_refuses_other_depths(shape):
    with pytest.raises(ValueError, match=r"depth has shape .*\(B, 1, H, W\)"):
        unproject(torch.ones(shape), camera())


def test_cameras_must_fit_the_batch():
    with pytest.raises(ValueError, match="2 cameras for a batch of 3"):
        unproject(depth_map(3), camera().expand(2, 3, 3))
    with pytest.raises(ValueError, match="intrinsics has shape"):
        unproject(depth_map(3), torch.eye(4))
    with pytest.raises(ValueError, match="points has shape"):
        project(torch.ones(2, 2, 3, 3), camera())


@pytest.mark.parametrize(
    "wrong", [camera().mT, 2 * camera()], ids=["transposed", "scaled"]
)
def test_what_is_no_pinhole_camera_is_refused(wrong):
    with pytest.raises(ValueError, match="below the diagonal"):
        unproject(depth_map(1), wrong)
    with pytest.raises(ValueError, match="below the diagonal"):
        scale_intrinsics(wrong, (8, 12), (4, 6))


def test_dtype_follows_the_map():
    K = camera()
    depth = depth_map(dtype=torch.float32)
    assert unproject(depth, K).dtype == torch.float32
    assert normals(depth.double(), K.float()).dtype == torch.float64


# --- normals --------------------------------------------------------------


def plane(normal, offset, K, height=6, width=8):
    """Depth of the plane normal . X = offset, solved for each ray."""
    flat = torch.ones(1, 1, height, width, dtype=torch.float64)
    rays = unproject(flat, K)
    along = (rays * normal.view(1, 3, 1, 1)).sum(1, keepdim=True)
    return offset / along


@pytest.mark.parametrize("tilt", [(0, 0), (0.4, 0), (0, -0.7), (0.3, 0.6)])
def test_normals_are_exact_on_planes(tilt):
    pose = pose_matrix(torch.tensor([*tilt, 0, 0, 0, 0], dtype=torch.float64))
    facing = pose[:3, :3] @ torch.tensor([0, 0, -1.0], dtype=torch.float64)
    K = camera()
    found = normals(plane(facing, -3.0, K), K)
    expected = facing.view(1, 3, 1, 1).expand_as(found)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_normals_of_a_sphere_point_away_from_its_centre():
    K = camera(fx=200.0, fy=200.0, cx=20.0, cy=20.0)
    rays = unproject(torch.ones(1, 1, 40, 40, dtype=torch.float64), K)
    centre = torch.tensor([0.0, 0.0, 5.0], dtype=torch.float64)
    along = (rays * centre.view(1, 3, 1, 1)).sum(1)
    square = rays.square().sum(1)
    near = along - (along**2 - square * (25.0 - 1.0)).sqrt()
    depth = (near / square).unsqueeze(1)
    expected = unproject(depth, K) - centre.view(1, 3, 1, 1)
    cosine = (normals(depth, K) * expected).sum(1)[0, 1:-1, 1:-1]
    assert cosine.min() > math.cos(math.radians(0.1))


def test_normals_by_brute_force():
    depth, K = depth_map(1, 4, 5), camera()
    points = unproject(depth, K)[0].numpy()
    found = normals(depth, K)[0].numpy()
    for v, u in np.ndindex(4, 5):
        down = points[:, min(v + 1, 3), u] - points[:, max(v - 1, 0), u]
        right = points[:, v, min(u + 1, 4)] - points[:, v, max(u - 1, 0)]
        normal = np.cross(down, right)
        normal /= np.linalg.norm(normal)
        if normal @ points[:, v, u] > 0:
            normal = -normal
        np.testing.assert_allclose(found[:, v, u], normal, atol=1e-12)


def test_normals_have_length_one_and_face_the_camera():
    depth, K = depth_map(2, 12, 15, torch.float32), camera(dtype=torch.float32)
    found = normals(depth, K)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2, 12, 15))
    assert ((found * unproject(depth, K)).sum(1) <= 0).all()


def test_normals_of_nothing_are_zero():
    depth = torch.zeros(1, 1, 3, 3, requires_grad=True)
    found = normals(depth, camera(dtype=torch.float32))
    found.sum().backward()
    assert not found.any() and torch.isfinite(depth.grad).all()


def test_a_hole_of_one_pixel_tilts_its_neighbours_alone():
    wall = torch.full((1, 1, 7, 7), 2.0)
    wall[..., 3, 3] = 0
    upright = normals(wall, camera(dtype=torch.float32))[0, 2] + 1 < 1e-6
    assert (~upright).nonzero().tolist() == [[2, 3], [3, 2], [3, 4], [4, 3]]


def test_normals_gradient():
    depth = depth_map(1, 3, 4).requires_grad_()
    K = camera()[None].requires_grad_()
    assert gradcheck(normals, (depth, K))


def test_normals_need_two_pixels_each_way():
    with pytest.raises(ValueError, match="1 x 7 pixels"):
        normals(depth_map(1, 1, 7), camera())


# --- intervals -------------------------------------------------------------


@given(
    st.integers(1, 120),
    st.floats(0.1, 2),
    st.floats(3, 100),
    st.floats(0, 2),
)
def test_sid_thresholds_follow_the_formula(bins, alpha, beta, shift):
    edges = sid_thresholds(bins, alpha, beta, shift, dtype=torch.float64)
    a, b = alpha + shift, beta + shift
    i = np.arange(bins + 1)
    expected = np.exp(np.log(a) + i * np.log(b / a) / bins) - shift
    np.testing.assert_allclose(edges, expected, rtol=1e-12, atol=1e-12)
    assert edges[0] == alpha and edges[-1] == beta
    assert (edges.diff() > 0).all()


def test_sid_intervals_grow_by_one_factor():
    edges = sid_thresholds(80, 0.5, 10.0, dtype=torch.float64)
    ratios = edges[1:] / edges[:-1]
    torch.testing.assert_close(ratios, torch.full_like(ratios, 20 ** (1 / 80)))


def test_sid_thresholds_refuse_impossible_ranges():
    with pytest.raises(ValueError, match="bins is 0"):
        sid_thresholds(0, 1, 10)
    for alpha, beta, shift in ((0, 10, 0), (-1, 10, 0.5), (5, 5, 0)):
        with pytest.raises(ValueError, match="do not satisfy"):
            sid_thresholds(10, alpha, beta, shift)


# --- resize and crop --------------------------------------------------------


def test_a_crop_sees_the_same_rays():
    depth, K = depth_map(1, 10, 12), camera()
    whole = unproject(depth, K)[..., 3:9, 2:11]
    part = unproject(depth[..., 3:9, 2:11], crop_intrinsics(K, 3, 2))
    torch.testing.assert_close(part, whole)


def test_a_resized_image_spans_the_same_rays():
    K = camera()
    half = scale_intrinsics(K, (8, 12), (4, 4))
    # Where pixels 0..2 meet along u and 0..1 along v.
    corner = np.array([3.0, 2.0, 1.0])
    centre = np.array([1.0, 1.0, 1.0])
    np.testing.assert_allclose(
        np.linalg.inv(half.numpy()) @ centre,
        np.linalg.inv(K.numpy()) @ corner,
    )


def test_resize_and_crop_keep_their_input_and_batch():
    K = camera().expand(2, 3, 3).clone()
    before = K.clone()
    assert scale_intrinsics(K, (10, 10), (5, 20)).shape == (2, 3, 3)
    assert crop_intrinsics(K, 1, 2)[1, :2, 2].tolist() == [5.5, 3.25]
    assert torch.equal(K, before)
    with pytest.raises(ValueError, match="must be above 0"):
        scale_intrinsics(K, (10, 10), (0, 5))
    with pytest.raises(ValueError, match="intrinsics has shape"):
        crop_intrinsics(torch.eye(2), 1, 1)


def test_whole_numbers_are_refused_where_they_would_cut_cameras_to_size():
    whole = torch.full((1, 1, 4, 5), 2)
    K = camera().float()
    for use in (unproject, normals):
        with pytest.raises(ValueError, match="depth is torch.int64"):
            use(whole, K)
    with pytest.raises(ValueError, match="points is torch.int64"):
        project(whole.expand(-1, 3, -1, -1), K)
    with pytest.raises(ValueError, match="intrinsics is torch.int64"):
        scale_intrinsics(K.long(), (8, 12), (4, 4))
    with pytest.raises(ValueError, match="intrinsics is torch.int64"):
        crop_intrinsics(K.long(), 1, 1)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_precision_is_refused(kind):
    """It cannot tell the columns of a picture of usual width apart."""
    K = camera().float()
    for use in (unproject, normals):
        with pytest.raises(ValueError, match="depth is torch.b?float16"):
            use(torch.ones(1, 1, 4, 640, dtype=kind), K)
    with pytest.raises(ValueError, match="points is torch.b?float16"):
        project(torch.ones(1, 3, 4, 640, dtype=kind), K)
    with pytest.raises(ValueError, match="intrinsics is torch.b?float16"):
        scale_intrinsics(K.to(kind), (8, 12), (4, 4))


def test_edges_that_a_type_cannot_tell_apart_are_refused():
    with pytest.raises(ValueError, match="narrower than torch.float32"):
        sid_thresholds(100, 1.0, 1.000001)
    wide = sid_thresholds(100, 1.0, 1.000001, dtype=torch.float64)
    assert (wide.diff() > 0).all()
    with pytest.raises(ValueError, match="bins is 2.5"):
        sid_thresholds(2.5, 1.0, 8.0)
    with pytest.raises(ValueError, match="infinity"):
        sid_thresholds(3, 1.0, math.inf)


def test_edges_follow_the_device_in_force():
    with torch.device("meta"):
        assert sid_thresholds(5, 0.5, 10.0).is_meta
    assert sid_thresholds(5, 0.5, 10.0, device="meta").is_meta
    assert sid_thresholds(5, 0.5, 10.0).device.type == "cpu"
