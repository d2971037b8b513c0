"""The grids of the adversarial study (Chen et al.), one function each.

Whatever has an adversary is paired with the same training without: network,
initial weights, order of images, dropout, budget and schedule are shared,
and each generator, loss and weight of L1, with D and without, has the
learning rate that ``adversarial-rate`` found for it with equal effort, on
small rooms; other data, sizes and variants of D take that rate too. Images
are small squares; the discriminator's field is chosen so that a patch covers
the paper's share of the image, 70 of 256.
"""

from dataclasses import replace

from depthlib.experiments.adversarial_run import AdversarialRun, CropRun
from depthlib.experiments.computed_run import HessianRun
from depthlib.experiments.config import RunConfig, grid
from depthlib.experiments.profiles import Profile
from depthlib.experiments.tuning import tuned
from depthlib.training.config import STABILISERS

RATES = (3e-4, 1e-3, 3e-3, 1e-2)
# Tried besides where the best of those is the largest.
LARGER = {0.1: (3e-2,), 1.0: (3e-2,)}  # by weight of L1
# What decides an arm's rate: generator, loss, whether there is a D, and how
# loud it is beside L1.
TUNED = ("generator", "loss", "adversary", "weight")
WEIGHTS = (0.1, 1.0, 10.0)  # of L1, besides the base's 100
ARMS = (
    {"adversary": True},
    *({"adversary": True, "weight": weight} for weight in WEIGHTS),
    {"adversary": False},
    {"adversary": False, "loss": "l2"},
    {"adversary": False, "loss": "log_l1"},
    {"adversary": False, "loss": "relative_l1"},
    {"adversary": False, "generator": "d3net"},
)
SMALL = {"size": (32, 32), "width": 4, "levels": 4, "critic_width": 4}
# Values that differ from those of ``AdversarialRun``, by profile.
SCALES = {
    "smoke": SMALL
    | {"samples": 16, "n_train": 16, "n_test": 8, "curve_points": 2},
    "quick": {"samples": 4000, "n_test": 100},
    "study": {},
    "gpu": {
        "size": (128, 128),
        "levels": 7,
        "width": 32,
        "field": 34,
        "critic_width": 32,
        "samples": 120_000,
        "n_train": 12_000,
        "batch_size": 16,
        "precision": "bf16-mixed",
    },
    "paper": {
        "size": (256, 256),
        "levels": 8,
        "width": 64,
        "field": 70,
        "critic_width": 64,
        "samples": 300 * 795,
        "n_train": 795,
        "n_test": 654,
        "batch_size": 1,
        "lr": 2e-4,
    },
}
# A claim is about these; other fields have fewer seeds.
CLAIMED_FIELDS = (1, 16, 34, 142)
# So it is with the stabilisers.
CLAIMED_STABILISERS = ("spectral_g", "spectral_d", "two_rates", "pool")
# Sets small to large, for the benefit of D.
SIZES = {"smoke": (8, 16), "quick": (100, 1000)}


def config(
    p: Profile, experiment: str, kind=AdversarialRun, **changes
) -> AdversarialRun:
    """The base of the study at one profile, with some fields changed."""
    values = {"experiment": experiment, "profile": p.name}
    return kind(**(values | SCALES[p.name] | changes))


