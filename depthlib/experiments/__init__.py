"""Grids, runs, records, statistics and verdicts.

A grid is a list of configs; ``run`` trains what has no record yet and
returns a table; ``verdicts.verdicts`` judges the papers' claims from the
records.
"""

from depthlib.experiments.adversarial_run import AdversarialRun
from depthlib.experiments.adversarial_study import ADVERSARIAL_STUDY
from depthlib.experiments.avcl_run import AVCLRun, WarpRun
from depthlib.experiments.config import RunConfig, VideoConfig, grid
from depthlib.experiments.crf_run import CRFRun, OracleRun
from depthlib.experiments.crf_study import CRF_STUDY
from depthlib.experiments.d3net_run import D3NetRun
from depthlib.experiments.densedepth_run import DenseDepthRun
from depthlib.experiments.evidence import evidence
from depthlib.experiments.fingerprint import fingerprint, is_current
from depthlib.experiments.loss_study import LOSS_STUDY
from depthlib.experiments.profiles import PROFILES, profile
from depthlib.experiments.records import frame, load
from depthlib.experiments.run import run
from depthlib.experiments.studies import STUDIES, remake
from depthlib.experiments.transfer_study import TRANSFER_STUDY
from depthlib.experiments.video_computed import (
    CorrelationTimeRun,
    MatchingRun,
    TriangulationRun,
)
from depthlib.experiments.video_run import SCGANRun
from depthlib.experiments.video_study import VIDEO_STUDY
from depthlib.experiments.viewpoint_study import VIEWPOINT_STUDY

__all__ = [
    "ADVERSARIAL_STUDY",
    "CRF_STUDY",
    "LOSS_STUDY",
    "PROFILES",
    "STUDIES",
    "TRANSFER_STUDY",
    "VIDEO_STUDY",
    "VIEWPOINT_STUDY",
    "AVCLRun",
    "AdversarialRun",
    "CRFRun",
    "CorrelationTimeRun",
    "D3NetRun",
    "DenseDepthRun",
    "MatchingRun",
    "OracleRun",
    "RunConfig",
    "SCGANRun",
    "TriangulationRun",
    "VideoConfig",
    "WarpRun",
    "evidence",
    "fingerprint",
    "frame",
    "grid",
    "is_current",
    "load",
    "profile",
    "remake",
    "run",
]
