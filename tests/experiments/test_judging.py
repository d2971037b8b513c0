"""What keeps a comparison from becoming a verdict."""

import numpy as np
import pandas as pd
from made_records import judge, make_claim, make_runs

from depthlib.experiments.judging import boundary


def test_untrained_arms_give_no_verdict():
    """An arm that does not beat a predictor that looks at nothing."""
    runs = make_runs(gain=0.05)
    runs.loc[runs["loss"] == "l1", "abs_rel"] = 0.5 - 0.001 * (
        runs["seed"] - 2
    )
    found = judge(make_claim(), runs)
    assert found["verdict"] == "inconclusive"
    assert found["reason"].startswith("Untrained: loss l1")
    assert np.isnan(found["p_holm"])
    exempt = make_claim().test | {"may_fail": [{"loss": "l1"}]}
    found = judge(make_claim(test=exempt), runs)
    assert found["verdict"] == "supported"


def test_networks_that_ignore_motion_give_no_verdict_about_it():
    runs = make_runs(gain=0.05)
    runs.loc[runs["loss"] == "lsgan", "motion_gain"] = 0.03
    for least, verdict in ((0.01, "supported"), (0.05, "inconclusive")):
        moved = make_claim(test=make_claim().test | {"moved": least})
        found = judge(moved, runs)
        assert found["verdict"] == verdict
    assert "that stand still, loss lsgan does as well" in found["reason"]


def test_a_sharpness_that_noise_has_too_gives_no_verdict():
    """Guesses count by the claim's metric, on the very same images."""
    images = {"data": "rooms", "style": "a", "test_split": "test"}
    images |= {"n_test": 200, "size": (64, 96)}
    runs = make_runs(gain=0.0).assign(**{k: str(v) for k, v in images.items()})
    lsgan = runs["loss"] == "lsgan"
    runs["edge_f1"] = 0.3 + 0.1 * lsgan + 0.01 * runs["seed"] * lsgan
    noise = {"experiment": "guesses", "profile": "study", "guess": "noise"}
    noise |= {k: str(v) for k, v in images.items()}
    sharper = make_claim(metric="edge_f1", direction="higher")
    for level, verdict in ((0.25, "supported"), (0.35, "inconclusive")):
        guess = pd.DataFrame([noise | {"edge_f1": level}])
        both = pd.concat([runs, guess])
        found = judge(sharper, both)
        assert found["verdict"] == verdict
    assert found["reason"].startswith("Loss l1 has no better edge_f1 than noi")
    for other in ({"size": "(32, 64)"}, {"edge_f1": np.nan}):
        both = pd.concat([runs, guess.assign(**other)])
        assert judge(sharper, both)["verdict"] == "supported"


def test_the_best_trivial_predictor_counts():
    runs = make_runs(gain=0.05)
    runs["abs_rel"] = 0.55
    assert judge(make_claim(), runs)["reason"].startswith("Untrained")
    # Older records have no guesses of further readings.
    runs.loc[runs["seed"] == 0, "trivial"] = None
    assert judge(make_claim(), runs)["verdict"] == "supported"


def test_boundaries():
    assert boundary(0.03, 0.02, "greater") == (True, 0.0)
    assert boundary(0.01, 0.02, "greater") == (False, 0.02)
    assert boundary(-0.01, 0.02, "not_worse") == (True, -0.02)
    assert boundary(-0.03, 0.02, "not_worse") == (False, -0.02)
    assert boundary(-0.01, 0.02, "equal") == (True, -0.02)
    assert boundary(0.03, 0.02, "equal") == (False, 0.02)
