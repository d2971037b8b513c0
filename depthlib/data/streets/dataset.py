"""Synthetic streets as a data set."""

from depthlib.data.streets.view import (
    GENERATOR_VERSION,
    render_street,
    stream_key,
)
from depthlib.data.synthetic.dataset import Drawn


class Streets(Drawn):
    """Synthetic streets as a data set; made by :func:`streets`."""

    kind = "streets"

    def __init__(self, n, split, style, size, seed, lidar, cached):
        stream_key(style, split, seed, 0)
        super().__init__(n, split, style, size, seed, cached)
        self.lidar = bool(lidar)

    def parameters(self) -> dict:
        """Everything that an image depends on, apart from its number."""
        return {
            "generator": GENERATOR_VERSION,
            "style": self.style,
            "split": self.split,
            "seed": self.seed,
            "size": list(self.size),
            "lidar": self.lidar,
        }

    def _render(self, index):
        return render_street(
            self.style, self.split, self.seed, index, self.size, self.lidar
        )


def streets(
    n: int,
    *,
    split: str = "train",
    style: str = "a",
    size: tuple[int, int] = (64, 208),
    seed: int = 0,
    cached: bool = True,
    lidar: bool = True,
) -> Streets:
    """Synthetic streets, seen from a car, with true depth from 1 to 80 m.

    The sky and what lies further away have no depth (0, mask False).

    Args:
        n: number of images; a set of 100 is the start of a set of 10,000.
        split: "train", "val" or "test"; they share no scene.
        style: "a" (KITTI's camera; towns, suburbs, country roads) or "b"
            (Cityscapes' camera, which stands lower and sees a narrower
            field; inner cities, mostly grey weather).
        size: (H, W) in pixels.
        seed: another seed gives other streets.
        cached: render once into the cache folder; else on each access.
        lidar: depth as the style's sensor measures it. Style "a": a laser
            scanner, about 4 % of all pixels at any size, none in the upper
            part. Style "b": a pair of cameras, dense, in steps of
            disparity, with holes beside near outlines. False: dense truth.

    Returns:
        A :class:`Streets` data set.

    Raises:
        ValueError: for an unknown style or split, n < 1, or a bad size.
    """
    data = Streets(n, split, style, size, seed, lidar, cached)
    if cached:
        data.arrays(0)
    return data
