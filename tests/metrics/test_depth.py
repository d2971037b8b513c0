"""The metric suite against brute force, closed forms and bad input."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import depthlib.metrics.depth as depth_module
from depthlib.metrics import METRICS, MetricTally, depth_metrics

INF, NAN = float("inf"), float("nan")


def random_case(seed, batch=3, height=6, width=7, dtype=np.float32):
    """Depths of 0.1 to 20 m, holes of every kind, errors of every size."""
    rng = np.random.default_rng(seed)
    shape = (batch, 1, height, width)
    target = rng.uniform(0.1, 20, shape).astype(dtype)
    noise = rng.normal(0, rng.uniform(0.01, 1.5), shape)
    prediction = (target * np.exp(noise)).astype(dtype)
    for hole in (0.0, -1.0, NAN, INF):
        target[rng.random(shape) < 0.05] = hole
    mask = rng.random(shape) < rng.uniform(0.3, 1)
    # One pixel of each image is surely valid.
    target[..., 0, 0], mask[..., 0, 0] = 3.0, True
    prediction[..., -1, -1] = -2.0
    return prediction, target, mask


@given(
    st.integers(0, 2**31),
    st.sampled_from(["image", "pixel", "none"]),
    st.sampled_from([None, 5.0, 10.0]),
    st.booleans(),
    st.sampled_from([np.float32, np.float64]),
)
def test_agrees_with_plain_numpy(
    suite, assert_same, seed, average, cap, masked, dtype
):
    prediction, target, mask = random_case(seed, dtype=dtype)
    options = {"max_depth": cap, "average": average}
    arrays = (prediction, target, mask if masked else None)
    tensors = [None if x is None else torch.from_numpy(x) for x in arrays]
    expected = suite(*arrays, **options)
    assert_same(depth_metrics(*tensors, **options), expected)
    assert_same(depth_metrics(*arrays, **options), expected)


def test_large_images_are_summed_in_pieces(suite, assert_same, monkeypatch):
    prediction, target, mask = random_case(5, 2, 40, 50)
    monkeypatch.setattr(depth_module, "PIECE_PIXELS", 7)
    for average in ("image", "pixel"):
        assert_same(
            depth_metrics(prediction, target, mask, average=average),
            suite(prediction, target, mask, average=average),
        )


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.1, 3.0])
def test_a_wrong_scale_in_closed_form(factor):
    y = torch.rand(2, 1, 8, 9, dtype=torch.float64) * 5 + 1
    found = depth_metrics(factor * y, y, average="pixel")
    ratio = max(factor, 1 / factor)
    expected = {
        "abs_rel": abs(factor - 1),
        "sq_rel": (factor - 1) ** 2 * float(y.mean()),
        "rmse": abs(factor - 1) * math.sqrt(float(y.square().mean())),
        "rmse_log": abs(math.log(factor)),
        "log10": abs(math.log10(factor)),
        "silog": 0.0,
        "delta1": float(ratio < 1.25),
        "delta2": float(ratio < 1.25**2),
        "delta3": float(ratio < 1.25**3),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-11), name


def test_thresholds_are_strict_on_both_sides():
    base = torch.tensor([[2.0, 4.0]], dtype=torch.float64)
    for k, name in enumerate(("delta1", "delta2", "delta3"), start=1):
        edge = 1.25**k
        assert depth_metrics(edge * base, base)[name] == 0.0
        assert depth_metrics(base, edge * base)[name] == 0.0
        inside = math.nextafter(edge, 0)
        assert depth_metrics(inside * base, base)[name] == 1.0


def test_limits_of_the_truth_are_strict():
    y = torch.tensor([[0.4, 10.0, 2.0, 0.41]])
    p = torch.tensor([[9.0, 1.0, 2.0, 0.41]])
    scores = depth_metrics(p, y, min_depth=0.4, max_depth=10.0)
    assert scores["rmse"] == 0.0 and scores["delta1"] == 1.0


def test_predictions_are_clipped_not_dropped():
    y = torch.tensor([[2.0, 2.0, 2.0, 2.0]], dtype=torch.float64)
    p = torch.tensor([[-5.0, 0.0, 99.0, INF]], dtype=torch.float64)
    scores = depth_metrics(p, y, min_depth=1.0, max_depth=4.0)
    assert scores["abs_rel"] == pytest.approx((0.5 + 0.5 + 1 + 1) / 4)
    assert scores["rmse_log"] == pytest.approx(math.log(2))


def test_the_average_matters_for_roots_only():
    y = torch.full((2, 1, 2, 2), 2.0, dtype=torch.float64)
    p = y.clone()
    p[1] = 5.0
    image = depth_metrics(p, y)
    pixel = depth_metrics(p, y, average="pixel")
    assert image["rmse"] == 1.5 and pixel["rmse"] == pytest.approx(4.5**0.5)
    for name in ("abs_rel", "sq_rel", "log10", "delta1", "delta3"):
        assert image[name] == pytest.approx(pixel[name])


def test_images_count_alike_however_many_pixels_they_have():
    y = torch.full((2, 1, 1, 4), 2.0)
    p = torch.cat([y[:1], 2 * y[1:]])
    mask = torch.ones_like(y, dtype=torch.bool)
    mask[1, ..., 1:] = False
    assert depth_metrics(p, y, mask)["abs_rel"] == 0.5
    assert depth_metrics(p, y, mask, average="pixel")["abs_rel"] == 0.2


def test_prediction_and_target_cannot_be_swapped():
    y, p = torch.full((2, 2), 1.0), torch.full((2, 2), 2.0)
    forth, back = depth_metrics(p, y), depth_metrics(y, p)
    assert (forth["abs_rel"], back["abs_rel"]) == (1.0, 0.5)
    assert forth["rmse_log"] == back["rmse_log"]


@given(st.integers(0, 2**31))
def test_what_the_mask_hides_does_not_matter(assert_same, seed):
    prediction, target, mask = random_case(seed)
    before = depth_metrics(prediction, target, mask, average="none")
    prediction[~mask], target[~mask] = NAN, 7.0
    assert_same(
        depth_metrics(prediction, target, mask, average="none"), before, 0
    )


@given(st.integers(0, 2**31))
def test_order_of_pixels_and_images_does_not_matter(assert_same, seed):
    prediction, target, mask = random_case(seed)
    before = depth_metrics(prediction, target, mask)
    turned = [x[::-1, :, ::-1].copy() for x in (prediction, target, mask)]
    assert_same(depth_metrics(*turned), before, 1e-12)


@given(st.integers(0, 2**31), st.integers(1, 4))
def test_batches_do_not_change_the_tally(assert_same, seed, size):
    case = random_case(seed, batch=5)
    tally = MetricTally(max_depth=10.0)
    for start in range(0, 5, size):
        tally.add(*(x[start : start + size] for x in case))
    assert len(tally) == 5
    for average in ("image", "pixel", "none"):
        expected = depth_metrics(*case, max_depth=10.0, average=average)
        assert_same(tally.result(average), expected, 0)


def test_shapes_and_types_of_the_result():
    prediction, target, mask = map(torch.from_numpy, random_case(1))
    whole = depth_metrics(prediction, target, mask)
    assert tuple(whole) == METRICS
    assert all(type(v) is float for v in whole.values())
    rows = depth_metrics(prediction, target, mask, average="none")
    assert all(
        v.shape == (3,) and v.dtype == torch.float64 for v in rows.values()
    )
    flat = [x[:, 0] for x in (prediction, target, mask)]
    assert depth_metrics(*flat) == whole
    single = [x[0] for x in flat]
    assert depth_metrics(*single)["rmse"] == rows["rmse"][0]


def test_other_number_types_are_taken():
    y = torch.tensor([[1.0, 2.0, 4.0]])
    half = y.to(torch.bfloat16)
    assert depth_metrics(half.requires_grad_(), half)["rmse"] == 0.0
    frozen = np.ones((2, 3))
    frozen.flags.writeable = False
    assert depth_metrics(frozen, frozen)["delta1"] == 1.0


# --- bad input ---------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32])
def test_stored_numbers_are_refused(kind):
    """Whole millimetres would pass as metres."""
    y = np.full((2, 3), 2.0)
    stored = (50 * y).astype(kind)
    with pytest.raises(ValueError, match="prediction is .*Divide to metres"):
        depth_metrics(stored, y)
    with pytest.raises(ValueError, match="target is .*Divide to metres"):
        depth_metrics(y, stored)


def test_whole_metres_written_by_hand_are_metres():
    y = torch.tensor([[1, 2], [3, 4]])
    assert depth_metrics(2 * y, y) == depth_metrics(2.0 * y, 1.0 * y)


def test_an_image_without_valid_pixels_is_named():
    y = torch.ones(3, 1, 2, 2)
    y[1] = 0
    with pytest.raises(ValueError, match="image 1 has no valid pixel"):
        depth_metrics(y, y)
    with pytest.raises(ValueError, match="image 0 has no valid pixel"):
        depth_metrics(y, y, torch.zeros_like(y, dtype=torch.bool))
    with pytest.raises(ValueError, match="image 0 .*unit"):
        depth_metrics(y, 1000 * y, max_depth=80.0)


def test_a_failed_batch_leaves_the_tally_as_it_was():
    tally = MetricTally()
    tally.add(torch.ones(2, 1, 2, 2), torch.ones(2, 1, 2, 2))
    bad = torch.ones(2, 1, 2, 2)
    bad[1] = 0
    with pytest.raises(ValueError, match="image 3 has no valid pixel"):
        tally.add(torch.ones(2, 1, 2, 2), bad)
    assert len(tally) == 2 and tally.result()["rmse"] == 0.0


@pytest.mark.parametrize("value", [NAN, INF])
def test_predictions_that_are_no_number_are_refused(value):
    y = torch.ones(2, 1, 3, 3)
    p = y.clone()
    p[1, 0, 2, 0] = value
    with pytest.raises(ValueError, match="prediction of image 1 is NaN or"):
        depth_metrics(p, y)


def test_a_capped_nan_is_still_refused():
    with pytest.raises(ValueError, match="NaN"):
        depth_metrics(torch.tensor([[NAN]]), torch.ones(1, 1), max_depth=10.0)


def test_shapes_must_agree():
    y = torch.ones(2, 1, 4, 5)
    with pytest.raises(ValueError, match=r"prediction has shape \(2, 1, 4, 4"):
        depth_metrics(y[..., :4], y)
    with pytest.raises(ValueError, match="one prediction for each target"):
        depth_metrics(y[:1], y)
    with pytest.raises(ValueError, match=r"mask is torch.bool of shape"):
        depth_metrics(y, y, y[:1] > 0)
    with pytest.raises(ValueError, match=r"mask is torch.float32"):
        depth_metrics(y, y, y)
    for shape in ((2, 3, 4, 5), (4,), (0, 1, 4, 5)):
        with pytest.raises(ValueError, match="prediction has shape"):
            depth_metrics(torch.ones(shape), torch.ones(shape))


@pytest.mark.parametrize(
    "limits", [(0.0, None), (-1.0, 10.0), (2.0, 2.0), (NAN, 10.0)]
)
def test_limits_must_make_sense(limits):
    y = torch.ones(2, 2)
    with pytest.raises(ValueError, match="0 < min_depth < max_depth"):
        depth_metrics(y, y, min_depth=limits[0], max_depth=limits[1])


def test_averages_must_be_known():
    y = torch.ones(2, 2)
    with pytest.raises(ValueError, match="average is 'median'"):
        depth_metrics(y, y, average="median")
    with pytest.raises(ValueError, match="holds no image"):
        MetricTally().result()


def test_an_impossible_result_is_a_fault_of_the_program(monkeypatch):
    right = depth_module._finish

    def wrong(sums):
        values = right(sums)
        return {**values, "abs_rel": values["abs_rel"] * 0.5}

    monkeypatch.setattr(depth_module, "_finish", wrong)
    y = torch.full((4, 4), 2.0)
    with pytest.raises(AssertionError, match="impossible row.*B1"):
        depth_metrics(0.5 * y, y)
