"""A run of the transfer study: DenseDepth and its variants."""

from dataclasses import dataclass, replace
from typing import ClassVar

from depthlib.experiments.config import Reading, RunConfig
from depthlib.experiments.setup import DRAWN


@dataclass(frozen=True, kw_only=True)
class DenseDepthRun(RunConfig):
    """One training of DenseDepth, in the space of its target.

    Attributes:
        loss: ``"densedepth"``, or a regression loss in the same space.
        weight: factor of the L1 term of the DenseDepth loss.
        target: ``"reciprocal"`` (m / y) or ``"metric"`` (y).
        truth: what the training knows of the depth: ``"dense"`` (KITTI has
            none), ``"masked"`` (on roads what a laser scanner returns, else
            4 % of the pixels) or ``"inpainted"`` (the same pixels, the rest
            filled in).
        swap: share of images whose colour channels are permuted.
        encoder: of DenseDepth.
        width: factor on all channels.
        blocks: layers per block of the encoder; None as published.
        bridge: 1.0, or 0.5 for the half decoder.
        skips: whether decoder blocks see the encoder's maps.
        decoder: ``"plain"``, ``"up_projection"`` or ``"transposed"``.
        stride: by how much the encoder shrinks the image.
        pretrained: start from an encoder that was trained on another task
            (see ``pretrained_encoder``).
        elsewhere: further sets that the network is scored on: ``"nyu"``, or
            a drawn set with its style, such as ``"rooms-b"``.
    """

    WHOLE_MAPS: ClassVar = True  # SSIM has windows
    DATA: ClassVar = (*RunConfig.DATA, "truth")

    loss: str = "densedepth"
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    weight: float = 0.1
    target: str = "reciprocal"
    truth: str = "dense"
    swap: float = 0.25
    encoder: str = "densenet169"
    width: float = 0.25
    blocks: tuple[int, ...] | None = (2, 4, 10, 10)
    bridge: float = 1.0
    skips: bool = True
    decoder: str = "plain"
    stride: int = 32
    pretrained: bool = False
    elsewhere: tuple[str, ...] = ("rooms-b",)

    def training_set(self, cached: bool = True):
        """As in ``RunConfig``, with what ``truth`` leaves of the depth."""
        from depthlib.data import streets
        from depthlib.data.sparse import InPaintedTruth, SparseTruth

        if self.truth not in ("dense", "masked", "inpainted"):
            raise ValueError(
                f"truth is {self.truth!r}; choose dense, masked or inpainted"
            )
        if self.truth == "dense":
            if self.data == "kitti":
                raise ValueError(
                    "truth is 'dense', which KITTI has nowhere; choose "
                    "masked or inpainted"
                )
            return super().training_set(cached)
        if self.data == "streets":
            data = streets(
                self.n_train, style=self.style, size=self.size, cached=cached
            )
        else:
            data = super().training_set(cached)
            if self.data != "kitti":
                data = SparseTruth(data)
        return data if self.truth == "masked" else InPaintedTruth(data)

    def stream(self, data):
        """As in ``TrainConfig``, with colours swapped."""
        from depthlib.training import SampleStream

        return SampleStream(
            data, seed=self.seed, flip=self.flip, swap=self.swap
        )

    def build_model(self):
        """DenseDepth behind its target; maps images to metres."""
        import torch

        from depthlib.models import DenseDepth, MetricDepth, ReciprocalDepth

        torch.manual_seed(self.seed)
        network = DenseDepth(
            encoder=self.encoder,
            width=self.width,
            blocks=self.blocks,
            bridge=self.bridge,
            skips=self.skips,
            decoder=self.decoder,
            stride=self.stride,
        )
        if self.pretrained:
            from depthlib.experiments.pretraining import pretrained_encoder

            network.encoder.load_state_dict(pretrained_encoder(self))
        targets = {"reciprocal": ReciprocalDepth, "metric": MetricDepth}
        if self.target not in targets:
            raise ValueError(
                f"target is {self.target!r}; choose one of "
                f"{', '.join(targets)}"
            )
        return targets[self.target](network, **self.depth_range())

    def untrained(self) -> "DenseDepthRun":
        """As in ``RunConfig``: without the training on another task."""
        return replace(self, pretrained=False)

    def depth_range(self) -> dict[str, float]:
        """What the target is scaled by, and the depths it can hold."""
        from depthlib.experiments.setup import depth_range

        near, far = depth_range(self.data)
        scale = {"scale": far} if self.target == "reciprocal" else {}
        return scale | {"min_depth": near, "max_depth": far}

    def step_class(self):
        """The step in target space."""
        from depthlib.training.densedepth import DenseDepthStep

        return DenseDepthStep

    def extra_scores(self, model, data) -> dict[str, float]:
        """The training's own loss on images that it has not seen.

        Not on KITTI: its images have holes, and windows have none.
        """
        from depthlib.training.densedepth import validation_loss

        if self.data == "kitti":
            return {}
        return {"validation_loss": validation_loss(model, data, self)}

    def readings(self) -> list[Reading]:
        """Median scaling, flip averaging, and the sets of ``elsewhere``.

        On streets also the part of the image that a laser scanner reaches,
        by the crop that is usual for KITTI.
        """
        from depthlib.metrics import PROTOCOLS

        usual = {
            "scaled": False,
            "flip_test": False,
            "test_data": self.data,
            "test_style": self.style if self.data in DRAWN else "",
        }
        median = {"scaling": "median"}
        found = [
            Reading(usual),
            Reading(usual | {"scaled": True}, protocol=median),
            Reading(usual | {"flip_test": True}, protocol={"flip": True}),
        ]
        for name in self.elsewhere:
            data, _, style = name.partition("-")
            test = {"data": data, "style": style}
            there = usual | {"test_data": data, "test_style": style}
            found.append(Reading(there, test=test))
            there = there | {"scaled": True}
            found.append(Reading(there, test=test, protocol=median))
        if self.data == "streets":
            # Above its highest beam a scanner tells a training nothing.
            reach = {"crop": PROTOCOLS["kitti_garg"].crop}
            found.append(Reading(usual | {"reach": True}, protocol=reach))
        return found

    def recipe(self) -> "DenseDepthRun":
        """As in ``RunConfig``, with the smallest network."""
        return replace(
            super().recipe(),
            width=0.25,
            blocks=(1, 1, 1, 1),
            pretrained=False,
            truth="dense",
        )
