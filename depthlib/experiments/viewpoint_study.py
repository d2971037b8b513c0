"""The grids of the viewpoint study (AVCL), one function an experiment.

All arms of one loss share network, initial weights, order of images, budget
and learning rate; they differ in where the view loss looks from, if at all.
The rate is the best on average without views, with random ones and with
adversarial ones. "Twice the rate" stands beside "no view loss", to show what a
larger step does. Under Adam "twice the depth loss" and "the view loss without
a motion" take the steps of "no view loss" but for rounding: they show the
noise of a training, and have fewer seeds.
"""

from dataclasses import asdict, replace

from depthlib.experiments.avcl_run import AVCLRun, AVCLVideoRun, WarpRun
from depthlib.experiments.computed_run import GROUPS
from depthlib.experiments.config import grid
from depthlib.experiments.profiles import Profile
from depthlib.experiments.tuning import tuned
from depthlib.training.view_consistent import MINERS

LOSSES = ("l1", "berhu", "dorn")
RATES = (3e-4, 1e-3, 3e-3, 1e-2)
# Of every miner. The paper's lambda is 1, beside a norm that may be a sum over
# pixels; beside our mean it would hold the adversary at the identity.
PENALTY = 0.01
# Those that claims are about; of the others there are fewer seeds.
CLAIMED = (
    "none",
    "faster",
    "fixed_a",
    "fixed_b",
    "fixed_c",
    "random",
    "adversarial",
    "shuffled",
)
OTHERS = ("double", "identity", "matched", "splat", "secant")
# As random poses, on average, as far as 7-Scenes moves in ten frames.
NEAR_BOX = (0.06, 0.08)
TRIPLES = 480  # of the 500 training frames: the outer ten have no neighbour
BOXES = {0.5: (0.1, 0.15), 2.0: (0.4, 0.6)}  # factor: radians, metres
# Of one component alone: its poses are as long, on average, as in half the
# box of all six, 0.175.
ALONE = 0.35
# Values that differ from those of ``AVCLRun``, by profile.
SCALES = {
    "smoke": {
        "size": (32, 64),
        "width": 0.125,
        "blocks": (1, 1, 1, 1),
        "bins": 8,
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
        "blocks": None,
        "samples": 120_000,
        "n_train": 12_000,
        "batch_size": 32,
        "precision": "bf16-mixed",
    },
    "paper": {
        "size": (224, 304),
        "width": 1.0,
        "blocks": None,
        "stride": 32,
        "bins": 80,
        "samples": 1_000_000,
        "n_train": 120_000,
        "batch_size": 16,
        "lr": 1e-4,
        "n_test": 654,
    },
}


def config(p: Profile, experiment: str, **changes) -> AVCLRun:
    """The base of the study at one profile, with some fields changed."""
    values = {"experiment": experiment, "profile": p.name}
    values |= SCALES[p.name]
    if changes.get("loss") == "dorn" and p.name == "paper":
        values["encoder"] = "resnet101"  # as printed beside this loss
    return AVCLRun(**(values | changes))


