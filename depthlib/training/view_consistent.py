"""One step of AVCL: who learns from which loss.

Liu, Wang and Wang (2019), with L_warp the loss after a motion p:

    trunk       <- L_dep + L_warp
    depth head  <- L_dep
    pose head   <- -L_warp + lambda p.p
"""

import torch
from torch import Tensor

from depthlib.geometry import pose_matrix
from depthlib.kernels import splat_depth, warp_depth
from depthlib.losses import berhu, l1, ordinal_loss, view_consistency

# Angles in radians, then metres: small, medium, large. Ours; the paper names
# three poses and prints none. From the identity nothing moves.
FIXED = {
    "identity": (0.0,) * 6,
    "fixed_a": (0.0, 0.05, 0.0, 0.1, 0.0, 0.0),
    "fixed_b": (0.05, 0.1, 0.0, 0.2, 0.1, 0.1),
    "fixed_c": (0.1, 0.2, 0.1, 0.3, 0.2, 0.2),
}
MINERS = ("adversarial", "shuffled", "matched", "splat", "secant")
STRATEGIES = ("none", "double", "faster", *FIXED, "random", "neighbour")
STRATEGIES += MINERS
# The loss of the source view, and that of the warped one.
LOSSES = {"l1": (l1, l1), "berhu": (berhu, berhu), "dorn": (None, l1)}
POOL = 512  # past poses that "shuffled" draws from
SECANT = 0.2  # of the box: how far "secant" looks to either side
# Of the pose head, ours. At the rate of the depth network, ten times this,
# every component is at a wall of the box within ten steps; there the sigmoid
# has no slope, and the pose head learns nothing any more.
MINER_RATE = 3e-4


