"""Ray casting: both versions against each other and against geometry."""

import math

import numpy as np
import pytest
import torch

from depthlib.geometry import unproject
from depthlib.kernels.render import (
    BOX,
    CYLINDER,
    ELLIPSOID,
    FAR,
    FOLIAGE,
    PANEL,
    PRISM,
    ROOM,
    Scene,
    render,
    texture,
)
from depthlib.kernels.render.shade import shade

SIZE = (60, 80)
K = np.array([[64.0, 0.0, 40.0], [0.0, 64.0, 30.0], [0.0, 0.0, 1.0]])
# The camera at the origin looks along the world's x axis, z is up.
POSE = np.eye(4)
POSE[:3, :3] = [[0, -1, 0], [0, 0, -1], [1, 0, 0]]


def scene(*solids):
    """A scene of (kind, centre, half, taper, rotation) rows."""
    rows = [(*s, *(0.0, np.eye(3))[len(s) - 3 :]) for s in solids]
    kind, centre, half, taper, rotation = zip(*rows, strict=True)
    return Scene(
        np.array(kind, np.int32),
        np.array(rotation, np.float32),
        np.array(centre, np.float32),
        np.array(half, np.float32),
        np.array(taper, np.float32),
        np.arange(len(rows), dtype=np.int32),
    )


def random_scene(seed, count=16):
    """Solids of all kinds in all positions, inside a room."""
    rng = np.random.default_rng(seed)
    solids = [(ROOM, (2.5, 0, 0), (4, 3, 1.3), 0.0, np.eye(3))]
    for _ in range(count - 1):
        kind = int(rng.choice([BOX, CYLINDER, ELLIPSOID, PANEL, PRISM]))
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        centre = rng.uniform([1, -1.5, -1], [5, 1.5, 1])
        tapered = kind in (CYLINDER, PRISM)
        taper = rng.uniform(0, 0.8) if tapered else 0.0
        half = rng.uniform(0.02, 0.5, 3)
        solids.append((kind, centre, half, taper, turn))
    return scene(*solids)


@pytest.mark.parametrize("seed", range(6))
def test_numba_agrees_with_torch(seed):
    solids = random_scene(seed)
    slow = render(solids, POSE, K, SIZE, backend="torch", return_normals=True)
    fast = render(solids, POSE, K, SIZE, return_normals=True)
    same = slow.ids == fast.ids
    # At an edge rounding may decide which of two solids a ray meets.
    assert (~same).sum() <= 3
    gap = (slow.depth - fast.depth).abs()[0][same]
    assert gap.max() < 1e-4
    turn = (slow.normals - fast.normals).abs().amax(0)[same]
    assert turn.quantile(0.999) < 1e-3


@pytest.mark.parametrize("backend", ["torch", "numba"])
def test_a_roof_narrows_to_its_ridge(backend):
    """A prism of taper 1 is a triangle: half as wide half way up."""
    turn = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    for rise in (-0.4, 0.0, 0.5):
        # The camera looks level at what is ``rise`` above the middle.
        roof = scene((PRISM, (5, 0, -rise), (1, 0.1, 0.8), 1.0, turn))
        depth = render(roof, POSE, K, SIZE, backend=backend).depth[0]
        width = (depth[30] < FAR).float().sum() * 4.9 / 64
        assert abs(width - 2 * (0.8 - rise) / 1.6) < 0.16


def test_leaves_thin_out_towards_the_outline():
    crown = scene((FOLIAGE, (6.0, 0, 0), (2.0, 2.0, 2.0), 0.3))
    whole = scene((ELLIPSOID, (6.0, 0, 0), (2.0, 2.0, 2.0)))
    slow = render(crown, POSE, K, SIZE, backend="torch").ids
    leafy = render(crown, POSE, K, SIZE).ids
    # Rounding may open or close a gap at its rim.
    assert (slow != leafy).float().mean() < 2e-3
    leafy, ball = leafy == 0, render(whole, POSE, K, SIZE).ids == 0
    assert (leafy & ~ball).sum() == 0
    v, u = torch.meshgrid(torch.arange(60), torch.arange(80), indexing="ij")
    out = ((v - 29.5) ** 2 + (u - 39.5) ** 2).sqrt() / 22.6
    assert leafy[out < 0.3].all()
    rim = leafy[(out > 0.9) & ball].float().mean()
    assert 0.05 < rim < 0.8


