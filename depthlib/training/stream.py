"""The order in which a training sees its images."""

import torch
from torch.utils.data import Dataset

from depthlib.data.transforms import (
    COLOUR_ORDERS,
    crop,
    mirror,
    swap_colours,
)


class SampleStream(Dataset):
    """An endless, reshuffled pass over a data set, addressed by position.

    Sample ``p`` is a pure function of (data, seed, p): it does not depend on
    the number of workers, on the batch size or on what was drawn before. A
    training therefore resumes by its step number alone, and two arms with
    one seed see the same images in the same order with the same mirroring.

    Args:
        data: a depthlib data set; items are dicts of tensors.
        seed: of the shuffles and the mirroring.
        flip: mirror each image with probability 1/2. The principal point is
            mirrored with it.
        swap: permute red, green and blue with this probability, by one of
            the five orders that differ from the first (DenseDepth).
        window: (H, W) of a window of each image, anywhere with equal
            probability; None: the whole.
    """

    def __init__(
        self, data, seed: int = 0, flip: bool = True, swap=0.0, window=None
    ):
        if len(data) == 0:
            raise ValueError("data is empty; a training needs an image")
        if not 0 <= swap <= 1:
            raise ValueError(f"swap is {swap}; expected a probability, 0 to 1")
        self.data, self.seed, self.flip, self.swap = data, seed, flip, swap
        self.window = window
        self._epoch = None

    def __getitem__(self, position: int) -> dict[str, torch.Tensor]:
        epoch, place = divmod(position, len(self.data))
        if epoch != self._epoch:
            # A fresh generator per epoch: any position is reachable without
            # replaying the epochs before it.
            rng = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            self._order = torch.randperm(len(self.data), generator=rng)
            self._flips = torch.rand(len(self.data), generator=rng) < 0.5
            # Drawn last: order and mirroring are the same with and without.
            swaps = torch.rand(len(self.data), generator=rng) < self.swap
            count = len(COLOUR_ORDERS)
            orders = torch.randint(count, swaps.shape, generator=rng)
            self._orders = orders.where(swaps, -1).tolist()
            self._corners = torch.rand(len(self.data), 2, generator=rng)
            self._epoch = epoch
        sample = self.data[int(self._order[place])]
        if self.flip and self._flips[place]:
            sample = mirror(sample)
        if (order := self._orders[place]) >= 0:
            sample = swap_colours(sample, COLOUR_ORDERS[order])
        if self.window:
            sample = self._windowed(sample, self._corners[place].tolist())
        return sample

    def _windowed(self, sample: dict, corner) -> dict:
        """The window whose place is ``corner``, a pair in [0, 1)."""
        spare = (
            whole - part
            for whole, part in zip(
                sample["image"].shape[-2:], self.window, strict=True
            )
        )
        # Where a window does not fit, crop says so.
        starts = (
            int(u * (s + 1)) if s > 0 else s
            for u, s in zip(corner, spare, strict=True)
        )
        return crop(sample, *starts, self.window)


def batch_positions(start: int, stop: int, batch: int, rank=0, world=1):
    """Positions of this process in steps ``start`` to ``stop``.

    The global batch of a step is the same for any number of processes; each
    takes every ``world``-th sample of it.

    Returns:
        A list with one list of positions per step.
    """
    return [
        list(range(k * batch + rank, (k + 1) * batch, world))
        for k in range(start, stop)
    ]