class ViewConsistentStep:
    """Depth loss, view loss, and for a miner of poses a loss of its own.

    Strategies: without a view loss there are "none" and two controls for a
    mere larger step: "double" takes twice the depth loss, which Adam hardly
    notices, since it divides by the size of the gradient; "faster" trains at
    twice the rate. "fixed_a" to "fixed_c" look from one pose, "identity" from
    where the picture was taken (L_dep once more, for the trunk alone).
    "random" is uniform in the box of the pose head, and "neighbour" the true
    pose of the frame before or after, for data with ``motion``.

    "adversarial" takes the poses that the pose head proposes for the images,
    "shuffled" those that it proposed for others before, "matched" random
    directions with the lengths of its proposals. Two miners are ours, and
    feel all six components: "splat" trains the pose head through
    ``splat_depth``; "secant" evaluates the printed loss to either side of
    each component, a slope over a distance in place of one at a point.

    The pose head trains at ``MINER_RATE``, on the schedule of the others. Even
    so the two of ours, whose slopes are larger, end near the walls of the box
    unless the penalty is far above a hundredth.

    Args:
        fabric: places modules and runs the backward passes.
        model: an ``AVCL``.
        config: the training, with ``loss``, ``strategy``, ``penalty``
            (lambda, for each component alike), ``route``: "printed", or
            "all" where L_warp reaches the depth head as well, and
            ``component``: of the pose, 0 to 5, that alone is not held at
            zero; None holds none.
    """

    def __init__(self, fabric, model, config):
        _check(config)
        self.fabric, self.config = fabric, config
        betas = config.betas
        depth = [*model.trunk.parameters(), *model.head.parameters()]
        self.model, self.optimizer, self.miner = fabric.setup(
            model,
            torch.optim.Adam(depth, config.lr, betas),
            torch.optim.Adam(model.pose.parameters(), MINER_RATE, betas),
        )
        for name in ("encode", "raw", "propose"):
            self.model.mark_forward_method(name)
        # Its own stream: poses do not disturb what else is drawn.
        self.generator = torch.Generator().manual_seed(config.seed)
        self.pool = torch.zeros(0, 6)

    def __call__(self, batch: dict, rate: float, step: int) -> dict:
        """Take one step with learning rate ``rate``; return loss parts."""
        strategy = self.config.strategy
        _set_rate(self.miner, MINER_RATE * rate / self.config.lr)
        _set_rate(self.optimizer, 2 * rate if strategy == "faster" else rate)
        # Fabric casts what goes through ``forward``, and no other method.
        with self.fabric.autocast():
            features = self.model.encode(batch["image"]).float()
        raw = self.model.raw(features, batch["image"].shape[-2:])
        depth_loss = self._depth_loss(raw, batch)
        parts, loss = {"depth": depth_loss}, depth_loss
        if strategy == "double":
            loss = 2 * depth_loss
        elif strategy not in ("none", "faster"):
            pose = self._pose(features.detach(), batch)
            parts["warp"] = self._view_loss(features, raw, pose, batch)
            parts["pose"] = pose.norm(dim=1).mean()
            loss = depth_loss + parts["warp"]
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        if strategy in MINERS:
            self._mine(features.detach(), raw.detach(), batch)
        return {"loss": loss.detach()} | {
            name: part.detach() for name, part in parts.items()
        }

    def _depth_loss(self, raw: Tensor, batch: dict) -> Tensor:
        if self.config.loss == "dorn":
            return ordinal_loss(
                raw,
                batch["depth"],
                batch["mask"],
                thresholds=self.model.thresholds,
            )
        criterion = LOSSES[self.config.loss][0]
        return criterion(raw, batch["depth"], batch["mask"])

    def _view_loss(self, features, raw, pose, batch) -> Tensor:
        if self.config.route == "printed":
            # Frozen while the trunk learns through it: the head itself is to
            # have no gradient from this loss.
            self.model.head.requires_grad_(False)
            raw = self.model.raw(features, batch["image"].shape[-2:])
            self.model.head.requires_grad_(True)
        return self._seen_from(pose, raw, batch, warp_depth)

    def _seen_from(self, pose, raw, batch, warp, loss=None) -> Tensor:
        return view_consistency(
            self.model.decode(raw),
            batch["depth"],
            batch["intrinsics"],
            pose_matrix(pose),
            batch["mask"],
            loss=loss or LOSSES[self.config.loss][1],
            warp=warp,
        )

    def _pose(self, features: Tensor, batch: dict) -> Tensor:
        """Where the view loss looks from, ``(B, 6)``, without a gradient."""
        n, strategy = len(features), self.config.strategy
        if strategy in FIXED:
            return features.new_tensor(FIXED[strategy]).expand(n, 6)
        if strategy == "random":
            return self._random(features)
        if strategy == "neighbour":
            return self._free(self._neighbour(batch))
        with torch.no_grad():
            proposed = self._free(self.model.propose(features))
        if strategy == "shuffled":
            return self._shuffled(proposed)
        if strategy == "matched":
            length = proposed.norm(dim=1, keepdim=True)
            limits = self.model.pose.limits
            return of_length(self._random(features), length, limits)
        return proposed

    def _random(self, features: Tensor) -> Tensor:
        """Uniform in the box of the pose head."""
        unit = 2 * torch.rand(len(features), 6, generator=self.generator) - 1
        return self._free(unit.to(features) * self.model.pose.limits)

    def _neighbour(self, batch: dict) -> Tensor:
        """From the frame before or after, drawn for each image."""
        if "motion" not in batch:
            raise ValueError(
                "strategy is 'neighbour', but samples have no motion; give "
                "video whose camera poses are known"
            )
        n = len(batch["motion"])
        side = torch.randint(2, (n,), generator=self.generator)
        return _six(batch["motion"][torch.arange(n), side])

    def _free(self, pose: Tensor) -> Tensor:
        """The pose with all but the free component at zero."""
        if self.config.component is None:
            return pose
        kept = torch.arange(6, device=pose.device) == self.config.component
        return pose * kept

    def _shuffled(self, proposed: Tensor) -> Tensor:
        """Past poses in place of these, which are kept for later."""
        new = proposed.cpu()
        self.pool = torch.cat([self.pool, new])[-POOL:]
        drawn = torch.randint(
            len(self.pool), (len(new),), generator=self.generator
        )
        return self.pool[drawn].to(proposed)

    def _mine(self, features: Tensor, raw: Tensor, batch: dict) -> None:
        """One step of the pose head, on features that it cannot change."""
        pose = self._free(self.model.propose(features))
        if self.config.strategy == "secant":
            slopes = self._secants(pose.detach(), raw, batch)
            seen = (slopes * pose).sum(1).mean()  # has these slopes
        else:
            splat = self.config.strategy == "splat"
            warp = splat_depth if splat else warp_depth
            seen = self._seen_from(pose, raw, batch, warp)
        penalty = pose.square().sum(1).mean()
        self.miner.zero_grad()
        self.fabric.backward(self.config.penalty * penalty - seen)
        self.miner.step()

    def _secants(self, pose: Tensor, raw: Tensor, batch: dict) -> Tensor:
        """Slope of each image's view loss along each component, ``(B, 6)``."""
        slopes = torch.zeros_like(pose)
        steps = torch.diag(SECANT * self.model.pose.limits)
        with torch.no_grad():
            for k, step in enumerate(steps):
                ahead, behind = (
                    self._seen_from(p, raw, batch, warp_depth, each_image)
                    for p in (pose + step, pose - step)
                )
                slopes[:, k] = (ahead - behind) / (2 * step[k])
        return slopes

    def state_dict(self) -> dict:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "miner": self.miner.state_dict(),
            "generator": self.generator.get_state(),
            "pool": self.pool,
        }

    def load_state_dict(self, state: dict) -> None:
        for name in ("model", "optimizer", "miner"):
            getattr(self, name).load_state_dict(state[name])
        self.generator.set_state(state["generator"])
        self.pool = state["pool"]


