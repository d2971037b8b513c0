"""Verdict badges and the card at the head of a chapter."""

import html

from depthlib.figures.page import Html

# An icon and a word stand beside the colour, for those who see none.
VERDICTS = {
    "supported": "✓",
    "contradicted": "✗",
    "inconclusive": "?",
    "not testable here": "–",
}


def badge(verdict: str, claim: str = "") -> str:
    """A verdict as an HTML badge, optionally with the claim's name.

    Args:
        verdict: "supported", "contradicted", "inconclusive" or "not
            testable here".
        claim: identifier such as ``D3-C1``, shown before the verdict.

    Raises:
        ValueError: another verdict.
    """
    word = str(verdict).replace("_", " ").lower()
    if word not in VERDICTS:
        raise ValueError(
            f"verdict is {verdict!r}; choose one of {', '.join(VERDICTS)}"
        )
    kind = word.split()[0]
    name = f"<b>{html.escape(claim)}</b> " if claim else ""
    return (
        f'<span class="verdict verdict-{kind}">{name}'
        f'<span aria-hidden="true">{VERDICTS[word]}</span> {word}</span>'
    )


def verdict_badges(verdicts) -> Html:
    """A line of badges from a dict of claim to verdict."""
    line = " ".join(badge(word, claim) for claim, word in verdicts.items())
    text = ", ".join(f"{claim}: {word}" for claim, word in verdicts.items())
    return Html(f'<p class="dl-badges">{line}</p>', text)


def chapter_card(question: str, *, paper=None, verdicts=None, **facts) -> Html:
    """The card at the head of a chapter.

    Args:
        question: what the chapter asks, one sentence.
        paper: the paper, in words.
        verdicts: dict of claim to verdict, drawn as badges.
        **facts: short facts in the order given, such as ``profile="study"``,
            ``device="cpu"``, ``minutes=3.2``; underscores become spaces.

    Returns:
        The HTML.
    """
    lines = [f'<p class="dl-question">{html.escape(question)}</p>']
    text = [question]
    if paper:
        lines.insert(0, f'<p class="dl-paper">{html.escape(paper)}</p>')
        text.insert(0, paper)
    if verdicts:
        badges = verdict_badges(verdicts)
        lines.append(badges.markup)
        text.append(badges.text)
    if facts:
        pairs = [(k.replace("_", " "), _fact(v)) for k, v in facts.items()]
        items = "".join(
            f"<div><dt>{html.escape(name)}</dt>"
            f"<dd>{html.escape(value)}</dd></div>"
            for name, value in pairs
        )
        lines.append(f"<dl>{items}</dl>")
        text += [f"{name}: {value}" for name, value in pairs]
    markup = f'<aside class="chapter-card">{"".join(lines)}</aside>'
    return Html(markup, "\n".join(text))


def _fact(value):
    """A number in three digits, anything else as it is."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
