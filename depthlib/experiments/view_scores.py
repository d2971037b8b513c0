"""What is measured from another view, for the records of the study."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import default_collate

from depthlib.geometry import pose_matrix, project, unproject
from depthlib.kernels import splat_depth, warp_depth
from depthlib.losses import l1, view_consistency
from depthlib.training.view_consistent import each_image, of_length

WARPS = {"printed": warp_depth, "splat": splat_depth}
BOX = (0.2, 0.2, 0.2, 0.3, 0.3, 0.3)  # radians, metres
ERROR = 0.3  # metres, mean size of the errors that "equal" compares
PLACES = 16  # to see each of them from
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

    What ``of_proposals`` returns, and

    - ``warp_loss``: the mean over random poses of the box;
    - ``signal_rank``: Kendall's rank correlation, over poses, between the
      loss of an image and the size of its gradient in the trunk's features,
      the mean over images.

    Arguments as there.
    """
    batch, features = _encoded(model, data)
    rank, mean = _signal(model, features, batch, poses, generator)
    found = {"warp_loss": mean, "signal_rank": rank}
    return found | _mined(model, features, batch, poses, generator)


def of_proposals(model, data, poses: int, generator) -> dict:
    """How hard the poses are that the pose head proposes.

    - ``warp_ratio``: the loss at its proposals over that at random poses of
      the box and of equal length (see ``of_length``), both means over images;
    - ``harder_share``: the share of images whose own proposal is harder than
      the median of these rivals; a half if it is as good as a random one;
    - ``mined_q10``, ``_q50``, ``_q90``, ``rival_q10`` and so on: quantiles
      over images (and rivals) of both losses;
    - ``pose_length``: length of the proposals, mean over images;
    - ``pose_walls``: the share of their components within a hundredth of a
      wall of the box, where the pose head learns slowly.

    Args:
        model: an ``AVCL`` in evaluation mode.
        data: images to measure on.
        poses: how many random ones for each image.
        generator: of the random poses.
    """
    batch, features = _encoded(model, data)
    return _mined(model, features, batch, poses, generator)


def _encoded(model, data) -> tuple[dict, Tensor]:
    """All of ``data`` as one batch, and its features."""
    device = next(model.parameters()).device
    batch = default_collate([data[i] for i in range(len(data))])
    batch = {name: batch[name].to(device) for name in MAPS}
    with torch.no_grad():
        return batch, model.encode(batch["image"])


@torch.no_grad()
def _mined(model, features, batch, poses: int, generator) -> dict:
    """What ``of_proposals`` returns."""
    limits = model.pose.limits
    depth = model.decode(model.raw(features, batch["image"].shape[-2:]))
    proposed = model.propose(features)
    lengths = proposed.norm(dim=1, keepdim=True)
    rivals = []
    for _ in range(poses):
        other = random_poses(len(features), limits, generator)
        other = of_length(other, lengths, limits)
        rivals.append(_loss(depth, batch, other, each_image))
    rivals = torch.stack(rivals)
    mined = _loss(depth, batch, proposed, each_image)
    harder = mined > rivals.quantile(0.5, 0)
    walls = proposed.abs() >= 0.99 * limits
    found = {
        "warp_ratio": (mined.mean() / rivals.mean()).item(),
        "harder_share": harder.double().mean().item(),
        "pose_length": lengths.mean().item(),
        "pose_walls": walls.double().mean().item(),
    }
    for name, losses in (("mined", mined), ("rival", rivals)):
        for percent in (10, 50, 90):
            value = losses.quantile(percent / 100).item()
            found[f"{name}_q{percent}"] = value
    return found


def _signal(model, features, batch, poses: int, generator):
    """``signal_rank`` and ``warp_loss`` of ``of_poses``."""
    from scipy.stats import kendalltau

    features = features.clone().requires_grad_(True)
    size = batch["image"].shape[-2:]
    losses, slopes, means = [], [], []
    for _ in range(poses):
        pose = random_poses(len(features), model.pose.limits, generator)
        depth = model.decode(model.raw(features, size))
        loss = _loss(depth, batch, pose, each_image)
        # No image's loss depends on another's features.
        (slope,) = torch.autograd.grad(loss.sum(), features)
        losses.append(loss.detach())
        slopes.append(slope.flatten(1).norm(dim=1))
        means.append(_loss(depth.detach(), batch, pose).item())
    pairs = zip(
        torch.stack(losses, 1).tolist(),
        torch.stack(slopes, 1).tolist(),
        strict=True,
    )
    ranks = [kendalltau(*pair).statistic for pair in pairs]
    # Of an image without a slope there is nothing to rank.
    ranks = [0.0 if r != r else float(r) for r in ranks]
    return sum(ranks) / len(ranks), sum(means) / poses


