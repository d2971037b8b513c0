"""The steps of the CNN-CRF against the same by hand."""

import copy

import pytest
import torch
import torch.nn.functional as F
from toys import Blocks

from depthlib.experiments import CRFRun
from depthlib.models.crf import similarities
from depthlib.models.superpixels import slic
from depthlib.training import fit
from depthlib.training.crf import AdversarialCRFStep, CRFStep
from depthlib.training.loop import _one_process

ARMS = [
    {"generator": "unary"},
    {"loss": "nll"},
    {"loss": "l1"},
    {"loss": "l1", "adversary": True},
    {"loss": "nll", "adversary": True},
]


class Killed(Exception):
    pass


def kill(seen):
    if seen >= 10:
        raise Killed


def config(**changes):
    usual = {
        "experiment": "x",
        "width": 0.05,
        "superpixels": 12,
        "critic_width": 4,
        "field": 16,
        "samples": 16,
        "batch_size": 2,
        "decay": (1e-2, 3e-2),
    }
    return CRFRun(**(usual | changes))


def batch():
    """Two images; one has a hole, the other is a single superpixel."""
    samples = [Blocks(2)[i] for i in range(2)]
    found = {
        name: torch.stack([s[name] for s in samples])
        for name in ("image", "depth", "mask")
    }
    labels = slic(found["image"], 12)
    assert int(labels[0].max()) >= 5
    labels[1] = 0
    found["mask"] = found["mask"].clone()
    found["mask"][0, 0][labels[0] == 2] = False
    found["mask"][1, 0, :5] = False
    found["depth"] = torch.where(found["mask"], found["depth"], torch.nan)
    return found | {"labels": labels}


def make(**changes):
    c = config(**changes)
    model = c.build_model()
    return model, c.step_class()(_one_process(c.precision), model, c), c


def scaled(depth):
    return 2 * (depth - 0.4) / 9.6 - 1


def brute_nll(model, sample):
    """Image by image, A by loops, density and marginal by torch's Gaussian."""
    image, labels = sample["image"], sample["labels"]
    z, S = model.unaries(image, labels), similarities(image, labels)
    beta = model.crf.free.exp().log1p() if model.crf else torch.zeros(2)
    total = []
    for b in range(len(image)):
        n = int(labels[b].max()) + 1
        A = torch.eye(n).double()
        for i in range(n):
            for j in range(n):
                R = (beta * S[b, :, i, j]).sum()
                A = A + R * torch.outer(unit(i, n), unit(i, n))
                A = A - R * torch.outer(unit(i, n), unit(j, n))
        inverse = torch.linalg.inv(A)
        mean, cover = inverse @ z[b, :n].double(), inverse / 2
        inside = [labels[b] == i for i in range(n)]
        keep = [
            i for i in range(n) if (inside[i] & sample["mask"][b, 0]).any()
        ]
        y = torch.stack(
            [
                sample["depth"][b, 0][inside[i] & sample["mask"][b, 0]].mean()
                for i in keep
            ]
        )
        law = torch.distributions.MultivariateNormal(
            mean[keep], cover[keep][:, keep]
        )
        total.append(-law.log_prob(scaled(y).double()))
    return torch.stack(total).mean()


def unit(i, n):
    return torch.eye(n).double()[i]


def decay(model):
    parts = [*model.features.parameters(), *model.regressor.parameters()]
    total = 1e-2 / 2 * sum((p**2).sum() for p in parts)
    if model.crf is None:
        return total
    return total + 3e-2 / 2 * (model.crf.free.exp().log1p() ** 2).sum()


@pytest.mark.parametrize("generator", ["crf", "unary"])
def test_the_likelihood_step_by_hand(generator):
    """Gradients in closed form against autograd on the dense model."""
    model, step, c = make(generator=generator)
    twin, sample = copy.deepcopy(model), batch()
    parts = step(sample, 1e-3, 0)
    nll = brute_nll(twin, sample)
    assert float(parts["nll"]) == pytest.approx(nll.item(), rel=1e-5)
    loss = nll + decay(twin)
    assert float(parts["loss"]) == pytest.approx(loss.item(), rel=1e-5)
    names = [name for name, _ in twin.named_parameters()]
    slopes = torch.autograd.grad(loss, list(twin.parameters()))
    trained = dict(model.named_parameters())
    for name, slope, old in zip(names, slopes, twin.parameters(), strict=True):
        new, slope = trained[name], slope.float()
        size = slope.abs().max()
        assert torch.allclose(new.grad, slope, atol=2e-4 * size), name
        # Adam's first step is the rate, against the sign of the gradient.
        rate = 1e-3 * (c.beta_rate if name == "crf.free" else 1)
        sure = new.grad.abs() > 1e-4
        moved = (new - old)[sure]
        assert torch.allclose(moved, -rate * slope[sure].sign(), rtol=1e-2)


