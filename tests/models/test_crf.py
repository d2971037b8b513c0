"""CRF and CNN-CRF: weights, ranges, padding, gradients, learning."""

import math

import pytest
import torch
import torch.nn.functional as F

from depthlib.kernels import crf_map, crf_nll
from depthlib.models import CNNCRF, CRF, UnaryCNN
from depthlib.models import crf as module
from depthlib.models.superpixels import (
    adjacency,
    oracle_depth,
    slic,
    superpixel_means,
)


def scene(batch=2, size=(32, 48)):
    """Blocks of colour whose depth follows their colour; labels too."""
    coarse = torch.rand(batch, 3, 4, 6)
    image = F.interpolate(coarse, size=size, mode="nearest")
    image = (image + 0.01 * torch.randn_like(image)).clamp(0, 1)
    depth = 1 + 8 * F.interpolate(coarse[:, :1], size=size, mode="nearest")
    labels = slic(image, n=30)
    return image, depth, torch.ones_like(depth) > 0, labels


def small(**options):
    return CNNCRF(patch=8, width=0.1, superpixels=30, **options)


def test_similarities_by_hand():
    image = torch.zeros(1, 3, 2, 3)
    image[..., 1], image[..., 2] = 0.5, 0.55
    labels = torch.tensor([[[0, 1, 2], [0, 1, 2]]])
    S = module.similarities(image, labels, scales=(2.0, 3.0), bins=4)
    assert S.shape == (1, 2, 3, 3)
    luma = 0.2989 + 0.5870 + 0.1140
    assert float(S[0, 0, 0, 1]) == pytest.approx(math.exp(-luma), rel=1e-5)
    # Grey 0 is in bin 0 of four, the other two share bin 1 and bin 2.
    apart = math.exp(-3 * 2**0.5)
    assert float(S[0, 1, 0, 1]) == pytest.approx(apart, rel=1e-5)
    assert torch.equal(S, S.transpose(2, 3))
    assert not S[0, :, 0, 2].any() and not S.diagonal(dim1=2, dim2=3).any()


def test_similar_neighbours_pull_more():
    image, _, _, labels = scene()
    S = module.similarities(image, labels)
    touch = adjacency(labels)[:, None].expand_as(S)
    assert not S[~touch].any() and (S[touch] > 0).all() and S.max() <= 1


def test_beta_starts_where_asked_and_stays_above_zero():
    crf = CRF(beta=0.7)
    assert torch.allclose(crf.beta, torch.full((2,), 0.7))
    with torch.no_grad():
        crf.free.fill_(-50.0)
    assert (crf.beta > 0).all()
    with pytest.raises(ValueError, match="beta is 0"):
        CRF(beta=0)
    with pytest.raises(ValueError, match=r"expected \(B, 2, n, n\)"):
        crf(torch.zeros(1, 3), torch.zeros(1, 3, 3, 3))


def test_crf_is_the_kernel_of_the_weighted_sum():
    image, _, _, labels = scene()
    S = module.similarities(image, labels)
    unary, target = torch.randn(2, len(S), S.shape[-1])
    crf = CRF()
    with torch.no_grad():
        crf.free.copy_(torch.tensor([0.2, 1.4]))
    beta = torch.log1p(torch.tensor([0.2, 1.4]).exp())
    R = beta[0] * S[:, 0] + beta[1] * S[:, 1]
    assert torch.allclose(crf(unary, S), crf_map(unary, R), atol=1e-6)
    expected = crf_nll(unary, R, target)
    assert torch.allclose(crf.nll(unary, S, target), expected, rtol=1e-5)


def test_gradient_of_beta_by_finite_differences():
    image, _, _, labels = scene()
    S = module.similarities(image, labels).double()
    unary, target = torch.randn(2, 2, S.shape[-1], dtype=torch.float64)
    crf = CRF().double()
    for function in (
        lambda: crf.nll(unary, S, target).sum(),
        lambda: (crf(unary, S) * target).sum(),
    ):
        (slope,) = torch.autograd.grad(function(), crf.free)
        for k in range(2):
            values = []
            for step in (1e-5, -2e-5):
                with torch.no_grad():
                    crf.free[k] += step
                values.append(float(function().detach()))
            with torch.no_grad():
                crf.free[k] += 1e-5
            by_hand = (values[0] - values[1]) / 2e-5
            assert float(slope[k]) == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("unary", ["patch", "pooled"])
def test_depth_is_in_range_and_constant_over_superpixels(unary):
    image, _, _, labels = scene()
    model = small(unary=unary, min_depth=0.5, max_depth=9.0).eval()
    depth = model(image, labels).detach()
    assert depth.shape == (2, 1, 32, 48)
    assert float(depth.min()) >= 0.5 and float(depth.max()) <= 9.0
    assert not oracle_depth(depth, depth > 0, labels)[1].max() > 1e-5
    assert torch.equal(depth, model(image))
    assert not torch.allclose(depth, model.unary_depth(image, labels))


@pytest.mark.parametrize("unary", ["patch", "pooled"])
def test_other_images_of_the_batch_do_not_matter(unary):
    image, depth, mask, labels = scene(3)
    counts = labels.amax((1, 2))
    assert len(counts.unique()) > 1, "the batch is to be padded"
    model = small(unary=unary)
    together = model(image, labels), model.nll(image, depth, mask, labels)
    for i in range(3):
        one = slice(i, i + 1)
        alone = model(image[one], labels[one])
        assert torch.allclose(alone, together[0][one], atol=1e-5)
        nll = model.nll(image[one], depth[one], mask[one], labels[one])
        assert torch.allclose(nll, together[1][one], rtol=1e-4)


