"""Putting things on a page: figures with alt text, computed sentences.

`figure` is the one way chapters show figures. It writes real HTML, so that
the text alternative is in the page, and a plain sentence for terminals.
"""

import base64
import html
import io
import re

from depthlib.figures.style import DPI


class Words:
    """Sentences in Markdown, which are readable as they stand."""

    def __init__(self, text: str):
        self.text = text

    def _repr_markdown_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


class Html:
    """HTML for a notebook, with a plain-text form for everything else."""

    def __init__(self, markup: str, text: str):
        self.markup = markup
        self.text = text

    def _repr_html_(self) -> str:
        return self.markup

    def __repr__(self) -> str:
        return self.text


def encode(fig, colours: int = 256, dpi: int = DPI) -> tuple[bytes, str]:
    """Picture bytes of a figure and their media type.

    Charts and depth maps become 8-bit PNG without dithering (mean error
    below one grey level); pictures with photographs, which a palette would
    coarsen, become WebP.

    Args:
        fig: a matplotlib figure, a PIL image, or encoded PNG bytes.
        colours: size of the palette, at most 256.
        dpi: pixels per inch of a matplotlib figure.

    Raises:
        ValueError: ``fig`` is none of these.
    """
    import numpy as np
    from PIL import Image

    picture = _pixels(fig, dpi)
    small = picture.quantize(
        colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    change = np.asarray(small.convert("RGB")).astype(np.int16)
    change = np.abs(change - np.asarray(picture)).mean()
    limit = 256 / colours  # a smaller palette is a wish for smaller files
    stored = io.BytesIO()
    if change <= limit:
        small.save(stored, format="PNG", optimize=True)
        return stored.getvalue(), "image/png"
    picture.save(stored, format="WEBP", quality=92, method=4)
    return stored.getvalue(), "image/webp"


def _pixels(fig, dpi):
    """A figure, image or PNG as an RGB PIL image."""
    from PIL import Image

    if isinstance(fig, bytes):
        return Image.open(io.BytesIO(fig)).convert("RGB")
    if isinstance(fig, Image.Image):
        return fig.convert("RGB")
    if not hasattr(fig, "savefig"):
        raise ValueError(
            f"figure is a {type(fig).__name__}; give a matplotlib figure, "
            "a PIL image or PNG bytes"
        )
    stored = io.BytesIO()
    fig.savefig(stored, format="png", dpi=dpi)
    return Image.open(stored).convert("RGB")


def data_uri(content: bytes, media: str) -> str:
    """Bytes as a ``data:`` address, so that no file lies beside the page."""
    return f"data:{media};base64,{base64.b64encode(content).decode('ascii')}"


def caption_html(caption: str | None) -> str:
    """A caption with `code` between back-ticks; all else is escaped."""
    if not caption:
        return ""
    text = html.escape(caption, quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return f"<figcaption>{text}</figcaption>"


def check_alt(alt: str) -> str:
    """The text alternative, or a ValueError where it says nothing."""
    if not isinstance(alt, str) or len(alt.split()) < 3:
        raise ValueError(
            f"alt is {alt!r}; describe in a sentence what the figure shows"
        )
    return " ".join(alt.split())


def picture(fig, alt: str, caption=None, name=None) -> Html:
    """A figure as ``<figure><img alt=...>`` with everything inlined.

    Args:
        fig: a matplotlib figure, a PIL image, or PNG bytes.
        alt: what the figure shows, a sentence for those who cannot see it.
        caption: printed under the figure; back-ticks mark code.
        name: anchor; ``fig-NAME`` becomes the id that links can point at.

    Raises:
        ValueError: ``alt`` says nothing.
    """
    alt = check_alt(alt)
    image = _pixels(fig, DPI)
    content, media = encode(image)
    anchor = f' id="fig-{html.escape(name)}"' if name else ""
    markup = (
        f'<figure class="dl-figure"{anchor}>'
        f'<img alt="{html.escape(alt)}" width="{image.width}" '
        f'height="{image.height}" src="{data_uri(content, media)}">'
        f"{caption_html(caption)}</figure>"
    )
    text = f"[Figure: {alt}]" + (f"\n{caption}" if caption else "")
    return Html(markup, text)


def figure(fig, alt: str, caption=None, name=None) -> None:
    """Show a figure here: inlined picture, alt text, caption.

    In a notebook the picture appears under the cell; in a terminal its text
    alternative is printed. Arguments are those of `picture`, which returns
    the HTML in place of showing it.
    """
    show(picture(fig, alt, caption, name))
    if hasattr(fig, "savefig"):
        _close(fig)


def say(*lines: str) -> None:
    """Show sentences whose numbers were computed; several make a list.

    Args:
        lines: in Markdown; without any, nothing is shown.
    """
    mark = "- " if len(lines) > 1 else ""
    if lines:
        show(Words("\n".join(mark + line for line in lines)))


def show(item) -> None:
    """Display an object in a notebook, print its text elsewhere."""
    try:
        from IPython import get_ipython
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        print(repr(item))
        return
    from IPython.display import display

    display(item)


def _close(fig) -> None:
    """Take a pyplot figure from pyplot, else the notebook shows it twice."""
    import sys

    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close(fig)
