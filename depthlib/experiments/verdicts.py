"""Verdicts on the papers' claims, computed from records and never typed.

``judging`` states the rule; this module finds the records, applies it to
every claim and lays the result out as a table.
"""

import math

from depthlib.experiments.claim_runs import experiments
from depthlib.experiments.judging import (
    MIN_SEEDS,
    UNITS,
    correct,
    decide,
    examine,
)
from depthlib.experiments.statistics import probability_of_improvement


def verdicts(claims=None, records=None, profile="study", current=None):
    """Judge claims by the records of one profile.

    Args:
        claims: ids or ``Claim`` objects; None takes all. Holm's correction
            always runs over the whole part of each id.
        records: list of records, or their ``frame``; None loads those of
            the claims' experiments.
        profile: records of other profiles are left out, never pooled.
        current: function of a record (or row) that is True for evidence
            that counts. None asks ``evidence.counting`` for records from
            disk, and the column ``current`` of a frame.

    Returns:
        DataFrame with one row per claim: claim, paper, text, experiment,
        metric, effect, low, high, margin, seeds, verdict, reason, p_holm,
        improvement (share of seeds on the claim's side, with its interval),
        part, unit (of effect, interval and margin, in words; "%" in it means
        that they are shares), basis ("records", "print" or "none"), points,
        left, audit. Effects are signed so that positive is as claimed; low
        and high are NaN below five seeds; what the print decides has neither
        effect nor margin. Metric and seeds are those of the comparison that
        decides.

    Raises:
        ValueError: an unknown claim.
    """
    import pandas as pd

    wanted, family = _chosen(claims)
    frame = _frame(family, records, profile, current)
    findings = [examine(claim, frame, profile) for claim in family]
    correct(findings)
    for finding in findings:
        if finding.verdict is None:
            decide(finding)
    rows = [_row(f) for f in findings if f.claim.id in wanted]
    return pd.DataFrame(rows)


def verdict_words(judged, *ids: str) -> list[str]:
    """Sentences with verdict and reason, from a table of ``verdicts``."""
    lines = judged.set_index("claim").loc[list(ids)]
    return [
        f"{name} ({line['text'].rstrip('.')}) is **{line['verdict']}**. "
        f"{line['reason']}"
        for name, line in lines.iterrows()
    ]


def tally(judged) -> str:
    """How many claims came out how, and why the others are open.

    Args:
        judged: a table of ``verdicts``.

    Returns:
        Sentences on the claims that rest on records, with the ids.
    """
    kept = judged[judged["basis"] == "records"].set_index("claim")
    tested = kept["p_holm"].notna()
    open_ = kept["verdict"] == "inconclusive"
    few = ~tested & (kept["seeds"] < MIN_SEEDS)
    holm = kept["reason"].str.contains("but not after Holm")
    parts = [
        f"{word} {_count(kept.index[kept['verdict'] == word])}"
        for word in ("supported", "contradicted", "inconclusive")
    ]
    why = {
        "seeds are missing": few,
        "an arm is no better than a guess, leaves aside what it was given, or "
        "cannot be compared": ~tested & ~few,
        "the interval is too wide": tested & ~holm,
        "the interval would do, but not after Holm's correction": (
            tested & holm
        ),
    }
    reasons = [
        f"{words} {_count(kept.index[open_ & which])}"
        for words, which in why.items()
        if (open_ & which).any()
    ]
    text = f"Of {len(kept)} claims that rest on records: {', '.join(parts)}."
    return text + f" Why open: {'; '.join(reasons)}." * bool(reasons)


def _count(ids) -> str:
    """A number, and the claims behind it."""
    return f"{len(ids)} ({', '.join(ids)})" if len(ids) else "0"


def _chosen(claims):
    """Ids to show, and all claims that share a correction with them."""
    from depthlib.published import claims as published

    if claims and not isinstance(claims[0], str):
        return {claim.id for claim in claims}, list(claims)
    known = published()
    ids = {claim.id for claim in known}
    wanted = ids if claims is None else set(claims)
    if unknown := sorted(wanted - ids):
        raise ValueError(
            f"claims names {', '.join(unknown)}; ids look like D3-C1 and are "
            "listed by depthlib.published.claims()"
        )
    parts = {claim.part for claim in known if claim.id in wanted}
    return wanted, [claim for claim in known if claim.part in parts]


def _frame(claims, records, profile, current):
    """The rows that count: this profile's, and current."""
    import pandas as pd

    from depthlib.experiments.records import frame, load

    if records is None:
        from depthlib.experiments.evidence import counting

        names = {name for claim in claims for name in experiments(claim)}
        names |= {"guesses"}
        records = [r for name in sorted(names) for r in load(name, profile)]
        records = (
            list(filter(current, records)) if current else counting(records)
        )
        current = None
    if not isinstance(records, pd.DataFrame):
        records = frame([r for r in records if not current or current(r)])
    elif current:
        keep = [bool(current(r)) for r in records.to_dict("records")]
        records = records.loc[keep]
    elif "current" in records:
        records = records[records["current"].astype(bool)]
    if "profile" in records:
        records = records[records["profile"] == profile]
    return records.reset_index(drop=True)


def _row(finding) -> dict:
    """One line of the table of verdicts."""
    claim, comparison = finding.claim, finding.comparison
    interval = comparison.interval if comparison else None
    points = interval.points if interval else ()
    shown = interval if finding.seeds >= MIN_SEEDS else None
    share = probability_of_improvement(points) if points else None
    basis = "print" if claim.kind == "arithmetic" else "records"
    basis = basis if claim.kind != "not_testable" else "none"
    metric = finding.metric or claim.metric
    unit = f"{metric},{UNITS[claim.kind]}" if claim.kind in UNITS else metric
    return {
        "claim": claim.id,
        "paper": claim.paper,
        "text": claim.claim,
        "experiment": claim.experiment,
        "metric": metric,
        "effect": interval.mean if interval else math.nan,
        "low": shown.low if shown else math.nan,
        "high": shown.high if shown else math.nan,
        "margin": math.nan if basis == "print" else claim.margin,
        "seeds": interval.n if shown else finding.seeds,
        "verdict": finding.verdict,
        "reason": finding.reason,
        "p_holm": finding.p_holm,
        "improvement": share.mean if share else math.nan,
        "improvement_low": share.low if share else math.nan,
        "improvement_high": share.high if share else math.nan,
        "part": claim.part,
        "unit": unit,
        "basis": basis,
        "points": points,
        "left": claim.left,
        "audit": claim.audit,
    }