def test_patches_are_cut_around_centres():
    """A regressor that reads out the patch's own pixels."""
    image, _, _, labels = scene(1, (24, 40))
    model = small()
    seen = []
    model.features.register_forward_hook(
        lambda layer, given, found: seen.append(given[0])
    )
    model.unaries(image, labels)
    (patches,) = seen
    assert patches.shape == (int(labels.max()) + 1, 3, 8, 8)
    for i, patch in enumerate(patches):
        ys, xs = (labels[0] == i).nonzero(as_tuple=True)
        top = round(float((ys + 0.5).mean())) - 4
        left = round(float((xs + 0.5).mean())) - 4
        rows = torch.arange(top, top + 8).clamp(0, 23)
        columns = torch.arange(left, left + 8).clamp(0, 39)
        expected = image[0][:, rows][:, :, columns]
        assert torch.allclose((patch + 1) / 2, expected, atol=1e-6)


def test_superpixels_without_depth_are_integrated_out():
    image, depth, mask, labels = scene()
    model = small()
    mask[0, 0][labels[0] == 3] = False
    depth = torch.where(mask, depth, torch.nan)
    found = model.nll(image, depth, mask, labels)
    S = module.similarities(image, labels)
    z, R = model.unaries(image, labels), model.crf.pairwise(S)
    means, known = superpixel_means(depth, labels, mask)
    target = 2 * (means[..., 0] - 1e-3) / (10 - 1e-3) - 1
    assert torch.allclose(found, crf_nll(z, R, target, known), rtol=1e-5)
    assert not known[0, 3]
    found.sum().backward()
    for parameter in model.parameters():
        assert torch.isfinite(parameter.grad).all() and parameter.grad.any()


def test_the_map_passes_gradients_to_all_parameters():
    """As the adversary needs it: a loss of the map alone."""
    image, depth, _, labels = scene()
    model = small()
    (model(image, labels) - depth).abs().mean().backward()
    assert all(p.grad.any() for p in model.parameters())


@pytest.mark.parametrize("unary", ["patch", "pooled"])
def test_the_crf_keeps_full_precision_under_autocast(unary):
    image, depth, mask, labels = scene()
    model = small(unary=unary)
    plain = model.nll(image, depth, mask, labels)
    with torch.autocast("cpu", torch.bfloat16):
        found = model.nll(image, depth, mask, labels)
        drawn = model(image, labels)
    assert found.dtype == drawn.dtype == torch.float32
    # The convolutions are half precision, so the unaries differ a little.
    assert torch.allclose(found, plain, rtol=0.05)
    found.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_decay_by_hand():
    model = small()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.5)
    n = sum(p.numel() for p in model.parameters()) - 2
    beta = math.log1p(math.exp(0.5))
    expected = 0.1 / 2 * n * 0.25 + 3 / 2 * 2 * beta**2
    assert model.decay(0.1, 3.0).item() == pytest.approx(expected, rel=1e-5)


def test_learns_colour_to_depth():
    image, depth, mask, labels = scene(4)
    model = small()
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    before = model.nll(image, depth, mask, labels).mean().item()
    for _ in range(60):
        optimiser.zero_grad()
        loss = model.nll(image, depth, mask, labels).mean()
        loss.backward()
        optimiser.step()
    assert loss.item() < before - 2
    error = (model(image, labels) - depth).square().mean().sqrt()
    assert float(error.detach()) < 0.6 * float(depth.std())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"unary": "pixel"}, 'choose "patch" or "pooled"'),
        ({"patch": 12}, "patch is 12; give a multiple of 8"),
        ({"min_depth": 3.0, "max_depth": 2.0}, "0 < min_depth < max_depth"),
        ({"width": 0}, "width is 0"),
    ],
)
def test_wrong_arguments_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        CNNCRF(**options)


def test_components_do_not_hear_of_each_other():
    """Two pairs and an isolated node: three graphs in one."""
    S = torch.zeros(1, 2, 5, 5)
    for i, j in ((0, 1), (2, 3)):
        S[:, :, i, j] = S[:, :, j, i] = torch.tensor([0.9, 0.4])
    unary, target = torch.randn(2, 1, 5)
    crf = CRF()
    found, nll = crf(unary, S), crf.nll(unary, S, target)
    assert found[0, 4].item() == pytest.approx(unary[0, 4].item())
    apart = []
    for nodes in ([0, 1], [2, 3], [4]):
        part = S[:, :, nodes][..., nodes]
        y = crf(unary[:, nodes], part)
        assert torch.allclose(found[:, nodes], y, atol=1e-6)
        apart.append(crf.nll(unary[:, nodes], part, target[:, nodes]))
    assert torch.allclose(nll, sum(apart), rtol=1e-5)
    nll.sum().backward()
    assert torch.isfinite(crf.free.grad).all() and crf.free.grad.all()


def test_the_unary_alone_is_a_crf_without_weights():
    image, depth, mask, labels = scene()
    mask[0, 0][labels[0] == 3] = False
    torch.manual_seed(7)
    model = small()
    torch.manual_seed(7)
    alone = UnaryCNN(patch=8, width=0.1, superpixels=30)
    mine, other = alone.state_dict(), model.state_dict()
    assert set(other) - set(mine) == {"crf.free"}
    assert all(torch.equal(other[name], value) for name, value in mine.items())
    assert torch.equal(alone(image, labels), model.unary_depth(image, labels))
    z = model.unaries(image, labels)
    target, known = model.targets(depth, mask, labels)
    nothing = torch.zeros(2, z.shape[1], z.shape[1])
    expected = crf_nll(z, nothing, target, known)
    found = alone.nll(image, depth, mask, labels)
    assert torch.allclose(found, expected, rtol=1e-5)
    assert alone.decay(0.0, 1.0).item() == 0
    found.sum().backward()
    assert all(p.grad.any() for p in alone.parameters())
