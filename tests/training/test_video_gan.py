"""SC-GAN's step: both players by hand, one mask for both, resuming."""

import copy

import pytest
import torch
from lightning.fabric import Fabric
from toys import Clips, Tiny

from depthlib.kernels import uniform_offsets
from depthlib.models import SCGAN, PatchDiscriminator, scale_depth
from depthlib.training import VideoGanTraining, fit
from depthlib.training.stream import SampleStream
from depthlib.training.video_gan import VideoGanStep


def config(**changes):
    defaults = {
        "samples": 32,
        "batch_size": 4,
        "lr": 2e-4,
        "field": 16,
        "critic_width": 4,
        "seed": 3,
    }
    return VideoGanTraining(**(defaults | changes))


def generator(**options):
    torch.manual_seed(5)
    return SCGAN(
        uniform_offsets(2, 2),
        encoder="resnet18",
        width=0.05,
        blocks=(1, 1, 1, 1),
        stages=1,
        max_depth=10.0,
        **options,
    )


def batch(n=4):
    data = Clips(n)
    samples = [data[i] for i in range(n)]
    names = ("image", "adjacent", "depth", "mask")
    return {name: torch.stack([s[name] for s in samples]) for name in names}


def make(model, **changes):
    return VideoGanStep(
        Fabric(accelerator="cpu", devices=1), model, config(**changes)
    )


def adam_once(parameters, gradients, rate):
    """Adam's first step: both moments, once corrected, are the gradient's."""
    return [
        p - rate * g / (g.abs() + 1e-8)
        for p, g in zip(parameters, gradients, strict=True)
    ]


def compare(found, expected, gradients, rate):
    for p, q, gradient in zip(found, expected, gradients, strict=True):
        sure = gradient.abs() > 1e-5  # elsewhere rounding decides the sign
        torch.testing.assert_close(
            p[sure], q[sure], rtol=1e-4, atol=0.02 * rate
        )


@pytest.mark.parametrize("saturating", [False, True])
def test_one_step_of_both_players_by_hand(saturating):
    model, data, rate, weight = generator(), batch(), 1e-3, 0.1
    step = make(model, saturating=saturating)
    g = copy.deepcopy(model)
    d = copy.deepcopy(step.discriminator.module)
    image, mask = data["image"], data["mask"]

    fake = scale_depth(g.train()(image, data["adjacent"]), 1e-3, 10.0)
    real = 2 * (data["depth"] - 1e-3) / (10 - 1e-3) - 1
    phi = mask.float()
    real, shown = (x * phi - (1 - phi) for x in (real, fake))
    p_real, p_fake = (
        torch.sigmoid(d(image, x)) for x in (real, shown.detach())
    )
    # Eq. 8, which D maximises.
    d_loss = -(p_real.log().mean() + (1 - p_fake).log().mean())
    old = list(d.parameters())
    d_gradients = torch.autograd.grad(d_loss, old)
    new = adam_once(old, d_gradients, rate)
    with torch.no_grad():
        for p, q in zip(old, new, strict=True):
            p.copy_(q)
    # G steps second, against the new D.
    p_fake = torch.sigmoid(d(image, shown))
    g_gan = (1 - p_fake).log().mean() if saturating else -p_fake.log().mean()
    l1 = (phi * (fake - real).abs()).sum() / phi.sum()  # Eq. 7
    weights = list(g.parameters())
    gradients = torch.autograd.grad(l1 + weight * g_gan, weights)

    parts = step(data, rate, 0)
    assert parts["d"].item() == pytest.approx(d_loss.item(), rel=1e-5)
    assert parts["g"].item() == pytest.approx(g_gan.item(), rel=1e-4)
    assert parts["l1"].item() == pytest.approx(l1.item(), rel=1e-5)
    total = (l1 + weight * g_gan).item()
    assert parts["loss"].item() == pytest.approx(total, rel=1e-5)
    expected = adam_once(weights, gradients, rate)
    compare(model.parameters(), expected, gradients, rate)
    compare(step.discriminator.parameters(), new, d_gradients, rate)


def test_the_critic_of_the_paper():
    step = make(generator(), field=70, critic_width=64)
    d = step.discriminator.module
    norms = [m for m in d.modules() if "Norm" in type(m).__name__]
    assert isinstance(d, PatchDiscriminator)
    assert {type(m).__name__ for m in norms} == {"InstanceNorm2d"}
    assert d.score_size(256, 512) == (30, 62)
    for optimizer in (step.optimizer, step.d_optimizer):
        assert optimizer.param_groups[0]["lr"] == 2e-4
        assert optimizer.param_groups[0]["betas"] == (0.5, 0.999)


def watched(step):
    """What D is shown from now on, in order: real, fake, and G's fake."""
    seen = []
    step.discriminator.register_forward_pre_hook(
        lambda _module, inputs: seen.append(inputs[1].detach().clone())
    )
    return seen


