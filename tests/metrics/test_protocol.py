"""Protocols: crops, order of the steps, flip averaging, description."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from depthlib.metrics import (
    PROTOCOLS,
    Protocol,
    depth_metrics,
    median_scale,
)


def case(seed, batch=2, height=48, width=64, low=0.3, high=12.0):
    rng = np.random.default_rng(seed)
    shape = (batch, 1, height, width)
    target = rng.uniform(low, high, shape)
    prediction = target * np.exp(rng.normal(0.2, 0.4, shape))
    target[rng.random(shape) < 0.1] = 0
    mask = rng.random(shape) < 0.8
    return tuple(map(torch.from_numpy, (prediction, target, mask)))


# --- crops -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "size", "box"),
    [
        ("nyu_eigen", (480, 640), (20, 460, 24, 616)),
        ("nyu_eigen", (240, 320), (10, 230, 12, 308)),
        ("nyu_eigen", (96, 128), (4, 92, 5, 123)),
        ("nyu_bts", (480, 640), (45, 471, 41, 601)),
        # int(0.40810811 * 375) and so on, for the usual KITTI sizes.
        ("kitti_garg", (375, 1242), (153, 371, 44, 1197)),
        ("kitti_garg", (370, 1226), (151, 366, 44, 1181)),
        ("kitti_eigen", (375, 1242), (124, 342, 44, 1197)),
        ("make3d_c1", (55, 305), (0, 55, 0, 305)),
        ("rooms", (64, 96), (0, 64, 0, 96)),
        ("streets", (64, 208), (0, 64, 0, 208)),
    ],
)
def test_crops_are_the_published_ones(name, size, box):
    assert PROTOCOLS[name].crop_box(*size) == box
    mask = PROTOCOLS[name].crop_mask(*size)
    top, bottom, left, right = box
    assert mask.shape == size and mask.dtype == torch.bool
    assert mask.sum() == (bottom - top) * (right - left)
    assert mask[top:bottom, left:right].all()


def test_depth_ranges():
    ranges = {n: (p.min_depth, p.max_depth) for n, p in PROTOCOLS.items()}
    assert ranges == {
        "nyu_eigen": (1e-3, 10.0),
        "nyu_bts": (1e-3, 10.0),
        "kitti_garg": (1e-3, 80.0),
        "kitti_eigen": (1e-3, 80.0),
        "make3d_c1": (1e-3, 70.0),
        "make3d_c2": (1e-3, 80.0),
        "rooms": (0.4, 10.0),
        "streets": (1.0, 80.0),
        "cards": (1.0, 80.0),
    }
    for name, protocol in PROTOCOLS.items():
        assert protocol.name == name
        assert (protocol.scaling, protocol.flip) == ("none", False)
        assert protocol.average == "image"


# --- evaluate ----------------------------------------------------------------


@given(
    st.integers(0, 2**31),
    st.sampled_from(sorted(PROTOCOLS)),
    st.sampled_from(["none", "median"]),
    st.sampled_from(["image", "pixel", "none"]),
)
def test_evaluate_agrees_with_plain_numpy(
    suite, assert_same, seed, name, scaling, average
):
    protocol = dataclasses.replace(PROTOCOLS[name], scaling=scaling)
    prediction, target, mask = case(seed)
    expected = suite(
        prediction,
        target,
        mask,
        min_depth=protocol.min_depth,
        max_depth=protocol.max_depth,
        crop=protocol.crop_box(48, 64),
        median=scaling == "median",
        average=average,
    )
    found = protocol.evaluate(prediction, target, mask, average=average)
    assert_same(found, expected)
    own = dataclasses.replace(protocol, average=average)
    assert_same(own.evaluate(prediction, target, mask), expected)


def bilinear(image, height, width):
    """Half-pixel bilinear interpolation of a 2-D array, by hand."""
    rows = (np.arange(height) + 0.5) * image.shape[0] / height - 0.5
    columns = (np.arange(width) + 0.5) * image.shape[1] / width - 0.5
    rows = rows.clip(0, image.shape[0] - 1)
    columns = columns.clip(0, image.shape[1] - 1)
    r0 = np.minimum(rows.astype(int), image.shape[0] - 2)
    c0 = np.minimum(columns.astype(int), image.shape[1] - 2)
    fr, fc = (rows - r0)[:, None], columns - c0
    left = image[r0][:, c0] * (1 - fr) + image[r0 + 1][:, c0] * fr
    right = image[r0][:, c0 + 1] * (1 - fr) + image[r0 + 1][:, c0 + 1] * fr
    return left * (1 - fc) + right * fc


@pytest.mark.parametrize("size", [(24, 32), (15, 21)])
def test_small_predictions_are_enlarged_to_the_truth(assert_same, size):
    _, target, mask = case(3)
    small = torch.rand(2, 1, *size, dtype=torch.float64) * 9 + 0.5
    large = np.stack([bilinear(p[0].numpy(), 48, 64) for p in small])
    protocol = PROTOCOLS["nyu_eigen"]
    assert_same(
        protocol.evaluate(small, target, mask),
        protocol.evaluate(large[:, None], target, mask),
        1e-12,
    )


def test_the_truth_is_never_resized():
    _, target, _ = case(3)
    seen, truth, mask = PROTOCOLS["rooms"].prepare(torch.ones(2, 4, 6), target)
    assert truth.shape == seen.shape == target.shape and mask is None
    assert torch.equal(truth, target)


def test_scaling_comes_before_the_clip():
    """A prediction in other units is rescued by the median, not clipped."""
    y = torch.linspace(1, 9, 64 * 96).view(1, 1, 64, 96)
    scaled = dataclasses.replace(PROTOCOLS["rooms"], scaling="median")
    for factor in (1000.0, 0.001):
        assert scaled.evaluate(factor * y, y)["abs_rel"] < 1e-6
        assert PROTOCOLS["rooms"].evaluate(factor * y, y)["abs_rel"] > 0.5


def test_scaling_uses_only_valid_pixels_of_the_crop():
    protocol = dataclasses.replace(PROTOCOLS["nyu_eigen"], scaling="median")
    y = torch.full((1, 1, 48, 64), 2.0)
    p = torch.full_like(y, 1.0)
    inside = protocol.crop_mask(48, 64)
    p[0, 0][~inside] = 50.0
    y[0, 0, 10:40] = 0.0  # unknown there
    p[0, 0, 10:40] = 50.0
    assert protocol.evaluate(p, y)["abs_rel"] == 0.0


def test_pixels_outside_the_crop_do_not_matter(assert_same):
    prediction, target, mask = case(4)
    protocol = PROTOCOLS["kitti_garg"]
    before = protocol.evaluate(prediction, target, mask)
    outside = ~protocol.crop_mask(48, 64).expand_as(mask)
    prediction[outside], target[outside] = math.nan, 1.0
    assert_same(protocol.evaluate(prediction, target, mask), before, 0)


def test_crop_cap_and_average_change_the_same_predictions():
    prediction, target, mask = case(5, height=480, width=640)
    values = {
        name: PROTOCOLS[name].evaluate(prediction, target, mask)["rmse"]
        for name in ("nyu_eigen", "nyu_bts", "kitti_garg", "kitti_eigen")
    }
    assert len(set(values.values())) == 4


def test_tally_equals_evaluate(assert_same):
    prediction, target, mask = case(6, batch=5)
    protocol = dataclasses.replace(PROTOCOLS["nyu_bts"], scaling="median")
    tally = protocol.tally()
    for part in (slice(0, 2), slice(2, 5)):
        tally.add(prediction[part], target[part], mask[part])
    for average in ("image", "pixel", "none"):
        expected = protocol.evaluate(prediction, target, mask, average)
        assert_same(tally.result(average), expected, 0)


def test_evaluate_names_what_is_wrong():
    y = torch.full((2, 1, 48, 64), 2.0)
    protocol = PROTOCOLS["nyu_eigen"]
    with pytest.raises(ValueError, match="one prediction for each target"):
        protocol.evaluate(y[:1], y)
    with pytest.raises(ValueError, match="crop of kitti_garg leaves no pixel"):
        PROTOCOLS["kitti_garg"].evaluate(y[..., :1, :], y[..., :1, :])
    empty = y.clone()
    empty[1, 0, 10:, :] = 0  # all that is left lies above and in the crop
    empty[1, 0, :2, :] = 2
    empty[1, 0, 2:10, :] = 0
    with pytest.raises(ValueError, match="image 1 has no valid pixel"):
        protocol.evaluate(y, empty)
    with pytest.raises(ValueError, match="average is 'mean'"):
        protocol.evaluate(y, y, average="mean")


def test_protocols_are_frozen_and_checked():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROTOCOLS["rooms"].max_depth = 20.0
    with pytest.raises(ValueError, match="scaling is 'mean'"):
        Protocol("mine", scaling="mean")
    with pytest.raises(ValueError, match="0 < min_depth < max_depth"):
        Protocol("mine", min_depth=2.0, max_depth=1.0)
    with pytest.raises(ValueError, match="average is 'images'"):
        Protocol("mine", average="images")


@pytest.mark.parametrize(
    ("crop", "frame", "words"),
    [
        ((20, 460, 24, 616), None, "crop in pixels needs the frame"),
        ((-0.1, 0.9, 0.1, 0.9), None, "expected .* 0 <= top < bottom <= 1"),
        ((0.5, 0.5, 0.1, 0.9), None, "expected"),
        ((0.1, 0.9, 0.1, math.nan), None, "expected"),
        ((20, 481, 24, 616), (480, 640), "bottom <= 480 .* frame"),
        ((20, 460, 616, 24), (480, 640), "left < right <= 640"),
        ((20, 460), (480, 640), "top, bottom, left, right"),
        (None, (480, 0), "frame is .*height, width"),
        (None, (480, 640, 3), "frame is .*height, width"),
    ],
)
def test_crops_lie_inside_their_frame(crop, frame, words):
    with pytest.raises(ValueError, match=words):
        Protocol("mine", crop=crop, frame=frame)


# --- median scaling ----------------------------------------------------------


@given(st.integers(1, 12), st.integers(0, 2**31))
def test_median_scale_matches_numpy_for_odd_and_even_counts(count, seed):
    rng = np.random.default_rng(seed)
    p, y = rng.uniform(0.5, 5, (2, 1, 1, 3, 4))
    mask = np.zeros((1, 1, 3, 4), bool)
    mask.flat[rng.permutation(12)[:count]] = True
    scaled = median_scale(p, y, mask)
    expected = p * (np.median(y[mask]) / np.median(p[mask]))
    np.testing.assert_allclose(scaled, expected, rtol=1e-12)


def test_median_scale_treats_images_alone_and_skips_unknown_depth():
    y = torch.tensor([[[2.0, 2.0, 0.0]], [[6.0, 6.0, math.nan]]])
    scaled = median_scale(torch.ones(2, 1, 3), y)
    assert scaled[0].unique().item() == 2.0
    assert scaled[1].unique().item() == 6.0
    everywhere = torch.ones(2, 1, 3, dtype=torch.bool)
    assert torch.equal(
        median_scale(torch.ones(2, 1, 3), y, everywhere), scaled
    )
    millimetres = torch.full((2, 1, 3), 4000.0)
    assert torch.equal(median_scale(millimetres, y), scaled)


def test_median_scale_refuses_what_has_no_scale():
    y = torch.ones(2, 1, 2, 2)
    p = y.clone()
    p[1] = -1.0
    with pytest.raises(ValueError, match="median of prediction 1 is -1.0"):
        median_scale(p, y)
    with pytest.raises(ValueError, match="median of prediction 0 is nan"):
        median_scale(math.nan * y, y)
    with pytest.raises(ValueError, match="image 0 has no valid pixel"):
        median_scale(y, 0 * y)


# --- predict -----------------------------------------------------------------


class Columns(torch.nn.Module):
    """Depth from brightness and column: not symmetric; has modes."""

    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm2d(3)
        self.frozen = torch.nn.Dropout(0.9).eval()
        self.weight = torch.nn.Parameter(torch.tensor(1.0))

    def forward(self, image):
        ramp = torch.arange(image.shape[-1], dtype=image.dtype)
        bright = self.frozen(self.norm(image)).mean(1, keepdim=True)
        return self.weight * bright + ramp


def test_flip_averages_in_metres_and_puts_the_mirror_back():
    model, image = Columns().eval(), torch.rand(2, 3, 4, 6)
    plain = PROTOCOLS["rooms"].predict(model, image)
    torch.testing.assert_close(plain, model(image))
    flip = dataclasses.replace(PROTOCOLS["rooms"], flip=True)
    bright = model(image) - torch.arange(6.0)
    torch.testing.assert_close(
        flip.predict(model, image), bright + 2.5, check_stride=False
    )


def test_predict_needs_no_gradient_and_leaves_the_model_alone():
    model, image = Columns().train(), torch.rand(2, 3, 4, 6)
    model.frozen.eval()
    before = model.norm.running_mean.clone()
    depth = PROTOCOLS["rooms"].predict(model, image)
    assert not depth.requires_grad
    assert torch.equal(model.norm.running_mean, before)
    assert model.training and model.norm.training
    assert not model.frozen.training
    assert PROTOCOLS["rooms"].predict(lambda x: x[:, :1], image).shape[1] == 1


# --- describe ----------------------------------------------------------------


def test_describe_is_one_sentence_that_tells_every_choice():
    plain = PROTOCOLS["nyu_eigen"].describe()
    assert "rows [20, 460) and columns [24, 616)" in plain
    assert "between 0.001 and 10 m" in plain
    assert "no median scaling" in plain and "no flip averaging" in plain
    assert plain.endswith("metrics averaged over images.")
    other = dataclasses.replace(
        PROTOCOLS["kitti_garg"],
        scaling="median",
        flip=True,
        average="pixel",
        max_depth=None,
    ).describe()
    assert "0.408108" in other and "above 0.001 m" in other
    assert "median of its truth" in other and "mirror image" in other
    assert other.endswith("over the pixels of all images together.")
    for text in (plain, other):
        assert ". " not in text and "\n" not in text


def test_each_protocol_scores_as_its_parts_say(assert_same):
    """The same number from the crop mask and the plain suite."""
    prediction, target, mask = case(8)
    protocol = PROTOCOLS["nyu_bts"]
    inside = protocol.crop_mask(48, 64)
    expected = depth_metrics(prediction, target, mask & inside, max_depth=10.0)
    assert_same(protocol.evaluate(prediction, target, mask), expected, 1e-12)
