"""The papers' claims, each with the test that was chosen before its runs."""

from dataclasses import dataclass, field

from depthlib.published.files import read

HYPOTHESES = ("greater", "not_worse", "equal")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One statement of a paper, in our words, and how it is tested.

    Attributes:
        id: paper prefix and number, e.g. ``"D3-C1"``.
        where: place in the paper.
        claim: the statement.
        testable: ``"yes"``, ``"partly"`` or ``"no"`` at small scale.
        experiment: name of the records that decide it; None without any.
        metric: what is measured.
        direction: ``"lower"`` or ``"higher"`` is as claimed.
        margin: smallest effect of practical interest, in ``unit``.
        margin_reason: why this margin.
        effect_in_paper: printed numbers by name; empty where there are none.
        test: kind of test and its arms, see ``experiments.claim_tests``.
        profile: the profile whose records count.
        left: the part of the statement that the test does not decide.
        audit: what the printed numbers already say.
    """

    id: str
    where: str
    claim: str
    testable: str
    experiment: str | None
    metric: str
    direction: str
    margin: float
    margin_reason: str
    effect_in_paper: dict = field(hash=False)
    test: dict = field(hash=False)
    profile: str = "study"
    left: str | None = None
    audit: str | None = None

    @property
    def kind(self) -> str:
        """Kind of the test."""
        return self.test["kind"]

    @property
    def hypothesis(self) -> str:
        """``greater`` (than the margin), ``not_worse`` or ``equal``."""
        return self.test.get("hypothesis", "greater")

    @property
    def sign(self) -> int:
        """+1 where a higher metric is as claimed, -1 where a lower one."""
        return 1 if self.direction == "higher" else -1

    @property
    def paper(self) -> str:
        """Key of the paper in ``tables()``."""
        return _family(self.id)["paper"]

    @property
    def part(self) -> str:
        """Part of the book; its claims share one Holm correction."""
        return _family(self.id)["part"]


def claims(part: str | None = None) -> list[Claim]:
    """All claims, or those of one part of the book.

    Raises:
        ValueError: no claim belongs to ``part``.
    """
    found = [Claim(**entry) for entry in read("claims.yaml")["claims"]]
    if part is None:
        return found
    chosen = [claim for claim in found if claim.part == part]
    if not chosen:
        parts = sorted({claim.part for claim in found})
        raise ValueError(f"part is {part!r}; choose one of {', '.join(parts)}")
    return chosen


def _family(name: str) -> dict:
    families = read("claims.yaml")["families"]
    prefix = name.split("-")[0]
    if prefix not in families:
        raise ValueError(
            f"claim id is {name!r}; it starts with one of "
            f"{', '.join(families)}"
        )
    return families[prefix]
