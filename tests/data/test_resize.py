"""Sparse depth at another size: every value measured, the nearest kept."""

import numpy as np
import pytest

from depthlib.data.resize import nearest_returns, resized


@pytest.fixture
def sparse():
    """Depth ``(37, 50)`` known at one pixel in ten."""
    random = np.random.default_rng(3)
    depth = random.uniform(2, 80, (37, 50)).astype(np.float32)
    return np.where(random.random(depth.shape) < 0.1, depth, np.float32(0))


@pytest.mark.parametrize(
    "size", [(37, 50), (18, 25), (9, 11), (36, 49), (1, 1)]
)
def test_each_cell_keeps_its_nearest_return(sparse, size):
    """Against a loop over pixels and the cell under each one's centre."""
    expected = np.zeros(size, np.float32)
    for row, column in zip(*np.nonzero(sparse), strict=True):
        y = int((row + 0.5) * size[0] / sparse.shape[0])
        x = int((column + 0.5) * size[1] / sparse.shape[1])
        old, new = expected[y, x], sparse[row, column]
        expected[y, x] = min(old, new) if old else new
    np.testing.assert_array_equal(nearest_returns(sparse, size), expected)


def test_returns_survive_where_sampling_would_lose_them(sparse):
    image = np.zeros((*sparse.shape, 3), np.uint8)
    size = (9, 12)
    matrix = np.eye(3, dtype=np.float32)
    kept = resized(image, sparse, matrix, size, sparse=True)[1]
    sampled = resized(image, sparse, matrix, size)[1]
    assert (kept > 0).mean() > 0.6 > 0.2 > (sampled > 0).mean()
    assert set(kept[kept > 0]) <= set(sparse[sparse > 0])


def test_the_crop_is_the_pictures_crop(sparse):
    """Returns outside the window of the picture must not come back."""
    image = np.zeros((*sparse.shape, 3), np.uint8)
    depth = np.zeros_like(sparse)
    depth[:, :6] = depth[:, -6:] = 5  # 37 of the 50 columns remain
    out = resized(image, depth, np.eye(3, dtype=np.float32), (10, 10))
    kept = resized(
        image, depth, np.eye(3, dtype=np.float32), (10, 10), sparse=True
    )
    assert not kept[1].any()
    np.testing.assert_array_equal(kept[2], out[2])


def test_nothing_known_stays_unknown():
    empty = np.zeros((8, 8), np.float32)
    assert not nearest_returns(empty, (4, 4)).any()
