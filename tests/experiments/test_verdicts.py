"""Every outcome of the rule, on records made for the purpose."""

import math
import time

import numpy as np
import pandas as pd
import pytest
from made_records import NOISE, judge, make_claim, make_runs

from depthlib.experiments.records import write_record
from depthlib.experiments.verdicts import tally, verdicts
from depthlib.published import claims


def test_supported():
    found = judge(make_claim(), make_runs(gain=0.05))
    assert found["verdict"] == "supported"
    assert found["effect"] == pytest.approx(0.05)
    assert 0.02 < found["low"] < 0.05 < found["high"]
    assert found["seeds"] == 5 and found["improvement"] == 1
    assert found["p_holm"] < 0.05
    assert "effect on rmse 5.0 [" in found["reason"]


def test_contradicted_by_an_effect_the_other_way():
    found = judge(make_claim(), make_runs(gain=-0.05))
    assert found["verdict"] == "contradicted"
    assert found["high"] < 0 and found["improvement"] == 0


def test_contradicted_by_an_effect_too_small_to_matter():
    """Real, but the interval excludes the claimed margin."""
    found = judge(make_claim(), make_runs(gain=0.004, spread=0.01))
    assert found["verdict"] == "contradicted"
    assert found["low"] > 0 and found["high"] < 0.02


def test_inconclusive_says_how_many_seeds_would_settle_it():
    found = judge(make_claim(), make_runs(gain=0.03, spread=0.2))
    assert found["verdict"] == "inconclusive"
    assert found["low"] < 0 < found["high"]
    assert "does not exclude 0.0 %; about" in found["reason"]
    needed = int(found["reason"].split("about ")[1].split()[0])
    spread = np.std(0.2 * NOISE, ddof=1)
    assert needed == pytest.approx((1.96 * spread / 0.03) ** 2, abs=4)


def test_inconclusive_where_the_margin_may_be_reached():
    found = judge(make_claim(), make_runs(gain=0.018, spread=0.02))
    assert found["verdict"] == "inconclusive"
    assert found["low"] > 0 and found["high"] > 0.02
    assert "may or may not reach the margin" in found["reason"]


@pytest.mark.parametrize("seeds", [1, 3, 4])
def test_few_seeds_give_points_and_no_verdict(seeds):
    found = judge(make_claim(), make_runs(gain=0.05, seeds=seeds))
    assert found["verdict"] == "inconclusive"
    assert found["reason"].startswith(f"{seeds} seed")
    assert "shown as points" in found["reason"]
    assert len(found["points"]) == seeds
    assert np.isnan([found["low"], found["high"], found["p_holm"]]).all()


def test_only_common_seeds_count():
    runs = make_runs(gain=0.05)
    runs = runs[(runs["loss"] == "l1") | (runs["seed"] > 1)]
    found = judge(make_claim(), runs)
    assert found["seeds"] == 3 and found["verdict"] == "inconclusive"


def test_no_records():
    found = judge(make_claim(), make_runs(gain=0.05, experiment="other"))
    assert found["verdict"] == "inconclusive"
    assert found["reason"] == (
        "No records yet for experiment losses-size at profile study."
    )
    assert judge(make_claim(), pd.DataFrame())["reason"] == found["reason"]


def test_profiles_are_never_pooled():
    gpu = make_runs(gain=-0.05, profile="gpu")
    both = pd.concat([make_runs(gain=0.05, seeds=4), gpu])
    assert judge(make_claim(), both)["seeds"] == 4
    other = judge(make_claim(), both, profile="gpu")
    assert other["verdict"] == "contradicted"


def test_records_that_are_not_current_do_not_count():
    runs = make_runs(gain=0.05)
    runs["current"] = runs["seed"] != 4
    assert judge(make_claim(), runs)["seeds"] == 4
    fresh = runs.drop(columns="current")
    only = judge(make_claim(), fresh, current=lambda row: row["seed"] < 2)
    assert only["seeds"] == 2
    none = judge(make_claim(), fresh, current=lambda row: False)
    assert none["reason"].startswith("No records yet")


def test_arms_that_differ_in_more_than_their_name_are_not_compared():
    runs = make_runs(gain=0.05)
    runs.loc[runs["loss"] == "lsgan", "samples"] = 20_000
    found = judge(make_claim(), runs)
    assert found["verdict"] == "inconclusive"
    assert "differ in samples too" in found["reason"]
    free = make_claim().test | {"may_differ": ["samples"]}
    assert judge(make_claim(test=free), runs)["verdict"] == "supported"


def test_an_arm_must_name_one_run_a_seed():
    runs = pd.concat([make_runs(0.05), make_runs(0.05, n_train=100)])
    found = judge(make_claim(), runs)
    assert "several runs of one seed" in found["reason"]
    assert "n_train" in found["reason"]
    at = make_claim().test | {"at": {"n_train": 1000}}
    assert judge(make_claim(test=at), runs)["verdict"] == "supported"


