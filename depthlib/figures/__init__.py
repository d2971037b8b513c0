"""How things look: figures, tables, interactive figures, cards.

Chapters call `use_style` once, make figures with the functions here, and show
each with `figure(fig, alt=...)`, which puts the picture and its text
alternative into the page. Nothing here is imported before it is used.
"""

import importlib

_HOME = {
    "badge": "cards",
    "chapter_card": "cards",
    "verdict_badges": "cards",
    "point_cloud": "cloud",
    "convergence_plot": "convergence",
    "curve_plot": "curves",
    "compare": "depth",
    "contact_sheet": "depth",
    "show_depth": "depth",
    "show_errors": "depth",
    "changes_figure": "changes",
    "forest_plot": "forest",
    "figure": "page",
    "picture": "page",
    "scrub": "scrubber",
    "arm": "style",
    "canvas": "style",
    "metric_label": "style",
    "styled": "style",
    "use_style": "style",
    "counts_table": "tables",
    "paper_ours_table": "tables",
    "results_table": "tables",
    "verdict_table": "tables",
    "trace": "provenance",
}

__all__ = sorted(_HOME)


def __getattr__(name):
    if name in _HOME:
        home = importlib.import_module(f"{__name__}.{_HOME[name]}")
        return getattr(home, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
