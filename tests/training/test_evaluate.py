"""Scores of a set: what a hole in the truth leaves of them."""

import torch

from depthlib.metrics import PROTOCOLS, high_frequency_ratio
from depthlib.training.evaluate import score


def test_fine_detail_is_scored_where_the_truth_is_whole():
    rng = torch.Generator().manual_seed(0)
    depth, found = 1 + 3 * torch.rand(2, 3, 1, 32, 32, generator=rng)
    truth = {
        "depth": depth,
        "mask": torch.ones_like(depth, dtype=torch.bool),
        "intrinsics": torch.eye(3).expand(3, 3, 3),
    }
    truth["mask"][1, 0, 4, 5] = False
    quality = score(found, truth, PROTOCOLS["rooms"]).quality
    kept = high_frequency_ratio(found[[0, 2]], depth[[0, 2]])
    assert quality["high_frequency_ratio"] == float(kept)
    assert kept != high_frequency_ratio(found, depth)
    assert "mssim" not in quality
    truth["mask"][:, 0, 4, 5] = False
    quality = score(found, truth, PROTOCOLS["rooms"]).quality
    assert "high_frequency_ratio" not in quality
