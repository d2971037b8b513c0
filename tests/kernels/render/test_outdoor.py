"""Light out of doors: sun, shadows, sky, and the look-up grid behind."""

import numpy as np
import pytest

from depthlib.data.streets import scene
from depthlib.kernels.render import (
    BOX,
    PANEL,
    Scene,
    facade,
    grid,
    outdoor,
)
from depthlib.kernels.render.casting import cast
from depthlib.kernels.render.light import blocked, group_bounds, solid_rows

SIZE = (48, 64)
K = np.array([[60.0, 0, 32], [0, 60.0, 24], [0, 0, 1]])
# From 10 m above the origin the camera looks straight down; x is right.
POSE = np.diag([1.0, -1.0, -1.0, 1.0])
POSE[2, 3] = 10.0


class Look:
    """Plain grey solids under a given sky."""

    def __init__(self, count, sky):
        self.materials = np.zeros((2, 17))
        self.materials[:, 1:7] = 0.5
        self.material = np.zeros(count, np.int32)
        self.shadow = np.array([False] + [True] * (count - 1))
        self.sky = sky


def sky(direction, sun=1.0, above=0.0):
    """A cloudless sky of one colour with a sun."""
    columns = np.zeros(outdoor.SKY_COLUMNS)
    columns[:3] = np.array(direction) / np.linalg.norm(direction)
    columns[3:6] = sun
    columns[6:15] = above
    columns[15:18] = -9.0, 1.0, 1.0
    return columns


def solids(*boxes):
    """The ground, and boxes given by centre and half sides."""
    count = 1 + len(boxes)
    centre = np.array([(0, 0, 0), *(b[:3] for b in boxes)], np.float32)
    half = np.array([(50, 50, 0), *(b[3:] for b in boxes)], np.float32)
    return Scene(
        np.array([PANEL] + [BOX] * len(boxes), np.int32),
        np.repeat(np.eye(3, dtype=np.float32)[None], count, 0),
        centre,
        half,
        np.zeros(count, np.float32),
        np.arange(count, dtype=np.int32),
    )


def shaded(things, look):
    """Light of the view from above."""
    seen = cast(things, POSE, K, SIZE)
    return outdoor.shade(things, look, POSE, K, *seen)


def test_ground_obeys_lambert():
    for rise in (0.3, 0.8, 1.4):
        sun = (np.cos(rise), 1e-6, np.sin(rise))
        light = shaded(solids(), Look(1, sky(sun)))
        np.testing.assert_allclose(light, 0.5 * np.sin(rise), rtol=1e-5)


def test_a_post_casts_a_shadow_of_the_right_length():
    """Under a sun at 45 degrees a shadow is as long as the post is high."""
    things = solids((0, 0, 1.0, 0.2, 0.2, 1.0))
    light = shaded(things, Look(2, sky((-1.0, 1e-4, 1.0))))[24, :, 0]
    x = (np.arange(64) + 0.5 - 32) / 60 * 10
    dark = light < 1e-6
    # From the post's foot to 2 m beyond its far side; its top hides some.
    assert dark[(x > 0.35) & (x < 2.1)].all()
    assert not dark[(x > 2.3) | (x < -0.4)].any()


def test_the_sky_alone_lights_by_its_own_colour():
    above = np.array([0.2, 0.5, 1.0])
    columns = sky((0.5, 0.5, 1.0), sun=0.0)
    columns[6:9] = columns[9:12] = columns[12:15] = above
    light = shaded(solids(), Look(1, columns))
    np.testing.assert_allclose(light[0, 0], 0.5 * above, rtol=1e-5)


def test_a_ray_that_meets_nothing_sees_the_sky():
    columns = sky((0.0, 0.6, 0.8), sun=0.0, above=0.7)
    nothing = np.full(SIZE, 1e6, np.float32), np.full(SIZE, -1, np.int32)
    light = outdoor.shade(solids(), Look(1, columns), POSE, K, *nothing)
    np.testing.assert_allclose(light, 0.7, rtol=1e-5)


def test_grid_lists_every_group_that_reaches_a_cell():
    rng = np.random.default_rng(0)
    low = rng.uniform(-150, 150, (40, 2))
    spans = np.stack(
        [low[:, 0], low[:, 0] + 30, low[:, 1], low[:, 1] + 9], axis=1
    )
    first, members = grid.grid(spans, -90.0, -90.0, 2.5)
    found = 0
    for _ in range(300):
        u, v = rng.uniform(-200, 200, 2)
        cell = grid.cell_of(u, -90.0, 2.5) * grid.CELLS
        cell += grid.cell_of(v, -90.0, 2.5)
        listed = set(members[first[cell] : first[cell + 1]].tolist())
        inside = (spans[:, 0] <= u) & (u <= spans[:, 1])
        inside &= (spans[:, 2] <= v) & (v <= spans[:, 3])
        assert set(np.flatnonzero(inside).tolist()) <= listed
        found += inside.sum()
    assert found > 20


def test_shadows_are_those_of_all_groups():
    """The grid leaves out no group: same shadows as by asking everyone."""
    street = scene("a", "train", 0, 6)
    things, look, pose = street.solids(), street.look, street.pose()
    sun = sky((0.4, 0.5, 0.6))
    materials = np.zeros_like(look.materials)
    materials[:, 1:7] = 0.5
    plain = look._replace(materials=materials, sky=sun)
    matrix = street.intrinsics((24, 78))
    depth, ids = cast(things, pose, matrix, (24, 78))
    light = outdoor.shade(things, plain, pose, matrix, depth, ids)
    rows, bounds = solid_rows(things), group_bounds(things, look.shadow)
    roles = np.array([*street.layout.roles, "sky"])[ids]
    same = []
    for i, j in zip(*np.nonzero(roles == "road"), strict=True):
        ray = np.linalg.inv(matrix) @ [j + 0.5, i + 0.5, 1]
        x, y, z = pose[:3, :3].T @ (ray * depth[i, j] - pose[:3, 3])
        start = (x, y, z + 2e-3)
        given = (things.kind, rows, look.shadow, bounds, *start, *sun[:3])
        same.append((light[i, j].max() < 1e-6) == blocked(*given, 500.0))
    # At a shadow's rim rounding decides.
    assert len(same) > 200 and np.mean(same) > 0.995


@pytest.mark.parametrize("kind", range(15, 21))
def test_outdoor_textures_are_reflectances(kind):
    """Between 0 and 1, and not the same everywhere."""
    row = [kind, *[0.4] * 3, *[0.1] * 3, 3.0, 0.9, 0.5, 0, 30, 0, 1.3, 2.1]
    material = np.array([[*row, 7, 0.2]])
    out, place, seen = np.zeros(3), np.zeros(3), []
    rng = np.random.default_rng(1)
    for _ in range(300):
        u, v = rng.uniform(-5, 5, 2)
        place[:] = u, v, rng.uniform(0, 5)
        mirror = facade.albedo(
            material, 0, 1, u, v, 5.0, 5.0, 0.02, place, out
        )
        assert 0 <= mirror <= 1
        seen.append(out.copy())
    seen = np.array(seen)
    assert seen.min() > 0 and seen.max() <= 1
    assert np.ptp(seen) > 0.01
