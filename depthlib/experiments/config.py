"""One run of an experiment, as a frozen dataclass of plain values."""

import hashlib
import itertools
import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import ClassVar

from depthlib.training import TrainConfig


@dataclass(frozen=True)
class Reading:
    """One more way to score a network that a run has trained.

    Attributes:
        columns: what tells this reading from the headline, as columns of
            the table of results.
        test: fields of the config that say which images to score, where
            they differ, e.g. ``{"style": "b"}``.
        protocol: fields of the ``Protocol`` that differ.
    """

    columns: dict
    test: dict = field(default_factory=dict)
    protocol: dict = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RunConfig(TrainConfig):
    """A training recipe together with its data and its test.

    What is trained is the business of a subclass for each study: it adds
    the options of its network and builds it.

    Attributes:
        experiment: the name that its records share.
        profile: ``smoke``, ``quick``, ``study``, ``gpu`` or ``paper``.
        data: ``"rooms"``, ``"streets"`` (dense truth), ``"nyu"`` or
            ``"kitti"``.
        style: the style of ``rooms`` or ``streets``.
        n_train: training images; a smaller set is the head of a larger one.
        test_split: ``"test"``, or ``"val"`` where something is chosen.
        n_test: images that are scored.
        size: (H, W) of images and depths.
    """

    # Whether a loss of this kind of run needs maps without holes.
    WHOLE_MAPS: ClassVar = False
    # Whether anything is trained; else ``compute`` has it all.
    TRAINS: ClassVar = True
    # Whether a training that diverges is a result, to be kept as a record.
    MAY_DIVERGE: ClassVar = False
    # Whether a run that trains nothing computes where its profile trains.
    ON_DEVICE: ClassVar = False
    # What a run's images depend on.
    DATA: ClassVar = (
        "data",
        "style",
        "n_train",
        "test_split",
        "n_test",
        "size",
    )

    experiment: str
    profile: str = "study"
    data: str = "rooms"
    style: str = "a"
    n_train: int = 1000
    test_split: str = "test"
    n_test: int = 200
    size: tuple[int, int] = (64, 96)

    @property
    def key(self) -> str:
        """File-name stem of the record: readable, unique per config."""
        text = json.dumps(asdict(self), sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{self.loss}-n{self.n_train}-s{self.seed}-{digest}"

    @classmethod
    def from_plain(cls, values: dict) -> "RunConfig":
        """The config from what JSON gave back (lists become tuples)."""
        return cls(
            **{
                name: tuple(v) if isinstance(v, list) else v
                for name, v in values.items()
            }
        )

    def training_set(self, cached: bool = True):
        """The images to train on; ``cached=False`` for a glance at a few."""
        from depthlib.experiments.setup import training_set

        return training_set(self, cached)

    def build_model(self):
        """The network with the initial weights of the seed, as it is scored.

        It maps images ``(B, 3, H, W)`` to metres ``(B, 1, h, w)``.
        """
        raise NotImplementedError

    def untrained(self) -> "RunConfig":
        """A config whose network has the same shape, at no cost to build."""
        return self

    def step_class(self):
        """The kind of step for ``depthlib.training.fit``; None: its own."""
        return None

    def extra_scores(self, model, data) -> dict[str, float]:
        """Scores beside the protocol's."""
        return {}

    def curve_scores(self, model, data) -> dict[str, float]:
        """Those of them that are taken while training goes on: all."""
        return self.extra_scores(model, data)

    def compute(self, data, protocol) -> dict[str, dict]:
        """What a run without a training measures on its test images.

        Returns:
            ``{"image", "pixel", "quality"}``: metrics by name.
        """
        raise NotImplementedError

    def readings(self) -> list["Reading"]:
        """Further ways to score the trained network, beside the headline."""
        return []

    def recipe(self) -> "RunConfig":
        """What the code does in this run, at toy size (see fingerprint)."""
        return replace(
            self,
            experiment="fingerprint",
            profile="smoke",
            data="rooms",
            n_train=8,
            n_test=2,
            test_split="test",
            size=(32, 64),
            samples=12,
            batch_size=4,
            curve_points=1,
            precision="32-true",
            seed=0,
        )


@dataclass(frozen=True, kw_only=True)
class VideoConfig(RunConfig):
    """A run on triples of frames (``depthlib.data.video``).

    Attributes:
        data: ``"streets-video"`` or ``"cards"``; ``"kitti-video"`` (Eigen
            split of KITTI raw), ``"kitti-drive"`` (to test on) or
            ``"seven-scenes"``.
        every: how many frames of its camera lie between two of a triple.
        speed: ``"known"`` or ``"random"``, of drawn streets and cards.
        truth: ``"dense"`` or ``"lidar"``, of drawn streets in training;
            scores are of dense truth.
    """

    DATA: ClassVar = (*RunConfig.DATA, "every", "speed", "truth")

    data: str = "streets-video"
    size: tuple[int, int] = (128, 256)
    every: int = 3
    speed: str = "known"
    truth: str = "dense"

    def __post_init__(self):
        super().__post_init__()
        if self.truth not in ("dense", "lidar"):
            raise ValueError(
                f'truth is {self.truth!r}; choose "dense" or "lidar"'
            )


def grid(base: RunConfig, **axes) -> list[RunConfig]:
    """Every combination of the values in ``axes``, the last one fastest.

    Example:
        >>> from depthlib.experiments import D3NetRun
        >>> base = D3NetRun(experiment="demo")
        >>> runs = grid(base, loss=["l1", "l2"], seed=range(2))
        >>> [(r.loss, r.seed) for r in runs]
        [('l1', 0), ('l1', 1), ('l2', 0), ('l2', 1)]

    Raises:
        ValueError: an axis is no field of the config.
    """
    known = {f.name for f in fields(base)}
    if unknown := set(axes) - known:
        raise ValueError(
            f"{sorted(unknown)} are no fields of {type(base).__name__}; "
            f"choose from {', '.join(sorted(known))}"
        )
    return [
        replace(base, **dict(zip(axes, values, strict=True)))
        for values in itertools.product(*axes.values())
    ]