def viewpoint_rate(p: Profile) -> list[AVCLRun]:
    """Four learning rates, on validation images, without views and with.

    For each loss that a grid has views of that kind for, with two fifths of
    the samples and one seed.
    """
    runs = []
    for loss in LOSSES:
        kinds = ["none", "random", "adversarial"]
        if loss != "l1":
            kinds.remove("random")
        base = config(p, "viewpoint-rate", loss=loss, test_split="val")
        base = replace(base, samples=2 * base.samples // 5)
        runs += map(leashed, grid(base, strategy=kinds, lr=RATES))
    return runs


def arms(p: Profile, experiment: str, loss="l1", few=False, **axes):
    """Runs that differ from the base in ``axes``, with all seeds or few."""
    base = config(p, experiment, loss=loss)
    count = p.few if few else p.seeds
    return [
        rated(leashed(run)) for run in grid(base, **axes, seed=range(count))
    ]


def leashed(run: AVCLRun) -> AVCLRun:
    """``run`` with the penalty of this study, where a pose head learns."""
    return replace(run, penalty=PENALTY) if run.strategy in MINERS else run


def rated(run: AVCLRun) -> AVCLRun:
    """``run`` at the rate that serves all strategies of its loss."""
    return tuned(run, "viewpoint-rate", by=("loss",), over="strategy")


def viewpoint_strategy(p: Profile) -> list[AVCLRun]:
    """Where the view loss looks from: the paper's arms and their controls."""
    return [
        *arms(p, "viewpoint-strategy", strategy=CLAIMED),
        *arms(p, "viewpoint-strategy", few=True, strategy=OTHERS),
    ]


def viewpoint_loss(p: Profile) -> list[AVCLRun]:
    """The other losses, without views and with adversarial ones."""
    strategy = ["none", "adversarial"]
    return [
        run
        for loss in LOSSES[1:]
        for run in arms(p, "viewpoint-loss", loss, strategy=strategy)
    ]


def viewpoint_size(p: Profile) -> list[AVCLRun]:
    """Ten times the images, each shown a tenth as often."""
    size = 10 * config(p, "").n_train
    strategy = ["none", "adversarial"]
    return arms(p, "viewpoint-size", n_train=[size], strategy=strategy)


def viewpoint_range(p: Profile) -> list[AVCLRun]:
    """Random poses from half and from twice the box."""
    runs = []
    for rotation, translation in BOXES.values():
        runs += arms(
            p,
            "viewpoint-range",
            few=True,
            strategy=["random"],
            rotation=[rotation],
            translation=[translation],
        )
    return runs


def viewpoint_component(p: Profile) -> list[AVCLRun]:
    """Random poses with a single component, each in turn."""
    return arms(
        p,
        "viewpoint-component",
        few=True,
        strategy=["random"],
        rotation=[ALONE],
        translation=[ALONE],
        component=range(6),
    )


def viewpoint_route(p: Profile) -> list[AVCLRun]:
    """The view loss reaches the depth head too, which the paper forbids."""
    return arms(
        p,
        "viewpoint-route",
        few=True,
        strategy=["random", "adversarial"],
        route=["all"],
    )


def viewpoint_penalty(p: Profile) -> list[AVCLRun]:
    """The adversary on the printed leash, and on none.

    The view loss is a mean here and may be a sum in the paper, which changes
    what lambda weighs.
    """
    usual = arms(p, "viewpoint-penalty", few=True, strategy=["adversarial"])
    return [replace(r, penalty=value) for value in (1.0, 0.0) for r in usual]


def viewpoint_neighbour(p: Profile) -> list[AVCLVideoRun]:
    """The true pose of a neighbouring frame, on video of a kitchen."""
    usual = viewpoint_strategy(p)[0]
    fields = asdict(usual)
    fields |= {"experiment": "viewpoint-neighbour", "data": "seven-scenes"}
    fields |= {"n_train": TRIPLES, "n_test": 30, "every": 10}
    if p.name == "smoke":  # needs no data but what it draws
        fields |= {"data": "streets-video", "n_train": 4, "n_test": 2}
        fields |= {"every": 2}
    elif p.name == "study":
        fields |= {"size": (96, 128)}
    rotation, translation = NEAR_BOX
    runs = grid(
        AVCLVideoRun(
            **fields | {"rotation": rotation, "translation": translation}
        ),
        strategy=["none", "neighbour", "random"],
        seed=range(p.few),
    )
    return [rated(run) for run in runs]


def viewpoint_nyu(p: Profile) -> list[AVCLRun]:
    """The labelled set of NYU Depth v2: 795 pairs train, 654 test."""
    if p.name == "smoke":  # needs no data but what it draws
        return arms(p, "viewpoint-nyu")
    size = (96, 128) if p.name == "study" else config(p, "").size
    return arms(
        p,
        "viewpoint-nyu",
        few=True,
        data=["nyu"],
        n_train=[795],
        n_test=[654],
        samples=[20 * 795],
        size=[size],
        strategy=["none", "faster", "random", "adversarial"],
    )


def viewpoint_equal(p: Profile) -> list[WarpRun]:
    """Errors of one mean size, seen from elsewhere."""
    return _untrained(p, "viewpoint-equal", measure="equal")


def viewpoint_gradient(p: Profile) -> list[WarpRun]:
    """Which components of a pose get a gradient, by either warp."""
    return [
        run
        for warp in ("printed", "splat")
        for run in _untrained(
            p, "viewpoint-gradient", measure="gradient", warp=warp
        )
    ]


def viewpoint_signal(p: Profile) -> list[WarpRun]:
    """Whether a gradient foretells the loss over a distance, by warp."""
    return [
        run
        for warp in ("printed", "splat")
        for run in _untrained(
            p, "viewpoint-signal", measure="signal", warp=warp
        )
    ]


def _untrained(p, experiment, **fields):
    small = {"size": (32, 64), "images": 2, "n_test": 10}
    fields |= small if p.name == "smoke" else {}
    base = WarpRun(experiment=experiment, profile=p.name, **fields)
    return grid(base, seed=range(GROUPS))


VIEWPOINT_STUDY = {
    "viewpoint-rate": viewpoint_rate,
    "viewpoint-strategy": viewpoint_strategy,
    "viewpoint-loss": viewpoint_loss,
    "viewpoint-size": viewpoint_size,
    "viewpoint-range": viewpoint_range,
    "viewpoint-component": viewpoint_component,
    "viewpoint-route": viewpoint_route,
    "viewpoint-penalty": viewpoint_penalty,
    "viewpoint-neighbour": viewpoint_neighbour,
    "viewpoint-nyu": viewpoint_nyu,
    "viewpoint-equal": viewpoint_equal,
    "viewpoint-gradient": viewpoint_gradient,
    "viewpoint-signal": viewpoint_signal,
}
