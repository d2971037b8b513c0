"""Depth figures: what is drawn where, on which scale."""

import numpy as np
import pytest
import torch

from depthlib.figures import compare, contact_sheet, show_depth, show_errors
from depthlib.figures.maps import (
    as_map,
    as_maps,
    as_picture,
    depth_limits,
    error_limit,
    error_map,
)


@pytest.fixture
def depths():
    torch.manual_seed(0)
    return 1 + 3 * torch.rand(3, 1, 12, 16)


def images(fig):
    """The drawn maps of a figure, colour bars left out."""
    return [im for axis in fig.axes for im in axis.get_images()]


def test_unknown_pixels_become_nan():
    depth = torch.tensor([[[1.0, 0.0], [float("nan"), -2.0]]])
    np.testing.assert_array_equal(as_map(depth), [[1, np.nan], [np.nan] * 2])


@pytest.mark.parametrize("shape", [(2, 4, 5), (2, 1, 4, 5), (4,)])
def test_a_map_has_two_axes(shape):
    with pytest.raises(ValueError, match="depth has shape"):
        as_map(torch.ones(shape))


def test_maps_share_one_size():
    with pytest.raises(ValueError, match="all of one size"):
        as_maps([np.ones((2, 3)), np.ones((3, 2))])


def test_pictures_come_in_three_forms():
    image = torch.rand(1, 3, 4, 5)
    expected = image[0].permute(1, 2, 0).double().numpy()
    np.testing.assert_allclose(as_picture(image), expected)
    np.testing.assert_allclose(as_picture(expected), expected)
    np.testing.assert_allclose(
        as_picture(np.full((4, 5, 3), 255, np.uint8)), np.ones((4, 5, 3))
    )
    with pytest.raises(ValueError, match="image has shape"):
        as_picture(torch.rand(1, 4, 5))


def test_error_maps():
    prediction = torch.tensor([[2.0, 1.0], [4.0, 0.0]])
    target = torch.tensor([[1.0, 2.0], [4.0, 3.0]])
    np.testing.assert_allclose(
        error_map(prediction, target), [[1, -1], [0, np.nan]]
    )
    np.testing.assert_allclose(
        error_map(prediction, target, "log_ratio"), [[1, -1], [0, np.nan]]
    )
    with pytest.raises(ValueError, match="kind is 'feet'"):
        error_map(prediction, target, "feet")
    with pytest.raises(ValueError, match="resize one"):
        error_map(prediction[:1], target)


def test_limits():
    maps = [np.array([[1.0, np.nan]]), np.array([[4.0, 2.0]])]
    assert depth_limits(maps) == (1.0, 4.0)
    errors = [np.append(np.linspace(-1, 1, 99), 50.0)]
    assert 0.9 < error_limit(errors) < 50
    with pytest.raises(ValueError, match="no depth is known"):
        depth_limits([np.full((2, 2), np.nan)])


def test_a_row_shares_one_scale_and_one_bar(depths):
    fig = show_depth(depths, ["a", "b", "c"], image=torch.rand(3, 12, 16))
    photo, *maps = images(fig)
    low, high = float(depths.min()), float(depths.max())
    for drawn in maps:
        assert drawn.get_clim() == pytest.approx((low, high))
        assert drawn.get_cmap().name == "magma_r"
    assert len(maps) == 3 and photo.get_array().shape == (12, 16, 3)
    assert len(fig.axes) == 5
    assert "depth (m)" in fig.axes[-1].get_xlabel()


def test_near_is_bright(depths):
    drawn = images(show_depth(depths))[0]
    near, far = drawn.to_rgba(np.array(drawn.get_clim()))[:, :3].mean(1)
    assert near > 0.8 > 0.1 > far


def test_unknown_pixels_show_the_hatched_ground(depths):
    depths[0, 0, :4] = 0
    fig = show_depth(depths[:1])
    axis = fig.axes[0]
    assert images(fig)[0].get_array().mask.sum() == 4 * 16
    assert [patch.get_hatch() for patch in axis.patches] == ["/////"]
    assert "unknown" in fig.axes[-1].get_xlabel()
    assert not show_depth(depths[1:2]).axes[0].patches


def test_errors_diverge_around_zero(depths):
    fig = show_errors([depths[1], depths[2]], depths[0], ["l1", "lsgan"])
    for drawn in images(fig):
        low, high = drawn.get_clim()
        assert low == -high
    red, blue = drawn.to_rgba(np.array([high, low]))[:, [0, 2]]
    assert red[0] > red[1] and blue[1] > blue[0]
    titles = [axis.get_title(loc="left") for axis in fig.axes[:2]]
    assert titles == ["L1", "LSGAN + L1"]


def test_titles_must_match(depths):
    with pytest.raises(ValueError, match="2 entries for 3 maps"):
        show_depth(depths, ["a", "b"])


def test_contact_sheet_pairs_image_and_depth(depths):
    pictures = torch.rand(3, 3, 12, 16)
    fig = contact_sheet(pictures, depths, columns=2)
    drawn = images(fig)
    assert len(drawn) == 6
    np.testing.assert_allclose(
        drawn[0].get_array(), as_picture(pictures[0]), atol=1e-6
    )
    with pytest.raises(ValueError, match="2 images and 3 depths"):
        contact_sheet(pictures[:2], depths)


def test_compare_gives_a_line_per_method(depths):
    predictions = {"l1": depths[1], "mine": depths[0]}
    fig = compare(torch.rand(3, 12, 16), depths[0], predictions)
    titles = [axis.get_title(loc="left") for axis in fig.axes[:6]]
    assert titles[:3] == ["image", "truth", "L1"]
    assert titles[4:] == ["mine", "mean error 0.00 m, 0 %"]
    truth = images(fig)[1].get_clim()
    assert images(fig)[2].get_clim() == truth
    with pytest.raises(ValueError, match="predictions is empty"):
        compare(torch.rand(3, 12, 16), depths[0], {})
