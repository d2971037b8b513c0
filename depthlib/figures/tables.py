"""Tables for a page: paper / ours / gap, and plain result tables."""

import html
import math
from numbers import Integral

from depthlib.figures.cards import VERDICTS, badge
from depthlib.figures.page import Html, caption_html
from depthlib.figures.style import arm, direction, metric_label


def paper_ours_table(rows, *, caption=None, digits: int = 3) -> Html:
    """Published numbers beside ours, one line a method, one block a metric.

    Args:
        rows: table in long form with the columns ``method, metric, paper,
            ours`` and optionally ``low, high, n`` (interval and seeds of
            ours). A number that does not exist is None or NaN: a dash.
        caption: under the table; back-ticks mark code.
        digits: decimals.

    Returns:
        HTML that scrolls in its own box; the gap is ours - paper, with its
        sign and, where the metric has a direction, the word better or worse.

    Raises:
        ValueError: a column that is not there, or a pair of method and
            metric that comes twice.
    """
    _columns(rows, "method", "metric", "paper", "ours")
    entries = {}
    for row in rows.to_dict("records"):
        place = row["method"], row["metric"]
        if place in entries:
            raise ValueError(f"rows has {place[0]}, {place[1]} twice")
        entries[place] = row
    methods = list(dict.fromkeys(method for method, _ in entries))
    metrics = list(dict.fromkeys(metric for _, metric in entries))
    head = "".join(
        f'<th colspan="3" scope="colgroup" class="dl-block">{_label(m)}</th>'
        for m in metrics
    )
    sub = (
        '<th scope="col" class="dl-block">paper</th>'
        '<th scope="col">ours</th><th scope="col">gap</th>'
    ) * len(metrics)
    body = "".join(
        f'<tr><th scope="row">{html.escape(arm(method).label)}</th>'
        + "".join(_cells(entries.get((method, m)), m, digits) for m in metrics)
        + "</tr>"
        for method in methods
    )
    table = (
        '<table class="dl-table"><thead><tr><th rowspan="2" scope="col">'
        f"method</th>{head}</tr><tr>{sub}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
    return Html(_boxed(table, caption), _plain(rows, caption))


def results_table(
    frame, *, caption=None, digits: int = 3, trivial: int = 0
) -> Html:
    """A data frame as a page table that scrolls in its own box.

    One with sentences in it does not scroll on a phone, where one would read
    them through a slit: each line becomes a list of its cells.

    Args:
        frame: its index becomes the first column; columns named like
            metrics get their direction, numbers get ``digits`` decimals,
            and a verdict becomes a badge.
        caption: under the table; back-ticks mark code.
        digits: decimals of floats.
        trivial: how many leading lines are predictors that look at nothing;
            they are set apart.

    Returns:
        The HTML.
    """
    # Sentences read from the left, numbers line up on the right.
    kinds = [_kind(frame.iloc[:, k]) for k in range(frame.shape[1])]
    names = [_label(column) for column in frame.columns]
    head = "".join(
        f'<th scope="col"{kind}>{name}</th>'
        for name, kind in zip(names, kinds, strict=True)
    )
    lines = []
    for i, (name, row) in enumerate(
        zip(frame.index, frame.itertuples(index=False), strict=True)
    ):
        kind = ' class="dl-trivial"' if i < trivial else ""
        cells = "".join(
            f'<td{words} data-column="{column}">{_value(v, digits)}</td>'
            for v, words, column in zip(row, kinds, names, strict=True)
        )
        label = html.escape(arm(name).label)
        lines.append(f'<tr{kind}><th scope="row">{label}</th>{cells}</tr>')
    first = html.escape(str(frame.index.name or ""))
    prose = " dl-prose" * any("dl-long" in kind for kind in kinds)
    table = (
        f'<table class="dl-table{prose}"><thead><tr><th scope="col">{first}'
        f"</th>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )
    return Html(_boxed(table, caption), _plain(frame, caption))


def counts_table(counts, profile: str = "study") -> Html:
    """What has been run of a study, with the command that makes the rest.

    Args:
        counts: of ``depthlib.experiments.comparison.run_counts``.
        profile: of these runs.
    """
    rest = counts.index[counts["made"] < counts["planned"]]
    command = f"depthlib reproduce {' '.join(rest)} --profile {profile}"
    return results_table(
        counts,
        caption=f"Runs of the profile `{profile}`. Left out: records that "
        "today's code or data no longer make, or at a rate that is not the "
        "plan's. Collapsed: maps that are constant, or one for all images; "
        "they keep their score. One that diverged has none and is in no "
        "mean; a claim whose arm holds one stays open."
        + f" The rest is made by `{command}`."
        * bool(len(rest)),
    )


def verdict_table(judged) -> Html:
    """What ``verdicts`` found, as a page table: verdict, claim and why.

    Args:
        judged: the data frame; what a claim leaves open here and what the
            audit of the print says stand behind the reason.
    """
    import pandas as pd

    judged = judged.fillna({"left": "", "audit": ""})
    notes = "Print: " + judged["audit"]
    notes = judged["left"] + " " + notes.where(judged["audit"] != "", "")
    why = (judged["reason"] + " " + notes).str.split().str.join(" ")
    lines = pd.DataFrame(
        {
            "verdict": list(judged["verdict"]),
            "what the paper says": list(judged["text"]),
            "why": list(why),
        },
        index=list(judged["claim"]),
    )
    counts = judged["verdict"].value_counts()
    sums = ", ".join(f"{n} {word}" for word, n in counts.items())
    return results_table(
        lines,
        caption=f"{sums}. Effects are positive where they go the claim's way; "
        "arms are named by the fields of their config; margins: "
        "`data/published/claims.yaml`.",
    )


def _cells(entry, metric, digits):
    """Three cells: paper, ours with its interval, gap."""
    if entry is None:
        return '<td class="dl-block">–</td><td>–</td><td>–</td>'
    paper, ours = entry["paper"], entry["ours"]
    shown = _value(ours, digits)
    low, high, n = (entry.get(key) for key in ("low", "high", "n"))
    if _known(low) and _known(high):
        shown += f"<br><small>[{low:.{digits}f}, {high:.{digits}f}]</small>"
    if _known(n) and _known(ours):
        shown += f"<br><small>n = {int(n)}</small>"
    return (
        f'<td class="dl-block">{_value(paper, digits)}</td><td>{shown}</td>'
        f"<td>{_gap(paper, ours, metric, digits)}</td>"
    )


def _gap(paper, ours, metric, digits):
    """Ours - paper with sign, and in a word whether that is better."""
    if not (_known(paper) and _known(ours)):
        return "–"
    gap = ours - paper
    text = f"{gap:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
    wanted = direction(metric)
    if round(gap, digits) == 0 or wanted not in ("lower", "higher"):
        return text
    better = (gap < 0) == (wanted == "lower")
    word = "better" if better else "worse"
    return f"{text}<br><small>{word}</small>"


def _value(value, digits):
    """A number with fixed decimals, a dash, a badge, or escaped words."""
    if isinstance(value, str):
        return badge(value) if value in VERDICTS else html.escape(value)
    if not _known(value):
        return "–"
    if isinstance(value, Integral):
        return str(value)
    rounded = round(float(value), digits) or 0.0  # no minus before zeros
    return f"{rounded:.{digits}f}".replace("-", "\N{MINUS SIGN}")


SENTENCE = 30  # characters; what is longer needs a wide column


def _kind(column) -> str:
    """The class of a column of several words, wider for sentences."""
    texts = [v.strip() for v in column if isinstance(v, str)]
    if not any(" " in text for text in texts):
        return ""
    long = any(len(text) > SENTENCE for text in texts)
    return f' class="dl-words{" dl-long" * long}"'


def _known(value):
    """True for a number that exists."""
    return value is not None and not math.isnan(value)


def _label(name):
    """A column's name; metrics with their direction."""
    return html.escape(metric_label(str(name)))


def _boxed(table, caption):
    """The scrolling box; focusable, so that a keyboard can scroll it."""
    label = html.escape(caption or "table")
    return (
        f'<figure class="dl-table-figure"><div class="dl-scroll" tabindex="0" '
        f'role="region" aria-label="{label}">{table}</div>'
        f"{caption_html(caption)}</figure>"
    )


def _plain(frame, caption):
    """The same for terminals."""
    text = frame.to_string()
    return f"{text}\n{caption}" if caption else text


def _columns(frame, *names):
    """These columns, or a ValueError."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ValueError(
            f"rows has no column {', '.join(missing)}; it has "
            f"{', '.join(map(str, frame.columns))}"
        )
