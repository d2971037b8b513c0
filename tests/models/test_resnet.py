"""The first stages of a ResNet alone; the rest is in test_encoders."""

import pytest
import torch

from depthlib.models import ResNetEncoder


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_fewer_stages_are_the_first_ones(stages):
    options = {"width": 0.25, "blocks": (1, 2, 1, 1), "stride": 8}
    whole = ResNetEncoder(18, **options).eval()
    part = ResNetEncoder(18, **options, stages=stages).eval()
    state = whole.state_dict()
    part.load_state_dict({name: state[name] for name in part.state_dict()})
    image = torch.rand(1, 3, 64, 96)
    found, expected = part(image), whole(image)[: stages + 1]
    assert len(found) == len(part.channels) == stages + 1
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("stages", [0, 5])
def test_a_bad_number_of_stages(stages):
    with pytest.raises(ValueError, match=f"stages is {stages}"):
        ResNetEncoder(stages=stages)
