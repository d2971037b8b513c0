"""Is the data on this disk what it should be?"""

from dataclasses import dataclass, replace

import numpy as np

from depthlib.data.catalogue import Entry, entry
from depthlib.data.files import DataError
from depthlib.data.units import SCENES, implausible

SAMPLED = 4096  # known depths of a map, enough for a median


@dataclass(frozen=True)
class Report:
    """What a check found, after nothing was wrong.

    Attributes:
        name: of the data set.
        pairs: number of pairs read.
        size: (H, W) of the first.
        unit: in which depth is stored.
        depth: least, median and largest known depth, metres.
        known: share of pixels whose depth is known.
        lines: the same for readers.
    """

    name: str
    pairs: int
    size: tuple[int, int]
    unit: str
    depth: tuple[float, float, float]
    known: float
    lines: tuple[str, ...]

    def __str__(self):
        return "\n".join(self.lines)


def check(
    name: str, root=None, *, depth_unit=None, scene=None, split=None
) -> Report:
    """Read a whole data set and compare it with what it should be.

    Layout, counts, sizes, ranges and the plausibility of the depth unit.

    Args:
        name: as ``depthlib data list`` names it.
        root: its folder; None takes the one under ``data_root()``.
        depth_unit: what a step of the stored numbers means; needed for a
            folder of your own.
        scene: "indoor", "outdoor" or "any": which depths are plausible;
            None takes what the data set is known for.
        split: for KITTI and a folder of your own, the name of its list; for
            Make3D, 7-Scenes and Cityscapes one of their splits, None all.

    Raises:
        DataError: something is wrong; one sentence, naming the first file.
        ValueError: an argument is.
    """
    about = entry(name)
    if scene is not None and scene not in SCENES:
        raise ValueError(
            f"scene is {scene!r}; choose one of {', '.join(SCENES)}"
        )
    if about.kind == "generated":
        return _check_drawn(about)
    if name == "folder":
        return _check_folder(about, root, depth_unit, scene, split)
    if name in ("kitti", "kitti-video"):
        return _check_kitti(about, root, depth_unit, scene, split)
    if name == "make3d":
        return _check_make3d(about, root, depth_unit, scene, split)
    if name in ("seven_scenes_red_kitchen", "cityscapes"):
        return _check_video(about, root, depth_unit, scene, split)
    return _check_nyu(about, root, depth_unit, scene)


def _check_nyu(about: Entry, root, depth_unit, scene) -> Report:
    from depthlib.data.nyu import NYUv2

    options = {"depth_unit": depth_unit, "cached": False}
    parts = {s: NYUv2(root, s, **options) for s in about.pairs}
    shared = set(parts["train"].names) & set(parts["test"].names)
    if shared:
        raise DataError(
            f"{parts['test'].source.listing('test')} shares pair "
            f"{sorted(shared)[0]} with the training split; use the official "
            "split"
        )
    source = parts["train"].source
    whole = NYUv2(root, "all", **options)
    seen = _survey(about, len(whole), lambda i: whole.read(i)[1], whole.where)
    scene = scene or about.scene
    _judge(seen, source.unit, scene, str(whole.root), source.dtype)
    counts = ", ".join(f"{len(part)} {s}" for s, part in parts.items())
    report = _report(about.name, whole.root, seen, source.unit, f" ({counts})")
    # A part of the set can be read and learned from, but not compared.
    official = source.official or about.pairs
    short = tuple(
        f"  {part.source.listing(split)} lists {len(part)} pairs for "
        f"{split}; the official split has {official[split]}, so results "
        "cannot be compared with others"
        for split, part in parts.items()
        if len(part) != official[split]
    )
    return replace(report, lines=report.lines + short)


