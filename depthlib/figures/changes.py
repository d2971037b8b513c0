"""What arms change against their rivals: a figure on the page, and words."""

from depthlib.experiments.comparison import changes_of, moved, told
from depthlib.figures.forest import forest_plot
from depthlib.figures.page import figure, say
from depthlib.figures.provenance import trace


def changes_figure(pairs: dict, *metrics, of, alt, name, experiment=None):
    """Show how much arms change an error, each against a rival of its own.

    Below the figure stands what its intervals allow to say.

    Args:
        pairs: by label, the runs of an arm and of its rival, as
            `depthlib.experiments.comparison.changes_of` takes them.
        metrics: errors; ``abs_rel`` where none is named. Of several, each
            label says which.
        of: the axis: which error, relative to what.
        alt: text alternative. What changed is read out after it.
        name: of the figure.
        experiment: whose records are missing where there is nothing to
            compare; the name of the figure unless told.
    """
    found = {}
    for metric in metrics or ("abs_rel",):
        end = f", {metric}" if len(metrics) > 1 else ""
        here = changes_of(pairs, metric)
        found |= {f"{label}{end}": change for label, change in here.items()}
    if not found:
        print(
            f"There are no current records of {experiment or name} to compare."
        )
        return
    figure(
        forest_plot(found, xlabel=of, sides=("lower error", "higher error")),
        alt=f"{alt} {' '.join(told(found))}",
        name=name,
        caption="Left of zero: less error than what it is compared with. "
        "Squares: means with their 95 % interval, filled where it excludes "
        "zero; with few seeds rings, one a seed. "
        f"{trace(*(runs for pair in pairs.values() for runs in pair))}.",
    )
    say(*moved(found, "less error", "more error"))
