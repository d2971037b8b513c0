"""Offset sets: the published counts, and what makes a set even or sparse."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial.chebyshev import chebder, chebroots
from scipy.spatial import cKDTree

from depthlib.kernels import (
    mean_gap,
    printed_offsets,
    random_offsets,
    smolyak_offsets,
    strided_offsets,
    uniform_offsets,
)


def pairs(offsets):
    return set(map(tuple, offsets.tolist()))


def mirrored(offsets):
    return {(-y, -x) for y, x in pairs(offsets)}


COUNTS = {
    ("chebyshev", 24): {5: 129, 6: 261, 7: 441, 8: 669},
    ("uniform", 24): {5: 145, 6: 289, 7: 481, 8: 737},
    ("chebyshev", 12): {4: 61, 5: 117, 6: 193, 7: 281, 8: 389},
    ("uniform", 12): {4: 65, 5: 129, 6: 209, 7: 305, 8: 433},
}


@pytest.mark.parametrize("kind, radius", COUNTS)
def test_smolyak_counts(kind, radius):
    """Radius 24: Table 1 of the paper."""
    wanted = COUNTS[kind, radius]
    counts = {k: len(smolyak_offsets(k, radius, kind)) for k in wanted}
    assert counts == wanted


@pytest.mark.parametrize(
    "kind, level_zero, wanted",
    [
        ("chebyshev", "centre", [153, 305, 501, 793]),
        ("chebyshev", "ends", [185, 333, 505, 793]),
        ("uniform", "centre", [145, 289, 481, 737]),
        ("uniform", "ends", [177, 321, 481, 737]),
    ],
)
def test_counts_of_the_printed_recipe(kind, level_zero, wanted):
    levels = (5, 6, 7, 8)
    made = [printed_offsets(n, 24, kind, level_zero) for n in levels]
    assert [len(offsets) for offsets in made] == wanted


def test_uniform_counts():
    for radius in (24, 12, 7):
        for stride in range(1, 2 * radius + 3):
            count = math.ceil((2 * radius + 1) / stride) ** 2
            assert len(uniform_offsets(stride, radius)) == count
    counts = [len(uniform_offsets(stride)) for stride in (4, 3, 2, 1)]
    assert counts == [169, 289, 625, 2401]
    counts = [len(uniform_offsets(stride, 12)) for stride in (4, 3, 2, 1)]
    assert counts == [49, 81, 169, 625]


def made(count=60, radius=6):
    """One of each kind."""
    return {
        "chebyshev": smolyak_offsets(4, radius),
        "uniform type": smolyak_offsets(4, radius, "uniform"),
        "printed": printed_offsets(4, radius),
        "uniform": uniform_offsets(3, radius),
        "strided": strided_offsets(count, radius),
        "random": random_offsets(count, radius),
    }


@pytest.mark.parametrize("name", made())
def test_every_set_is_sorted_distinct_and_inside(name):
    offsets = made()[name]
    assert offsets.dtype == torch.int64 and offsets.shape[1] == 2
    assert offsets.tolist() == sorted(map(list, pairs(offsets)))
    assert offsets.abs().max() <= 6
    assert torch.equal(offsets, made()[name])


@pytest.mark.parametrize("kind", ["chebyshev", "uniform"])
@pytest.mark.parametrize("radius", [1, 12, 17, 24])
def test_sparse_grids_are_symmetric_and_nested(kind, radius):
    inner = set()
    for level in range(9):
        offsets = smolyak_offsets(level, radius, kind)
        grid = pairs(offsets)
        assert inner <= grid
        assert grid == {(x, y) for y, x in grid} == {(-y, x) for y, x in grid}
        inner = grid


def chebyshev_axis(kind, a):
    """Ends and roots as numpy finds them: T_m, or U_m = T'_(m+1) / (m+1)."""
    if a == 0:
        return np.zeros(1)
    m = 2**a - 1
    series = [0] * m + [1] if kind == "first" else chebder([0] * (m + 1) + [1])
    return np.concatenate([[-1], chebroots(series), [1]])


@pytest.mark.parametrize(
    "kind, make",
    [
        ("first", lambda n: printed_offsets(n, level_zero="centre")),
        ("second", smolyak_offsets),
    ],
)
def test_axes_are_roots_of_chebyshev_polynomials(kind, make):
    """The first kind as printed; the second makes the published counts."""
    axes = [
        np.rint(24 * chebyshev_axis(kind, a)).astype(int) for a in range(7)
    ]
    for level in range(7):
        grid = {
            (y, x)
            for a in range(level + 1)
            for y, x in product(axes[a].tolist(), axes[level - a].tolist())
        }
        # The first kind is not nested: sums below the level count too.
        grid |= pairs(make(level - 1)) if level else set()
        assert pairs(make(level)) == grid
    nested = all(set(a) <= set(b) for a, b in pairwise(axes))
    assert nested == (kind == "second")


def test_level_zero_is_the_centre_and_high_levels_fill_the_square():
    assert pairs(smolyak_offsets(0)) == {(0, 0)}
    for kind in ("chebyshev", "uniform"):
        assert torch.equal(smolyak_offsets(14, 24, kind), uniform_offsets(1))


def test_halves_round_away_from_zero():
    """Level 2 at radius 3: half the radius is 1.5."""
    axis = smolyak_offsets(2, 3, "uniform")
    assert axis[axis[:, 0] == 0, 1].tolist() == [-3, -2, 0, 2, 3]


