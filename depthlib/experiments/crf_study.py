"""The grids of the CNN-CRF (Chen et al.), one function an experiment.

All arms share the unary network, its initial weights, the order of images
and the budget; each has the learning rate that ``adversarial-crf-rate`` found
for it with the same effort. The paper changes two things at once, the
likelihood for L1 and then a discriminator on top; here each is an arm.
"""

from dataclasses import replace

from depthlib.experiments.computed_run import GROUPS
from depthlib.experiments.config import grid
from depthlib.experiments.crf_run import CRFRun, OracleRun
from depthlib.experiments.profiles import Profile
from depthlib.experiments.tuning import tuned

RATES = (3e-4, 1e-3, 3e-3, 1e-2)
# What an arm is; everything else is equal.
ARMS = {
    "unary": {"generator": "unary"},
    "likelihood": {},
    "L1": {"loss": "l1"},
    "L1 + adversary": {"loss": "l1", "adversary": True},
    "likelihood + adversary": {"adversary": True},
}
TUNED = ("generator", "loss", "adversary")
# Values that differ from those of ``CRFRun``, by profile.
SCALES = {
    "smoke": {
        "size": (32, 64),
        "width": 0.1,
        "patch": 8,
        "superpixels": 30,
        "critic_width": 4,
        "samples": 16,
        "n_train": 16,
        "n_test": 8,
        "curve_points": 2,
    },
    "quick": {"samples": 4000, "n_test": 100},
    "study": {},
    "gpu": {
        "size": (96, 128),
        "width": 0.5,
        "samples": 120_000,
        "n_train": 12_000,
        "batch_size": 32,
        "critic_width": 32,
    },
    "paper": {
        "size": (256, 256),
        "width": 1.0,
        "unary": "patch",
        "patch": 32,
        "field": 70,
        "critic_width": 64,
        "samples": 300 * 795,
        "n_train": 795,
        "n_test": 654,
        "lr": 2e-4,
    },
}
COUNTS = (25, 50, 100, 200, 300, 600, 1200)


def config(p: Profile, experiment: str, **changes) -> CRFRun:
    """The base of the study at one profile, with some fields changed."""
    values = {"experiment": experiment, "profile": p.name}
    return CRFRun(**(values | SCALES[p.name] | changes))


def adversarial_crf_rate(p: Profile) -> list[CRFRun]:
    """Four learning rates per arm, one seed, on validation images.

    With two fifths of the samples, the same for every arm.
    """
    base = config(p, "adversarial-crf-rate", test_split="val")
    base = replace(base, samples=2 * base.samples // 5)
    return [
        run
        for changes in ARMS.values()
        for run in grid(replace(base, **changes), lr=RATES)
    ]


def arms(p: Profile, experiment: str, names, few=False, **axes):
    """Runs of the named arms along ``axes``, at their rates, all seeds."""
    count = p.few if few else p.seeds
    runs = []
    for name in names:
        base = config(p, experiment, **ARMS[name])
        base = tuned(base, "adversarial-crf-rate", by=TUNED)
        runs += grid(base, **axes, seed=range(count))
    return runs


def adversarial_crf(p: Profile) -> list[CRFRun]:
    """The unary, and the CRF by likelihood or L1, with and without D."""
    return arms(p, "adversarial-crf", ARMS)


def adversarial_crf_patch(p: Profile) -> list[CRFRun]:
    """One patch per superpixel against pooled features of one pass.

    At a tenth of the width, since patches cost by their number.
    """
    return arms(
        p,
        "adversarial-crf-patch",
        ("unary", "likelihood"),
        few=True,
        unary=["patch", "pooled"],
        width=[0.1],
    )


def adversarial_crf_beta(p: Profile) -> list[CRFRun]:
    """How fast beta learns, beside the network; the base has 10."""
    rates = [1.0, 100.0]
    return arms(
        p, "adversarial-crf-beta", ("likelihood",), few=True, beta_rate=rates
    )


def adversarial_crf_lambda(p: Profile) -> list[CRFRun]:
    """The weight of L1 beside the adversary; the base has 100."""
    weights = [1.0, 10.0]
    return arms(
        p,
        "adversarial-crf-lambda",
        ("L1 + adversary",),
        few=True,
        weight=weights,
    )


def adversarial_size(p: Profile) -> list[CRFRun]:
    """Fewer and more images, as many samples; 1000 are in the base."""
    name, sizes = (
        "adversarial-size",
        [8] if p.name == "smoke" else [100, 10_000],
    )
    return [
        *arms(p, name, ("L1 + adversary",), n_train=sizes),
        *arms(p, name, ("L1",), True, n_train=sizes),
    ]


def adversarial_superpixels(p: Profile) -> list[OracleRun]:
    """The true depth averaged over superpixels, few to many.

    On images nine times as large as those of the trainings.
    """
    base = OracleRun(experiment="adversarial-superpixels", profile=p.name)
    if p.name == "smoke":
        base = replace(base, size=(32, 64), images=2, n_test=10)
        return grid(base, superpixels=[10, 30])
    return grid(base, superpixels=COUNTS, seed=range(GROUPS))


def adversarial_superpixels_nyu(p: Profile) -> list[OracleRun]:
    """The same on the test images of NYU Depth v2."""
    if p.name == "smoke":  # needs no data but what it draws
        runs = adversarial_superpixels(p)
        name = "adversarial-superpixels-nyu"
        return [replace(run, experiment=name) for run in runs]
    base = OracleRun(
        experiment="adversarial-superpixels-nyu",
        profile=p.name,
        data="nyu",
        n_test=654,
        images=654 // GROUPS,
        size=(240, 320),
    )
    return grid(base, superpixels=COUNTS, seed=range(GROUPS))


CRF_STUDY = {
    "adversarial-crf-rate": adversarial_crf_rate,
    "adversarial-crf": adversarial_crf,
    "adversarial-crf-patch": adversarial_crf_patch,
    "adversarial-crf-beta": adversarial_crf_beta,
    "adversarial-crf-lambda": adversarial_crf_lambda,
    "adversarial-size": adversarial_size,
    "adversarial-superpixels": adversarial_superpixels,
    "adversarial-superpixels-nyu": adversarial_superpixels_nyu,
}
