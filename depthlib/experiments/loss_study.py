"""The grids of the loss study (D3-Net), one function an experiment.

Every arm of a comparison has the same budget, the same initial weights and
the same order of images; its learning rate is tuned on a validation split
with the same effort (``losses-rate``).
"""

from dataclasses import replace

from depthlib.experiments.config import grid
from depthlib.experiments.d3net_run import D3NetRun
from depthlib.experiments.profiles import Profile
from depthlib.experiments.tuning import tuned

HEADLINE = ("l1", "scale_invariant", "lsgan")
OTHERS = ("l2", "berhu", "huber", "eigen_grad", "log_mse")
RATES = (1e-3, 3e-3, 1e-2)
# Values that differ from those of ``D3NetRun``, by profile.
SCALES = {
    "smoke": {
        "size": (32, 64),
        "blocks": (1, 1, 1, 1),
        "samples": 32,
        "n_train": 16,
        "n_test": 8,
        "curve_points": 4,
    },
    "quick": {"samples": 4000, "n_test": 100},
    "study": {},
    "gpu": {
        "size": (96, 128),
        "width": 0.5,
        "blocks": None,
        "samples": 230_000,
        "n_train": 12_000,
        "batch_size": 32,
        "n_test": 654,
        "precision": "bf16-mixed",
    },
    "paper": {
        "size": (256, 320),
        "width": 1.0,
        "blocks": None,
        "samples": 350 * 12_000,
        "n_train": 12_000,
        "batch_size": 16,
        "lr": 2e-4,
        "n_test": 654,
        "precision": "bf16-mixed",
    },
}
# Numbers of training images; the base has the middle one, or the larger.
SIZES = {
    "smoke": (8, 16),
    "quick": (100, 1000),
    "study": (100, 1000, 10_000),
    "gpu": (795, 12_000, 230_000),
    "paper": (795, 12_000, 230_000),
}
LOSSES = dict.fromkeys(SCALES, HEADLINE) | {
    "study": HEADLINE + OTHERS,
    "paper": HEADLINE + OTHERS,
}
# Residual stages beside shortened dense blocks: about a third of the
# published lengths in both.
RESIDUAL = {(2, 4, 6, 4): (1, 2, 2, 1)}


def config(p: Profile, experiment: str, **changes) -> D3NetRun:
    """The base of the study at one profile, with some fields changed."""
    values = {"experiment": experiment, "profile": p.name}
    return D3NetRun(**(values | SCALES[p.name] | changes))


def losses_rate(p: Profile) -> list[D3NetRun]:
    """Three learning rates per loss, one size, one seed, validation.

    With two fifths of the samples, the same for every loss.
    """
    base = config(p, "losses-rate", test_split="val")
    base = replace(base, samples=2 * base.samples // 5)
    return grid(base, loss=LOSSES[p.name], lr=RATES)


def arms(p: Profile, experiment: str, losses=None, **axes):
    """Runs per loss with its tuned rate and its number of seeds."""
    runs = []
    for loss in losses or LOSSES[p.name]:
        base = config(p, experiment, loss=loss)
        base = tuned(base, "losses-rate", by=("loss",))
        seeds = p.seeds if loss in HEADLINE else p.few
        runs += grid(base, **axes, seed=range(seeds))
    return runs


def losses_size(p: Profile) -> list[D3NetRun]:
    """Loss x training-set size x seed, with equal samples in every run."""
    return arms(p, "losses-size", n_train=SIZES[p.name])


def losses_epochs(p: Profile) -> list[D3NetRun]:
    """Control: equal epochs at the two smaller sizes, not equal samples.

    At the base's size the epochs are those of ``losses-size``; only the
    smallest size needs runs of its own.
    """
    base, smallest = config(p, ""), SIZES[p.name][0]
    return arms(
        p,
        "losses-epochs",
        losses=HEADLINE,
        n_train=[smallest],
        samples=[base.samples * smallest // base.n_train],
    )


def losses_encoder(p: Profile) -> list[D3NetRun]:
    """The second front-end, ResNet-50, for the three main losses."""
    blocks = config(p, "").blocks
    return arms(
        p,
        "losses-encoder",
        losses=HEADLINE,
        encoder=["resnet50"],
        blocks=[RESIDUAL.get(blocks, blocks)],
    )


def losses_discriminator(p: Profile) -> list[D3NetRun]:
    """One score for the whole image in place of 34-pixel patches."""
    return arms(
        p,
        "losses-discriminator",
        losses=("lsgan",),
        discriminator=["image"],
    )


def losses_phase(p: Profile) -> list[D3NetRun]:
    """L1 first, the adversary in the second half only."""
    return arms(
        p,
        "losses-phase",
        losses=("lsgan",),
        phase=["two"],
    )


def losses_weight(p: Profile) -> list[D3NetRun]:
    """The weight of L1 beside the adversary, down to none."""
    return arms(
        p,
        "losses-weight",
        losses=("lsgan",),
        weight=[0.0, 10.0],
    )


def losses_threshold(p: Profile) -> list[D3NetRun]:
    """The threshold c of berHu and Huber, from all-L1 to all-L2."""
    runs = []
    for loss in ("berhu", "huber"):
        base = config(p, "losses-threshold", loss=loss)
        runs += grid(
            tuned(base, "losses-rate", by=("loss",)),
            threshold=[0.05, 0.2, 0.8, 3.2],
            seed=range(p.few),
        )
    return runs


def losses_nyu(p: Profile) -> list[D3NetRun]:
    """The real one: NYU Depth v2 labelled, 795 images, 30 epochs."""
    losses = ("l1", "berhu", "scale_invariant", "lsgan")
    if p.name == "smoke":  # needs no data but what it draws
        return arms(p, "losses-nyu", losses=losses)
    return arms(
        p,
        "losses-nyu",
        losses=losses,
        data=["nyu"],
        n_train=[795],
        n_test=[654],
        size=[(96, 128) if p.name == "study" else config(p, "").size],
        samples=[30 * 795],
    )


LOSS_STUDY = {
    "losses-rate": losses_rate,
    "losses-size": losses_size,
    "losses-epochs": losses_epochs,
    "losses-encoder": losses_encoder,
    "losses-discriminator": losses_discriminator,
    "losses-phase": losses_phase,
    "losses-weight": losses_weight,
    "losses-threshold": losses_threshold,
    "losses-nyu": losses_nyu,
}