def _set_rate(optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def each_image(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error of each image, ``(B,)``; 0 where nothing counts."""
    error = torch.where(mask, (prediction - target).abs(), 0.0)
    return error.sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp(min=1)


def of_length(pose: Tensor, length: Tensor, limits: Tensor) -> Tensor:
    """Poses stretched or shrunk to a length, within a box around zero.

    A component that would leave the box stays at its wall, and the others
    grow for it.

    Args:
        pose: ``(B, 6)``.
        length: ``(B, 1)``, at most that of ``limits``; radians and metres
            alike, as the penalty counts them.
        limits: ``(6,)``, of each component.

    Returns:
        ``(B, 6)``.
    """
    held = torch.zeros_like(pose, dtype=torch.bool)
    # Each round holds one more component, or is the last that is needed.
    for _ in range(pose.shape[1]):
        free = torch.where(held, 0.0, pose)
        wall = (limits * held).norm(dim=1, keepdim=True)
        left = (length.square() - wall.square()).clamp(min=0).sqrt()
        size = free.norm(dim=1, keepdim=True)
        free = free * left / size.clamp(min=torch.finfo(pose.dtype).tiny)
        held = held | (free.abs() > limits)
    return torch.where(held, pose.sign() * limits, free)


def _six(motion: Tensor) -> Tensor:
    """The six numbers that ``pose_matrix`` makes a motion of, ``(B, 6)``."""
    turn = motion[:, :3, :3]
    angles = (
        torch.atan2(turn[:, 2, 1], turn[:, 2, 2]),
        torch.asin(-turn[:, 2, 0].clamp(-1, 1)),
        torch.atan2(turn[:, 1, 0], turn[:, 0, 0]),
    )
    return torch.cat([torch.stack(angles, 1), motion[:, :3, 3]], 1)


def _check(config) -> None:
    choices = {
        "loss": tuple(LOSSES),
        "strategy": STRATEGIES,
        "route": ("printed", "all"),
    }
    for name, allowed in choices.items():
        if getattr(config, name) not in allowed:
            raise ValueError(
                f"{name} is {getattr(config, name)!r}; "
                f"choose one of {', '.join(allowed)}"
            )
