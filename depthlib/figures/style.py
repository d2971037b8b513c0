"""One look for all figures: sizes, colours, names of losses and metrics.

Figures are drawn 5.6 inches wide with 11-point type, so that a figure shrunk
to a phone's 350 points still has letters of about 9 points. They keep a white
background in the dark theme too: colours mean depth and error here, and a
colour must look the same to every reader.
"""

from dataclasses import dataclass

WIDTH = 5.6
DPI = 140
# As statistics.MIN_SEEDS: fewer are shown as points, never as a range.
SEEDS_FOR_INTERVAL = 5
INK = "#222222"
FAINT = "#8a8a8a"

STYLE = {
    "figure.facecolor": "white",
    "figure.figsize": (WIDTH, 3.5),
    "figure.dpi": DPI,
    "savefig.facecolor": "white",
    "savefig.dpi": DPI,
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "figure.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.facecolor": "white",
    "axes.edgecolor": "#666666",
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.0,
    "lines.markersize": 6,
    "legend.frameon": False,
    "image.interpolation": "nearest",
    "image.cmap": "magma_r",
    "mathtext.fontset": "dejavusans",
}


@dataclass(frozen=True)
class Arm:
    """How one arm of a comparison is drawn, everywhere.

    Attributes:
        label: the name a reader sees.
        colour: hexadecimal, at least 3:1 against white.
        marker: matplotlib marker, so that colour is never the only sign.
    """

    label: str
    colour: str
    marker: str


# Chosen by search: for normal, protan, deutan and tritan vision any two of
# the eight differ by at least 20 CIELAB units (tests/figures/test_style.py).
LOSSES = {
    "l1": Arm("L1", "#00578f", "o"),
    "l2": Arm("L2", "#b8381a", "s"),
    "berhu": Arm("berHu", "#0aa35e", "^"),
    "huber": Arm("Huber", "#6786ff", "v"),
    "scale_invariant": Arm("eigen (scale-invariant)", "#8c3f5e", "D"),
    "eigen_grad": Arm("eigen + gradients", "#b09000", "P"),
    "log_mse": Arm("log MSE", "#8c93a0", "X"),
    "lsgan": Arm("LSGAN + L1", "#111111", "*"),
}

_NAMED = {
    "densedepth": Arm("DenseDepth", "#111111", "h"),
    "huber_true": Arm("Huber (unscaled)", "#6786ff", "<"),
    "gradient_loss": Arm("gradients only", "#b09000", ">"),
    "log_l1": Arm("L1 of logarithms", "#8c93a0", "p"),
    "relative_l1": Arm("relative L1", "#8c3f5e", "d"),
    "dorn": Arm("DORN (ordinal)", "#111111", "*"),
    "global_median": Arm("global median", "#777777", "_"),
    "pixel_median": Arm("per-pixel median", "#777777", "|"),
    "patch": Arm("patch discriminator", "#111111", "*"),
    "image": Arm("whole-image discriminator", "#b8381a", "s"),
    "densenet121": Arm("DenseNet-121", "#00578f", "o"),
    "resnet50": Arm("ResNet-50", "#b8381a", "s"),
    "single": Arm("one phase", "#111111", "*"),
    "two": Arm("L1 first, then LSGAN", "#0aa35e", "^"),
}

# Names on axes where they differ from the names in code.
NAMES = {
    "sq_rel": "sq_rel (m)",
    "rmse": "rmse (m)",
    "ssim": "SSIM",
    "mssim": "mSSIM",
    "edge_f1": "edge F1",
    "normal_error": "normal error (°)",
    "gradient_ratio": "gradient ratio",
}
ARROWS = {"lower": "↓", "higher": "↑", "one": "→ 1", "": ""}


def use_style() -> None:
    """Give every later matplotlib figure the book's look."""
    import matplotlib

    matplotlib.rcParams.update(STYLE)


def styled():
    """Context manager: the book's look inside it, nothing changed after."""
    import matplotlib

    return matplotlib.rc_context(STYLE)


def arm(name, index: int = 0) -> Arm:
    """The look of an arm; unknown names take the ``index``-th loss colour.

    Args:
        name: a loss, a trivial predictor, an encoder, or any other value,
            which is then its own label.
        index: place of an unknown name among its peers.
    """
    if name in LOSSES:
        return LOSSES[name]
    if name in _NAMED:
        return _NAMED[name]
    look = list(LOSSES.values())[index % len(LOSSES)]
    return Arm(str(name), look.colour, look.marker)


def direction(metric: str) -> str:
    """ "lower" or "higher" is better, "one" for a ratio, "" if unknown."""
    from depthlib.metrics import DIRECTIONS, QUALITY_DIRECTIONS

    known = DIRECTIONS | QUALITY_DIRECTIONS | {"gradient_ratio": "one"}
    return known.get(metric.removeprefix("pixel_"), "")


def metric_label(metric: str, arrow: bool = True) -> str:
    """A metric's name for an axis, its unit, and which way is better."""
    name = metric.removeprefix("pixel_")
    label = NAMES.get(name, name)
    if name != metric:
        label = f"{label}, pooled"
    return f"{label} {ARROWS[direction(metric)]}".strip() if arrow else label


def canvas(
    rows: int = 1,
    columns: int = 1,
    *,
    width: float = WIDTH,
    height: float | None = None,
    **options,
):
    """A styled figure that no notebook back end shows by itself.

    Args:
        rows, columns: panels.
        width, height: inches; the default height suits one row of axes.
        **options: for ``Figure.subplots``, such as ``sharey=True``.

    Returns:
        The figure and its axes (one Axes, or an array of them).
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = height or 3.4 * rows
    with styled():
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, **options)
    return figure, axes
