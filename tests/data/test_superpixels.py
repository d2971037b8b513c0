"""Items with superpixels: found once, mirrored with their image."""

import pytest
import torch
from toys import Blocks

from depthlib.data import superpixels as module
from depthlib.data.superpixels import WithSuperpixels
from depthlib.data.transforms import mirror
from depthlib.models.superpixels import slic, superpixel_means
from depthlib.training import SampleStream


def test_each_image_is_segmented_once(monkeypatch):
    calls = []

    def counting(image, n):
        calls.append(image)
        return slic(image, n)

    monkeypatch.setattr(module, "slic", counting)
    data = WithSuperpixels(Blocks(3), 12)
    stream = SampleStream(data, seed=1)
    for position in range(12):
        stream[position]
    assert len(calls) == 3 and len(data) == 3
    sample = data[2]
    assert sample["labels"].dtype == torch.int64
    assert torch.equal(sample["labels"], slic(sample["image"][None], 12)[0])


def test_labels_follow_a_mirrored_image():
    """Mirrored or not, a superpixel has the same pixels."""
    sample = WithSuperpixels(Blocks(1), 12)[0]
    seen = mirror(sample)
    assert torch.equal(seen["labels"], sample["labels"].flip(-1))
    means = [
        superpixel_means(s["depth"][None], s["labels"][None])[0]
        for s in (sample, seen)
    ]
    assert torch.allclose(*means)
    # Segmenting the mirrored image would give another graph.
    again = slic(seen["image"][None], 12)[0]
    pairs = torch.stack([seen["labels"], again]).flatten(1).unique(dim=1)
    assert pairs.shape[1] > int(again.max()) + 1


def test_both_sides_come_out_of_the_stream():
    stream = SampleStream(WithSuperpixels(Blocks(1), 12), seed=0)
    labels = slic(Blocks(1)[0]["image"][None], 12)[0]
    kinds = set()
    for position in range(8):
        sample = stream[position]
        flipped = torch.equal(sample["image"], Blocks(1)[0]["image"].flip(-1))
        assert torch.equal(
            sample["labels"], labels.flip(-1) if flipped else labels
        )
        kinds.add(flipped)
    assert kinds == {False, True}


def test_a_sample_without_labels_gets_none():
    assert "labels" not in mirror(Blocks(1)[0])


def test_numbers_fit_into_sixteen_bits():
    with pytest.raises(ValueError, match="n is 40000"):
        WithSuperpixels(Blocks(1), 40_000)
