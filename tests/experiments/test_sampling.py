"""The words of a config against the offset sets that they name."""

from types import SimpleNamespace

import pytest
import torch

from depthlib.experiments.sampling import SAMPLINGS, offsets_of
from depthlib.kernels import (
    random_offsets,
    smolyak_offsets,
    strided_offsets,
    uniform_offsets,
)


def config(**fields):
    usual = {"level": 6, "pitch": 3, "radius": 12, "seed": 1}
    return SimpleNamespace(**(usual | fields))


WANTED = {
    "chebyshev": smolyak_offsets(6, 12),
    "uniform": smolyak_offsets(6, 12, "uniform"),
    "every": uniform_offsets(3, 12),
    "random": random_offsets(193, 12, 1),
    "strided": strided_offsets(193, 12),
    "full": uniform_offsets(1, 12),
}


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_each_word_names_its_set(sampling):
    found = offsets_of(config(sampling=sampling))
    assert torch.equal(found, WANTED[sampling])


def test_random_offsets_are_of_the_seed():
    one, two = (
        offsets_of(config(sampling="random", seed=seed)) for seed in (0, 1)
    )
    assert one.shape == two.shape and not torch.equal(one, two)


def test_unknown_word():
    with pytest.raises(ValueError, match="chebyshev, uniform, every"):
        offsets_of(config(sampling="smolyak"))
