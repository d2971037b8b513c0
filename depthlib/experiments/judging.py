"""The rule that turns the effects of one claim into a verdict.

The rule, chosen before any record. Effects are signed so that positive is
as claimed; the margin is the smallest effect of practical interest.

- *supported*: the mean effect reaches the margin, and a two-sided t test
  over seeds excludes 0.
- *contradicted*: the mean stays below the margin, and the test excludes the
  margin. An effect that is real but too small to matter does not save a
  claim; nor does a null result from few seeds refute it.
- *inconclusive*: anything else, with the seeds that would settle it.

"Not worse" moves both boundaries to -margin; "equal" supports inside
+-margin and contradicts outside. A claim has one p-value, that of the
boundary its estimate has to exclude, and Holm's correction runs over all
claims of its part of the book in both directions: refuting one of twenty
true claims by chance would be as wrong as supporting a false one. A claim
that asserts several comparisons stands with its weakest (largest p) and
falls with any (smallest p times their number).

Arms that do not beat predictors that look at no image give no verdict: by
their abs_rel, and by the metric of the claim where it measures quality. A
map of noise has edges, too. Nor do networks that were given neighbouring
frames and leave them aside, where the claim is about what these are good for;
that rule is from when the first of them were seen to.
"""

import math
from dataclasses import dataclass, replace
from statistics import stdev
from typing import NamedTuple

from depthlib.experiments.claim_runs import (
    Comparison,
    NotEnoughError,
    Runs,
    experiments,
    matching,
    words,
)
from depthlib.experiments.claim_tests import TESTS
from depthlib.experiments.statistics import (
    MIN_SEEDS,
    holm,
    seeds_needed,
    t_interval,
)

ALPHA = 0.05
# Measures of quality that a guess has, too (see ``guess_run``).
QUALITY = ("edge_f1", "mssim", "normal_error")
SCORED_ON = ("data", "style", "test_split", "n_test", "size")
PERCENT = {"ratio", "monotone", "interaction"}
# How an effect is written, by the kind of its claim; of others bare.
UNITS = {
    "ratio": " %",
    "interaction": " % of gain",
    "monotone": " % a step",
    "pattern": " (correlation)",
    "rank": " ranks",
    "correlation": " (tau)",
    "spread": " halvings",
    "sweep": " per tenfold",
}


@dataclass
class Finding:
    """What the records say about one claim, before and after Holm.

    Attributes:
        claim: the claim.
        verdict: one of the four words; None until decided.
        reason: one sentence.
        comparison: the comparison that decides.
        metric: its metric.
        comparisons: how many the claim asserts.
        seeds: seeds in all arms.
        leaning: True where the estimate lies on the claim's side.
        boundary: the value that the interval has to exclude.
        p: its p-value.
        p_holm: corrected within the part.
        family: claims in the correction.
    """

    claim: object
    verdict: str | None = None
    reason: str = ""
    comparison: Comparison | None = None
    metric: str = ""
    comparisons: int = 0
    seeds: int = 0
    leaning: bool = False
    boundary: float = math.nan
    p: float = math.nan
    p_holm: float = math.nan
    family: int = 0


class Tested(NamedTuple):
    """One of the comparisons that a claim asserts, against its boundary."""

    comparison: Comparison
    metric: str
    leaning: bool
    boundary: float
    p: float

    @classmethod
    def of(cls, comparison, claim):
        """``comparison`` under the claim's margin and hypothesis."""
        effect = comparison.interval.mean
        leaning, value = boundary(effect, claim.margin, claim.hypothesis)
        p = comparison.p_value(value)
        return cls(comparison, claim.metric, leaning, value, p)


def examine(claim, frame, profile) -> Finding:
    """Everything about a claim except the correction."""
    finding = Finding(claim)
    if claim.kind == "arithmetic":
        from depthlib.published.arithmetic import judge

        found = judge(claim)
        finding.verdict, finding.reason = found.verdict, found.reason
        return finding
    if claim.kind == "not_testable":
        finding.verdict = "not testable here"
        finding.reason = claim.test["reason"]
        return finding
    try:
        _compare(finding, frame, profile)
    except NotEnoughError as error:
        finding.verdict = "inconclusive"
        finding.reason = f"{str(error)[0].upper()}{str(error)[1:]}."
    return finding


