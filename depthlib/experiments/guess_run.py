"""Predictions that look at no image, scored as networks are."""

from dataclasses import dataclass, replace

from depthlib.experiments.computed_run import ComputedRun
from depthlib.experiments.config import RunConfig, grid
from depthlib.experiments.profiles import Profile

GUESSES = ("global_median", "pixel_median", "noise")


@dataclass(frozen=True, kw_only=True)
class GuessRun(ComputedRun):
    """One guess on all test images, with every metric that a network gets.

    The two medians are those of the trivial rows. ``"noise"`` is the global
    median plus white noise that spreads as the training depths do: it is
    wrong everywhere and full of edges, which a measure of sharpness has to
    tell from detail.

    Attributes:
        guess: one of ``GUESSES``.
    """

    n_test: int = 200
    guess: str = "global_median"

    def training_set(self, cached: bool = True):
        """The images whose depths are guessed from."""
        return RunConfig.training_set(self, cached)

    def compute(self, data, protocol) -> dict[str, dict]:
        """The scores of the guess on ``data``."""
        import torch

        from depthlib.experiments.setup import guesses_from
        from depthlib.training.evaluate import score

        if self.guess not in GUESSES:
            raise ValueError(
                f"guess is {self.guess!r}; choose one of {', '.join(GUESSES)}"
            )
        samples = [data[i] for i in range(len(data))]
        truth = {
            name: torch.stack([s[name] for s in samples])
            for name in ("depth", "mask", "intrinsics")
        }
        medians, spread = guesses_from(self.training_set())
        if self.guess == "noise":
            rng = torch.Generator().manual_seed(self.seed)
            noise = torch.randn(truth["depth"].shape, generator=rng)
            value = medians["global_median"] + spread * noise
            value = value.clamp(protocol.min_depth, protocol.max_depth)
        else:
            value = medians[self.guess].expand_as(truth["depth"])
        found = score(value, truth, protocol)
        return {
            "image": found.image,
            "pixel": found.pixel,
            "quality": found.quality,
        }

    def recipe(self) -> "GuessRun":
        """As in ``ComputedRun``; the toys guess from themselves."""
        return replace(super().recipe(), n_train=8)


def guesses(p: Profile) -> list[GuessRun]:
    """Every guess at the sizes of rooms that the studies are scored at."""
    base = GuessRun(experiment="guesses", profile=p.name)
    if p.name == "smoke":
        base = replace(base, n_train=8, n_test=4)
        return grid(base, size=[(32, 64)], guess=GUESSES)
    return grid(base, size=[(64, 96), (64, 64), (128, 128)], guess=GUESSES)


GUESS_STUDY = {"guesses": guesses}
