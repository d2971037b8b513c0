"""AVCL's step: which loss reaches which parameters, and who poses."""

from dataclasses import dataclass

import pytest
import torch
from lightning.fabric import Fabric
from toys import Scenes

from depthlib.geometry import pose_matrix
from depthlib.losses import view_consistency
from depthlib.models import AVCL
from depthlib.training import TrainConfig, fit
from depthlib.training.view_consistent import (
    FIXED,
    MINER_RATE,
    MINERS,
    STRATEGIES,
    ViewConsistentStep,
    of_length,
)

K = torch.tensor([[30.0, 0, 16], [0, 30, 16], [0, 0, 1]])
MOVES = torch.tensor(
    [[0.1, -0.2, 0.05, 0.3, 0.1, -0.2], [-0.3, 0.1, 0.2, -0.1, 0.2, 0.1]]
)
WITHOUT = ("none", "double", "faster")  # a view loss


@dataclass(frozen=True, kw_only=True)
class Training(TrainConfig):
    strategy: str = "adversarial"
    penalty: float = 1.0
    route: str = "printed"
    component: int | None = None
    batch_size: int = 4
    samples: int = 16
    lr: float = 1e-3


class Seen(Scenes):
    """The toy scenes through a camera with a usual angle of view."""

    def __getitem__(self, i):
        moves = MOVES if i % 2 else -MOVES
        return super().__getitem__(i) | {
            "intrinsics": K,
            "motion": pose_matrix(moves),
        }


def network(**options):
    torch.manual_seed(0)
    return AVCL(width=0.125, blocks=(1, 1, 1, 1), stride=8, **options)


def batch():
    data = Seen(4)
    samples = [data[i] for i in range(4)]
    return {
        name: torch.stack([s[name] for s in samples])
        for name in ("image", "depth", "mask", "intrinsics", "motion")
    }


def stepped(**changes):
    """The step after one call, with the gradients of that call."""
    c = Training(**changes)
    model = network(head="ordinal" if c.loss == "dorn" else "metric")
    step = ViewConsistentStep(Fabric(accelerator="cpu", devices=1), model, c)
    # A rate of zero: parameters stay, gradients can be looked at.
    step(batch(), 0.0, 0)
    return step


def test_lower_precision_reaches_the_trunk():
    """The heads keep their own; they are small, and depth needs it."""
    model, dtypes = network(), set()
    for layer in model.trunk.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(lambda *a: dtypes.add(a[-1].dtype))
    fabric = Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
    step = ViewConsistentStep(fabric, model, Training())
    parts = step(batch(), 1e-3, 0)
    assert dtypes == {torch.bfloat16}
    assert all(torch.isfinite(part) for part in parts.values())


def slopes(part):
    return torch.cat([p.grad.flatten() for p in part.parameters()])


@pytest.mark.parametrize("loss", ["l1", "berhu", "dorn"])
def test_the_printed_route(loss):
    """Depth head: L_dep alone. Trunk: both. Pose head: its own loss."""
    plain, avcl, both = (
        stepped(loss=loss, **changes).model
        for changes in (
            {"strategy": "none"},
            {"strategy": "fixed_c"},
            {"strategy": "fixed_c", "route": "all"},
        )
    )
    assert torch.equal(slopes(avcl.head), slopes(plain.head))
    assert not torch.equal(slopes(both.head), slopes(plain.head))
    assert not torch.equal(slopes(avcl.trunk), slopes(plain.trunk))
    # The same sums, added up in another order.
    gap = slopes(avcl.trunk) - slopes(both.trunk)
    assert gap.norm() < 1e-4 * slopes(both.trunk).norm()
    for model in (plain, avcl, both):
        assert all(p.grad is None for p in model.pose.parameters())


def test_the_gradients_are_those_of_the_sum():
    """Trunk of "all" against autograd on the written-out loss."""
    avcl = stepped(strategy="fixed_b", route="all").model
    model, b = network(), batch()
    raw = model.raw(model.encode(b["image"]), (32, 32))
    pose = pose_matrix(torch.tensor(FIXED["fixed_b"]))
    seen = view_consistency(raw, b["depth"], K, pose, b["mask"])
    ((raw - b["depth"]).abs().mean() + seen).backward()
    for part in ("trunk", "head"):
        mine, theirs = (
            slopes(getattr(model, part)),
            slopes(getattr(avcl, part)),
        )
        assert torch.allclose(mine, theirs, atol=1e-6)


def test_double_is_twice_the_plain_gradient():
    plain, double = (stepped(strategy=s).model for s in ("none", "double"))
    assert torch.allclose(slopes(double.trunk), 2 * slopes(plain.trunk))
    assert torch.allclose(slopes(double.head), 2 * slopes(plain.head))


def test_the_identity_is_the_plain_gradient_twice_for_the_trunk():
    plain, same = (stepped(strategy=s).model for s in ("none", "identity"))
    assert torch.allclose(slopes(same.trunk), 2 * slopes(plain.trunk))
    assert torch.equal(slopes(same.head), slopes(plain.head))


