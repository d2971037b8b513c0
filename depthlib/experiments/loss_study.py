"""The grids of the loss study (D3-Net), one function an experiment.

Every arm of a comparison has the same budget, the same initial weights and
the same order of images; its learning rate is tuned on a validation split
with the same effort (``losses-rate``).
"""

from dataclasses import replace

from depthlib.experiments.config import RunConfig, grid
from depthlib.experiments.profiles import HEADLINE, Profile
from depthlib.experiments.tuning import tuned

RATES = (1e-3, 3e-3, 1e-2)
# Residual stages beside shortened dense blocks: about a third of the
# published lengths in both.
RESIDUAL = {(2, 4, 6, 4): (1, 2, 2, 1)}


def losses_rate(p: Profile) -> list[RunConfig]:
    """Three learning rates per loss, one size, one seed, validation.

    With two fifths of the samples, the same for every loss.
    """
    base = p.config("losses-rate", n_train=p.anchor, test_split="val")
    base = replace(base, samples=2 * base.samples // 5)
    return grid(base, loss=p.losses, lr=RATES)


def arms(p: Profile, experiment: str, losses=None, **axes):
    """Runs per loss with its tuned rate and its number of seeds."""
    runs = []
    for loss in losses or p.losses:
        base = tuned(p.config(experiment, loss=loss), "losses-rate", "loss")
        seeds = p.many if loss in HEADLINE else p.few
        runs += grid(base, **axes, seed=range(seeds))
    return runs


def losses_size(p: Profile) -> list[RunConfig]:
    """Loss x training-set size x seed, with equal samples in every run."""
    return arms(p, "losses-size", n_train=p.sizes)


def losses_epochs(p: Profile) -> list[RunConfig]:
    """Control: equal epochs at the two smaller sizes, not equal samples.

    At the anchor size the epochs are those of ``losses-size``; only the
    smallest size needs runs of its own.
    """
    samples = p.config("losses-epochs").samples * p.sizes[0] // p.anchor
    return arms(
        p,
        "losses-epochs",
        losses=HEADLINE,
        n_train=[p.sizes[0]],
        samples=[samples],
    )


def losses_encoder(p: Profile) -> list[RunConfig]:
    """The second front-end, ResNet-50, for the three main losses."""
    blocks = p.config("losses-encoder").blocks
    return arms(
        p,
        "losses-encoder",
        losses=HEADLINE,
        n_train=[p.anchor],
        encoder=["resnet50"],
        blocks=[RESIDUAL.get(blocks, blocks)],
    )


def losses_discriminator(p: Profile) -> list[RunConfig]:
    """One score for the whole image in place of 34-pixel patches."""
    return arms(
        p,
        "losses-discriminator",
        losses=("lsgan",),
        n_train=[p.anchor],
        discriminator=["image"],
    )


def losses_phase(p: Profile) -> list[RunConfig]:
    """L1 first, the adversary in the second half only."""
    return arms(
        p,
        "losses-phase",
        losses=("lsgan",),
        n_train=[p.anchor],
        phase=["two"],
    )


def losses_weight(p: Profile) -> list[RunConfig]:
    """The weight of L1 beside the adversary, down to none."""
    return arms(
        p,
        "losses-weight",
        losses=("lsgan",),
        n_train=[p.anchor],
        weight=[0.0, 10.0],
    )


def losses_threshold(p: Profile) -> list[RunConfig]:
    """The threshold c of berHu and Huber, from all-L1 to all-L2."""
    runs = []
    for loss in ("berhu", "huber"):
        base = p.config("losses-threshold", loss=loss, n_train=p.anchor)
        runs += grid(
            tuned(base, "losses-rate", "loss"),
            threshold=[0.05, 0.2, 0.8, 3.2],
            seed=range(p.few),
        )
    return runs


def losses_nyu(p: Profile) -> list[RunConfig]:
    """The real one: NYU Depth v2 labelled, 795 images, 30 epochs."""
    return arms(
        p,
        "losses-nyu",
        losses=("l1", "berhu", "scale_invariant", "lsgan"),
        data=["nyu"],
        n_train=[795],
        n_test=[654],
        size=[(96, 128) if p.name == "study" else p.config("").size],
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
