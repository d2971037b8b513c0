"""Sparse truth keeps few pixels, the same ones; in-painting fills the rest."""

import pytest
import torch

from depthlib.data import rooms
from depthlib.data.sparse import InPaintedTruth, SparseTruth
from depthlib.kernels import inpaint_depth


@pytest.fixture
def plain():
    return rooms(3, size=(24, 32), cached=False)


def test_a_share_of_the_pixels_stays_and_is_true(plain):
    data = SparseTruth(plain, 0.2)
    for i in range(3):
        whole, few = plain[i], data[i]
        assert 0.12 < few["mask"].float().mean() < 0.28
        assert (few["mask"] <= whole["mask"]).all()
        known = few["mask"]
        assert torch.equal(few["depth"][known], whole["depth"][known])
        assert (few["depth"][~known] == 0).all()
        assert torch.equal(few["image"], whole["image"])
        assert torch.equal(data[i]["mask"], known)
    assert not torch.equal(data[0]["mask"], data[1]["mask"])


def test_filled_depth_is_that_of_the_kernel_and_known_everywhere(
    plain, tmp_path, monkeypatch
):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path))
    few = SparseTruth(plain, 0.2)
    data = InPaintedTruth(few)
    sample = few[1]
    expected = inpaint_depth(
        sample["image"][None], sample["depth"][None], sample["mask"][None]
    )[0]
    assert torch.equal(data[1]["depth"], expected)
    assert data[1]["mask"].all() and len(data) == 3
    # Kept on disk: a second set does not fill again.
    monkeypatch.setattr(InPaintedTruth, "_fill", None)
    assert torch.equal(InPaintedTruth(few)[1]["depth"], expected)


def test_manifests_tell_the_sets_apart(plain):
    few, fewer = SparseTruth(plain, 0.2), SparseTruth(plain, 0.1)
    sets = [plain, few, fewer, InPaintedTruth(few)]
    assert len({str(s.manifest()) for s in sets}) == 4
    with pytest.raises(ValueError, match="share"):
        SparseTruth(plain, 0)
