"""AVCL and the ordinal head: counts, decoders, poses."""

import pytest
import torch
from torch.autograd import gradcheck

from depthlib.geometry import sid_thresholds
from depthlib.models import (
    AVCL,
    OrdinalHead,
    PoseGenerator,
    ordinal_depth,
    soft_ordinal_depth,
)

SMALL = {"width": 0.25, "blocks": (1, 1, 1, 1), "stride": 8}


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    "encoder, expected", [("resnet50", 23_508_032), ("resnet101", 42_500_160)]
)
def test_trunks_have_the_published_numbers_of_parameters(encoder, expected):
    assert count(AVCL(encoder).trunk) == expected


@pytest.mark.parametrize("head", ["metric", "ordinal"])
def test_depth_has_the_size_of_the_image_and_lies_in_range(head):
    model = AVCL(head=head, bins=12, **SMALL).eval()
    depth = model(torch.rand(2, 3, 64, 96))
    assert depth.shape == (2, 1, 64, 96)
    assert (depth > 0.4 - 1e-6).all()
    if head == "ordinal":
        assert (depth < 10).all()


def test_one_seed_one_network_whatever_the_range_of_poses():
    nets = []
    for rotation in (0.1, 0.4):
        torch.manual_seed(0)
        nets.append(AVCL(rotation=rotation, **SMALL))
    for a, b in zip(*(n.parameters() for n in nets), strict=True):
        assert torch.equal(a, b)


def test_a_fast_rate_leaves_the_units_of_the_head_alive():
    torch.manual_seed(0)
    model = AVCL(**SMALL)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    image = torch.rand(4, 3, 64, 96)
    for _ in range(6):
        features = model.encode(image)
        depth = model.raw(features, (64, 96))
        optimizer.zero_grad()
        (depth - 3).abs().mean().backward()
        optimizer.step()
    alive = model.head[:-1](features.detach()) > 0
    assert alive.float().mean() > 0.2


def test_a_fast_rate_leaves_each_image_a_pose_of_its_own():
    torch.manual_seed(0)
    generator = PoseGenerator(64)
    optimizer = torch.optim.Adam(generator.parameters(), 3e-3)
    features = torch.rand(8, 64, 4, 6) * torch.rand(8, 64, 1, 1)
    for _ in range(20):
        optimizer.zero_grad()
        generator(features).pow(2).sum(1).mean().backward()
        optimizer.step()
    assert (generator(features).std(0) > 1e-4).any()


def test_decoders_by_hand():
    edges = sid_thresholds(3, 1.0, 8.0)  # 1 2 4 8: middles 1.5 3 6
    p = torch.tensor([[0.9, 0.4, 0.1], [0.9, 0.5, 0.1], [0.6, 0.6, 0.6]])
    logits = p.logit().T[None, :, None]
    assert ordinal_depth(logits, edges).flatten().tolist() == [3, 6, 6]
    low = ordinal_depth(logits, edges, at="threshold")
    assert low.flatten().tolist() == [2, 4, 4]
    soft = soft_ordinal_depth(logits, edges).flatten()
    # P = 1/2 is half a level: between the middles of the second and third.
    assert soft.tolist() == pytest.approx([3.0, 4.5, 6.0], abs=2e-3)


def test_soft_and_hard_agree_where_answers_are_sure():
    g = torch.Generator().manual_seed(0)
    edges = sid_thresholds(20, 0.5, 10.0)
    levels = torch.randint(0, 20, (2, 1, 5, 6), generator=g)
    k = torch.arange(20).view(1, -1, 1, 1)
    logits = torch.where(levels > k, 4.0, -4.0)
    hard, soft = (
        ordinal_depth(logits, edges),
        soft_ordinal_depth(logits, edges),
    )
    assert torch.allclose(hard, soft, atol=1e-5)
    middles = (edges[:-1] + edges[1:]) / 2
    assert torch.allclose(hard, middles[levels])


def test_the_soft_depth_has_the_right_gradient():
    g = torch.Generator().manual_seed(1)
    edges = sid_thresholds(4, 0.5, 10.0, dtype=torch.float64)
    logits = 0.05 * torch.randn(1, 4, 2, 3, generator=g, dtype=torch.float64)
    logits.requires_grad_(True)
    assert gradcheck(lambda x: soft_ordinal_depth(x, edges), (logits,))


def test_poses_stay_in_their_box_around_zero():
    torch.manual_seed(0)
    generator = PoseGenerator(8, rotation=0.1, translation=0.5)
    small = generator(torch.randn(64, 8, 4, 6))
    assert small.shape == (64, 6)
    with torch.no_grad():
        generator.linear.weight.mul_(1e4)
    large = generator(torch.randn(64, 8, 4, 6))
    limits = torch.tensor([0.1] * 3 + [0.5] * 3)
    assert (large.abs() <= limits + 1e-6).all()
    assert (large.amax(0) > 0.99 * limits).any()
    assert (large.amin(0) < -0.99 * limits).any()


def test_bad_arguments():
    with pytest.raises(ValueError, match="metric"):
        AVCL(head="dorn")
    with pytest.raises(ValueError, match="multiples of 32"):
        AVCL(**SMALL)(torch.rand(1, 3, 40, 64))
    with pytest.raises(ValueError, match="above 0"):
        PoseGenerator(8, rotation=0)
    with pytest.raises(ValueError, match="less than thresholds"):
        ordinal_depth(torch.rand(1, 4, 2, 2), torch.rand(4))
    with pytest.raises(ValueError, match="middle"):
        head = OrdinalHead(4, bins=3)
        ordinal_depth(head(torch.rand(1, 4, 2, 2)), head.thresholds, at="end")


def test_logits_that_are_no_numbers_are_no_depth():
    edges = sid_thresholds(5, 0.5, 10.0)
    logits = torch.randn(1, 5, 1, 2)
    logits[0, 2, 0, 0] = torch.nan
    for decode in (ordinal_depth, soft_ordinal_depth):
        depth = decode(logits, edges)
        assert depth.isnan().flatten().tolist() == [True, False]


def test_logits_of_half_precision_keep_their_levels_depths():
    edges = sid_thresholds(80, 0.4, 10.0)
    half = (4 * torch.randn(1, 80, 3, 4)).sort(1, descending=True)[0]
    half = half.bfloat16()
    for decode in (ordinal_depth, soft_ordinal_depth):
        depth = decode(half, edges)
        assert depth.dtype == torch.float32
        assert torch.equal(depth, decode(half.float(), edges))
