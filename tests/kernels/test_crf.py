"""The dense CRF against brute force, autograd and finite differences."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from depthlib.kernels import crf_map, crf_nll


def graphs(batch=2, n=6, density=0.6):
    """Unaries, weights and targets; node 0 of graph 0 is isolated."""
    unary, target = torch.randn(2, batch, n, dtype=torch.float64)
    R = torch.rand(batch, n, n, dtype=torch.float64)
    R = torch.triu(R * (torch.rand(n, n) < density), 1)
    R[0, 0] = 0
    return unary, R + R.transpose(1, 2), target


def energy(y, unary, R):
    """Of one graph, by the double sum over ordered pairs."""
    n = len(y)
    value = sum((y[i] - unary[i]) ** 2 for i in range(n))
    for i, j in itertools.product(range(n), repeat=2):
        value = value + 0.5 * R[i, j] * (y[i] - y[j]) ** 2
    return value


def plain_nll(unary, R, target):
    """By matrices of dense algebra, with autograd's own gradients."""
    values = []
    for h, weights, y in zip(unary, R, target, strict=True):
        A = torch.eye(len(h)).to(h) + torch.diag(weights.sum(1)) - weights
        mean = torch.linalg.solve(A, h)
        value = y @ A @ y - 2 * h @ y + h @ mean
        value = value - torch.linalg.slogdet(A)[1] / 2
        values.append(value + len(h) / 2 * math.log(math.pi))
    return torch.stack(values)


def symmetric(free, n):
    """All symmetric matrices without a diagonal, from their free entries."""
    rows, columns = torch.triu_indices(n, n, 1)
    R = free.new_zeros(len(free), n, n)
    R[:, rows, columns] = free
    return R + R.transpose(1, 2)


def test_the_map_has_the_least_energy():
    unary, R, _ = graphs()
    found = crf_map(unary, R)
    for y, h, weights in zip(found, unary, R, strict=True):
        y = y.clone().requires_grad_()
        (slope,) = torch.autograd.grad(energy(y, h, weights), y)
        assert slope.abs().max() < 1e-12
        assert energy(y + 0.01, h, weights) > energy(y, h, weights)
    assert found[0, 0] == unary[0, 0]


def test_the_density_integrates_to_one():
    """On a grid over three nodes, the energy written out by hand."""
    unary = torch.tensor([[0.3, -0.4, 0.9]], dtype=torch.float64)
    R = symmetric(torch.tensor([[0.7, 0.2, 1.5]], dtype=torch.float64), 3)
    axis = torch.linspace(-6, 6, 81, dtype=torch.float64)
    y = torch.cartesian_prod(axis, axis, axis)
    n = len(y)
    nll = crf_nll(unary.expand(n, -1), R.expand(n, -1, -1), y)
    cell = float(axis[1] - axis[0]) ** 3
    assert float(torch.exp(-nll).sum() * cell) == pytest.approx(1, abs=1e-9)
    # And it falls with the energy.
    by_hand = energy(y.T, unary[0], R[0])
    gap = nll - by_hand
    assert float(gap.max() - gap.min()) < 1e-9


def test_nll_is_that_of_plain_algebra_and_scipy():
    from scipy.stats import multivariate_normal

    unary, R, target = graphs()
    found = crf_nll(unary, R, target)
    assert found.dtype == torch.float64
    assert torch.allclose(found, plain_nll(unary, R, target), rtol=1e-12)
    for i in range(2):
        A = np.eye(6) + np.diag(R[i].sum(1).numpy()) - R[i].numpy()
        law = multivariate_normal(crf_map(unary, R)[i], np.linalg.inv(2 * A))
        assert float(found[i]) == pytest.approx(-law.logpdf(target[i]))


def test_no_weights_leave_independent_nodes():
    unary, _, target = graphs()
    nothing = torch.zeros(2, 6, 6, dtype=torch.float64)
    assert torch.equal(crf_map(unary, nothing), unary)
    expected = ((unary - target) ** 2).sum(1) + 3 * math.log(math.pi)
    assert torch.allclose(crf_nll(unary, nothing, target), expected)


