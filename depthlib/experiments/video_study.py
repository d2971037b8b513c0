"""The grids of the video study (SC-GAN), one function an experiment.

All arms share network, initial weights (see ``SCGANRun.build_model``), order
of images and budget. An arm has the learning rate that ``video-rate`` and
``video-rate-seeds`` found for it, or where none was searched the base's. The
base is SC-GAN on a
Chebyshev grid, with all four modules; it is trained in ``video-frames`` on
streets and in ``video-cards`` on cards, and the other experiments hold what
differs from it. The last four train nothing.

In the budget of ``study`` the base does not learn from streets to look at its
neighbours (see ``still_abs_rel`` in its records), so that what it is given of
them cannot matter there. What is asked about offsets, their weights and the
modules is therefore asked on cards, where nothing but motion tells depth;
sparse truth and other styles are streets' own questions.
"""

from dataclasses import replace

from depthlib.experiments.computed_run import GROUPS
from depthlib.experiments.config import RunConfig, grid
from depthlib.experiments.profiles import Profile
from depthlib.experiments.step_time import StepTimeRun
from depthlib.experiments.tuning import leading, tuned
from depthlib.experiments.video_computed import (
    CorrelationTimeRun,
    MatchingRun,
    TriangulationRun,
)
from depthlib.experiments.video_run import MODULES, SCGANRun

KINDS = ("chebyshev", "uniform", "random", "strided")
PRINTED = (5, 6, 7, 8)  # levels of the paper's Table 1
PITCHES = (2, 3, 4)
POSE_NOISES = (0.003, 0.01, 0.03, 0.1)
RATES = (1e-3, 3e-3, 1e-2, 3e-2)
LEVELS = (4, 5, 6, 7, 8)
# The levels that claims are about, by radius. Within 12 cells they keep a
# fifth and a third of all offsets, as levels 7 and 8 do within the paper's 24.
HEADLINES = {4: (3,), 12: (5, 6), 24: (7, 8)}
# Values that differ from those of ``SCGANRun``, by profile.
SCALES = {
    "smoke": {
        "size": (32, 64),
        "width": 0.0625,
        "level": 3,
        "radius": 4,
        "critic_width": 4,
        "samples": 8,
        "n_train": 4,
        "n_test": 3,
        "curve_points": 2,
    },
    "quick": {"samples": 1000, "n_train": 100, "n_test": 50},
    "study": {"samples": 2400, "n_test": 100},
    "gpu": {
        "size": (256, 512),
        "radius": 24,
        "level": 7,
        "width": 0.5,
        "field": 70,
        "critic_width": 32,
        "samples": 60_000,
        "n_train": 6000,
        "batch_size": 8,
        "precision": "bf16-mixed",
    },
    "paper": {
        "size": (256, 512),
        "radius": 24,
        "level": 7,
        "encoder": "resnet50",
        "width": 1.0,
        "blocks": None,
        "stages": 4,
        "field": 70,
        "critic_width": 64,
        "samples": 562_500,
        "n_train": 56_250,
        "batch_size": 1,
        "lr": 2e-4,
        "n_test": 697,
    },
}
# The other world: of cards, with features that are normed before they are
# compared. Whether that is needed there, "video-cards" asks.
CARDS = {
    "data": ["cards"],
    "truth": ["dense"],
    "similarity": ["normed"],
    "elsewhere": [()],
}
# Of these each has a rate of its own: they differ in their layers, or in how
# large the volume is that the refinement gets.
STREET_ARMS = (
    {"frames": 1},
    {},
    {"similarity": "normed"},
    {"frames": 1, "similarity": "normed"},
    {"removed": "adversary"},
)
CARD_ARMS = (
    {},
    {"frames": 1},
    {"similarity": "dot"},
    {"attention": "static"},
    {"attention": "blind"},
    {"attention": "sigmoid"},
    *({"removed": module} for module in MODULES),
)
# What decides an arm's rate, and where rates were tried.
TUNED = ("data", "frames", "similarity", "attention", "removed")
TRIED = ("video-rate", "video-rate-seeds")
FINALISTS = 2  # rates that are tried with further seeds
CARD_SAMPLES = {"quick": (600, 300), "study": (1200, 600)}
KITCHEN = 480  # triples of the training frames of 7-Scenes' kitchen


def config(p: Profile, experiment: str, kind=SCGANRun, **changes) -> SCGANRun:
    """The base of the study at one profile, with some fields changed."""
    values = {"experiment": experiment, "profile": p.name}
    return kind(**(values | SCALES[p.name] | changes))


