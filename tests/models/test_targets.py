"""Targets: there and back, and where the clip holds."""

import math

import pytest
import torch

from depthlib.models import (
    DenseDepth,
    MetricDepth,
    ReciprocalDepth,
    from_reciprocal,
    to_reciprocal,
)


class Given(torch.nn.Module):
    """A network whose output is known."""

    def __init__(self, raw):
        super().__init__()
        self.raw = torch.tensor(raw).view(1, 1, 1, -1)

    def forward(self, image):
        return self.raw


def test_the_range_of_the_paper():
    depth = torch.tensor([0.4, 1.0, 2.5, 10.0])
    expected = torch.tensor([25.0, 10.0, 4.0, 1.0])
    torch.testing.assert_close(to_reciprocal(depth), expected)
    torch.testing.assert_close(from_reciprocal(expected), depth)


@pytest.mark.parametrize(
    ("scale", "low", "high"), [(10.0, 0.4, 10.0), (80.0, 1.0, 80.0)]
)
def test_there_and_back(scale, low, high):
    depth = low + (high - low) * torch.rand(2, 1, 8, 9, dtype=torch.float64)
    back = from_reciprocal(to_reciprocal(depth, scale), scale, low, high)
    torch.testing.assert_close(back, depth)


def test_clip():
    raw = [-math.inf, -3.0, -0.0, 0.0, 1e-30, 0.5, 1.0, 25.0, 1e9, math.inf]
    module = ReciprocalDepth(Given(raw))
    depth = module(torch.rand(1, 3, 2, 2)).flatten()
    far, near = [10.0] * 7, [0.4] * 3
    torch.testing.assert_close(depth, torch.tensor(far + near))
    assert depth.min() >= torch.tensor(0.4) and depth.max() <= 10


def test_no_rounding_over_the_ends():
    for high in (3.3, 7.7, 9.9, 10.1):
        raw = torch.tensor([-1.0, 1e6])
        depth = from_reciprocal(raw, 10.0, 0.3, high)
        assert depth.tolist() == torch.tensor([high, 0.3]).tolist()


def test_nan_surfaces():
    assert from_reciprocal(torch.tensor(math.nan)).isnan()


def test_an_unknown_depth_of_zero_is_infinite():
    assert to_reciprocal(torch.tensor(0.0)).item() == math.inf


def test_flip_average_is_taken_in_metres():
    """2 m and 5 m: 3.5 m in metres, 2.86 m if taken of the reciprocals."""
    metres = [ReciprocalDepth(Given([10 / d]))(None) for d in (2.0, 5.0)]
    assert (sum(metres) / 2).item() == pytest.approx(3.5)
    raw = (10 / 2.0 + 10 / 5.0) / 2
    assert from_reciprocal(torch.tensor(raw)).item() == pytest.approx(20 / 7)


def test_around_the_network():
    network = DenseDepth(width=0.125, blocks=(1, 1, 1, 1))
    with torch.no_grad():
        network.head.bias.fill_(5.0)
    module = ReciprocalDepth(network, min_depth=0.5, max_depth=8.0).eval()
    image = torch.rand(2, 3, 32, 64)
    with torch.no_grad():
        depth = module(image)
        expected = (10 / network(image)).clamp(0.5, 8.0)
    assert depth.shape == (2, 1, 16, 32)
    torch.testing.assert_close(depth, expected)
    names = [name for name, _ in network.named_parameters()]
    wrapped = [name for name, _ in module.named_parameters()]
    assert wrapped == [f"network.{name}" for name in names]


@pytest.mark.parametrize("scale", [0, -10.0, math.nan, math.inf])
def test_bad_scale(scale):
    with pytest.raises(ValueError, match="scale is"):
        to_reciprocal(torch.ones(1), scale)
    with pytest.raises(ValueError, match="scale is"):
        from_reciprocal(torch.ones(1), scale)
    with pytest.raises(ValueError, match="scale is"):
        ReciprocalDepth(Given([1.0]), scale)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 10), (-1, 10), (5, 5), (5, 1), (math.nan, 1)]
)
def test_bad_range(low, high):
    with pytest.raises(ValueError, match="0 < min_depth < max_depth"):
        ReciprocalDepth(Given([1.0]), 10.0, low, high)
    with pytest.raises(ValueError, match="0 < min_depth < max_depth"):
        from_reciprocal(torch.ones(1), 10.0, low, high)


@pytest.mark.parametrize("kind", [ReciprocalDepth, MetricDepth])
def test_a_network_that_hits_its_target_gives_the_truth(kind):
    depth = torch.tensor([0.4, 0.7, 3.0, 10.0])
    module = kind(torch.nn.Identity())
    target = module.target(depth)
    assert target.max() == pytest.approx(module.data_range)
    torch.testing.assert_close(module(target), depth)
    # Unknown and out-of-range depths leave no infinity behind.
    assert module.target(torch.tensor([0.0, 99.0])).isfinite().all()


def test_metres_are_clipped():
    depth = MetricDepth(Given([-1.0, 0.5, 50.0]))(torch.rand(1, 3, 2, 2))
    torch.testing.assert_close(depth.flatten(), torch.tensor([0.4, 0.5, 10.0]))
    with pytest.raises(ValueError, match="min_depth"):
        MetricDepth(Given([1.0]), min_depth=2, max_depth=1)
