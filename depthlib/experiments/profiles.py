"""How large a run is: five profiles, from CI to the papers' schedules."""

from dataclasses import dataclass

from depthlib.experiments.d3net_run import D3NetRun


@dataclass(frozen=True)
class Profile:
    """The scale at which the loss study runs.

    Attributes:
        name: the profile.
        purpose: one line for readers.
        base: values shared by all runs of the study.
        sizes: training-set sizes, small to large.
        anchor: the size at which everything but size is compared.
        losses: the arms, those with most seeds first.
        many: seeds of L1, scale-invariant and LSGAN.
        few: seeds of the other losses.
    """

    name: str
    purpose: str
    base: dict
    sizes: tuple[int, ...]
    anchor: int
    losses: tuple[str, ...]
    many: int
    few: int

    def config(self, experiment: str, **changes) -> D3NetRun:
        """A run of ``experiment`` at this profile."""
        return D3NetRun(
            experiment=experiment,
            profile=self.name,
            **(self.base | changes),
        )


HEADLINE = ("l1", "scale_invariant", "lsgan")
OTHERS = ("l2", "berhu", "huber", "eigen_grad", "log_mse")

PROFILES = {
    "smoke": Profile(
        name="smoke",
        purpose="CI: every line runs, nothing is learned",
        base={
            "size": (32, 64),
            "blocks": (1, 1, 1, 1),
            "samples": 32,
            "n_test": 8,
            "curve_points": 4,
        },
        sizes=(8, 16),
        anchor=16,
        losses=HEADLINE,
        many=1,
        few=1,
    ),
    "quick": Profile(
        name="quick",
        purpose="a laptop: the headline arms once, beside the records",
        base={"samples": 4000, "n_test": 100},
        sizes=(100, 1000),
        anchor=1000,
        losses=HEADLINE,
        many=1,
        few=1,
    ),
    "study": Profile(
        name="study",
        purpose="the evidence made on a CPU: every arm, every seed",
        base={},
        sizes=(100, 1000, 10_000),
        anchor=1000,
        losses=HEADLINE + OTHERS,
        many=5,
        few=3,
    ),
    "gpu": Profile(
        name="gpu",
        purpose="one modern GPU: the size axis to 230k images",
        base={
            "size": (96, 128),
            "width": 0.5,
            "blocks": None,
            "samples": 230_000,
            "batch_size": 32,
            "n_test": 654,
            "precision": "bf16-mixed",
        },
        sizes=(795, 12_000, 230_000),
        anchor=12_000,
        losses=HEADLINE,
        many=3,
        few=3,
    ),
    "paper": Profile(
        name="paper",
        purpose="the paper's own scale: 256x320, full width, days",
        base={
            "size": (256, 320),
            "width": 1.0,
            "blocks": None,
            "samples": 350 * 12_000,
            "batch_size": 16,
            "lr": 2e-4,
            "n_test": 654,
            "precision": "bf16-mixed",
        },
        sizes=(795, 12_000, 230_000),
        anchor=12_000,
        losses=HEADLINE + OTHERS,
        many=5,
        few=5,
    ),
}


def profile(name: str) -> Profile:
    """The profile called ``name``.

    Raises:
        ValueError: there is none; lists those there are.
    """
    if name not in PROFILES:
        raise ValueError(
            f"profile is {name!r}; choose one of {', '.join(PROFILES)}"
        )
    return PROFILES[name]
