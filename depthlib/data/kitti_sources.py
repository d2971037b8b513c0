"""The layouts in which KITTI is read: raw, annotated, and pairs of files.

A source lists its frames and reads one at full size.
"""

import re
from pathlib import Path

import numpy as np

from depthlib.data.files import (
    DataError,
    read_grey,
    read_image,
    read_text,
    require,
)
from depthlib.data.kitti_calibration import (
    CAMERA_FILE,
    LASER_FILE,
    house_matrix,
    read_calibration,
    read_matrix,
)
from depthlib.data.kitti_split import Frame, frame_of, read_split
from depthlib.data.kitti_velodyne import depth_map, read_scan
from depthlib.data.units import UNITS, DepthUnit

PNG_UNIT = DepthUnit("v * 1 / 256", 1 / 256)
PICTURES = (".png", ".jpg")  # as published, and as often converted
# Of the day 2011_09_26, pictures of 375 x 1242; the other days differ by 2 %.
NOMINAL = np.array(
    [[721.5377, 0, 609.5593], [0, 721.5377, 172.854], [0, 0, 1]]
)
NOMINAL_FRAME = (375, 1242)


class RawSource:
    """KITTI raw: pictures, laser scans and the calibration of each day.

    Below the root lie ``DATE/calib_*.txt``,
    ``DATE/DRIVE/image_02/data/NNNNNNNNNN.png`` and
    ``DATE/DRIVE/velodyne_points/data/NNNNNNNNNN.bin``. Without a list, the
    frames are all pictures of the left camera that have a scan: a few lack
    theirs.
    """

    unit, dtype = UNITS["m"], np.float32
    camera = "calibration"
    # The projection counts pixels from 1, see ``depth_map``.
    first_pixel = 1

    def __init__(self, root: Path, listing: Path | None = None):
        self.root, self.listing = root, listing
        self.names = self._listed() if listing else self._all()
        _refuse_missing(self)

    def read(self, name: Frame):
        """Picture, metres and intrinsics, all at full size."""
        path = self.picture(name)
        image = read_image(path)
        calibration = read_calibration(self.root / name.date, name.camera)
        size = image.shape[:2]
        if size != (stated := calibration.size or size):
            raise DataError(
                f"{path} is {size[0]} x {size[1]} but {calibration.path} says "
                f"{stated[0]} x {stated[1]}; use the rectified pictures at "
                "full size"
            )
        matrix = house_matrix(calibration.matrix, self.first_pixel)
        return image, self._depth(name, calibration, size), matrix

    def _depth(self, name: Frame, calibration, size) -> np.ndarray:
        points = read_scan(self.root / name.scan)
        return depth_map(points, calibration.laser, size)

    def paths(self, name: Frame) -> list[Path]:
        """The files of a frame, its depth first."""
        day = self.root / name.date
        files = [day / CAMERA_FILE, day / LASER_FILE]
        return [self._truth(name), self.picture(name), *files]

    def _truth(self, name: Frame) -> Path:
        return self.root / name.scan

    def picture(self, name: Frame) -> Path:
        """The file of a frame's picture."""
        return with_ending(self.root / name.picture)

    def _listed(self) -> list[Frame]:
        return read_split(self.listing)

    def _all(self) -> list[Frame]:
        pictures = self.root.glob("*/*/image_02/data/*")
        below = (path.relative_to(self.root).as_posix() for path in pictures)
        frames = sorted({frame for name in below if (frame := frame_of(name))})
        found = [frame for frame in frames if self._truth(frame).exists()]
        if not found:
            lacking = (
                f"none of its {len(frames)} pictures has its scan, such as "
                f"{frames[0].scan}"
                if frames
                else "expected DATE/DRIVE/image_02/data/NNNNNNNNNN.png"
            )
            raise DataError(f"{self.root} holds no frames: {lacking}")
        return found


class AnnotatedSource(RawSource):
    """KITTI raw's pictures with depth maps from PNG files.

    The maps of the depth benchmark add up several scans (Uhrig et al. 2017).
    A list names them, relative to the root, or they lie at
    ``DRIVE/proj_depth/groundtruth/image_02/NNNNNNNNNN.png``; the root, its
    ``train`` and ``val`` and the folder of the day are tried. Frames for
    which the list says ``None`` are left out. Without a list, the frames are
    all maps of the left camera.
    """

    unit, dtype = PNG_UNIT, np.uint16
    first_pixel = 0

    def _listed(self) -> list[Frame]:
        frames = [frame for frame in super()._listed() if frame.depth != ""]
        if not frames:
            raise DataError(f"{self.listing} says None for every depth map")
        return frames

    def _all(self) -> list[Frame]:
        folder = "proj_depth/groundtruth/image_02"
        maps = [
            path
            for place in ("", "train/", "val/", "*/")
            for path in self.root.glob(f"{place}*_drive_*/{folder}/*.png")
        ]
        named = {(path.parents[3].name, path.stem) for path in maps}
        names = (
            f"{drive[:10]}/{drive}/image_02/data/{number}.png"
            for drive, number in named
        )
        frames = sorted({frame for name in names if (frame := frame_of(name))})
        if not frames:
            raise DataError(
                f"{self.root} holds no annotated maps: expected "
                f"DRIVE/{folder}/NNNNNNNNNN.png, there or in its train and val"
            )
        return frames

    def _depth(self, name: Frame, calibration, size) -> np.ndarray:
        return read_map(self._truth(name))

    def _truth(self, name: Frame) -> Path:
        usual = (
            f"{name.drive}/proj_depth/groundtruth/image_0{name.camera}/"
            f"{name.number:010d}.png"
        )
        places = [
            self.root / place / (name.depth or usual)
            for place in (".", "train", "val", name.date)
        ]
        return next((path for path in places if path.exists()), places[0])


