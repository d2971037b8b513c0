"""A set that can be learned in seconds and a network that can do it."""

import torch

from depthlib.training import D3NetTraining


class Scenes(torch.utils.data.Dataset):
    """Depth is a fixed function of the image, so it can be learned."""

    def __init__(self, n):
        rng = torch.Generator().manual_seed(0)
        self.images = torch.rand(n, 3, 32, 32, generator=rng)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        image = self.images[i]
        depth = 1 + 4 * image.mean(0, keepdim=True)
        return {
            "image": image,
            "depth": depth,
            "mask": torch.ones_like(depth, dtype=torch.bool),
            "intrinsics": torch.eye(3),
            "index": i,
        }


class Blocks(Scenes):
    """The same with areas of one colour, for superpixels to find."""

    def __init__(self, n):
        super().__init__(n)
        coarse = self.images[..., :5, :4]
        grown = torch.nn.functional.interpolate(coarse, size=(32, 32))
        self.images = 0.9 * grown + 0.1 * self.images


class Clips(Scenes):
    """Scenes that move sideways between frames, with sparse truth."""

    def __getitem__(self, i):
        sample = super().__getitem__(i)
        image = sample["image"]
        frames = [image.roll(shift, -1) for shift in (-3, 3)]
        known = torch.rand(1, 32, 32, generator=_generator(i)) < 0.2
        return sample | {"adjacent": torch.stack(frames), "mask": known}


def _generator(seed):
    return torch.Generator().manual_seed(seed)


class Tiny(torch.nn.Module):
    width, min_depth, max_depth = 0.125, 1e-3, 10.0

    def __init__(self, dropout=0.0):
        super().__init__()
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, padding=1),
            torch.nn.ReLU(),
            torch.nn.Dropout(dropout),
            torch.nn.Conv2d(8, 1, 3, padding=1),
            torch.nn.Sigmoid(),
        )

    def forward(self, image):
        return self.min_depth + 10 * self.net(image)


def config(**changes):
    defaults = {"samples": 96, "batch_size": 4, "lr": 1e-2}
    return D3NetTraining(**(defaults | changes))
