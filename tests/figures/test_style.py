"""The palette is told apart by every kind of colour vision."""

import itertools

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from skimage.color import rgb2lab

from depthlib.experiments.statistics import MIN_SEEDS
from depthlib.figures.style import (
    LOSSES,
    SEEDS_FOR_INTERVAL,
    STYLE,
    arm,
    canvas,
    direction,
    metric_label,
    use_style,
)
from depthlib.losses import LOSSES as FUNCTIONS
from depthlib.metrics import DIRECTIONS, QUALITY_DIRECTIONS

# Machado, Oliveira and Fernandes 2009, full dichromacy, linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour):
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def seen(colour, vision):
    light = np.clip(np.asarray(VISION[vision]) @ linear(colour), 0, 1)
    curved = 1.055 * light ** (1 / 2.4) - 0.055
    return rgb2lab(np.where(light <= 0.0031308, 12.92 * light, curved))


@pytest.mark.parametrize("vision", VISION)
def test_any_two_losses_differ(vision):
    labs = {name: seen(a.colour, vision) for name, a in LOSSES.items()}
    nearest = min(
        np.linalg.norm(labs[a] - labs[b])
        for a, b in itertools.combinations(labs, 2)
    )
    assert nearest > 20


def test_every_colour_stands_out_on_white():
    for name, look in LOSSES.items():
        luminance = linear(look.colour) @ [0.2126, 0.7152, 0.0722]
        assert 1.05 / (luminance + 0.05) >= 3.0, name


def test_markers_and_labels_are_distinct():
    looks = list(LOSSES.values())
    assert len({look.marker for look in looks}) == len(looks)
    assert len({look.label for look in looks}) == len(looks)


def test_every_loss_function_has_a_look():
    for name in FUNCTIONS:
        assert arm(name).label != name or name in ("l1", "l2")


def test_unknown_names_label_themselves_and_differ():
    assert arm(0.5, 2).label == "0.5"
    assert arm("x", 0).colour != arm("y", 1).colour


def test_figures_and_statistics_ask_for_as_many_seeds():
    assert SEEDS_FOR_INTERVAL == MIN_SEEDS


def test_quality_directions_do_not_repeat_those_of_the_metrics():
    assert not set(QUALITY_DIRECTIONS) & set(DIRECTIONS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("abs_rel", "abs_rel ↓"),
        ("delta1", "delta1 ↑"),
        ("pixel_rmse", "rmse (m), pooled ↓"),
        ("gradient_ratio", "gradient ratio → 1"),
        ("seconds", "seconds"),
    ],
)
def test_metric_labels(name, expected):
    assert metric_label(name) == expected


def test_directions_come_from_the_metrics():
    assert {m: direction(m) for m in DIRECTIONS} == DIRECTIONS
    assert direction("pixel_delta1") == "higher"


def test_canvas_is_styled_and_leaves_the_settings_alone():
    before = matplotlib.rcParams["axes.grid"]
    _, axes = canvas(1, 2, sharey=True)
    assert axes.shape == (2,)
    assert not axes[0].spines["top"].get_visible()
    assert matplotlib.rcParams["axes.grid"] == before


def test_letters_stay_readable_on_a_phone():
    fig, _ = canvas()
    points_on_phone = STYLE["xtick.labelsize"] * (350 / 72)
    assert points_on_phone / fig.get_figwidth() >= 8


def test_use_style_changes_the_settings():
    with matplotlib.rc_context():
        use_style()
        assert matplotlib.rcParams["image.cmap"] == "magma_r"
