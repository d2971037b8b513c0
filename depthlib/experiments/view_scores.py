"""What is measured from another view, for the records of the study."""

import torch
import torch.nn.functional as F
from torch.utils.data import default_collate

from depthlib.geometry import pose_matrix, project, unproject
from depthlib.kernels import splat_depth, warp_depth
from depthlib.losses import l1, view_consistency
from depthlib.training.view_consistent import each_image, of_length

WARPS = {"printed": warp_depth, "splat": splat_depth}
BOX = (0.2, 0.2, 0.2, 0.3, 0.3, 0.3)  # radians, metres
ERROR = 0.3  # metres, mean size of the errors that "equal" compares
# Half of the distance over which "signal" takes a slope, of the box.
SPANS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.2)
DRAWS = 2  # poses of each image
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
      random poses of the box and of equal length (see ``of_length``);
    - ``pose_length``: that length, mean over images;
    - ``pose_walls``: the share of the proposals' components within a
      hundredth of a wall of the box, where the pose head cannot learn.

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
        walls = proposed.abs() >= 0.99 * model.pose.limits
        rivals = []
        for _ in range(poses):
            other = random_poses(len(features), model.pose.limits, generator)
            other = of_length(other, lengths, model.pose.limits)
            rivals.append(_loss(depth, batch, other).item())
        hard = _loss(depth, batch, proposed).item()
    tau = kendalltau(losses, slopes).statistic
    return {
        "warp_loss": sum(losses) / poses,
        "signal_tau": 0.0 if tau != tau else float(tau),
        "warp_ratio": hard / (sum(rivals) / poses),
        "pose_length": lengths.mean().item(),
        "pose_walls": walls.double().mean().item(),
    }


def random_poses(n: int, limits, generator):
    """Uniform in the box, ``(n, 6)``."""
    unit = 2 * torch.rand(n, 6, generator=generator) - 1
    return unit.to(limits) * limits


def equal_errors(batch: dict, warp: str, generator) -> dict:
    """View losses of five errors, each over its size in the source view.

    ``warp_spread`` is the largest of them over the least.
    """
    depth, mask = batch["depth"], batch["mask"]
    pose = random_poses(len(depth), torch.tensor(BOX), generator)
    found = {}
    for name, guess in five_errors(depth, mask, generator).items():
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


def five_errors(depth, mask, generator) -> dict:
    """Predictions whose mean error in the source view is about ``ERROR``.

    All too far; too far on the left and too near on the right; off by a
    smooth field; by a sign for each pixel; and the truth moved sideways by
    whole pixels, its border repeated.

    Returns:
        Depth ``(B, 1, H, W)`` by the name of the error.
    """
    size = depth.shape[-2:]
    coarse = torch.randn(len(depth), 1, 4, 6, generator=generator)
    fields = {
        "far": torch.ones_like(depth),
        "tilted": torch.linspace(1, -1, size[1]).expand_as(depth),
        "smooth": F.interpolate(
            coarse, size, mode="bicubic", align_corners=False
        ),
        "noise": torch.randn(depth.shape, generator=generator).sign(),
    }
    found = {}
    for name, field in fields.items():
        mean = each_image(field, torch.zeros_like(field), mask)
        field = field * (ERROR / mean).view(-1, 1, 1, 1)
        # Depths stay positive, which cuts some errors short.
        found[name] = depth + torch.maximum(field, 0.1 - depth)
    return found | {"moved": _moved(depth, mask)}


def _moved(depth, mask):
    """Each map shifted to the right until its error is nearest ERROR."""
    column = torch.arange(depth.shape[-1])
    shifts = [depth[..., (column - k).clamp(min=0)] for k in column[1:]]
    errors = [each_image(shifted, depth, mask) for shifted in shifts]
    best = (torch.stack(errors) - ERROR).abs().argmin(0)
    return torch.stack([shifts[k][i] for i, k in enumerate(best)])


