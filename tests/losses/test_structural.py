"""Losses of neighbouring pixels against loops and ramps."""

import math

import numpy as np
import pytest
import torch

from depthlib.losses import eigen_grad, gradient_loss, scale_invariant


def maps(seed=0, shape=(2, 1, 6, 7)):
    generator = torch.Generator().manual_seed(seed)
    prediction, target, chance = (
        torch.rand(shape, generator=generator, dtype=torch.float64)
        for _ in range(3)
    )
    mask = chance > 0.25
    mask[:, :, 1:5, 2:6] = True
    return 0.4 + 9 * prediction, 0.4 + 9 * target, mask


def forward_differences(values, mask):
    """Differences to the right and below, where both pixels are valid."""
    height, width = values.shape
    found = []
    for y in range(height):
        for x in range(width):
            for v, u in ((y, x + 1), (y + 1, x)):
                inside = v < height and u < width
                if inside and mask[y, x] and mask[v, u]:
                    found.append(values[v, u] - values[y, x])
    return np.array(found)


def sobel_differences(values, mask):
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    height, width = values.shape
    found = []
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            window = slice(y - 1, y + 2), slice(x - 1, x + 2)
            if mask[window].all():
                found += [
                    (values[window] * k).sum() for k in (kernel, kernel.T)
                ]
    return np.array(found)


DIFFERENCES = {"forward": forward_differences, "sobel": sobel_differences}


@pytest.mark.parametrize("gradient", DIFFERENCES)
@pytest.mark.parametrize("masked", [False, True])
def test_eigen_grad_is_the_loop(gradient, masked):
    prediction, target, mask = maps()
    used = mask if masked else torch.ones_like(mask)
    images = []
    for p, t, m in zip(
        prediction.numpy(), target.numpy(), used.numpy(), strict=True
    ):
        d, known = np.log(t[0]) - np.log(p[0]), m[0]
        n = known.sum()
        slopes = DIFFERENCES[gradient](d, known)
        images.append(
            (d[known] ** 2).sum() / n
            - d[known].sum() ** 2 / (2 * n**2)
            + (slopes**2).sum() / n
        )
    value = eigen_grad(
        prediction, target, mask if masked else None, gradient=gradient
    )
    assert value.item() == pytest.approx(np.mean(images), rel=1e-12)


@pytest.mark.parametrize("gradient", DIFFERENCES)
@pytest.mark.parametrize("masked", [False, True])
def test_gradient_loss_is_the_loop(gradient, masked):
    prediction, target, mask = maps()
    used = mask if masked else torch.ones_like(mask)
    total = 0.0
    for p, t, m in zip(
        prediction.numpy(), target.numpy(), used.numpy(), strict=True
    ):
        slopes = DIFFERENCES[gradient](t[0] - p[0], m[0])
        total += np.abs(slopes).sum()
    value = gradient_loss(
        prediction, target, mask if masked else None, gradient=gradient
    )
    assert value.item() == pytest.approx(total / used.sum().item(), rel=1e-12)


@pytest.mark.parametrize("gradient", DIFFERENCES)
def test_gradcheck(gradient):
    prediction, target, mask = maps(shape=(1, 1, 6, 7))
    prediction.requires_grad_(True)
    for loss in (eigen_grad, gradient_loss):
        assert torch.autograd.gradcheck(
            lambda p, loss=loss: loss(p, target, mask, gradient=gradient),
            prediction,
        )


def test_both_readings_of_the_coefficient():
    """The weight moves the squared mean of d and nothing else."""
    prediction, target, _ = maps(shape=(1, 1, 6, 7))
    mean = (target.log() - prediction.log()).mean()
    half = eigen_grad(prediction, target)
    quarter = eigen_grad(prediction, target, weight=0.25)
    torch.testing.assert_close(quarter - half, 0.25 * mean.square())


@pytest.mark.parametrize(("gradient", "slope"), [("forward", 1), ("sobel", 8)])
def test_slope_of_a_ramp(gradient, slope):
    """d = 0.1 x: each counted pixel adds (slope 0.1)^2, none along y."""
    height, width = 8, 10
    ramp = torch.exp(0.1 * torch.arange(width, dtype=torch.float64))
    target = ramp.expand(1, 1, height, width)
    prediction = torch.ones_like(target)
    counted = {"forward": height * 9, "sobel": 6 * 8}[gradient]
    expected = counted * (0.1 * slope) ** 2 / (height * width)
    value = eigen_grad(prediction, target, gradient=gradient)
    level = scale_invariant(prediction, target)
    assert (value - level).item() == pytest.approx(expected)


def test_a_common_factor_has_no_gradient():
    _, target, mask = maps()
    value = eigen_grad(1.5 * target, target, mask, weight=1.0)
    assert value.item() == pytest.approx(0, abs=1e-12)


def test_gradient_loss_ignores_an_offset_and_counts_an_edge():
    target = torch.full((1, 1, 4, 5), 2.0)
    assert gradient_loss(target + 3, target).item() == 0
    step = target.clone()
    step[..., 3:] += 0.5
    # One edge of 4 pixels and 0.5 m among 20 pixels.
    assert gradient_loss(step, target).item() == pytest.approx(4 * 0.5 / 20)


def test_a_hole_makes_no_edge():
    target = torch.full((1, 1, 6, 6), 2.0, dtype=torch.float64)
    mask = torch.ones_like(target, dtype=torch.bool)
    mask[..., 2:4, 2:4] = False
    holes = torch.where(mask, target, 0.0)
    for gradient in DIFFERENCES:
        value = eigen_grad(target, holes, mask, gradient=gradient)
        assert value.item() == 0


def test_images_weigh_alike_whatever_their_valid_pixels():
    prediction, target, mask = maps()
    mask[0, :, 2:] = False
    alone = [
        eigen_grad(prediction[i, None], target[i, None], mask[i, None])
        for i in range(2)
    ]
    value = eigen_grad(prediction, target, mask)
    torch.testing.assert_close(value, (alone[0] + alone[1]) / 2)


def test_unknown_gradient():
    prediction, target, _ = maps()
    for loss in (eigen_grad, gradient_loss):
        with pytest.raises(ValueError, match="gradient is 'scharr'"):
            loss(prediction, target, gradient="scharr")


def test_maps_are_needed():
    flat = torch.ones(3, 7)
    for loss in (eigen_grad, gradient_loss):
        with pytest.raises(ValueError, match=r"\(B, 1, H, W\)"):
            loss(flat, flat)


def test_sobel_needs_a_window():
    thin = torch.ones(1, 1, 2, 9)
    with pytest.raises(ValueError, match="3x3"):
        eigen_grad(thin, thin, gradient="sobel")


@pytest.mark.parametrize("loss", [eigen_grad, gradient_loss])
@pytest.mark.parametrize("gradient", ["forward", "sobel"])
def test_autocast_changes_nothing(loss, gradient):
    prediction, target, mask = maps()
    pair = prediction.float(), target.float(), mask
    expected = loss(*pair, gradient=gradient)
    with torch.autocast("cpu", torch.bfloat16):
        found = loss(*pair, gradient=gradient)
    assert found.dtype == torch.float32 and torch.equal(found, expected)


def test_one_row_has_differences_along_x_only():
    target = torch.tensor([1.0, math.e]).view(1, 1, 1, 2)
    value = eigen_grad(torch.ones_like(target), target)
    # d = (0, 1): 1/2 - 1/2 * 1/4 + 1/2.
    assert value.item() == pytest.approx(0.875)
