"""A small network and linear probes, to ask what images tell about depth."""

from copy import deepcopy

import torch
from torch import nn
from torch.nn import functional as F

from depthlib.metrics import trivial_predictors


def abs_rel(prediction, target):
    """Mean of |prediction - target| / target where the target is known."""
    known = target > 0
    gap = (prediction - target).abs() / target.clamp(min=1e-3)
    return float(gap.expand_as(target)[known].mean())


class Block(nn.Module):
    """Two convolutions and the image's mean, added to what came in."""

    def __init__(self, width, dilation):
        super().__init__()
        self.norm = nn.GroupNorm(4, width)
        self.one = nn.Conv2d(width, width, 3, 1, dilation, dilation)
        self.whole = nn.Linear(width, width)
        self.two = nn.Conv2d(width, width, 3, 1, 1)

    def forward(self, x):
        inner = F.relu(self.one(F.relu(self.norm(x))))
        inner = inner + self.whole(inner.mean((2, 3)))[..., None, None]
        return x + self.two(F.relu(inner))


class SmallNet(nn.Module):
    """Log depth at a quarter of the resolution, unfolded to all pixels.

    Args:
        size: (H, W) of the images, multiples of 4.
        level: the log depth that it starts from.
    """

    def __init__(self, size, level, width=32):
        super().__init__()
        self.level = level
        self.stem = nn.Sequential(
            nn.Conv2d(3, width // 2, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(width // 2, width, 3, 2, 1),
        )
        quarter = [side // 4 for side in size]
        self.place = nn.Parameter(torch.zeros(1, width, *quarter))
        self.body = nn.Sequential(*(Block(width, d) for d in (1, 2, 4, 1)))
        self.head = nn.Conv2d(width, 16, 1)

    def forward(self, image):
        inner = self.body(self.stem(image - 0.5) + self.place)
        return F.pixel_shuffle(self.head(F.relu(inner)), 4) + self.level


def trained(images, depths, steps, level=1.0, rate=3e-3, batch=24):
    """A network trained on pairs; the running mean of its weights.

    Depths of 0 are unknown and do not count.
    """
    torch.manual_seed(0)
    net = SmallNet(images.shape[-2:], level)
    mean = deepcopy(net)
    optimiser = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, total_steps=steps, pct_start=0.15
    )
    known = depths > 0
    logs = depths.clamp(min=1e-3).log()
    for step in range(steps):
        pick = torch.randint(len(images), (batch,))
        image, target, mask = images[pick], logs[pick], known[pick]
        mirrored = (torch.rand(batch) < 0.5)[:, None, None, None]
        image = torch.where(mirrored, image.flip(-1), image)
        target = torch.where(mirrored, target.flip(-1), target)
        mask = torch.where(mirrored, mask.flip(-1), mask)
        loss = ((net(image) - target).abs() * mask).sum() / mask.sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            for kept, new in zip(
                mean.parameters(), net.parameters(), strict=True
            ):
                kept.lerp_(new, max(0.01, 1 / (step + 2)))
    return mean


@torch.no_grad()
def predicted(net, images):
    """Depth, the mean over an image and its mirror image."""
    parts = []
    for image in images.split(100):
        both = net(image) + net(image.flip(-1)).flip(-1)
        parts.append((both / 2).exp())
    return torch.cat(parts)


def linear_probe(features, depths, test_features):
    """Least squares from features (K, N, H, W) to log depth."""
    known = depths.flatten() > 0
    design = features.flatten(1).T[known].double()
    design = torch.cat([design, torch.ones(len(design), 1)], dim=1)
    target = depths.flatten()[known].log().double()
    weights = torch.linalg.lstsq(design, target[:, None]).solution[:, 0]
    shape = test_features.shape[1:]
    design = test_features.flatten(1).T.double()
    return (design @ weights[:-1] + weights[-1]).exp().reshape(shape)


def brightness(images):
    """Brightness, its square and the image's mean, per pixel."""
    grey = images.mean(1)
    whole = grey.mean((1, 2), keepdim=True).expand_as(grey)
    return torch.stack([grey, grey**2, whole])


def row(images):
    """The row and its square, per pixel."""
    count, _, height, width = images.shape
    v = torch.linspace(-1, 1, height)[None, :, None]
    v = v.expand(count, height, width)
    return torch.stack([v, v**2])


def best_trivial(train_depths, test_depths):
    """abs_rel of the best predictor that looks at no image."""
    known = (train_depths > 0).sum(0).clamp(min=1)
    guesses = trivial_predictors(train_depths)
    guesses["pixel_mean"] = train_depths.sum(0) / known
    return min(abs_rel(guess, test_depths) for guess in guesses.values())
