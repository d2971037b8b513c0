"""Scores of a set: what a hole in the truth leaves of them."""

import torch

from depthlib.metrics import PROTOCOLS, edge_f1, high_frequency_ratio
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


def test_returns_that_stand_alone_leave_the_scores_of_pixels():
    """As those of a laser scan at a fine resolution do."""
    rng = torch.Generator().manual_seed(0)
    depth, found = 1 + 3 * torch.rand(2, 2, 1, 32, 32, generator=rng)
    alone = torch.zeros_like(depth, dtype=torch.bool)
    alone[..., ::2, ::2] = True
    truth = {
        "depth": depth,
        "mask": alone,
        "intrinsics": torch.eye(3).expand(2, 3, 3),
    }
    result = score(found, truth, PROTOCOLS["rooms"])
    assert result.image["abs_rel"] > 0
    kept = {"residual_share", "scale_share", "bin_spread"}
    assert set(result.quality) == kept
    # Where one image has neighbours, it alone is scored.
    truth["mask"] = alone.clone()
    truth["mask"][1] = True
    quality = score(found, truth, PROTOCOLS["rooms"]).quality
    assert quality["edge_f1"] == float(
        edge_f1(found[1:], depth[1:], truth["mask"][1:])
    )
