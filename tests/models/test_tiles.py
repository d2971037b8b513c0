"""Tiles: exact where theory says so, smooth elsewhere."""

import pytest
import torch
from torch import nn

from depthlib.models import UNet, tiled_prediction

SIZES = pytest.mark.parametrize(
    "size", [(16, 16), (16, 17), (24, 16), (40, 23), (31, 64)]
)


def picture(height, width, batch=2):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(
        batch, 3, height, width, generator=generator, dtype=torch.float64
    )


@SIZES
def test_exact_for_a_model_of_single_pixels(size):
    image = picture(*size)

    def model(x):
        return torch.cat([x.square().sum(1, keepdim=True), x[:, :1]], 1)

    tiled = tiled_prediction(model, image, 16)
    assert tiled.shape == (2, 2, *size)
    torch.testing.assert_close(tiled, model(image))


@SIZES
def test_exact_for_a_translation_equivariant_model(size):
    """Two 3x3 convolutions, radius 2, zeros outside: a margin of 2."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 3, padding=1)
    ).double()
    image = picture(*size)
    with torch.no_grad():
        expected = model(image)
        torch.testing.assert_close(
            tiled_prediction(model, image, 16, margin=2), expected
        )
        if max(size) > 16:
            plain = tiled_prediction(model, image, 16)
            assert (plain - expected).abs().max() > 1e-6


@pytest.mark.parametrize(
    ("margin", "down", "across"),
    [(0, [0, 8], [0, 8, 16, 24]), (2, [0, 4, 8], [0, 6, 12, 18, 24])],
)
def test_tiles_have_the_size_stay_inside_and_overlap(margin, down, across):
    """An image that carries its own coordinates tells which tiles came."""
    rows, columns = torch.meshgrid(
        torch.arange(24.0), torch.arange(40.0), indexing="ij"
    )
    image = torch.stack([rows, columns])[None]
    corners = []

    def model(tile):
        assert tile.shape == (1, 2, 16, 16)
        corners.append(tuple(tile[0, :, 0, 0].int().tolist()))
        return tile

    tiled_prediction(model, image, 16, margin)
    assert corners == [(y, x) for y in down for x in across]


def test_one_tile_is_the_prediction_itself():
    calls = []

    def model(x):
        calls.append(x.shape)
        return x[:, :1]

    image = picture(16, 16)
    torch.testing.assert_close(
        tiled_prediction(model, image, 16), image[:, :1]
    )
    assert len(calls) == 1


def test_tiles_that_disagree_are_blended_without_a_seam():
    """Each tile answers with its own number: no step exceeds a smooth one.

    A raised cosine over 16 pixels moves by at most pi/32 per pixel, and its
    share of two tiles by no more than twice that here.
    """
    answers = iter([0.0, 1.0])

    def model(x):
        return torch.full_like(x[:, :1], next(answers))

    out = tiled_prediction(model, picture(16, 24, batch=1), 16)[0, 0]
    assert (out[:, :8] < 1e-12).all() and (out[:, 16:] > 1 - 1e-12).all()
    steps = out[0].diff()
    assert (steps >= 0).all()
    assert steps.max() < 0.2


def test_a_network_predicts_what_it_would_refuse():
    model = UNet(levels=4, width=4).eval()
    image = picture(24, 40, batch=1).float()
    with pytest.raises(ValueError, match="tiled_prediction"):
        model(image)
    with torch.no_grad():
        depth = tiled_prediction(model, image, 16)
    assert depth.shape == (1, 1, 24, 40)
    assert depth.abs().max() <= 1


def test_bad_input():
    for shape in ((1, 3, 15, 20), (1, 3, 20, 15), (3, 20, 20)):
        with pytest.raises(ValueError, match="at least size = 16"):
            tiled_prediction(lambda x: x, torch.zeros(shape), 16)
    for margin in (-1, 4):
        with pytest.raises(ValueError, match=f"margin {margin}"):
            tiled_prediction(lambda x: x, picture(16, 16), 16, margin)
    with pytest.raises(ValueError, match="keeps height and width"):
        tiled_prediction(lambda x: x[..., ::2], picture(16, 16), 16)
