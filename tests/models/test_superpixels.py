"""Superpixels against loops over pixels."""

import numpy as np
import pytest
import torch

from depthlib.models import superpixels as sp


@pytest.fixture
def batch():
    """Two images of other sizes of superpixels: 5 and 3, in patches."""
    labels = torch.zeros(2, 6, 8, dtype=torch.int64)
    labels[0, :3, 4:], labels[0, 3:, :2], labels[0, 3:, 2:] = 1, 2, 3
    labels[0, 5, 7] = 4
    labels[1, :, 3:], labels[1, :, 6:] = 1, 2
    return labels


def test_means_are_those_of_loops(batch):
    values = torch.randn(2, 3, 6, 8, dtype=torch.float64, requires_grad=True)
    mask = torch.rand(2, 1, 6, 8) < 0.6
    mask[0, 0, 5, 7] = False
    mask[1, 0][batch[1] == 1] = False
    holed = torch.where(mask, values, torch.nan)
    for given, inside in ((values, None), (holed, mask)):
        means, known = sp.superpixel_means(given, batch, inside)
        assert means.shape == (2, 5, 3)
        for b, i in np.ndindex(2, 5):
            here = batch[b] == i
            if inside is not None:
                here = here & inside[b, 0]
            assert known[b, i] == here.any()
            if here.any():
                expected = given[b][:, here].mean(1)
                assert torch.allclose(means[b, i], expected)
            else:
                assert not means[b, i].any()
    means.sum().backward()
    assert torch.isfinite(values.grad).all()
    assert not values.grad[~mask.expand_as(values)].any()


def test_spread_undoes_means(batch):
    level = torch.randn(2, 5)
    drawn = sp.spread(level, batch)
    assert drawn.shape == (2, 1, 6, 8)
    means, known = sp.superpixel_means(drawn, batch)
    assert torch.allclose(means[..., 0][known], level[known])
    assert known.tolist() == [[True] * 5, [True] * 3 + [False] * 2]


def test_neighbours_are_those_of_loops(batch):
    touch = sp.adjacency(batch)
    expected = torch.zeros(2, 5, 5, dtype=torch.bool)
    for b, y, x in np.ndindex(2, 6, 8):
        for down, right in ((0, 1), (1, 0)):
            if y + down < 6 and x + right < 8:
                i, j = batch[b, y, x], batch[b, y + down, x + right]
                if i != j:
                    expected[b, i, j] = expected[b, j, i] = True
    assert torch.equal(touch, expected)
    assert touch[1].nonzero().tolist() == [[0, 1], [1, 0], [1, 2], [2, 1]]


def test_corners_alone_do_not_touch():
    touch = sp.adjacency(torch.tensor([[[0, 1], [2, 3]]]))
    assert not touch[0, 0, 3] and not touch[0, 1, 2]
    assert int(touch.sum()) == 8


def test_centres_and_histograms_by_hand(batch):
    middle = sp.centres(batch)
    assert middle[1, 1].tolist() == [3.0, 4.5]
    assert middle[0, 4].tolist() == [5.5, 7.5]
    grey = torch.rand(2, 1, 6, 8)
    grey[0, 0, 0, 0] = 1.0  # belongs to the last bin
    shares = sp.grey_histograms(grey, batch, bins=4)
    for i in range(3):
        values = grey[1, 0][batch[1] == i].numpy()
        counts, _ = np.histogram(values, bins=4, range=(0, 1))
        np.testing.assert_allclose(shares[1, i], counts / len(values), 1e-6)
    assert shares[0, 0].sum() == pytest.approx(1) and not shares[1, 4].any()


def test_the_oracle_is_the_best_constant_map(batch):
    depth = 1 + 4 * torch.rand(2, 1, 6, 8, dtype=torch.float64)
    mask = torch.rand(2, 1, 6, 8) < 0.7
    best, rmse = sp.oracle_depth(depth, mask, batch)
    for b in range(2):
        wrong = (best - depth)[b][mask[b]]
        assert float(rmse[b]) == pytest.approx(float((wrong**2).mean() ** 0.5))
    level = sp.superpixel_means(depth, batch, mask)[0][..., 0]
    for _ in range(20):
        other = sp.spread(level + 0.05 * torch.randn_like(level), batch)
        square = torch.where(mask, other - depth, 0) ** 2
        error = (square.sum((1, 2, 3)) / mask.sum((1, 2, 3))).sqrt()
        assert (error > rmse).all()
    # One superpixel a pixel loses nothing.
    each = torch.arange(48).view(1, 6, 8).expand(2, -1, -1)
    assert not sp.oracle_depth(depth, mask, each)[1].any()
    with pytest.raises(ValueError, match="image 1 has no known depth"):
        mask[1] = False
        sp.oracle_depth(depth, mask, batch)


def test_slic_finds_patches_of_one_colour():
    image = torch.zeros(2, 3, 48, 64)
    image[0, 0, :, 32:], image[1, 2, 24:] = 1.0, 1.0
    labels = sp.slic(image, n=60)
    assert labels.dtype == torch.int64 and labels.shape == (2, 48, 64)
    for b in range(2):
        numbers = labels[b].unique()
        assert numbers.tolist() == list(range(len(numbers)))
        assert 30 <= len(numbers) <= 90
    means, known = sp.superpixel_means(image, labels)
    pure = (means < 1e-6) | (means > 1 - 1e-6)
    assert pure[known].float().mean() > 0.97
    # Alone, an image has the same superpixels.
    assert torch.equal(sp.slic(image[1:], n=60)[0], labels[1])


def test_wrong_arguments_are_named(batch):
    image = torch.rand(2, 3, 6, 8)
    with pytest.raises(ValueError, match="image has shape"):
        sp.slic(image[0])
    with pytest.raises(ValueError, match="n is 49 for images of 48 pixels"):
        sp.slic(image, n=49)
    with pytest.raises(ValueError, match="image holds NaN"):
        sp.slic(image * torch.nan, n=4)
    with pytest.raises(ValueError, match="labels is torch.int32"):
        sp.superpixel_means(image, batch.int())
    with pytest.raises(ValueError, match="below 0"):
        sp.superpixel_means(image, batch - 1)
    with pytest.raises(ValueError, match="values has shape"):
        sp.superpixel_means(image[..., :7], batch)
    with pytest.raises(ValueError, match="mask is torch.float32"):
        sp.superpixel_means(image, batch, image[:, :1])
