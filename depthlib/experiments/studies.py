"""The studies of the book: their experiments and the kinds of their runs."""

from depthlib.experiments import loss_study, transfer_study
from depthlib.experiments.adversarial_run import AdversarialRun, CropRun
from depthlib.experiments.adversarial_study import ADVERSARIAL_STUDY
from depthlib.experiments.avcl_run import AVCLRun, AVCLVideoRun, WarpRun
from depthlib.experiments.computed_run import HessianRun
from depthlib.experiments.config import RunConfig
from depthlib.experiments.crf_run import CRFRun, OracleRun
from depthlib.experiments.crf_study import CRF_STUDY
from depthlib.experiments.d3net_run import D3NetRun
from depthlib.experiments.densedepth_run import DenseDepthRun
from depthlib.experiments.guess_run import GUESS_STUDY, GuessRun
from depthlib.experiments.loss_study import LOSS_STUDY
from depthlib.experiments.profiles import profile as by_name
from depthlib.experiments.setup import DRAWN, REAL, depth_range
from depthlib.experiments.step_time import StepTimeRun
from depthlib.experiments.transfer_study import TRANSFER_STUDY
from depthlib.experiments.video_computed import (
    CorrelationTimeRun,
    MatchingRun,
    TriangulationRun,
)
from depthlib.experiments.video_run import SCGANRun
from depthlib.experiments.video_study import VIDEO_STUDY
from depthlib.experiments.viewpoint_study import VIEWPOINT_STUDY


def joined(*studies: dict) -> dict:
    """Experiments by name; those that studies share have the runs of all."""
    grids = {}
    for study in studies:
        for name, make in study.items():
            grids.setdefault(name, []).append(make)

    def all_of(makers):
        return lambda p: [run for make in makers for run in make(p)]

    return {name: all_of(makers) for name, makers in grids.items()}


LABELLED = {"n_train": 795, "n_test": 654}  # pairs of NYU Depth v2

# Name of an experiment -> function of a profile that returns its grid.
STUDIES = joined(
    GUESS_STUDY,
    LOSS_STUDY,
    TRANSFER_STUDY,
    ADVERSARIAL_STUDY,
    CRF_STUDY,
    VIEWPOINT_STUDY,
    VIDEO_STUDY,
)
KINDS = {
    kind.__name__: kind
    for kind in (
        D3NetRun,
        DenseDepthRun,
        AdversarialRun,
        CropRun,
        GuessRun,
        HessianRun,
        CRFRun,
        OracleRun,
        AVCLRun,
        AVCLVideoRun,
        WarpRun,
        SCGANRun,
        MatchingRun,
        CorrelationTimeRun,
        StepTimeRun,
        TriangulationRun,
    )
}


def config_of(record: dict) -> RunConfig:
    """The config of a record, as an object of its kind of run.

    Records from before there were several kinds are those of D3-Net.

    Raises:
        TypeError: it has a field that today's code does not know.
    """
    kind = KINDS[record.get("kind", D3NetRun.__name__)]
    return kind.from_plain(record["config"])


def single_run(model: str, profile: str, **changes) -> RunConfig:
    """One run outside any study, at the scale of a profile.

    Args:
        model: ``"d3net"`` or ``"densedepth"``.
        profile: name of the profile.
        changes: fields of the config; all pairs of NYU Depth v2 unless told
            otherwise.

    Raises:
        ValueError: an unknown name, or data too far away for the model.
    """
    p = by_name(profile)
    if changes.get("data") == "nyu":
        changes = LABELLED | changes
    if model == "densedepth":
        usual = {"elsewhere": ()}
        return transfer_study.config(p, "train", **(usual | changes))
    if model != "d3net":
        raise ValueError(f"model is {model!r}; choose d3net or densedepth")
    config = loss_study.config(p, "train", **changes)
    far = depth_range(config.data) != depth_range("rooms")
    if far and config.data in (*DRAWN, *REAL):
        raise ValueError(
            f"d3net answers with at most 10 m, too near for {config.data}; "
            "take densedepth"
        )
    return config


def remake(study: dict, p, *names: str, workers: int = 2) -> dict:
    """Train what a chapter's experiments lack at a profile.

    At the profiles whose records are evidence the whole study; at the small
    ones the experiments that are named, so that a reader's own run stays
    within minutes. An experiment on a real data set that is not here is
    skipped, with a sentence.

    Args:
        study: such as ``LOSS_STUDY``.
        p: the profile.
        names: experiments for the small profiles.
        workers: processes at a time.

    Returns:
        The table of each experiment by its name.
    """
    from depthlib.data import DataError
    from depthlib.experiments.records import KEPT
    from depthlib.experiments.run import run
    from depthlib.experiments.setup import require_data

    tables = {}
    for name in study if p.name in KEPT else names:
        grid = study[name](p)
        try:
            for config in grid:
                require_data(config)
        except DataError as error:
            print(f"{name} is skipped: {error}")
            continue
        tables[name] = run(grid, workers=workers)
    return tables
