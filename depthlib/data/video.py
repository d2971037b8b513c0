"""Samples of video: a frame with the one before it and the one after it.

A sample of a video set is a dict as the sets of single pictures give it, of
the reference frame, and besides::

    adjacent  (2, 3, H, W) float32 in [0, 1]: frames -1 and +1, in this order
    motion    (2, 4, 4) float32, where it is known: takes a point from the
              reference camera to the adjacent one, X_a = R X + t, metres

All three frames have one size and one ``intrinsics``; depth and mask are
those of the reference frame. How far apart frames are is an option of each
set, ``every``: each so many frames of its camera. The first and the last
``every`` frames of a recording are neighbours only.
"""

from numbers import Integral
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from depthlib.data.files import DataError, read_image
from depthlib.data.resize import resized_picture
from depthlib.geometry import project, unproject


class Triples:
    """Turns arrays of three frames into a sample; put before a set's base.

    The base's ``item`` takes picture, depth and intrinsics; here the two
    adjacent pictures follow, uint8 and of the reference picture's layout,
    and where it is known the motion.
    """

    def item(self, image, depth, matrix, adjacent, *motion) -> dict:
        """The arrays of a triple as tensors, by name."""
        item = super().item
        sample = item(image, depth, matrix)
        frames = [item(frame, depth, matrix)["image"] for frame in adjacent]
        sample["adjacent"] = torch.stack(frames)
        if motion:
            sample["motion"] = torch.from_numpy(motion[0])
        return sample


class DrawnTriples(Triples):
    """Triples that are rendered, with the motion; put before a set's base."""

    def kept(self) -> dict:
        """Names, types and shapes of what is kept of a triple."""
        return super().kept() | {
            "adjacent": (np.uint8, (2, 3, *self.size)),
            "motions": (np.float32, (2, 4, 4)),
        }


class VideoFiles(Triples):
    """Reads triples from files; put before a set's base.

    The base has ``read(i)``, picture, depth and intrinsics at full size, and
    ``fitted(i, image, depth, matrix)``, the same at the size of the set. The
    set itself says which files are ``neighbours(i)`` and, if it knows, what
    ``motion(i)`` is.
    """

    def neighbours(self, i: int) -> list[Path]:
        """The pictures of frames -1 and +1."""
        raise NotImplementedError

    def motion(self, i: int) -> np.ndarray | None:
        """``(2, 4, 4)`` from the reference camera to the adjacent ones."""

    def pair(self, i: int):
        """The arrays of triple ``i``, as ``item`` takes them.

        Raises:
            DataError: a file is missing, damaged or of another size.
        """
        image, depth, matrix = self.read(i)
        frames = [_frame(path, image.shape) for path in self.neighbours(i)]
        kept = self.fitted(i, image, depth, matrix)
        size = kept[1].shape
        adjacent = np.stack([resized_picture(frame, size) for frame in frames])
        motion = self.motion(i)
        known = () if motion is None else (motion.astype(np.float32),)
        return *kept, adjacent, *known


def check_every(every: int) -> int:
    """``every``, or a ``ValueError`` where it is no number of frames."""
    whole = isinstance(every, Integral) and not isinstance(every, bool)
    if not whole or every < 1:
        raise ValueError(
            f"every is {every!r}; give a whole number of frames, 1 or more"
        )
    return int(every)


def _frame(path: Path, shape) -> np.ndarray:
    frame = read_image(path)
    if frame.shape != shape:
        raise DataError(
            f"{path} is {frame.shape[0]} x {frame.shape[1]} but its reference "
            f"frame is {shape[0]} x {shape[1]}; frames of a recording are of "
            "one size"
        )
    return frame


def displacements(sample: dict, stride: int = 1) -> Tensor:
    """Where each pixel's point appears in the adjacent frames, as a shift.

    Exact for what stands still; what moves by itself is elsewhere. That a
    point lies outside of the adjacent frame, or behind something in it, is
    not looked at.

    Args:
        sample: with ``depth``, ``intrinsics`` and ``motion``.
        stride: of a feature map: its cells are ``stride`` x ``stride``
            pixels. The middle pixel of each cell speaks for it.

    Returns:
        ``(2, 2, H / stride, W / stride)`` float32: for frames -1 and +1 the
        shift (dy, dx) in cells; NaN where the depth is unknown and where the
        point is behind the adjacent camera.

    Raises:
        ValueError: the sample has no motion, or cells do not fill the frame.
    """
    if "motion" not in sample:
        raise ValueError(
            "sample has no motion; this video does not say how its camera "
            "moved"
        )
    depth = sample["depth"][None].double()
    height, width = depth.shape[-2:]
    if height % stride or width % stride:
        raise ValueError(
            f"stride is {stride}; {height} x {width} pixels are no whole "
            "number of such cells"
        )
    matrix, motion = sample["intrinsics"].double(), sample["motion"].double()
    here, _ = project(unproject(torch.ones_like(depth), matrix), matrix)
    points = unproject(depth, matrix)
    moved = torch.einsum("kij,bjhw->kihw", motion[:, :3, :3], points)
    there, z = project(moved + motion[:, :3, 3, None, None], matrix)
    shift = (there - here).flip(1) / stride
    known = (depth > 0) & (z > 0)
    shift = torch.where(known, shift, torch.nan).float()
    middle = stride // 2
    return shift[..., middle::stride, middle::stride]