def video_rate(p: Profile) -> list[SCGANRun]:
    """Four learning rates an arm and the base's own, on validation images.

    One seed. On streets with two fifths of the samples; on cards with all,
    since little is learned in the first half.
    """
    base = config(p, "video-rate", test_split="val")
    part = replace(base, samples=2 * base.samples // 5)
    trials = [replace(part, **arm) for arm in STREET_ARMS]
    trials += card_trials(p, "video-rate")
    rates = sorted({*RATES, base.lr})
    return [run for trial in trials for run in grid(trial, lr=rates)]


def card_trials(p: Profile, experiment: str) -> list[SCGANRun]:
    """Each arm on cards once, scored on validation images."""
    (card,) = grid(config(p, experiment, test_split="val"), **on_cards(p))
    return [replace(card, **arm) for arm in CARD_ARMS]


def video_rate_seeds(p: Profile) -> list[SCGANRun]:
    """The best rates of each arm on cards again, with further seeds.

    There a training finds the use of motion or misses it, and at the rate
    that is fastest with one seed it may miss it with the next.
    """
    return [
        run
        for trial in card_trials(p, "video-rate-seeds")
        for run in grid(
            trial,
            lr=leading(trial, "video-rate", by=TUNED, count=FINALISTS),
            seed=range(1, max(2, p.few)),
        )
    ]


def arms(p: Profile, experiment: str, few=False, **axes) -> list[SCGANRun]:
    """Runs that differ from the base in ``axes``, with all seeds or few."""
    count = p.few if few else p.seeds
    runs = grid(config(p, experiment), **axes, seed=range(count))
    return [rated(run) for run in runs]


def rated(run: SCGANRun) -> SCGANRun:
    """``run`` at its arm's rate, or at the base's where none was tried."""
    own = tuned(run, *TRIED, by=TUNED)
    if own is not run:
        return own
    cards = run.data == "cards"
    base = replace(
        run,
        data="cards" if cards else "streets-video",
        similarity="normed" if cards else run.similarity,
        attention="dba",
        removed="none",
    )
    return replace(run, lr=tuned(base, *TRIED, by=TUNED).lr)


def on_cards(p: Profile) -> dict[str, list]:
    """The axes that take a run from streets to cards."""
    if p.name not in CARD_SAMPLES:
        return CARDS
    samples, n_train = CARD_SAMPLES[p.name]
    size = {"samples": [samples], "n_train": [n_train], "curve_points": [5]}
    return CARDS | size


def video_frames(p: Profile) -> list[SCGANRun]:
    """Three frames, and one that is compared with itself."""
    return arms(p, "video-frames", frames=[1, 3])


def video_cards(p: Profile) -> list[SCGANRun]:
    """On cards: three frames, one, and three that are compared as printed."""
    world = on_cards(p)
    runs = arms(p, "video-cards", **world, frames=[1, 3])
    return runs + arms(p, "video-cards", **world | {"similarity": ["dot"]})


def video_sampling(p: Profile) -> list[SCGANRun]:
    """Which offsets, at which cost, on cards.

    At the levels of the claims beside as many offsets placed otherwise, and
    beside the paper's plain rival, a lattice of every second row and column.
    The Chebyshev grid of the base's level is in ``video-cards``.
    """
    name, world = "video-sampling", on_cards(p)
    base = config(p, name)
    headline = HEADLINES[base.radius]
    others = [] if p.name == "smoke" else sorted({*LEVELS} - {*headline})
    known = base.sampling, base.level
    runs = []
    for level in (*headline, *others):
        claimed = level in headline
        for kind in KINDS if claimed else KINDS[:2]:
            if (kind, level) != known:
                place = {"sampling": [kind], "level": [level]}
                runs += arms(p, name, not claimed, **world, **place)
    runs += arms(p, name, **world, sampling=["every"], pitch=[2])
    return runs + arms(
        p, name, True, **world, sampling=["every"], pitch=[1, 3, 4]
    )


def video_modules(p: Profile) -> list[SCGANRun]:
    """One module left out at a time, on cards.

    Truth is sparse on streets alone, so that the adversary goes there too.
    """
    name = "video-modules"
    return arms(p, name, **on_cards(p), removed=MODULES) + arms(
        p, name, removed=["adversary"]
    )


def video_attention(p: Profile) -> list[SCGANRun]:
    """On cards whose tint tells the direction: weights by image, or not.

    Only "blind" starts small, as the printed attention does: "static" at 1,
    as does a network without.
    """
    name, world = "video-attention", on_cards(p) | {"style": ["b"]}
    return [
        *arms(p, name, **world, attention=["dba", "static", "blind"]),
        *arms(p, name, **world, removed=["attention"]),
        *arms(p, name, True, **world, attention=["sigmoid"]),
    ]


def video_adversary(p: Profile) -> list[SCGANRun]:
    """Other weights of the adversary, and one that may read the mask.

    On streets, where truth is sparse. Without an adversary at all: see
    ``video-modules``.
    """
    runs = arms(p, "video-adversary", True, weight=[0.01, 1.0])
    return runs + arms(p, "video-adversary", True, leak=[True])


def video_speed(p: Profile) -> list[SCGANRun]:
    """A camera whose step can be anything: no length to measure depth by.

    On cards. For a network on one frame nothing changes: see ``video-cards``.
    """
    return arms(p, "video-speed", **on_cards(p), speed=["random"])


def video_details(p: Profile) -> list[SCGANRun]:
    """Choices that the paper leaves open, on cards."""
    name, world = "video-details", on_cards(p)
    return [
        *arms(p, name, True, **world | {"similarity": ["cosine"]}),
        *arms(p, name, True, **world, borders=["valid"]),
        *arms(p, name, True, **world, refinement=["blind"]),
    ]


def video_real(p: Profile) -> list[SCGANRun]:
    """Trained on drawn streets, scored on a drive of KITTI as well.

    With normed features, which ``video-frames`` has not.
    """
    if p.name == "smoke":  # needs no data but what it draws
        return arms(p, "video-real", similarity=["normed"])
    return arms(
        p,
        "video-real",
        True,
        similarity=["normed"],
        frames=[1, 3],
        elsewhere=[("b", "kitti-drive")],
    )


def video_kitchen(p: Profile) -> list[SCGANRun]:
    """The RGB-D video of a kitchen: a camera in a hand, in 7-Scenes.

    A third of a second lies between frames, so that shifts fill the radius.
    """
    if p.name == "smoke":  # needs no data but what it draws
        return arms(p, "video-kitchen")
    return arms(
        p,
        "video-kitchen",
        True,
        data=["seven-scenes"],
        similarity=["normed"],
        n_train=[KITCHEN],
        every=[10],
        frames=[1, 3],
        size=[(96, 128)],
        elsewhere=[()],
    )


def video_displacement(p: Profile) -> list[MatchingRun]:
    """The best of some offsets against the true displacement.

    Level 0, (0, 0) alone, is who looks at nothing.
    """
    small = {"size": (32, 64), "images": 2, "n_test": 10}
    small = small if p.name == "smoke" else {}
    base = MatchingRun(
        experiment="video-displacement", profile=p.name, **small
    )
    nothing = grid(base, level=[0], seed=range(GROUPS))
    return [*nothing, *_samplings(base, KINDS, LEVELS)]


def video_time(p: Profile) -> list[CorrelationTimeRun]:
    """Seconds of one correlation at the paper's size, by its offsets."""
    small = {"channels": 4, "cells": (8, 16), "backend": "torch"}
    small = small if p.name == "smoke" else {}
    base = CorrelationTimeRun(experiment="video-time", profile=p.name, **small)
    return _samplings(base, KINDS[:2], PRINTED)


def video_step(p: Profile) -> list[StepTimeRun]:
    """Seconds of a step of this profile's network, by the paper's offsets."""
    changes = {"radius": 24, "n_train": 1, "n_test": 1}
    changes |= {"data": "cards", "curve_points": 0, "elsewhere": ()}
    if p.name == "smoke":
        changes["repeats"] = 1
    base = config(p, "video-step", StepTimeRun, **changes)
    return _samplings(base, KINDS[:2], PRINTED)


def video_pose_noise(p: Profile) -> list[TriangulationRun]:
    """Triangulated depth with a camera motion that is more and more off."""
    small = {"size": (32, 64), "images": 2, "n_test": 10}
    small = small if p.name == "smoke" else {}
    base = TriangulationRun(
        experiment="video-pose-noise", profile=p.name, **small
    )
    return grid(base, pose_noise=POSE_NOISES, seed=range(GROUPS))


def _samplings(base, kinds, levels) -> list[RunConfig]:
    """Sparse grids, plain ones and all offsets, for each group of images."""
    seeds = range(GROUPS)
    return [
        *grid(base, sampling=kinds, level=levels, seed=seeds),
        *grid(base, sampling=["every"], pitch=PITCHES, seed=seeds),
        *grid(base, sampling=["full"], seed=seeds),
    ]


VIDEO_STUDY = {
    "video-rate": video_rate,
    "video-rate-seeds": video_rate_seeds,
    "video-frames": video_frames,
    "video-cards": video_cards,
    "video-sampling": video_sampling,
    "video-modules": video_modules,
    "video-attention": video_attention,
    "video-adversary": video_adversary,
    "video-speed": video_speed,
    "video-details": video_details,
    "video-real": video_real,
    "video-kitchen": video_kitchen,
    "video-displacement": video_displacement,
    "video-time": video_time,
    "video-step": video_step,
    "video-pose-noise": video_pose_noise,
}