def test_the_adversarial_step_by_hand():
    model, step, c = make(loss="l1", adversary=True)
    twin, critic = copy.deepcopy(model), copy.deepcopy(step.discriminator)
    sample = batch()
    parts = step(sample, 1e-3, 0)

    known = sample["mask"]
    fake = scaled(twin(sample["image"], sample["labels"]))
    real = scaled(sample["depth"]).where(known, -1.0)
    shown = fake.where(known, torch.tensor(-1.0))
    scores = (
        critic(sample["image"], real),
        critic(sample["image"], shown.detach()),
    )
    d = 0.5 * (F.softplus(-scores[0]).mean() + F.softplus(scores[1]).mean())
    optimiser = torch.optim.Adam(critic.parameters(), 4e-3, betas=c.betas)
    d.backward()
    optimiser.step()
    for one, two in zip(
        critic.parameters(), step.discriminator.parameters(), strict=True
    ):
        assert torch.allclose(one, two, atol=1e-7)
    g = F.softplus(-critic(sample["image"], shown)).mean()
    distance = (fake - real).abs()[known].mean()
    loss = 100 * distance + decay(twin) + g
    for name, value in (("d", d), ("g", g), ("l1", distance), ("loss", loss)):
        assert float(parts[name]) == pytest.approx(value.item(), rel=1e-5)
    slopes = torch.autograd.grad(loss, list(twin.parameters()))
    for slope, new in zip(slopes, model.parameters(), strict=True):
        assert torch.allclose(new.grad, slope, atol=1e-4 * slope.abs().max())


def test_the_adversary_reaches_unary_and_beta():
    """Through the linear solve: its own part of the gradient."""
    grads = []
    for adversary in (True, False):
        model, step, _ = make(loss="l1", adversary=adversary)
        step(batch(), 1e-3, 0)
        grads.append({n: p.grad for n, p in model.named_parameters()})
    changed = {n for n, g in grads[0].items() if (g != grads[1][n]).any()}
    # Units that never fire have no gradient either way.
    assert changed == {n for n, g in grads[1].items() if g.any()}
    assert {"crf.free", "features.0.weight"} <= changed


def test_without_its_gradient_the_adversary_changes_nothing(monkeypatch):
    """Initial weights, order of images and steps are those of plain L1."""
    finished = []
    for adversary in (False, True):
        c = config(loss="l1", adversary=adversary)
        model = c.build_model()
        if adversary:
            zero = lambda self, scores: 0.0 * scores.sum()  # noqa: E731
            monkeypatch.setattr("depthlib.losses.BCEGanLoss.generator", zero)
        fit(model, Blocks(4), c, step=c.step_class())
        finished.append(list(model.parameters()))
    for one, two in zip(*finished, strict=True):
        assert torch.equal(one, two)


def test_the_kind_of_step_is_chosen_by_the_adversary():
    assert config().step_class() is CRFStep
    assert config(adversary=True).step_class() is AdversarialCRFStep
    with pytest.raises(ValueError, match="loss is 'l3'"):
        make(loss="l3")


@pytest.mark.parametrize("arm", ARMS, ids=str)
def test_a_killed_training_ends_with_the_same_weights(tmp_path, arm):
    c, data = config(**arm), Blocks(3)
    undisturbed = c.build_model()
    whole = fit(undisturbed, data, c, step=c.step_class())
    options = {
        "step": c.step_class(),
        "checkpoint": tmp_path / "run.pt",
        "checkpoint_seconds": 0.0,
    }
    with pytest.raises(Killed):
        fit(c.build_model(), data, c, on_step=kill, **options)
    model = c.build_model()
    torch.manual_seed(99)  # a new process starts from another state
    history = fit(model, data, c, **options)
    assert history.losses == whole.losses and len(whole.losses) == 8
    for one, two in zip(
        model.parameters(), undisturbed.parameters(), strict=True
    ):
        assert torch.equal(one, two)


def test_depths_that_are_unknown_teach_nothing():
    losses = []
    for filler in (0.5, 9.0):
        sample = batch()
        sample["depth"] = sample["depth"].nan_to_num(filler)
        for arm in ARMS:
            _, step, _ = make(**arm)
            losses.append(float(step(sample, 1e-3, 0)["loss"]))
    assert losses[: len(ARMS)] == losses[len(ARMS) :]
