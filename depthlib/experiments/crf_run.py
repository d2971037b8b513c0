"""Runs of the CNN-CRF: trainings, and what superpixels alone allow."""

from dataclasses import dataclass, replace

from depthlib.experiments.computed_run import ComputedRun
from depthlib.experiments.config import RunConfig


@dataclass(frozen=True, kw_only=True)
class CRFRun(RunConfig):
    """One training of the CNN-CRF or of its unary alone.

    Attributes:
        loss: ``"nll"``, the exact likelihood, or ``"l1"`` of the map.
        generator: ``"crf"``, or ``"unary"``: the same network without
            pairwise terms.
        adversary: whether a discriminator looks at the map.
        unary: ``"pooled"`` or ``"patch"`` (see ``CNNCRF``).
        patch: side of a patch in pixels.
        width: factor on all channels of the unary.
        superpixels: about how many are asked for; the paper names no number.
            Of 300 about 210 are found at 64 x 96, with a floor in abs_rel
            of 0.03 (100: 0.05); a step takes hardly longer than with half.
        decay: factors of the weight decay of the network and of beta.
        beta_rate: learning rate of beta over that of the network.
        weight: factor of L1.
        field: pixels that one score of the discriminator sees.
        critic_width: channels of its first layer.
    """

    loss: str = "nll"
    lr: float = 1e-3
    generator: str = "crf"
    adversary: bool = False
    unary: str = "pooled"
    patch: int = 16
    width: float = 0.25
    superpixels: int = 300
    decay: tuple[float, float] = (5e-4, 5e-4)
    beta_rate: float = 10.0
    weight: float = 100.0
    field: int = 34
    critic_width: int = 16

    def stream(self, data):
        """As in ``TrainConfig``, with superpixels that mirror with images."""
        from depthlib.data.superpixels import WithSuperpixels

        return super().stream(WithSuperpixels(data, self.superpixels))

    def build_model(self):
        """The CNN-CRF or its unary; with one seed both start equal."""
        import torch

        from depthlib.experiments.setup import depth_range
        from depthlib.models import CNNCRF, UnaryCNN

        kinds = {"crf": CNNCRF, "unary": UnaryCNN}
        if self.generator not in kinds:
            raise ValueError(
                f"generator is {self.generator!r}; choose one of "
                f"{', '.join(kinds)}"
            )
        torch.manual_seed(self.seed)
        near, far = depth_range(self.data)
        return kinds[self.generator](
            self.unary,
            patch=self.patch,
            width=self.width,
            superpixels=self.superpixels,
            min_depth=near,
            max_depth=far,
        )

    def step_class(self):
        """The step with or without a discriminator."""
        from depthlib.training.crf import AdversarialCRFStep, CRFStep

        return AdversarialCRFStep if self.adversary else CRFStep

    def extra_scores(self, model, data) -> dict[str, float]:
        """What the CRF adds to its own unary, and the weights it learnt.

        abs_rel and rmse of the unary inside the trained network, and of the
        best map that is constant on the same superpixels.
        """
        import torch
        from torch.utils.data import DataLoader

        from depthlib.experiments.setup import protocol_of
        from depthlib.models.superpixels import oracle_depth

        protocol = protocol_of(self)
        device = next(model.parameters()).device
        tallies = {name: protocol.tally() for name in ("unary", "oracle")}
        for batch in DataLoader(data, batch_size=32):
            truth = batch["depth"], batch["mask"]
            labels = model.segment(batch["image"])
            with torch.no_grad():
                unary = model.unary_depth(
                    batch["image"].to(device), labels.to(device)
                )
            tallies["unary"].add(unary.cpu(), *truth)
            tallies["oracle"].add(oracle_depth(*truth, labels)[0], *truth)
        scores = {
            f"{name}_{metric}": tally.result()[metric]
            for name, tally in tallies.items()
            for metric in ("abs_rel", "rmse")
        }
        beta = [0.0, 0.0] if model.crf is None else model.crf.beta.tolist()
        names = ("beta_intensity", "beta_histogram")
        return scores | dict(zip(names, beta, strict=True))

    def recipe(self) -> "CRFRun":
        """As in ``RunConfig``, with the smallest network."""
        return replace(
            super().recipe(),
            width=0.1,
            patch=8,
            superpixels=30,
            critic_width=4,
        )


@dataclass(frozen=True, kw_only=True)
class OracleRun(ComputedRun):
    """The true depth, averaged over superpixels: nothing is trained.

    No CNN-CRF on these superpixels has a smaller rmse.

    Attributes:
        oracle: always True; claims name these runs by it.
        superpixels: about how many an image.
    """

    loss: str = "oracle"
    size: tuple[int, int] = (192, 288)
    images: int = 20
    n_test: int = 100
    oracle: bool = True
    superpixels: int = 300

    def compute(self, data, protocol) -> dict[str, dict]:
        """Scores of the averaged truth, and how many superpixels there are."""
        from depthlib.models.superpixels import oracle_depth, slic
        from depthlib.training.evaluate import score

        batch = self.group(data)
        labels = slic(batch["image"], self.superpixels)
        best, _ = oracle_depth(batch["depth"], batch["mask"], labels)
        result = score(best, batch, protocol)
        counts = labels.flatten(1).amax(1) + 1
        found = {"superpixels_found": counts.double().mean().item()}
        return {
            "image": result.image,
            "pixel": result.pixel,
            "quality": result.quality | found,
        }

    def recipe(self) -> "OracleRun":
        """As in ``ComputedRun``, with few superpixels."""
        return replace(super().recipe(), superpixels=20)
