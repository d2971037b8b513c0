"""Which records carry a figure."""

import sys
from dataclasses import replace

from depthlib.experiments import VIEWPOINT_STUDY, evidence, profile
from depthlib.experiments.records import plain, record_path, write_record


def keep(config, root):
    """A record of a run that was never made."""
    record = {
        "experiment": config.experiment,
        "profile": config.profile,
        "key": config.key,
        "config": plain(config),
        "metrics": {"image": {"delta1": 0.5}, "pixel": {}, "quality": {}},
    }
    write_record(record_path(config, root), record)


def test_runs_that_the_plan_does_not_ask_for_do_not_count(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))
    # By name: the function hides its module.
    module = sys.modules["depthlib.experiments.evidence"]
    monkeypatch.setattr(module, "is_current", lambda _: True)
    run = VIEWPOINT_STUDY["viewpoint-strategy"](profile("study"))[0]
    keep(run, tmp_path)
    keep(replace(run, lr=10 * run.lr), tmp_path)
    keep(replace(run, experiment="mine", lr=1.0), tmp_path)
    found = evidence("viewpoint-strategy", "mine")
    assert found["lr"].tolist() == [run.lr, 1.0]
    assert found.attrs["retired"] == 1
