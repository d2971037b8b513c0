"""7-Scenes: video of rooms with depth and the pose of every frame.

Shotton et al. 2013, "Scene coordinate regression forests for camera
relocalization in RGB-D images": a Kinect moved by hand, 30 frames a second,
its poses tracked by KinectFusion.
"""

from pathlib import Path

import numpy as np

from depthlib.data.cache import data_root
from depthlib.data.files import DataError, read_image
from depthlib.data.fingerprint import fingerprint
from depthlib.data.pairs import PairDataset
from depthlib.data.resize import fitted
from depthlib.data.seven_scenes_sources import (
    SPLITS,
    UNIT,
    open_sequences,
    read_millimetres,
)
from depthlib.data.video import VideoFiles, check_every

FOLDER = "seven_scenes_red_kitchen"
RESIZE = "centre crop, area mean of colours, nearest pixel of depth"


class SevenScenes(VideoFiles, PairDataset):
    """Frame triples of one scene of 7-Scenes, with the motion between them.

    Two layouts of the scene's folder are read: ``train`` and ``test``, each
    a ``FolderSequence``; or the official one, ``seq-01`` and so on, each an
    ``OfficialSequence``, with ``TrainSplit.txt`` and ``TestSplit.txt``.

    The first and last ``every`` frames of a sequence have no triple;
    ``left_out`` has their names, as ``names`` has the others': the place of
    the sequence in ``sequences`` and that of the frame in it.

    Args:
        root: folder of the scene; None takes ``seven_scenes_red_kitchen``
            under ``data_root()``.
        split: "train" or "test".
        every: frames -1 and +1 are so many frames away, 30 a second. Ten
            are the default: a third of a second, as hands move slowly.
        size: (H, W) to crop and resize to; None keeps pictures as they are.
        cached: keep the resized arrays on disk for the next time; None does
            so where a size is given.

    Raises:
        DataError: a file is missing, damaged or holds something else; the
            message names the first.
        ValueError: there is no such split, or every is no number of frames.
    """

    def __init__(
        self, root=None, split="train", *, every=10, size=None, cached=None
    ):
        if split not in SPLITS:
            raise ValueError(f'split is {split!r}; choose "train" or "test"')
        if cached and size is None:
            raise ValueError("cached needs a size (H, W); give one")
        self.root = Path(root) if root else data_root() / FOLDER
        self.split, self.every = split, check_every(every)
        self.sequences = open_sequences(self.root, split)
        self.names, self.left_out = [], []
        for s, sequence in enumerate(self.sequences):
            last = len(sequence.frames) - every
            for k in range(len(sequence.frames)):
                inside = self.names if every <= k < last else self.left_out
                inside.append((s, k))
        if not self.names:
            raise DataError(
                f"{self.root} holds no triple: with every = {every} a "
                f"sequence needs at least {2 * every + 1} frames; give a "
                "smaller every"
            )
        self.name = f"{self.root.name}/{split}"
        self._whole = size is None
        if size is None:
            size = self.read(0)[1].shape
        self.size = (int(size[0]), int(size[1]))
        super().__init__(
            "seven-scenes", not self._whole if cached is None else cached
        )
        self._manifest = None

    def manifest(self) -> dict:
        """Plain values that identify the set, wherever it lies."""
        if self._manifest is None:
            kind = type(self.sequences[0])
            folders = [sequence.folder.name for sequence in self.sequences]
            named = [(folders[s], k) for s, k in self.names]
            places = dict(zip(named, self.names, strict=True))
            self._manifest = {
                "name": self.name,
                "n": len(self),
                "size": None if self._whole else list(self.size),
                "layout": kind.__name__,
                "depth_unit": UNIT.label,
                "content": fingerprint(
                    named, lambda name: self._paths(*places[name])
                ),
                "every": self.every,
                "left_out": len(self.left_out),
                "resize": RESIZE,
            }
        return dict(self._manifest)

    def where(self, i: int) -> str:
        """The place of the depth of frame ``i`` on disk, for errors."""
        s, k = self.names[i]
        return str(self.sequences[s].frames[k][1])

    def read(self, i: int):
        """Reference frame ``i`` at full size.

        Returns:
            ``(image, depth, intrinsics)``: ``(H, W, 3)`` uint8, metres
            ``(H, W)`` float32 with 0 where unknown, ``(3, 3)`` float32.
        """
        s, k = self.names[i]
        picture, path = self.sequences[s].frames[k]
        image, depth = read_image(picture), read_millimetres(path)
        if image.shape[:2] != depth.shape:
            raise DataError(
                f"{path} is {depth.shape[0]} x {depth.shape[1]} but {picture} "
                f"is {image.shape[0]} x {image.shape[1]}"
            )
        matrix = self.sequences[s].intrinsics(depth.shape)
        return image, depth, matrix.astype(np.float32)

    def fitted(self, i: int, image, depth, matrix):
        """What ``read`` gives of frame ``i``, at ``self.size``."""
        size = depth.shape if self._whole else self.size
        return fitted(self.where(i), image, depth, matrix, size)

    def neighbours(self, i: int) -> list[Path]:
        """The pictures of frames -1 and +1."""
        return self._around(*self.names[i])

    def motion(self, i: int) -> np.ndarray:
        """``(2, 4, 4)`` from the reference camera to the adjacent ones."""
        s, k = self.names[i]
        pose = self.sequences[s].pose
        adjacent = [pose(k - self.every), pose(k + self.every)]
        return np.linalg.inv(adjacent) @ pose(k)

    def _paths(self, s: int, k: int) -> list[Path]:
        """The files that a triple is read from."""
        sequence, every = self.sequences[s], self.every
        around = [
            path
            for frame in (k - every, k, k + every)
            for path in sequence.texts(frame)
        ]
        return [*sequence.frames[k], *self._around(s, k), *around]

    def _around(self, s: int, k: int) -> list[Path]:
        frames = self.sequences[s].frames
        return [frames[k + shift][0] for shift in (-self.every, self.every)]

    def __len__(self):
        return len(self.names)
