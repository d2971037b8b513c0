"""What is measured from another view, for the records of the study."""

import torch
import torch.nn.functional as F
from torch.utils.data import default_collate

from depthlib.geometry import pose_matrix
from depthlib.kernels import splat_depth, warp_depth
from depthlib.losses import l1, view_consistency

WARPS = {"printed": warp_depth, "splat": splat_depth}
BOX = (0.2, 0.2, 0.2, 0.3, 0.3, 0.3)  # radians, metres
ERROR = 0.3  # metres, mean size of the errors that "equal" compares
NOTHING = 1e-6  # a gradient below this part of the largest is none


def from_views(prediction, truth: dict, views, protocol) -> dict:
    """delta1 and abs_rel of prediction against truth from fixed views.

    Both maps are warped; pixels that see both count. ``delta1_view1`` is
    that of the first view.
    """
    scores = {}
    for number, view in enumerate(views, 1):
        pose = pose_matrix(torch.tensor(view))
        known = torch.where(truth["mask"], truth["depth"], 0.0)
        target, there = warp_depth(known, truth["intrinsics"], pose)
        seen = torch.where(truth["mask"], prediction, 0.0)
        seen, reached = warp_depth(seen, truth["intrinsics"], pose)
        both = there & reached
        # A view of nothing says nothing about its image.
        kept = both.flatten(1).any(1) & _inside(target, both, protocol)
        found = protocol.evaluate(seen[kept], target[kept], both[kept])
        for name in ("delta1", "abs_rel"):
            scores[f"{name}_view{number}"] = found[name]
    return scores


def gap(protocol, test, train) -> float:
    """By how much abs_rel on new images exceeds that on known ones.

    Args:
        protocol: to score by.
        test: prediction and truth, as ``predict_all`` returns them.
        train: the same for as many training images.
    """
    new, known = (
        protocol.evaluate(prediction, truth["depth"], truth["mask"])["abs_rel"]
        for prediction, truth in (test, train)
    )
    return new - known


def of_poses(model, data, poses: int, generator) -> dict:
    """How the view loss depends on where it looks from.

    - ``warp_loss``: the mean over random poses of the box;
    - ``signal_tau``: Kendall's rank correlation, over poses, between the
      loss and the size of its gradient in the trunk's features;
    - ``warp_ratio``: the loss at the pose head's proposals over that at
      random poses of equal length (radians and metres alike, as the penalty
      counts them);
    - ``pose_length``: that length, mean over images.

    Args:
        model: an ``AVCL`` in evaluation mode.
        data: images to measure on.
        poses: how many random ones.
        generator: of the random poses.
    """
    from scipy.stats import kendalltau

    device = next(model.parameters()).device
    batch = default_collate([data[i] for i in range(len(data))])
    batch = {name: batch[name].to(device) for name in MAPS}
    with torch.no_grad():
        features = model.encode(batch["image"])
    features.requires_grad_(True)
    size = batch["image"].shape[-2:]
    losses, slopes = [], []
    for _ in range(poses):
        pose = random_poses(len(features), model.pose.limits, generator)
        loss = _loss(model.decode(model.raw(features, size)), batch, pose)
        (slope,) = torch.autograd.grad(loss, features)
        losses.append(loss.item())
        slopes.append(slope.norm().item())
    with torch.no_grad():
        depth = model.decode(model.raw(features, size))
        proposed = model.propose(features)
        lengths = proposed.norm(dim=1, keepdim=True)
        rivals = []
        for _ in range(poses):
            other = random_poses(len(features), model.pose.limits, generator)
            other = other * lengths / other.norm(dim=1, keepdim=True)
            rivals.append(_loss(depth, batch, other).item())
        hard = _loss(depth, batch, proposed).item()
    tau = kendalltau(losses, slopes).statistic
    return {
        "warp_loss": sum(losses) / poses,
        "signal_tau": 0.0 if tau != tau else float(tau),
        "warp_ratio": hard / (sum(rivals) / poses),
        "pose_length": lengths.mean().item(),
    }


