"""Checking a reader's answer to an exercise, kindly and without raising.

A cell that is not filled in yet (``...`` or None) runs through, so that a
chapter can be executed from top to bottom; the check then says that the
exercise waits.
"""

import html
import math
from dataclasses import dataclass

import numpy as np

OPEN, RIGHT, WRONG = "open", "right", "wrong"
_SIGN = {OPEN: "…", RIGHT: "✓", WRONG: "✗"}


@dataclass(frozen=True)
class Answer:
    """What a check found; true exactly when the answer is right.

    Attributes:
        state: "open" (not filled in), "right" or "wrong".
        message: a sentence for the reader.
    """

    state: str
    message: str

    def __bool__(self) -> bool:
        return self.state == RIGHT

    def __repr__(self) -> str:
        return f"{_SIGN[self.state]} {self.message}"

    def _repr_html_(self) -> str:
        return (
            f'<p class="dl-check dl-check-{self.state}" role="status">'
            f"{html.escape(repr(self))}</p>"
        )


def check(
    answer,
    expected,
    *,
    tolerance: float = 1e-6,
    hint: str | None = None,
    mistakes: dict | None = None,
    inputs=None,
    name: str = "",
) -> Answer:
    """Compare an answer with the expected one.

    Args:
        answer: number, text, bool, array, tensor, or a list, tuple or dict
            of these; or a function, see ``inputs``. ``...`` and None count
            as not filled in.
        expected: the right answer, of the same kind.
        tolerance: relative error allowed, and absolute error below 1.
        hint: said after a wrong answer.
        mistakes: dict of explanation to the wrong answer that it explains;
            an answer that equals one is told so.
        inputs: list of argument tuples; then ``answer``, ``expected`` and
            the values of ``mistakes`` are functions, and their results are
            compared. A function that returns ``...`` or None is not filled
            in; one that raises is wrong, and the message says so.
        name: said first, such as "Exercise 2".

    Returns:
        An `Answer`: true when right; the last line of a cell shows it.

    Raises:
        ValueError: a mistake equals the right answer, or ``inputs`` is
            empty: the exercise itself is at fault.
    """
    mistakes = mistakes or {}
    if inputs is not None:
        inputs = [i if isinstance(i, tuple) else (i,) for i in inputs]
        if not inputs:
            raise ValueError("inputs is empty; give at least one argument")
        expected = [expected(*arguments) for arguments in inputs]
        mistakes = {
            words: [wrong(*arguments) for arguments in inputs]
            for words, wrong in mistakes.items()
        }
    for words, wrong in mistakes.items():
        if difference(wrong, expected, tolerance) is None:
            raise ValueError(f"the mistake {words!r} is the right answer")
    if inputs is not None and callable(answer):
        try:
            answer = [answer(*arguments) for arguments in inputs]
        except Exception as error:
            kind = type(error).__name__
            return _say(WRONG, name, f"your function raised {kind}: {error}")
    return _judge(answer, expected, tolerance, hint, mistakes, name)


def _judge(answer, expected, tolerance, hint, mistakes, name):
    """Open, right, a known mistake, or wrong for a stated reason."""
    if _unfilled(answer):
        return _say(OPEN, name, "not filled in yet")
    reason = difference(answer, expected, tolerance)
    if reason is None:
        return _say(RIGHT, name, "right")
    for words, wrong in mistakes.items():
        if difference(answer, wrong, tolerance) is None:
            return _say(WRONG, name, f"not quite: {words}")
    return _say(WRONG, name, reason + (f". Hint: {hint}" if hint else ""))


def _unfilled(answer):
    """True for ``...`` and None, alone or inside a list, tuple or dict."""
    if answer is None or answer is Ellipsis:
        return True
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list | tuple):
        return any(_unfilled(part) for part in answer)
    return False


def difference(answer, expected, tolerance: float) -> str | None:
    """What separates two answers, in words; None where nothing does."""
    if isinstance(expected, dict):
        if not isinstance(answer, dict) or set(answer) != set(expected):
            return f"expected a dict with the keys {', '.join(expected)}"
        pairs = [(answer[key], expected[key]) for key in expected]
        return _first(pairs, tolerance)
    if isinstance(expected, str) or isinstance(answer, str):
        same = str(answer).strip().lower() == str(expected).strip().lower()
        return None if same else f"{answer!r} is not the expected answer"
    if isinstance(expected, list | tuple):
        if not isinstance(answer, list | tuple):
            answer = list(_array(answer)) if np.ndim(answer) else [answer]
        if len(answer) != len(expected):
            return f"expected {len(expected)} values, got {len(answer)}"
        return _first(zip(answer, expected, strict=True), tolerance)
    return _numbers(answer, expected, tolerance)


def _first(pairs, tolerance):
    """The first difference among pairs."""
    found = (difference(a, b, tolerance) for a, b in pairs)
    return next((reason for reason in found if reason), None)


def _numbers(answer, expected, tolerance):
    """Numbers, arrays and tensors: shape first, then values."""
    try:
        answer = _array(answer)
    except (TypeError, ValueError):
        return f"expected numbers, got {type(answer).__name__}"
    expected = _array(expected)
    if answer.shape != expected.shape:
        return f"expected the shape {expected.shape}, got {answer.shape}"
    with np.errstate(invalid="ignore"):
        error = np.abs(answer - expected)
    allowed = tolerance * np.maximum(np.abs(expected), 1.0)
    equal = (answer == expected) | (np.isnan(answer) & np.isnan(expected))
    if np.all(equal | (np.isfinite(expected) & (error <= allowed))):
        return None
    if answer.ndim == 0:
        return f"{float(answer):.6g} is not the expected value"
    worst = float(np.max(np.where(equal, 0.0, error)))
    worst = "not finite" if math.isnan(worst) else f"{worst:.3g}"
    return f"the values differ; the largest difference is {worst}"


def _array(values):
    """Any numbers as float64."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.asarray(values, dtype=np.float64)


def _say(state, name, message):
    """A sentence that starts with the exercise's name."""
    start = f"{name}: " if name else ""
    return Answer(state, f"{start}{message}.")