def _compare(finding, frame, profile):
    """Run the claim's test and pick the comparison that decides."""
    claim = finding.claim
    rows = matching(frame, {"experiment": experiments(claim)})
    guesses = matching(frame, {"experiment": "guesses"})
    if matching(rows, {"experiment": claim.experiment}).empty:
        raise NotEnoughError(
            f"no records yet for experiment {claim.experiment} "
            f"at profile {profile}"
        )
    found = [
        Runs(rows, replace(claim, metric=metric))
        for metric in claim.test.get("metrics", [claim.metric])
    ]
    tested = [
        Tested.of(comparison, runs.claim)
        for runs in found
        for comparison in TESTS[claim.kind](runs)
    ]
    against = [t for t in tested if not t.leaning]
    if against:
        chosen = min(against, key=lambda t: t.p)
        p = min(1.0, chosen.p * len(tested))
    else:
        chosen = max(tested, key=lambda t: t.p)
        p = chosen.p
    finding.comparisons = len(tested)
    finding.comparison, finding.metric = chosen.comparison, chosen.metric
    finding.leaning, finding.boundary = chosen.leaning, chosen.boundary
    finding.seeds = min(t.comparison.interval.n for t in tested)
    if finding.seeds < MIN_SEEDS:
        raise NotEnoughError(
            f"{_seeds(finding.seeds)}, shown as points; a verdict needs "
            f"{MIN_SEEDS} in every arm"
        )
    if failed := untrained(found[0]):
        do = "does" if len(failed) == 1 else "do"
        raise NotEnoughError(
            f"untrained: {'; '.join(failed)} {do} not beat predictors that "
            "look at nothing"
        )
    if failed := unmoved(found[0]):
        do = "does" if len(failed) == 1 else "do"
        raise NotEnoughError(
            "with neighbouring frames that stand still, "
            f"{'; '.join(failed)} {do} as well: what they are good for has "
            "not been learnt"
        )
    for runs in found:
        if failed := guessed(runs, guesses):
            raise NotEnoughError("; ".join(failed))
    finding.p = p


def boundary(effect: float, margin: float, hypothesis: str):
    """The side an estimate lies on, and the value it has to exclude.

    Returns:
        ``(supports, value)``.
    """
    if hypothesis == "not_worse":
        return effect >= -margin, -margin
    if hypothesis == "equal":
        return abs(effect) <= margin, math.copysign(margin, effect)
    return (True, 0.0) if effect >= margin else (False, margin)


def untrained(runs: Runs) -> list[str]:
    """Arms whose abs_rel does not beat every trivial predictor's."""
    allowed, failed = runs.claim.test.get("may_fail", []), []
    for arm, rows in runs.used:
        for exempt in allowed:
            rows = rows.drop(matching(rows, exempt).index)
        if rows.empty or not {"trivial", "abs_rel"} <= set(rows.columns):
            continue
        rows = rows[rows["trivial"].map(lambda t: isinstance(t, dict))]
        # Older records know no guesses of their further readings.
        if rows["seed"].nunique() < MIN_SEEDS:
            continue
        best = rows["trivial"].map(
            lambda t: min(scores["abs_rel"] for scores in t.values())
        )
        gain = (best - rows["abs_rel"]).groupby(rows["seed"]).mean()
        if not t_interval(gain).low > 0:
            failed.append(words(arm))
    return list(dict.fromkeys(failed))