def _check_kitti(about: Entry, root, depth_unit, scene, split) -> Report:
    from depthlib.data.kitti import Kitti, refuse_unit
    from depthlib.data.kitti_video import KittiVideo

    refuse_unit(depth_unit)
    kind = KittiVideo if about.name == "kitti-video" else Kitti
    data = kind(root, split, cached=False)
    low, high = about.density
    scan = (
        f"one laser scan hits {100 * low:g} to {100 * high:g} % of a picture"
    )
    shares = []

    def read(i):
        depth = data.pair(i)[1]
        shares.append((depth > 0).mean())
        if shares[-1] < low:
            raise DataError(
                f"{data.where(i)}: depth is known at {100 * shares[-1]:.2f} % "
                f"of its pixels, and {scan}; is the scan cut off, or the "
                "calibration another day's?"
            )
        return depth

    source = data.source
    seen = _survey(about, len(data), read, data.where)
    _judge(
        seen, source.unit, scene or about.scene, str(data.root), source.dtype
    )
    known = float(np.mean(shares))
    report = _report(data.name, data.root, seen, source.unit, known=known)
    lines = (f"  camera: {source.camera}",)
    if known > high:
        lines += (f"  {scan}: these maps add up several, or are filled in",)
    if left := getattr(data, "left_out", None):
        lines += (
            f"  {len(left)} of {len(data) + len(left)} frames have no triple, "
            f"the first or last of a drive, as {data.source.picture(left[0])}",
        )
    return replace(report, lines=report.lines + lines)


def _check_make3d(about: Entry, root, depth_unit, scene, split) -> Report:
    from depthlib.data.make3d import UNIT, Make3D, refuse_unit

    refuse_unit(depth_unit)
    splits = about.pairs if split is None else (split,)
    parts = [Make3D(root, s, cached=False) for s in splits]
    pairs = [(part, i) for part in parts for i in range(len(part))]
    seen = _survey(
        about,
        len(pairs),
        lambda k: pairs[k][0].read(pairs[k][1])[1],
        lambda k: pairs[k][0].where(pairs[k][1]),
    )
    home = parts[0].root
    _judge(seen, UNIT, scene or about.scene, str(home))
    counts = ", ".join(f"{len(part)} {part.split}" for part in parts)
    report = _report(about.name, home, seen, UNIT, f" ({counts})")
    short = tuple(
        f"  {part.pictures} has {len(part)} pairs; the official split has "
        f"{about.pairs[part.split]}, so results cannot be compared with others"
        for part in parts
        if len(part) != about.pairs[part.split]
    )
    return replace(report, lines=report.lines + short)


def _check_video(about: Entry, root, depth_unit, scene, split) -> Report:
    from depthlib.data import cityscapes, seven_scenes
    from depthlib.data.units import UNITS

    if depth_unit is not None:
        raise ValueError(
            f"depth_unit is {depth_unit!r}, but {about.name} has one of its "
            "own; read others as a folder of your own"
        )
    if about.name == "cityscapes":
        make, unit = cityscapes.Cityscapes, cityscapes.UNIT
        splits = cityscapes.present_splits(root) if split is None else (split,)
    else:
        make, unit = seven_scenes.SevenScenes, UNITS["mm"]
        splits = ("train", "test") if split is None else (split,)
    parts = [make(root, s, cached=False) for s in splits]
    triples = [(part, i) for part in parts for i in range(len(part))]
    seen = _survey(
        about,
        len(triples),
        lambda k: triples[k][0].pair(triples[k][1])[1],
        lambda k: triples[k][0].where(triples[k][1]),
    )
    home = parts[0].root
    _judge(seen, UNITS["m"], scene or about.scene, str(home))
    counts = ", ".join(f"{len(part)} {part.split}" for part in parts)
    report = _report(about.name, home, seen, unit, f" ({counts})")
    lines = ()
    if left := sum(len(getattr(part, "left_out", ())) for part in parts):
        lines = (
            f"  {left} frames have no triple, the first or last of a sequence",
        )
    official = about.pairs if isinstance(about.pairs, dict) else {}
    lines += tuple(
        f"  {home} has {len(part)} triples of {part.split}; the official "
        f"split has {official[part.split]}, so results cannot be compared "
        "with others"
        for part in parts
        if len(part) != official.get(part.split, len(part))
    )
    return replace(report, lines=report.lines + lines)


