"""One run of an experiment, as a frozen dataclass of plain values."""

import hashlib
import itertools
import json
from dataclasses import asdict, dataclass, fields, replace

from depthlib.training import TrainConfig


@dataclass(frozen=True, kw_only=True)
class RunConfig(TrainConfig):
    """A training recipe together with its data, its network and its test.

    Attributes:
        experiment: the name that its records share.
        profile: ``smoke``, ``quick``, ``study``, ``gpu`` or ``paper``.
        data: ``"rooms"`` or ``"nyu"``.
        style: the style of ``rooms``.
        n_train: training images; a smaller set is the head of a larger one.
        test_split: ``"test"``, or ``"val"`` where something is chosen.
        n_test: images that are scored.
        size: (H, W) of images and depths.
        encoder: front-end of D3-Net.
        width: factor on all channels.
        blocks: layers per dense block or residual stage; None as published.
    """

    experiment: str
    profile: str = "study"
    data: str = "rooms"
    style: str = "a"
    n_train: int = 1000
    test_split: str = "test"
    n_test: int = 200
    size: tuple[int, int] = (64, 96)
    encoder: str = "densenet121"
    width: float = 0.25
    blocks: tuple[int, ...] | None = (2, 4, 6, 4)

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
            width=0.25,
            blocks=(1, 1, 1, 1),
        )


def grid(base: RunConfig, **axes) -> list[RunConfig]:
    """Every combination of the values in ``axes``, the last one fastest.

    Example:
        >>> base = RunConfig(experiment="demo")
        >>> runs = grid(base, loss=["l1", "l2"], seed=range(2))
        >>> [(r.loss, r.seed) for r in runs]
        [('l1', 0), ('l1', 1), ('l2', 0), ('l2', 1)]

    Raises:
        ValueError: an axis is no field of ``RunConfig``.
    """
    known = {f.name for f in fields(RunConfig)}
    if unknown := set(axes) - known:
        raise ValueError(
            f"{sorted(unknown)} are no fields of RunConfig; "
            f"choose from {', '.join(sorted(known))}"
        )
    return [
        replace(base, **dict(zip(axes, values, strict=True)))
        for values in itertools.product(*axes.values())
    ]