@pytest.mark.parametrize("backend", ["torch", "numba"])
def test_depth_is_z_not_distance(backend):
    wall = scene((BOX, (4.0, 0, 0), (0.5, 50, 50)))
    depth = render(wall, POSE, K, SIZE, backend=backend).depth
    torch.testing.assert_close(depth, torch.full((1, *SIZE), 3.5))


@pytest.mark.parametrize("backend", ["torch", "numba"])
def test_floor_follows_its_row(backend):
    """A floor h below a level camera: z = h f / (v - c_y)."""
    floor = scene((PANEL, (0, 0, -1.5), (1e3, 1e3, 1e-3)))
    depth = render(floor, POSE, K, SIZE, backend=backend).depth[0]
    v = torch.arange(SIZE[0]) + 0.5
    expected = 1.5 * 64.0 / (v[33:] - 30.0)
    torch.testing.assert_close(depth[33:, 7], expected, rtol=1e-5, atol=0)
    assert (depth[:30] == FAR).all()


@pytest.mark.parametrize("backend", ["torch", "numba"])
def test_sphere_has_its_place_and_area(backend):
    ball = scene((ELLIPSOID, (5.0, 0, 0), (1, 1, 1)))
    view = render(ball, POSE, 8 * K, (480, 640), backend=backend)
    assert view.depth.min() == pytest.approx(4.0, abs=1e-3)
    # The outline is a circle of radius f r / sqrt(d^2 - r^2).
    radius = 512 / math.sqrt(24)
    share = (view.ids == 0).sum() / (math.pi * radius**2)
    assert float(share) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("backend", ["torch", "numba"])
def test_thin_pole_keeps_its_width_far_away(backend):
    """A pole 1 cm across at 8 m; the textbook formula loses it."""
    pole = scene((CYLINDER, (8.0, 0.013, 0), (0.005, 0.005, 1.0)))
    focal = 16000.0
    matrix = np.array([[focal, 0, 40], [0, focal, 15], [0, 0, 1.0]])
    view = render(pole, POSE, matrix, (30, 80), backend=backend)
    width = (view.ids == 0).sum(1).float()
    assert (width - focal * 0.01 / 8).abs().max() <= 1


@pytest.mark.parametrize("backend", ["torch", "numba"])
def test_cone_narrows_towards_its_top(backend):
    cone = scene((CYLINDER, (6.0, 0, 0), (1, 1, 1), 0.5))
    view = render(cone, POSE, 8 * K, (480, 640), backend=backend)
    for height in (-0.8, 0.0, 0.8):
        radius = 1 - 0.5 * (1 + height) / 2
        row = int(240 - 512 * height / 6.0)
        count = int((view.ids[row] == 0).sum())
        assert count == pytest.approx(2 * 512 * radius / 6, rel=0.03)


def test_normals_are_those_of_the_solids():
    solids = scene(
        (ROOM, (2.0, 0, 0), (3, 2, 1.2)),
        (ELLIPSOID, (3.0, 0, 0), (0.6, 0.6, 0.6)),
    )
    view = render(solids, POSE, K, SIZE, return_normals=True)
    norm = view.normals.norm(dim=0)
    torch.testing.assert_close(norm, torch.ones_like(norm))
    points = unproject(view.depth[None], torch.tensor(K)[None].float())
    points = points.reshape(3, -1).T.reshape(*SIZE, 3)
    ball = view.ids == 1
    middle = torch.tensor([0.0, 0.0, 3.0])
    expected = (points[ball] - middle) / 0.6
    torch.testing.assert_close(
        view.normals.permute(1, 2, 0)[ball], expected, atol=2e-3, rtol=0
    )
    # Everything seen faces the camera.
    assert ((view.normals * points.permute(2, 0, 1)).sum(0) < 0).all()


@pytest.mark.parametrize("backend", ["torch", "numba"])
def test_what_lies_behind_is_not_seen(backend):
    behind = scene((BOX, (-3.0, 0, 0), (0.5, 0.5, 0.5)))
    view = render(behind, POSE, K, SIZE, backend=backend)
    assert (view.ids == -1).all() and (view.depth == FAR).all()


@pytest.mark.parametrize(
    "change",
    [
        {"pose": np.eye(3)},
        {"intrinsics": np.full((3, 3), np.nan)},
        {"size": (0, 10)},
        {"backend": "fortran"},
    ],
)
def test_bad_input(change):
    given = {"pose": POSE, "intrinsics": K, "size": SIZE} | change
    with pytest.raises(ValueError, match=next(iter(change))):
        render(random_scene(0), **given)