def felt_components(batch: dict, warp: str, generator) -> dict:
    """Which of the six numbers of a pose get a gradient from the view loss.

    ``gradient_share`` is their share; ``felt_rx`` to ``felt_tz`` the mean
    size of each gradient over that of the largest.
    """
    pose = _drawn(batch, generator).requires_grad_(True)
    loss = _of_each(batch, pose, warp).mean()
    (slope,) = torch.autograd.grad(loss, pose)
    size = slope.abs().mean(0)
    size = size / size.max()
    names = ("rx", "ry", "rz", "tx", "ty", "tz")
    felt = {f"felt_{k}": v for k, v in zip(names, size.tolist(), strict=True)}
    return felt | {"gradient_share": (size > NOTHING).double().mean().item()}


def foretelling(batch: dict, warp: str, generator) -> dict:
    """Whether a gradient says where the view loss goes over a distance.

    For each image ``DRAWS`` random poses, and for each component and each of
    ``SPANS`` the secant: the difference of the loss to either side over the
    distance. Numbered by the span, from 1: ``signs`` is the share of
    gradients with the secant's sign, over the components that get a gradient
    at all; ``rank`` Spearman's correlation of the two; ``times`` the root
    mean square of gradients over that of secants; ``pixels`` how far the
    points of the image move over half the span, a mean.
    """
    from scipy.stats import spearmanr

    limits = torch.tensor(BOX).double()
    slopes, seconds, pixels = [], [], []
    for _ in range(DRAWS):
        pose = _drawn(batch, generator).requires_grad_(True)
        loss = _of_each(batch, pose, warp).sum()
        slopes.append(torch.autograd.grad(loss, pose)[0])
        with torch.no_grad():
            for step in torch.diag(limits):
                for span in SPANS:
                    ends = pose + span * step, pose - span * step
                    ahead, behind = (_of_each(batch, p, warp) for p in ends)
                    seconds.append((ahead - behind) / (2 * span))
                    pixels.append(_travel(batch, pose, ends[0]))
    slope = torch.stack(slopes) * limits
    second = torch.stack(seconds).view(DRAWS, 6, len(SPANS), -1)
    pixels = torch.tensor(pixels).view(DRAWS, 6, len(SPANS)).mean((0, 1))
    size = slope.abs().mean((0, 1))
    felt = size > NOTHING * size.max()
    slope = slope.transpose(1, 2)[:, felt]
    found = {}
    for k in range(len(SPANS)):
        other = second[:, felt, k]
        same = (slope.sign() == other.sign()).double().mean().item()
        rank = spearmanr(slope.flatten(), other.flatten()).statistic
        found |= {
            f"signs_{k + 1}": same,
            f"rank_{k + 1}": float(rank),
            f"times_{k + 1}": (slope.norm() / other.norm()).item(),
            f"pixels_{k + 1}": pixels[k].item(),
        }
    return found


def _drawn(batch, generator):
    n = len(batch["depth"])
    return random_poses(n, torch.tensor(BOX), generator).double()


def _of_each(batch, pose, warp):
    """View loss of each image, of a prediction with a usual kind of error."""
    depth = batch["depth"].double()
    # Scale, and a slope.
    rows = torch.linspace(-0.1, 0.1, depth.shape[-2])[:, None]
    return view_consistency(
        depth * (1.1 + rows),
        depth,
        batch["intrinsics"].double(),
        pose_matrix(pose),
        batch["mask"],
        loss=each_image,
        warp=WARPS[warp],
    )


def _travel(batch, one, two) -> float:
    """By how many pixels the median point moves from pose one to pose two."""
    matrix = batch["intrinsics"].double()
    points = unproject(batch["depth"].double(), matrix)
    places = []
    for pose in map(pose_matrix, (one, two)):
        moved = torch.einsum("bij,bjhw->bihw", pose[:, :3, :3], points)
        moved = moved + pose[:, :3, 3, None, None]
        places.append(project(moved, matrix)[0])
    return (places[1] - places[0]).norm(dim=1).nanmedian().item()


MAPS = ("image", "depth", "mask", "intrinsics")
MEASURES = {
    "equal": equal_errors,
    "gradient": felt_components,
    "signal": foretelling,
}


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
