"""Claims that the printed numbers decide by themselves.

Three forms of a ``test`` block of kind ``arithmetic``:

- ``holds``: pairs of rows; a share of the printed comparisons holds;
- ``first``: a row; the share of its columns in which it is among the best;
- ``value``: a number computed from rows or counts against the one claimed.
"""

from dataclasses import dataclass
from math import prod

from depthlib.metrics import DIRECTIONS, QUALITY_DIRECTIONS
from depthlib.published.rows import row, tables

HIGHER = {
    name
    for name, better in (DIRECTIONS | QUALITY_DIRECTIONS).items()
    if better == "higher"
}


@dataclass(frozen=True)
class Judgement:
    """What the print says about a claim.

    Attributes:
        effect: share of comparisons that hold, or the computed number.
        verdict: as for experiments.
        reason: one sentence.
    """

    effect: float
    verdict: str
    reason: str


def judge(claim) -> Judgement:
    """Decide one claim of kind ``arithmetic`` from ``tables()``.

    Raises:
        ValueError: the test block has no known form.
    """
    forms = {"holds": _holds, "first": _first, "value": _value}
    form = claim.test.get("form")
    if form not in forms:
        raise ValueError(
            f"{claim.id} has the arithmetic form {form!r}; choose one of "
            f"{', '.join(forms)}"
        )
    return forms[form](claim)


def better(metric: str, first: float, second: float) -> bool:
    """True if ``first`` is strictly the better value of ``metric``."""
    higher = _base(metric) in HIGHER
    return first > second if higher else first < second


def _holds(claim) -> Judgement:
    """Rows against rows, strictly better or, with ``within``, not worse."""
    within = claim.test.get("within")
    results = {}
    for pair in claim.test["pairs"]:
        one, two = row(pair["row"])["metrics"], row(pair["than"])["metrics"]
        for metric in pair["metrics"]:
            new, old = one[metric], two[metric]
            fine = better(metric, new, old)
            if within is not None:
                fine = fine or abs(new - old) <= within * old
            name = f"{metric} {pair['row']} against {pair['than']}"
            results[f"{name}: {new} against {old}"] = fine
    return _share(claim, results, "comparisons")


def _first(claim) -> Judgement:
    """Ranks of one row, or several, within their tables; ties share."""
    top, results = claim.test.get("top", 1), {}
    for name in claim.test["rows"]:
        own = row(name)
        rivals = tables(own["paper"], own["table"])
        rivals = rivals[~rivals["id"].isin(claim.test.get("without", []))]
        chosen = claim.test.get("metrics", {}).get(name, own["metrics"])
        for metric in chosen:
            column = rivals[metric].dropna()
            ahead = sum(
                better(metric, v, own["metrics"][metric]) for v in column
            )
            text = f"{metric} {name}: rank {ahead + 1} of {len(column)}"
            results[text] = ahead < top
    return _share(claim, results, "columns")


def _share(claim, results: dict, what: str) -> Judgement:
    failing = [text for text, fine in results.items() if not fine]
    holding = len(results) - len(failing)
    share = holding / len(results)
    reason = f"{holding} of {len(results)} printed {what} hold"
    if failing:
        reason += f" (not {'; '.join(failing)})"
    verdict = "supported" if share >= claim.margin else "contradicted"
    if verdict == "supported" and (gap := claim.test.get("unprinted")):
        verdict, reason = "inconclusive", f"{reason}, but {gap}"
    return Judgement(share, verdict, f"By arithmetic on the print: {reason}.")


def _value(claim) -> Judgement:
    """A computed number; the margin is the tolerance of ``equal``."""
    test = claim.test
    value, claimed = _compute(test["computed"]), test["claimed"]
    fine = {
        "equal": abs(value - claimed) <= claim.margin,
        "at_least": value >= claimed - claim.margin,
        "at_most": value <= claimed + claim.margin,
    }[test["relation"]]
    relation = {"equal": "", "at_least": "at least ", "at_most": "at most "}
    reason = (
        f"By arithmetic: the number is {value:.4g}, "
        f"claimed {relation[test['relation']]}{claimed:.4g}."
    )
    return Judgement(value, "supported" if fine else "contradicted", reason)


def _compute(recipe: dict) -> float:
    """A difference of two rows, or a quotient of products of numbers."""
    if "rows" in recipe:
        first, second = (row(name)["metrics"] for name in recipe["rows"])
        return first[recipe["metric"]] - second[recipe["metric"]]
    return prod(recipe["product"]) / prod(recipe.get("over", [1]))


def _base(metric: str) -> str:
    """The metric without the prefix of a criterion or a view."""
    return (
        metric.split("_", 1)[1]
        if metric[:1] in "cv" and (metric[1:3] in {"1_", "2_", "3_", "4_"})
        else metric
    )
