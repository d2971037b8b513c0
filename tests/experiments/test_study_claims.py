"""The claims of the loss study fit the grids that the study runs."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from depthlib.experiments.loss_study import LOSS_STUDY
from depthlib.experiments.profiles import PROFILES
from depthlib.experiments.verdicts import verdicts
from depthlib.published import claims

METRICS = ("abs_rel", "rmse", "delta1", "edge_f1", "gradient_ratio")


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A record for every run of the study, with random scores."""
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))
    rng = np.random.default_rng(0)
    rows = []
    for grid in LOSS_STUDY.values():
        for config in grid(PROFILES["study"]):
            row = asdict(config)
            for name in (*METRICS, "residual_share"):
                row[name] = rng.uniform(0.3, 0.4)
            row["curve"] = {"samples": [1, 2], "rmse": [1.0, rng.uniform()]}
            row["trivial"] = {"global_median": {"abs_rel": 0.9}}
            rows.append(row)
    return pd.DataFrame(rows)


def test_every_claim_of_the_study_finds_its_arms(study):
    """No claim asks for an arm that the grids do not make."""
    table = verdicts([c.id for c in claims("losses")], records=study)
    ran = table[table["basis"] == "records"]
    assert len(ran) == 17
    few = ran["reason"].str.contains("shown as points")
    # L2, Huber and the threshold sweep have three seeds, by design.
    assert set(ran.loc[few, "claim"]) == {"D3-C8", "D3-C9", "D3-C18"}
    assert (ran.loc[few, "seeds"] == 3).all()
    assert (ran.loc[~few, "seeds"] == 5).all()
    assert ran.loc[~few, "low"].notna().all()


def test_experiments_are_those_of_the_study():
    """Claims name experiments that exist."""
    named = {c.experiment for c in claims("losses") if c.experiment}
    assert named <= set(LOSS_STUDY)
