"""KITTI as video: each frame with the one before it and the one after it."""

from pathlib import Path

from depthlib.data.files import DataError
from depthlib.data.kitti import Kitti
from depthlib.data.kitti_sources import with_ending
from depthlib.data.video import VideoFiles, check_every

# Spacing of the triples that experiments read (``VideoConfig.every``) and
# ``depthlib data prepare`` makes: arrays kept for another one serve no run.
PREPARED_EVERY = 3


class KittiVideo(VideoFiles, Kitti):
    """Frame triples of KITTI, 10 frames a second, with sparse depth.

    Frames are those of ``Kitti``, in any of its layouts; of "pairs" the
    names must be the numbers of one recording's frames. Adjacent frames need
    a picture only, no scan.

    The first and the last ``every`` frames of a drive have no triple. They
    are left out, also where a split file lists them: ``left_out`` has their
    names, the manifest and ``depthlib data check`` their number. A picture
    that lacks between two others of its drive is an error.

    How the car moved is not read: samples have no ``motion``.

    Args:
        root, split, size, layout, cached: as for ``Kitti``.
        every: frames -1 and +1 are so many frames away.

    Raises:
        DataError: as for ``Kitti``, or no frame has a triple.
        ValueError: every is no number of frames.
    """

    def __init__(self, root=None, split=None, *, every=1, **options):
        self.every = check_every(every)
        super().__init__(root, split, **options)
        drives = _Drives()
        listed = self.names
        inside = {name: self._has_triple(name, drives) for name in listed}
        self.names = [name for name in listed if inside[name]]
        self.left_out = [name for name in listed if not inside[name]]
        if not self.names:
            raise DataError(
                f"{self.root} holds no triple: each of its {len(listed)} "
                f"frames is among the first or last {every} of its drive; "
                "unpack whole drives, or give a smaller every"
            )
        self.name = f"kitti-video/{self.name.partition('/')[2]}"

    def manifest(self) -> dict:
        """Plain values that identify the set, wherever it lies."""
        own = {"every": self.every, "left_out": len(self.left_out)}
        return super().manifest() | own

    def paths(self, name) -> list[Path]:
        """The files that a triple is read from."""
        return [*super().paths(name), *self._around(name)]

    def neighbours(self, i: int) -> list[Path]:
        """The pictures of frames -1 and +1."""
        return self._around(self.names[i])

    def _around(self, name) -> list[Path]:
        path = self.source.picture(name)
        return [_shifted(path, shift) for shift in (-self.every, self.every)]

    def _has_triple(self, name, drives) -> bool:
        """Whether both neighbours are there; an error where one should be."""
        for path in self._around(name):
            if path.exists():
                continue
            first, last = drives.ends(path.parent)
            if first < int(path.stem) < last:
                raise DataError(
                    f"{path} is missing, a neighbour of "
                    f"{self.source.picture(name).name}; unpack the whole drive"
                )
            return False
        return True


class _Drives:
    """First and last number of the pictures in a folder, looked up once."""

    def __init__(self):
        self._known = {}

    def ends(self, folder: Path) -> tuple[int, int]:
        if folder not in self._known:
            stems = (path.stem for path in folder.iterdir())
            numbers = [int(stem) for stem in stems if stem.isdecimal()]
            self._known[folder] = min(numbers), max(numbers)
        return self._known[folder]


def _shifted(path: Path, shift: int) -> Path:
    if not path.stem.isdecimal():
        raise DataError(
            f"{path} has no number for a name; the frames of a video are "
            "numbered"
        )
    width = len(path.stem)
    number = int(path.stem) + shift
    return with_ending(path.with_name(f"{number:0{width}d}"))
