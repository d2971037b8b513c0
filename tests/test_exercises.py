"""Exercise checks: open, right, wrong, and wrong in a known way."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from depthlib.exercises import OPEN, RIGHT, WRONG, check


@pytest.mark.parametrize("answer", [None, ..., [1, ...], {"a": None}])
def test_an_unfilled_cell_is_open_and_false(answer):
    found = check(answer, 3.0, name="Exercise 1")
    assert found.state == OPEN and not found
    assert "Exercise 1: not filled in yet." in repr(found)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (0.3, 0.1 + 0.2),
        (np.float32(2), 2),
        (torch.tensor([1.0, 2.0]), [1.0, 2.0]),
        ((1, 2), np.array([1, 2])),
        (" Median ", "median"),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}),
        (True, True),
        (float("nan"), float("nan")),
        (math.inf, math.inf),
    ],
)
def test_right(answer, expected):
    found = check(answer, expected)
    assert found, repr(found)
    assert found.state == RIGHT
    assert "dl-check-right" in found._repr_html_()


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        (0.31, 0.3, "0.31 is not the expected value"),
        ([1.0, 2.5], np.array([1.0, 2.0]), "largest difference is 0.5"),
        ([1, 2, 3], np.array([1, 2]), r"expected the shape \(2,\)"),
        ([1], [1, 2], "expected 2 values, got 1"),
        ({"a": 1}, {"b": 1}, "keys b"),
        ("mean", "median", "'mean' is not"),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0]), "not finite"),
        (object(), 1.0, "expected numbers, got object"),
        (-math.inf, math.inf, "-inf is not"),
    ],
)
def test_wrong_says_why(answer, expected, words):
    found = check(answer, expected, hint="think")
    assert found.state == WRONG and not found
    assert re.search(words, found.message), found.message
    assert found.message.endswith("Hint: think.")


def test_a_known_mistake_is_named():
    found = check(0.25, 0.5, mistakes={"you pooled the pixels": 0.25})
    assert found.state == WRONG
    assert found.message == "not quite: you pooled the pixels."


def test_a_mistake_that_is_right_is_the_exercise_s_fault():
    with pytest.raises(ValueError, match="is the right answer"):
        check(1, 2, mistakes={"off": 2.0})


def test_functions_are_compared_by_their_results():
    inputs = [(1.0, 2.0), (3.0, 1.0)]

    def expected(a, b):
        return abs(a - b)

    mistakes = {"you forgot the sign": lambda a, b: a - b}
    right = check(lambda a, b: max(a - b, b - a), expected, inputs=inputs)
    assert right
    wrong = check(
        lambda a, b: a - b, expected, inputs=inputs, mistakes=mistakes
    )
    assert wrong.message == "not quite: you forgot the sign."
    assert check(lambda a, b: ..., expected, inputs=inputs).state == OPEN
    assert check(..., expected, inputs=inputs).state == OPEN


def test_single_arguments_need_no_tuple():
    assert check(lambda x: x + x, lambda x: 2 * x, inputs=[1, 2.5])
    with pytest.raises(ValueError, match="inputs is empty"):
        check(abs, abs, inputs=[])


def test_a_function_that_raises_is_wrong_not_fatal():
    found = check(lambda x: 1 / 0, abs, inputs=[1])
    assert found.state == WRONG
    assert "raised ZeroDivisionError" in found.message


def test_text_is_escaped():
    assert "<b>" not in check("<b>", "x")._repr_html_()


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e-1))
def test_tolerance_is_relative_above_one(value, tolerance):
    step = tolerance * max(abs(value), 1.0)
    assert check(value + 0.9 * step, value, tolerance=tolerance)
    assert not check(value + 1.2 * step, value, tolerance=tolerance)