def _check_folder(about: Entry, root, depth_unit, scene, split) -> Report:
    from depthlib.data.folder import ImageFolder

    if root is None or depth_unit is None:
        raise ValueError(
            "root and depth_unit are needed to check a folder of your own: "
            'the folder, and the unit of its depth, such as "mm"'
        )
    data = ImageFolder(root, depth_unit=depth_unit, split=split)
    seen = _survey(
        about,
        len(data),
        lambda i: data.read(i)[1],
        lambda i: str(data.pairs[i][1]),
    )
    from depthlib.data.files import read_depth

    first = data.pairs[0][1]
    dtype = read_depth(first).dtype
    _judge(seen, data.unit, scene or about.scene, str(first), dtype)
    return _report(data.name, data.root, seen, data.unit)


def _check_drawn(about: Entry) -> Report:
    from depthlib.data import cards, rooms, streets, streets_video
    from depthlib.data.units import UNITS

    make = {
        "rooms": rooms,
        "streets": streets,
        "streets-video": streets_video,
        "cards": cards,
    }[about.name]
    data = make(8, cached=False)
    seen = _survey(
        about,
        len(data),
        lambda i: data[i]["depth"][0].numpy(),
        lambda i: f"{about.name} {i}",
    )
    _judge(seen, UNITS["m"], about.scene, data.name)
    return _report(data.name, "memory, not kept", seen, UNITS["m"])


@dataclass
class _Survey:
    size: tuple[int, int]
    depths: list
    known: int
    pixels: int


def _survey(about: Entry, n: int, read, where) -> _Survey:
    """Reads every pair; the first that differs from the rest is named."""
    from tqdm import tqdm

    seen = None
    for i in tqdm(range(n), desc=about.name, leave=False, disable=None):
        depth = read(i)
        if seen is None:
            seen = _Survey(depth.shape, [], 0, 0)
        if about.frame not in ("any", depth.shape):
            raise DataError(
                f"{where(i)} is {depth.shape[0]} x {depth.shape[1]}; the "
                f"pictures of {about.name} are {about.frame[0]} x "
                f"{about.frame[1]}"
            )
        known = depth[depth > 0]
        _in_range(about, known, where(i))
        # An odd step, so that it does not stay in a few columns.
        seen.depths.append(known[:: known.size // SAMPLED | 1])
        seen.known += known.size
        seen.pixels += depth.size
    return seen


def _in_range(about: Entry, known, where: str) -> None:
    if about.range is None or not known.size:
        return
    low, high = about.range
    if known.min() < low or known.max() > high:
        raise DataError(
            f"{where} holds depths of {known.min():.4g} to "
            f"{known.max():.4g} m; expected {low:g} to {high:g} m"
        )


def _judge(seen: _Survey, unit, scene, where: str, dtype=None) -> None:
    depths = np.concatenate(seen.depths)
    if not depths.size:
        raise DataError(f"{where}: no depth is known anywhere")
    wrong = implausible(float(np.median(depths)), unit, scene, dtype)
    if wrong:
        raise DataError(f"{where}: {wrong}")


def _report(name, home, seen: _Survey, unit, counts="", known=None) -> Report:
    depths = np.concatenate(seen.depths)
    numbers = tuple(float(f(depths)) for f in (np.min, np.median, np.max))
    share = seen.known / seen.pixels if known is None else known
    lines = (
        f"{name} in {home}: nothing wrong",
        f"  {len(seen.depths)} pairs{counts} of "
        f"{seen.size[0]} x {seen.size[1]}",
        f"  depth {numbers[0]:.2f} to {numbers[2]:.2f} m, median "
        f"{numbers[1]:.2f} m, known at {100 * share:.1f} % of pixels",
        f"  stored as {unit.label}",
    )
    return Report(
        name, len(seen.depths), seen.size, unit.label, numbers, share, lines
    )
