"""Claims decided on the print, against the numbers worked out by hand."""

from dataclasses import replace

import pytest

from depthlib.published import claims
from depthlib.published.arithmetic import better, judge

CLAIMS = {c.id: c for c in claims() if c.kind == "arithmetic"}
EXPECTED = {
    "CH-C10": "supported",
    "AV-C9": "contradicted",
    "DD-C3": "supported",
    "DD-C4": "supported",
    "DD-C8": "supported",
    "DD-C11": "contradicted",
    "DD-C19": "contradicted",
    "SC-C9": "inconclusive",
    "SC-C10": "supported",
    "SC-C13": "contradicted",
    "SC-C18": "contradicted",
    "SC-C19": "supported",
    "D3-C13": "contradicted",
    "D3-C19": "supported",
    "D3-C20": "contradicted",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_verdict(name):
    assert judge(CLAIMS[name]).verdict == EXPECTED[name]


def test_no_arithmetic_claim_is_forgotten():
    assert set(CLAIMS) == set(EXPECTED)


def test_d3_ranks():
    """Ranks 5, 4, 6, 2, 2, 4 and 6: two of seven among the first three."""
    found = judge(CLAIMS["D3-C13"])
    assert found.effect == pytest.approx(2 / 7)
    assert "abs_rel D318-T2-R06: rank 5 of 8" in found.reason
    assert "log10 D318-T2-R06: rank 4 of 5" in found.reason


def test_parameter_ratio():
    assert judge(CLAIMS["DD-C11"]).effect == pytest.approx(1.355, abs=5e-4)


def test_hours_on_cityscapes():
    assert judge(CLAIMS["SC-C18"]).effect == pytest.approx(5.33, abs=0.01)


def test_gain_of_the_right_pair():
    assert judge(CLAIMS["AV-C9"]).effect == pytest.approx(0.010)


def test_what_is_not_printed_leaves_a_claim_open():
    found = judge(CLAIMS["SC-C9"])
    assert found.effect == 1
    assert "no table tests on Cityscapes" in found.reason


def test_within_forgives_a_small_loss_and_nothing_else():
    claim = CLAIMS["D3-C19"]
    strict = {k: v for k, v in claim.test.items() if k != "within"}
    found = judge(replace(claim, test=strict))
    assert found.effect == pytest.approx(2 / 6)  # delta1 and delta2
    assert judge(claim).effect == pytest.approx(4 / 6)


@pytest.mark.parametrize(
    ("metric", "first", "second"),
    [
        ("abs_rel", 0.1, 0.2),
        ("delta1", 0.9, 0.8),
        ("c1_rmse", 4, 5),
        ("v2_delta1", 0.9, 0.8),
        ("mssim", 0.9, 0.8),
    ],
)
def test_better(metric, first, second):
    assert better(metric, first, second)
    assert not better(metric, second, first)
    assert not better(metric, first, first)


def test_unknown_form():
    claim = replace(CLAIMS["SC-C9"], test={"kind": "arithmetic"})
    with pytest.raises(ValueError, match="choose one of holds"):
        judge(claim)
