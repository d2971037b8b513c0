"""Synthetic rooms as a data set."""

from depthlib.data.rooms.view import (
    GENERATOR_VERSION,
    render_room,
    stream_key,
)
from depthlib.data.synthetic.dataset import Drawn


class Rooms(Drawn):
    """Synthetic rooms as a data set; made by :func:`rooms`."""

    kind = "rooms"

    def __init__(self, n, split, style, size, seed, sensor, cached):
        stream_key(style, split, seed, 0)
        super().__init__(n, split, style, size, seed, cached)
        self.sensor = bool(sensor)

    def parameters(self) -> dict:
        """Everything that an image depends on, apart from its number."""
        return {
            "generator": GENERATOR_VERSION,
            "style": self.style,
            "split": self.split,
            "seed": self.seed,
            "size": list(self.size),
            "sensor": self.sensor,
        }

    def _render(self, index):
        return render_room(
            self.style, self.split, self.seed, index, self.size, self.sensor
        )


def rooms(
    n: int,
    *,
    split: str = "train",
    style: str = "a",
    size: tuple[int, int] = (64, 96),
    seed: int = 0,
    sensor: bool = False,
    cached: bool = True,
) -> Rooms:
    """Synthetic rooms with true depth.

    Args:
        n: number of images; a set of 100 is the start of a set of 10,000.
        split: "train", "val" or "test"; they share no scene.
        style: "a" (homes and offices) or "b" (other materials, light and
            furniture, to test generalisation).
        size: (H, W) in pixels.
        seed: another seed gives other rooms.
        sensor: depth as from a structured-light camera, with holes (mask
            False) and steps that grow with distance.
        cached: render once into the cache folder; else on each access.

    Returns:
        A :class:`Rooms` data set.

    Raises:
        ValueError: for an unknown style or split, n < 1, or a bad size.
    """
    data = Rooms(n, split, style, size, seed, sensor, cached)
    if cached:
        data.arrays(0)
    return data
