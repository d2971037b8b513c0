"""Runs of the video study: SC-GAN on frame triples."""

from dataclasses import dataclass, replace
from typing import ClassVar

from depthlib.experiments.config import Reading, VideoConfig
from depthlib.experiments.sampling import SAMPLINGS, offsets_of
from depthlib.training import VideoGanTraining

MODULES = ("correspondence", "attention", "refinement", "adversary")
MOVING = ("streets-video", "cards")  # drawn: of some style, at some speed
PROBE = 32  # images on which attention and directions are looked at


@dataclass(frozen=True, kw_only=True)
class SCGANRun(VideoConfig, VideoGanTraining):
    """One training of SC-GAN, on sparse depth unless told otherwise.

    Attributes:
        sampling: which offsets are compared: ``"chebyshev"`` or
            ``"uniform"``, the two Smolyak grids; ``"every"``, each so
            many-th row and column; ``"random"`` (of the run's seed),
            ``"strided"`` or ``"full"``.
        level: of the Smolyak grids; random and strided ones have as many
            offsets as the Chebyshev grid of this level.
        pitch: of ``"every"``; 1 compares all.
        radius: farthest offset, at a quarter of the resolution.
        removed: a module to leave out: ``"correspondence"``,
            ``"attention"``, ``"refinement"``, ``"adversary"`` (the same as
            weight 0) or ``"none"``.
        frames: 3, or 1: the frame is compared with itself.
        attention: ``"dba"`` or a control, see ``SCGAN``.
        refinement: ``"skips"`` or ``"blind"``.
        similarity: ``"dot"``, ``"cosine"`` or ``"normed"``.
        borders: ``"zero"`` or ``"valid"``.
        encoder: of ``SCGAN``, as are the next four.
        width: factor on all channels.
        blocks: lengths of the encoder's stages; None as published.
        stages: how many stages it has.
        stride: by how much it shrinks the image.
        elsewhere: what the network is scored on besides: other styles of
            its set, or other sets, such as ``"kitti-drive"``.
    """

    MAY_DIVERGE: ClassVar = True

    truth: str = "lidar"
    critic_width: int = 8
    batch_size: int = 4
    lr: float = 1e-3
    sampling: str = "chebyshev"
    level: int = 6
    pitch: int = 2
    radius: int = 12
    removed: str = "none"
    frames: int = 3
    attention: str = "dba"
    refinement: str = "skips"
    similarity: str = "dot"
    borders: str = "zero"
    encoder: str = "resnet18"
    width: float = 0.125
    blocks: tuple[int, ...] | None = (1, 1, 1, 1)
    stages: int = 1
    stride: int = 8
    elsewhere: tuple[str, ...] = ("b",)

    def __post_init__(self):
        super().__post_init__()
        for name, allowed in (
            ("sampling", SAMPLINGS),
            ("removed", ("none", *MODULES)),
            ("frames", (1, 3)),
            ("attention", ("dba", "sigmoid", "static", "blind")),
            ("refinement", ("skips", "blind")),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; choose one of "
                    f"{', '.join(map(str, allowed))}"
                )

    @property
    def gan_weight(self) -> float:
        """Lambda, or 0 where the adversary is removed."""
        return 0.0 if self.removed == "adversary" else self.weight

    def offsets(self):
        """The offsets of this run, ``(N, 2)`` of (dy, dx)."""
        return offsets_of(self)

    def build_model(self):
        """SC-GAN; layers of one shape start equal in two runs of a seed.

        But for the attention and the first layer behind the correlation
        where the refinement is removed.
        """
        import torch

        from depthlib.models import SCGAN

        compared = "pairs" if self.frames == 3 else "self"
        torch.manual_seed(self.seed)
        return SCGAN(
            self.offsets(),
            encoder=self.encoder,
            width=self.width,
            blocks=self.blocks,
            stages=self.stages,
            stride=self.stride,
            correspondence=self._unless_removed("correspondence", compared),
            attention=self._unless_removed("attention", self.attention),
            refinement=self._unless_removed("refinement", self.refinement),
            similarity=self.similarity,
            borders=self.borders,
            # Not ``depth_range``: recipes, whatever their data, keep 80 m.
            max_depth=10.0 if self.data == "seven-scenes" else 80.0,
        )

    def _unless_removed(self, module: str, kind: str) -> str:
        return "none" if self.removed == module else kind

    def step_class(self):
        """The step with an adversary that sees sparse depth."""
        from depthlib.training.video_gan import VideoGanStep

        return VideoGanStep

    def extra_scores(self, model, data) -> dict[str, float]:
        """What motion and the attention contribute.

        Of a network that looks at three frames: ``still_abs_rel`` and
        ``still_rmse``, where the neighbours are replaced by the frame. Of
        one with an attention, its weights on some images:
        ``attention_spread``, their deviation over offsets, and
        ``attention_change``, that over images, both in means of their size,
        and ``attention_alive``, the share of its hidden units in use.
        Where frames are compared, if only with themselves, what each
        direction of the offsets gives: ``importance_right`` and so on.
        """
        from depthlib.experiments import video_scores
        from depthlib.experiments.setup import protocol_of

        scores = self.curve_scores(model, data)
        if model.correspondence != "none":
            scores |= video_scores.of_directions(
                model, _probe(data), protocol_of(self)
            )
        return scores

    def curve_scores(self, model, data) -> dict[str, float]:
        """As ``extra_scores``, without the directions: nine looks are dear."""
        from depthlib.experiments import video_scores
        from depthlib.experiments.setup import protocol_of

        scores = {}
        if "adjacent" in model.inputs:
            scores |= video_scores.still(model, data, protocol_of(self))
        if model.attention is not None:
            scores |= video_scores.of_attention(model, _probe(data))
        return scores

    def readings(self) -> list[Reading]:
        """Own test, other speeds, other styles and sets; also median-scaled.

        Only drawn sets have a style and a speed.
        """
        tests = [{}]
        if self.data in MOVING:
            other = {"known": "random", "random": "known"}[self.speed]
            tests.append({"speed": other})
        tests += [
            {"style": name} if len(name) == 1 else {"data": name}
            for name in self.elsewhere
        ]
        found = []
        for test in tests:
            now = replace(self, **test)
            drawn = now.data in MOVING
            columns = {
                "test_data": now.data,
                "test_style": now.style if drawn else "",
                "test_speed": now.speed if drawn else "",
            }
            for scaled in (False, True):
                protocol = {"scaling": "median"} if scaled else {}
                reading = columns | {"scaled": scaled}
                found.append(Reading(reading, test, protocol))
        return found

    def recipe(self) -> "SCGANRun":
        """As in ``RunConfig``, with the smallest network."""
        return replace(
            super().recipe(),
            width=0.0625,
            blocks=(1, 1, 1, 1),
            field=self.field and min(self.field, 34),
            critic_width=4,
            every=3,
            speed="known",
            truth="dense",
        )


def _probe(data):
    """The first images of a set, for what is dear to look at."""
    from torch.utils.data import Subset

    return Subset(data, range(min(PROBE, len(data))))
