"""Frame triples of streets: before, now and after, with the exact motion.

The reference frame is the image of the same number of ``streets``, to the
bit. The camera takes 10 frames a second and drives as ``plan.KINDS`` says:
forward, along an arc. Adjacent frames are besides a little turned and
shifted (``SHAKE``), as a car on its springs is, unless it stands.
"""

import math

import numpy as np
import torch

from depthlib.data.streets.dataset import Streets
from depthlib.data.streets.view import (
    StreetScene,
    picture_of,
    scene,
    view_of,
)
from depthlib.data.synthetic.parts import Draw
from depthlib.data.synthetic.streams import MOTION
from depthlib.data.video import DrawnTriples, check_every
from depthlib.geometry import pose_matrix

# Raise this with any change that alters a triple but no single image.
VIDEO_VERSION = 1
RATE = 10.0  # frames a second, as of KITTI's cameras
# Spread of (rx, ry, rz, tx, ty, tz) between two frames, radians and metres,
# whatever their distance in time: shaking says nothing about the speed.
SHAKE = (0.003, 0.003, 0.002, 0.02, 0.01, 0.0)
SPEEDS = ("known", "random")
# With speeds at random, time runs by a factor between these, log-uniform,
# but the camera at most so many metres: seen from there, all that is to both
# sides is built, as the street begins 8 m behind the reference frame.
FACTORS = (0.25, 4.0)
FARTHEST = 10.0
LONGEST = 4  # frames: in 0.4 s hardly a camera goes farther


def render_triple(
    style: str,
    split: str,
    seed: int,
    index: int,
    size: tuple[int, int] = (128, 256),
    lidar: bool = False,
    every: int = 3,
    speed: str = "known",
):
    """Renders three frames.

    Args:
        style, split, seed, index, size, lidar: as for ``render_street``.
        every: frames -1 and +1 are this many tenths of a second away.
        speed: "known" or "random", see ``streets_video``.

    Returns:
        image (3, H, W) uint8, depth (H, W) float32, intrinsics (3, 3)
        float32, the adjacent images (2, 3, H, W) uint8 and the motion
        (2, 4, 4) float32.
    """
    street = scene(style, split, seed, index)
    image, depth, matrix = view_of(street, size, lidar)
    now = np.linalg.inv(street.pose())
    images, motions = [], []
    for t, pose in moments(street, every, speed):
        frame = picture_of(street, street.solids(t), pose, size, t)
        images.append(frame.transpose(2, 0, 1))
        motions.append(pose @ now)
    motion = np.stack(motions).astype(np.float32)
    return image, depth, matrix, np.stack(images), motion


def moments(street: StreetScene, every: int, speed: str = "known") -> list:
    """When frames -1 and +1 are taken, and from where.

    Returns:
        Two pairs of the time in seconds and the pose (4, 4), world to camera.
    """
    draw, speed_now = Draw(*street.key, MOTION), street.layout.speed
    step = every / RATE
    # Drawn in any case: the camera shakes alike with speeds of either kind.
    factor = math.exp(draw.uniform(*map(math.log, FACTORS)))
    if speed == "random" and speed_now:
        step = min(step * factor, FARTHEST / speed_now)
    result = []
    for t in (-step, step):
        shaken = [draw.normal(0, spread) for spread in SHAKE]
        shake = pose_matrix(torch.tensor(shaken, dtype=torch.float64)).numpy()
        # Who stands does not turn either.
        pose = shake @ street.pose(t) if speed_now else street.pose()
        result.append((t, pose))
    return result


class StreetsVideo(DrawnTriples, Streets):
    """Frame triples of synthetic streets; made by :func:`streets_video`.

    Samples are those of ``depthlib.data.video``.
    """

    kind = "streets-video"

    def __init__(self, n, every, speed, **options):
        if speed not in SPEEDS:
            raise ValueError(f'speed is {speed!r}; choose "known" or "random"')
        if check_every(every) > LONGEST:
            raise ValueError(f"every is {every}; give at most {LONGEST}")
        super().__init__(n, **options)
        self.every, self.speed = every, speed

    def parameters(self) -> dict:
        """Everything that a triple depends on, apart from its number."""
        return super().parameters() | {
            "video": VIDEO_VERSION,
            "every": self.every,
            "speed": self.speed,
        }

    def _render(self, index):
        return render_triple(
            self.style,
            self.split,
            self.seed,
            index,
            self.size,
            self.lidar,
            self.every,
            self.speed,
        )


def streets_video(
    n: int,
    *,
    split: str = "train",
    style: str = "a",
    size: tuple[int, int] = (128, 256),
    seed: int = 0,
    cached: bool = True,
    lidar: bool = True,
    every: int = 3,
    speed: str = "known",
) -> StreetsVideo:
    """Frame triples of synthetic streets, with the exact motion between.

    Args:
        n, split, style, size, seed, cached, lidar: as for ``streets``; the
            reference frames are its images.
        every: frames -1 and +1 are the one so many frames before and the
            one so many after, of 10 a second; 1 to 4. Three are the default:
            at 128 x 256 and a quarter of the resolution nearly all shifts
            then lie within a search radius of 12, and many reach half of it.
        speed: "known": the camera's speed is normal, clamped at both ends,
            by kind of street, so that the shift between frames tells metric
            depth as far as the speed can be guessed. "random": time runs by
            a factor from a quarter to four, log-uniform and drawn for each
            triple, for all that moves alike, but the camera at most 10 m
            between frames: only what else is to be seen tells the scale.

    Returns:
        A :class:`StreetsVideo` data set; samples as in
        ``depthlib.data.video``.

    Raises:
        ValueError: as for ``streets``, or an unknown speed or spacing.
    """
    data = StreetsVideo(
        n,
        every,
        speed,
        split=split,
        style=style,
        size=size,
        seed=seed,
        lidar=lidar,
        cached=cached,
    )
    if cached:
        data.arrays(0)
    return data
