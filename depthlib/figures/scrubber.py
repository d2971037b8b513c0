"""One helper for figures that move: sliders over pre-rendered frames.

`scrub` draws every combination of a few slider values and puts the frames
into the page together with a little script of our own. That works in the
rendered book, offline, on a phone, and in JupyterLab. With ``live=True`` the
same sliders become ipywidgets that call the same ``draw`` on a finer grid
while the kernel runs; without one they would be dead, so frames are the
default.
"""

import html
import io
import itertools
import json
from dataclasses import dataclass
from importlib.resources import files

from depthlib.figures.page import (
    Html,
    caption_html,
    check_alt,
    data_uri,
    encode,
    show,
)

FRAME_DPI = 110
FRAME_COLOURS = 64
MAX_BYTES = 400_000
FINE = 4


@dataclass(frozen=True)
class Scrubber:
    """A figure with sliders; make one with `scrub`.

    Attributes:
        draw: called with one value per axis; returns a matplotlib figure,
            a PIL image or PNG bytes, always of one size.
        axes: dict of name to the list of values that the book shows.
        start: dict of name to the value shown first.
        alt: text alternative, with ``{name}`` in place of values.
        labels: dict of name to the words beside its slider.
        caption: under the figure; back-ticks mark code.
    """

    draw: object
    axes: dict
    start: dict
    alt: str
    labels: dict
    caption: str | None = None

    def encoded(self, **values) -> tuple[bytes, str]:
        """The picture at these values: its bytes and their media type."""
        return encode(
            self.draw(**values), colours=FRAME_COLOURS, dpi=FRAME_DPI
        )

    def frame(self, **values) -> str:
        """The picture at these values as a ``data:`` address.

        Both forms, frames and live, show what this returns.
        """
        return data_uri(*self.encoded(**values))

    def frames(self, max_bytes: int = MAX_BYTES) -> list[str]:
        """All pictures as ``data:`` addresses, the last axis fastest.

        Raises:
            ValueError: together they are larger than ``max_bytes``, or they
                differ in size and the page would jump.
        """
        from PIL import Image

        frames, sizes = [], set()
        for values in itertools.product(*self.axes.values()):
            picture = self.encoded(**dict(zip(self.axes, values, strict=True)))
            frames.append(data_uri(*picture))
            sizes.add(Image.open(io.BytesIO(picture[0])).size)
            if sum(map(len, frames)) > max_bytes:
                raise ValueError(
                    f"{len(frames)} of {self.count} frames already take "
                    f"{max_bytes} bytes; give fewer values or draw smaller"
                )
        if len(sizes) > 1:
            raise ValueError(
                f"draw gave pictures of the sizes {sorted(sizes)}; use one "
                "size for all values"
            )
        return frames

    @property
    def count(self) -> int:
        """How many frames the book carries."""
        total = 1
        for values in self.axes.values():
            total *= len(values)
        return total

    def html(self, max_bytes: int = MAX_BYTES) -> Html:
        """The figure with its frames, sliders and script, for any page."""
        frames = self.frames(max_bytes)
        first = self._index(self.start)
        src, frames[first] = frames[first], None
        sizes = [len(values) for values in self.axes.values()]
        script = files("depthlib.figures").joinpath("assets/scrubber.js")
        data = json.dumps(
            {"frames": frames, "sizes": sizes, "alt": self.alt}
        ).replace("</", "<\\/")
        alt = self.alt.format(**_texts(self.start))
        markup = (
            '<figure class="dl-figure dl-scrub">'
            f'<img alt="{html.escape(alt)}" src="{src}">'
            f'<div class="dl-controls">{self._sliders()}</div>'
            f"{caption_html(self.caption)}"
            f'<script type="application/json">{data}</script></figure>'
            f"<script>{script.read_text(encoding='utf-8')}</script>"
        )
        text = f"[Interactive figure: {alt}]"
        return Html(markup, text + (f"\n{self.caption}" * bool(self.caption)))

    def live(self, fine: int = FINE):
        """ipywidgets sliders that draw while the kernel runs.

        Args:
            fine: steps between two values of the book; 1 keeps to them.

        Returns:
            The widget, with ``.sliders`` (dict) and ``.picture``.
        """
        import ipywidgets

        sliders = {}
        for name, values in self.axes.items():
            steps = finer(values, fine)
            sliders[name] = ipywidgets.SelectionSlider(
                options=[(text(v), v) for v in steps],
                value=self.start[name],
                description=self.labels[name],
                continuous_update=False,
                style={"description_width": "initial"},
            )
        picture = ipywidgets.HTML()

        def update(_=None):
            values = {name: s.value for name, s in sliders.items()}
            alt = html.escape(self.alt.format(**_texts(values)))
            picture.value = f'<img alt="{alt}" src="{self.frame(**values)}">'

        for slider in sliders.values():
            slider.observe(update, names="value")
        update()
        box = ipywidgets.VBox([picture, *sliders.values()])
        box.sliders, box.picture = sliders, picture
        return box

    def _sliders(self):
        """One labelled range input per axis, its value in words beside it."""
        rows = []
        for name, values in self.axes.items():
            words = html.escape(json.dumps([text(v) for v in values]))
            at = values.index(self.start[name])
            rows.append(
                f"<label><span>{html.escape(self.labels[name])}</span>"
                f'<input type="range" min="0" max="{len(values) - 1}" '
                f'value="{at}" step="1" data-name="{html.escape(name)}" '
                f'data-values="{words}" '
                f'aria-valuetext="{html.escape(text(values[at]))}">'
                f"<output>{html.escape(text(values[at]))}</output></label>"
            )
        return "".join(rows)

    def _index(self, values):
        """Place of a combination among the frames."""
        place = 0
        for name, options in self.axes.items():
            place = place * len(options) + options.index(values[name])
        return place


