"""What a config means: its data and its protocol."""

import hashlib
import json
from dataclasses import replace

import torch

from depthlib.experiments.config import RunConfig, VideoConfig
from depthlib.metrics import PROTOCOLS, Protocol, trivial_predictors

TRIVIAL_MAPS = 1000
# Made by depthlib, on any machine.
DRAWN = ("rooms", "streets", "streets-video", "cards")
INDOORS = ("rooms", "nyu", "seven-scenes")
# Folders below ``kitti``: the stills of the stereo benchmark of 2015 train,
# a drive of 2011_09_26 tests; both as pictures with projected scans. What is
# in them: ``data/manifests/kitti.yaml``.
KITTI = {"train": "stereo2015_left", "test": "raw_2011_09_26_video"}
# Lists of the split of Eigen et al., beside the days of KITTI raw.
EIGEN = {"train": "eigen_train_files", "test": "eigen_test_files"}


def training_set(config: RunConfig, cached: bool = True):
    """The training set of a run.

    Args:
        config: the run.
        cached: keep generated images on disk; for a glance at a few, don't.

    Raises:
        ValueError: an unknown set, or a number of images that it lacks.
    """
    if config.data in REAL:
        title, read, _ = REAL[config.data]
        data = read(config, "train")
        if config.n_train != len(data):
            raise ValueError(
                f"n_train is {config.n_train}, but {title} has "
                f"{len(data)} training pairs; give that number"
            )
        return data
    return _drawn(config, config.n_train, "train", cached)


def evaluation_set(config: RunConfig, cached: bool = True):
    """The images that a run is scored on, and the protocol.

    Of a real set all test images, whatever ``n_test``.

    Arguments are those of ``training_set``.

    Raises:
        ValueError: an unknown set, or validation images of a real one.
    """
    if config.data in REAL:
        title, read, _ = REAL[config.data]
        if config.test_split != "test":
            raise ValueError(
                f"test_split is {config.test_split!r}, but {title} has no "
                'images of its own for that; choose "test"'
            )
        data = read(config, "test")
    else:
        data = _drawn(config, config.n_test, config.test_split, cached)
    return data, protocol_of(config)


def depth_range(data: str) -> tuple[float, float]:
    """Nearest and farthest depth that a network for a set can give, metres."""
    return (0.4, 10.0) if data in INDOORS else (1.0, 80.0)


def protocol_of(config: RunConfig) -> Protocol:
    """How predictions on the data of a run are scored."""
    if config.data in REAL:
        return REAL[config.data][2]
    return PROTOCOLS[config.data.removesuffix("-video")]


def require_data(config: RunConfig) -> None:
    """Make sure of the real sets that a run needs, before it trains.

    Raises:
        DataError: one is not here; the message says where it was looked for.
    """
    tests = [reading.test for reading in config.readings()]
    names = {config.data, *(t.get("data", config.data) for t in tests)}
    for name in sorted(names & set(REAL)):
        REAL[name][1](config, "test")


def _drawn(config, n, split, cached):
    from depthlib.data import cards, rooms, streets, streets_video

    options = {
        "split": split,
        "style": config.style,
        "size": config.size,
        "cached": cached,
    }
    if config.data == "rooms":
        return rooms(n, **options)
    if config.data == "streets":
        return streets(n, **options, lidar=False)
    if config.data == "streets-video":
        every = _every(config)
        lidar = split == "train" and config.truth == "lidar"
        return streets_video(
            n, **options, every=every, speed=config.speed, lidar=lidar
        )
    if config.data == "cards":
        if getattr(config, "truth", "dense") != "dense":
            raise ValueError(
                f"truth is {config.truth!r}, but cards have dense depth alone"
            )
        return cards(n, **options, speed=getattr(config, "speed", "known"))
    raise ValueError(
        f"data is {config.data!r}; choose one of {', '.join((*DRAWN, *REAL))}"
    )


def _every(config) -> int:
    if not isinstance(config, VideoConfig):
        raise ValueError(
            f"data is {config.data!r}, triples of frames; "
            f"{type(config).__name__} takes single ones"
        )
    return config.every


def _nyu(config, split):
    from depthlib.data import NYUv2

    return NYUv2(split=split, size=config.size)


def _kitti(config, split):
    from depthlib.data import Kitti, data_root

    return Kitti(data_root() / "kitti" / KITTI[split], size=config.size)


def _kitti_video(config, split):
    from depthlib.data import KittiVideo, data_root

    root, every = data_root() / "kitti", _every(config)
    return KittiVideo(root, EIGEN[split], every=every, size=config.size)


def _kitti_drive(config, split):
    from depthlib.data import KittiVideo, data_root

    if split == "train":
        raise ValueError(
            "data is 'kitti-drive', one drive of KITTI, to test on; train on "
            "'streets-video' or 'kitti-video'"
        )
    root = data_root() / "kitti" / KITTI["test"]
    return KittiVideo(root, every=_every(config), size=config.size)


def _seven_scenes(config, split):
    from depthlib.data import SevenScenes

    return SevenScenes(split=split, every=_every(config), size=config.size)


REAL = {
    "nyu": (
        "NYU Depth v2, the labelled set,",
        _nyu,
        PROTOCOLS["nyu_eigen"],
    ),
    "kitti": ("the set of KITTI stills", _kitti, PROTOCOLS["kitti_garg"]),
    "kitti-video": (
        "the video of KITTI's Eigen split",
        _kitti_video,
        PROTOCOLS["kitti_garg"],
    ),
    "kitti-drive": (
        "a drive of KITTI",
        _kitti_drive,
        PROTOCOLS["kitti_garg"],
    ),
    "seven-scenes": (
        "the video of a kitchen of 7-Scenes",
        _seven_scenes,
        replace(PROTOCOLS["rooms"], name="seven_scenes"),
    ),
}


def guesses_from(train) -> tuple[dict, float]:
    """What can be guessed without looking, and how widely depth spreads.

    Returns:
        ``trivial_predictors`` of the first 1000 training maps, and the
        standard deviation of their known depths in metres.
    """
    maps = [train[i] for i in range(min(len(train), TRIVIAL_MAPS))]
    depths = torch.stack([s["depth"] for s in maps])
    masks = torch.stack([s["mask"] for s in maps])
    return trivial_predictors(depths, masks), depths[masks].std().item()


def trivial_scores(guesses: dict, truth: dict, protocol) -> dict:
    """Scores of predictors that look at no image, by name of the guess."""
    depth = truth["depth"]
    scores = {}
    for name, value in guesses.items():
        prediction = torch.as_tensor(value).expand_as(depth)
        result = protocol.evaluate(prediction, depth, truth["mask"])
        scores[name] = {k: float(f"{v:.6g}") for k, v in result.items()}
    return scores


def manifest_hash(data) -> str:
    """Sixteen hex digits that identify a data set by its manifest."""
    text = json.dumps(data.manifest(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
