"""Tables and cards: every number, sign and word in its place."""

import re

import pandas as pd
import pytest

from depthlib.figures import (
    badge,
    chapter_card,
    counts_table,
    paper_ours_table,
    results_table,
    verdict_badges,
)


def row(method, metric, paper, ours, **more):
    return {"method": method, "metric": metric} | {
        "paper": paper,
        "ours": ours,
        **more,
    }


def cells(markup):
    """Body cells of an HTML table as lists of text."""
    body = markup.split("<tbody>")[1]
    return [
        [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(pattern, line)
        ]
        for line in body.split("</tr>")[:-1]
        for pattern in [r"<t[hd][^>]*>(.*?)</t[hd]>"]
    ]


def test_gap_has_a_sign_and_a_word():
    rows = pd.DataFrame(
        [
            row("l1", "abs_rel", 0.136, 0.231, low=0.22, high=0.24, n=5),
            row("l1", "delta1", 0.821, 0.9, low=None, high=None, n=3),
            row("lsgan", "abs_rel", 0.136, 0.1),
            row("lsgan", "delta1", 0.8, 0.7),
        ]
    )
    item = paper_ours_table(rows, caption="From `x`.")
    first, second = cells(item.markup)
    assert first[:4] == [
        "L1",
        "0.136",
        "0.231 [0.220, 0.240] n = 5",
        "+0.095 worse",
    ]
    assert first[4:] == ["0.821", "0.900 n = 3", "+0.079 better"]
    assert second[:4] == ["LSGAN + L1", "0.136", "0.100", "−0.036 better"]
    assert second[4:] == ["0.800", "0.700", "−0.100 worse"]
    assert "abs_rel ↓" in item.markup and "delta1 ↑" in item.markup
    assert "<code>x</code>" in item.markup
    assert 'class="dl-scroll" tabindex="0"' in item.markup


def test_missing_numbers_are_dashes():
    rows = pd.DataFrame(
        [
            row("a", "rmse", None, 0.5),
            row("a", "log10", 0.1, float("nan")),
            row("b", "rmse", 0.5, 0.5001),
            row("c", "rmse", -0.0004, -0.0006),
        ]
    )
    first, second, third = cells(paper_ours_table(rows).markup)
    assert first == ["a", "–", "0.500", "–", "0.100", "–", "–"]
    assert second == ["b", "0.500", "0.500", "+0.000", "–", "–", "–"]
    assert third[1:3] == ["0.000", "−0.001"]  # zero has no sign


def test_a_pair_may_come_once():
    rows = pd.DataFrame([row("a", "rmse", 1, 2)] * 2)
    with pytest.raises(ValueError, match="a, rmse twice"):
        paper_ours_table(rows)
    with pytest.raises(ValueError, match="no column ours"):
        paper_ours_table(rows.drop(columns="ours"))


def test_results_table_sets_trivial_lines_apart():
    frame = pd.DataFrame(
        {"abs_rel": [0.44, 0.2], "seeds": [1, 5], "note": ["<b>", None]},
        index=["global_median", "l1"],
    )
    item = results_table(frame, trivial=1)
    assert cells(item.markup) == [
        ["global median", "0.440", "1", "&lt;b&gt;"],
        ["L1", "0.200", "5", "–"],
    ]
    assert item.markup.count("dl-trivial") == 1
    assert "0.44" in repr(item)


@pytest.mark.parametrize(
    ("verdict", "kind", "sign"),
    [
        ("supported", "supported", "✓"),
        ("contradicted", "contradicted", "✗"),
        ("inconclusive", "inconclusive", "?"),
        ("not testable here", "not", "–"),
        ("not_testable_here", "not", "–"),
    ],
)
def test_a_badge_has_colour_sign_and_word(verdict, kind, sign):
    markup = badge(verdict, "D3-C1")
    assert f"verdict-{kind}" in markup
    assert sign in markup and verdict.replace("_", " ") in markup
    assert "<b>D3-C1</b>" in markup


def test_other_verdicts_are_refused():
    with pytest.raises(ValueError, match="'maybe'"):
        badge("maybe")


def test_badges_and_card():
    line = verdict_badges({"A": "supported", "B": "inconclusive"})
    assert line.markup.count('class="verdict ') == 2
    assert repr(line) == "A: supported, B: inconclusive"
    card = chapter_card(
        "Is a < b?", paper="Paper", verdicts={"A": "supported"}, minutes=3.214
    )
    assert "Is a &lt; b?" in card.markup
    assert "<dt>minutes</dt><dd>3.21</dd>" in card.markup
    assert repr(card).endswith("A: supported\nminutes: 3.21")


def test_columns_of_sentences_are_wide_and_those_of_few_words_are_not():
    frame = pd.DataFrame(
        {"number": [1.0], "few": ["not run"], "many": ["a sentence " * 4]}
    )
    page = results_table(frame)._repr_html_()
    heads = re.findall(r'<th scope="col"([^>]*)>(\w+)</th>', page)
    assert [(name, kind.strip()) for kind, name in heads] == [
        ("number", ""),
        ("few", 'class="dl-words"'),
        ("many", 'class="dl-words dl-long"'),
    ]
    assert 'class="dl-table dl-prose"' in page
    assert "dl-prose" not in results_table(frame[["few"]])._repr_html_()
    # On a phone the heads are gone, and a cell says whose it is.
    assert '<td data-column="number">1.000</td>' in page


def test_a_verdict_in_a_table_is_a_badge():
    frame = pd.DataFrame({"verdict": ["supported", "not run yet"]})
    first, second = cells(results_table(frame).markup)
    assert first[1] == "✓ supported" and second[1] == "not run yet"


def test_counts_name_the_command_for_what_is_missing():
    counts = pd.DataFrame(
        {"planned": [3, 2], "made": [1, 2], "left out": 0, "collapsed": 0},
        index=["video-a", "video-b"],
    )
    item = counts_table(counts)
    assert cells(item.markup)[0] == ["video-a", "3", "1", "0", "0"]
    assert "depthlib reproduce video-a --profile study" in repr(item)
    assert "reproduce" not in repr(counts_table(counts.iloc[1:]))