def random_poses(n: int, limits, generator):
    """Uniform in the box, ``(n, 6)``."""
    unit = 2 * torch.rand(n, 6, generator=generator) - 1
    return unit.to(limits) * limits


def equal_errors(batch: dict, warp: str, generator) -> dict:
    """View losses of errors of one size, each over that size.

    For each image and error the view loss from ``PLACES`` random poses, over
    the mean error in the source view. Of each error ``view_loss_*`` is the
    mean; ``least_*`` and ``most_*`` are the smallest and the largest over
    poses, the median over images. ``warp_spread`` is the largest over the
    smallest of one image, over poses and errors, and of that the median over
    images.
    """
    depth, mask = batch["depth"], batch["mask"]
    guesses = errors_of_one_size(depth, mask, generator)
    limits = torch.tensor(BOX)
    poses = [
        pose_matrix(random_poses(len(depth), limits, generator))
        for _ in range(PLACES)
    ]
    found, all_least, all_most = {}, [], []
    for name, guess in guesses.items():
        seen = [
            view_consistency(
                guess,
                depth,
                batch["intrinsics"],
                pose,
                mask,
                loss=each_image,
                warp=WARPS[warp],
            )
            for pose in poses
        ]
        ratio = torch.stack(seen) / each_image(guess, depth, mask)
        # An error that is out of sight would make any spread infinite.
        least, most = ratio.clamp(min=0.01).aminmax(dim=0)
        found[f"view_loss_{name}"] = ratio.mean().item()
        found[f"least_{name}"] = least.quantile(0.5).item()
        found[f"most_{name}"] = most.quantile(0.5).item()
        all_least.append(least)
        all_most.append(most)
    spread = torch.stack(all_most).amax(0) / torch.stack(all_least).amin(0)
    return found | {"warp_spread": spread.quantile(0.5).item()}


def errors_of_one_size(depth, mask, generator) -> dict:
    """Predictions whose mean error in the source view is about ``ERROR``.

    Over the whole map: all too far; too far on the left and too near on the
    right; off by a smooth field; by a sign for each pixel; and the truth
    moved sideways by whole pixels, its border repeated. In a third of it, and
    there three times as large: too far on the left, on the right, and where
    surfaces are near.

    Returns:
        Depth ``(B, 1, H, W)`` by the name of the error.
    """
    size = depth.shape[-2:]
    coarse = torch.randn(len(depth), 1, 4, 6, generator=generator)
    place = torch.linspace(0, 1, size[1]).expand_as(depth)
    known = torch.where(mask, depth, torch.nan).flatten(1)
    third = known.nanquantile(1 / 3, 1).view(-1, 1, 1, 1)
    fields = {
        "far": torch.ones_like(depth),
        "tilted": 1 - 2 * place,
        "smooth": F.interpolate(
            coarse, size, mode="bicubic", align_corners=False
        ),
        "noise": torch.randn(depth.shape, generator=generator).sign(),
        "left": (place < 1 / 3).to(depth),
        "right": (place > 2 / 3).to(depth),
        "near": (depth <= third).to(depth),
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


def _loss(prediction, batch, pose, loss=l1):
    return view_consistency(
        prediction,
        batch["depth"],
        batch["intrinsics"],
        pose_matrix(pose),
        batch["mask"],
        loss=loss,
    )


def _inside(target, both, protocol):
    """Images that have a pixel within crop and range of the protocol."""
    crop = protocol.crop_mask(*target.shape[-2:]).to(target.device)
    near, far = protocol.min_depth, protocol.max_depth or torch.inf
    valid = both & crop & (target > near) & (target < far)
    return valid.flatten(1).any(1)
