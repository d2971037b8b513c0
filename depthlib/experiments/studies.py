"""The studies of the book: their experiments and the kinds of their runs."""

from depthlib.experiments.config import RunConfig
from depthlib.experiments.d3net_run import D3NetRun
from depthlib.experiments.densedepth_run import DenseDepthRun
from depthlib.experiments.loss_study import LOSS_STUDY
from depthlib.experiments.transfer_study import TRANSFER_STUDY

# Name of an experiment -> function of a profile that returns its grid.
STUDIES = {**LOSS_STUDY, **TRANSFER_STUDY}
KINDS = {kind.__name__: kind for kind in (D3NetRun, DenseDepthRun)}


def config_of(record: dict) -> RunConfig:
    """The config of a record, as an object of its kind of run.

    Records from before there were several kinds are those of D3-Net.

    Raises:
        TypeError: it has a field that today's code does not know.
    """
    kind = KINDS[record.get("kind", D3NetRun.__name__)]
    return kind.from_plain(record["config"])
