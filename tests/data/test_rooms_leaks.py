"""Rooms teach depth by monocular cues, and by nothing cheaper.

A network of 90,000 weights learns depth far better than predictors that look
at no image, at brightness alone or at the row alone; trained on images that
were shuffled against their depths it learns nothing. By hand, at full size::

    python tests/data/test_rooms_leaks.py 8000 6000
"""

import sys
from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from depthlib.data.rooms import render_room
from depthlib.metrics import trivial_predictors

SIZE = (32, 48)
TRAIN, TEST, STEPS = 2000, 300, 1600


def pairs(split, count, style="a"):
    """Images (N, 3, H, W) and depths (N, 1, H, W)."""
    made = [render_room(style, split, 0, i, SIZE) for i in range(count)]
    images = torch.stack([torch.from_numpy(m[0].copy()) for m in made])
    depths = torch.stack([torch.from_numpy(m[1]) for m in made])
    return images.float() / 255, depths[:, None]


def abs_rel(prediction, target):
    """Mean of |prediction - target| / target."""
    return float(((prediction - target).abs() / target).mean())


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
    """Log depth at a quarter of the resolution, unfolded to all pixels."""

    def __init__(self, width=32):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width // 2, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(width // 2, width, 3, 2, 1),
        )
        quarter = [side // 4 for side in SIZE]
        self.place = nn.Parameter(torch.zeros(1, width, *quarter))
        self.body = nn.Sequential(*(Block(width, d) for d in (1, 2, 4, 1)))
        self.head = nn.Conv2d(width, 16, 1)

    def forward(self, image):
        inner = self.body(self.stem(image - 0.5) + self.place)
        return F.pixel_shuffle(self.head(F.relu(inner)), 4) + 1


def trained(images, depths, steps, rate=3e-3, batch=24):
    """A network trained on pairs; the running mean of its weights."""
    torch.manual_seed(0)
    net = SmallNet()
    mean = deepcopy(net)
    optimiser = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, total_steps=steps, pct_start=0.15
    )
    logs = depths.log()
    for step in range(steps):
        pick = torch.randint(len(images), (batch,))
        image, target = images[pick], logs[pick]
        mirrored = (torch.rand(batch) < 0.5)[:, None, None, None]
        image = torch.where(mirrored, image.flip(-1), image)
        target = torch.where(mirrored, target.flip(-1), target)
        loss = (net(image) - target).abs().mean()
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
    design = features.flatten(1).T.double()
    design = torch.cat([design, torch.ones(len(design), 1)], dim=1)
    target = depths.log().flatten().double()
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


@pytest.fixture(scope="module")
def data():
    """Training and test pairs, and the best predictor without an image."""
    train, test = pairs("train", TRAIN), pairs("test", TEST)
    return train, test, best_trivial(train[1], test[1])


def best_trivial(train_depths, test_depths):
    """abs_rel of the best predictor that looks at no image."""
    known = trivial_predictors(train_depths)
    means = {"pixel_mean": train_depths.mean(0), **known}
    return min(abs_rel(guess, test_depths) for guess in means.values())


def test_a_small_network_learns_depth(data):
    (images, depths), (test_images, test_depths), best = data
    net = trained(images, depths, STEPS)
    error = abs_rel(predicted(net, test_images), test_depths)
    assert error <= 0.7 * best


def test_shuffled_pairs_teach_nothing(data):
    (images, depths), (test_images, test_depths), best = data
    order = torch.randperm(len(depths))
    net = trained(images, depths[order], STEPS // 4)
    error = abs_rel(predicted(net, test_images), test_depths)
    assert error >= 0.95 * best


@pytest.mark.parametrize("features", [brightness, row])
def test_brightness_or_row_alone_do_not_tell(data, features):
    (images, depths), (test_images, test_depths), best = data
    guess = linear_probe(features(images), depths, features(test_images))
    assert abs_rel(guess[:, None], test_depths) >= 0.9 * best


def main(count, steps):
    """The same with more images and steps, printed."""
    for style in "ab":
        images, depths = pairs("train", count, style)
        test_images, truth = pairs("test", 500, style)
        print(f"style {style}: depth {depths.mean():.2f} m mean,", end=" ")
        print(f"{depths.std():.2f} m standard deviation")
        best = best_trivial(depths, truth)
        print(f"best trivial predictor: abs_rel {best:.3f}")
        for name, features in (("brightness", brightness), ("row", row)):
            guess = linear_probe(
                features(images), depths, features(test_images)
            )
            error = abs_rel(guess[:, None], truth)
            print(f"{name} alone: {error / best:.3f} of it")
        for name, targets in (
            ("network", depths),
            ("network, shuffled pairs", depths[torch.randperm(count)]),
        ):
            net = trained(images, targets, steps)
            error = abs_rel(predicted(net, test_images), truth)
            print(f"{name}: {error:.3f}, {error / best:.3f} of it", flush=True)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
