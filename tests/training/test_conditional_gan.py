"""The conditional GAN's step against the same by hand."""

import copy

import pytest
import torch
import torch.nn.functional as F
from toys import Scenes, Tiny

from depthlib.losses import gradient_loss, relative_l1, ssim_loss
from depthlib.models import ScaledDepth, UNet, scale_depth, spectral_normalise
from depthlib.training import ConditionalGanTraining, fit
from depthlib.training.conditional_gan import ConditionalGanStep
from depthlib.training.loop import _one_process
from depthlib.training.stream import SampleStream


def config(**changes):
    defaults = {
        "samples": 96,
        "batch_size": 4,
        "lr": 1e-3,
        "critic_width": 4,
        "seed": 3,
    }
    return ConditionalGanTraining(**(defaults | changes))


def generator(norm="batch", spectral=False):
    torch.manual_seed(5)
    network = UNet(levels=3, width=4, norm=norm)
    if spectral:
        spectral_normalise(network)
    return ScaledDepth(network)


def batch(seed=0, hole=0):
    rng = torch.Generator().manual_seed(seed)
    image = torch.rand(4, 3, 32, 32, generator=rng)
    mask = torch.ones(4, 1, 32, 32, dtype=torch.bool)
    mask[..., :hole] = False
    return {"image": image, "depth": 1 + 4 * image[:, :1], "mask": mask}


def make(model, **changes):
    c = config(**changes)
    return ConditionalGanStep(_one_process(c.precision), model, c)


def adam_once(parameters, gradients, rate):
    """Adam's first step: both moments, once corrected, are the gradient's."""
    return [
        p - rate * g / (g.abs() + 1e-8)
        for p, g in zip(parameters, gradients, strict=True)
    ]


def test_one_step_of_both_players_by_hand():
    model = generator()
    model.network.up[0][-1].p = 0.0  # no dropout, so that by hand is by hand
    step = make(model, removed="spectral_d", weight=100.0)
    g, d = copy.deepcopy(model), copy.deepcopy(step.discriminator.module)
    data = batch(hole=5)
    image, mask, rate = data["image"], data["mask"], 1e-3

    g.train()
    fake = g.network(image)
    real = (2 * (data["depth"] - 1e-3) / 9.999 - 1).where(mask, -1)
    shown = fake.where(mask, -1)
    p_real, p_fake = (
        torch.sigmoid(d(image, x)) for x in (real, shown.detach())
    )
    d_loss = -(p_real.log().mean() + (1 - p_fake).log().mean()) / 2
    old = list(d.parameters())
    new = adam_once(old, torch.autograd.grad(d_loss, old), 4 * rate)
    with torch.no_grad():
        for p, q in zip(old, new, strict=True):
            p.copy_(q)
    g_gan = -torch.sigmoid(d(image, shown)).log().mean()
    distance = (fake - real)[mask].abs().mean()
    weights = list(g.parameters())
    gradients = torch.autograd.grad(g_gan + 100 * distance, weights)

    parts = step(data, rate, 0)
    assert parts["d"].item() == pytest.approx(d_loss.item(), rel=1e-5)
    assert parts["g"].item() == pytest.approx(g_gan.item(), rel=1e-5)
    assert parts["l1"].item() == pytest.approx(distance.item(), rel=1e-5)
    expected = adam_once(weights, gradients, rate)
    for found, q, gradient in zip(
        model.parameters(), expected, gradients, strict=True
    ):
        sure = gradient.abs() > 1e-5  # elsewhere rounding decides the sign
        torch.testing.assert_close(found[sure], q[sure], rtol=1e-4, atol=1e-5)
    for found, q in zip(step.discriminator.parameters(), new, strict=True):
        torch.testing.assert_close(found, q, rtol=1e-4, atol=1e-5)


def test_the_printed_form_of_the_generators_loss():
    data = batch()
    parts = make(generator(), saturating=True)(data, 1e-3, 0)
    # D is near 1/2 at first: ln(1 - 1/2), where the usual form has +ln 2.
    assert parts["g"].item() == pytest.approx(-0.69, abs=0.1)


def test_without_the_adversary_it_is_plain_l1_bit_for_bit():
    """The whole training: order, flips, dropout, schedule, optimiser."""
    data = Scenes(10)
    model, plain = generator(spectral=True), generator(spectral=True)
    c = config(adversary=False)
    torch.manual_seed(1)
    losses = fit(model, data, c, step=ConditionalGanStep).losses

    torch.manual_seed(1)
    optimizer = torch.optim.Adam(plain.parameters(), betas=(0.5, 0.999))
    plain.to(memory_format=torch.channels_last)
    stream = SampleStream(data, seed=3)
    for k in range(c.steps):
        samples = [stream[i] for i in range(4 * k, 4 * k + 4)]
        image = torch.stack([s["image"] for s in samples])
        depth = torch.stack([s["depth"] for s in samples])
        loss = (
            100
            * (scale_depth(depth) - scale_depth(plain(image))).abs().sum()
            / depth.numel()
        )
        for group in optimizer.param_groups:
            group["lr"] = c.lr * min(1, 2 * (1 - k / c.steps))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert losses[k] == pytest.approx(loss.item(), rel=1e-6)
    for a, b in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_adversary_leaves_dropout_and_order_alone():
    """Three steps with rate 0: both arms see and predict the same."""
    seen = {}
    for adversary in (True, False):
        step = make(generator(), adversary=adversary)
        torch.manual_seed(2)
        seen[adversary] = [
            step(batch(i), 0.0, i)["l1"].item() for i in range(3)
        ] + [torch.get_rng_state()]
    assert seen[True][:3] == seen[False][:3]
    assert torch.equal(seen[True][3], seen[False][3])