def test_a_run_without_a_score_is_reported():
    runs = make_runs(gain=0.05)
    runs.loc[3, "rmse"] = math.nan
    found = judge(make_claim(), runs)
    assert found["verdict"] == "inconclusive"
    assert "no finite score" in found["reason"]


def test_missing_arm_and_metric():
    absent = make_claim().test | {"arms": [{"loss": "huber"}]}
    reason = judge(make_claim(test=absent), make_runs(0.05))["reason"]
    assert reason == "No runs of loss huber."
    reason = judge(make_claim(metric="edge_f1"), make_runs(0.05))["reason"]
    assert reason == "The records have no metric edge_f1."


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [(0.0, "supported"), (-0.05, "contradicted"), (-0.02, "inconclusive")],
)
def test_not_worse(gain, verdict):
    """Supported where a loss of the margin is excluded."""
    test = make_claim().test | {"hypothesis": "not_worse"}
    found = judge(make_claim(test=test), make_runs(gain, spread=0.02))
    assert found["verdict"] == verdict


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [(0.0, "supported"), (0.05, "contradicted"), (-0.05, "contradicted")],
)
def test_equal(gain, verdict):
    test = make_claim().test | {"hypothesis": "equal"}
    found = judge(make_claim(test=test), make_runs(gain, spread=0.02))
    assert found["verdict"] == verdict
    vague = judge(make_claim(test=test), make_runs(gain / 50, spread=0.3))
    assert vague["verdict"] == "inconclusive"


def test_holm_runs_within_a_part():
    """Twenty claims of one part make each of them harder to decide."""
    runs = make_runs(gain=0.05, spread=0.08)
    alone = judge(make_claim(), runs)
    assert alone["verdict"] == "supported"
    many = [make_claim(f"D3-X{i}") for i in range(20)]
    table = verdicts(many, records=runs)
    assert (table["verdict"] == "inconclusive").all()
    assert table["p_holm"].iloc[0] == pytest.approx(20 * alone["p_holm"])
    assert "not after Holm's correction over 20" in table["reason"].iloc[0]
    others = [make_claim(), *(make_claim(f"CH-X{i}") for i in range(19))]
    table = verdicts(others, records=runs)
    assert table["verdict"].iloc[0] == "supported"


def test_claims_without_enough_seeds_stay_out_of_the_correction():
    runs = pd.concat(
        [
            make_runs(gain=0.05, spread=0.08),
            make_runs(gain=0.05, seeds=3, experiment="other"),
        ]
    )
    few = [make_claim(f"D3-Y{i}", experiment="other") for i in range(20)]
    table = verdicts([make_claim(), *few], records=runs)
    assert table["verdict"].iloc[0] == "supported"


def test_a_claim_stands_with_its_weakest_comparison():
    runs = make_runs(gain=0.05)
    third = runs[runs["loss"] == "l1"].assign(loss="l2")
    runs = pd.concat([runs, third], ignore_index=True)
    both = make_claim().test | {"references": [{"loss": "l1"}, {"loss": "l2"}]}
    assert judge(make_claim(test=both), runs)["verdict"] == "supported"
    runs.loc[runs["loss"] == "l2", "rmse"] = 0.9 + 0.001 * runs["seed"]
    found = judge(make_claim(test=both), runs)
    assert found["verdict"] == "contradicted"
    assert found["reason"].startswith(
        "Of 2 comparisons the one most against it, "
    )
    assert "loss l2" in found["reason"]


def test_metrics_of_one_claim_must_all_agree():
    runs = make_runs(gain=0.05)
    runs["mae"] = runs["rmse"]
    two = make_claim().test | {"metrics": ["rmse", "mae"]}
    assert judge(make_claim(test=two), runs)["verdict"] == "supported"
    runs["mae"] = 1 + 0.1 * (runs["loss"] == "lsgan") + 0.001 * runs["seed"]
    found = judge(make_claim(test=two), runs)
    assert found["verdict"] == "contradicted"
    assert found["metric"] == "mae" and "effect on mae" in found["reason"]


def test_seeds_are_those_of_the_comparison_that_decides():
    runs = make_runs(gain=0.05, seeds=7)
    other = runs[runs["loss"] == "l1"].assign(loss="l2")
    runs = pd.concat([runs, other[other["seed"] < 5]], ignore_index=True)
    runs.loc[runs["loss"] == "l1", "rmse"] = 0.9 + 0.001 * runs["seed"]
    both = make_claim().test | {"references": [{"loss": "l1"}, {"loss": "l2"}]}
    found = judge(make_claim(test=both), runs)
    assert found["seeds"] == len(found["points"]) == 7