def test_disconnected_parts_add_up():
    unary, R, target = graphs(n=5)
    joint = torch.zeros(1, 10, 10, dtype=torch.float64)
    joint[0, :5, :5], joint[0, 5:, 5:] = R
    order = torch.randperm(10)
    shuffled = joint[:, order][:, :, order]
    flat, truth = unary.reshape(1, 10), target.reshape(1, 10)
    found = crf_nll(flat[:, order], shuffled, truth[:, order])
    assert torch.allclose(found, crf_nll(unary, R, target).sum())
    y = crf_map(flat[:, order], shuffled)
    assert torch.allclose(y, crf_map(unary, R).reshape(1, 10)[:, order])


def test_gradients_by_finite_differences():
    n = 4
    free = torch.rand(2, 6, dtype=torch.float64, requires_grad=True)
    unary = torch.randn(2, n, dtype=torch.float64, requires_grad=True)
    target = torch.randn(2, n, dtype=torch.float64, requires_grad=True)
    known = torch.tensor([[True, False, True, False], [True] * n])
    gradcheck(lambda u, f: crf_map(u, symmetric(f, n)), (unary, free))
    for seen in (None, known):
        gradcheck(
            lambda u, f, y, seen=seen: crf_nll(u, symmetric(f, n), y, seen),
            (unary, free, target),
        )


def test_closed_gradients_are_those_of_autograd():
    unary, R, target = graphs()
    weight = torch.tensor([0.3, -1.7], dtype=torch.float64)
    pairs = []
    for function in (crf_nll, plain_nll):
        leaves = [x.clone().requires_grad_() for x in (unary, R, target)]
        loss = (weight * function(*leaves)).sum()
        pairs.append(torch.autograd.grad(loss, leaves))
    (dz, dR, dy), (ez, eR, ey) = pairs
    assert torch.allclose(dz, ez) and torch.allclose(dy, ey)
    # Autograd moves each entry alone, also on the diagonal.
    assert torch.allclose(dR, (eR + eR.transpose(1, 2)) / 2)
    assert not dR.diagonal(dim1=1, dim2=2).any()
    with pytest.raises(RuntimeError, match="once_differentiable"):
        leaf = unary.clone().requires_grad_()
        grad = torch.autograd.grad(
            crf_map(leaf, R).square().sum(), leaf, create_graph=True
        )
        grad[0].sum().backward()


def test_unknown_depths_are_integrated_out():
    """The marginal of a Gaussian: drop rows of the covariance."""
    from scipy.stats import multivariate_normal

    unary, R, target = graphs()
    known = torch.tensor([[1, 0, 1, 1, 0, 1], [0, 0, 0, 0, 1, 0]]).bool()
    blank = torch.where(known, target, torch.nan)
    found = crf_nll(unary, R, blank, known)
    for i in range(2):
        A = np.eye(6) + np.diag(R[i].sum(1).numpy()) - R[i].numpy()
        keep = known[i].numpy()
        cut = np.linalg.inv(2 * A)[np.ix_(keep, keep)]
        law = multivariate_normal(crf_map(unary, R)[i].numpy()[keep], cut)
        expected = -law.logpdf(target[i].numpy()[keep])
        assert float(found[i]) == pytest.approx(expected, rel=1e-12)
    nothing = torch.zeros_like(known)
    assert crf_nll(unary, R, blank, nothing).abs().max() < 1e-12


def test_padding_changes_nothing():
    unary, R, target = graphs(n=5)
    more = torch.nn.functional.pad
    wide, deep = more(unary, (0, 3)), more(R, (0, 3, 0, 3))
    known = torch.arange(8).expand(2, 8) < 5
    y = crf_map(wide, deep)
    assert torch.allclose(y[:, :5], crf_map(unary, R)) and not y[:, 5:].any()
    found = crf_nll(wide, deep, more(target, (0, 3)), known)
    assert torch.allclose(found, crf_nll(unary, R, target))