def test_the_pool_keeps_pairs_and_feeds_the_critic():
    step = make(generator().eval())
    seen = []

    def watch(module, inputs):
        seen.append(tuple(x.detach().clone() for x in inputs))

    step.discriminator.register_forward_pre_hook(watch)
    current = {}
    for i in range(40):
        data = batch(i)
        seen.clear()
        step(data, 0.0, i)
        assert [len(s[0]) for s in seen] == [4, 4, 4]
        (image, real), (old_image, _), (judged, _) = seen
        assert torch.equal(image, data["image"])
        assert torch.equal(judged, data["image"])  # G never sees the pool
        assert torch.equal(real, scale_depth(data["depth"]))
        current[i] = torch.equal(old_image, image)
        if i < 12:
            assert current[i] and len(step.pool) == 4 * (i + 1)
    assert len(step.pool) == 50
    assert not all(current.values())
    # With a rate of 0 G is one function: a stored pair is image and G(image).
    with torch.no_grad():
        expected = scale_depth(step.model(torch.stack(step.pool.images)))
    stored = torch.stack(step.pool.fakes)
    torch.testing.assert_close(stored, expected, rtol=0, atol=1e-5)


def test_more_updates_move_the_critic_further_and_not_the_pool():
    one, five = (make(generator(), updates=n) for n in (1, 5))
    start = [p.clone() for p in one.discriminator.parameters()]
    moved = []
    for step in (one, five):
        torch.manual_seed(0)
        step(batch(), 1e-3, 0)
        assert len(step.pool) == 4
        now = step.discriminator.parameters()
        moved.append(
            sum(
                float((p - q).detach().abs().sum())
                for p, q in zip(now, start, strict=True)
            )
        )
    assert moved[1] > 2 * moved[0]


@pytest.mark.parametrize("removed", ["none", "spectral_d", "two_rates"])
def test_a_killed_training_ends_with_the_same_weights(tmp_path, removed):
    class Killed(Exception):
        pass

    def kill(seen):
        if seen >= 120:
            raise Killed

    # 120 samples: the pool is full and has been exchanged.
    data, c = Scenes(10), config(samples=200, removed=removed)
    options = {"step": ConditionalGanStep}
    undisturbed = generator(spectral=True)
    torch.manual_seed(1)
    whole = fit(undisturbed, data, c, **options)
    options |= {"checkpoint": tmp_path / "run.pt", "checkpoint_seconds": 0.0}
    model = generator(spectral=True)
    torch.manual_seed(1)
    with pytest.raises(Killed):
        fit(model, data, c, on_step=kill, **options)
    model = generator(spectral=True)
    torch.manual_seed(99)
    history = fit(model, data, c, **options)
    assert history.losses == whole.losses
    for a, b in zip(model.parameters(), undisturbed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_rates_of_the_two_players():
    rates = {}
    for removed in ("none", "two_rates", "decay", "all"):
        step = make(generator(), removed=removed)
        step.set_rates(5e-4)
        rates[removed] = [
            o.param_groups[0]["lr"] for o in (step.optimizer, step.d_optimizer)
        ]
    assert rates == {
        "none": [5e-4, 2e-3],
        "two_rates": [5e-4, 5e-4],
        "decay": [1e-3, 4e-3],
        "all": [1e-3, 1e-3],
    }


def test_what_is_removed_is_gone_and_nothing_else():
    def normed(step):
        names = [n for n, _ in step.discriminator.named_parameters()]
        return any("parametrizations" in n for n in names)

    whole = make(generator())
    assert normed(whole) and whole.pool.size == 50
    assert not normed(make(generator(), removed="spectral_d"))
    assert make(generator(), removed="pool").pool.size == 0
    assert make(generator(), removed="spectral_g").pool.size == 50
    bare = make(generator(), removed="all")
    assert not normed(bare) and bare.pool.size == 0


def test_losses_and_hand_made_terms():
    data = batch(hole=3)
    image, depth, mask = data["image"], data["depth"], data["mask"]
    plain = {"adversary": False}
    for changes in ({"loss": "relative_l1"}, {"terms": "gradient_ssim"}):
        model = generator().eval()
        model.train = lambda mode=True, m=model: m
        metres = model(image).detach()
        fake, real = scale_depth(metres), scale_depth(depth)
        step = make(model, **plain, **changes)
        parts = step(data, 1e-3, 0)
        if "loss" in changes:
            expected = relative_l1(metres, depth, mask)
        else:
            expected = F.l1_loss(fake[mask], real[mask])
            expected = expected + gradient_loss(fake, real, mask)
            expected = expected + ssim_loss(fake, real, mask, data_range=2.0)
        assert parts["loss"].item() == pytest.approx(
            100 * expected.item(), rel=1e-5
        )


def test_masked_pixels_teach_nobody():
    results = []
    for filler in (0.5, 9.0):
        data = batch(hole=8)
        data["depth"] = data["depth"].where(data["mask"], filler)
        step = make(generator())
        torch.manual_seed(0)
        results.append([step(data, 1e-3, i)["loss"].item() for i in range(3)])
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "changes", [{"updates": 0}, {"removed": "dropout"}, {"terms": "tv"}]
)
def test_a_bad_recipe_is_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        config(**changes)


def test_any_generator_of_metres_will_do():
    losses = fit(
        Tiny(),
        Scenes(16),
        config(samples=400, lr=1e-2),
        step=ConditionalGanStep,
    ).losses
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])
