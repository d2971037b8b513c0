"""SSIM against scikit-image, closed forms and gradcheck."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.autograd import gradcheck

from depthlib.kernels.ssim import ssim, ssim_factors, ssim_map


def pair(batch=2, channels=1, height=20, width=27, scale=1.0):
    x = torch.rand(batch, channels, height, width) * scale
    return x, (x + 0.2 * scale * torch.randn_like(x)).clamp(0, scale)


@pytest.mark.parametrize("scale", [1.0, 10.0, 255.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_agrees_with_scikit_image(scale, dtype):
    from skimage.metrics import structural_similarity

    x, y = (v.to(dtype) for v in pair(scale=scale))
    found = ssim(x, y, data_range=scale)
    for i in range(len(x)):
        expected = structural_similarity(
            x[i, 0].double().numpy(),
            y[i, 0].double().numpy(),
            data_range=scale,
            gaussian_weights=True,
            use_sample_covariance=False,
            sigma=1.5,
        )
        assert abs(float(found[i]) - expected) < 1e-6


def test_one_window_by_hand():
    x, y = (v.double() for v in pair(1, 1, 5, 5))
    at = np.arange(5) - 2
    weight = np.exp(-(at[:, None] ** 2 + at[None] ** 2) / (2 * 0.9**2))
    weight /= weight.sum()
    a, b = x[0, 0].numpy(), y[0, 0].numpy()
    ma, mb = (weight * a).sum(), (weight * b).sum()
    va = (weight * (a - ma) ** 2).sum()
    vb = (weight * (b - mb) ** 2).sum()
    vab = (weight * (a - ma) * (b - mb)).sum()
    c1, c2 = 0.03**2, 0.09**2
    expected = (2 * ma * mb + c1) * (2 * vab + c2)
    expected /= (ma**2 + mb**2 + c1) * (va + vb + c2)
    found = ssim(x, y, data_range=3.0, window=5, sigma=0.9)
    np.testing.assert_allclose(found, [expected], rtol=1e-12)


def test_constant_images_leave_the_luminance_term():
    x, y = torch.full((1, 1, 12, 12), 2.0), torch.full((1, 1, 12, 12), 3.0)
    c1 = (0.01 * 10) ** 2
    expected = (2 * 6 + c1) / (4 + 9 + c1)
    found = ssim(x.double(), y.double(), data_range=10.0)
    assert abs(float(found) - expected) < 1e-12


def test_factors_tell_a_wrong_mean_from_wrong_detail():
    x, flat = pair()[0].double(), torch.full((2, 1, 20, 27), 0.5).double()
    luminance, structure = ssim_factors(x, x + 1, data_range=1.0)
    assert luminance.max() < 0.9
    torch.testing.assert_close(structure, torch.ones_like(structure))
    means = x.mean((2, 3), keepdim=True)
    luminance, structure = ssim_factors(x, means + 0 * flat, data_range=1.0)
    assert luminance.min() > 0.9 > 0.1 > structure.max()


@given(st.integers(11, 30), st.integers(11, 30), st.integers(1, 3))
def test_equal_images_give_one_and_the_order_does_not_matter(h, w, c):
    x, y = pair(2, c, h, w)
    assert ssim(x, x, data_range=1.0).tolist() == [1.0, 1.0]
    one, other = ssim(x, y, data_range=1.0), ssim(y, x, data_range=1.0)
    torch.testing.assert_close(one, other)
    assert (one < 1).all() and (one >= -1).all()


def test_only_the_ratio_to_the_range_matters():
    x, y = (v.double() for v in pair())
    torch.testing.assert_close(
        ssim(x, y, data_range=1.0), ssim(7 * x, 7 * y, data_range=7.0)
    )


def test_images_of_a_batch_do_not_touch():
    x, y = (v.double() for v in pair(3, 2))
    alone = [
        ssim(x[i : i + 1], y[i : i + 1], data_range=1.0) for i in range(3)
    ]
    torch.testing.assert_close(ssim(x, y, data_range=1.0), torch.cat(alone))


def test_more_noise_is_less_alike():
    x = torch.rand(1, 1, 40, 40)
    noise = torch.randn_like(x)
    scores = [
        float(ssim(x, x + s * noise, data_range=1.0)) for s in (0, 0.1, 0.3)
    ]
    assert scores[0] > scores[1] > scores[2]


def test_map_has_one_value_for_each_window_inside():
    x, y = pair(2, 3, 20, 27)
    windows = ssim_map(x, y, data_range=1.0)
    assert windows.shape == (2, 3, 10, 17)
    torch.testing.assert_close(
        windows.mean((1, 2, 3)), ssim(x, y, data_range=1.0)
    )


def test_gradient():
    x, y = (v.double().requires_grad_() for v in pair(1, 2, 6, 7))
    assert gradcheck(
        lambda a, b: ssim(a, b, data_range=1.0, window=5, sigma=1.0), (x, y)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": 10}, "window is 10"),
        ({"window": 21}, "window is 21"),
        ({"data_range": 0.0}, "data_range is 0"),
        ({"sigma": -1.0}, "sigma -1"),
    ],
)
def test_bad_options(change, message):
    x, y = pair()
    with pytest.raises(ValueError, match=message):
        ssim(x, y, **{"data_range": 1.0, **change})


def test_bad_images():
    x, y = pair()
    with pytest.raises(ValueError, match="x has shape"):
        ssim(x, y[..., 1:], data_range=1.0)
    with pytest.raises(ValueError, match="x has shape"):
        ssim(x[0], y[0], data_range=1.0)
    with pytest.raises(ValueError, match="y torch.float64; expected one type"):
        ssim(x, y.double(), data_range=1.0)
    for kind in (torch.float16, torch.bfloat16, torch.uint8):
        with pytest.raises(ValueError, match=f"x is {kind}"):
            ssim(x.to(kind), y.to(kind), data_range=1.0)


def test_autocast_changes_nothing():
    x, y = pair()
    expected = ssim(x, y, data_range=1.0)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(ssim(x, y, data_range=1.0), expected)
