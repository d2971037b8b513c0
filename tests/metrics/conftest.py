"""The suite once more, in plain NumPy, sharing nothing with the package."""

import numpy as np
import pytest


def _one_set(p, y):
    """Metrics of one set of pixels, straight from the definitions."""
    ratio = np.maximum(p / y, y / p)
    d = np.log(p) - np.log(y)
    return {
        "abs_rel": np.mean(np.abs(p - y) / y),
        "sq_rel": np.mean((p - y) ** 2 / y),
        "rmse": np.sqrt(np.mean((p - y) ** 2)),
        "rmse_log": np.sqrt(np.mean(d**2)),
        "log10": np.mean(np.abs(np.log10(p) - np.log10(y))),
        "silog": 100 * np.std(d),
        "delta1": np.mean(ratio < 1.25),
        "delta2": np.mean(ratio < 1.25**2),
        "delta3": np.mean(ratio < 1.25**3),
    }


def _suite(
    prediction,
    target,
    mask=None,
    *,
    min_depth=1e-3,
    max_depth=None,
    average="image",
    crop=None,
    median=False,
):
    """`crop` is (top, bottom, left, right) in pixels."""
    prediction, target = (np.asarray(x) for x in (prediction, target))
    inside = np.zeros(target.shape[-2:], bool)
    top, bottom, left, right = crop or (0, *target.shape[-2:-1], 0, None)
    inside[top:bottom, left:right] = True
    sets = []
    for i in range(len(target)):
        y = target[i, 0]
        keep = inside & np.isfinite(y) & (y > min_depth)
        if max_depth is not None:
            keep &= y < max_depth
        if mask is not None:
            keep &= np.asarray(mask)[i, 0]
        y = y[keep].astype(np.float64)
        p = prediction[i, 0][keep].astype(np.float64)
        if median:
            p = p * (np.median(y) / np.median(p))
        sets.append((np.clip(p, min_depth, max_depth), y))
    if average == "pixel":
        return _one_set(*(np.concatenate(x) for x in zip(*sets, strict=True)))
    rows = [_one_set(*pair) for pair in sets]
    columns = {k: np.array([row[k] for row in rows]) for k in rows[0]}
    if average == "none":
        return columns
    return {k: v.mean() for k, v in columns.items()}


@pytest.fixture(scope="session")
def suite():
    return _suite


@pytest.fixture(scope="session")
def assert_same():
    """Two results agree in names and, to 1e-9, in values."""

    def check(found, expected, atol=1e-9):
        assert found.keys() == expected.keys()
        for name in expected:
            np.testing.assert_allclose(
                found[name], expected[name], rtol=0, atol=atol, err_msg=name
            )

    return check
