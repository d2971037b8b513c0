"""Runs of the viewpoint study: AVCL's trainings, and what its warp does."""

from dataclasses import dataclass, replace

from depthlib.experiments.computed_run import ComputedRun
from depthlib.experiments.config import RunConfig, VideoConfig

# Four views to score from, not among those that train; the paper names none.
# Angles in radians, then metres: left, right, above, behind.
VIEWS = (
    (0.0, 0.1, 0.0, 0.25, 0.0, 0.0),
    (0.0, -0.1, 0.0, -0.25, 0.0, 0.0),
    (-0.1, 0.0, 0.0, 0.0, 0.25, 0.0),
    (0.0, 0.0, 0.05, 0.0, 0.0, 0.3),
)
POSES = 16  # random ones, of each image, in measures of the view loss
PROBE = 32  # images of these measures


@dataclass(frozen=True, kw_only=True)
class AVCLRun(RunConfig):
    """One training of AVCL, in metres.

    Attributes:
        loss: ``"l1"``, ``"berhu"`` or ``"dorn"``.
        strategy: where the poses of the view loss come from (see
            ``ViewConsistentStep``).
        penalty: lambda of the pose head's loss.
        route: ``"printed"``, or ``"all"`` where the view loss reaches the
            depth head as well.
        rotation: of the box of poses, radians.
        translation: of the box of poses, metres.
        component: of the pose, 0 to 5, that alone may differ from zero; None
            leaves all six free.
        encoder: the trunk.
        width: factor on all channels.
        blocks: lengths of the trunk's stages; None as published.
        stride: by how much the trunk shrinks the image.
        bins: levels of the ordinal head.
    """

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    strategy: str = "none"
    penalty: float = 1.0
    route: str = "printed"
    rotation: float = 0.2
    translation: float = 0.3
    component: int | None = None
    encoder: str = "resnet50"
    width: float = 0.25
    blocks: tuple[int, ...] | None = (1, 2, 2, 1)
    stride: int = 8
    bins: int = 40

    def build_model(self):
        """AVCL; two runs that differ only in their poses start equal."""
        import torch

        from depthlib.models import AVCL

        torch.manual_seed(self.seed)
        return AVCL(
            encoder=self.encoder,
            width=self.width,
            blocks=self.blocks,
            stride=self.stride,
            head="ordinal" if self.loss == "dorn" else "metric",
            bins=self.bins,
            rotation=self.rotation,
            translation=self.translation,
        )

    def step_class(self):
        """The step that sends each loss where it belongs."""
        from depthlib.training.view_consistent import ViewConsistentStep

        return ViewConsistentStep

    def extra_scores(self, model, data) -> dict[str, float]:
        """Accuracy from four views, and how hard which poses are."""
        from torch.utils.data import Subset

        from depthlib.experiments import view_scores
        from depthlib.experiments.setup import protocol_of
        from depthlib.training.evaluate import predict_all

        protocol = protocol_of(self)
        prediction, truth = predict_all(model, data, protocol)
        scores = view_scores.from_views(prediction, truth, VIEWS, protocol)
        train = self.training_set()
        seen = Subset(train, range(min(len(data), len(train))))
        scores["generalisation_gap"] = view_scores.gap(
            protocol, (prediction, truth), predict_all(model, seen, protocol)
        )
        return scores | self._probed(view_scores.of_poses, model, data)

    def curve_scores(self, model, data) -> dict[str, float]:
        """How hard the proposals are, where a strategy trains a pose head."""
        from depthlib.experiments import view_scores
        from depthlib.training.view_consistent import MINERS

        if self.strategy not in MINERS:
            return {}
        return self._probed(view_scores.of_proposals, model, data)

    def _probed(self, measure, model, data) -> dict[str, float]:
        """A measure of poses, on a few images, with this seed's draws."""
        import torch
        from torch.utils.data import Subset

        probe = Subset(data, range(min(PROBE, len(data))))
        was_training = model.training
        model.eval()
        generator = torch.Generator().manual_seed(self.seed)
        found = measure(model, probe, POSES, generator)
        model.train(was_training)
        return found

    def recipe(self) -> "AVCLRun":
        """As in ``RunConfig``, with the smallest network."""
        return replace(
            super().recipe(), width=0.125, blocks=(1, 1, 1, 1), bins=8
        )


@dataclass(frozen=True, kw_only=True)
class AVCLVideoRun(AVCLRun, VideoConfig):
    """The same on video, whose neighbouring frames have true poses."""


@dataclass(frozen=True, kw_only=True)
class WarpRun(ComputedRun):
    """What the warp does to errors and gradients: nothing is trained.

    Attributes:
        measure: ``"equal"``: errors of one mean size, seen from elsewhere;
            ``"gradient"``: which components of a pose feel the view loss;
            ``"signal"``: whether what they feel is where it goes.
        warp: ``"printed"`` or ``"splat"``.
        strategy: always random poses.
    """

    images: int = 20
    n_test: int = 100
    measure: str = "equal"
    warp: str = "printed"
    strategy: str = "random"

    def compute(self, data, protocol) -> dict[str, dict]:
        """The measure, on the images and poses of this seed."""
        import torch

        from depthlib.experiments import view_scores

        if self.measure not in view_scores.MEASURES:
            raise ValueError(
                f"measure is {self.measure!r}; choose one of "
                f"{', '.join(view_scores.MEASURES)}"
            )
        measure = view_scores.MEASURES[self.measure]
        generator = torch.Generator().manual_seed(self.seed)
        found = measure(self.group(data), self.warp, generator)
        return {"image": {}, "pixel": {}, "quality": found}
