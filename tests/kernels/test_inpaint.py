"""In-painting against loops and a dense solve, and what it must do."""

import math

import numpy as np
import pytest
import torch

from depthlib.kernels.inpaint import inpaint_depth


def by_loops(image, depth, mask, alpha):
    """The toolbox's procedure pixel by pixel, solved as a dense system.

    Takes ``(3, H, W)``, ``(H, W)`` and ``(H, W)``; scales the depth by its
    maximum first, as the toolbox does.
    """
    red, green, blue = image
    grey = 0.2989 * red + 0.5870 * green + 0.1140 * blue
    height, width = grey.shape
    top = depth[mask].max()
    matrix = np.zeros((height * width,) * 2)
    right = np.zeros(height * width)
    for y in range(height):
        for x in range(width):
            near = [
                (v, u)
                for v in range(max(0, y - 1), min(height, y + 2))
                for u in range(max(0, x - 1), min(width, x + 2))
                if (v, u) != (y, x)
            ]
            values = [grey[at] for at in near]
            scale = 0.6 * np.var([*values, grey[y, x]])
            nearest = min((value - grey[y, x]) ** 2 for value in values)
            if scale < -nearest / math.log(0.01):
                scale = -nearest / math.log(0.01)
            if scale < 2e-6:
                scale = 2e-6
            weights = [
                math.exp(-((value - grey[y, x]) ** 2) / scale)
                for value in values
            ]
            row = y * width + x
            for (v, u), weight in zip(near, weights, strict=True):
                matrix[row, v * width + u] = -weight / sum(weights)
            matrix[row, row] = 1 + alpha * mask[y, x]
            if mask[y, x]:
                right[row] = alpha * depth[y, x] / top
    return np.linalg.solve(matrix, right).reshape(height, width) * top


def scene(height=11, width=13, share=0.6, seed=0):
    """A random picture, float64 depth and a mask of known pixels."""
    random = np.random.default_rng(seed)
    image = random.random((3, height, width))
    depth = random.uniform(0.5, 9.0, (height, width))
    mask = random.random((height, width)) < share
    mask[0, 0] = True
    return image, depth, mask


def tensors(image, depth, mask):
    return (
        torch.from_numpy(image)[None],
        torch.from_numpy(depth)[None, None],
        torch.from_numpy(mask)[None, None],
    )


@pytest.mark.parametrize("alpha", [1e-3, 0.3, 0.5, 1.0, 20.0])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 1.0])
def test_agrees_with_loops_and_a_dense_solve(alpha, share):
    image, depth, mask = scene(share=share)
    filled = inpaint_depth(*tensors(image, depth, mask), alpha)
    expected = by_loops(image, depth, mask, alpha)
    tolerance = 1e-9 * depth.max()
    assert np.abs(filled[0, 0].numpy() - expected).max() < tolerance


@pytest.mark.parametrize("shape", [(1, 2), (1, 40), (23, 1), (40, 33)])
def test_agrees_in_every_shape(shape):
    image, depth, mask = scene(*shape)
    # Flat parts take the smallest scale, ramps the one of the neighbour.
    image[:, : shape[0] // 2] = 0.5
    filled = inpaint_depth(*tensors(image, depth, mask))
    expected = by_loops(image, depth, mask, 1.0)
    assert np.abs(filled[0, 0].numpy() - expected).max() < 1e-8


@pytest.mark.parametrize("alpha", [0.1, 1.0])
def test_constant_depth_stays_constant(alpha):
    image, depth, mask = tensors(*scene(20, 30, share=0.05))
    filled = inpaint_depth(image, torch.full_like(depth, 3.2), mask, alpha)
    torch.testing.assert_close(filled, torch.full_like(depth, 3.2))


def test_a_large_weight_returns_known_depths():
    image, depth, mask = tensors(*scene(share=1.0))
    filled = inpaint_depth(image, depth, mask, alpha=1e9)
    torch.testing.assert_close(filled, depth)


def test_stays_between_the_known_depths():
    image, depth, mask = tensors(*scene(30, 20, share=0.2, seed=3))
    filled = inpaint_depth(image, depth, mask)
    known = depth[mask]
    assert known.min() <= filled.min() and filled.max() <= known.max()


def test_an_edge_in_the_picture_stops_the_fill():
    image = torch.full((1, 3, 16, 24), 0.2)
    image[..., 12:] = 0.8
    depth = torch.full((1, 1, 16, 24), 1.0)
    depth[..., 12:] = 4.0
    mask = torch.zeros_like(depth, dtype=torch.bool)
    mask[..., 0] = mask[..., -1] = True  # the outer columns only
    filled = inpaint_depth(image, depth, mask)
    assert (filled[..., :12] - 1).abs().max() < 0.25
    assert (filled[..., 12:] - 4).abs().max() < 0.25
    blind = inpaint_depth(torch.full_like(image, 0.5), depth, mask)
    jump = filled[..., 12] - filled[..., 11]
    assert (jump > 5 * (blind[..., 12] - blind[..., 11])).all()


def test_a_batch_is_its_images_one_by_one():
    singles = [tensors(*scene(seed=seed)) for seed in range(3)]
    batch = [torch.cat(parts) for parts in zip(*singles, strict=True)]
    filled = inpaint_depth(*batch)
    for i, single in enumerate(singles):
        assert torch.equal(filled[i : i + 1], inpaint_depth(*single))


def test_unknown_depths_are_never_read():
    image, depth, mask = tensors(*scene())
    spoilt = depth.masked_fill(~mask, math.nan)
    filled = inpaint_depth(image, spoilt, mask)
    assert torch.equal(filled, inpaint_depth(image, depth, mask))


def test_depth_scales_with_its_unit_and_keeps_its_type():
    image, depth, mask = tensors(*scene())
    metres = inpaint_depth(image, depth.float(), mask)
    assert metres.dtype == torch.float32 and metres.shape == depth.shape
    millimetres = inpaint_depth(image, depth * 1000, mask)
    torch.testing.assert_close(millimetres, metres.double() * 1000)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image": torch.rand(1, 1, 4, 5)}, "image has shape"),
        ({"image": torch.rand(1, 3, 5, 4)}, "image has shape"),
        ({"depth": torch.rand(4, 5)}, "depth has shape"),
        ({"depth": torch.rand(1, 1, 1, 1)}, "two pixels or more"),
        ({"depth": torch.ones(1, 1, 4, 5).int()}, "floating point"),
        ({"mask": torch.ones(1, 1, 4, 5)}, "mask is torch.float32"),
        ({"mask": torch.zeros(1, 1, 4, 5).bool()}, "all False"),
        ({"alpha": 0.0}, "alpha is 0.0"),
        ({"alpha": -1.0}, "alpha is -1.0"),
        ({"alpha": math.nan}, "alpha is nan"),
        ({"depth": torch.full((1, 1, 4, 5), math.nan)}, "depth holds NaN"),
        ({"image": torch.full((1, 3, 4, 5), math.inf)}, "image holds NaN"),
    ],
)
def test_bad_input_is_named(change, words):
    good = {
        "image": torch.rand(1, 3, 4, 5),
        "depth": torch.rand(1, 1, 4, 5) + 1,
        "mask": torch.ones(1, 1, 4, 5, dtype=torch.bool),
        "alpha": 1.0,
    }
    with pytest.raises(ValueError, match=words):
        inpaint_depth(**(good | change))