def random_poses(n: int, limits, generator):
    """Uniform in the box, ``(n, 6)``."""
    unit = 2 * torch.rand(n, 6, generator=generator) - 1
    return unit.to(limits) * limits


def equal_errors(batch: dict, warp: str, generator) -> dict:
    """View losses of errors, each over its mean size in the source view.

    The errors: all too far, too far on the left and too near on the right, a
    smooth field, a sign for each pixel, and the truth moved by a pixel; each
    scaled to a mean of ``ERROR``. ``warp_spread`` is the largest view loss
    over the least.
    """
    depth, mask = batch["depth"], batch["mask"]
    batch_size, _, height, width = depth.shape
    coarse = torch.randn(batch_size, 1, 4, 6, generator=generator)
    fields = {
        "far": torch.ones_like(depth),
        "tilted": torch.linspace(1, -1, width).expand_as(depth),
        "smooth": F.interpolate(
            coarse, (height, width), mode="bicubic", align_corners=False
        ),
        "noise": torch.randn(depth.shape, generator=generator).sign(),
        "moved": depth.roll(1, -1) - depth,
    }
    pose = random_poses(batch_size, torch.tensor(BOX), generator)
    found = {}
    for name, field in fields.items():
        size = (field.abs() * mask).sum((1, 2, 3), True)
        field = field * ERROR * mask.sum((1, 2, 3), True) / size
        # Depths stay positive, which cuts some errors short; so the view
        # loss is taken over the error that is left in the source view.
        guess = depth + torch.maximum(field, 0.1 - depth)
        loss = view_consistency(
            guess,
            depth,
            batch["intrinsics"],
            pose_matrix(pose),
            mask,
            warp=WARPS[warp],
        )
        found[f"view_loss_{name}"] = (loss / l1(guess, depth, mask)).item()
    values = found.values()
    return found | {"warp_spread": max(values) / min(values)}


def felt_components(batch: dict, warp: str, generator) -> dict:
    """Which of the six numbers of a pose get a gradient from the view loss.

    ``gradient_share`` is their share; ``felt_rx`` to ``felt_tz`` the mean
    size of each gradient over that of the largest.
    """
    depth, n = batch["depth"], len(batch["depth"])
    pose = random_poses(n, torch.tensor(BOX), generator).double()
    pose.requires_grad_(True)
    # A prediction with an error of the usual kind: scale, and a slope.
    rows = torch.linspace(-0.1, 0.1, depth.shape[-2])[:, None]
    guess = depth.double() * (1.1 + rows)
    loss = view_consistency(
        guess,
        depth.double(),
        batch["intrinsics"].double(),
        pose_matrix(pose),
        batch["mask"],
        warp=WARPS[warp],
    )
    (slope,) = torch.autograd.grad(loss, pose)
    size = slope.abs().mean(0)
    size = size / size.max()
    names = ("rx", "ry", "rz", "tx", "ty", "tz")
    felt = {f"felt_{k}": v for k, v in zip(names, size.tolist(), strict=True)}
    return felt | {"gradient_share": (size > NOTHING).double().mean().item()}


MAPS = ("image", "depth", "mask", "intrinsics")
MEASURES = {"equal": equal_errors, "gradient": felt_components}


def _loss(prediction, batch, pose):
    return view_consistency(
        prediction,
        batch["depth"],
        batch["intrinsics"],
        pose_matrix(pose),
        batch["mask"],
    )


def _inside(target, both, protocol):
    """Images that have a pixel within crop and range of the protocol."""
    crop = protocol.crop_mask(*target.shape[-2:]).to(target.device)
    near, far = protocol.min_depth, protocol.max_depth or torch.inf
    valid = both & crop & (target > near) & (target < far)
    return valid.flatten(1).any(1)