def scrub(
    draw,
    *,
    alt: str,
    labels=None,
    start=None,
    caption=None,
    live: bool = False,
    **axes,
) -> Scrubber:
    """Show a figure with one to three sliders, or live with up to six.

    Args:
        draw: ``draw(**values)`` with one value per axis returns a matplotlib
            figure (a PIL image and PNG bytes work too), always of one size.
        alt: text alternative; ``{name}`` stands for the value of an axis.
        labels: dict of axis name to the words beside its slider, with unit.
        start: dict of axis name to its first value; default: the middle one.
        caption: under the figure; back-ticks mark code.
        live: True shows ipywidgets that recompute on a finer grid, which
            needs a running kernel; False shows frames, which need nothing.
        **axes: name = list of values.

    Returns:
        The `Scrubber`, already shown.

    Raises:
        ValueError: no axis or too many, an axis with fewer than two
            values, a start that is not among them, an unknown name in
            ``alt``, pictures of several sizes, or too many bytes.
    """
    axes = {name: list(values) for name, values in axes.items()}
    most, words = (6, "six") if live else (3, "three")
    if not 1 <= len(axes) <= most:
        raise ValueError(f"scrub got {len(axes)} axes; give one to {words}")
    start = {n: v[len(v) // 2] for n, v in axes.items()} | (start or {})
    for name, value in start.items():
        if name not in axes or value not in axes[name]:
            raise ValueError(
                f"start has {name}={value!r}, which is not among the values "
                f"of the axes {', '.join(axes)}"
            )
    for name, values in axes.items():
        if len(values) < 2:
            raise ValueError(f"axis {name} has {len(values)} values; give two")
    labels = {name: name for name in axes} | (labels or {})
    alt = check_alt(alt)
    try:
        alt.format(**_texts(start))
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(
            f"alt is {alt!r}; in braces it takes only {', '.join(axes)}"
        ) from error
    scrubber = Scrubber(draw, axes, start, alt, labels, caption)
    show(scrubber.live() if live else scrubber.html())
    return scrubber


def text(value) -> str:
    """A slider value in words; three digits of a float."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def finer(values: list, fine: int = FINE) -> list:
    """The values with ``fine`` steps between neighbours, themselves kept.

    Floats that are all positive are refined by their ratio, other floats
    by their difference; integers and words stay as they are.
    """
    if fine < 2 or not all(isinstance(v, float) for v in values):
        return list(values)
    ratio = all(v > 0 for v in values)
    steps = []
    for a, b in itertools.pairwise(values):
        for i in range(fine):
            t = i / fine
            steps.append(a * (b / a) ** t if ratio else a + (b - a) * t)
    return [*steps, values[-1]]


def _texts(values):
    """Values as the words shown, for ``alt``."""
    return {name: text(value) for name, value in values.items()}