def unmoved(runs: Runs) -> list[str]:
    """Arms that lose less than asked for without the motion they are shown.

    Asked for is the test's ``moved``, a share of abs_rel; what ``may_fail``
    names need not use it.
    """
    test = runs.claim.test
    least, allowed, failed = test.get("moved"), test.get("may_fail", []), []
    for arm, rows in runs.used if least else []:
        for exempt in allowed:
            rows = rows.drop(matching(rows, exempt).index)
        gain = rows["motion_gain"].dropna() if "motion_gain" in rows else ()
        if len(gain) and gain.mean() < least:
            failed.append(words(arm))
    return list(dict.fromkeys(failed))


def guessed(runs: Runs, guesses) -> list[str]:
    """Arms whose quality is no better than a guess's, in words."""
    metric, sign = runs.claim.metric, runs.claim.sign
    if not metric.startswith(QUALITY) or metric not in guesses:
        return []
    guesses = guesses.dropna(subset=[metric])
    failed = []
    for arm, rows in runs.used:
        score = sign * rows.set_index("seed")[metric].astype(float)
        for _, guess in guesses.iterrows():
            same = all(
                (rows[name].map(str) == str(guess[name])).all()
                for name in SCORED_ON
            )
            gain = score - sign * guess[metric]
            if same and not t_interval(gain.groupby("seed").mean()).low > 0:
                name = guess["guess"].replace("_", " ")
                failed.append(
                    f"{words(arm)} has no better {metric} than {name}, which "
                    "looks at no image"
                )
    return list(dict.fromkeys(failed))


def correct(findings):
    """Holm's correction within each part, over the claims with a test."""
    for part in {f.claim.part for f in findings}:
        tested = [
            f for f in findings if f.claim.part == part and not math.isnan(f.p)
        ]
        for finding, p in zip(
            tested, holm([f.p for f in tested]), strict=True
        ):
            finding.p_holm = float(p)
            finding.family = len(tested)


def decide(finding):
    """Verdict and reason of a claim that was tested."""
    sure = finding.p_holm < ALPHA
    word = "supported" if finding.leaning else "contradicted"
    finding.verdict = word if sure else "inconclusive"
    claim, interval = finding.claim, finding.comparison.interval
    show = _shower(claim)
    unit = UNITS.get(claim.kind, "")
    first = ""
    if finding.comparisons > 1:
        how = "the weakest" if finding.leaning else "the one most against it"
        first = f"Of {finding.comparisons} comparisons {how}, "
    name = finding.comparison.name
    text = (
        f"{first}{name if first else name[0].upper() + name[1:]}: "
        f"effect on {finding.metric} {show(interval.mean)} "
        f"[{show(interval.low)}, {show(interval.high)}]{unit} over "
        f"{_seeds(interval.n)}, margin {show(claim.margin)}{unit}"
    )
    if sure:
        finding.reason = f"{text}, Holm p {finding.p_holm:.2g}."
        return
    alpha = ALPHA * (finding.p / finding.p_holm if finding.p_holm else 1)
    limit = show(finding.boundary) + unit
    if not interval.low <= finding.boundary <= interval.high:
        text += (
            f"; the interval excludes {limit}, but not after Holm's "
            f"correction over {finding.family} claims"
        )
    elif claim.hypothesis == "greater" and interval.low > 0:
        text += "; there is an effect, but it may or may not reach the margin"
    else:
        text += f"; the interval does not exclude {limit}"
    finding.reason = f"{text}; {_settle(finding, alpha)}."


def _settle(finding, alpha) -> str:
    """How many seeds would settle the question at this spread."""
    interval = finding.comparison.interval
    if finding.claim.kind == "spread":
        return "a spread needs many more seeds"
    distance = interval.mean - finding.boundary
    need = seeds_needed(stdev(interval.points), distance, alpha)
    if need is None:
        return "not even 1000 seeds would settle it at this spread"
    return f"about {need} seeds would settle it at this spread"


def _shower(claim):
    """How a number of this claim is written, without its unit."""

    def show(value):
        percent = claim.kind in PERCENT
        text = f"{100 * value:.1f}" if percent else f"{value:.3g}"
        return text.replace("-", "\N{MINUS SIGN}")

    return show


def _seeds(n: int) -> str:
    return f"{n} seed" if n == 1 else f"{n} seeds"
