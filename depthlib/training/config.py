"""What a training needs to know, in frozen, printable objects."""

from dataclasses import dataclass, fields

from depthlib.training.stream import SampleStream


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """The recipe of one training; equal recipes give equal networks.

    Attributes:
        loss: the name by which the step finds its loss.
        samples: images shown in all, whatever the size of the set. Counting
            samples instead of epochs keeps the budget equal across sizes.
        batch_size: images per optimisation step, over all processes.
        lr: Adam's learning rate; constant for the first half of the steps,
            then linearly to zero.
        betas: Adam's moments; (0.5, 0.999) are those of the released D3-Net.
        flip: mirror half of the images.
        curve_points: evaluations along the way, evenly spaced in samples.
        precision: Fabric's name, e.g. ``"32-true"`` or ``"bf16-mixed"``.
        seed: of initial weights, data order and augmentation.
    """

    loss: str = "l1"
    samples: int = 10_000
    batch_size: int = 8
    lr: float = 3e-3
    betas: tuple[float, float] = (0.5, 0.999)
    flip: bool = True
    curve_points: int = 10
    precision: str = "32-true"
    seed: int = 0

    def __post_init__(self):
        for name in ("samples", "batch_size", "lr"):
            if getattr(self, name) <= 0:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; give a positive value"
                )

    @property
    def steps(self) -> int:
        """Optimisation steps: samples over batch size, rounded up."""
        return -(-self.samples // self.batch_size)

    def stream(self, data) -> SampleStream:
        """The images in the order and with the changes of this training."""
        return SampleStream(data, seed=self.seed, flip=self.flip)

    def describe(self) -> str:
        """Every field on a line of its own, as each run prints it."""
        return "\n".join(
            f"{f.name} = {getattr(self, f.name)!r}" for f in fields(self)
        )


@dataclass(frozen=True, kw_only=True)
class D3NetTraining(TrainConfig):
    """What the steps of the loss study add.

    Attributes:
        loss: a name of ``depthlib.losses.LOSSES``, or ``"lsgan"`` for the
            adversarial step.
        threshold: fixed c of berHu and Huber in metres; None takes a fifth
            of the largest residual of the batch.
        weight: factor of the L1 term beside the adversarial one, on depth
            scaled to [-1, 1].
        discriminator: ``"patch"`` (34-pixel patches) or ``"image"`` (one
            score for the whole image).
        phase: ``"single"`` trains with the adversary from the start,
            ``"two"`` only in the second half of the steps.
    """

    threshold: float | None = None
    weight: float = 100.0
    discriminator: str = "patch"
    phase: str = "single"

    def __post_init__(self):
        super().__post_init__()
        choices = {
            "discriminator": ("patch", "image"),
            "phase": ("single", "two"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; "
                    f"choose one of {', '.join(allowed)}"
                )


STABILISERS = (
    "spectral_d",
    "spectral_g",
    "two_rates",
    "pool",
    "xavier",
    "decay",
)


@dataclass(frozen=True, kw_only=True)
class ConditionalGanTraining(TrainConfig):
    """What the conditional GAN adds.

    Attributes:
        loss: ``"l1"`` or ``"l2"`` on scaled depth, or another name of
            ``depthlib.losses.LOSSES``, on metres.
        adversary: whether there is a discriminator; nothing else changes.
        weight: lambda, the factor of the loss beside the adversarial term.
        field: side in pixels of what one score of D sees; None: one score
            for the whole image.
        critic_width: channels of D's first layer.
        saturating: the printed minimax form of G's adversarial term.
        terms: ``"gradient_ssim"`` adds a gradient and an SSIM term to the
            loss; ``"none"``.
        updates: steps of D for each of G.
        removed: a stabiliser to leave out, ``"all"`` of them or ``"none"``.
    """

    betas: tuple[float, float] = (0.5, 0.999)
    adversary: bool = True
    weight: float = 100.0
    field: int | None = 16
    critic_width: int = 16
    saturating: bool = False
    terms: str = "none"
    updates: int = 1
    removed: str = "none"

    def __post_init__(self):
        super().__post_init__()
        choices = {
            "terms": ("none", "gradient_ssim"),
            "removed": ("none", "all", *STABILISERS),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; "
                    f"choose one of {', '.join(allowed)}"
                )
        if self.updates < 1:
            raise ValueError(
                f"updates is {self.updates}; give at least one step of D "
                "for each of G, or switch the adversary off"
            )

    def keeps(self, stabiliser: str) -> bool:
        """Whether a stabiliser is in use."""
        return self.removed not in (stabiliser, "all")


@dataclass(frozen=True, kw_only=True)
class VideoGanTraining(TrainConfig):
    """What SC-GAN adds.

    Attributes:
        loss: ``"l1"`` or ``"l2"``, on scaled depth.
        weight: lambda, the factor of the adversarial term; 0: no adversary,
            and nothing else changes.
        field: side in pixels of what one score of D sees; None: one score
            for the whole image.
        critic_width: channels of D's first layer.
        saturating: the printed minimax form of G's adversarial term.
        leak: a control: D sees the whole prediction beside a truth with
            holes, so that the holes give the truth away.
    """

    betas: tuple[float, float] = (0.5, 0.999)
    weight: float = 0.1
    field: int | None = 34
    critic_width: int = 16
    saturating: bool = False
    leak: bool = False

    def __post_init__(self):
        super().__post_init__()
        if self.weight < 0:
            raise ValueError(
                f"weight is {self.weight}; give 0.1 as printed, or 0 for "
                "no adversary"
            )

    @property
    def gan_weight(self) -> float:
        """Lambda as the step takes it."""
        return self.weight