def trained(strategy, steps=8):
    """All weights of depth after a few steps from one start."""
    c, b = Training(strategy=strategy), batch()
    fabric = Fabric(accelerator="cpu", devices=1)
    step = ViewConsistentStep(fabric, network(), c)
    for k in range(steps):
        step(b, 1e-3, k)
    parts = step.model.trunk, step.model.head
    return torch.cat([p.detach().flatten() for m in parts for p in
                      m.parameters()])  # fmt: skip


def test_adam_hears_a_rate_and_no_factor():
    """A loss times two moves weights as before; twice the rate does not."""
    plain, double, faster = map(trained, WITHOUT)
    moved = (plain - faster).norm()
    assert (plain - double).norm() < 0.05 * moved


def test_the_rate_of_faster_is_twice_that_of_the_schedule():
    step = ViewConsistentStep(
        Fabric(accelerator="cpu"), network(), Training(strategy="faster")
    )
    step(batch(), 1e-3, 0)
    assert step.optimizer.param_groups[0]["lr"] == 2e-3


@pytest.mark.parametrize("strategy", MINERS)
def test_the_pose_head_learns_alone(strategy):
    """Its loss reaches it and nothing else: depth parts as without it."""
    step = stepped(strategy=strategy, penalty=0.1)
    assert slopes(step.model.pose).abs().sum() > 0
    frozen = stepped(strategy=strategy, penalty=1e6).model
    for part in ("trunk", "head"):
        one, two = (slopes(getattr(m, part)) for m in (step.model, frozen))
        assert torch.equal(one, two)


@pytest.mark.parametrize(
    "strategy, silent",
    [("adversarial", [2, 3, 4, 5]), ("splat", []), ("secant", [])],
)
def test_what_the_miner_can_feel(strategy, silent):
    """Printed warp: roll and shifts hear the penalty alone; splat: all six.

    The rows of the last layer are the six components.
    """
    step = stepped(strategy=strategy, penalty=0.0)
    rows = step.model.pose.linear.weight.grad.abs().sum(1)
    # t_z cancels between truth and prediction, but for rounding.
    felt = rows > 1e-4 * rows.max()
    assert felt.tolist() == [k not in silent for k in range(6)]


def test_secants_are_slopes_of_each_image():
    step, b = stepped(strategy="secant"), batch()
    model = step.model
    with torch.no_grad():
        features = model.encode(b["image"])
        raw = model.raw(features, (32, 32))
        pose = model.propose(features)
        slopes = step._secants(pose, raw, b)
        moved = pose.clone()
        moved[2, 3] += 0.2 * 0.3
        values = []
        for p in (moved, 2 * pose - moved):
            m = pose_matrix(p[2:3])
            maps = raw[2:3], b["depth"][2:3]
            values.append(view_consistency(*maps, K, m).item())
    by_hand = (values[0] - values[1]) / (2 * 0.2 * 0.3)
    assert slopes[2, 3].item() == pytest.approx(by_hand, rel=1e-3, abs=1e-5)


def test_the_miner_climbs_and_the_penalty_holds_it():
    for penalty, sign in ((0.0, 1), (1e4, -1)):
        c = Training(strategy="splat", penalty=penalty)
        model, b = network(), batch()
        step = ViewConsistentStep(Fabric(accelerator="cpu"), model, c)
        with torch.no_grad():
            features = model.encode(b["image"])
            depth = model.decode(model.raw(features, (32, 32)))
            before = model.pose(features)
        for _ in range(20):
            for group in step.miner.param_groups:
                group["lr"] = 1e-3
            step._mine(features, depth, b)
        with torch.no_grad():
            after = model.pose(features)
        grown = after.norm() - before.norm()
        assert grown * sign > 0


@pytest.mark.parametrize("strategy", ["adversarial", "splat", "secant"])
def test_poses_stay_off_the_walls_at_the_rate_of_the_study(strategy):
    """And differ: a saturated sigmoid gives all images one pose for good."""
    c = Training(strategy=strategy, penalty=0.01, lr=3e-3)
    model, b = network(), batch()
    step = ViewConsistentStep(Fabric(accelerator="cpu"), model, c)
    for k in range(25):
        step(b, 3e-3, k)
    with torch.no_grad():
        pose = model.propose(model.encode(b["image"]))
    share = pose.abs() / model.pose.limits
    assert share.max() < 0.99
    assert share.std(0).max() > 1e-3


def test_the_miner_has_a_rate_of_its_own_on_the_schedule():
    for strategy in ("adversarial", "faster"):
        c = Training(strategy=strategy, lr=1e-2)
        step = ViewConsistentStep(Fabric(accelerator="cpu"), network(), c)
        step(batch(), 5e-3, 0)  # half of the rate
        assert step.miner.param_groups[0]["lr"] == MINER_RATE / 2


