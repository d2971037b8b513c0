"""What reaches the page: picture bytes, alt text, caption."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from depthlib.figures import canvas, picture
from depthlib.figures.page import encode, figure, say, show

ALT = "A line that rises from left to right."


@pytest.fixture(scope="module")
def chart():
    fig, axis = canvas()
    axis.plot([0, 1], [0, 1])
    return fig


def test_alt_text_and_caption_are_in_the_markup(chart):
    item = picture(chart, ALT, 'From `a < b` & "c".', name="line")
    tag = re.search(r"<img [^>]*>", item.markup).group()
    assert f'alt="{ALT}"' in tag
    assert 'src="data:image/png;base64,' in tag
    assert 'id="fig-line"' in item.markup
    assert '<code>a &lt; b</code> &amp; "c"' in item.markup
    assert ALT in repr(item)


def test_alt_text_is_escaped(chart):
    item = picture(chart, 'a "quoted" <b> alt')
    assert 'alt="a &quot;quoted&quot; &lt;b&gt; alt"' in item.markup


@pytest.mark.parametrize("alt", ["", "plot", "a plot", None])
def test_alt_that_says_nothing_is_refused(chart, alt):
    with pytest.raises(ValueError, match="alt is"):
        picture(chart, alt)


def test_charts_become_small_png_with_true_colours(chart):
    content, media = encode(chart)
    assert media == "image/png"
    assert len(content) < 40_000
    stored = io.BytesIO()
    chart.savefig(stored, format="png", dpi=140)
    drawn = np.asarray(Image.open(stored).convert("RGB"), dtype=int)
    kept = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    assert np.abs(kept - drawn).mean() < 1


def test_photographs_are_not_coarsened_to_a_palette():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    photo = Image.fromarray(pixels).resize((640, 480), Image.BICUBIC)
    content, media = encode(photo)
    assert media == "image/webp"
    kept = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    assert np.abs(kept.astype(int) - np.asarray(photo)).mean() < 8


def test_other_things_are_refused():
    with pytest.raises(ValueError, match="figure is a dict"):
        encode({})


def test_outside_a_notebook_the_alternative_is_printed(chart, capsys):
    figure(chart, ALT, "By hand.")
    assert capsys.readouterr().out == f"[Figure: {ALT}]\nBy hand.\n"


def test_inside_a_notebook_html_is_displayed(chart, monkeypatch):
    import IPython
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", shown.append)
    show(picture(chart, ALT))
    assert "<figure" in shown[0]._repr_html_()


def test_a_pyplot_figure_is_not_shown_twice():
    import matplotlib.pyplot as plt

    fig = plt.figure()
    figure(fig, ALT)
    assert not plt.fignum_exists(fig.number)


def test_one_sentence_is_plain_and_several_are_a_list(capsys):
    say()
    assert capsys.readouterr().out == ""
    say("One *word*.")
    assert capsys.readouterr().out == "One *word*.\n"
    say("One.", "Two.")
    assert capsys.readouterr().out == "- One.\n- Two.\n"


def test_a_notebook_gets_sentences_as_markdown(monkeypatch):
    from IPython.core.formatters import DisplayFormatter

    seen = []
    monkeypatch.setattr("IPython.get_ipython", lambda: object())
    monkeypatch.setattr("IPython.display.display", seen.append)
    say("One *word*.")
    (data, _) = DisplayFormatter().format(seen[0])
    assert data["text/markdown"] == "One *word*."
