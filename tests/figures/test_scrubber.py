"""Sliders: the book's frames and the live control show the same pictures."""

import html
import itertools
import json
import re

import pytest
from PIL import Image

from depthlib.figures import canvas, scrub
from depthlib.figures.scrubber import Scrubber, finer, text

AXES = {"c": [0.1, 0.2, 0.4], "kind": ["berhu", "huber"]}
ALT = "The loss {kind} at threshold {c} m."


def draw(c, kind):
    fig, axis = canvas(width=3, height=2)
    axis.plot([0, 1], [c, 1 if kind == "berhu" else 0])
    axis.set_ylim(0, 1)
    return fig


@pytest.fixture(scope="module")
def scrubber():
    return Scrubber(
        draw,
        AXES,
        {"c": 0.2, "kind": "huber"},
        ALT,
        {"c": "threshold c (m)", "kind": "loss"},
        "Drag.",
    )


@pytest.fixture(scope="module")
def markup(scrubber):
    return scrubber.html().markup


def frames_of(markup):
    data = json.loads(
        re.search(r'<script type="application/json">(.*?)</script>', markup)[1]
    )
    shown = re.search(r'<img [^>]*src="([^"]+)"', markup)[1]
    frames = [shown if f is None else f for f in data["frames"]]
    return frames, data, shown


def test_live_output_equals_the_frames(scrubber, markup):
    frames, data, _ = frames_of(markup)
    assert data["sizes"] == [3, 2]
    live = scrubber.live()
    for i, values in enumerate(itertools.product(*AXES.values())):
        for name, value in zip(AXES, values, strict=True):
            live.sliders[name].value = value
        source = re.search(r'src="([^"]+)"', live.picture.value)[1]
        assert source == frames[i]
        c, kind = values
        assert f"The loss {kind} at threshold {c} m." in live.picture.value


def test_frames_are_all_different(markup):
    frames, _, _ = frames_of(markup)
    assert len(set(frames)) == 6


def test_the_start_is_shown_first(scrubber, markup):
    _, data, shown = frames_of(markup)
    assert shown == scrubber.frame(c=0.2, kind="huber")
    assert data["frames"].index(None) == 3
    assert "The loss huber at threshold 0.2 m." in markup


def test_sliders_are_labelled(markup):
    inputs = re.findall(r'<input type="range"[^>]*>', markup)
    assert len(inputs) == 2
    assert 'max="2"' in inputs[0] and 'value="1"' in inputs[0]
    assert 'aria-valuetext="0.2"' in inputs[0]
    words = re.search(r'data-values="([^"]*)"', inputs[1])[1]
    assert json.loads(html.unescape(words)) == ["berhu", "huber"]
    labels = re.findall(r"<label><span>(.*?)</span>", markup)
    assert labels == ["threshold c (m)", "loss"]
    assert "<figcaption>Drag.</figcaption>" in markup


def test_nothing_comes_from_outside(markup):
    assert not re.search(r"https?://", markup)
    assert markup.count("<script>") == 1


def test_live_is_finer_and_keeps_the_values(scrubber):
    options = [v for _, v in scrubber.live(fine=4).sliders["c"].options]
    assert len(options) == 9
    assert set(AXES["c"]) <= set(options)
    words = [v for _, v in scrubber.live().sliders["kind"].options]
    assert words == AXES["kind"]


def test_finer_steps():
    assert finer([1.0, 4.0], 2) == pytest.approx([1, 2, 4])
    assert finer([0.0, 1.0], 2) == pytest.approx([0, 0.5, 1])
    assert finer([1, 2], 4) == [1, 2]
    assert text(0.12345) == "0.123" and text(3) == "3"


def test_too_many_bytes(scrubber):
    with pytest.raises(ValueError, match=r"1 of 6 frames already take 100"):
        scrubber.html(max_bytes=100)


def test_scrub_shows_and_returns(capsys):
    made = scrub(lambda c: draw(c, "huber"), alt="At {c} metres.", c=[0.1, 1])
    assert made.count == 2
    printed = capsys.readouterr().out
    assert printed == "[Interactive figure: At 1 metres.]\n"


def test_live_takes_six_axes_and_frames_three():
    six = {name: [0.0, 1.0] for name in "abcdef"}

    def plain(**values):
        return Image.new("RGB", (10, 10))

    made = scrub(plain, alt="A box in one colour.", live=True, **six)
    assert set(made.live().sliders) == set("abcdef")
    with pytest.raises(ValueError, match="give one to three"):
        scrub(plain, alt="A box in one colour.", **six)
    with pytest.raises(ValueError, match="got 7 axes; give one to six"):
        scrub(plain, alt="A box.", live=True, g=[1, 2], **six)


def test_pictures_of_one_size_only():
    def grow(n):
        return Image.new("RGB", (10 * n, 10))

    with pytest.raises(ValueError, match="of the sizes"):
        scrub(grow, alt="A growing box.", n=[1, 2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "got 0 axes"),
        ({"a": [1, 2], "b": [1, 2], "c": [1, 2], "d": [1, 2]}, "got 4 axes"),
        ({"a": [1]}, "axis a has 1 values"),
        ({"a": [1, 2], "start": {"a": 3}}, "start has a=3"),
        ({"a": [1, 2], "alt": "What is {b} here?"}, "takes only a"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        scrub(draw, **({"alt": "A line of text."} | options))
