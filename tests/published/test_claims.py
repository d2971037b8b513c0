"""The claims are complete, and each has a test that can run."""

from collections import Counter

import pytest

from depthlib.experiments.claim_tests import TESTS
from depthlib.published import Claim, claims
from depthlib.published.claim import HYPOTHESES
from depthlib.published.files import read
from depthlib.published.rows import papers

KINDS = {*TESTS, "arithmetic", "not_testable"}
NEEDS = {
    "level": {"arms", "value"},
    "monotone": {"arms", "along", "values"},
    "interaction": {"along", "from", "to"},
    "rank": {"column", "named", "among", "along", "values"},
    "correlation": {"column", "among", "between"},
    "sweep": {"arms", "along", "values"},
    "pattern": {"groups"},
    "arithmetic": {"form"},
    "not_testable": {"reason"},
}
PAIRED = {"difference", "ratio", "interaction", "spread", "pattern"}
ALL = claims()


def test_counts():
    assert len({c.id for c in ALL}) == len(ALL) == 101
    assert Counter(c.testable for c in ALL) == {
        "yes": 81,
        "partly": 9,
        "no": 11,
    }
    assert Counter(c.part for c in ALL) == {
        "adversarial": 19,
        "viewpoint": 20,
        "transfer": 23,
        "video": 19,
        "losses": 20,
    }


@pytest.mark.parametrize("claim", ALL, ids=lambda c: c.id)
def test_claim_is_complete(claim):
    test = claim.test
    assert claim.kind in KINDS
    assert claim.hypothesis in HYPOTHESES
    assert claim.direction in ("lower", "higher")
    assert claim.profile == "study"
    assert NEEDS.get(claim.kind, set()) <= set(test)
    if claim.kind in PAIRED:
        assert "pairs" in test or {"arms", "references"} <= set(test)
    assert claim.claim.endswith(".") and len(claim.claim) < 140
    assert claim.where and claim.margin_reason
    assert isinstance(claim.effect_in_paper, dict)
    assert claim.paper in papers()


@pytest.mark.parametrize("claim", ALL, ids=lambda c: c.id)
def test_claim_has_an_experiment_or_is_arithmetic(claim):
    """A claim that can be tested may not end as not testable here."""
    if claim.kind in TESTS:
        assert claim.experiment.startswith(f"{claim.part}-")
        assert claim.margin > 0
    else:
        assert claim.experiment is None
    if claim.kind == "not_testable":
        assert claim.testable == "no"


def test_numbers_in_the_paper_are_numbers():
    for claim in ALL:
        for value in claim.effect_in_paper.values():
            values = value if isinstance(value, list) else [value]
            assert all(isinstance(v, int | float) for v in values)


def test_arms_use_plain_values():
    """Filters hold text, numbers, booleans or lists of them."""
    for claim in ALL:
        arms = [*claim.test.get("arms", []), *claim.test.get("references", [])]
        arms += [
            arm
            for pair in claim.test.get("pairs", [])
            for arm in pair
            if claim.kind != "arithmetic"
        ]
        for arm in arms:
            assert isinstance(arm, dict) and arm
            assert not any(isinstance(v, dict) for v in arm.values())


def test_no_field_is_misspelt():
    known = set(Claim.__dataclass_fields__)
    for entry in read("claims.yaml")["claims"]:
        assert set(entry) <= known, entry["id"]
    keys = {key for c in ALL if c.kind in TESTS for key in c.test}
    assert keys <= {
        "kind", "hypothesis", "arms", "references", "pairs", "metrics",
        "at", "match", "also", "may_fail", "may_differ", "moved", "along",
        "from", "to", "values", "value", "column", "named", "among", "between",
        "groups",
    }  # fmt: skip


def test_signs():
    by_id = {c.id: c for c in ALL}
    assert by_id["D3-C1"].sign == -1
    assert by_id["D3-C10"].sign == 1


def test_one_part():
    assert {c.part for c in claims("losses")} == {"losses"}
    with pytest.raises(ValueError, match="choose one of adversarial"):
        claims("sound")


def test_unknown_family():
    entry = read("claims.yaml")["claims"][0] | {"id": "ZZ-C1"}
    with pytest.raises(ValueError, match="starts with one of CH"):
        _ = Claim(**entry).part
