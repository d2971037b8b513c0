"""The sparse CRF against the dense one and finite differences."""

import pytest
import torch
from torch.autograd import gradcheck

from depthlib.kernels import (
    crf_map,
    crf_map_sparse,
    crf_nll,
    crf_nll_sparse,
)
from depthlib.kernels import crf_sparse as module


def lattice(rows=4, columns=5, isolated=2):
    """Unary, edges, weights, target of a grid, and nodes without an edge."""
    number = torch.arange(rows * columns).reshape(rows, columns)
    across = torch.stack([number[:, :-1].flatten(), number[:, 1:].flatten()])
    down = torch.stack([number[1:].flatten(), number[:-1].flatten()])
    edges = torch.cat([across, down], 1)
    edges = edges[:, torch.randperm(edges.shape[1])]
    n = rows * columns + isolated
    place = torch.randperm(n)
    unary, target = torch.randn(2, n, dtype=torch.float64)
    weights = torch.rand(edges.shape[1], dtype=torch.float64)
    return unary, place[edges], weights, target


def dense(n, edges, weights):
    R = torch.zeros(n, n, dtype=torch.float64)
    R = R.index_put(tuple(edges), weights, accumulate=True)
    return (R + R.T)[None]


def test_equal_to_the_dense_one(monkeypatch):
    monkeypatch.setattr(module, "COLUMNS", 7)  # several pieces
    unary, edges, weights, target = lattice()
    results = []
    for sparse in (True, False):
        u, w, y = (
            x.clone().requires_grad_() for x in (unary, weights, target)
        )
        if sparse:
            found = crf_map_sparse(u, edges, w)
            nll = crf_nll_sparse(u, edges, w, y)
        else:
            R = dense(len(u), edges, w)
            found = crf_map(u[None], R)[0]
            nll = crf_nll(u[None], R, y[None])[0]
        loss = (found * y.detach()).sum()
        by_map = torch.autograd.grad(loss, (u, w), retain_graph=True)
        by_nll = torch.autograd.grad(-1.3 * nll, (u, w, y))
        results.append((found, nll, *by_map, *by_nll))
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype == torch.float64
        assert torch.allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_gradients_by_finite_differences():
    unary, edges, weights, target = (x for x in lattice(2, 3, 1))
    for x in (unary, weights, target):
        x.requires_grad_()
    gradcheck(lambda u, w: crf_map_sparse(u, edges, w), (unary, weights))
    gradcheck(
        lambda u, w, y: crf_nll_sparse(u, edges, w, y),
        (unary, weights, target),
    )


def test_an_edge_named_twice_has_both_weights():
    unary, edges, weights, target = lattice()
    twice = torch.cat([edges, edges.flip(0)], 1)
    halves = torch.cat([weights / 4, 3 * weights / 4])
    for ours, theirs in (
        (
            crf_map_sparse(unary, twice, halves),
            crf_map_sparse(unary, edges, weights),
        ),
        (
            crf_nll_sparse(unary, twice, halves, target),
            crf_nll_sparse(unary, edges, weights, target),
        ),
    ):
        assert torch.allclose(ours, theirs, rtol=1e-12)


def test_nodes_without_any_edge():
    unary = torch.tensor([1.0, -2.0])
    edges, weights = torch.zeros(2, 0, dtype=torch.int64), torch.zeros(0)
    found = crf_map_sparse(unary, edges, weights)
    assert found.dtype == torch.float32 and torch.equal(found, unary)
    expected = crf_nll(unary[None], torch.zeros(1, 2, 2), -unary[None])[0]
    found = crf_nll_sparse(unary, edges, weights, -unary)
    assert float(found) == pytest.approx(float(expected))


@pytest.mark.parametrize("w", [-0.5, -0.51, -3.0])
def test_indefinite_weights_are_refused(w):
    edges = torch.tensor([[0], [1]])
    fine = torch.tensor([-0.49], dtype=torch.float64)
    unary = torch.ones(2, dtype=torch.float64)
    assert torch.allclose(crf_map_sparse(unary, edges, fine), unary)
    with pytest.raises(ValueError, match="indefinite"):
        crf_map_sparse(unary, edges, torch.full_like(fine, w))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda u, e, w, y: (u[None], e, w, y), "expected \\(n,\\)"),
        (lambda u, e, w, y: (u, e.T, w, y), "shape \\(2, m\\)"),
        (lambda u, e, w, y: (u, e.int(), w, y), "edges is torch.int32"),
        (lambda u, e, w, y: (u, e, w[1:], y), "weights has shape \\(30,\\)"),
        (lambda u, e, w, y: (u, e, w, y[1:]), "target has shape \\(21,\\)"),
        (lambda u, e, w, y: (u, e, w.float(), y), "weights is torch.float32"),
        (lambda u, e, w, y: (u, e, w / 0, y), "weights holds NaN"),
        (lambda u, e, w, y: (u, e + 1, w, y), "nodes 1 to 22"),
        (lambda u, e, w, y: (u, e[[0, 0]], w, y), "to itself"),
        (lambda u, e, w, y: (u.to("meta"), e, w, y), "is on meta"),
    ],
)
def test_errors_name_the_argument(change, words):
    unary, edges, weights, target = lattice(4, 5)
    # Let the last node have an edge, so that a shift leads out.
    edges = torch.where(edges == edges.max(), 21, edges)
    edges = torch.where(edges == edges.min(), 0, edges)
    with pytest.raises(ValueError, match=words):
        crf_nll_sparse(*change(unary, edges, weights, target))
