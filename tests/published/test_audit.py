"""The audit finds the rows that arithmetic rules out, and no others."""

import math

import numpy as np
import pytest

from depthlib.published import audit
from depthlib.published.row_audit import half_unit, impossible, least_abs_rel


def test_impossible_under_any_averaging():
    assert impossible() == {"C18-T3-R10"}
    table = audit().set_index("id")
    line = table.loc["C18-T3-R10"].set_index("bound").loc["B1"]
    assert line["averaging"] == "any"
    by_hand = 0.2 * 0.374 + 0.16 * 0.168 + 0.128 * 0.098
    assert line["left"] == pytest.approx(by_hand)
    assert line["right"] == 0.097


def test_impossible_if_pixels_are_pooled():
    table = audit()
    pooled = set(table.loc[table["averaging"] == "pixel", "id"])
    four = {f"AV19-T4-R0{i}" for i in (1, 2, 3, 4)}
    assert pooled == four | {"C18-T3-R10"}


def test_every_line_breaks_its_bound():
    table = audit()
    assert (table["left"] > table["right"]).all()
    assert not table.duplicated(["id", "criterion", "statement"]).any()


@pytest.mark.parametrize(
    ("printed", "half"),
    [("0.4871", 5e-5), ("44.7%", 5e-4), ("1.20", 5e-3), ("441", 0.5)],
)
def test_half_unit(printed, half):
    assert half_unit(printed) == pytest.approx(half)


def test_least_abs_rel_is_reached_and_never_undercut():
    """Two-point errors reach it; random ones of any shape stay above."""
    share, size = 0.3, 0.4
    log10 = share * size / math.log(10)
    rmse_log = math.sqrt(share) * size
    least = least_abs_rel(log10, rmse_log)
    assert least == pytest.approx(share * (1 - math.exp(-size)))
    rng = np.random.default_rng(0)
    for scale in (0.05, 0.2, 1.0):
        for errors in (
            rng.exponential(scale, 5000),
            np.abs(rng.normal(scale=scale, size=5000)),
            rng.uniform(0, scale, 5000),
        ):
            under = np.mean(1 - np.exp(-errors))
            moments = errors.mean() / math.log(10), np.sqrt(np.mean(errors**2))
            assert least_abs_rel(*moments) <= under + 1e-12


def test_sharp_bound_is_sharper_than_its_expansion():
    log10, rmse_log = 0.062, 0.187
    loose = math.log(10) * log10 - rmse_log**2 / 2
    assert least_abs_rel(log10, rmse_log) > loose