class Oracle(Tiny):
    """Right where truth is known, and anything elsewhere."""

    inputs = ("image", "adjacent", "depth", "mask")

    def forward(self, image, adjacent, depth, mask):
        wrong = super().forward(image)
        return torch.where(mask, depth + 0 * wrong, wrong)


def test_equal_known_depth_is_one_picture_to_the_critic():
    step = make(Oracle())
    seen = watched(step)
    parts = step(batch(), 0.0, 0)
    real, fake, again = seen
    assert torch.equal(real, fake) and torch.equal(fake, again)
    # No score can tell them apart: D's best answer is 1/2 for both.
    assert parts["d"].item() >= 2 * torch.tensor(2.0).log().item() - 1e-6


def test_what_is_masked_moves_neither_player():
    results = []
    for filler in (0.0, 9.0):
        data = batch()
        data["depth"] = data["depth"].where(data["mask"], filler)
        step = make(generator())
        losses = [step(data, 1e-3, i)["loss"].item() for i in range(3)]
        d = torch.cat([p.flatten() for p in step.discriminator.parameters()])
        results.append((losses, d))
    assert results[0][0] == results[1][0]
    assert torch.equal(results[0][1], results[1][1])


def test_no_gradient_reaches_unknown_pixels():
    model, data = Tiny(), batch()
    step = make(model)
    kept = []

    def keep(_module, _inputs, output):
        output.retain_grad()
        kept.append(output)

    model.register_forward_hook(keep)
    step(data, 1e-3, 0)
    gradient, mask = kept[0].grad, data["mask"]
    assert (gradient[~mask] == 0).all()
    assert (gradient[mask] != 0).all()


def test_the_leak_shows_the_holes_of_the_truth_alone():
    step = make(Oracle(), leak=True)
    seen = watched(step)
    data = batch()
    step(data, 0.0, 0)
    real, fake, _ = seen
    mask = data["mask"]
    assert torch.equal(real[mask], fake[mask])
    assert (real[~mask] == -1).all() and (fake[~mask] > -1).all()


def test_through_the_leak_the_generator_learns_the_holes():
    """The trap: depth is pulled to the filler, 0 m, where none is known.

    The network is right wherever truth is known, so that nothing else
    teaches it.
    """
    data, means = batch(), {}
    for leak in (False, True):
        model = Oracle()
        step = make(model, leak=leak)
        before = model(**data)[~data["mask"]].mean().item()
        for i in range(60):
            step(data, 5e-3, i)
        after = model(**data)[~data["mask"]].mean().item()
        means[leak] = after / before
    assert means[False] == 1
    assert means[True] < 0.5


def test_without_weight_it_is_plain_l1_bit_for_bit():
    """The whole training: order, flips, schedule, optimiser."""
    data = Clips(10)
    model, plain = generator(), generator()
    c = config(weight=0.0)
    losses = fit(model, data, c, step=VideoGanStep).losses
    optimizer = torch.optim.Adam(plain.parameters(), betas=(0.5, 0.999))
    plain.to(memory_format=torch.channels_last)
    stream = SampleStream(data, seed=3)
    for k in range(c.steps):
        samples = [stream[i] for i in range(4 * k, 4 * k + 4)]
        image, adjacent, depth, mask = (
            torch.stack([s[name] for s in samples])
            for name in ("image", "adjacent", "depth", "mask")
        )
        real, fake = (
            scale_depth(x, 1e-3, 10.0) for x in (depth, plain(image, adjacent))
        )
        loss = (real - fake).abs().where(mask, 0.0).sum() / mask.sum()
        for group in optimizer.param_groups:
            group["lr"] = c.lr * min(1, 2 * (1 - k / c.steps))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert losses[k] == pytest.approx(loss.item(), rel=1e-6)
    for a, b in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_critic_leaves_the_generators_random_numbers_alone():
    states = []
    for field in (16, 34):
        torch.manual_seed(1)
        make(Tiny(), field=field)
        states.append(torch.get_rng_state())
    assert torch.equal(*states)


def test_a_killed_training_ends_with_the_same_weights(tmp_path):
    class Killed(Exception):
        pass

    def kill(seen):
        if seen >= 16:
            raise Killed

    data, c, options = Clips(10), config(), {"step": VideoGanStep}
    undisturbed = generator()
    whole = fit(undisturbed, data, c, **options)
    options |= {"checkpoint": tmp_path / "run.pt", "checkpoint_seconds": 0.0}
    with pytest.raises(Killed):
        fit(generator(), data, c, on_step=kill, **options)
    model = generator()
    history = fit(model, data, c, **options)
    assert history.losses == whole.losses
    for a, b in zip(model.parameters(), undisturbed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_it_learns():
    losses = fit(
        generator(),
        Clips(16),
        config(samples=240, lr=5e-3),
        step=VideoGanStep,
    ).losses
    assert sum(losses[-10:]) < 0.6 * sum(losses[:10])


def test_a_bad_recipe_is_refused():
    with pytest.raises(ValueError, match="weight is -1"):
        config(weight=-1)
    with pytest.raises(ValueError, match="loss is 'berhu'"):
        make(generator(), loss="berhu")