def adversarial_rate(p: Profile) -> list[AdversarialRun]:
    """Four or five rates per arm, one seed, on validation images.

    With two fifths of the samples, the same for every arm.
    """
    base = config(p, "adversarial-rate", test_split="val")
    base = replace(base, samples=2 * base.samples // 5)
    trials = [replace(base, **arm) for arm in ARMS]
    return [
        run
        for trial in trials
        for run in grid(trial, lr=RATES + LARGER.get(trial.weight, ()))
    ]


def arms(p: Profile, experiment: str, few=False, kind=AdversarialRun, **axes):
    """Runs that differ from the base in ``axes``, with all seeds or few."""
    count = p.few if few else p.seeds
    axes["seed"] = axes.get("seed", range(count))
    runs = grid(config(p, experiment, kind), **axes)
    return [tuned(run, "adversarial-rate", by=TUNED) for run in runs]


def adversarial_unet(p: Profile) -> list[AdversarialRun]:
    """With D and without, on rooms and on streets squeezed to a square.

    The paper squeezes KITTI's frames, more than three times as wide as high.
    Rooms have twice the seeds: there we look at how stable a training is.
    """
    side = config(p, "").size[0]
    wide = 3 * side if p.name in ("study", "quick") else 2 * side
    more = {"study": {"seed": range(10)}}.get(p.name, {})
    return arms(p, "adversarial-unet", adversary=[True, False], **more) + arms(
        p,
        "adversarial-unet",
        adversary=[True, False],
        data=["streets"],
        size=[(side, wide)],
        squeeze=[(side, side)],
    )


def adversarial_kitti(p: Profile) -> list[AdversarialRun]:
    """The same on 130 stills of KITTI, scored on 50 frames of a drive.

    Their truth is what a laser scanner hit; D sees both maps there alone.
    """
    if p.name == "smoke":  # needs no data but what it draws
        return arms(p, "adversarial-kitti", adversary=[True, False])
    side = config(p, "").size[0]
    return arms(
        p,
        "adversarial-kitti",
        adversary=[True, False],
        data=["kitti"],
        size=[(side, 3 * side)],
        squeeze=[(side, side)],
        n_train=[130],
        n_test=[50],
        samples=[40 * 130],
    )


def adversarial_nyu(p: Profile) -> list[AdversarialRun]:
    """The real one: 795 images of NYU Depth v2, scored on the other 654.

    Below ``gpu`` at 96 x 128 with one halving less, 15 epochs; above at
    the paper's length and size: trained on windows of 256 x 256, scored
    whole. The weight of L1 is swept.
    """
    shape = {"data": ["nyu"], "n_train": [795], "n_test": [654]}
    if p.name == "smoke":  # needs no data but what it draws
        shape = {}
    elif p.name in ("gpu", "paper"):
        shape |= {"kind": CropRun, "size": [(288, 384)]}
        shape |= {"samples": [300 * 795], "lr": [2e-4], "levels": [8]}
        shape |= {"width": [64], "field": [70], "critic_width": [64]}
    else:
        shape |= {"size": [(96, 128)], "levels": [5], "field": [34]}
        shape |= {"samples": [15 * 795]}
    return arms(p, "adversarial-nyu", adversary=[True, False], **shape) + arms(
        p, "adversarial-nyu", weight=[1.0, 10.0], **shape
    )


def adversarial_blur(p: Profile) -> list[AdversarialRun]:
    """L2 in place of L1; both L1 arms are in ``adversarial-unet``."""
    return arms(p, "adversarial-blur", loss=["l2"], adversary=[False])


def adversarial_field(p: Profile) -> list[AdversarialRun]:
    """What one score of D sees, from a pixel to the whole image.

    At 128 pixels, where a field of 34 is the paper's share of the image; a
    narrow U-Net keeps the budget. Once at equal width of D's first layer,
    once at about equal numbers of its parameters, but for ``study`` not with
    a field of one pixel: 145 channels at all pixels take a CPU over an hour.
    """
    from depthlib.models import discriminator_for, width_for_parameters

    fields = [1, 16, 34, 70, 142, None]
    shape = {}
    if p.name == "study":
        shape = {"size": [(128, 128)], "levels": [7], "width": [8]}
    if p.name == "smoke":  # what fits into 32 pixels
        fields = [1, 16, None]
    usual = config(p, "").critic_width
    main = 16 if p.name == "smoke" else 34
    d = discriminator_for(main, width=usual, norm="none")
    count = sum(x.numel() for x in d.parameters())
    claimed = [f for f in fields if f in CLAIMED_FIELDS]
    rest = [f for f in fields if f not in claimed]
    runs = arms(p, "adversarial-field", field=claimed, **shape)
    runs += arms(p, "adversarial-field", True, field=rest, **shape)
    for field in fields:
        width = width_for_parameters(count, field, norm="none")
        if width != usual and (field, p.name) != (1, "study"):
            runs += arms(
                p,
                "adversarial-field",
                True,
                field=[field],
                critic_width=[width],
                **shape,
            )
    return runs


def adversarial_stabilisers(p: Profile) -> list[AdversarialRun]:
    """Each stabiliser removed, and all of them; the base has all."""
    name = "adversarial-stabilisers"
    rest = [s for s in (*STABILISERS, "all") if s not in CLAIMED_STABILISERS]
    return [
        *arms(p, name, removed=CLAIMED_STABILISERS),
        *arms(p, name, True, removed=rest),
    ]


def adversarial_lambda(p: Profile) -> list[AdversarialRun]:
    """The weight of L1; the base has 100.

    Down to where D's pull is well above that of L1.
    """
    return arms(p, "adversarial-lambda", weight=WEIGHTS)


def adversarial_updates(p: Profile) -> list[AdversarialRun]:
    """Five steps of D for one of G."""
    return arms(p, "adversarial-updates", updates=[5])


def adversarial_form(p: Profile) -> list[AdversarialRun]:
    """The saturating form of G's loss, as it is printed."""
    return arms(p, "adversarial-form", saturating=[True])


def adversarial_norm(p: Profile) -> list[AdversarialRun]:
    """Norms of the U-Net: none, as the text reads, and instance norm."""
    norms = ["none", "instance"]
    return arms(p, "adversarial-norm", few=True, norm=norms)


def adversarial_strong(p: Profile) -> list[AdversarialRun]:
    """A stronger generator without an adversary."""
    return arms(
        p, "adversarial-strong", generator=["d3net"], adversary=[False]
    )


def adversarial_terms(p: Profile) -> list[AdversarialRun]:
    """Hand-made terms in place of the adversary."""
    return arms(
        p, "adversarial-terms", terms=["gradient_ssim"], adversary=[False]
    )


def adversarial_size(p: Profile) -> list[AdversarialRun]:
    """The benefit of D against the size of the set, with equal samples."""
    sizes = [
        n
        for n in SIZES.get(p.name, (100, 1000, 10_000))
        if n != config(p, "").n_train
    ]
    adversary = [True, False]
    return arms(
        p, "adversarial-size", True, n_train=sizes, adversary=adversary
    )


def adversarial_l1(p: Profile) -> list[AdversarialRun]:
    """Losses on logarithms and on ratios; no adversary."""
    losses = ["log_l1", "relative_l1"]
    return arms(p, "adversarial-l1", loss=losses, adversary=[False])


def adversarial_hessian(p: Profile) -> list[RunConfig]:
    """Second derivatives of G's adversarial loss, for a D as it starts."""
    base = HessianRun(experiment="adversarial-hessian", profile=p.name)
    if p.name == "smoke":
        base = replace(base, size=(64, 64), images=1, n_test=5, probes=2)
    seeds = range(p.seeds)
    return grid(base, field=[16, 34, 70], seed=seeds)


ADVERSARIAL_STUDY = {
    "adversarial-rate": adversarial_rate,
    "adversarial-unet": adversarial_unet,
    "adversarial-kitti": adversarial_kitti,
    "adversarial-nyu": adversarial_nyu,
    "adversarial-blur": adversarial_blur,
    "adversarial-field": adversarial_field,
    "adversarial-stabilisers": adversarial_stabilisers,
    "adversarial-lambda": adversarial_lambda,
    "adversarial-updates": adversarial_updates,
    "adversarial-form": adversarial_form,
    "adversarial-norm": adversarial_norm,
    "adversarial-strong": adversarial_strong,
    "adversarial-terms": adversarial_terms,
    "adversarial-size": adversarial_size,
    "adversarial-l1": adversarial_l1,
    "adversarial-hessian": adversarial_hessian,
}