def test_where_the_paper_looks():
    """Level 7: 441 offsets, 184 on the border, 97 on the axes, 17 near."""
    offsets = smolyak_offsets(7)
    far = offsets.abs().max(1).values
    assert (far == 24).sum() == 184
    assert (offsets == 0).any(1).sum() == 97
    assert (far <= 4).sum() == 17


def test_mean_gaps_of_the_paper_sets():
    """A cheaper uniform grid leaves smaller gaps, near the centre too."""
    uniform, sparse = uniform_offsets(3), smolyak_offsets(7)
    gaps = [mean_gap(s, k) for k in (24, 4) for s in (uniform, sparse)]
    assert [round(gap, 2) for gap in gaps] == [1.06, 1.37, 1.07, 1.48]


@given(seed=st.integers(0, 999), count=st.integers(1, 49))
def test_mean_gap_equals_a_tree_search(seed, count):
    offsets = random_offsets(count, 3, seed)
    square = np.mgrid[-5:6, -5:6].reshape(2, -1).T
    gaps, _ = cKDTree(offsets.numpy()).query(square)
    assert mean_gap(offsets, 5) == pytest.approx(gaps.mean(), rel=1e-12)


def test_a_full_search_leaves_no_gap():
    assert mean_gap(uniform_offsets(1)) == 0


@pytest.mark.parametrize("radius", [1, 2, 3, 6])
def test_strided_has_any_count_and_prefers_no_direction(radius):
    for count in range(1, (2 * radius + 1) ** 2 + 1):
        offsets = strided_offsets(count, radius)
        assert len(pairs(offsets)) == len(offsets) == count
        assert offsets.abs().max() <= radius
        assert pairs(offsets) == mirrored(offsets)
        assert ((0, 0) in pairs(offsets)) == (count % 2 == 1)
        lengths = offsets[:, 0].unique(return_counts=True)[1]
        # One more, one less; two apart only where symmetry asks for it.
        assert lengths.max() - lengths.min() <= 2


@pytest.mark.parametrize("count", [129, 261, 289, 441, 625, 669])
def test_strided_is_more_even_than_its_rivals(count):
    gap = mean_gap(strided_offsets(count))
    assert all(gap < mean_gap(random_offsets(count, 24, s)) for s in range(5))
    for stride in (2, 3, 4):
        uniform = uniform_offsets(stride)
        if len(uniform) <= count:
            assert gap <= mean_gap(uniform) + 1e-12


@pytest.mark.parametrize("count", [49, 64, 169, 441])
def test_strided_squares_are_lattices(count):
    offsets = strided_offsets(count)
    side = math.isqrt(count)
    rows, columns = offsets.view(side, side, 2).unbind(-1)
    assert (rows == rows[:, :1]).all()
    assert (columns == columns[:1]).all()
    steps = columns[0].diff()
    assert steps.max() - steps.min() <= 1


def test_random_follows_its_seed_and_takes_all_alike():
    assert torch.equal(random_offsets(20, 3, 5), random_offsets(20, 3, 5))
    assert not torch.equal(random_offsets(20, 3, 5), random_offsets(20, 3, 6))
    assert torch.equal(random_offsets(49, 3, 1), uniform_offsets(1, 3))
    hits = torch.zeros(49)
    for seed in range(2000):
        offsets = random_offsets(7, 3, seed) + 3
        hits[offsets[:, 0] * 7 + offsets[:, 1]] += 1
    # 2000 x 7 / 49 each, standard deviation 15.6.
    assert (hits - 2000 / 7).abs().max() < 5 * 15.6


def test_drawing_leaves_the_global_generator_alone():
    torch.manual_seed(3)
    one = torch.rand(1)
    torch.manual_seed(3)
    random_offsets(5)
    assert torch.equal(one, torch.rand(1))


def test_whole_numbers_may_be_those_of_numpy():
    grid = smolyak_offsets(np.int64(5), radius=np.int32(24))
    assert torch.equal(grid, smolyak_offsets(5))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: smolyak_offsets(-1), "level is -1"),
        (lambda: smolyak_offsets(17), "from 0 to 16"),
        (lambda: smolyak_offsets(2.0), "level is 2.0"),
        (lambda: smolyak_offsets(True), "level is True"),
        (lambda: smolyak_offsets(3, 0), "radius is 0"),
        (lambda: smolyak_offsets(3, 1.5), "radius is 1.5"),
        (lambda: smolyak_offsets(3, 4, "gauss"), "chebyshev, uniform"),
        (lambda: printed_offsets(3, kind="gauss"), "chebyshev, uniform"),
        (lambda: printed_offsets(3, level_zero="none"), "ends, centre"),
        (lambda: printed_offsets(17), "from 0 to 16"),
        (lambda: uniform_offsets(0), "stride is 0"),
        (lambda: uniform_offsets(2, -3), "radius is -3"),
        (lambda: strided_offsets(0), "count is 0"),
        (lambda: strided_offsets(10, 1), "radius 1 has 9 offsets"),
        (lambda: random_offsets(2402), "radius 24 has 2401 offsets"),
        (lambda: random_offsets(5.0), "count is 5.0"),
        (lambda: mean_gap(torch.zeros(0, 2)), "at least one"),
        (lambda: mean_gap(torch.zeros(3)), r"expected \(N, 2\)"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
