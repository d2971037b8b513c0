"""Discriminators by field, and their widths at equal parameters."""

import pytest
import torch

from depthlib.models import (
    FIELDS,
    ImageDiscriminator,
    PatchDiscriminator,
    discriminator_for,
    width_for_parameters,
)

EVERY = pytest.mark.parametrize("field", [*FIELDS, None])


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_what_was_asked_for(field):
    network = discriminator_for(field, width=4)
    assert isinstance(network, PatchDiscriminator)
    assert network.receptive_field == field


def test_none_is_the_whole_image():
    assert isinstance(discriminator_for(None, width=4), ImageDiscriminator)


def test_arguments_reach_the_network():
    for field in (70, None):
        network = discriminator_for(field, 7, width=5, norm="none")
        first = network.model[0]
        assert (first.in_channels, first.out_channels) == (7, 5)
        kinds = {type(m) for m in network.modules()}
        assert torch.nn.BatchNorm2d not in kinds


@EVERY
@pytest.mark.parametrize(
    ("parameters", "error"), [(2_766_657, 0.02), (172_881, 0.03)]
)
def test_equal_parameters(field, parameters, error):
    width = width_for_parameters(parameters, field)
    with torch.device("meta"):
        reached = count(discriminator_for(field, width=width))
    assert reached == pytest.approx(parameters, rel=error)


@EVERY
@pytest.mark.parametrize("width", [1, 2, 7, 64])
def test_own_count_gives_the_own_width(field, width):
    """The search finds every width back, norms and channels included."""
    options = {"in_channels": 5, "norm": "none"}
    with torch.device("meta"):
        parameters = count(discriminator_for(field, width=width, **options))
    assert width_for_parameters(parameters, field, **options) == width


@EVERY
def test_no_other_width_is_closer(field):
    parameters = 50_000
    width = width_for_parameters(parameters, field)

    def miss(w):
        return abs(count(discriminator_for(field, width=w)) - parameters)

    assert miss(width) <= min(miss(width - 1), miss(width + 1))


def test_bad_input():
    with pytest.raises(ValueError, match=r"field is 71; give one of \[1, 16"):
        discriminator_for(71)
    with pytest.raises(ValueError, match="needs at least 894"):
        width_for_parameters(893, 70)
    assert width_for_parameters(894, 70) == 1
