"""Regression losses against plain numpy, closed forms and finite steps."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from depthlib.losses import (
    LOSSES,
    berhu,
    huber,
    huber_true,
    l1,
    l2,
    log_l1,
    log_mse,
    relative_l1,
    scale_invariant,
)

POOLED = {"l1": l1, "l2": l2, "berhu": berhu, "huber": huber}
POOLED["huber_true"] = huber_true


def maps(seed=0, shape=(3, 1, 7, 6), dtype=torch.float64):
    """Prediction, target in metres, and a mask that no image lacks."""
    generator = torch.Generator().manual_seed(seed)
    prediction, target, chance = (
        torch.rand(shape, generator=generator, dtype=torch.float64)
        for _ in range(3)
    )
    mask = chance > 0.4
    mask[:, :, 2:5, 1:4] = True
    return (0.4 + 9 * prediction).to(dtype), (0.4 + 9 * target).to(dtype), mask


def per_pixel(name, e, c):
    """The formulas of the table, one branch at a time, for one |l|."""
    if name == "l1":
        return e
    if name == "l2":
        return e * e
    if name == "berhu":
        return e if e <= c else (e * e + c * c) / (2 * c)
    if name == "huber":
        return e if e >= c else (e * e + c * c) / (2 * c)
    return e * e / 2 if e <= c else c * e - c * c / 2


@pytest.mark.parametrize("name", POOLED)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("threshold", [None, 1.3])
def test_pooled_losses_are_the_loop_over_valid_pixels(name, masked, threshold):
    prediction, target, mask = maps()
    options = {} if name in ("l1", "l2") else {"threshold": threshold}
    chosen = mask if masked else torch.ones_like(mask)
    errors = (target - prediction).abs()[chosen].tolist()
    c = threshold if threshold is not None else 0.2 * max(errors)
    expected = sum(per_pixel(name, e, c) for e in errors) / len(errors)
    value = POOLED[name](
        prediction, target, mask if masked else None, **options
    )
    assert value.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 1.0])
def test_scale_invariant_is_the_mean_over_images(weight):
    prediction, target, mask = maps()
    images = []
    for p, t, m in zip(prediction, target, mask, strict=True):
        d = np.log(t[m].numpy()) - np.log(p[m].numpy())
        n = d.size
        images.append((d**2).sum() / n - weight / n**2 * d.sum() ** 2)
    value = scale_invariant(prediction, target, mask, weight=weight)
    assert value.item() == pytest.approx(np.mean(images), rel=1e-12)


@pytest.mark.parametrize("masked", [False, True])
def test_logarithms_and_ratios_over_the_pixels_of_the_batch(masked):
    prediction, target, mask = maps()
    chosen = mask if masked else torch.ones_like(mask)
    p, y = prediction[chosen].numpy(), target[chosen].numpy()
    given = mask if masked else None
    value = log_l1(prediction, target, given).item()
    assert value == pytest.approx(np.abs(np.log(p / y)).mean(), rel=1e-12)
    value = relative_l1(prediction, target, given).item()
    assert value == pytest.approx(np.abs(p / y - 1).mean(), rel=1e-12)


def test_a_relative_error_needs_a_positive_truth():
    prediction, target, _ = maps()
    target[0, 0, 0, 0] = 0
    with pytest.raises(ValueError, match="valid depth of 0 m"):
        relative_l1(prediction, target)


def test_log_mse_is_scale_invariant_of_weight_zero():
    prediction, target, mask = maps()
    expected = scale_invariant(prediction, target, mask, weight=0)
    assert log_mse(prediction, target, mask).item() == expected.item()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("masked", [False, True])
def test_gradients(name, masked):
    loss = LOSSES[name]
    prediction, target, mask = maps(shape=(2, 1, 5, 5))
    if name.startswith(("huber", "berhu")):
        # The c of the batch is a constant of the gradient by definition, so
        # finite differences agree for a fixed c only.
        loss = partial(loss, threshold=1.7)
    prediction.requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda p: loss(p, target, mask if masked else None), prediction
    )


@pytest.mark.parametrize("loss", [berhu, huber, huber_true])
def test_batch_threshold_is_detached(loss):
    prediction, target, mask = maps()
    c = 0.2 * (target - prediction).abs()[mask].max().item()
    gradients = []
    for options in ({}, {"threshold": c}):
        p = prediction.clone().requires_grad_(True)
        loss(p, target, mask, **options).backward()
        gradients.append(p.grad)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("hidden", [0.0, -1.0, math.nan, math.inf])
def test_hidden_pixels_reach_neither_value_nor_gradient(name, hidden):
    prediction, target, mask = maps()
    clean = prediction.clone().requires_grad_(True)
    dirty = torch.where(mask, prediction, hidden).requires_grad_(True)
    value = LOSSES[name](clean, target, mask)
    other = LOSSES[name](dirty, torch.where(mask, target, hidden), mask)
    value.backward()
    other.backward()
    assert value.item() == other.item()
    assert torch.equal(clean.grad, dirty.grad)
    assert (clean.grad[~mask] == 0).all()
    assert clean.grad[mask].abs().sum() > 0


@pytest.mark.parametrize("name", LOSSES)
def test_full_mask_is_no_mask(name):
    prediction, target, _ = maps(dtype=torch.float32)
    everything = torch.ones_like(target, dtype=torch.bool)
    masked = LOSSES[name](prediction, target, everything)
    plain = LOSSES[name](prediction, target)
    torch.testing.assert_close(masked, plain)


@pytest.mark.parametrize("name", LOSSES)
def test_perfect_prediction(name):
    _, target, mask = maps()
    prediction = target.clone().requires_grad_(True)
    value = LOSSES[name](prediction, target, mask)
    value.backward()
    assert value.item() == 0
    assert (prediction.grad == 0).all()


@pytest.mark.parametrize("name", LOSSES)
def test_float32_agrees_with_float64(name):
    prediction, target, mask = maps()
    single = LOSSES[name](prediction.float(), target.float(), mask)
    double = LOSSES[name](prediction, target, mask)
    assert single.dtype == torch.float32
    assert single.item() == pytest.approx(double.item(), rel=2e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_half_precision_is_widened(name):
    prediction, target, mask = maps(dtype=torch.bfloat16)
    value = LOSSES[name](prediction, target, mask)
    expected = LOSSES[name](prediction.float(), target.float(), mask)
    assert value.dtype == torch.float32
    assert value.item() == expected.item()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("kind", [torch.uint8, torch.int64])
def test_whole_numbers_are_refused(name, kind):
    """Of unsigned ones 3 - 5 would be 254."""
    depth = torch.full((1, 1, 6, 7), 5.0)
    with pytest.raises(ValueError, match=f"prediction is {kind}"):
        LOSSES[name](depth.to(kind), depth)
    with pytest.raises(ValueError, match=f"target is {kind}"):
        LOSSES[name](depth, depth.to(kind))


@given(c=st.floats(0.05, 20), seed=st.integers(0, 50))
def test_printed_huber_is_the_true_one_divided_by_c(c, seed):
    prediction, target, mask = maps(seed)
    printed = huber(prediction, target, mask, threshold=c).item()
    true = huber_true(prediction, target, mask, threshold=c).item()
    assert printed == pytest.approx(true / c + c / 2, rel=1e-9)


@given(c=st.floats(0.05, 20), seed=st.integers(0, 50))
def test_berhu_and_printed_huber_add_up(c, seed):
    """The two share their branches, swapped: |l| + (l^2 + c^2) / 2c."""
    prediction, target, mask = maps(seed)
    both = berhu(prediction, target, mask, threshold=c) + huber(
        prediction, target, mask, threshold=c
    )
    parabola = l2(prediction, target, mask) / (2 * c) + c / 2
    expected = l1(prediction, target, mask) + parabola
    assert both.item() == pytest.approx(expected.item(), rel=1e-9)


def test_limits_of_the_threshold():
    prediction, target, _ = maps()
    expected, squares = l1(prediction, target), l2(prediction, target)
    large = berhu(prediction, target, threshold=1e3)
    torch.testing.assert_close(large, expected)
    small = huber(prediction, target, threshold=1e-6)
    torch.testing.assert_close(small, expected)
    true = huber_true(prediction, target, threshold=1e3)
    torch.testing.assert_close(true, squares / 2)


def test_the_largest_error_as_threshold_makes_berhu_l1():
    prediction, target, mask = maps()
    value = berhu(prediction, target, mask, fraction=1.0)
    torch.testing.assert_close(value, l1(prediction, target, mask))


def test_huber_matches_the_library():
    prediction, target, _ = maps()
    expected = torch.nn.functional.huber_loss(prediction, target, delta=0.7)
    value = huber_true(prediction, target, threshold=0.7)
    torch.testing.assert_close(value, expected)


@given(factor=st.floats(0.2, 5), seed=st.integers(0, 50))
def test_weight_one_ignores_a_common_factor(factor, seed):
    prediction, target, mask = maps(seed)
    value = scale_invariant(prediction, target, mask, weight=1.0).item()
    scaled = scale_invariant(factor * prediction, target, mask, weight=1.0)
    assert scaled.item() == pytest.approx(value, rel=1e-9)


@given(factor=st.floats(0.2, 5), weight=st.floats(0, 1))
def test_a_pure_scale_error_costs_its_squared_logarithm(factor, weight):
    _, target, mask = maps()
    value = scale_invariant(factor * target, target, mask, weight=weight)
    expected = (1 - weight) * math.log(factor) ** 2
    assert value.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", ["scale_invariant", "log_mse", "eigen_grad"])
def test_log_losses_are_symmetric(name):
    prediction, target, mask = maps()
    forth = LOSSES[name](prediction, target, mask)
    back = LOSSES[name](target, prediction, mask)
    torch.testing.assert_close(forth, back)


def test_the_released_double_division_leaves_log_mse():
    """lambda / N^2 on the squared *mean* is below rounding at N = 64 x 96."""
    prediction, target, _ = maps(shape=(1, 1, 64, 96))
    d = target.log() - prediction.log()
    released = d.square().mean() - 0.5 * d.mean().square() / d.numel() ** 2
    log = log_mse(prediction, target)
    assert abs(released.item() - log.item()) < 1e-9
    assert abs(scale_invariant(prediction, target) - log).item() > 1e-5


@pytest.mark.parametrize("name", LOSSES)
def test_one_valid_pixel_of_the_batch(name):
    prediction, target, _ = maps(shape=(1, 1, 4, 4))
    mask = torch.zeros_like(target, dtype=torch.bool)
    mask[0, 0, 2, 1] = True
    value = LOSSES[name](prediction, target, mask)
    p, t = prediction[mask].item(), target[mask].item()
    e, d = abs(t - p), math.log(t / p)
    expected = {
        "scale_invariant": d * d / 2,
        "log_mse": d * d,
        "eigen_grad": d * d / 2,
        "gradient_loss": 0.0,
        "log_l1": abs(d),
        "relative_l1": e / t,
    }.get(name, per_pixel(name, e, 0.2 * e))
    assert value.item() == pytest.approx(expected)


@pytest.mark.parametrize("name", LOSSES)
class TestBadInput:
    def test_empty_mask(self, name):
        prediction, target, mask = maps()
        with pytest.raises(ValueError, match="mask is False everywhere"):
            LOSSES[name](prediction, target, torch.zeros_like(mask))

    def test_shapes(self, name):
        prediction, target, _ = maps()
        with pytest.raises(ValueError, match="same shape"):
            LOSSES[name](prediction[..., :-1], target)

    def test_no_pixels(self, name):
        empty = torch.zeros(0, 1, 4, 4)
        with pytest.raises(ValueError, match="empty"):
            LOSSES[name](empty, empty)

    def test_mask_shape(self, name):
        prediction, target, mask = maps()
        with pytest.raises(ValueError, match="mask is"):
            LOSSES[name](prediction, target, mask[:, 0])

    def test_mask_type(self, name):
        prediction, target, mask = maps()
        with pytest.raises(ValueError, match="give a bool"):
            LOSSES[name](prediction, target, mask.float())


LOGS = ["scale_invariant", "log_mse", "eigen_grad"]


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("which", ["prediction", "target"])
def test_logarithms_need_positive_depth(name, which):
    depths = dict(zip(("prediction", "target"), maps()[:2], strict=True))
    depths[which][0, 0, 3, 3] = 0
    with pytest.raises(ValueError, match=f"{which} holds a valid depth of 0 "):
        LOSSES[name](depths["prediction"], depths["target"])


@pytest.mark.parametrize("name", LOGS)
def test_an_image_without_pixels_is_named(name):
    prediction, target, mask = maps()
    mask[1] = False
    with pytest.raises(ValueError, match=r"image\(s\) \[1\]"):
        LOSSES[name](prediction, target, mask)


@pytest.mark.parametrize("name", LOSSES)
def test_a_nan_prediction_gives_a_nan_loss(name):
    """Training loops stop at a NaN loss: it must not be swallowed."""
    prediction, target, mask = maps()
    prediction[0, 0, 3, 2] = math.nan
    assert LOSSES[name](prediction, target, mask).isnan()


@pytest.mark.parametrize("loss", [berhu, huber, huber_true])
@pytest.mark.parametrize("threshold", [0, -1.0, math.nan, math.inf])
def test_threshold_must_be_positive(loss, threshold):
    prediction, target, _ = maps()
    with pytest.raises(ValueError, match="threshold is"):
        loss(prediction, target, threshold=threshold)


@pytest.mark.parametrize("loss", [berhu, huber, huber_true])
@pytest.mark.parametrize("fraction", [0, 1.5])
def test_fraction_must_be_a_share(loss, fraction):
    prediction, target, _ = maps()
    with pytest.raises(ValueError, match="fraction is"):
        loss(prediction, target, fraction=fraction)


@pytest.mark.parametrize("weight", [-0.1, 1.1])
def test_weight_must_be_a_share(weight):
    prediction, target, _ = maps()
    with pytest.raises(ValueError, match="weight is"):
        scale_invariant(prediction, target, weight=weight)
