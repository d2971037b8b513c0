"""The records in the repository are still what today's code makes."""

from pathlib import Path

import pytest
import torch

from depthlib.experiments import is_current, load
from depthlib.kernels import inpaint_depth

RESULTS = Path(__file__).resolve().parents[2] / "data" / "results"
EXPERIMENTS = sorted(path.name for path in (RESULTS / "study").iterdir())


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_change_of_code_retires_no_record_unnoticed(experiment):
    """Pages would say no more than that there are no current records.

    The first record and the last stand for all. Who means to retire them
    makes them anew, or deletes them.
    """
    records = load(experiment, "study", RESULTS)
    assert [r["key"] for r in records]
    for record in {records[0]["key"]: records[0],
                   records[-1]["key"]: records[-1]}.values():  # fmt: skip
        assert is_current(record), record["key"]


def test_what_no_fingerprint_sees_is_still_the_same():
    """Depth is filled in before a training, which toys are spared.

    Who means to change it makes the in-painted runs of "transfer-sparse"
    anew, and then this number.
    """
    rng = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, 12, 16, generator=rng)
    depth = 1 + torch.rand(1, 1, 12, 16, generator=rng)
    known = torch.rand(1, 1, 12, 16, generator=rng) < 0.1
    filled = inpaint_depth(image, depth, known)
    assert filled.mean().item() == pytest.approx(1.5716867, rel=1e-5)
    assert filled.std().item() == pytest.approx(0.1363033, rel=1e-4)
