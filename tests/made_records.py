"""Claims and records made for tests of the rule."""

import numpy as np
import pandas as pd

from depthlib.experiments.verdicts import verdicts
from depthlib.published import Claim

TRIVIAL = {"global_median": {"abs_rel": 0.6}, "pixel_median": {"abs_rel": 0.5}}
NOISE = np.array([-0.2, 0.1, 0.0, 0.3, -0.2])


def make_claim(name="D3-X1", **changes):
    """A claim that LSGAN has the lower rmse by 0.02 of L1's or more."""
    entry = {
        "id": name,
        "where": "Sec. 4",
        "claim": "One arm beats another.",
        "testable": "yes",
        "experiment": "losses-size",
        "metric": "rmse",
        "direction": "lower",
        "margin": 0.02,
        "margin_reason": "a test",
        "effect_in_paper": {},
        "test": {
            "kind": "ratio",
            "arms": [{"loss": "lsgan"}],
            "references": [{"loss": "l1"}],
        },
    }
    return Claim(**(entry | changes))


def make_runs(gain, spread=0.01, seeds=5, **changes):
    """L1 at rmse 1 and LSGAN lower by ``gain``, spread over seeds."""
    rows = []
    for seed in range(seeds):
        for loss in ("l1", "lsgan"):
            rmse = 1.0
            if loss == "lsgan":
                rmse -= gain + spread * NOISE[seed % 5] * (1 + seed // 5)
            row = {
                "experiment": "losses-size",
                "profile": "study",
                "loss": loss,
                "n_train": 1000,
                "seed": seed,
                "samples": 10_000,
                "lr": 0.001 if loss == "l1" else 0.003,
                "rmse": rmse,
                "abs_rel": 0.3 * rmse,
                "trivial": TRIVIAL,
            }
            rows.append(row | changes)
    return pd.DataFrame(rows)


def judge(claim, runs, **options):
    """The one line of the table for one claim."""
    return verdicts([claim], records=runs, **options).iloc[0]