class PairSource:
    """``rgb/NAME.png`` or ``.jpg`` with ``depth/NAME.png``.

    Intrinsics come from ``calib/NAME.txt``, or from the only file in
    ``calib``; without that folder those of 2011_09_26 are assumed, and
    ``camera`` says "nominal".
    """

    unit, dtype = PNG_UNIT, np.uint16
    # Counted from 0: maps of the same frames agree with their scans so.
    first_pixel = 0

    def __init__(self, root: Path, listing: Path | None = None):
        self.root, self.listing = root, listing
        self.names = _names(listing) if listing else self._all()
        calibrations = sorted((root / "calib").glob("*.txt"))
        self._only = calibrations[0] if len(calibrations) == 1 else None
        self._nominal = not (root / "calib").is_dir()
        self.camera = "nominal" if self._nominal else "calibration"
        _refuse_missing(self)

    def read(self, name: str):
        """Picture, metres and intrinsics, all at full size."""
        depth_path, picture, *calibration = self.paths(name)
        depth = read_map(depth_path)
        matrix = read_matrix(calibration[0]) if calibration else NOMINAL
        matrix = house_matrix(matrix, self.first_pixel)
        if not calibration:
            ratios = np.divide(depth.shape, NOMINAL_FRAME, dtype=np.float32)
            matrix[:2] *= ratios[::-1, None]
        return read_image(picture), depth, matrix

    def paths(self, name: str) -> list[Path]:
        """The files of a pair, its depth first."""
        files = [self.root / "depth" / f"{name}.png", self.picture(name)]
        if not self._nominal:
            files.append(self._only or self.root / "calib" / f"{name}.txt")
        return files

    def picture(self, name: str) -> Path:
        """The file of a frame's picture."""
        return with_ending(self.root / "rgb" / name)

    def _all(self) -> list[str]:
        maps = {path.stem for path in (self.root / "depth").glob("*.png")}
        pictures = {
            path.stem
            for path in (self.root / "rgb").iterdir()
            if path.suffix in PICTURES
        }
        if not maps | pictures:
            raise DataError(
                f"{self.root} holds no pairs; expected rgb/NAME.png (or .jpg) "
                "and depth/NAME.png"
            )
        return sorted(maps | pictures)


def read_map(path: Path) -> np.ndarray:
    """Metres ``(H, W)`` float32 of a 16-bit PNG, 0 without a return.

    Raises:
        DataError: the file is missing, damaged or of another kind.
    """
    stored = read_grey(path)
    if stored.dtype != np.uint16:
        raise DataError(
            f"{path} stores {stored.dtype}; KITTI's depth is 16-bit PNG, "
            "metres = v / 256, 0 = no return"
        )
    return PNG_UNIT.metres(stored)


LAYOUTS = {
    "raw": RawSource,
    "annotated": AnnotatedSource,
    "pairs": PairSource,
}


def open_source(root: Path, listing=None, layout: str | None = None):
    """The source for the layout in ``root``, or for the one that is named.

    Raises:
        DataError: no such layout is there.
        ValueError: there is no layout of this name.
    """
    if layout is not None and layout not in LAYOUTS:
        raise ValueError(
            f"layout is {layout!r}; choose one of {', '.join(LAYOUTS)}"
        )
    seen = _seen(root)
    # Annotated maps lie beside the folders of KITTI raw.
    fits = {"annotated": ("annotated", "raw"), "raw": ("raw", "annotated")}
    if seen is None or (layout and seen not in fits.get(layout, (layout,))):
        raise DataError(
            f"{root} holds no KITTI{f' ({layout})' if layout else ''}: "
            "expected folders of days (2011_09_26) as in KITTI raw, or the "
            f"folders rgb and depth{_inside(root)}; see `depthlib data list`"
        )
    return LAYOUTS[layout or seen](root, listing)


def _seen(root: Path) -> str | None:
    """The layout that a folder has, by its folders."""
    if (root / "rgb").is_dir() and (root / "depth").is_dir():
        return "pairs"
    days = "[12]???_??_??"
    if any(root.glob(f"{days}/*/velodyne_points")):
        return "raw"
    maps = "*_drive_*/proj_depth"
    if any(any(root.glob(way + maps)) for way in ("", "*/")):
        return "annotated"
    return "raw" if any(root.glob(days)) else None


def _inside(root: Path) -> str:
    """Says which folders of a folder could be read instead."""
    good = sorted(path.name for path in root.glob("*/") if _seen(path))
    return f"; name one inside it as root: {', '.join(good)}" if good else ""


def _names(listing: Path) -> list[str]:
    names = read_text(listing).split()
    strange = next((x for x in names if not re.fullmatch(r"[\w-]+", x)), None)
    if not names or strange:
        raise DataError(
            f"{listing} {f'names {strange!r}' if names else 'is empty'}; "
            "expected one name a line, such as 000002"
        )
    return names


def with_ending(path: Path) -> Path:
    """The picture of a name without its ending; the usual one if none is."""
    # Not with_suffix: a name may hold a dot.
    ways = [path.parent / f"{path.name}{ending}" for ending in PICTURES]
    return next((way for way in ways if way.exists()), ways[0])


def _refuse_missing(source) -> None:
    """One error for all frames that lack a file."""
    lacking = []
    for name in source.names:
        lacking += [p for p in source.paths(name) if not p.exists()][:1]
    if lacking:
        place = f" in {source.listing}" if source.listing else ""
        require(
            lacking[0],
            f"{len(lacking)} of the {len(source.names)} frames{place} lack a "
            "file",
            "unpack what is missing or correct the list",
        )
