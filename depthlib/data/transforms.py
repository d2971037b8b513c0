"""Changes of a sample that keep image, depth, mask and camera consistent.

A transform is called with a sample and a ``torch.Generator`` and returns a
new sample; it draws from that generator alone. :class:`Augmented` hands each
item a generator of its own, made from (seed, epoch, index), so that the
result depends neither on the number of workers nor on the order of items.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from depthlib.data.resize import shrink
from depthlib.geometry import crop_intrinsics, scale_intrinsics

Sample = dict
MAPS = ("image", "depth", "mask")
LUMA = (0.299, 0.587, 0.114)


def mirror(sample: Sample) -> Sample:
    """The sample as seen in a mirror: ``c_x`` becomes ``W - c_x``."""
    changed = {name: sample[name].flip(-1) for name in MAPS}
    intrinsics = sample["intrinsics"].clone()
    intrinsics[0, 1] *= -1
    intrinsics[0, 2] = sample["image"].shape[-1] - intrinsics[0, 2]
    return sample | changed | {"intrinsics": intrinsics}


def crop(sample: Sample, top: int, left: int, size) -> Sample:
    """The window of ``size`` (H, W) whose first pixel is (top, left)."""
    height, width = sample["image"].shape[-2:]
    bottom, right = top + size[0], left + size[1]
    if top < 0 or left < 0 or bottom > height or right > width:
        raise ValueError(
            f"a window of {size[0]} x {size[1]} at ({top}, {left}) does not "
            f"fit into an image of {height} x {width}"
        )
    changed = {
        name: sample[name][..., top:bottom, left:right] for name in MAPS
    }
    matrix = crop_intrinsics(sample["intrinsics"], top, left)
    return sample | changed | {"intrinsics": matrix}


def resize(sample: Sample, size) -> Sample:
    """The whole sample at another size (H, W).

    The image is averaged, or interpolated where it grows. Depth and mask
    take the nearest pixel: a mean of two surfaces is a depth at which there
    is none. Depth keeps its values; the camera's focal lengths follow.
    """
    old = tuple(sample["image"].shape[-2:])
    size = (int(size[0]), int(size[1]))
    if size == old:
        return dict(sample)
    maps = torch.stack([sample["depth"], sample["mask"].float()])
    maps = torch.nn.functional.interpolate(
        maps, size=size, mode="nearest-exact"
    )
    return sample | {
        "image": shrink(sample["image"], size),
        "depth": maps[0],
        "mask": maps[1] > 0,
        "intrinsics": scale_intrinsics(sample["intrinsics"], old, size),
    }


class Compose:
    """Several transforms, one after the other."""

    def __init__(self, *transforms: Callable):
        self.transforms = transforms

    def __call__(self, sample: Sample, rng: torch.Generator) -> Sample:
        for transform in self.transforms:
            sample = transform(sample, rng)
        return sample

    def __repr__(self):
        return f"Compose({', '.join(map(repr, self.transforms))})"


class Mirror:
    """Mirror left and right with probability ``p``."""

    def __init__(self, p: float = 0.5):
        self.p = _probability(p)

    def __call__(self, sample: Sample, rng: torch.Generator) -> Sample:
        return mirror(sample) if _uniform(rng) < self.p else sample

    def __repr__(self):
        return f"Mirror(p={self.p})"


class ChannelShuffle:
    """Permute red, green and blue with probability ``p``.

    One of the five orders that differ from the first (DenseDepth 2018,
    section 3.3, which prints p = 0.25).
    """

    ORDERS = ((0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))

    def __init__(self, p: float = 0.25):
        self.p = _probability(p)

    def __call__(self, sample: Sample, rng: torch.Generator) -> Sample:
        if _uniform(rng) >= self.p:
            return sample
        order = self.ORDERS[int(torch.randint(5, (), generator=rng))]
        return sample | {"image": sample["image"][list(order)]}

    def __repr__(self):
        return f"ChannelShuffle(p={self.p})"


class ColourJitter:
    """Change brightness, contrast and saturation, in this order.

    Each by a factor drawn from [1 - a, 1 + a]; depth is untouched.
    """

    def __init__(self, brightness=0.2, contrast=0.2, saturation=0.2):
        for name, value in (
            ("brightness", brightness),
            ("contrast", contrast),
            ("saturation", saturation),
        ):
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is {value}; expected 0 to 1")
        self.amounts = (brightness, contrast, saturation)

    def __call__(self, sample: Sample, rng: torch.Generator) -> Sample:
        bright, contrast, colour = (
            1 + a * (2 * _uniform(rng) - 1) for a in self.amounts
        )
        image = (sample["image"] * bright).clamp(0, 1)
        mean = _grey(image).mean()
        image = (mean + (image - mean) * contrast).clamp(0, 1)
        grey = _grey(image)
        image = (grey + (image - grey) * colour).clamp(0, 1)
        return sample | {"image": image}

    def __repr__(self):
        return "ColourJitter({}, {}, {})".format(*self.amounts)


class RandomCrop:
    """A window of ``size`` (H, W) at a random place."""

    def __init__(self, size):
        self.size = (int(size[0]), int(size[1]))

    def __call__(self, sample: Sample, rng: torch.Generator) -> Sample:
        height, width = sample["image"].shape[-2:]
        top = _below(height - self.size[0] + 1, rng)
        left = _below(width - self.size[1] + 1, rng)
        return crop(sample, top, left, self.size)

    def __repr__(self):
        return f"RandomCrop({self.size})"


class RandomZoom:
    """A random window, brought back to the size of the whole.

    The window is smaller by a factor from [1, largest]. Depths stay as they
    are: it is the camera's focal length that grows, and the intrinsics say
    so. (Codes that keep the focal length divide the depth instead.)
    """

    def __init__(self, largest: float = 1.5):
        if largest < 1:
            raise ValueError(f"largest is {largest}; expected at least 1")
        self.largest = largest

    def __call__(self, sample: Sample, rng: torch.Generator) -> Sample:
        size = tuple(sample["image"].shape[-2:])
        factor = 1 + (self.largest - 1) * _uniform(rng)
        window = tuple(max(1, round(side / factor)) for side in size)
        return resize(RandomCrop(window)(sample, rng), size)

    def __repr__(self):
        return f"RandomZoom({self.largest})"


class Augmented(Dataset):
    """A data set whose items pass through a transform.

    Args:
        data: any depthlib data set.
        transform: called with (sample, generator).
        seed: of all draws. With it, item i of an epoch is always the same;
            another epoch gives another draw, see :meth:`set_epoch`.
    """

    def __init__(self, data, transform: Callable, seed: int = 0):
        self.data, self.transform, self.seed = data, transform, int(seed)
        self.epoch = 0
        self.name = data.name

    @property
    def size(self):
        """(H, W) of the first item."""
        return tuple(self[0]["image"].shape[-2:])

    def set_epoch(self, epoch: int) -> None:
        """Choose the draw; call it before a loader starts its workers."""
        self.epoch = int(epoch)

    def manifest(self) -> dict:
        """That of the data, with the transform beside it."""
        return self.data.manifest() | {
            "augment": repr(self.transform),
            "augment_seed": self.seed,
        }

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i: int) -> Sample:
        i = range(len(self))[i]
        rng = generator(self.seed, self.epoch, i)
        return self.transform(self.data[i], rng)


def generator(*numbers: int) -> torch.Generator:
    """A generator that depends on these whole numbers alone."""
    state = np.random.SeedSequence(numbers).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]) >> 1)


def _uniform(rng: torch.Generator) -> float:
    return float(torch.rand((), generator=rng))


def _below(count: int, rng: torch.Generator) -> int:
    # A window that does not fit is for `crop` to refuse.
    return int(torch.randint(max(count, 1), (), generator=rng))


def _grey(image: Tensor) -> Tensor:
    return sum(w * channel for w, channel in zip(LUMA, image, strict=True))


def _probability(p: float) -> float:
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}; expected a probability, 0 to 1")
    return p
