"""Getting data ready: unpack, resize once, fill holes."""

import io
import shutil
from pathlib import Path

import numpy as np
import torch

from depthlib.data.catalogue import entry
from depthlib.data.files import DataError
from depthlib.writing import whole

# Sets whose splits are their own, all made at once.
WITHOUT_SPLIT = (
    "rooms",
    "streets",
    "streets-video",
    "cards",
    "nyu_v2_labeled",
)


TESTED = 200  # images of a drawn set that experiments score on


def prepare(
    name: str,
    root=None,
    *,
    size=(96, 128),
    archive=None,
    depth_unit=None,
    filled=None,
    split=None,
    n: int = 1000,
) -> str:
    """Make what training reads, so that no run has to wait for it.

    Args:
        name: as ``depthlib data list`` names it.
        root: folder of a real set or your own; None takes the one under
            ``data_root()``.
        size: (H, W) to prepare.
        archive: a zip file to unpack first into the set's folder, which must
            be absent or empty.
        depth_unit: of a folder of your own.
        filled: for a folder of your own, another folder: a copy of the first
            without holes is made there and prepared in its place.
        split: for KITTI and a folder of your own, the name of its list; for
            Make3D, 7-Scenes and Cityscapes one of their splits, None all.
        n: number of training images of a drawn set to render; of test images
            at most 200 are, as experiments score on.

    Returns:
        One sentence for readers.

    Raises:
        DataError: something on disk is wrong; it names the file.
        ValueError: an argument is.
    """
    about = entry(name)
    home = about.home(root)
    if archive is not None:
        if home is None or about.kind == "generated":
            raise ValueError(
                f"archive is {str(archive)!r}, but {name} has no folder to "
                "unpack it into; give its root"
            )
        from depthlib.data.archive import extract

        extract(archive, home)
    said = ""
    if split is not None and name in WITHOUT_SPLIT:
        raise ValueError(f"split is given, but {name} has splits of its own")
    if filled is not None:
        if name != "folder":
            raise ValueError(
                f"filled is given for {name}; only folder has holes to fill"
            )
        home = _needed(home, depth_unit)
        home = fill_holes(home, filled, depth_unit=depth_unit, split=split)
        # The copy holds that split alone.
        split, depth_unit = None, "m"
        said = f"filled in {home}, depth in metres; "
    made = _made(name, home, size, depth_unit, split, n)
    for data in made:
        data[0]
    sets = ", ".join(f"{len(data)} of {data.name}" for data in made)
    return f"{said}ready at {size[0]} x {size[1]}: {sets}"


def _drawn(name, size, n) -> list:
    """A drawn set to train on and one to test on, with the truth for each."""
    from depthlib.data import cards, rooms, streets, streets_video

    test = {"n": min(n, TESTED), "split": "test"}
    if name == "streets-video":
        # Trained on what a scanner hits, scored everywhere.
        train = streets_video(n, size=size)
        return [train, streets_video(**test, size=size, lidar=False)]
    more = {"lidar": False} if name == "streets" else {}
    make = {"rooms": rooms, "streets": streets, "cards": cards}[name]
    return [make(n, size=size, **more), make(**test, size=size, **more)]


def _made(name, home, size, depth_unit, split, n):
    if entry(name).kind == "generated":
        return _drawn(name, size, n)
    if name == "nyu_v2_labeled":
        from depthlib.data.nyu import NYUv2

        options = {"size": size, "depth_unit": depth_unit}
        return [NYUv2(home, split, **options) for split in ("train", "test")]
    if name == "kitti":
        from depthlib.data.kitti import Kitti, refuse_unit

        refuse_unit(depth_unit)
        return [Kitti(home, split, size=size)]
    if name == "kitti-video":
        from depthlib.data.kitti import refuse_unit
        from depthlib.data.kitti_video import PREPARED_EVERY, KittiVideo

        refuse_unit(depth_unit)
        return [KittiVideo(home, split, size=size, every=PREPARED_EVERY)]
    if name == "seven_scenes_red_kitchen":
        from depthlib.data.seven_scenes import SPLITS, SevenScenes

        return [
            SevenScenes(home, s, size=size) for s in _splits(split, SPLITS)
        ]
    if name == "cityscapes":
        from depthlib.data.cityscapes import Cityscapes, present_splits

        splits = _splits(split, present_splits(home))
        return [Cityscapes(home, s, size=size) for s in splits]
    if name == "make3d":
        from depthlib.data.make3d import PLACES, Make3D, refuse_unit

        refuse_unit(depth_unit)
        return [Make3D(home, s, size=size) for s in _splits(split, PLACES)]
    from depthlib.data.folder import ImageFolder

    options = {"size": size, "depth_unit": depth_unit, "split": split}
    return [ImageFolder(_needed(home, depth_unit), cached=True, **options)]


def _splits(split, every) -> tuple:
    return tuple(every) if split is None else (split,)


def _needed(home, depth_unit):
    if home is None or depth_unit is None:
        raise ValueError(
            "root and depth_unit are needed for a folder of your own: the "
            'folder, and the unit of its depth, such as "mm"'
        )
    return home


def fill_holes(root, output, *, depth_unit, split=None) -> Path:
    """Write a copy of a folder whose depth maps have no holes.

    Holes are filled by colourisation (``depthlib.kernels.inpaint``).
    Interrupted, it continues where it stopped; `output` appears when all of
    it is there. Depth is written as ``.npy`` in metres.

    Args:
        root: a folder that ``ImageFolder`` reads.
        output: a folder to make.
        depth_unit: of `root`.
        split: name of the list of pairs, as for ``ImageFolder``.

    Returns:
        ``output``; read it with ``depth_unit="m"``.
    """
    from depthlib.data.folder import ImageFolder

    data = ImageFolder(root, depth_unit=depth_unit, split=split)
    output = Path(output)
    if output.exists():
        raise DataError(f"{output} exists already; name a new folder")
    part = output.with_name(f"{output.name}.part")
    for folder in ("images", "depths"):
        (part / folder).mkdir(parents=True, exist_ok=True)
    for i, (picture, _) in enumerate(data.pairs):
        target = part / "depths" / f"{i:06d}.npy"
        copy = part / "images" / f"{i:06d}{picture.suffix.lower()}"
        if target.exists() and copy.exists():
            continue
        image, depth, _ = data.read(i)
        filled = io.BytesIO()
        np.save(filled, _filled(image, depth))
        _keep(target, filled.getvalue())
        _keep(copy, picture.read_bytes())
    if data.camera is not None:
        camera = data.root / "intrinsics.txt"
        shutil.copyfile(camera, part / "intrinsics.txt")
    part.rename(output)
    return output


def _filled(image: np.ndarray, depth: np.ndarray) -> np.ndarray:
    from depthlib.kernels.inpaint import inpaint_depth

    picture = torch.from_numpy(image.copy()).permute(2, 0, 1)[None] / 255
    known = torch.from_numpy(depth)[None, None]
    return inpaint_depth(picture, known, known > 0)[0, 0].numpy()


def _keep(path: Path, content: bytes) -> None:
    with whole(path) as temporary:
        temporary.write_bytes(content)