def test_depths_stay_between_the_unaries():
    unary, R, _ = graphs(n=12)
    y = crf_map(unary, 1e3 * R)
    assert (y.amax(1) <= unary.amax(1) + 1e-9).all()
    assert (y.amin(1) >= unary.amin(1) - 1e-9).all()
    # Strong weights average each connected part, its sum kept.
    assert torch.allclose(y.sum(1), unary.sum(1))


def test_single_precision_stays_single():
    unary, R, target = graphs(n=20)
    single = [x.float().requires_grad_() for x in (unary, R, target)]
    found = crf_nll(*single)
    assert found.dtype == torch.float32 == crf_map(*single[:2]).dtype
    assert torch.allclose(found.double(), crf_nll(unary, R, target), 1e-4)
    found.sum().backward()
    assert all(x.grad.dtype == torch.float32 for x in single)


def test_autocast_changes_nothing():
    unary, R, target = (x.float() for x in graphs(n=20))
    known = torch.rand(2, 20) < 0.7
    results = []
    for enabled in (False, True):
        leaf = R.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            nll = crf_nll(unary, leaf, target, known)
            found = crf_map(unary, leaf)
            (nll.sum() + found.square().sum()).backward()
        results.append((nll, found, leaf.grad))
    for plain, cast in zip(*results, strict=True):
        assert torch.allclose(plain, cast, rtol=1e-4, atol=1e-5)


def test_negative_weights_are_fine_while_a_density_exists():
    unary = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    # A has eigenvalues 1 and 1 + 2 w.
    R = symmetric(torch.tensor([[-0.49]], dtype=torch.float64), 2)
    assert torch.isfinite(crf_nll(unary, R, unary)).all()
    for w in (-0.5, -0.51):
        R = symmetric(torch.tensor([[w]], dtype=torch.float64), 2)
        with pytest.raises(ValueError, match="graph 0 has negative weights"):
            crf_map(unary, R)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda u, R, y: (u[0], R, y), "expected \\(B, n\\)"),
        (lambda u, R, y: (u[:, :0], R, y), "not empty"),
        (lambda u, R, y: (u, R[:, :5], y), "expected \\(2, 6, 6\\)"),
        (lambda u, R, y: (u, R, y[:1]), "target has shape \\(1, 6\\)"),
        (lambda u, R, y: (u, R.float(), y), "pairwise is torch.float32"),
        (lambda u, R, y: (u.half(), R.half(), y.half()), "unary is .*float16"),
        (lambda u, R, y: (u, R + torch.eye(6), y), "diagonal that is not 0"),
        (lambda u, R, y: (u, torch.triu(R + 1, 1), y), "not symmetric"),
        (lambda u, R, y: (u, R * torch.nan, y), "pairwise holds NaN"),
        (lambda u, R, y: (u / 0, R, y), "unary holds NaN or infinity"),
        (lambda u, R, y: (u, R, y / 0), "target holds NaN or infinity"),
        (lambda u, R, y: (u, R, y, u), "known is torch.float64"),
    ],
)
def test_errors_name_the_argument(change, words):
    with pytest.raises(ValueError, match=words):
        crf_nll(*change(*graphs()))


def test_two_threads_and_three_hundred_nodes():
    """Where batched inverses failed; a hang shows as a time-out."""
    code = (
        "import torch; torch.set_num_threads(2)\n"
        "from depthlib.kernels import crf_map, crf_nll\n"
        "u, y = torch.randn(2, 8, 300); R = torch.rand(8, 300, 300)\n"
        "R = torch.triu(R * (R < 0.02), 1); R = R + R.transpose(1, 2)\n"
        "u.requires_grad_(); R.requires_grad_()\n"
        "(crf_nll(u, R, y).sum() + crf_map(u, R).sum()).backward()\n"
        "print(bool(torch.isfinite(R.grad).all()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.stdout.split() == ["True"], done.stderr