def test_what_the_print_decides_has_no_effect_over_seeds():
    line = verdicts(["DD-C4"], records=[]).iloc[0]
    assert line["basis"] == "print" and line["verdict"] == "supported"
    assert math.isnan(line["effect"]) and math.isnan(line["margin"])


def test_false_verdicts_are_rare():
    """No effect at all: a claim is supported in at most 5 % of studies."""
    rng = np.random.default_rng(0)
    runs = make_runs(gain=0.0)
    lsgan = (runs["loss"] == "lsgan").to_numpy()
    wrong = 0
    for _ in range(200):
        values = 1 + 0.05 * rng.normal(size=5)
        runs.loc[lsgan, "rmse"] = values
        runs.loc[lsgan, "abs_rel"] = 0.3
        wrong += judge(make_claim(), runs)["verdict"] == "supported"
    assert wrong / 200 < 0.05


def test_all_claims_without_any_record(tmp_path, monkeypatch):
    """Testable claims wait for records; nothing is typed by hand."""
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))
    table = verdicts()
    assert len(table) == 101
    waiting = table[table["basis"] == "records"]
    assert (waiting["verdict"] == "inconclusive").all()
    assert waiting["reason"].str.startswith("No records yet").all()
    assert waiting["effect"].isna().all()
    testable = {c.id for c in claims() if c.testable == "yes"}
    refused = set(table.loc[table["verdict"] == "not testable here", "claim"])
    assert not refused & testable


def test_all_claims_take_less_than_a_second(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))
    verdicts()
    began = time.process_time()  # a busy machine does not fail the test
    verdicts()
    assert time.process_time() - began < 1


def as_records(runs):
    """The same runs as the records that are written to disk."""
    scores = ("rmse", "abs_rel")
    for row in runs.to_dict("records"):
        trivial = row.pop("trivial")
        image = {name: row.pop(name) for name in scores}
        yield {
            "config": row,
            "metrics": {"image": image, "pixel": image, "quality": {}},
            "trivial": trivial,
        }


def test_records_come_from_disk(tmp_path, monkeypatch):
    """Read by experiment and profile, and only what is current."""
    monkeypatch.setenv("DEPTHLIB_RESULTS", str(tmp_path))
    folder = tmp_path / "study" / "losses-size"
    runs = make_runs(0.05, n_train=10_000)
    third = runs[runs["loss"] == "l1"].assign(loss="scale_invariant")
    runs = pd.concat([runs, third], ignore_index=True)
    for i, record in enumerate(as_records(runs)):
        write_record(folder / f"{i}.json", record)
    found = verdicts(["D3-C3"], current=lambda record: True).iloc[0]
    assert found["verdict"] == "supported"
    assert found["effect"] == pytest.approx(0.05)
    few = verdicts(["D3-C3"], current=lambda r: r["config"]["seed"] < 3)
    assert few["reason"].iloc[0].startswith("3 seeds, shown as points")
    same = verdicts(["D3-C3"], records=list(as_records(runs)))
    assert same["reason"].iloc[0] == found["reason"]


def test_a_claim_is_judged_with_its_whole_part():
    """Asking for one claim gives what the full table says of it."""
    rows = [make_runs(0.05, n_train=n) for n in (100, 1000, 10_000)]
    runs = pd.concat(rows)
    runs["curve"] = [{"samples": [1, 2], "rmse": [1, 1]}] * len(runs)
    whole = verdicts(records=runs).set_index("claim")
    one = verdicts(["D3-C3"], records=runs).set_index("claim")
    assert list(one.index) == ["D3-C3"]
    assert one.loc["D3-C3", "reason"] == whole.loc["D3-C3", "reason"]


def test_tally_counts_and_says_why_claims_are_open():
    runs = make_runs(gain=0.05)
    wide = make_runs(gain=0.03, spread=0.2, n_train=100)
    few = make_runs(gain=0.05, seeds=3, n_train=10)
    table = verdicts(
        [
            make_claim("D3-X1", test=_at(1000)),
            make_claim("D3-X2", test=_at(100)),
            make_claim("D3-X3", test=_at(10)),
            make_claim("D3-X4", test={"kind": "not_testable", "reason": "no"}),
        ],
        records=pd.concat([runs, wide, few]),
    )
    text = tally(table)
    assert text.startswith(
        "Of 3 claims that rest on records: supported 1 (D3-X1), "
        "contradicted 0, inconclusive 2 (D3-X2, D3-X3). Why open: "
    )
    assert "seeds are missing 1 (D3-X3)" in text
    assert "the interval is too wide 1 (D3-X2)" in text


def _at(n_train):
    """The test of ``make_claim`` at one size of the training set."""
    test = make_claim().test
    arms = {
        k: [test[k][0] | {"n_train": n_train}] for k in ("arms", "references")
    }
    return test | arms


def test_unknown_claim():
    with pytest.raises(ValueError, match="D3-C99"):
        verdicts(["D3-C99"], records=pd.DataFrame())