def test_poses_of_each_strategy():
    features = torch.randn(4, network().trunk.channels[-1], 4, 4)
    for strategy in (s for s in STRATEGIES if s not in WITHOUT):
        step = stepped(strategy=strategy)
        one, two = (step._pose(features, batch()) for _ in range(2))
        assert one.shape == (4, 6) and not one.requires_grad
        inside = (one.abs() <= step.model.pose.limits + 1e-6).all()
        assert inside or strategy == "neighbour"
        drawn = ("random", "shuffled", "matched", "neighbour")
        assert torch.equal(one, two) != (strategy in drawn)
    with torch.no_grad():
        proposed = step.model.pose(features)
    assert torch.equal(one, proposed)


def test_neighbours_are_those_of_the_video():
    """Each image looks from one of its two, by turns from both."""
    step, b = stepped(strategy="neighbour"), batch()
    features = torch.randn(4, step.model.trunk.channels[-1], 4, 4)
    sides = set()
    for _ in range(8):
        found = pose_matrix(step._pose(features, b))
        for pose, motion in zip(found, b["motion"], strict=True):
            near = [torch.allclose(pose, m, atol=1e-6) for m in motion]
            assert sum(near) == 1
            sides.add(near.index(True))
    assert sides == {0, 1}


def test_pictures_have_no_neighbours():
    step, b = stepped(strategy="neighbour"), batch()
    del b["motion"]
    with pytest.raises(ValueError, match="samples have no motion"):
        step(b, 0.0, 0)


def test_poses_of_a_length_stay_in_the_box():
    rng = torch.Generator().manual_seed(0)
    limits = torch.tensor([0.2, 0.2, 0.2, 0.3, 0.3, 0.3])
    pose = (2 * torch.rand(500, 6, generator=rng) - 1) * limits
    for share in (0.1, 0.5, 0.9, 1.0):
        length = share * limits.norm().expand(500, 1)
        found = of_length(pose, length, limits)
        assert torch.allclose(found.norm(dim=1), length[:, 0], rtol=1e-4)
        assert (found.abs() <= limits + 1e-6).all()
        assert (found * pose >= 0).all()
        # What is not at its wall keeps its proportions.
        scale = found / pose
        free = found.abs() < 0.999 * limits
        least, most = (
            torch.where(free, scale, fill).aminmax(dim=1)[k]
            for k, fill in enumerate((torch.inf, -torch.inf))
        )
        some = free.any(1)
        assert torch.allclose(least[some], most[some], rtol=1e-3)
    short = of_length(pose, pose.norm(dim=1, keepdim=True) / 2, limits)
    assert torch.allclose(short, pose / 2)


def test_one_free_component_is_the_whole_length():
    pose = torch.tensor([[0.0, 0.0, -0.1, 0.0, 0.0, 0.0]])
    found = of_length(pose, torch.tensor([[0.15]]), torch.full((6,), 0.2))
    assert found.tolist() == [[0, 0, pytest.approx(-0.15), 0, 0, 0]]


@pytest.mark.parametrize("strategy", ["random", "adversarial", "shuffled"])
def test_one_component_alone(strategy):
    step = stepped(strategy=strategy, component=4)
    features = torch.randn(4, step.model.trunk.channels[-1], 4, 4)
    used = (step._pose(features, {}) != 0).any(0)
    assert used.tolist() == [False] * 4 + [True, False]


def test_matched_poses_are_as_long_as_the_proposed():
    step = stepped(strategy="matched")
    features = torch.randn(4, step.model.trunk.channels[-1], 4, 4)
    found = step._pose(features, {})
    with torch.no_grad():
        proposed = step.model.pose(features)
    assert torch.allclose(found.norm(dim=1), proposed.norm(dim=1))
    turned = torch.cosine_similarity(found, proposed)
    assert (turned < 0.99).all()


def test_shuffled_poses_are_earlier_ones():
    step = stepped(strategy="shuffled")
    pool = {tuple(p) for p in step.pool.tolist()}
    features = torch.randn(4, step.model.trunk.channels[-1], 4, 4)
    drawn = step._pose(features, {})
    with torch.no_grad():
        pool |= {tuple(p) for p in step.model.pose(features).tolist()}
    assert {tuple(p) for p in drawn.tolist()} <= pool
    for _ in range(200):
        step._pose(features, {})
    assert len(step.pool) == 512


class Killed(Exception):
    pass


@pytest.mark.parametrize("strategy", ["random", "shuffled", "secant"])
def test_a_killed_training_ends_with_the_same_weights(tmp_path, strategy):
    c, data = Training(strategy=strategy, samples=32), Seen(6)
    whole = network()
    expected = fit(whole, data, c, step=ViewConsistentStep).losses

    def kill(seen):
        if seen >= 16:
            raise Killed

    options = {"checkpoint": tmp_path / "x.pt", "checkpoint_seconds": 0.0}
    options["step"] = ViewConsistentStep
    with pytest.raises(Killed):
        fit(network(), data, c, on_step=kill, **options)
    again = network()
    assert fit(again, data, c, **options).losses == expected
    for a, b in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    "field, value", [("loss", "l7"), ("strategy", "x"), ("route", "y")]
)
def test_bad_choices_are_named(field, value):
    with pytest.raises(ValueError, match=f"{field} is '{value}'; choose"):
        stepped(**{field: value})
