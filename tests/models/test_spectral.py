"""Spectral normalisation: against the singular value decomposition."""

import copy

import pytest
import torch
from torch import nn

from depthlib.models import (
    PatchDiscriminator,
    UNet,
    power_iteration,
    spectral_normalise,
)


def seeded(*shape, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=dtype)


def largest(matrix):
    return torch.linalg.svdvals(matrix)[0]


def convolutions(module):
    kinds = nn.Conv2d | nn.ConvTranspose2d
    return [m for m in module.modules() if isinstance(m, kinds)]


def as_matrix(conv):
    weight = conv.weight.detach()
    if isinstance(conv, nn.ConvTranspose2d):
        weight = weight.transpose(0, 1)
    return weight.flatten(1)


class TestPowerIteration:
    @pytest.mark.parametrize("shape", [(5, 9), (9, 5), (1, 6), (6, 3, 4, 4)])
    def test_it_reaches_the_largest_singular_value(self, shape):
        weight = seeded(*shape)
        estimates = power_iteration(weight, 500)
        assert estimates.shape == (500,)
        torch.testing.assert_close(estimates[-1], largest(weight.flatten(1)))

    def test_every_step_against_the_decomposition(self):
        """In singular coordinates a step multiplies by the squared values."""
        weight = seeded(4, 6)
        start = seeded(6, seed=5, dtype=torch.float32).double()
        _, values, basis = torch.linalg.svd(weight, full_matrices=False)
        part = basis @ start
        expected = []
        for step in range(1, 6):
            before = part * values ** (2 * step - 1)
            expected.append((before * values).norm() / before.norm())
        torch.testing.assert_close(
            power_iteration(weight, 5, torch.Generator().manual_seed(5)),
            torch.stack(expected),
        )

    def test_it_rises_towards_the_truth(self):
        weight = seeded(20, 30)
        estimates = power_iteration(weight, 60)
        assert (estimates.diff() >= -1e-12).all()
        assert estimates[0] < 0.99 * largest(weight)
        assert (estimates <= largest(weight) + 1e-12).all()

    def test_error_shrinks_by_the_fourth_power_of_the_ratio(self):
        weight = torch.diag(torch.tensor([2.0, 1.6], dtype=torch.float64))
        errors = 2 - power_iteration(weight, 12)
        ratios = errors[6:12] / errors[5:11]
        torch.testing.assert_close(
            ratios, torch.full_like(ratios, 0.8**4), rtol=0.02, atol=0
        )

    def test_zero_matrix(self):
        assert power_iteration(torch.zeros(3, 4), 2).tolist() == [0, 0]

    def test_no_graph_and_the_global_stream_untouched(self):
        weight = seeded(3, 4).requires_grad_(True)
        before = torch.random.get_rng_state()
        assert not power_iteration(weight, 2).requires_grad
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_bad_input(self):
        with pytest.raises(ValueError, match="steps is 0"):
            power_iteration(seeded(2, 2), 0)
        with pytest.raises(ValueError, match=r"weight has shape \(3,\)"):
            power_iteration(seeded(3), 1)


NETWORKS = pytest.mark.parametrize(
    "build",
    [
        lambda: UNet(levels=3, width=4),
        lambda: PatchDiscriminator(layers=2, width=4),
    ],
)


@NETWORKS
def test_every_convolution_has_norm_one(build):
    """After enough steps; without it the values differ from 1."""
    network = build()
    raw = [largest(as_matrix(conv)) for conv in convolutions(network)]
    assert all(abs(value - 1) > 0.01 for value in raw)
    assert spectral_normalise(network) is network
    for conv in convolutions(network):
        for _ in range(300):
            _ = conv.weight
    network.eval()
    for conv in convolutions(network):
        value = largest(as_matrix(conv)).item()
        assert value == pytest.approx(1, abs=1e-3)


@NETWORKS
def test_a_factor_on_the_weights_has_no_effect(build):
    network = spectral_normalise(build()).eval()
    other = copy.deepcopy(network)
    with torch.no_grad():
        for conv in convolutions(other):
            conv.parametrizations.weight.original.mul_(7)
    for one, two in zip(
        convolutions(network), convolutions(other), strict=True
    ):
        torch.testing.assert_close(one.weight, two.weight)


def test_one_power_iteration_per_forward_pass_and_none_in_evaluation():
    # Several outputs: a matrix of one row is done after a single step.
    network = spectral_normalise(UNet(levels=2, width=4, out_channels=3))
    image = torch.rand(2, 3, 8, 8)
    for training in (True, False):
        network.train(training)
        expected = []
        for conv in convolutions(network):
            left, right = conv.parametrizations.weight[0].buffers()
            matrix = conv.parametrizations.weight.original.detach()
            if isinstance(conv, nn.ConvTranspose2d):
                matrix = matrix.transpose(0, 1)
            matrix = matrix.flatten(1)
            if training:
                left = nn.functional.normalize(matrix @ right, dim=0)
                right = nn.functional.normalize(matrix.T @ left, dim=0)
            expected.append((left.clone(), right.clone()))
        network(image)
        for conv, pair in zip(convolutions(network), expected, strict=True):
            for now, then in zip(
                conv.parametrizations.weight[0].buffers(), pair, strict=True
            ):
                torch.testing.assert_close(now, then)


@NETWORKS
def test_gradients_reach_the_weights_through_the_division(build):
    """A normalised weight has no slope along itself (Euler, degree 0)."""
    network = spectral_normalise(build()).double()
    conv = convolutions(network)[1]
    for _ in range(300):
        _ = conv.weight
    network.eval()
    (conv.weight * seeded(*conv.weight.shape)).sum().backward()
    original = conv.parametrizations.weight.original
    size = original.grad.norm() * original.norm()
    assert size > 0
    assert abs((original.grad * original).sum()) < 1e-6 * size


def test_it_trains_and_comes_back_from_a_file(tmp_path):
    torch.manual_seed(0)
    network = spectral_normalise(UNet(levels=2, width=4))
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    image = torch.rand(2, 3, 8, 8)
    target = 2 * image.mean(1, keepdim=True) - 1
    errors = []
    for _ in range(60):
        error = (network(image) - target).abs().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < 0.7 * errors[0]
    torch.save(network.state_dict(), tmp_path / "net.pt")
    other = spectral_normalise(UNet(levels=2, width=4))
    state = torch.load(tmp_path / "net.pt", weights_only=True)
    other.load_state_dict(state)
    network.eval(), other.eval()
    with torch.no_grad():
        assert torch.equal(network(image), other(image))


def test_bad_modules():
    with pytest.raises(ValueError, match="Linear without convolutions"):
        spectral_normalise(nn.Linear(2, 2))
    network = spectral_normalise(UNet(levels=2, width=4))
    with pytest.raises(ValueError, match="call this once"):
        spectral_normalise(network)