# ------------------------------------------------------- light and texture


class Plain:
    """A look with one grey material for all solids."""

    def __init__(self, solids, lights, ambient=0.0):
        count = len(solids.kind)
        self.materials = np.zeros((4, texture.COLUMNS))
        self.materials[:, 1:7] = 0.5
        self.materials[:, texture.PERIOD] = 1.0
        self.material = np.zeros(count, np.int32)
        self.shadow = np.array(solids.kind) != ROOM
        self.lights = np.array(lights, dtype=np.float64)
        self.ambient = np.zeros((3, 3))
        self.ambient[:2] = ambient


def lit(solids, look):
    view = render(solids, POSE, K, SIZE)
    return shade(
        solids, look, POSE, K, view.depth[0].numpy(), view.ids.numpy()
    )


def lamp(x, y, z, power=1.0):
    return [0, x, y, z, *[0.0] * 9, power, power, power]


def test_light_falls_with_the_square_of_distance():
    """Straight before a lamp: albedo x power / (d^2 + 0.1)."""
    wall = scene((BOX, (4.0, 0, 0), (0.5, 50, 50)))
    for distance in (0.5, 1.0, 2.0):
        image = lit(wall, Plain(wall, [lamp(3.5 - distance, 0, 0)]))
        middle = image[29:31, 39:41].mean()
        expected = 0.5 / ((distance - 2e-3) ** 2 + 0.1)
        assert middle == pytest.approx(expected, rel=0.01)


def test_a_body_casts_a_shadow_of_the_right_size():
    """A square before a point lamp: the shadow grows by similar triangles."""
    solids = scene(
        (BOX, (4.0, 0, 0), (0.5, 50, 50)),
        (BOX, (1.5, 0, 1.0), (0.01, 0.2, 0.2)),
    )
    image = lit(solids, Plain(solids, [lamp(0.0, 0.0, 1.75)], ambient=0.02))
    # Lamp, body and wall at x = 0, 1.49 and 3.5: the body's shadow lies
    # around z = 0 on the wall, right before the camera.
    assert image[30, 40, 0] == pytest.approx(0.5 * 0.02, rel=0.01)
    dark = image[30, :, 0] < 0.02
    width = 0.4 * 3.5 / 1.49 * 64 / 3.5
    assert dark.sum() == pytest.approx(width, abs=2)


def test_ambient_light_alone_shows_the_albedo():
    wall = scene((BOX, (4.0, 0, 0), (0.5, 50, 50)))
    image = lit(wall, Plain(wall, np.zeros((0, 16)), ambient=0.6))
    np.testing.assert_allclose(image, 0.3, rtol=1e-5)


@pytest.mark.parametrize("kind", range(15))
def test_textures_are_reflectances(kind):
    rng = np.random.default_rng(kind)
    row = np.zeros((1, texture.COLUMNS))
    row[0, texture.KIND] = kind
    row[0, 1:7] = rng.uniform(0.05, 0.9, 6)
    row[0, texture.PERIOD], row[0, texture.RATIO] = 0.1, 2.0
    row[0, texture.CONTRAST], row[0, texture.SEED] = 0.5, 7
    row[0, texture.MOTTLE] = 0.2
    out, seen = np.zeros(3), []
    for u, v in rng.uniform(-1, 1, (200, 2)):
        texture.albedo(row, 0, u, v, 1.0, 1.0, 0.005, out)
        seen.append(out.copy())
    seen = np.array(seen)
    assert np.isfinite(seen).all() and seen.min() > 0 and seen.max() < 1.3
    if kind != texture.FOLDS:
        assert np.ptp(seen) > 0.01


def test_checker_fades_to_its_mean_when_too_fine():
    row = np.zeros((1, texture.COLUMNS))
    row[0, texture.KIND] = texture.CHECKER
    row[0, 1:4], row[0, 4:7] = 0.2, 0.8
    row[0, texture.PERIOD] = 0.1
    out = np.zeros(3)
    near, far = set(), set()
    for u in np.linspace(0.013, 0.9, 40):
        texture.albedo(row, 0, u, 0.05, 1.0, 1.0, 0.001, out)
        near.add(round(out[0], 6))
        texture.albedo(row, 0, u, 0.05, 1.0, 1.0, 0.5, out)
        far.add(round(out[0], 6))
    assert near == {0.2, 0.8} and far == {0.5}
